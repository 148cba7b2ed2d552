//! `scheme = aws_sigv4`: AWS Signature Version 4, step by step as it is documented. In: facts, a secret. Out: what is presented, the code.

use sha2::{Digest, Sha256};

use super::authenticate::Presented;
use super::bytes::trim;
use super::facts::Facts;
use super::hmac;
use crate::ir::hir;
use crate::lang;
use crate::tools::engine::Nanoseconds;

const SCHEME: &str = "AWS4-HMAC-SHA256";
const SIGNATURE: &str = "X-Amz-Signature";
const TOKEN: &str = "X-Amz-Security-Token";

/// What a request says of its signature.
struct Claim {
    /// Date, region, service and `aws4_request`.
    scope: Vec<String>,
    written: String,
    at: i128,
    headers: Vec<String>,
    signature: Vec<u8>,
    /// In a query: how long it is good for, seconds.
    good_for: Option<i64>,
}

/// Whether a value of `authorization` is of this scheme.
pub(super) fn is_signature(value: &[u8]) -> bool {
    in_header(value).is_some()
}

/// What stands behind the scheme.
fn in_header(value: &[u8]) -> Option<Vec<u8>> {
    let value = trim(value);
    let (scheme, rest) = value.split_at_checked(SCHEME.len())?;
    let is = scheme.eq_ignore_ascii_case(SCHEME.as_bytes()) && rest.first().is_none_or(|byte| matches!(byte, b' ' | b'\t'));
    is.then(|| trim(rest).to_vec())
}

/// What the headers tell.
pub(super) fn from_headers(facts: &Facts, (tolerance, longest): (i64, i64), now: Nanoseconds) -> Presented {
    let written: Vec<Vec<u8>> = facts.header_lines("authorization").iter().filter_map(|line| in_header(line)).collect();
    match written.len() + facts.query_values(SIGNATURE).len() {
        0 => return Presented::Absent,
        1 => {}
        _ => return Presented::Doubled,
    }
    let Some(claim) = claim(facts, written.first()) else { return Presented::Invalid("malformed") };
    let late = i128::from(now) - claim.at;
    let (before, after) = match claim.good_for {
        None => (i128::from(tolerance), i128::from(tolerance)),
        Some(seconds) => {
            let span = (i128::from(seconds) * 1_000_000_000).min(i128::from(longest));
            (span.min(i128::from(tolerance)), span)
        }
    };
    if -before <= late && late <= after { Presented::Open(Vec::new()) } else { Presented::Invalid("stale") }
}

/// Reads it; nothing when it is malformed.
fn claim(facts: &Facts, header: Option<&Vec<u8>>) -> Option<Claim> {
    let (who, headers, code, written, good_for);
    if let Some(header) = header {
        let header = std::str::from_utf8(header).ok()?;
        let parts: Vec<(&str, &str)> = header.split(',').map(|part| part.trim_ascii().split_once('=')).collect::<Option<_>>()?;
        let one = |wanted: &str| parts.iter().find(|(name, _)| *name == wanted).map(|(_, value)| (*value).to_owned());
        if parts.len() != 3 {
            return None;
        }
        (who, headers, code) = (one("Credential")?, one("SignedHeaders")?, one("Signature")?);
        let dates = facts.header_lines("x-amz-date");
        let [date] = dates.as_slice() else { return None };
        written = String::from_utf8(date.clone()).ok()?;
        good_for = None;
    } else {
        let one = |key: &str| match facts.query_values(key).as_slice() {
            [value] => String::from_utf8(value.clone()).ok(),
            _ => None,
        };
        if one("X-Amz-Algorithm")? != SCHEME {
            return None;
        }
        (who, headers, code) = (one("X-Amz-Credential")?, one("X-Amz-SignedHeaders")?, one(SIGNATURE)?);
        written = one("X-Amz-Date")?;
        let seconds = one("X-Amz-Expires")?;
        let digits = !seconds.is_empty() && seconds.bytes().all(|byte| byte.is_ascii_digit());
        let seconds = if digits { seconds.parse().ok()? } else { return None };
        good_for = Some(seconds).filter(|seconds| (1..=7 * 86_400).contains(seconds));
        good_for?;
    }
    let names: Vec<String> = who.split('/').map(str::to_owned).collect();
    let [_, date, _, _, end] = names.as_slice() else { return None };
    if names.iter().any(String::is_empty) || end != "aws4_request" || written.get(..8) != Some(date) {
        return None;
    }
    let at = instant(&written)?;
    let headers: Vec<String> = headers.split(';').map(str::to_owned).collect();
    let is_token = |name: &String| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"!#$%&'*+-.^_`|~".contains(&b))
    };
    let in_order = headers.iter().zip(headers.iter().skip(1)).all(|(one, next)| one < next);
    let unsigned =
        facts.headers.iter().any(|(name, _)| name.starts_with("x-amz-") && name != "x-amz-security-token" && !headers.contains(name));
    if !headers.iter().all(is_token) || !in_order || unsigned || !headers.iter().any(|name| name == "host") {
        return None;
    }
    if code.len() != 64 || code.chars().any(char::is_uppercase) {
        return None;
    }
    let query = facts.query.as_deref().unwrap_or("");
    if query.contains('+')
        || !query.is_empty() && query.split('&').any(|piece| piece.is_empty() || lang::encoding::from_percent(piece).is_none())
    {
        return None;
    }
    let signature = lang::encoding::from_hex(&code)?;
    Some(Claim { scope: names.into_iter().skip(1).collect(), written, at, headers, signature, good_for })
}

