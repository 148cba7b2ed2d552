//! Credentials.

use super::index;
use crate::abi::{Policy, Wasm, arena, frame, vm};
use crate::auth::api_key::{self, Memory};
use crate::auth::basic::{self, Users};
use crate::auth::jwt::{self, Claim, Step, Verdict};
use crate::auth::{aws, captures, http_signature, nonce, signed, strip};
use crate::config::refusal::Refusal;
use crate::contract::credential;
use crate::host::{Host, level};
use crate::rt::arena::Items;
use crate::rt::heap::Heap;
use crate::rt::pack;
use crate::tables::jwks;

#[unsafe(export_name = "rt.credential_check")]
extern "C" fn credential_check(id: i32, from: i64, keys: i64) -> i32 {
    let vm = vm();
    let mut memory = Memory { verified: &mut vm.verified, heap: &mut vm.heap };
    api_key::check(frame(), &mut memory, &mut Wasm, id as u32, pack::bytes(from), pack::bytes(keys))
}

#[unsafe(export_name = "rt.credential_check_config")]
extern "C" fn credential_check_config(id: i32, from: i64, field: i32) -> i32 {
    let (frame, vm) = (frame(), vm());
    let Some(value) = vm.config.get(frame.root, index(field)) else {
        frame.fault = true;
        return credential::FAULT;
    };
    let mut memory = Memory { verified: &mut vm.verified, heap: &mut vm.heap };
    api_key::check(frame, &mut memory, &mut Wasm, id as u32, pack::bytes(from), &value.more)
}

#[unsafe(export_name = "rt.credential_check_basic")]
extern "C" fn credential_check_basic(id: i32, from: i64, users: i64) -> i32 {
    let vm = vm();
    let mut memory = Memory { verified: &mut vm.verified, heap: &mut vm.heap };
    basic::check(frame(), &mut memory, &mut Wasm, id as u32, pack::bytes(from), Users::Known(pack::bytes(users)))
}

#[unsafe(export_name = "rt.credential_check_basic_config")]
extern "C" fn credential_check_basic_config(id: i32, from: i64, field: i32) -> i32 {
    let (frame, vm) = (frame(), vm());
    let Some(value) = vm.config.get(frame.root, index(field)) else {
        frame.fault = true;
        return credential::FAULT;
    };
    let mut memory = Memory { verified: &mut vm.verified, heap: &mut vm.heap };
    basic::check(frame, &mut memory, &mut Wasm, id as u32, pack::bytes(from), Users::Configured(&value.text))
}

#[unsafe(export_name = "rt.config_users")]
extern "C" fn config_users(field: i32, name: i64) -> i32 {
    let (arena, root) = (arena(), frame().root);
    let wrong = vm().config.get(root, index(field)).and_then(|value| basic::wrong(&value.text, arena));
    let Some(wrong) = wrong else { return 1 };
    let refusal = Refusal::Entry(pack::bytes(name), b"must have `{SHA256}` and the base64 of a SHA-256 for ", wrong);
    Wasm.log(level::ERROR, refusal.line(arena));
    0
}

#[unsafe(export_name = "rt.credential_present")]
extern "C" fn credential_present(id: i32, from: i64) -> i32 {
    signed::present(frame(), id as u32, pack::bytes(from))
}

#[unsafe(export_name = "rt.credential_aws")]
extern "C" fn credential_aws(id: i32, tolerance: i64, longest: i64) -> i32 {
    aws::present(frame(), &mut Wasm, id as u32, tolerance, longest)
}

#[unsafe(export_name = "rt.credential_aws_code")]
extern "C" fn credential_aws_code(secret: i64) -> i64 {
    pack::from_string(aws::code(frame(), pack::bytes(secret)))
}

#[unsafe(export_name = "rt.credential_aws_strip")]
extern "C" fn credential_aws_strip() {
    aws::strip(frame(), &mut Wasm);
}

