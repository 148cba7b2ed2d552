//! AWS Signature Version 4 (`scheme = aws_sigv4`): requests signed in `authorization` or in their query. In: the request, a secret, the
//! clock. Out: a state (`contract::credential`), the code if it is the one that is presented.
//!
//! A canonical path may be written in several ways (below). What a signature of one path means is never another path: a path with an
//! encoded `%` is taken in the twice encoded form only, which no path without one has.

use super::api_key::{Found, find, scheme, settle};
use super::signed::near;
use crate::bytes::{self, until};
use crate::contract::{credential, map, slot};
use crate::digest::hmac;
use crate::digest::sha256::{self, Sha256};
use crate::edits::{forward, header};
use crate::frame::Frame;
use crate::host::Host;
use crate::http::query::{self, key_and_value, key_is};
use crate::http::utf8;
use crate::rt::arena::{Items, Text};
use crate::values::encoding::{from_hex, from_percent, hex, percent};
use crate::values::{number, time};

const SCHEME: &[u8] = b"AWS4-HMAC-SHA256";
const SIGNATURE: &[u8] = b"X-Amz-Signature";
const TOKEN: &[u8] = b"X-Amz-Security-Token";
/// What the services take, and what bounds the work: pieces of the query, seconds of a signature in a query.
const MOST_PIECES: usize = 128;
const LONGEST: i64 = 7 * 86_400;

/// What a request says of its signature.
struct Claim<'a> {
    /// `DATE/REGION/SERVICE/aws4_request`
    scope: &'a [u8],
    /// When it was signed, as written and in nanoseconds.
    written: &'a [u8],
    at: i64,
    /// `SignedHeaders`
    headers: &'a [u8],
    /// The code.
    signature: &'a [u8],
    /// In a query: for how many nanoseconds it is good.
    good_for: Option<i64>,
}

/// The state of a credential, open when it is presented once, well-formed and fresh.
pub fn present<H: Host>(frame: &mut Frame<'_>, host: &mut H, id: u32, tolerance: i64, longest: i64) -> i32 {
    if let Some(found) = find(frame, id) {
        return found.state;
    }
    let query = frame.request.path.query.unwrap_or(&[]);
    let state = match in_header(frame).count().saturating_add(query::values(query, SIGNATURE).count()) {
        0 => credential::ABSENT,
        1 => match read(frame) {
            None => credential::MALFORMED,
            Some(claim) => match claim.good_for {
                None => near(frame, host, claim.at, tolerance),
                Some(span) => {
                    let span = span.min(longest);
                    // From a tolerance before the date on, until what it is good for is over.
                    let half = span / 2;
                    let state = near(frame, host, claim.at.saturating_add(half), half);
                    if state == credential::STALE { near(frame, host, claim.at, tolerance.min(span)) } else { state }
                }
            },
        },
        _ => credential::DOUBLED,
    };
    settle(frame, Found { id, state, name: &[] })
}

/// What stands behind the scheme in `authorization`.
fn in_header<'a>(frame: &Frame<'a>) -> impl Iterator<Item = &'a [u8]> + use<'a> {
    frame.request.headers.lines(slot::AUTHORIZATION as usize).filter_map(|line| scheme(line, SCHEME))
}

/// The one line of a header.
fn line<'a>(frame: &Frame<'a>, name: &[u8]) -> Option<&'a [u8]> {
    let mut lines = frame.request.headers.pairs().filter(|(found, _)| *found == name);
    let (_, value) = lines.next()?;
    lines.next().is_none().then_some(value)
}

/// The one value of a query key, decoded.
fn value<'a>(frame: &Frame<'a>, key: &[u8]) -> Option<&'a [u8]> {
    let mut values = query::values(frame.request.path.query?, key);
    let value = values.next()?;
    if values.next().is_some() { None } else { from_percent(value, frame.arena).ok()? }
}

