//! Calls to other servers, which answer what the simulator was told.

use crate::tools::sim::abi::Status;
use crate::tools::sim::guest::{Args, Guest};
use crate::tools::sim::host::Call;
use crate::tools::sim::imports::Outcome;
use crate::tools::sim::pairs;

/// `proxy_get_status(out_code, out_message, out_size)`: nothing has failed.
pub(crate) fn get_status(guest: &mut Guest<'_, '_>, args: &Args<'_>) -> Outcome {
    guest.write_word(args.word(0), 0)?;
    guest.give(&[], args.word(1), args.word(2))
}

/// `proxy_http_call`: 2 for a cluster that is not there and for headers that make no request. The answer comes in a callback of
/// the root context.
pub(crate) fn http_call(guest: &mut Guest<'_, '_>, args: &Args<'_>) -> Outcome {
    let mut read = Vec::new();
    for pair in 0..4 {
        read.push(guest.read(args.word(pair * 2), args.word(pair * 2 + 1))?);
    }
    guest.write_word(args.word(9), 0)?;
    let cluster = read.first().map(|cluster| String::from_utf8_lossy(cluster).into_owned()).unwrap_or_default();
    let headers = read.get(1).map(|headers| pairs::decode(headers)).unwrap_or_default();
    let has = |wanted: &str| headers.iter().any(|(name, _)| name.as_slice() == wanted.as_bytes());
    let known = guest.host().proxy.borrow().services.contains_key(&cluster);
    if !known || ![":method", ":path", ":authority"].into_iter().all(has) {
        return Err(Status::BadArgument);
    }
    let host = guest.host();
    let (token, root) = (host.next_call(), host.root());
    host.calls.push(Call { token, root, cluster });
    guest.write_word(args.word(9), token)
}

/// `proxy_grpc_call` and `proxy_grpc_stream`.
pub(crate) fn grpc_call(_guest: &mut Guest<'_, '_>, _args: &Args<'_>) -> Outcome {
    Err(Status::BadArgument)
}

/// Calls that need a token of an earlier gRPC call.
pub(crate) fn grpc_token(_guest: &mut Guest<'_, '_>, _args: &Args<'_>) -> Outcome {
    Err(Status::NotFound)
}
