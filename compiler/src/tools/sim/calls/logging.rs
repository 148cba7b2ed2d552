//! Host calls for the log and the clock.

use crate::tools::sim::abi::{MAX_LOG_LEVEL, Status};
use crate::tools::sim::guest::{Args, Guest};
use crate::tools::sim::imports::Outcome;

/// `proxy_log(level, text, size)`.
pub(crate) fn log(guest: &mut Guest<'_, '_>, args: &Args<'_>) -> Outcome {
    let level = args.word(0);
    if level > MAX_LOG_LEVEL {
        return Err(Status::BadArgument);
    }
    let text = guest.read(args.word(1), args.word(2))?;
    let line = String::from_utf8_lossy(&text).into_owned();
    guest.host().proxy.borrow_mut().logs.push((level, line));
    Ok(())
}

/// `proxy_get_log_level(out)`: trace, so that tests see every line.
pub(crate) fn get_log_level(guest: &mut Guest<'_, '_>, args: &Args<'_>) -> Outcome {
    guest.write_word(args.word(0), 0)
}

/// `proxy_get_current_time_nanoseconds(out)`.
pub(crate) fn get_current_time(guest: &mut Guest<'_, '_>, args: &Args<'_>) -> Outcome {
    let now = guest.host().proxy.borrow().now;
    guest.write_long(args.word(0), now)
}
