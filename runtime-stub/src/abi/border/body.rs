//! The body of the request, and JSON.

use super::values::cell;
use crate::abi::{Wasm, frame, vm};
use crate::body::json;
use crate::contract::{ROUNDS, UNVERIFIED, elements, slot};
use crate::host::buffer;
use crate::http::request::{self, or_fault};
use crate::http::response;
use crate::rt::pack;
use crate::values::number;

#[unsafe(export_name = "rt.body_hold")]
extern "C" fn body_hold(cells: i32, most: i64) -> i32 {
    let frame = frame();
    let held = most.cast_unsigned();
    let limit = held & !UNVERIFIED;
    let announced = request::header(frame, slot::CONTENT_LENGTH as usize).and_then(number::parse);
    if announced.is_some_and(|size| size.cast_unsigned() > limit) {
        frame.body.too_large = true;
        return 1;
    }
    let vm = vm();
    let opened = vm.streams.open(&mut vm.heap, frame.context, frame.root, super::index(cells));
    match vm.streams.find(frame.context) {
        Some(record) if opened => {
            record.held = Some((held | frame.body.verified, frame.limits.now));
            0
        }
        Some(_) | None => 2,
    }
}

#[unsafe(export_name = "rt.body_was_held")]
extern "C" fn body_was_held() -> i32 {
    i32::from(frame().body.was_held)
}

#[unsafe(export_name = "rt.body_unverified")]
extern "C" fn body_unverified() -> i32 {
    i32::from(frame().body.unverified)
}

#[unsafe(export_name = "rt.body_bytes")]
extern "C" fn body_bytes() -> i64 {
    pack::from_string(frame().body.raw())
}

#[unsafe(export_name = "rt.body_size")]
extern "C" fn body_size() -> i64 {
    frame().body.size()
}

#[unsafe(export_name = "rt.body_text")]
extern "C" fn body_text() -> i64 {
    let frame = frame();
    pack::from_string(or_fault(frame.body.text(frame.arena), &mut frame.fault))
}

#[unsafe(export_name = "rt.body_read_json")]
extern "C" fn body_read_json() -> i32 {
    let frame = frame();
    i32::from(frame.body.read_json(frame.arena))
}

#[unsafe(export_name = "rt.body_json")]
extern "C" fn body_json() -> i64 {
    pack::from_string(frame().body.json())
}

#[unsafe(export_name = "rt.body_read_form")]
extern "C" fn body_read_form() -> i32 {
    let frame = frame();
    let content_type = request::header(frame, slot::CONTENT_TYPE as usize);
    i32::from(frame.body.read_form(content_type, frame.arena))
}

#[unsafe(export_name = "rt.body_form")]
extern "C" fn body_form(key: i64) -> i64 {
    let frame = frame();
    let Some(written) = frame.body.form(pack::bytes(key)) else { return 0 };
    pack::from_bytes(request::query_text(frame, written))
}

#[unsafe(export_name = "rt.response_hold")]
extern "C" fn response_hold(most: i64, waits: i32) -> i32 {
    let frame = frame();
    let limit = most.cast_unsigned();
    let announced = response::header(frame, slot::CONTENT_LENGTH as usize).and_then(number::parse);
    if announced.is_some_and(|size| size.cast_unsigned() > limit) {
        frame.body.too_large = true;
        return 1;
    }
    let Some(record) = vm().streams.find(frame.context) else { return 2 };
    record.held = Some((limit, None));
    record.waits = waits.cast_unsigned();
    0
}

#[unsafe(export_name = "rt.response_body_in")]
extern "C" fn response_body_in(size: i32, eos: i32) -> i32 {
    let frame = frame();
    let Some(record) = vm().streams.find(frame.context) else { return 0 };
    let Some((limit, _)) = record.held else { return 0 };
    if u64::from(size.cast_unsigned()) > limit {
        record.held = None;
        record.buffered = size.cast_unsigned() as usize;
        frame.body.too_large = true;
        return 3;
    }
    if eos == 0 {
        record.buffered = size.cast_unsigned() as usize;
        return 1;
    }
    record.held = None;
    let most = u32::try_from(limit).unwrap_or(u32::MAX);
    frame.body.fetch(&mut Wasm, frame.arena, buffer::RESPONSE_BODY, most, &mut frame.fault);
    2
}

