//! Edits of what is forwarded or answered.

use crate::abi::{Wasm, frame};
use crate::edits::{forward, header};
use crate::rt::pack;
use crate::tables::split;
use crate::values::siphash;

#[unsafe(export_name = "rt.header_set")]
extern "C" fn header_set(map: i32, name: i64, value: i64) {
    header::set(frame(), &mut Wasm, map, pack::bytes(name), pack::bytes(value));
}

#[unsafe(export_name = "rt.header_append")]
extern "C" fn header_append(map: i32, name: i64, value: i64) {
    header::append(frame(), &mut Wasm, map, pack::bytes(name), pack::bytes(value));
}

#[unsafe(export_name = "rt.header_remove")]
extern "C" fn header_remove(map: i32, name: i64) {
    header::remove(frame(), &mut Wasm, map, pack::bytes(name));
}

#[unsafe(export_name = "rt.header_remove_prefix")]
extern "C" fn header_remove_prefix(map: i32, prefix: i64) {
    header::remove_prefix(frame(), &mut Wasm, map, pack::bytes(prefix));
}

#[unsafe(export_name = "rt.forward_path")]
extern "C" fn forward_path(path: i64) {
    forward::set_path(frame(), pack::bytes(path));
}

#[unsafe(export_name = "rt.forward_host")]
extern "C" fn forward_host(name: i64) {
    forward::set_host(frame(), &mut Wasm, pack::bytes(name));
}

#[unsafe(export_name = "rt.forward_as_received")]
extern "C" fn forward_as_received() {
    forward::as_received(frame());
}

#[unsafe(export_name = "rt.forward_commit")]
extern "C" fn forward_commit() {
    forward::commit(frame(), &mut Wasm);
}

#[unsafe(export_name = "rt.split_pick")]
extern "C" fn split_pick(table: i64, key: i64) -> i64 {
    pack::from_bytes(split::pick(pack::bytes(table), (siphash::hash(pack::bytes(key)) % 10_000) as u32))
}
