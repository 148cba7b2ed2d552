//! Tokens: in the order of the language's semantics, each step with the word of its refusal. In: a token, a declaration, the time.
//! Out: claims in the order of the declaration, or why it is refused.

use base64ct::{Base64UrlUnpadded, Encoding};

use super::signature;
use super::token_json::{get, object, string};
use super::value::Value;
use crate::ir::hir::{self, ClaimDefault, ClaimKind, JwtAlgorithm, JwtKeys};
use crate::tools::engine::Nanoseconds;

const SECOND: i128 = 1_000_000_000;

/// The claims of a token, or the word for its refusal.
pub(super) fn verify(jwt: &hir::Jwt, config: &[Value], token: &[u8], now: Nanoseconds) -> Result<Vec<Value>, &'static str> {
    if token.len() > 8192 {
        return Err("too_long");
    }
    let token = std::str::from_utf8(token).map_err(|_| "malformed")?;
    let parts: Vec<&str> = token.split('.').collect();
    let [header, payload, signature] = parts.as_slice() else { return Err("malformed") };
    let decode = |part: &str| Base64UrlUnpadded::decode_vec(part).map_err(|_| "malformed");
    let members = object(&decode(header)?, 32).ok_or("malformed")?;
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
    match holds(jwt, config, *algorithm, key_id.as_deref(), message.as_bytes(), &signature) {
        None => Err("unknown_key"),
        Some(false) => Err("signature"),
        Some(true) => read(jwt, &object(&decoded, 1024).ok_or("malformed")?, i128::from(now)),
    }
}

/// Whether a signature holds; nothing when there is no key for it.
fn holds(
    jwt: &hir::Jwt,
    config: &[Value],
    algorithm: JwtAlgorithm,
    key_id: Option<&str>,
    message: &[u8],
    signature: &[u8],
) -> Option<bool> {
    let configured = |id: &hir::ConfigId| match config.get(id.index()) {
        Some(Value::String(text)) => text.clone(),
        Some(_) | None => String::new(),
    };
    let keys = match &jwt.keys {
        JwtKeys::Secret(id) => return Some(signature::verify_code(algorithm, configured(id).as_bytes(), message, signature)),
        JwtKeys::Known(keys) => keys.clone(),
        JwtKeys::Set(id) => super::jwks::read(&configured(id)).unwrap_or_default(),
    };
    let fitting: Vec<&hir::Jwk> = keys.iter().filter(|key| key.fits(algorithm)).collect();
    let named = fitting.iter().filter(|key| key_id.is_some() && key.id.as_deref() == key_id);
    let rest = fitting.iter().filter(|key| key_id.is_none() || key.id.is_none());
    let tried: Vec<&&hir::Jwk> = named.chain(rest).take(4).collect();
    if tried.is_empty() {
        return None;
    }
    Some(tried.iter().any(|key| signature::verify(algorithm, &key.material, message, signature)))
}

fn read(jwt: &hir::Jwt, members: &[(String, String)], now: i128) -> Result<Vec<Value>, &'static str> {
    let text = |name: &str| get(members, name).and_then(string);
    if jwt.issuer.is_some() && text("iss") != jwt.issuer {
        return Err("issuer");
    }
    if !jwt.audiences.is_empty() {
        let named = match (text("aud"), get(members, "aud")) {
            (Some(one), _) => vec![one],
            (None, Some(value)) => serde_json::from_str(value).unwrap_or_default(),
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
fn seconds(value: &str) -> Option<i128> {
    let (whole, fraction) = value.split_once('.').unwrap_or((value, "0"));
    if fraction.chars().all(|letter| letter.is_ascii_digit()) { whole.parse::<i64>().ok().map(i128::from) } else { None }
}

fn convert(kind: &ClaimKind, value: &str) -> Option<Value> {
    match kind {
        ClaimKind::Bool => serde_json::from_str(value).ok().map(Value::Bool),
        ClaimKind::Int => value.parse().ok().map(Value::Int),
        ClaimKind::String => string(value).map(Value::String),
        ClaimKind::Enum(values) => string(value).filter(|text| values.contains(text)).map(Value::String),
        ClaimKind::Words => string(value).map(|text| words(&text)),
        ClaimKind::List => serde_json::from_str(value).ok().map(|texts: Vec<String>| list(texts)),
    }
}

fn default_value(kind: &ClaimKind, default: &ClaimDefault) -> Value {
    match default {
        ClaimDefault::Bool(value) => Value::Bool(*value),
        ClaimDefault::Int(value) => Value::Int(*value),
        ClaimDefault::String(text) if *kind == ClaimKind::Words => words(text),
        ClaimDefault::String(text) => Value::String(text.clone()),
        ClaimDefault::List(texts) => list(texts.clone()),
    }
}

fn words(text: &str) -> Value {
    list(text.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect())
}

fn list(texts: Vec<String>) -> Value {
    Value::List(texts.into_iter().map(Value::String).collect())
}
