//! Host calls on shared data.

use crate::tools::sim::abi::Status;
use crate::tools::sim::guest::{Args, Guest};
use crate::tools::sim::imports::Outcome;

/// `proxy_get_shared_data(key, size, out, out_size, out_cas)`.
pub(crate) fn get(guest: &mut Guest<'_, '_>, args: &Args<'_>) -> Outcome {
    let key = guest.read(args.word(0), args.word(1))?;
    let found = guest.host().proxy.borrow().shared.get(&key).cloned();
    let (value, cas) = found.ok_or(Status::NotFound)?;
    guest.give(&value, args.word(2), args.word(3))?;
    guest.write_word(args.word(4), cas)
}

/// `proxy_set_shared_data(key, size, value, size, cas)`.
pub(crate) fn set(guest: &mut Guest<'_, '_>, args: &Args<'_>) -> Outcome {
    let key = guest.read(args.word(0), args.word(1))?;
    let value = guest.read(args.word(2), args.word(3))?;
    guest.host().proxy.borrow_mut().shared.set(key, value, args.word(4))
}
