//! Portcullis compiles edge policies to Proxy-Wasm modules.

pub mod back;
pub mod base;
pub mod front;
pub mod ir;
pub mod lang;
pub mod plan;
pub mod tools;
