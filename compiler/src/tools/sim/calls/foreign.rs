//! `proxy_call_foreign_function`: of Envoy's functions only `clear_route_cache`, which changes nothing that tests see.

use crate::tools::sim::abi::Status;
use crate::tools::sim::guest::{Args, Guest};
use crate::tools::sim::imports::Outcome;

/// `proxy_call_foreign_function(name, size, argument, size, out, out_size)`.
pub(crate) fn call(guest: &mut Guest<'_, '_>, args: &Args<'_>) -> Outcome {
    let name = guest.read(args.word(0), args.word(1))?;
    guest.read(args.word(2), args.word(3))?;
    if name != b"clear_route_cache" {
        return Err(Status::NotFound);
    }
    for out in [args.word(4), args.word(5)] {
        if out != 0 {
            guest.write_word(out, 0)?;
        }
    }
    Ok(())
}
