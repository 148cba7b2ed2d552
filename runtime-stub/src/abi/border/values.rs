//! Values of expressions.

use super::ip;
use crate::abi::frame;
use crate::http::request::or_fault;
use crate::http::{address, utf8};
use crate::rt::arena::Items;
use crate::rt::pack;
use crate::tables::{dfa, ints, networks, strings};
use crate::values::{float, network, number, parts, string, time};

#[unsafe(export_name = "rt.str_equal")]
extern "C" fn str_equal(a: i64, b: i64) -> i32 {
    i32::from(string::equal(pack::string(a), pack::string(b)))
}

#[unsafe(export_name = "rt.secret_equal")]
extern "C" fn secret_equal(a: i64, b: i64) -> i32 {
    i32::from(string::secret_equal(pack::string(a), pack::string(b)))
}

#[unsafe(export_name = "rt.str_contains")]
extern "C" fn str_contains(a: i64, b: i64) -> i32 {
    let frame = frame();
    i32::from(or_fault(string::contains(pack::string(a), pack::string(b), frame.arena), &mut frame.fault))
}

#[unsafe(export_name = "rt.str_starts_with")]
extern "C" fn str_starts_with(a: i64, b: i64) -> i32 {
    i32::from(matches!((pack::string(a), pack::string(b)), (Some(a), Some(b)) if a.starts_with(b)))
}

#[unsafe(export_name = "rt.str_ends_with")]
extern "C" fn str_ends_with(a: i64, b: i64) -> i32 {
    i32::from(matches!((pack::string(a), pack::string(b)), (Some(a), Some(b)) if a.ends_with(b)))
}

fn mapped(value: i64, change: impl Fn(&u8) -> u8) -> i64 {
    let frame = frame();
    let Some(text) = pack::string(value) else { return 0 };
    pack::from_bytes(or_fault(string::mapped(text, change, frame.arena), &mut frame.fault))
}

#[unsafe(export_name = "rt.str_lower")]
extern "C" fn str_lower(value: i64) -> i64 {
    mapped(value, u8::to_ascii_lowercase)
}

#[unsafe(export_name = "rt.str_upper")]
extern "C" fn str_upper(value: i64) -> i64 {
    mapped(value, u8::to_ascii_uppercase)
}

#[unsafe(export_name = "rt.str_trim")]
extern "C" fn str_trim(value: i64) -> i64 {
    pack::from_string(pack::string(value).map(<[u8]>::trim_ascii))
}

#[unsafe(export_name = "rt.str_replace")]
extern "C" fn str_replace(text: i64, from: i64, to: i64) -> i64 {
    let frame = frame();
    let (Some(text), Some(from), Some(to)) = (pack::string(text), pack::string(from), pack::string(to)) else { return 0 };
    pack::from_bytes(or_fault(string::replace(text, from, to, frame.arena), &mut frame.fault))
}

#[unsafe(export_name = "rt.str_substring")]
extern "C" fn str_substring(text: i64, start: i64, length: i64) -> i64 {
    pack::from_string(pack::string(text).map(|text| parts::substring(text, start, length)))
}

#[unsafe(export_name = "rt.str_split")]
extern "C" fn str_split(text: i64, separator: i64) -> i64 {
    let frame = frame();
    let (Some(text), Some(separator)) = (pack::string(text), pack::string(separator)) else { return 0 };
    let mut cells = Items::new(frame.arena);
    let done = parts::split(text, separator, frame.arena, |piece| cells.push(pack::from_bytes(piece)));
    frame.fault |= !done || cells.is_broken();
    pack::from_list(cells.finish())
}

#[unsafe(export_name = "rt.list_join")]
extern "C" fn list_join(list: i64, separator: i64) -> i64 {
    let frame = frame();
    let texts = pack::list(list).iter().map(|&cell| pack::bytes(cell));
    pack::from_bytes(or_fault(parts::join(texts, pack::bytes(separator), frame.arena), &mut frame.fault))
}

#[unsafe(export_name = "rt.str_len")]
extern "C" fn str_len(value: i64) -> i64 {
    utf8::code_points(pack::bytes(value)) as i64
}

#[unsafe(export_name = "rt.str_to_int")]
extern "C" fn str_to_int(value: i64) -> i32 {
    pack::string(value).and_then(number::parse).map_or(0, |value| cell(value))
}

#[unsafe(export_name = "rt.str_to_float")]
extern "C" fn str_to_float(value: i64) -> i32 {
    pack::string(value).and_then(float::parse).map_or(0, |value| cell(value.to_bits().cast_signed()))
}