#[unsafe(export_name = "rt.credential_http")]
extern "C" fn credential_http(id: i32, covers: i64, tolerance: i64, most: i32) -> i32 {
    let demands = http_signature::Demands { covers: pack::bytes(covers), tolerance, most: index(most) };
    http_signature::present(frame(), &mut Wasm, id as u32, demands)
}

#[unsafe(export_name = "rt.credential_http_code")]
extern "C" fn credential_http_code(secret: i64, covers: i64, tolerance: i64, most: i32, constants: i64) -> i64 {
    let demands = http_signature::Demands { covers: pack::bytes(covers), tolerance, most: index(most) };
    pack::from_string(http_signature::code(frame(), &mut Wasm, pack::bytes(secret), demands, pack::bytes(constants)))
}

#[unsafe(export_name = "rt.credential_settle")]
extern "C" fn credential_settle(id: i32, state: i32) -> i32 {
    signed::close(frame(), id as u32, state)
}

#[unsafe(export_name = "rt.credential_parts")]
extern "C" fn credential_parts(id: i32, separator: i32, prefix: i64) -> i64 {
    let frame = frame();
    let mut cells = Items::new(frame.arena);
    signed::parts(signed::value(frame, id as u32), separator as u8, pack::bytes(prefix), |part| cells.push(pack::from_bytes(part)));
    frame.fault |= cells.is_broken();
    pack::from_list(cells.finish())
}

#[unsafe(export_name = "rt.credential_fresh")]
extern "C" fn credential_fresh(text: i64, tolerance: i64) -> i32 {
    signed::fresh(frame(), &mut Wasm, pack::bytes(text), tolerance)
}

#[unsafe(export_name = "rt.credential_near")]
extern "C" fn credential_near(at: i64, tolerance: i64) -> i32 {
    signed::near(frame(), &mut Wasm, at, tolerance)
}

#[unsafe(export_name = "rt.credential_captures")]
extern "C" fn credential_captures(id: i32, literals: i64) -> i64 {
    let frame = frame();
    let mut cells = Items::new(frame.arena);
    let literals = pack::list(literals).iter().map(|cell| pack::bytes(*cell));
    let whole = captures::take(signed::value(frame, id as u32), literals, |part| cells.push(pack::from_bytes(part)));
    frame.fault |= cells.is_broken();
    if whole.is_none() {
        cells.clear();
    }
    pack::from_list(cells.finish())
}

#[unsafe(export_name = "rt.credential_secret")]
extern "C" fn credential_secret(secret: i64) -> i64 {
    pack::from_string(signed::key(frame(), pack::bytes(secret)))
}

#[unsafe(export_name = "rt.credential_once")]
extern "C" fn credential_once(prefix: i64, nonce: i64, window: i64) -> i32 {
    nonce::spend(frame(), vm(), &mut Wasm, pack::bytes(prefix), pack::bytes(nonce), window)
}

#[unsafe(export_name = "rt.credential_key_id")]
extern "C" fn credential_key_id(id: i32) -> i64 {
    pack::from_string(api_key::key_id(frame(), id as u32))
}

#[unsafe(export_name = "rt.credential_check_jwt")]
extern "C" fn credential_check_jwt(id: i32, from: i64, demands: i64, keys: i64) -> i32 {
    let (id, demands, keys) = (id as u32, pack::bytes(demands), pack::bytes(keys));
    let signed = match jwt::begin(frame(), tokens().0, &mut Wasm, id, (pack::bytes(from), demands), true) {
        Step::Done(state) => return state,
        Step::Verify(signed) => signed,
    };
    // Frame and VM are let go while the policy verifies: it comes back for the mechanism of the algorithm.
    let verdict = verified(&signed, jwt::candidates(&signed, demands, keys));
    jwt::finish(frame(), tokens(), &mut Wasm, id, demands, &signed, verdict)
}

/// What this VM knows of tokens, and the memory for it.
pub(super) fn tokens() -> (jwt::Known<'static>, &'static mut Heap) {
    let vm = vm();
    (jwt::Known { verified: &mut vm.verified, remembered: &mut vm.remembered }, &mut vm.heap)
}