/// `20150830T123600Z`, nanoseconds since 1970.
fn instant(text: &str) -> Option<i128> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let digits = |text: &str, count: usize| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(date, 8) || !digits(time, 6) {
        return None;
    }
    let part = |text: &str, from: usize, to: usize| text.get(from..to).unwrap_or("").to_owned();
    let (year, month, day) = (part(date, 0, 4), part(date, 4, 6), part(date, 6, 8));
    let (hour, minute, second) = (part(time, 0, 2), part(time, 2, 4), part(time, 4, 6));
    lang::time::parse(&format!("{year}-{month}-{day}T{hour}:{minute}:{second}Z")).map(i128::from)
}

/// The code under a secret, when it is the one that is presented. The credential is open.
pub(super) fn code(facts: &Facts, secret: &[u8]) -> Option<Vec<u8>> {
    let header = facts.header_lines("authorization").iter().find_map(|line| in_header(line));
    let claim = claim(facts, header.as_ref())?;
    let payload = hex(&Sha256::digest(facts.body.as_ref().map_or(&[][..], |body| &body.bytes)));
    let told = facts.header_lines("x-amz-content-sha256");
    if !told.is_empty() && told != [payload.clone().into_bytes()] {
        return None;
    }
    let mac = |key: &[u8], message: &str| hmac::code(hir::Algorithm::Sha256, key, message.as_bytes());
    let mut key = [b"AWS4", secret].concat();
    for name in &claim.scope {
        key = mac(&key, name);
    }
    let headers = headers(facts, &claim.headers)?;
    let queries = queries(facts)?;
    for (query, path) in queries.iter().flat_map(|query| paths(facts, &claim).into_iter().map(move |path| (query, path))) {
        let start = format!("{}\n{path}\n{query}\n", facts.method);
        let end = format!("\n{}\n{payload}", claim.headers.join(";"));
        let request = [start.as_bytes(), headers.as_slice(), end.as_bytes()].concat();
        let message = format!("{SCHEME}\n{}\n{}\n{}", claim.written, claim.scope.join("/"), hex(&Sha256::digest(&request)));
        let code = mac(&key, &message);
        if code == claim.signature {
            return Some(code);
        }
    }
    None
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// All but letters, digits and `-._~` as percent-encodings.
fn encode(bytes: &[u8]) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    bytes.iter().map(|byte| if plain(*byte) { char::from(*byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

fn segments(path: &[u8]) -> String {
    path.split(|byte| *byte == b'/').map(encode).collect::<Vec<_>>().join("/")
}

/// The forms that a canonical path may have: as received and normalised, encoded once and twice.
fn paths(facts: &Facts, claim: &Claim) -> Vec<String> {
    let raw = facts.raw_path.split('?').next().unwrap_or("");
    // `+` is itself in a path, and a space for the decoder.
    let Some(received) = lang::encoding::from_percent(&raw.replace('+', "%2B")) else { return Vec::new() };
    let received = segments(&received);
    if claim.scope.get(2).is_some_and(|service| service == "s3") {
        return vec![received];
    }
    let mut found = Vec::new();
    for once in [received, segments(facts.path.decoded.as_bytes())] {
        found.push(segments(once.as_bytes()));
        if !once.contains("%25") {
            found.push(once);
        }
    }
    found
}

/// The canonical query, with the session's token and without.
fn queries(facts: &Facts) -> Option<[String; 2]> {
    let mut pairs = Vec::new();
    for piece in facts.query_pieces() {
        let (key, value) = piece.split_once('=').unwrap_or((piece, ""));
        pairs.push((lang::encoding::from_percent(key)?, lang::encoding::from_percent(value)?));
    }
    if pairs.iter().filter(|(key, _)| key != SIGNATURE.as_bytes()).count() > 128 {
        return None;
    }
    Some([true, false].map(|with_token| {
        let kept = pairs.iter().filter(|(key, _)| key != SIGNATURE.as_bytes() && (with_token || key != TOKEN.as_bytes()));
        let mut written: Vec<(String, String)> = kept.map(|(key, value)| (encode(key), encode(value))).collect();
        written.sort();
        written.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join("&")
    }))
}

/// The signed headers, a line for each; nothing when one is missing.
fn headers(facts: &Facts, names: &[String]) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    for name in names {
        let lines = facts.header_lines(name);
        if lines.is_empty() {
            return None;
        }
        let values: Vec<Vec<u8>> = lines.iter().map(|line| words(line)).collect();
        text.extend([name.as_bytes(), b":", &values.join(&b","[..]), b"\n"].concat());
    }
    Some(text)
}

/// Without spaces at the ends, and with one where there are several.
fn words(line: &[u8]) -> Vec<u8> {
    line.split(|byte| *byte == b' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(&b' ')
}