#[unsafe(export_name = "rt.response_waits")]
extern "C" fn response_waits() -> i32 {
    vm().streams.find(frame().context).map_or(0, |record| record.waits.cast_signed())
}

#[unsafe(export_name = "rt.body_unreadable")]
extern "C" fn body_unreadable() {
    frame().body.too_large = true;
}

#[unsafe(export_name = "rt.json_member")]
extern "C" fn json_member(object: i64, key: i64) -> i64 {
    let (Some(object), Some(key)) = (pack::string(object), pack::string(key)) else { return 0 };
    pack::from_string(json::member(object, key, frame().arena))
}

#[unsafe(export_name = "rt.json_element")]
extern "C" fn json_element(array: i64, n: i64) -> i64 {
    pack::from_string(pack::string(array).and_then(|array| json::element(array, n, frame().arena)))
}

#[unsafe(export_name = "rt.json_list")]
extern "C" fn json_list(value: i64, of: i32) -> i64 {
    let frame = frame();
    let arena = frame.arena;
    let Some(array) = pack::string(value).filter(|value| value.first() == Some(&b'[')) else { return 0 };
    let count = json::elements(array, arena).count();
    let Some(cells) = (count <= ROUNDS as usize).then(|| arena.filled(count, 0i64)).flatten() else {
        frame.fault = true;
        return 0;
    };
    for (cell, element) in cells.iter_mut().zip(json::elements(array, arena)) {
        let found = match of {
            elements::STRING => json::string(element, arena).map(pack::from_bytes),
            elements::INT => json::int(element, arena),
            elements::FLOAT => json::float(element, arena).map(|float| float.to_bits().cast_signed()),
            elements::BOOL => json::bool(element).map(i64::from),
            _ => Some(pack::from_bytes(element)),
        };
        let Some(found) = found else { return 0 };
        *cell = found;
    }
    pack::from_list(cells)
}

#[unsafe(export_name = "rt.json_string")]
extern "C" fn json_string(value: i64) -> i64 {
    pack::from_string(pack::string(value).and_then(|value| json::string(value, frame().arena)))
}

#[unsafe(export_name = "rt.json_int")]
extern "C" fn json_int(value: i64) -> i32 {
    pack::string(value).and_then(|value| json::int(value, frame().arena)).map_or(0, |int| cell(int))
}

#[unsafe(export_name = "rt.json_float")]
extern "C" fn json_float(value: i64) -> i32 {
    let found = pack::string(value).and_then(|value| json::float(value, frame().arena));
    found.map_or(0, |float| cell(float.to_bits().cast_signed()))
}

#[unsafe(export_name = "rt.json_bool")]
extern "C" fn json_bool(value: i64) -> i32 {
    pack::string(value).and_then(json::bool).map_or(0, |value| cell(i64::from(value)))
}

#[unsafe(export_name = "rt.json_is_null")]
extern "C" fn json_is_null(value: i64) -> i32 {
    i32::from(pack::string(value).is_some_and(json::is_null))
}

#[unsafe(export_name = "rt.json_equal")]
extern "C" fn json_equal(a: i64, b: i64) -> i32 {
    i32::from(matches!((pack::string(a), pack::string(b)), (Some(a), Some(b)) if json::equal(a, b, frame().arena)))
}

#[unsafe(export_name = "rt.json_has")]
extern "C" fn json_has(array: i64, needle: i64) -> i32 {
    i32::from(matches!((pack::string(array), pack::string(needle)), (Some(array), Some(needle)) if json::has(array, needle, frame().arena)))
}
