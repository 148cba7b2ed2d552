//! The response.

use super::index;
use crate::abi::{Wasm, frame};
use crate::http::request::or_fault;
use crate::http::response;
use crate::rt::pack;

#[unsafe(export_name = "rt.response_begin")]
extern "C" fn response_begin(slots: i64) -> i32 {
    i32::from(!response::begin(frame(), &mut Wasm, pack::bytes(slots)))
}

#[unsafe(export_name = "rt.response_status")]
extern "C" fn response_status() -> i64 {
    i64::from(frame().response.status)
}

#[unsafe(export_name = "rt.response_header_at")]
extern "C" fn response_header_at(name: i64) -> i64 {
    let frame = frame();
    let found = frame.response.headers.value_of(pack::bytes(name), frame.arena);
    pack::from_string(or_fault(found.ok(), &mut frame.fault))
}

#[unsafe(export_name = "rt.response_header")]
extern "C" fn response_header(slot: i32) -> i64 {
    pack::from_string(response::header(frame(), index(slot)))
}
