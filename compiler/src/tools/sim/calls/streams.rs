//! Host calls that steer streams and contexts: reply, close, tick, effective context, done.

use crate::tools::sim::abi::Status;
use crate::tools::sim::guest::{Args, Guest};
use crate::tools::sim::imports::Outcome;
use crate::tools::sim::pairs;
use crate::tools::sim::stream::{Access, Reply};

/// `proxy_set_tick_period_milliseconds(period)`.
pub(crate) fn set_tick_period(guest: &mut Guest<'_, '_>, args: &Args<'_>) -> Outcome {
    let period = u64::from(args.word(0));
    guest.host().tick_period = (period != 0).then_some(period * 1_000_000);
    Ok(())
}

/// `proxy_set_effective_context(context)`.
pub(crate) fn set_effective_context(guest: &mut Guest<'_, '_>, args: &Args<'_>) -> Outcome {
    let context = args.word(0);
    let host = guest.host();
    if !host.streams.contains_key(&context) && !host.roots.contains_key(&context) {
        return Err(Status::BadArgument);
    }
    host.effective = Some(context);
    Ok(())
}

/// `proxy_done()`: ends a wait that `proxy_on_done` began by returning 0.
pub(crate) fn done(guest: &mut Guest<'_, '_>, _args: &Args<'_>) -> Outcome {
    let host = guest.host();
    let context = host.context();
    host.done.push(context);
    Ok(())
}

/// `proxy_continue_stream(stream)`: the upstream side is not implemented in Envoy.
pub(crate) fn continue_stream(guest: &mut Guest<'_, '_>, args: &Args<'_>) -> Outcome {
    match args.word(0) {
        0 | 1 => {
            if let Some(stream) = guest.host().stream() {
                stream.continued = true;
                // Envoy takes all request pointers away, whichever side is continued.
                stream.request_headers.access = Access::Gone;
                stream.request_body.open = false;
                stream.request_trailers.access = Access::Gone;
            }
            Ok(())
        }
        2 | 3 => Err(Status::Unimplemented),
        _ => Err(Status::BadArgument),
    }
}

/// `proxy_close_stream(stream)`: resets the HTTP stream.
pub(crate) fn close_stream(guest: &mut Guest<'_, '_>, args: &Args<'_>) -> Outcome {
    match args.word(0) {
        0 | 1 => {
            if let Some(stream) = guest.host().stream() {
                stream.closed = true;
            }
            Ok(())
        }
        2 | 3 => Ok(()),
        _ => Err(Status::BadArgument),
    }
}

/// `proxy_send_local_response(status, details, size, body, size, headers, size, grpc_status)`: the first one counts;
/// in a root context it is lost without an error.
pub(crate) fn send_local_response(guest: &mut Guest<'_, '_>, args: &Args<'_>) -> Outcome {
    let details = guest.read(args.word(1), args.word(2))?;
    let body = guest.read(args.word(3), args.word(4))?;
    let headers = pairs::decode(&guest.read(args.word(5), args.word(6))?);
    let status = u16::try_from(args.word(0)).unwrap_or(u16::MAX);
    let grpc_status = (args.word(7) != u32::MAX).then_some(args.word(7));
    let details = String::from_utf8_lossy(&details).replace(' ', "_");
    if let Some(stream) = guest.host().stream() {
        stream.reply.get_or_insert(Reply { status, details, body, headers, grpc_status });
    }
    Ok(())
}