#[unsafe(export_name = "rt.str_to_time")]
extern "C" fn str_to_time(value: i64) -> i32 {
    pack::string(value).and_then(time::parse).map_or(0, |value| cell(value))
}

#[unsafe(export_name = "rt.time_unix")]
extern "C" fn time_unix(time: i64) -> i64 {
    time::unix(time)
}

#[unsafe(export_name = "rt.time_text")]
extern "C" fn time_text(value: i64) -> i64 {
    let frame = frame();
    pack::from_bytes(or_fault(time::text(value, frame.arena), &mut frame.fault))
}

#[unsafe(export_name = "rt.time_part")]
extern "C" fn time_part(time: i64, unit: i64, cycle: i64) -> i64 {
    time::part(time, unit, cycle)
}

#[unsafe(export_name = "rt.cell")]
pub(super) extern "C" fn cell(value: i64) -> i32 {
    let frame = frame();
    let kept = frame.arena.copy(&value.to_le_bytes());
    frame.fault |= kept.is_none();
    pack::from_record(kept)
}

#[unsafe(export_name = "rt.int_add")]
extern "C" fn int_add(a: i64, b: i64) -> i64 {
    a.saturating_add(b)
}

#[unsafe(export_name = "rt.int_subtract")]
extern "C" fn int_subtract(a: i64, b: i64) -> i64 {
    a.saturating_sub(b)
}

#[unsafe(export_name = "rt.int_multiply")]
extern "C" fn int_multiply(a: i64, b: i64) -> i64 {
    a.saturating_mul(b)
}

#[unsafe(export_name = "rt.int_remainder")]
extern "C" fn int_remainder(a: i64, b: i64) -> i64 {
    number::remainder(a, b)
}

#[unsafe(export_name = "rt.list_len")]
extern "C" fn list_len(list: i64) -> i64 {
    pack::list(list).len() as i64
}

#[unsafe(export_name = "rt.list_contains")]
extern "C" fn list_contains(list: i64, value: i64) -> i32 {
    let wanted = pack::string(value);
    i32::from(pack::list(list).iter().any(|&cell| string::secret_equal(pack::string(cell), wanted)))
}

#[unsafe(export_name = "rt.set_contains")]
extern "C" fn set_contains(set: i64, value: i64) -> i32 {
    i32::from(pack::string(value).is_some_and(|value| strings::contains(pack::bytes(set), value)))
}

#[unsafe(export_name = "rt.ints_contain")]
extern "C" fn ints_contain(table: i64, value: i64) -> i32 {
    i32::from(ints::contains(pack::bytes(table), value))
}

#[unsafe(export_name = "rt.networks_contain")]
extern "C" fn networks_contain(table: i64, address: i32) -> i32 {
    i32::from(ip(address).is_some_and(|address| networks::contains(pack::bytes(table), address)))
}

#[unsafe(export_name = "rt.ip_equal")]
extern "C" fn ip_equal(a: i32, b: i32) -> i32 {
    i32::from(matches!((ip(a), ip(b)), (Some(a), Some(b)) if a == b))
}

#[unsafe(export_name = "rt.str_to_ip")]
extern "C" fn str_to_ip(value: i64) -> i32 {
    let frame = frame();
    let Some(address) = pack::string(value).and_then(address::parse_ip) else { return 0 };
    let kept = frame.arena.copy(&address);
    frame.fault |= kept.is_none();
    pack::from_record(kept)
}

#[unsafe(export_name = "rt.ip_network")]
extern "C" fn ip_network(address: i32, v4_bits: i64, v6_bits: i64) -> i64 {
    let frame = frame();
    let Some(address) = ip(address) else { return 0 };
    let kept = frame.arena.copy(&network::of(address, v4_bits, v6_bits));
    frame.fault |= kept.is_none();
    pack::from_string(kept)
}

#[unsafe(export_name = "rt.ip_in_network")]
extern "C" fn ip_in_network(address: i32, network: i64) -> i32 {
    i32::from(ip(address).is_some_and(|address| network::contains(pack::bytes(network), address)))
}

#[unsafe(export_name = "rt.map_get")]
extern "C" fn map_get(map: i64, key: i64) -> i64 {
    pack::from_string(pack::string(key).and_then(|key| strings::get(pack::bytes(map), key)))
}

#[unsafe(export_name = "rt.dfa_matches")]
extern "C" fn dfa_matches(table: i64, value: i64) -> i32 {
    i32::from(pack::string(value).is_some_and(|text| dfa::matches(pack::bytes(table), text)))
}
