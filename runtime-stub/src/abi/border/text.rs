//! Building texts.

use super::ip;
use crate::abi::frame;
use crate::http::request::or_fault;
use crate::rt::arena::Text;
use crate::rt::pack;
use crate::values::{float, network, text};

#[unsafe(export_name = "rt.text_begin")]
extern "C" fn text_begin() {
    let frame = frame();
    frame.text = Text::new(frame.arena);
}

#[unsafe(export_name = "rt.text_str")]
extern "C" fn text_str(value: i64) {
    frame().text.push(pack::bytes(value));
}

#[unsafe(export_name = "rt.text_int")]
extern "C" fn text_int(value: i64) {
    text::int(&mut frame().text, value);
}

#[unsafe(export_name = "rt.text_float")]
extern "C" fn text_float(value: f64) {
    float::write(&mut frame().text, value);
}

#[unsafe(export_name = "rt.text_bool")]
extern "C" fn text_bool(value: i32) {
    frame().text.push(if value == 0 { b"false" } else { b"true" });
}

#[unsafe(export_name = "rt.text_ip")]
extern "C" fn text_ip(address: i32) {
    if let Some(address) = ip(address) {
        text::ip(&mut frame().text, address);
    }
}

#[unsafe(export_name = "rt.text_cidr")]
extern "C" fn text_cidr(network: i64) {
    network::write(&mut frame().text, pack::bytes(network));
}

#[unsafe(export_name = "rt.text_json")]
extern "C" fn text_json(value: i64) {
    text::json(&mut frame().text, pack::string(value));
}

#[unsafe(export_name = "rt.text_key")]
extern "C" fn text_key(value: i64) {
    text::key(&mut frame().text, pack::string(value));
}

#[unsafe(export_name = "rt.text_key_ip")]
extern "C" fn text_key_ip(address: i32) {
    text::key_ip(&mut frame().text, ip(address));
}

#[unsafe(export_name = "rt.text_end")]
extern "C" fn text_end() -> i64 {
    let frame = frame();
    let text = core::mem::replace(&mut frame.text, Text::new(frame.arena));
    pack::from_bytes(or_fault(text.finish(), &mut frame.fault))
}
