//! The runtime stub: the mechanisms that a compiled policy runs on.
#![cfg_attr(target_arch = "wasm32", no_std)]

pub mod contract;
