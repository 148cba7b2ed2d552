//! The request, read once.

use super::index;
use crate::abi::{Wasm, frame};
use crate::contract::certificate as part;
use crate::frame::Frame;
use crate::http::request::or_fault;
use crate::http::{certificate, host_name, query, request};
use crate::limits::step;
use crate::rt::arena::Items;
use crate::rt::pack;
use crate::tables::{strings, template};

#[unsafe(export_name = "rt.request_begin")]
extern "C" fn request_begin(slots: i64) -> i32 {
    i32::from(!request::begin(frame(), &mut Wasm, pack::bytes(slots)))
}

#[unsafe(export_name = "rt.request_host_in")]
extern "C" fn request_host_in(exact: i64, suffixes: i64) -> i32 {
    i32::from(host_name::is_in(request::host(frame()), pack::bytes(exact), pack::bytes(suffixes)))
}

#[unsafe(export_name = "rt.request_check")]
extern "C" fn request_check() -> i32 {
    i32::from(request::check(frame()))
}

#[unsafe(export_name = "rt.request_check_host")]
extern "C" fn request_check_host() -> i32 {
    i32::from(request::check(frame()) || !host_name::is_address_or_name(request::host(frame())))
}

#[unsafe(export_name = "rt.request_method")]
extern "C" fn request_method() -> i64 {
    let frame = frame();
    let method = frame.request.method;
    pack::from_bytes(request::text(frame, method))
}

#[unsafe(export_name = "rt.request_scheme")]
extern "C" fn request_scheme() -> i64 {
    let frame = frame();
    let scheme = frame.request.scheme;
    pack::from_bytes(request::text(frame, scheme))
}

#[unsafe(export_name = "rt.request_host")]
extern "C" fn request_host() -> i64 {
    pack::from_bytes(request::host(frame()))
}

#[unsafe(export_name = "rt.request_protocol")]
extern "C" fn request_protocol() -> i64 {
    pack::from_bytes(request::property(frame(), &mut Wasm, b"request\0protocol"))
}

#[unsafe(export_name = "rt.request_path")]
extern "C" fn request_path() -> i64 {
    pack::from_bytes(frame().request.path.decoded)
}

#[unsafe(export_name = "rt.request_raw_path")]
extern "C" fn request_raw_path() -> i64 {
    let frame = frame();
    let raw = frame.request.raw_path.unwrap_or(&[]);
    pack::from_bytes(request::text(frame, raw))
}

#[unsafe(export_name = "rt.request_query")]
extern "C" fn request_query(key: i64) -> i64 {
    pack::from_string(request::query_value(frame(), pack::bytes(key)))
}

/// Packs a list of texts as a client sent them, decoded.
fn list(
    frame: &mut Frame<'static>,
    texts: impl Iterator<Item = &'static [u8]>,
    decode: impl Fn(&mut Frame<'static>, &'static [u8]) -> &'static [u8],
) -> i64 {
    let mut cells = Items::new(frame.arena);
    for text in texts {
        cells.push(pack::from_bytes(decode(frame, text)));
    }
    frame.fault |= cells.is_broken();
    pack::from_list(cells.finish())
}

#[unsafe(export_name = "rt.request_query_all")]
extern "C" fn request_query_all(key: i64) -> i64 {
    let frame = frame();
    let values = query::values(frame.request.path.query.unwrap_or(&[]), pack::bytes(key));
    list(frame, values, request::query_text)
}

#[unsafe(export_name = "rt.request_query_count")]
extern "C" fn request_query_count() -> i64 {
    query::pieces(frame().request.path.query.unwrap_or(&[])).count() as i64
}

#[unsafe(export_name = "rt.request_header")]
extern "C" fn request_header(slot: i32) -> i64 {
    pack::from_string(request::header(frame(), index(slot)))
}

#[unsafe(export_name = "rt.request_header_all")]
extern "C" fn request_header_all(slot: i32) -> i64 {
    let frame = frame();
    let lines = frame.request.headers.lines(index(slot));
    list(frame, lines, request::text)
}

#[unsafe(export_name = "rt.request_header_at")]
extern "C" fn request_header_at(name: i64) -> i64 {
    let frame = frame();
    let found = frame.request.headers.value_of(pack::bytes(name), frame.arena);
    pack::from_string(or_fault(found.ok(), &mut frame.fault))
}

#[unsafe(export_name = "rt.request_header_all_at")]
extern "C" fn request_header_all_at(name: i64) -> i64 {
    let frame = frame();
    match frame.request.headers.lines_of(pack::bytes(name), frame.arena) {
        Ok(lines) => list(frame, lines, request::text),
        Err(_) => {
            frame.fault = true;
            0
        }
    }
}

#[unsafe(export_name = "rt.request_header_count")]
extern "C" fn request_header_count() -> i64 {
    i64::from(frame().request.headers.count)
}

#[unsafe(export_name = "rt.request_cookie")]
extern "C" fn request_cookie(name: i64) -> i64 {
    pack::from_string(request::cookie_value(frame(), pack::bytes(name)))
}

#[unsafe(export_name = "rt.path_segment")]
extern "C" fn path_segment(n: i32) -> i64 {
    pack::from_string(request::segment(frame(), index(n)))
}

#[unsafe(export_name = "rt.path_matches")]
extern "C" fn path_matches(table: i64) -> i32 {
    i32::from(template::matches(pack::bytes(table), frame().request.path.decoded))
}

#[unsafe(export_name = "rt.method_in")]
extern "C" fn method_in(set: i64) -> i32 {
    i32::from(strings::contains(pack::bytes(set), frame().request.method))
}

#[unsafe(export_name = "rt.client_ip")]
extern "C" fn client_ip() -> i32 {
    pack::from_record(request::client(frame(), &mut Wasm).map(|address| &address.ip[..]))
}

#[unsafe(export_name = "rt.client_port")]
extern "C" fn client_port() -> i64 {
    request::client(frame(), &mut Wasm).map_or(0, |address| i64::from(address.port))
}

#[unsafe(export_name = "rt.client_tls")]
extern "C" fn client_tls() -> i32 {
    i32::from(request::client_tls(frame(), &mut Wasm))
}

#[unsafe(export_name = "rt.client_certificate")]
extern "C" fn client_certificate(part: i32) -> i64 {
    pack::from_string(certificate::part(frame(), &mut Wasm, part))
}

#[unsafe(export_name = "rt.client_sans")]
extern "C" fn client_sans() -> i64 {
    let frame = frame();
    let names = [certificate::part(frame, &mut Wasm, part::URI), certificate::part(frame, &mut Wasm, part::DNS)];
    list(frame, names.into_iter().flatten(), |_, name| name)
}

#[unsafe(export_name = "rt.now")]
extern "C" fn now() -> i64 {
    let frame = frame();
    let now = step::now(&mut frame.limits, &mut Wasm);
    i64::try_from(or_fault(now.ok(), &mut frame.fault)).unwrap_or(i64::MAX)
}

#[unsafe(export_name = "rt.faulted")]
extern "C" fn faulted() -> i32 {
    i32::from(frame().fault)
}