/// Reads what is presented once; nothing when it is malformed.
fn read<'a>(frame: &Frame<'a>) -> Option<Claim<'a>> {
    let mut parts: [Option<&'a [u8]>; 3] = [None; 3];
    let [who, headers, code] = &mut parts;
    let (written, good_for) = if let Some(header) = in_header(frame).next() {
        for part in header.split(|byte| *byte == b',') {
            let (name, value) = bytes::split_once(part.trim_ascii(), b'=')?;
            let place = match name {
                b"Credential" => &mut *who,
                b"SignedHeaders" => &mut *headers,
                b"Signature" => &mut *code,
                _ => return None,
            };
            if place.replace(value).is_some() {
                return None;
            }
        }
        (line(frame, b"x-amz-date")?, None)
    } else {
        if value(frame, b"X-Amz-Algorithm")? != SCHEME {
            return None;
        }
        *who = value(frame, b"X-Amz-Credential");
        *headers = value(frame, b"X-Amz-SignedHeaders");
        *code = value(frame, SIGNATURE);
        let seconds = value(frame, b"X-Amz-Expires").filter(|text| text.first().is_some_and(u8::is_ascii_digit)).and_then(number::parse)?;
        if !(1..=LONGEST).contains(&seconds) {
            return None;
        }
        (value(frame, b"X-Amz-Date")?, Some(seconds.saturating_mul(1_000_000_000)))
    };
    let (who, headers, code) = ((*who)?, (*headers)?, (*code)?);
    let (key, scope) = bytes::split_once(who, b'/')?;
    let mut names = scope.split(|byte| *byte == b'/');
    let (date, region, service, end) = (names.next()?, names.next()?, names.next()?, names.next()?);
    let whole = !key.is_empty() && !region.is_empty() && !service.is_empty() && end == b"aws4_request" && names.next().is_none();
    let at = instant(written)?;
    let is_hex = code.len() == 64 && !code.iter().any(u8::is_ascii_uppercase);
    if !whole || !is_hex || until(written, 8) != date || !utf8::is_valid(who) || !covers(frame, headers) {
        return None;
    }
    let pieces = frame.request.path.query.unwrap_or(&[]);
    // `+` means a space to some and a plus to others, and an empty piece nothing to anybody: signers write neither.
    let is_right = |piece: &[u8]| !piece.is_empty() && matches!(from_percent(piece, frame.arena), Ok(Some(_)));
    let plain = pieces.is_empty() || !pieces.contains(&b'+') && pieces.split(|byte| *byte == b'&').all(is_right);
    let signature = from_hex(code, frame.arena).ok()??;
    plain.then_some(Claim { scope, written, at, headers, signature, good_for })
}

/// `20150830T123600Z`
fn instant(text: &[u8]) -> Option<i64> {
    let mut place = *b"0000-00-00T00:00:00Z";
    let mut letters = text.iter();
    for slot in &mut place {
        if !matches!(*slot, b'-' | b':') {
            *slot = *letters.next()?;
        }
    }
    let digits = text.iter().enumerate().all(|(n, byte)| if n == 8 { *byte == b'T' } else { n == 15 || byte.is_ascii_digit() });
    if text.len() == 16 && digits && text.last() == Some(&b'Z') { time::parse(&place) } else { None }
}

/// Whether the list of signed headers is in order, with `host` and everything that speaks of the signature but the session's token, which
/// some services add later.
fn covers(frame: &Frame<'_>, headers: &[u8]) -> bool {
    let mut before: &[u8] = &[];
    for name in headers.split(|byte| *byte == b';') {
        if name <= before
            || !name.iter().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"!#$%&'*+-.^_`|~".contains(byte))
        {
            return false;
        }
        before = name;
    }
    let listed = |wanted: &[u8]| headers.split(|byte| *byte == b';').any(|name| name == wanted);
    let mut lines = frame.request.headers.pairs();
    listed(b"host") && lines.all(|(name, _)| !name.starts_with(b"x-amz-") || name == b"x-amz-security-token" || listed(name))
}

/// The code of an open credential under a secret, when it is the one that is presented. A fault is noted when memory is exhausted.
pub fn code<'a>(frame: &mut Frame<'a>, secret: &[u8]) -> Option<&'a [u8]> {
    let claim = read(frame)?;
    let body = frame.body.raw()?;
    let found = verify(frame, &claim, secret, body);
    frame.fault |= found.is_none();
    found?
}

/// Nothing when memory is exhausted.
fn verify<'a>(frame: &Frame<'a>, claim: &Claim<'a>, secret: &[u8], body: &[u8]) -> Option<Option<&'a [u8]>> {
    let arena = frame.arena;
    let payload = hex(&sha256::digest(body), arena)?;
    // The header names the digest of the body, or that it is not signed: then nothing here is.
    if frame.request.headers.has(b"x-amz-content-sha256") && line(frame, b"x-amz-content-sha256") != Some(payload) {
        return Some(None);
    }
    let mut first = Text::new(arena);
    first.push(b"AWS4");
    first.push(secret);
    let mut key: &[u8] = first.finish()?;
    let mut service: &[u8] = &[];
    for name in claim.scope.split(|byte| *byte == b'/') {
        key = arena.copy(until(&hmac::of(Sha256::new(), key, name), 32))?;
        if name != b"aws4_request" {
            service = name;
        }
    }
    let is_s3 = service == b"s3";
    let Some(headers) = headers(frame, claim.headers) else { return Some(None) };
    let mut right = None;
    for with_token in [true, false] {
        if !with_token && query::values(frame.request.path.query.unwrap_or(&[]), TOKEN).next().is_none() {
            continue;
        }
        let Some(query) = query(frame, with_token) else { return Some(None) };
        for normal in [false, true] {
            let Some(once) = path(frame, normal) else { return Some(None) };
            for twice in [false, true] {
                // S3 takes keys as they are; elsewhere an encoded `%` tells a path that is encoded once from one that is twice.
                if (is_s3 && (normal || twice)) || (!is_s3 && !twice && has_percent(once)) {
                    continue;
                }
                let mut request = Text::new(arena);
                request.push(frame.request.method);
                for part in [if twice { segments(frame, once)? } else { once }, query, headers, claim.headers, payload] {
                    request.push_byte(b'\n');
                    request.push(part);
                }
                let digest = hex(&sha256::digest(request.finish()?), arena)?;
                let mut message = Text::new(arena);
                message.push(SCHEME);
                for part in [claim.written, claim.scope, digest] {
                    message.push_byte(b'\n');
                    message.push(part);
                }
                let code = arena.copy(until(&hmac::of(Sha256::new(), key, message.finish()?), 32))?;
                if bytes::equal_in_constant_time(code, claim.signature) {
                    right = Some(code);
                }
            }
        }
    }
    Some(right)
}

