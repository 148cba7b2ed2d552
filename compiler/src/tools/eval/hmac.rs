//! `hmac`: what a request signs. In: a declaration and facts. Out: what is presented, first from the headers, then with the body.

use std::collections::BTreeMap;

use hmac::{Hmac, KeyInit, Mac};

use super::authenticate::Presented;
use super::aws;
use super::body;
use super::expr::{self, Context};
use super::http_signature;
use super::value::Value;
use crate::ir::hir;
use crate::lang::{self, encoding};
use crate::tools::engine::{EngineError, Nanoseconds};

/// When each nonce is forgotten, by credential. Capacities are not modelled: tests stay below them.
pub(super) type Nonces = BTreeMap<(usize, Vec<u8>), i128>;

/// Most codes that one signature may hold.
const MOST_CODES: usize = 16;

/// What the headers tell of a value that is presented once: why it is refused, or that it may be right.
pub(super) fn from_headers(hmac: &hir::Hmac, value: &[u8], ctx: Context<'_>, now: Nanoseconds) -> Result<Presented, EngineError> {
    if codes(&hmac.codes, value).is_none() {
        return Ok(Presented::Invalid("malformed"));
    }
    let Some(timestamp) = &hmac.timestamp else { return Ok(Presented::Open(value.to_vec())) };
    let written = written(hmac, timestamp, value, ctx)?;
    let Some(at) = written.and_then(|text| instant(timestamp.form, &text)) else { return Ok(Presented::Invalid("malformed")) };
    let fresh = (i128::from(now) - at).abs() <= i128::from(timestamp.tolerance);
    Ok(if fresh { Presented::Open(value.to_vec()) } else { Presented::Invalid("stale") })
}

/// Whether a value that may be right is: the body, if it is signed, is in.
pub(super) fn verify(
    (number, hmac): (usize, &hir::Hmac),
    value: &[u8],
    ctx: Context<'_>,
    now: Nanoseconds,
    nonces: &mut Nonces,
) -> Result<Presented, EngineError> {
    if hmac.reads_body && ctx.facts.body.as_ref().is_some_and(|body| body.too_large) {
        return Ok(Presented::Invalid("too_large"));
    }
    let reads = body::Reads { json: hmac.reads_json, form: hmac.reads_form, ..body::Reads::default() };
    if ctx.facts.body.as_ref().is_some_and(|body| body.is_malformed(reads)) {
        return Ok(Presented::Invalid("malformed"));
    }
    let signed = match (hmac.aws, &hmac.http) {
        (Some(_), _) | (_, Some(_)) => None,
        (None, None) => match (codes(&hmac.codes, value), message(hmac, value, ctx)?) {
            (Some(codes), Some(message)) => Some((codes, message)),
            (Some(_) | None, _) => return Ok(Presented::Invalid("malformed")),
        },
    };
    let mut keys = Vec::new();
    for secret in &hmac.secrets {
        if let Value::String(secret) = expr::eval(secret, ctx)? {
            match key(hmac, &secret) {
                Some(key) => keys.push(key),
                None => return Ok(Presented::Fault),
            }
        }
    }
    if keys.is_empty() {
        return Ok(Presented::Fault);
    }
    let right = keys.iter().find_map(|key| match (&signed, &hmac.http) {
        (Some((codes, message)), _) => Some(code(hmac.algorithm, key, message)).filter(|code| codes.contains(code)),
        (None, Some(http)) => http_signature::code((http, hmac.most_signatures()), ctx.facts, now, key),
        (None, None) => aws::code(ctx.facts, key),
    });
    let Some(right) = right else { return Ok(Presented::Invalid("wrong_signature")) };
    if let Some(dedupe) = &hmac.dedupe {
        let nonce = match &dedupe.nonce {
            None => signed.map_or(right, |(_, message)| message),
            Some(nonce) => match expr::eval(nonce, ctx)? {
                Value::String(nonce) => nonce.into_bytes(),
                _ => return Ok(Presented::Invalid("malformed")),
            },
        };
        let until = nonces.entry((number, nonce)).or_insert(0);
        if i128::from(now) < *until {
            return Ok(Presented::Invalid("replayed"));
        }
        *until = i128::from(now) + i128::from(dedupe.window);
    }
    Ok(Presented::Valid(Vec::new()))
}

/// The parts that begin so, without that beginning.
fn parts<'a>(separator: Option<char>, prefix: &str, value: &'a str) -> Vec<&'a str> {
    let parts: Vec<&str> = match separator {
        Some(separator) => value.split(separator).collect(),
        None => vec![value],
    };
    parts.into_iter().filter_map(|part| part.strip_prefix(prefix)).collect()
}

/// The codes that are presented; nothing when there are none, too many, or one that is not written as it has to be.
fn codes(codes: &hir::Codes, value: &[u8]) -> Option<Vec<Vec<u8>>> {
    let value = std::str::from_utf8(value).ok()?;
    let parts = parts(codes.separator, &codes.prefix, value);
    if parts.is_empty() || parts.len() > MOST_CODES {
        return None;
    }
    parts
        .into_iter()
        .map(|part| match codes.encoding {
            hir::Encoding::Hex => encoding::from_hex(part),
            hir::Encoding::LowerHex if part.chars().any(char::is_uppercase) => None,
            hir::Encoding::LowerHex => encoding::from_hex(part),
            hir::Encoding::Base64 => encoding::from_base64(part),
            hir::Encoding::Base64Url => encoding::from_base64url(part),
        })
        .collect()
}

