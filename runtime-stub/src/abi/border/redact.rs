//! Redaction of responses.

use super::rules;
use crate::abi::{Policy, Wasm, frame, vm};
use crate::contract::action;
use crate::redact::head::Head;
use crate::redact::header;
use crate::redact::response::{self, Choice, Start};
use crate::rt::pack;
use crate::tables::metrics;

#[unsafe(export_name = "rt.redact_begin")]
extern "C" fn redact_begin() {
    vm().choice = Choice::new();
}

#[unsafe(export_name = "rt.redact_header")]
extern "C" fn redact_header(is_prefix: i32, name: i64, metric: i32) {
    if header::remove(frame(), &mut Wasm, is_prefix != 0, pack::bytes(name), metric as u32) {
        rules::count(metric);
        // A rule counts once a response, whatever it changes: a match in the body comes too late.
        if let Some(body) = vm().streams.find(frame().context).and_then(|record| record.body()) {
            body.mark_counted(metric as u32);
        }
    }
}

#[unsafe(export_name = "rt.redact_add")]
extern "C" fn redact_add(table: i64, metric: i32) {
    frame().fault |= !vm().choice.add(pack::bytes(table), metric as u32);
}

#[unsafe(export_name = "rt.redact_start")]
extern "C" fn redact_start(eos: i32) -> i32 {
    let frame = frame();
    let head = Head::read(frame.response.headers.pairs());
    match vm().choice.start(&head, eos != 0) {
        Start::Pass => action::CONTINUE,
        Start::Reply(deny) => Policy::reply(deny.reply as i32, deny.metric as i32),
        Start::Inspect(body) => {
            let vm = vm();
            let begun = vm.streams.find(frame.context).is_some_and(|record| record.inspect(&mut vm.heap, body));
            if !begun {
                // Without a record the body would pass as it is.
                cut();
                return action::STOP;
            }
            response::remove_stale(frame, &mut Wasm);
            action::CONTINUE
        }
    }
}

#[unsafe(export_name = "rt.redact_held")]
extern "C" fn redact_held() -> i32 {
    let frame = frame();
    let Some(record) = vm().streams.find(frame.context) else { return action::CONTINUE };
    let held = frame.body.raw().map_or(record.buffered, <[u8]>::len);
    match record.body().and_then(|body| body.above(held)) {
        Some(deny) => Policy::reply(deny.reply as i32, deny.metric as i32),
        None => action::CONTINUE,
    }
}

/// Ends a response that has begun, because of a fault.
pub(crate) fn cut() {
    crate::reply::begin(frame(), 503);
    super::replies::send(metrics::fault(Policy::metrics()) as i32);
}

/// Counts the metric of a redaction.
pub(crate) fn count(metric: u32) {
    rules::count(metric as i32);
}
