//! Keys that are fetched.

use super::credentials::tokens;
use super::rules;
use crate::abi::callbacks::{body_is_in, decide, held};
use crate::abi::globals::begin;
use crate::abi::{Policy, Wasm, arena, fetches, frame, vm};
use crate::auth::jwt::{self, Step, Verdict, fetch};
use crate::contract::{action, credential};
use crate::host::Host;
use crate::rt::pack;

#[unsafe(export_name = "rt.fetch_add")]
extern "C" fn fetch_add(id: i32, table: i64) -> i32 {
    let root = frame().root;
    i32::from(fetches().add(&mut Wasm, (&mut vm().heap, arena()), (root, id as u32), pack::bytes(table)))
}

#[unsafe(export_name = "rt.credential_check_fetched")]
extern "C" fn credential_check_fetched(id: i32, from: i64, demands: i64) -> i32 {
    let (id, demands) = (id as u32, pack::bytes(demands));
    let root = frame().root;
    let bit = fetches().bit(root, id);
    // Keys that are too old verify nothing, not even what they verified before.
    let recall = !frame().body.was_held && fetches().holds(&mut Wasm, (root, id));
    let mut signed = match jwt::begin(frame(), tokens().0, &mut Wasm, id, (pack::bytes(from), demands), recall) {
        Step::Done(state) => {
            if recall && state == credential::VALID {
                frame().body.verified |= bit;
            }
            return state;
        }
        Step::Verify(signed) => signed,
    };
    if frame().body.was_held {
        // Keys may have changed since the headers were decided: what was verified then is, and nothing else becomes it.
        let verdict = if frame().body.verified & bit != 0 { Verdict::Holds } else { Verdict::NoKey };
        signed.is_known = true;
        return jwt::finish(frame(), tokens(), &mut Wasm, id, demands, &signed, verdict);
    }
    for _ in 0..2 {
        let candidates = jwt::candidates(&signed, demands, fetches().keys(root, id));
        let known = candidates.iter().any(Option::is_some);
        match fetches().supply(&mut Wasm, (&mut vm().heap, arena()), (root, id), known, signed.key_id()) {
            fetch::Supply::Keys => {
                let verdict = super::credentials::verified(&signed, candidates);
                let state = jwt::finish(frame(), tokens(), &mut Wasm, id, demands, &signed, verdict);
                if state == credential::VALID {
                    frame().body.verified |= bit;
                }
                return state;
            }
            fetch::Supply::Others => {
                vm().verified.clear();
                signed.is_known = false;
            }
            fetch::Supply::Wait => return credential::WAIT,
            fetch::Supply::None => break,
        }
    }
    jwt::faulted(frame(), id)
}

#[unsafe(export_name = "rt.request_wait")]
extern "C" fn request_wait(eos: i32) -> i32 {
    let frame = frame();
    let waiting = fetch::Waiting { context: frame.context, root: frame.root, eos: eos != 0, size: 0, ended: false };
    i32::from(fetches().wait(&mut Wasm, &mut vm().heap, waiting))
}

/// The answer of a call.
pub(in crate::abi) fn answered(call: u32, size: usize) {
    if let Some(metric) = fetches().answered(&mut Wasm, (&mut vm().heap, arena()), call, size) {
        vm().verified.clear();
        rules::count(metric as i32);
        release();
    }
}

/// Time has passed in a root context.
pub(in crate::abi) fn tick(root: u32) {
    let came = fetches().tick(&mut Wasm, (&mut vm().heap, arena()), root);
    if came {
        vm().verified.clear();
    }
    if fetches().has_waiting() && (came || !fetches().is_pending(&mut Wasm, arena())) {
        release();
    }
}

/// Decides anew what waits.
fn release() {
    let mut all = fetches().take();
    while let Some(waiting) = all.pop() {
        resume(waiting);
    }
    all.free(&mut vm().heap);
}

/// Lets calls to the host concern a stream that waited; false when it is gone.
fn enter(waiting: fetch::Waiting) -> bool {
    begin(waiting.context);
    frame().root = waiting.root;
    frame().in_request = true;
    Wasm.set_effective_context(waiting.context).is_ok()
}

fn resume(waiting: fetch::Waiting) {
    if !enter(waiting) {
        return;
    }
    let mut action = Policy::on_request_headers(i32::from(waiting.eos));
    // A request that now waits for its body may have it already.
    if action == action::STOP
        && waiting.ended
        && enter(waiting)
        && let Some(limit) = held(waiting.context)
    {
        action = if waiting.size as u64 > limit { decide(true) } else { body_is_in(limit) };
    }
    if action == action::CONTINUE {
        Wasm.continue_request();
    }
}
