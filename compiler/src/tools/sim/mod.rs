//! The in-process Proxy-Wasm host.