/// Whether a signature holds under one of the keys.
pub(super) fn verified<const N: usize>(signed: &jwt::Signed<'_>, keys: [Option<&[u8]>; N]) -> Verdict {
    let mut verdict = if signed.is_known { Verdict::Holds } else { Verdict::NoKey };
    for key in keys.into_iter().flatten() {
        if verdict != Verdict::Holds {
            verdict = match (Policy::verify(signed.algorithm, key, signed.message, signed.signature), verdict) {
                (Some(true), _) => Verdict::Holds,
                // Under the key that was not tried it might hold.
                (None, _) | (_, Verdict::Unanswered) => Verdict::Unanswered,
                (Some(false), _) => Verdict::Broken,
            };
        }
    }
    verdict
}

#[unsafe(export_name = "rt.credential_reason")]
extern "C" fn credential_reason(id: i32) -> i32 {
    i32::from(jwt::reason(frame(), id as u32))
}

#[unsafe(export_name = "rt.claim_str")]
extern "C" fn claim_str(id: i32, number: i32) -> i64 {
    match jwt::claim(frame(), id as u32, index(number)) {
        Claim::Text(text) => pack::from_bytes(text),
        Claim::Absent | Claim::Number(_) | Claim::List(_) => 0,
    }
}

#[unsafe(export_name = "rt.claim_int")]
extern "C" fn claim_int(id: i32, number: i32) -> i64 {
    match jwt::claim(frame(), id as u32, index(number)) {
        Claim::Number(value) => value,
        Claim::Absent | Claim::Text(_) | Claim::List(_) => 0,
    }
}

#[unsafe(export_name = "rt.claim_cell")]
extern "C" fn claim_cell(id: i32, number: i32) -> i32 {
    let Claim::Number(value) = jwt::claim(frame(), id as u32, index(number)) else { return 0 };
    let cell = arena().copy(&value.to_le_bytes());
    frame().fault |= cell.is_none();
    pack::from_record(cell)
}

#[unsafe(export_name = "rt.claim_list")]
extern "C" fn claim_list(id: i32, number: i32) -> i64 {
    let Claim::List(items) = jwt::claim(frame(), id as u32, index(number)) else { return 0 };
    let Some(cells) = arena().filled(items.len(), 0i64) else {
        frame().fault = true;
        return 0;
    };
    for (cell, item) in cells.iter_mut().zip(items) {
        *cell = pack::from_bytes(item);
    }
    pack::from_list(cells)
}

#[unsafe(export_name = "rt.config_encoded")]
extern "C" fn config_encoded(field: i32, refusal: i64) -> i32 {
    let frame = frame();
    let given = vm().config.get(frame.root, index(field)).filter(|value| value.is_present);
    let is_right = given.is_none_or(|value| signed::key(frame, &value.text).is_some());
    if !is_right {
        Wasm.log(level::ERROR, pack::bytes(refusal));
    }
    i32::from(is_right)
}

#[unsafe(export_name = "rt.config_jwks_load")]
extern "C" fn config_jwks_load(field: i32, refusal: i64) -> i32 {
    let (root, vm) = (frame().root, vm());
    let loaded = vm.config.get_mut(root, index(field)).is_some_and(|value| {
        let Some(keys) = jwt::keys::read(&value.text, arena()).ok() else { return false };
        let Some(mut block) = vm.heap.alloc(jwks::size(keys)) else { return false };
        jwks::write_into(&mut block, keys);
        value.more = block;
        true
    });
    if !loaded {
        Wasm.log(level::ERROR, pack::bytes(refusal));
    }
    i32::from(loaded)
}

#[unsafe(export_name = "rt.config_jwks")]
extern "C" fn config_jwks(field: i32) -> i64 {
    let frame = frame();
    let value = vm().config.get(frame.root, index(field));
    frame.fault |= value.is_none();
    value.map_or(0, |value| pack::from_bytes(&value.more))
}

#[unsafe(export_name = "rt.credential_strip")]
extern "C" fn credential_strip(from: i64) {
    strip::strip(frame(), &mut Wasm, pack::bytes(from));
}
