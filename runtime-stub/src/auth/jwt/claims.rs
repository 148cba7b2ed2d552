//! What a token says (RFC 7519, section 4). In: its payload, demands, the time. Out: claims, or why the token is refused.

use super::json::{Member, Word, find, get, members, string, word};
use super::remembered::Span;
use super::{Reason, Stop};
use crate::body::json;
use crate::rt::arena::{Arena, Items};
use crate::tables::jwt::{ClaimReader, Kind, Reader};

const SECOND: i64 = 1_000_000_000;

/// The value of a declared claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim<'a> {
    /// None.
    Absent,
    /// A string, or the text of a JSON value.
    Text(&'a [u8]),
    /// An int, the bits of a float, or a bool as 0 or 1.
    Number(i64),
    /// A list of strings.
    List(&'a [&'a [u8]]),
}

/// Reads all declared claims, and when they hold; `now` in nanoseconds, nothing when times were looked at before.
pub(super) fn read<'a>(text: &'a [u8], demands: Reader<'a>, now: Option<i64>, arena: &'a Arena) -> Result<(&'a [Claim<'a>], Span), Stop> {
    let refused = |reason: Reason| Err(Stop::Refused(reason));
    let Ok(members) = members(text, arena) else { return refused(Reason::Malformed) };
    if let Some(issuer) = demands.issuer()
        && find(members, const { word(b"iss") }).and_then(|value| string(value, arena)) != Some(issuer)
    {
        return refused(Reason::Issuer);
    }
    if demands.audiences().next().is_some() && !is_for(members, demands, arena) {
        return refused(Reason::Audience);
    }
    let span = times(members, demands, now)?;
    let mut claims = Items::new(arena);
    for claim in demands.claims() {
        let given = get(members, claim.name()).map_or(Claim::Absent, |value| convert(claim, value, arena));
        let value = match (given, claim.default()) {
            (Claim::Absent, Some(default)) => convert(claim, default, arena),
            (given, _) => given,
        };
        if value == Claim::Absent && !claim.is_optional() {
            return refused(Reason::Claim);
        }
        claims.push(value);
    }
    if claims.is_broken() { Err(Stop::Fault) } else { Ok((claims.finish(), span)) }
}

/// Whether one of the audiences is named: `aud` is a string or a list of them.
fn is_for(members: &[Member<'_>], demands: Reader<'_>, arena: &Arena) -> bool {
    let Some(value) = find(members, const { word(b"aud") }) else { return false };
    let wanted = |audience: &[u8]| demands.audiences().any(|wanted| wanted == audience);
    if let Some(audience) = string(value, arena) {
        return wanted(audience);
    }
    strings(value, arena).is_some_and(|audiences| audiences.iter().any(|audience| wanted(audience)))
}

/// `exp`, `nbf` and `iat` against the clock, if it is to be asked.
fn times(members: &[Member<'_>], demands: Reader<'_>, now: Option<i64>) -> Result<Span, Stop> {
    let date = |name: Word| match find(members, name) {
        None => Ok(None),
        Some(value) => seconds(value).map(|seconds| Some(seconds.saturating_mul(SECOND))).ok_or(Stop::Refused(Reason::Malformed)),
    };
    let (expires, begins, issued) = (date(const { word(b"exp") })?, date(const { word(b"nbf") })?, date(const { word(b"iat") })?);
    let skew = demands.skew();
    let until = expires.map_or(i64::MAX, |at| at.saturating_add(skew));
    let from = [begins, issued].iter().flatten().fold(i64::MIN, |from, at| from.max(at.saturating_sub(skew)));
    let span = Span { from, until };
    let Some(now) = now else { return Ok(span) };
    if expires.is_some() && now >= until || expires.is_none() && demands.needs_expiration() {
        return Err(Stop::Refused(Reason::Expired));
    }
    if now < from {
        return Err(Stop::Refused(Reason::NotYetValid));
    }
    if let Some(lifetime) = demands.lifetime() {
        match (expires, issued) {
            (Some(expires), Some(issued)) if expires.saturating_sub(issued) <= lifetime => {}
            _ => return Err(Stop::Refused(Reason::Lifetime)),
        }
    }
    Ok(span)
}

/// A date: a number of seconds; of a fraction only the whole seconds count. An exponent is no way to write one.
fn seconds(value: &[u8]) -> Option<i64> {
    let whole = match crate::bytes::split_once(value, b'.') {
        Some((whole, fraction)) if fraction.iter().all(u8::is_ascii_digit) => whole,
        Some(_) => return None,
        None => value,
    };
    crate::values::number::parse(whole)
}

/// The value as the claim's type; absent when it is of another.
fn convert<'a>(claim: ClaimReader<'a>, value: &'a [u8], arena: &'a Arena) -> Claim<'a> {
    let text = || string(value, arena);
    let found = match claim.kind() {
        Kind::String => text().map(Claim::Text),
        Kind::Enum => text().filter(|text| claim.has_value(text)).map(Claim::Text),
        Kind::Int => crate::values::number::parse(value).map(Claim::Number),
        Kind::Bool => match value {
            b"true" => Some(Claim::Number(1)),
            b"false" => Some(Claim::Number(0)),
            _ => None,
        },
        Kind::Float => json::float(value, arena).map(|float| Claim::Number(float.to_bits().cast_signed())),
        Kind::Json => Some(Claim::Text(value)),
        Kind::Words => text().and_then(|text| {
            let mut words = Items::new(arena);
            text.split(|&byte| byte == b' ').filter(|word| !word.is_empty()).for_each(|word| words.push(word));
            (!words.is_broken()).then(|| Claim::List(words.finish()))
        }),
        Kind::List => strings(value, arena).map(Claim::List),
    };
    found.unwrap_or(Claim::Absent)
}

/// A list of strings, and of nothing else.
fn strings<'a>(value: &'a [u8], arena: &'a Arena) -> Option<&'a [&'a [u8]]> {
    if value.first() != Some(&b'[') {
        return None;
    }
    let mut items = Items::new(arena);
    for item in json::elements(value, arena) {
        items.push(string(item, arena)?);
    }
    if items.is_broken() { None } else { Some(items.finish()) }
}