/// A timestamp as it was written; two in one signature are none.
fn written(hmac: &hir::Hmac, timestamp: &hir::Timestamp, value: &[u8], ctx: Context<'_>) -> Result<Option<String>, EngineError> {
    Ok(match &timestamp.from {
        hir::TimestampSource::Value(value) => match expr::eval(value, ctx)? {
            Value::String(text) => Some(text),
            _ => None,
        },
        hir::TimestampSource::Part(prefix) => match std::str::from_utf8(value).map(|value| parts(hmac.codes.separator, prefix, value)) {
            Ok(found) if found.len() == 1 => found.first().map(|part| (*part).to_owned()),
            Ok(_) | Err(_) => None,
        },
    })
}

/// Nanoseconds since 1970.
fn instant(form: hir::TimestampForm, text: &str) -> Option<i128> {
    match form {
        hir::TimestampForm::Unix => {
            let digits = text.bytes().all(|byte| byte.is_ascii_digit());
            let seconds = if digits { text.parse::<i64>().ok()? } else { return None };
            Some(i128::from(seconds) * 1_000_000_000)
        }
        hir::TimestampForm::Rfc3339 => lang::time::parse(text).map(i128::from),
    }
}

/// What was signed; nothing when a piece is absent.
fn message(hmac: &hir::Hmac, value: &[u8], ctx: Context<'_>) -> Result<Option<Vec<u8>>, EngineError> {
    let mut message = Vec::new();
    for piece in &hmac.message {
        let piece = match (piece, &hmac.timestamp) {
            (hir::Piece::Value(value), _) => match expr::eval(value, ctx)? {
                Value::String(text) => text.into_bytes(),
                Value::Bytes(bytes) => bytes,
                _ => return Ok(None),
            },
            (hir::Piece::Timestamp, Some(timestamp)) => match written(hmac, timestamp, value, ctx)? {
                Some(text) => text.into_bytes(),
                None => return Ok(None),
            },
            (hir::Piece::Timestamp, None) => return Ok(None),
        };
        message.extend(piece);
    }
    Ok(Some(message))
}

/// The key that a secret stands for; nothing for one that is not written as it has to be.
fn key(hmac: &hir::Hmac, secret: &str) -> Option<Vec<u8>> {
    if hmac.encoded_secrets { decoded(secret) } else { Some(secret.as_bytes().to_vec()) }
}

/// The key that is written as `whsec_`, which may be left out, and base64.
pub(super) fn decoded(secret: &str) -> Option<Vec<u8>> {
    encoding::from_base64(secret.strip_prefix("whsec_").unwrap_or(secret)).filter(|key| !key.is_empty())
}

pub(super) fn code(algorithm: hir::Algorithm, key: &[u8], message: &[u8]) -> Vec<u8> {
    fn of<M: Mac + KeyInit>(key: &[u8], message: &[u8]) -> Vec<u8> {
        let Ok(mut mac) = <M as KeyInit>::new_from_slice(key) else { return Vec::new() };
        mac.update(message);
        mac.finalize().into_bytes().to_vec()
    }
    match algorithm {
        hir::Algorithm::Sha256 => of::<Hmac<sha2::Sha256>>(key, message),
        hir::Algorithm::Sha512 => of::<Hmac<sha2::Sha512>>(key, message),
        hir::Algorithm::Sha1 => of::<Hmac<sha1::Sha1>>(key, message),
    }
}

#[cfg(test)]
mod tests {
    use super::{codes, parts};
    use crate::ir::hir;

    #[test]
    fn parts_are_told_by_how_they_begin() {
        assert_eq!(parts(Some(','), "v1=", "t=1,v1=a,v0=b,v1=c"), ["a", "c"]);
        assert_eq!(parts(None, "sha256=", "sha256=a,b"), ["a,b"]);
        assert!(parts(None, "sha256=", "SHA256=a").is_empty());
        assert_eq!(parts(None, "", ""), [""]);
    }

    #[test]
    fn one_malformed_code_spoils_all() {
        let stripe = hir::Codes { separator: Some(','), prefix: "v1=".to_owned(), encoding: hir::Encoding::Hex };
        assert_eq!(codes(&stripe, b"v1=aB,v1=01"), Some(vec![vec![0xab], vec![1]]));
        for value in ["", "t=1", "v1=a", "v1=ab,v1=x", "v1=ab ", "v1=ab,v1= cd"] {
            assert_eq!(codes(&stripe, value.as_bytes()), None, "{value}");
        }
        assert_eq!(codes(&stripe, &b"v1=ab,".repeat(17)), None);
        assert_eq!(codes(&stripe, &[b'v', b'1', b'=', 0xff]), None);
    }
}
