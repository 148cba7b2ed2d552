//! Replies of the policy's own.

use super::{index, rules};
use crate::abi::{Policy, Wasm, frame};
use crate::contract::action;
use crate::reply;
use crate::rt::pack;
use crate::tables::metrics;

#[unsafe(export_name = "rt.reply_begin")]
extern "C" fn reply_begin(status: i32) {
    reply::begin(frame(), status as u32);
}

#[unsafe(export_name = "rt.reply_header")]
extern "C" fn reply_header(name: i64, value: i64) {
    reply::header(frame(), pack::bytes(name), pack::bytes(value));
}

#[unsafe(export_name = "rt.reply_body")]
extern "C" fn reply_body(kind: i32, body: i64) {
    reply::body(frame(), kind, pack::bytes(body));
}

/// Sends the reply that is put together, and counts.
pub(super) fn send(metric: i32) {
    reply::send(frame(), &mut Wasm, metrics::labels(Policy::metrics(), index(metric)));
    rules::count(metric);
}

#[unsafe(export_name = "rt.reply_send")]
extern "C" fn reply_send(metric: i32) -> i32 {
    send(metric);
    let frame = frame();
    if frame.in_request {
        // The reply comes back as a response, which no rule of the response phase may see.
        crate::abi::vm().close(frame.context);
    }
    action::STOP
}
