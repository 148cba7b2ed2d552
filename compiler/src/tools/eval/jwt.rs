//! Tokens: in the order of the language's semantics, each step with the word of its refusal. In: a token, a declaration, the time.
//! Out: claims in the order of the declaration, or why it is refused.

use base64ct::{Base64UrlUnpadded, Encoding};

use super::fetch::Sets;
use super::json::{self, Json, Kind};
use super::signature;
use super::value::Value;
use crate::ir::hir::{self, ClaimDefault, ClaimKind, JwtAlgorithm, JwtKeys};
use crate::tools::engine::Nanoseconds;

/// What stands for a token that nothing is there to verify with: a fault, no refusal.
pub(super) const NO_KEYS: &str = "no_keys";

const SECOND: i128 = 1_000_000_000;

/// The claims of a token, or the word for its refusal.
pub(super) fn verify(
    policy: &hir::Policy,
    (number, jwt): (usize, &hir::Jwt),
    (config, sets): (&[Value], &mut Sets),
    token: &[u8],
    now: Nanoseconds,
) -> Result<Vec<Value>, &'static str> {
    if token.len() > 8192 {
        return Err("too_long");
    }
    let token = std::str::from_utf8(token).map_err(|_| "malformed")?;
    let parts: Vec<&str> = token.split('.').collect();
    let [header, payload, signature] = parts.as_slice() else { return Err("malformed") };
    let decode = |part: &str| Base64UrlUnpadded::decode_vec(part).map_err(|_| "malformed");
    let members = object(&decode(header)?).ok_or("malformed")?;
    let name = get(&members, "alg").and_then(string);
    let algorithm = jwt.algorithms.iter().find(|algorithm| Some(algorithm.as_str()) == name.as_deref()).ok_or("algorithm")?;
    if get(&members, "crit").is_some() {
        return Err("critical");
    }
    if ["jwk", "jku", "x5u", "x5c"].iter().any(|name| get(&members, name).is_some()) {
        return Err("embedded_key");
    }
    let key_id = match get(&members, "kid") {
        Some(value) => Some(string(value).ok_or("malformed")?),
        None => None,
    };
    let signature = decode(signature)?;
    let decoded = decode(payload)?;
    let message = format!("{header}.{payload}");
    let key_id = key_id.as_deref();
    let configured = |id: &hir::ConfigId| match config.get(id.index()) {
        Some(Value::String(text)) => text.clone(),
        Some(_) | None => String::new(),
    };
    let keys = match &jwt.keys {
        JwtKeys::Secret(_) => Vec::new(),
        JwtKeys::Known(keys) => keys.clone(),
        JwtKeys::Set(id) => super::jwks::read(&configured(id)).unwrap_or_default(),
        JwtKeys::Fetched(fetch) => {
            let fits = |keys: &[hir::Jwk]| !tried(keys, *algorithm, key_id).is_empty();
            sets.keys(policy, number, fetch, now, (key_id, fits)).ok_or(NO_KEYS)?
        }
    };
    let holds = match &jwt.keys {
        JwtKeys::Secret(id) => Some(signature::verify_code(*algorithm, configured(id).as_bytes(), message.as_bytes(), &signature)),
        JwtKeys::Known(_) | JwtKeys::Set(_) | JwtKeys::Fetched(_) => {
            let tried = tried(&keys, *algorithm, key_id);
            let any = tried.iter().any(|key| signature::verify(*algorithm, &key.material, message.as_bytes(), &signature));
            (!tried.is_empty()).then_some(any)
        }
    };
    match holds {
        None => Err("unknown_key"),
        Some(false) => Err("signature"),
        Some(true) => read(jwt, &object(&decoded).ok_or("malformed")?, i128::from(now)),
    }
}

/// The keys that a token may be signed with, best first.
fn tried<'k>(keys: &'k [hir::Jwk], algorithm: JwtAlgorithm, key_id: Option<&str>) -> Vec<&'k hir::Jwk> {
    let fitting: Vec<&hir::Jwk> = keys.iter().filter(|key| key.fits(algorithm)).collect();
    let named = fitting.iter().filter(|key| key_id.is_some() && key.id.as_deref() == key_id);
    let rest = fitting.iter().filter(|key| key_id.is_none() || key.id.is_none());
    named.chain(rest).take(4).copied().collect()
}

