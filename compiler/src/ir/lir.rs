//! wasm-shaped
