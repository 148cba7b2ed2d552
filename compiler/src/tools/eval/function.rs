//! What the built-in functions give. In: values of arguments. Out: a value; absent where an argument is, or does not convert.

use std::net::IpAddr;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Digest;

use super::siphash::siphash_1_3;
use super::value::Value;
use crate::ir::hir::Function;
use crate::lang::{encoding, float, time};

/// The value of a call.
pub(super) fn call(function: Function, args: &[Value]) -> Value {
    // A text may be absent although its type says that it is there (of a body over the limit): numbers are those of an empty one.
    match (function, args) {
        (Function::Len | Function::Hash, [Value::Absent]) => call_with(function, &[Value::String(String::new())]),
        _ => call_with(function, args),
    }
}

fn call_with(function: Function, args: &[Value]) -> Value {
    let text = |value: String| Some(Value::String(value));
    let first = args.first();
    let string = if let Some(Value::String(value)) = first { Some(value.as_str()) } else { None };
    let bytes = first.and_then(Value::bytes);
    let value = match function {
        Function::Lower => string.and_then(|value| text(value.to_ascii_lowercase())),
        Function::Upper => string.and_then(|value| text(value.to_ascii_uppercase())),
        Function::Trim => string.and_then(|value| text(value.trim_matches(|letter: char| letter.is_ascii_whitespace()).to_owned())),
        Function::Len => first.and_then(length),
        Function::Substring => substring(args),
        Function::Split => split(args),
        Function::Join => join(args),
        Function::Replace => replace(args),
        Function::Int => string.and_then(int).map(Value::Int),
        Function::Float => string.and_then(float::parse).map(Value::Float),
        Function::Time => string.and_then(time::parse).map(Value::Int),
        Function::Unix => match first {
            Some(Value::Int(nanoseconds)) => Some(Value::Int(nanoseconds.div_euclid(time::SECOND))),
            Some(_) | None => None,
        },
        Function::Ip => string.and_then(|value| value.parse::<IpAddr>().ok()).map(|ip| Value::Ip(ip.to_canonical())),
        Function::Cidr => network(args),
        Function::UrlDecode => string.and_then(encoding::from_percent).map(Value::Bytes),
        Function::UrlEncode => bytes.map(percent).and_then(text),
        Function::Base64Decode => string.and_then(encoding::from_base64).map(Value::Bytes),
        Function::Base64Encode => bytes.map(|bytes| base64(bytes, "+/", "=")).and_then(text),
        Function::Base64UrlDecode => string.and_then(encoding::from_base64url).map(Value::Bytes),
        Function::Base64UrlEncode => bytes.map(|bytes| base64(bytes, "-_", "")).and_then(text),
        Function::HexDecode => string.and_then(encoding::from_hex).map(Value::Bytes),
        Function::HexEncode => bytes.map(|bytes| bytes.iter().map(|byte| format!("{byte:02x}")).collect()).and_then(text),
        Function::Text => bytes.and_then(|bytes| String::from_utf8(bytes.to_vec()).ok()).map(Value::String),
        Function::Sha256 => bytes.map(|bytes| Value::Bytes(sha2::Sha256::digest(bytes).to_vec())),
        Function::Sha512 => bytes.map(|bytes| Value::Bytes(sha2::Sha512::digest(bytes).to_vec())),
        Function::Sha1 => bytes.map(|bytes| Value::Bytes(sha1::Sha1::digest(bytes).to_vec())),
        Function::Md5 => bytes.map(|bytes| Value::Bytes(md5::Md5::digest(bytes).to_vec())),
        Function::HmacSha256 => code::<Hmac<sha2::Sha256>>(args),
        Function::HmacSha512 => code::<Hmac<sha2::Sha512>>(args),
        Function::HmacSha1 => code::<Hmac<sha1::Sha1>>(args),
        Function::EqualConstantTime => first.zip(args.get(1)).map(|(left, right)| Value::Bool(left.equals(right))),
        Function::Hash => first.map(hash),
        Function::JsonText => first.and_then(|value| if let Value::Json(json) = value { text(json.text.clone()) } else { None }),
    };
    value.unwrap_or(Value::Absent)
}

fn count(number: usize) -> Value {
    Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
}

fn length(value: &Value) -> Option<Value> {
    match value {
        Value::String(value) => Some(count(value.chars().count())),
        Value::Bytes(value) => Some(count(value.len())),
        Value::List(items) => Some(count(items.len())),
        Value::Absent
        | Value::Bool(_)
        | Value::Int(_)
        | Value::Float(_)
        | Value::Ip(_)
        | Value::Cidr(..)
        | Value::Json(_)
        | Value::Map(_) => None,
    }
}

