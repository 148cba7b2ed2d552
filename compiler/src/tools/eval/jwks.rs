//! A JSON Web Key Set of the configuration. In: its text. Out: its keys, or that the configuration is refused.

use base64ct::{Base64UrlUnpadded, Encoding};

use super::json::{self, Kind};
use super::jwt::{get, string};
use crate::ir::hir::{Jwk, JwkMaterial, JwtAlgorithm};

/// The keys that can be used; nothing when the set is none, has a private key, or no key at all.
pub(super) fn read(text: &str) -> Option<Vec<Jwk>> {
    let Kind::Object(set) = json::parse(text.as_bytes())?.kind else { return None };
    let Kind::Array(items) = &get(&set, "keys")?.kind else { return None };
    let mut keys = Vec::new();
    for item in items {
        let Kind::Object(key) = &item.kind else { return None };
        if get(key, "d").is_some() {
            return None;
        }
        let text = |name: &str| get(key, name).and_then(string);
        let is_to_verify = match get(key, "key_ops").map(|operations| &operations.kind) {
            None => true,
            Some(Kind::Array(names)) => names.iter().any(|name| string(name).as_deref() == Some("verify")),
            Some(_) => false,
        };
        if get(key, "use").is_some() && text("use").as_deref() != Some("sig") || !is_to_verify {
            continue;
        }
        let number = |name: &str| text(name).and_then(|value| Base64UrlUnpadded::decode_vec(&value).ok());
        let sized = |name: &str, size: usize| number(name).filter(|bytes| bytes.len() == size);
        let material = match (text("kty").as_deref(), text("crv").as_deref()) {
            (Some("RSA"), _) => {
                let significant = |name: &str| Some(number(name)?.into_iter().skip_while(|byte| *byte == 0).collect::<Vec<u8>>());
                let (n, e) = (significant("n")?, significant("e")?);
                let bits = n.len() * 8 - n.first()?.leading_zeros() as usize;
                let odd = |number: &[u8]| number.last().is_some_and(|byte| byte % 2 == 1);
                if !(2048..=4096).contains(&bits) || !odd(&n) || !odd(&e) || e.len() > 4 || e == [1] {
                    return None;
                }
                JwkMaterial::Rsa { n, e }
            }
            (Some("EC"), Some("P-256")) => JwkMaterial::P256 { x: sized("x", 32)?, y: sized("y", 32)? },
            (Some("EC"), Some("P-384")) => JwkMaterial::P384 { x: sized("x", 48)?, y: sized("y", 48)? },
            (Some("OKP"), Some("Ed25519")) => JwkMaterial::Ed25519(sized("x", 32)?),
            _ => continue,
        };
        let known = |name: &str| JwtAlgorithm::ALL.into_iter().find(|algorithm| algorithm.as_str() == name);
        match get(key, "alg") {
            None => keys.push(Jwk { id: text("kid"), algorithm: None, material }),
            // A key of an algorithm that there is not counts, and verifies nothing.
            Some(_) => {
                let algorithm = text("alg").and_then(|name| known(&name)).unwrap_or(JwtAlgorithm::Hs256);
                keys.push(Jwk { id: text("kid"), algorithm: Some(algorithm), material });
            }
        }
    }
    (!keys.is_empty() && keys.len() <= 64).then_some(keys)
}