/// Whether an encoded path has an encoded `%`.
fn has_percent(path: &[u8]) -> bool {
    path.windows(3).any(|three| three == b"%25")
}

/// A path with each segment encoded.
fn segments<'a>(frame: &Frame<'a>, path: &[u8]) -> Option<&'a [u8]> {
    let mut text = Text::new(frame.arena);
    for (n, segment) in path.split(|byte| *byte == b'/').enumerate() {
        if n > 0 {
            text.push_byte(b'/');
        }
        text.push(percent(segment, frame.arena)?);
    }
    text.finish()
}

/// The path as received or normalised, encoded once.
fn path<'a>(frame: &Frame<'a>, normal: bool) -> Option<&'a [u8]> {
    if normal {
        return segments(frame, frame.request.path.decoded);
    }
    let raw = frame.request.raw_path?;
    let raw = bytes::split_once(raw, b'?').map_or(raw, |(path, _)| path);
    let mut text = Text::new(frame.arena);
    for (n, segment) in raw.split(|byte| *byte == b'+').enumerate() {
        if n > 0 {
            text.push_byte(b'+');
        }
        text.push(from_percent(segment, frame.arena).ok()??);
    }
    segments(frame, text.finish()?)
}

/// The pieces of the query but the signature, encoded and in order.
fn query<'a>(frame: &Frame<'a>, with_token: bool) -> Option<&'a [u8]> {
    let arena = frame.arena;
    let mut pieces: Items<'a, (&'a [u8], &'a [u8])> = Items::new(arena);
    for piece in query::pieces(frame.request.path.query.unwrap_or(&[])) {
        let (key, value) = key_and_value(piece);
        if key_is(key, SIGNATURE) || (!with_token && key_is(key, TOKEN)) {
            continue;
        }
        let encoded = |text: &'a [u8]| percent(from_percent(text, arena).ok()??, arena);
        pieces.push((encoded(key)?, encoded(value)?));
        // Each takes its place among those before it.
        let known = pieces.as_mut_slice();
        let mut at = known.len().saturating_sub(1);
        while let Some(before) = at.checked_sub(1)
            && let Some([one, other]) = known.get_mut(before..=at)
            && one > other
        {
            core::mem::swap(one, other);
            at = before;
        }
        if known.len() > MOST_PIECES {
            return None;
        }
    }
    let mut text = Text::new(arena);
    for (key, value) in pieces.as_slice() {
        if !text.is_empty() {
            text.push_byte(b'&');
        }
        text.push(key);
        text.push_byte(b'=');
        text.push(value);
    }
    if pieces.is_broken() { None } else { text.finish() }
}

/// The signed headers, a line for each; nothing when one is missing.
fn headers<'a>(frame: &Frame<'a>, names: &'a [u8]) -> Option<&'a [u8]> {
    let mut text = Text::new(frame.arena);
    for name in names.split(|byte| *byte == b';') {
        text.push(name);
        let mut is_first = true;
        for value in frame.request.headers.lines_of(name, frame.arena).ok()? {
            text.push_byte(if is_first { b':' } else { b',' });
            is_first = false;
            let mut words = value.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
            text.push(words.next().unwrap_or(&[]));
            for word in words {
                text.push_byte(b' ');
                text.push(word);
            }
        }
        if is_first {
            return None;
        }
        text.push_byte(b'\n');
    }
    text.finish()
}

/// Takes the signature out of what is forwarded.
pub fn strip<H: Host>(frame: &mut Frame<'_>, host: &mut H) {
    if in_header(frame).next().is_some() {
        header::remove(frame, host, map::REQUEST, b"authorization");
    }
    forward::strip_query(frame, SIGNATURE);
}
