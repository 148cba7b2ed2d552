//! Limits.

use crate::abi::{Policy, Wasm, arena, frame, vm};
use crate::contract::map;
use crate::edits::header;
use crate::limits::bucket::Place;
use crate::limits::headers;
use crate::limits::step::{self, Verdict};
use crate::limits::store::WorkerPut;
use crate::rt::arena::Items;
use crate::rt::pack;

#[unsafe(export_name = "rt.limits_begin")]
extern "C" fn limits_begin() {
    step::begin(frame());
}

#[unsafe(export_name = "rt.limit_check")]
extern "C" fn limit_check(id: i32, table: i64, key: i64, count: i64, burst: i64) -> i32 {
    match step::check(frame(), vm(), &mut Wasm, id as u32, pack::bytes(table), pack::bytes(key), (count, burst)) {
        Verdict::Admitted => 0,
        Verdict::Refused(_) => 1,
        Verdict::Fault => 2,
    }
}

#[unsafe(export_name = "rt.limits_commit")]
extern "C" fn limits_commit() -> i32 {
    // The policy comes back to the border for `limit_worker_put`, which touches the VM and not the frame.
    match step::commit(frame(), &mut Wasm, &mut |put| Policy::limit_worker_put(&put)) {
        Verdict::Admitted => -1,
        Verdict::Refused(id) => id as i32,
        Verdict::Fault => -2,
    }
}

#[unsafe(export_name = "rt.limit_worker_put")]
extern "C" fn limit_worker_put(id: i32, capacity: i32, bucket: i32, fingerprint: i64, arrival: i64, now: i64) -> i32 {
    let (vm, place) = (vm(), Place { bucket: bucket as u32, fingerprint: fingerprint as u64 });
    let put = WorkerPut { id: id as u32, capacity: capacity as u32, place, arrival: arrival as u64, now: now as u64 };
    i32::from(vm.limits.put(&mut vm.heap, &put))
}

#[unsafe(export_name = "rt.reply_limit_headers")]
extern "C" fn reply_limit_headers() {
    headers::refusal(frame());
}

#[unsafe(export_name = "rt.limits_keep_headers")]
extern "C" fn limits_keep_headers() {
    let (frame, vm) = (frame(), vm());
    if let Some(kept) = headers::admission(&frame.limits, arena()) {
        frame.fault |= !vm.streams.find(frame.context).is_some_and(|record| record.keep_limits(&mut vm.heap, kept));
    }
}

#[unsafe(export_name = "rt.limits_keep_first")]
extern "C" fn limits_keep_first() {
    let (frame, vm) = (frame(), vm());
    let Some(kept) = headers::admission(&frame.limits, arena()) else { return };
    let ids = headers::admitted(&frame.limits, arena());
    let record = vm.streams.find(frame.context);
    frame.fault |= !record.is_some_and(|record| {
        // The ids of rules, which stand there later, are not chosen before the body is in.
        ids.is_some_and(|ids| record.keep_selected(&mut vm.heap, ids)) && record.keep_limits(&mut vm.heap, kept)
    });
}

#[unsafe(export_name = "rt.limits_keep_more")]
extern "C" fn limits_keep_more() {
    let (frame, vm, arena) = (frame(), vm(), arena());
    let Some(record) = vm.streams.find(frame.context) else { return };
    let kept = record.limits(arena);
    let mut before = Items::new(arena);
    (0..record.selected_count()).for_each(|n| before.push(record.selected(n)));
    let all = if before.is_broken() { None } else { headers::together(&frame.limits, kept, before.as_slice(), arena) };
    frame.fault |= !all.is_some_and(|all| all.is_none_or(|all| record.keep_limits(&mut vm.heap, all)));
}

#[unsafe(export_name = "rt.response_limit_headers")]
extern "C" fn response_limit_headers() {
    let frame = frame();
    let kept = vm().streams.find(frame.context).and_then(|record| record.limits(arena()));
    if let Some((limit, policy)) = kept {
        header::set(frame, &mut Wasm, map::RESPONSE, b"ratelimit", limit);
        header::set(frame, &mut Wasm, map::RESPONSE, b"ratelimit-policy", policy);
    }
}