fn read(jwt: &hir::Jwt, members: &[(String, Json)], now: i128) -> Result<Vec<Value>, &'static str> {
    let text = |name: &str| get(members, name).and_then(string);
    if jwt.issuer.is_some() && text("iss") != jwt.issuer {
        return Err("issuer");
    }
    if !jwt.audiences.is_empty() {
        let named = match (text("aud"), get(members, "aud")) {
            (Some(one), _) => vec![one],
            (None, Some(value)) => strings(value).unwrap_or_default(),
            (None, None) => Vec::new(),
        };
        if !named.iter().any(|audience| jwt.audiences.contains(audience)) {
            return Err("audience");
        }
    }
    let date = |name: &str| get(members, name).map(|value| seconds(value).map(|at| at * SECOND).ok_or("malformed")).transpose();
    let (expires, begins, issued) = (date("exp")?, date("nbf")?, date("iat")?);
    let skew = i128::from(jwt.clock_skew);
    let expired = match expires {
        Some(at) => now >= at + skew,
        None => jwt.require_expiration,
    };
    if expired {
        return Err("expired");
    }
    if [begins, issued].into_iter().flatten().any(|at| now < at - skew) {
        return Err("not_yet_valid");
    }
    if let Some(lifetime) = jwt.max_lifetime {
        match (expires, issued) {
            (Some(expires), Some(issued)) if expires - issued <= i128::from(lifetime) => {}
            _ => return Err("lifetime"),
        }
    }
    let mut claims = Vec::new();
    for claim in &jwt.claims {
        let given = get(members, &claim.name.text).and_then(|value| convert(&claim.kind, value));
        let value = given.or_else(|| claim.default.as_ref().map(|default| default_value(&claim.kind, default)));
        claims.push(match value {
            Some(value) => value,
            None if claim.optional => Value::Absent,
            None => return Err("claim"),
        });
    }
    Ok(claims)
}

/// Whole seconds of a number that is written without exponent.
fn seconds(value: &Json) -> Option<i128> {
    let text = value.text.as_str();
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let plain = value.kind == Kind::Number && fraction.chars().all(|letter| letter.is_ascii_digit());
    if plain { whole.parse::<i64>().ok().map(i128::from) } else { None }
}

fn convert(kind: &ClaimKind, value: &Json) -> Option<Value> {
    match (kind, &value.kind) {
        (ClaimKind::Bool, Kind::Bool(value)) => Some(Value::Bool(*value)),
        (ClaimKind::Int, Kind::Number) => value.text.parse().ok().map(Value::Int),
        (ClaimKind::Float, Kind::Number) => value.float().map(Value::Float),
        (ClaimKind::String, Kind::String(text)) => Some(Value::String(text.clone())),
        (ClaimKind::Enum(values), Kind::String(text)) => values.contains(text).then(|| Value::String(text.clone())),
        (ClaimKind::Words, Kind::String(text)) => Some(words(text)),
        (ClaimKind::List, Kind::Array(_)) => strings(value).map(list),
        (ClaimKind::Json, _) => Some(Value::Json(Box::new(value.clone()))),
        (
            ClaimKind::Bool
            | ClaimKind::Int
            | ClaimKind::Float
            | ClaimKind::String
            | ClaimKind::Enum(_)
            | ClaimKind::Words
            | ClaimKind::List,
            _,
        ) => None,
    }
}

fn default_value(kind: &ClaimKind, default: &ClaimDefault) -> Value {
    match default {
        ClaimDefault::Bool(value) => Value::Bool(*value),
        ClaimDefault::Int(value) => Value::Int(*value),
        ClaimDefault::String(text) if *kind == ClaimKind::Words => words(text),
        ClaimDefault::String(text) => Value::String(text.clone()),
        ClaimDefault::List(texts) => list(texts.clone()),
        ClaimDefault::Float(value) => Value::Float(*value),
    }
}

fn words(text: &str) -> Value {
    list(text.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect())
}

fn list(texts: Vec<String>) -> Value {
    Value::List(texts.into_iter().map(Value::String).collect())
}

/// The members of an object.
pub(super) fn object(text: &[u8]) -> Option<Vec<(String, Json)>> {
    match json::parse(text)?.kind {
        Kind::Object(members) => Some(members),
        Kind::Null | Kind::Bool(_) | Kind::Number | Kind::String(_) | Kind::Array(_) => None,
    }
}

/// The value of a member.
pub(super) fn get<'a>(members: &'a [(String, Json)], name: &str) -> Option<&'a Json> {
    members.iter().find(|(known, _)| known == name).map(|(_, value)| value)
}

/// A string.
pub(super) fn string(value: &Json) -> Option<String> {
    if let Kind::String(text) = &value.kind { Some(text.clone()) } else { None }
}

/// An array of nothing but strings.
fn strings(value: &Json) -> Option<Vec<String>> {
    if let Kind::Array(items) = &value.kind { items.iter().map(string).collect() } else { None }
}
