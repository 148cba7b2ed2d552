//! Portcullis compiles edge policies to Proxy-Wasm modules.

pub mod base;
pub mod ir;
pub mod plan;
pub mod tools;
