//! Portcullis compiles edge policies to Proxy-Wasm modules. This file is the chain of stages and nothing else.
//!
//! text → `front` (syntax, names, types) → `plan` (what runs when) → `lower` (Wasm-shaped) → `back` (one module).
//! The stages meet in `ir`; none imports another. `tools` works on what they produce, `cli` is the only place with files.

pub mod back;
pub mod base;
pub mod deploy;
pub mod front;
pub mod ir;
pub mod lang;
pub mod lower;
pub mod plan;
pub mod tools;
