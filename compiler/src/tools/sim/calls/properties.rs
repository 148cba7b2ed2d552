//! Host calls on properties; which there are and how they are encoded is in `property.rs`.

use crate::tools::sim::abi::Status;
use crate::tools::sim::guest::{Args, Guest};
use crate::tools::sim::imports::Outcome;
use crate::tools::sim::property;

/// `proxy_get_property(path, size, out, out_size)`.
pub(crate) fn get(guest: &mut Guest<'_, '_>, args: &Args<'_>) -> Outcome {
    let path = guest.read(args.word(0), args.word(1))?;
    let value = property::get(guest.host(), &path)?;
    guest.give(&value, args.word(2), args.word(3))
}

/// `proxy_set_property(path, size, value, size)`: filter state of the stream; without a stream there is nowhere to
/// put it.
pub(crate) fn set(guest: &mut Guest<'_, '_>, args: &Args<'_>) -> Outcome {
    let path = guest.read(args.word(0), args.word(1))?;
    let value = guest.read(args.word(2), args.word(3))?;
    let stream = guest.host().stream().ok_or(Status::NotFound)?;
    stream.filter_state.insert(path, value);
    Ok(())
}
