//! Constant tables: each format's writer (compiler side) beside its reader (module side).
//! All are little-endian blobs, 4-byte aligned, with offsets relative to the blob. Readers never fail: out of range reads 0.

pub mod credential;
pub mod dfa;
pub mod dfa_set;
pub mod entries;
pub mod facts;
pub mod fetch;
pub mod ids;
pub mod ints;
pub mod jwks;
pub mod jwt;
pub mod keys;
pub mod limit;
pub mod metrics;
pub mod networks;
pub mod redact;
pub mod schema;
pub mod slots;
pub mod split;
pub mod strings;
pub mod template;
pub mod trie;
#[cfg(not(target_arch = "wasm32"))]
pub mod write;