fn substring(args: &[Value]) -> Option<Value> {
    let (Value::String(value), Value::Int(start)) = (args.first()?, args.get(1)?) else { return None };
    let end = match args.get(2) {
        Some(Value::Int(length)) => start.saturating_add(*length),
        Some(_) | None => i64::MAX,
    };
    let inside = |place: usize| i64::try_from(place).is_ok_and(|place| place >= *start && place < end);
    Some(Value::String(value.chars().enumerate().filter(|(place, _)| inside(*place)).map(|(_, letter)| letter).collect()))
}

fn split(args: &[Value]) -> Option<Value> {
    let [Value::String(value), Value::String(separator)] = args else { return None };
    let pieces: Vec<&str> = if separator.is_empty() { vec![value] } else { value.split(separator).collect() };
    Some(Value::List(pieces.into_iter().map(|piece| Value::String(piece.to_owned())).collect()))
}

fn join(args: &[Value]) -> Option<Value> {
    let [Value::List(items), Value::String(separator)] = args else { return None };
    Some(Value::String(items.iter().map(Value::text).collect::<Vec<_>>().join(separator)))
}

fn replace(args: &[Value]) -> Option<Value> {
    let [Value::String(value), Value::String(from), Value::String(to)] = args else { return None };
    Some(Value::String(if from.is_empty() { value.clone() } else { value.replace(from, to) }))
}

/// Decimal digits with an optional sign, in range.
fn int(value: &str) -> Option<i64> {
    let digits = value.strip_prefix(['-', '+']).unwrap_or(value);
    (!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())).then(|| value.parse().ok()).flatten()
}

/// The network of an address; numbers of bits out of range are the nearest in range.
fn network(args: &[Value]) -> Option<Value> {
    let [Value::Ip(address), Value::Int(v4_bits), Value::Int(v6_bits)] = args else { return None };
    Some(match address {
        IpAddr::V4(address) => {
            let bits = u8::try_from((*v4_bits).clamp(0, 32)).unwrap_or(0);
            let unused = 32 - u32::from(bits);
            let kept = address.to_bits().checked_shr(unused).and_then(|high| high.checked_shl(unused)).unwrap_or(0);
            Value::Cidr(IpAddr::V4(kept.into()), bits)
        }
        IpAddr::V6(address) => {
            let bits = u8::try_from((*v6_bits).clamp(0, 128)).unwrap_or(0);
            let unused = 128 - u32::from(bits);
            let kept = address.to_bits().checked_shr(unused).and_then(|high| high.checked_shl(unused)).unwrap_or(0);
            Value::Cidr(IpAddr::V6(kept.into()), bits)
        }
    })
}

fn percent(bytes: &[u8]) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    bytes.iter().map(|byte| if plain(*byte) { char::from(*byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// Six bits for each letter, the last ones filled up with zeros; then padding up to a multiple of four letters.
fn base64(bytes: &[u8], last: &str, padding: &str) -> String {
    let alphabet: Vec<char> = ('A'..='Z').chain('a'..='z').chain('0'..='9').chain(last.chars()).collect();
    let bits: Vec<usize> = bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| usize::from(byte >> bit & 1))).collect();
    let value = |six: &[usize]| (0..6).fold(0, |value, place| value << 1 | six.get(place).copied().unwrap_or(0));
    let mut text: String = bits.chunks(6).filter_map(|six| alphabet.get(value(six))).collect();
    let missing = text.chars().count().next_multiple_of(4) - text.chars().count();
    text.push_str(&padding.repeat(missing));
    text
}

fn code<M: Mac + KeyInit>(args: &[Value]) -> Option<Value> {
    let (key, message) = (args.first()?.bytes()?, args.get(1)?.bytes()?);
    let mut code = <M as KeyInit>::new_from_slice(key).ok()?;
    code.update(message);
    Some(Value::Bytes(code.finalize().into_bytes().to_vec()))
}

/// Of bytes as they are, of everything else as it is written in an interpolation; without the lowest bit, so never negative.
fn hash(value: &Value) -> Value {
    let bytes = value.bytes().map_or_else(|| value.text().into_bytes(), <[u8]>::to_vec);
    Value::Int(i64::try_from(siphash_1_3(&bytes) >> 1).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::int;

    #[test]
    fn ints() {
        assert_eq!(int("+7"), Some(7));
        assert_eq!(int("-9223372036854775808"), Some(i64::MIN));
        for text in ["", "-", "9223372036854775808", " 1", "1.0", "0x1", "--1", "١"] {
            assert_eq!(int(text), None, "{text}");
        }
    }
}
