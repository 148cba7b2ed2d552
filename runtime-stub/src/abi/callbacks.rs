//! Callbacks that the host enters. All exist here; linking keeps those that the policy needs.

use super::border::{fetch, redact};
use super::globals::{begin, prepare_arena};
use super::{Policy, Wasm, arena, fetches, frame, vm};
use crate::contract::{UNVERIFIED, VERIFIED, action};
use crate::host::buffer;
use crate::redact::body::{self, Verdict};

/// The version of the interface.
#[unsafe(no_mangle)]
extern "C" fn proxy_abi_version_0_2_1() {}

/// Memory for what the host hands over; 0 when there is none, which the host reports as status 6.
#[unsafe(no_mangle)]
extern "C" fn proxy_on_memory_allocate(size: usize) -> *mut u8 {
    prepare_arena();
    arena().alloc(size).map_or(core::ptr::null_mut(), |place| place.as_mut_ptr())
}

/// A root context (no parent) or a stream.
#[unsafe(no_mangle)]
extern "C" fn proxy_on_context_create(context: u32, parent: u32) {
    if parent != 0 {
        vm().created = (context, parent);
    }
}

/// The configuration of a root context.
#[unsafe(no_mangle)]
extern "C" fn proxy_on_configure(context: u32, size: i32) -> i32 {
    begin(context);
    frame().root = context;
    vm().configured = context;
    Policy::on_configure(size)
}

/// Headers of a request.
#[unsafe(no_mangle)]
extern "C" fn proxy_on_request_headers(context: u32, _count: u32, eos: i32) -> i32 {
    begin(context);
    frame().root = vm().root_of_new(context);
    frame().in_request = true;
    Policy::on_request_headers(eos)
}

/// A part of a request's body.
#[unsafe(no_mangle)]
extern "C" fn proxy_on_request_body(context: u32, size: usize, eos: i32) -> i32 {
    begin(context);
    let Some(limit) = held(context) else { return not_held(context, Some(size), eos != 0) };
    if size as u64 > limit {
        return decide(true);
    }
    // The host keeps what came so far, and hands over all of it with the next part.
    if eos == 0 { action::STOP } else { body_is_in(limit) }
}

/// Trailers of a request, which end its body.
#[unsafe(no_mangle)]
extern "C" fn proxy_on_request_trailers(context: u32, _count: u32) -> i32 {
    begin(context);
    held(context).map_or_else(|| not_held(context, None, true), body_is_in)
}

/// What a part of a body is when nothing holds it: passed on, or kept while the request waits for keys.
fn not_held(context: u32, size: Option<usize>, ended: bool) -> i32 {
    if fetches().waits(context, size, ended) { action::STOP } else { action::CONTINUE }
}

/// The body limit of a request that is held; the frame is made ready for it.
pub(super) fn held(context: u32) -> Option<u64> {
    let record = vm().streams.find(context)?;
    let (held, now) = record.held?;
    let frame = frame();
    frame.root = record.root;
    frame.in_request = true;
    frame.body.was_held = true;
    frame.body.unverified = held & UNVERIFIED != 0;
    frame.body.verified = held & VERIFIED;
    frame.limits.now = now;
    Some(held & !(UNVERIFIED | VERIFIED))
}

/// Decides a request whose body is whole.
pub(super) fn body_is_in(limit: u64) -> i32 {
    let frame = frame();
    let most = u32::try_from(limit).unwrap_or(u32::MAX);
    frame.body.fetch(&mut Wasm, frame.arena, buffer::REQUEST_BODY, most, &mut frame.fault);
    decide(false)
}

/// Decides a request that was held, which it is no longer.
pub(super) fn decide(too_large: bool) -> i32 {
    let frame = frame();
    frame.body.too_large = too_large;
    let action = Policy::on_request_body(too_large);
    if let Some(record) = vm().streams.find(frame.context) {
        record.held = None;
    }
    action
}

/// Headers of a response. A stream without a record is not ours, or what it gets is our own reply.
#[unsafe(no_mangle)]
extern "C" fn proxy_on_response_headers(context: u32, _count: u32, eos: i32) -> i32 {
    begin(context);
    let Some(record) = vm().streams.find(context) else { return action::CONTINUE };
    frame().root = record.root;
    Policy::on_response_headers(eos)
}

/// A part of a response's body.
#[unsafe(no_mangle)]
extern "C" fn proxy_on_response_body(context: u32, size: usize, eos: i32) -> i32 {
    begin(context);
    let Some(record) = vm().streams.find(context) else { return action::CONTINUE };
    frame().root = record.root;
    let action = Policy::on_response_body(size, eos);
    if action != action::CONTINUE {
        return action;
    }
    let Some(body) = vm().streams.find(context).and_then(|record| record.body()) else { return action::CONTINUE };
    let verdict = body.on_body(&mut Wasm, arena(), size, eos != 0, &mut redact::count);
    outcome(verdict, body::action::DROP)
}

/// Trailers of a response, which end its body.
#[unsafe(no_mangle)]
extern "C" fn proxy_on_response_trailers(context: u32, _count: u32) -> i32 {
    begin(context);
    let Some(record) = vm().streams.find(context) else { return action::CONTINUE };
    frame().root = record.root;
    let buffered = if record.held.is_some() { record.buffered } else { 0 };
    let action = Policy::on_response_body(0, 1);
    if action != action::CONTINUE {
        return action;
    }
    let Some(body) = vm().streams.find(context).and_then(|record| record.body()) else { return action::CONTINUE };
    let verdict = body.on_trailers(&mut Wasm, arena(), buffered, &mut redact::count);
    outcome(verdict, action::STOP)
}

/// Goes on or cuts the stream; `stop` is the action that sends nothing more.
fn outcome(verdict: Verdict, stop: i32) -> i32 {
    match verdict {
        Verdict::Go(action) => return action,
        Verdict::Deny(deny) => {
            Policy::reply(deny.reply as i32, deny.metric as i32);
        }
        Verdict::Fault => redact::cut(),
    }
    stop
}

/// Time has passed.
#[unsafe(no_mangle)]
extern "C" fn proxy_on_tick(root: u32) {
    begin(root);
    frame().root = root;
    fetch::tick(root);
}

/// The answer of a call to another server.
#[unsafe(no_mangle)]
extern "C" fn proxy_on_http_call_response(root: u32, call: u32, _headers: u32, size: usize, _trailers: u32) {
    begin(root);
    frame().root = root;
    fetch::answered(call, size);
}

/// The end of a stream.
#[unsafe(no_mangle)]
extern "C" fn proxy_on_delete(context: u32) {
    vm().close(context);
}
