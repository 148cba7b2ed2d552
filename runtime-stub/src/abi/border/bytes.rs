//! Bytes: encodings, digests, codes.

use crate::abi::frame;
use crate::bytes;
use crate::digest::md5::Md5;
use crate::digest::sha1::Sha1;
use crate::digest::sha256::Sha256;
use crate::digest::sha512::Sha512;
use crate::digest::{self, Algorithm, hmac};
use crate::http::utf8;
use crate::rt::arena::{Arena, Exhausted};
use crate::rt::pack;
use crate::values::encoding::{self, Alphabet};
use crate::values::siphash;

/// What an encoder makes of a value that may be absent.
fn encoded(value: i64, encode: impl Fn(&'static [u8], &'static Arena) -> Option<&'static [u8]>) -> i64 {
    let frame = frame();
    let Some(value) = pack::string(value) else { return 0 };
    let text = encode(value, frame.arena);
    frame.fault |= text.is_none();
    pack::from_string(text)
}

/// What a decoder makes of a value that may be absent.
fn decoded(value: i64, decode: impl Fn(&'static [u8], &'static Arena) -> Result<Option<&'static [u8]>, Exhausted>) -> i64 {
    let frame = frame();
    let Some(value) = pack::string(value) else { return 0 };
    let found = decode(value, frame.arena).unwrap_or_else(|Exhausted| {
        frame.fault = true;
        None
    });
    pack::from_string(found)
}

#[unsafe(export_name = "rt.url_encode")]
extern "C" fn url_encode(value: i64) -> i64 {
    encoded(value, |value, arena| encoding::percent(value, arena))
}

#[unsafe(export_name = "rt.url_decode")]
extern "C" fn url_decode(value: i64) -> i64 {
    decoded(value, |value, arena| encoding::from_percent(value, arena))
}

#[unsafe(export_name = "rt.base64_encode")]
extern "C" fn base64_encode(value: i64) -> i64 {
    encoded(value, |value, arena| encoding::base64(value, Alphabet::Standard, arena))
}

#[unsafe(export_name = "rt.base64_decode")]
extern "C" fn base64_decode(value: i64) -> i64 {
    decoded(value, |value, arena| encoding::from_base64(value, Alphabet::Standard, arena))
}

#[unsafe(export_name = "rt.base64url_encode")]
extern "C" fn base64url_encode(value: i64) -> i64 {
    encoded(value, |value, arena| encoding::base64(value, Alphabet::Url, arena))
}

#[unsafe(export_name = "rt.base64url_decode")]
extern "C" fn base64url_decode(value: i64) -> i64 {
    decoded(value, |value, arena| encoding::from_base64(value, Alphabet::Url, arena))
}

#[unsafe(export_name = "rt.hex_encode")]
extern "C" fn hex_encode(value: i64) -> i64 {
    encoded(value, |value, arena| encoding::hex(value, arena))
}

#[unsafe(export_name = "rt.hex_decode")]
extern "C" fn hex_decode(value: i64) -> i64 {
    decoded(value, |value, arena| encoding::from_hex(value, arena))
}

#[unsafe(export_name = "rt.bytes_text")]
extern "C" fn bytes_text(value: i64) -> i64 {
    pack::from_string(pack::string(value).filter(|bytes| utf8::is_valid(bytes)))
}

#[unsafe(export_name = "rt.bytes_hash")]
extern "C" fn bytes_hash(value: i64) -> i64 {
    (siphash::hash(pack::bytes(value)) >> 1) as i64
}

/// Keeps a digest until the callback returns.
fn kept(digest: &[u8; digest::SIZE], size: usize) -> i64 {
    let frame = frame();
    let kept = frame.arena.copy(bytes::until(digest, size));
    frame.fault |= kept.is_none();
    pack::from_string(kept)
}

fn digest_of<A: Algorithm>(start: A, message: i64) -> i64 {
    pack::string(message).map_or(0, |message| kept(&digest::of(start, message), A::SIZE))
}

fn code_of<A: Algorithm>(start: A, key: i64, message: i64) -> i64 {
    let (Some(key), Some(message)) = (pack::string(key), pack::string(message)) else { return 0 };
    kept(&hmac::of(start, key, message), A::SIZE)
}

#[unsafe(export_name = "rt.sha256")]
extern "C" fn sha256(message: i64) -> i64 {
    digest_of(Sha256::new(), message)
}

#[unsafe(export_name = "rt.sha512")]
extern "C" fn sha512(constants: i64, message: i64) -> i64 {
    digest_of(Sha512::new(pack::bytes(constants)), message)
}

#[unsafe(export_name = "rt.sha1")]
extern "C" fn sha1(message: i64) -> i64 {
    digest_of(Sha1::new(), message)
}

#[unsafe(export_name = "rt.md5")]
extern "C" fn md5(constants: i64, message: i64) -> i64 {
    digest_of(Md5::new(pack::bytes(constants)), message)
}

#[unsafe(export_name = "rt.hmac_sha256")]
extern "C" fn hmac_sha256(key: i64, message: i64) -> i64 {
    code_of(Sha256::new(), key, message)
}

#[unsafe(export_name = "rt.hmac_sha512")]
extern "C" fn hmac_sha512(constants: i64, key: i64, message: i64) -> i64 {
    code_of(Sha512::new(pack::bytes(constants)), key, message)
}

#[unsafe(export_name = "rt.hmac_sha1")]
extern "C" fn hmac_sha1(key: i64, message: i64) -> i64 {
    code_of(Sha1::new(), key, message)
}
