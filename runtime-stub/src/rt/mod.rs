//! Memory: the only unsafe code beside `abi/`. In: sizes. Out: slices and blocks, or nothing when a cap is reached.
//!
//! Linear memory, from below: stack, statics of the stub, data of the policy, then the arena's first chunk up to the end of
//! the initial pages. Later chunks of arena and heap are whole pages from `memory.grow`, kept for ever and used again.

pub mod arena;
pub mod heap;
#[cfg(target_arch = "wasm32")]
pub(crate) mod pack;
mod pages;
