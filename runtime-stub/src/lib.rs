//! The runtime stub: the mechanisms that a compiled policy runs on.
//! In: host calls through [`host::Host`], constant tables of the policy. Out: values for generated code, edits, replies.
//!
//! `abi/` and `rt/` hold all unsafe code and exist to keep the rest plain Rust over slices, tested natively.
#![cfg_attr(target_arch = "wasm32", no_std)]
// Constructors are `const`, which `Default` cannot be.
#![allow(clippy::new_without_default)]

#[cfg(target_arch = "wasm32")]
mod abi;
pub mod auth;
pub mod body;
pub mod bytes;
pub mod config;
pub mod contract;
pub mod crypto;
pub mod digest;
pub mod edits;
pub mod facts;
pub mod frame;
pub mod host;
pub mod http;
pub mod limits;
pub mod observe;
pub mod redact;
pub mod reply;
pub mod rt;
pub mod rules;
pub mod streams;
pub mod tables;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;
pub mod values;
