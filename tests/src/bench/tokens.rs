//! Tokens of the benchmark. In: an algorithm, whether tokens come again. Out: what clients present, what gateways are told.

use std::time::{SystemTime, UNIX_EPOCH};

use portcullis::ir::hir::JwtAlgorithm;
use portcullis::lang::encoding::from_base64url;
use serde_json::json;

use super::rules::{SPREAD, client};
use crate::tokens::{AUDIENCE, ISSUER, SECRET, claims, header, rsa_key, with};

/// So many tokens that are all new to whoever sees them in turn: our own cache, the largest of those compared, has 512 places.
const NEW: usize = 4096;

/// What clients present in turn.
#[must_use]
pub fn presented(algorithm: JwtAlgorithm, seen: bool) -> Vec<String> {
    (0..if seen { SPREAD } else { NEW }).map(|number| token(algorithm, number, 3600)).collect()
}

/// A token of a client that is good for so many seconds from now on.
#[must_use]
pub fn token(algorithm: JwtAlgorithm, number: usize, seconds: i64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let mut claims = claims(now - 10);
    for (name, value) in [
        ("exp", json!(now.saturating_add_signed(seconds))),
        ("sub", json!(client(number))),
        ("scope", json!("orders:read orders:write")),
        ("jti", json!(format!("{number:032x}"))),
    ] {
        claims.insert(name.to_owned(), value);
    }
    with(algorithm, &header(algorithm), &claims)
}

/// An RS256 key in DER, what a token of it signs, and the signature.
pub(super) fn verified() -> (Vec<u8>, Vec<u8>, Vec<u8>) {
    let token = token(JwtAlgorithm::Rs256, 7, 3600);
    let (message, signature) = token.rsplit_once('.').unwrap_or_default();
    (rsa_key(), message.as_bytes().to_vec(), from_base64url(signature).unwrap_or_default())
}

/// The policy: the token, its subject as a header.
#[must_use]
pub fn policy(algorithm: JwtAlgorithm) -> String {
    let (config, keys) =
        if algorithm.is_hmac() { ("config { token_key: secret }\n", "config.token_key") } else { ("", "file \"keys.json\"") };
    format!(
        "policy tokens {{ default = deny 403 }}\n{config}jwt caller {{\n  issuer = \"{ISSUER}\"\n  audiences = [\"{AUDIENCE}\"]\n  \
         algorithms = [{}]\n  keys = {keys}\n  claims {{ sub: string }}\n}}\n\
         scope \"/**\" {{\n  authenticate caller\n  permit \"all\" {{ on \"/**\" }}\n  \
         rewrite request \"who\" {{ set \"x-client\" = caller.sub }}\n}}\n",
        algorithm.as_str()
    )
}

/// The plugin configuration of that policy.
#[must_use]
pub fn configuration(algorithm: JwtAlgorithm) -> String {
    if algorithm.is_hmac() { json!({ "token_key": SECRET }).to_string() } else { String::new() }
}
