//! A `jwt` of the typed tree as text.

use super::print::config_name;
use super::{ClaimDefault, ClaimKind, JwkMaterial, Jwt, JwtCrypto, JwtKeys, Policy};

/// Its lines.
pub(super) fn token(policy: &Policy, jwt: &Jwt, line: &mut impl FnMut(usize, String)) {
    if let Some(issuer) = &jwt.issuer {
        line(1, format!("issuer {issuer:?}"));
    }
    if !jwt.audiences.is_empty() {
        line(1, format!("audiences {:?}", jwt.audiences));
    }
    let algorithms: Vec<&str> = jwt.algorithms.iter().map(|algorithm| algorithm.as_str()).collect();
    line(1, format!("algorithms {}", algorithms.join(", ")));
    match &jwt.keys {
        JwtKeys::Known(keys) => {
            for key in keys {
                let kind = match &key.material {
                    JwkMaterial::Rsa { n, .. } => format!("RSA {}", n.len() * 8),
                    JwkMaterial::P256 { .. } => "P-256".to_owned(),
                    JwkMaterial::P384 { .. } => "P-384".to_owned(),
                    JwkMaterial::Ed25519(_) => "Ed25519".to_owned(),
                };
                let only = key.algorithm.map(|algorithm| format!(" for {}", algorithm.as_str())).unwrap_or_default();
                line(1, format!("key {:?} {kind}{only}", key.id.as_deref().unwrap_or("")));
            }
        }
        JwtKeys::Secret(id) => line(1, format!("secret {}", config_name(policy, id.index()))),
        JwtKeys::Fetched(fetch) => {
            let service = policy.services.get(fetch.service.index()).map_or("?", |service| service.name.text.as_str());
            line(1, format!("keys of {service} {:?}, refreshed after {} ns, for {} ns", fetch.path, fetch.refresh, fetch.stale));
        }
        JwtKeys::Set(id) => line(1, format!("keys {}", config_name(policy, id.index()))),
    }
    if jwt.crypto == JwtCrypto::Host {
        line(1, "verified by the host alone".to_owned());
    }
    let expires = if jwt.require_expiration { ", must expire" } else { "" };
    let lifetime = jwt.max_lifetime.map(|lifetime| format!(", at most {lifetime} ns")).unwrap_or_default();
    line(1, format!("skew {} ns{expires}{lifetime}", jwt.clock_skew));
    for claim in &jwt.claims {
        let kind = match &claim.kind {
            ClaimKind::Enum(values) => format!("enum({})", values.join(", ")),
            ClaimKind::Words => "words".to_owned(),
            ClaimKind::Bool | ClaimKind::Int | ClaimKind::Float | ClaimKind::String | ClaimKind::Json | ClaimKind::List => {
                claim.ty().present().to_string()
            }
        };
        let default = match &claim.default {
            Some(ClaimDefault::Bool(value)) => format!(" = {value}"),
            Some(ClaimDefault::Int(value)) => format!(" = {value}"),
            Some(ClaimDefault::Float(value)) => format!(" = {value}"),
            Some(ClaimDefault::String(text)) => format!(" = {text:?}"),
            Some(ClaimDefault::List(texts)) => format!(" = {texts:?}"),
            None => String::new(),
        };
        line(1, format!("claim {:?}: {kind}{}{default}", claim.name.text, if claim.optional { "?" } else { "" }));
    }
}
