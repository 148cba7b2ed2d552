//! Constant tables: each format's writer (compiler side) beside its reader (module side).
//! All are little-endian blobs, 4-byte aligned, with offsets relative to the blob. Readers never fail: out of range reads 0.

#[cfg(not(target_arch = "wasm32"))]
pub mod write;
pub mod credential;
pub mod keys;
pub mod limit;
pub mod redact;
pub mod schema;
