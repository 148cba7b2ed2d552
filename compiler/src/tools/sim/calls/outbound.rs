//! Calls to other servers. The simulator has no clusters, so each is refused as Envoy refuses an unknown cluster.

use crate::tools::sim::abi::Status;
use crate::tools::sim::guest::{Args, Guest};
use crate::tools::sim::imports::Outcome;

/// `proxy_get_status(out_code, out_message, out_size)`: nothing has failed.
pub(crate) fn get_status(guest: &mut Guest<'_, '_>, args: &Args<'_>) -> Outcome {
    guest.write_word(args.word(0), 0)?;
    guest.give(&[], args.word(1), args.word(2))
}

/// `proxy_http_call`: checks the memory like Envoy, then 2.
pub(crate) fn http_call(guest: &mut Guest<'_, '_>, args: &Args<'_>) -> Outcome {
    for pair in 0..4 {
        guest.read(args.word(pair * 2), args.word(pair * 2 + 1))?;
    }
    guest.write_word(args.word(9), 0)?;
    Err(Status::BadArgument)
}

/// `proxy_grpc_call` and `proxy_grpc_stream`.
pub(crate) fn grpc_call(_guest: &mut Guest<'_, '_>, _args: &Args<'_>) -> Outcome {
    Err(Status::BadArgument)
}

/// Calls that need a token of an earlier gRPC call.
pub(crate) fn grpc_token(_guest: &mut Guest<'_, '_>, _args: &Args<'_>) -> Outcome {
    Err(Status::NotFound)
}
