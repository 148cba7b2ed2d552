//! What generated code calls (`contract::Mechanism`): each function unpacks, calls plain Rust, packs. One file for each family.
//!
//! INVARIANT: no reference to frame or VM is held over a call of the policy, which comes back here.

mod body;
mod bytes;
mod config;
mod credentials;
mod edits;
mod facts;
pub(super) mod fetch;
mod limits;
mod lists;
pub(crate) mod redact;
mod replies;
mod request;
mod response;
mod rules;
mod signatures;
mod streams;
mod text;
mod values;

use crate::contract::IP_SIZE;
use crate::rt::pack;

/// A selection of numbers as sizes; negative ones are out of every range.
fn index(number: i32) -> usize {
    number as u32 as usize
}

/// An `ip` that may be absent.
fn ip(address: i32) -> Option<&'static [u8; IP_SIZE]> {
    pack::record(address)
}
