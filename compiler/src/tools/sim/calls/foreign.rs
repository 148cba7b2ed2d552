//! `proxy_call_foreign_function`: of Envoy's functions `clear_route_cache`, which changes nothing that tests see, and
//! `verify_signature` where the simulated host has it.

use super::verify_signature;
use crate::tools::sim::abi::Status;
use crate::tools::sim::guest::{Args, Guest};
use crate::tools::sim::imports::Outcome;

/// `proxy_call_foreign_function(name, size, argument, size, out, out_size)`.
pub(crate) fn call(guest: &mut Guest<'_, '_>, args: &Args<'_>) -> Outcome {
    let name = guest.read(args.word(0), args.word(1))?;
    let argument = guest.read(args.word(2), args.word(3))?;
    let verifies = guest.host().proxy.borrow().verifies_signatures;
    let answer = match name.as_slice() {
        b"clear_route_cache" => Vec::new(),
        b"verify_signature" if verifies => verify_signature::answer(&argument),
        _ => return Err(Status::NotFound),
    };
    if answer.is_empty() {
        for out in [args.word(4), args.word(5)].into_iter().filter(|out| *out != 0) {
            guest.write_word(out, 0)?;
        }
        return Ok(());
    }
    guest.give(&answer, args.word(4), args.word(5))
}
