//! Tokens and key sets of the benchmark. In: an algorithm, whether tokens come again. Out: what clients present, what gateways know.

use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

use hmac::{Hmac, KeyInit, Mac};
use p256::ecdsa::signature::Signer as _;
use rsa::signature::SignatureEncoding;
use rsa::traits::PublicKeyParts;
use serde_json::{Value, json};

use super::rules::{SPREAD, client};
use crate::differential::world::base64;
use crate::envoy::bootstrap::set;

/// Who issues tokens.
pub const ISSUER: &str = "https://issuer.example.com/";
/// Whom they are for.
pub const AUDIENCE: &str = "gateway";
/// So many tokens that are all new to whoever sees them in turn: our own cache, the largest of those compared, has 512 places.
const NEW: usize = 4096;
/// The secret of HS256.
const SECRET: [u8; 32] = [0x5e; 32];

/// A signature algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// RSA of 2048 bits, PKCS #1 v1.5, SHA-256.
    Rs256,
    /// ECDSA over P-256.
    Es256,
    /// HMAC with SHA-256.
    Hs256,
}

impl Algorithm {
    /// Its name in JOSE.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
            Self::Hs256 => "HS256",
        }
    }
}

/// What clients present in turn.
#[must_use]
pub fn presented(algorithm: Algorithm, seen: bool) -> Vec<String> {
    (0..if seen { SPREAD } else { NEW }).map(|number| token(algorithm, number, 3600)).collect()
}

/// A token of a client that is good for so many seconds from now on.
#[must_use]
pub fn token(algorithm: Algorithm, number: usize, seconds: i64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(0));
    let header = json!({ "alg": algorithm.name(), "kid": "bench", "typ": "JWT" });
    let payload = json!({
        "iss": ISSUER, "aud": AUDIENCE, "iat": now - 10, "exp": now + seconds, "sub": client(number),
        "scope": "orders:read orders:write", "jti": format!("{number:032x}"),
    });
    let message = format!("{}.{}", text(header.to_string().as_bytes()), text(payload.to_string().as_bytes()));
    let signature = match algorithm {
        Algorithm::Rs256 => rsa::pkcs1v15::SigningKey::<rsa::sha2::Sha256>::new(rsa_key().clone()).sign(message.as_bytes()).to_vec(),
        Algorithm::Es256 => {
            let signature: p256::ecdsa::Signature = p256_key().sign(message.as_bytes());
            signature.to_bytes().to_vec()
        }
        Algorithm::Hs256 => {
            // HMAC takes keys of any length.
            let mac = Hmac::<sha2::Sha256>::new_from_slice(&SECRET).map(|mac| mac.chain_update(message.as_bytes()));
            mac.map(|mac| mac.finalize().into_bytes().to_vec()).unwrap_or_default()
        }
    };
    format!("{message}.{}", text(&signature))
}

/// The key as a JSON Web Key Set.
#[must_use]
pub fn key_set(algorithm: Algorithm) -> Value {
    let mut key = match algorithm {
        Algorithm::Rs256 => {
            let key = rsa_key();
            json!({ "kty": "RSA", "n": text(&key.n().to_bytes_be()), "e": text(&key.e().to_bytes_be()) })
        }
        Algorithm::Es256 => {
            let point = p256_key().verifying_key().to_encoded_point(false);
            let part = |part: Option<&p256::FieldBytes>| part.map(|bytes| text(bytes)).unwrap_or_default();
            json!({ "kty": "EC", "crv": "P-256", "x": part(point.x()), "y": part(point.y()) })
        }
        Algorithm::Hs256 => json!({ "kty": "oct", "k": text(&SECRET) }),
    };
    set(&mut key, "kid", json!("bench"));
    set(&mut key, "alg", json!(algorithm.name()));
    json!({ "keys": [key] })
}

/// The policy: the token, its subject as a header.
#[must_use]
pub fn policy(algorithm: Algorithm) -> String {
    let (config, keys) = match algorithm {
        Algorithm::Rs256 | Algorithm::Es256 => ("", "file \"keys.json\""),
        Algorithm::Hs256 => ("config { token_key: secret }\n", "config.token_key"),
    };
    format!(
        "policy tokens {{ default = deny 403 }}\n{config}jwt caller {{\n  issuer = \"{ISSUER}\"\n  audiences = [\"{AUDIENCE}\"]\n  \
         algorithms = [{}]\n  keys = {keys}\n  claims {{ sub: string }}\n}}\n\
         scope \"/**\" {{\n  authenticate caller\n  permit \"all\" {{ on \"/**\" }}\n  \
         rewrite request \"who\" {{ set \"x-client\" = caller.sub }}\n}}\n",
        algorithm.name()
    )
}

/// The plugin configuration of that policy.
#[must_use]
pub fn configuration(algorithm: Algorithm) -> String {
    match algorithm {
        Algorithm::Rs256 | Algorithm::Es256 => String::new(),
        Algorithm::Hs256 => json!({ "token_key": String::from_utf8_lossy(&SECRET) }).to_string(),
    }
}

fn text(bytes: &[u8]) -> String {
    base64(bytes).trim_end_matches('=').replace('+', "-").replace('/', "_")
}

#[expect(clippy::expect_used, reason = "a key of 2048 bits from the system's random numbers is always made")]
fn rsa_key() -> &'static rsa::RsaPrivateKey {
    static KEY: OnceLock<rsa::RsaPrivateKey> = OnceLock::new();
    KEY.get_or_init(|| rsa::RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2048).expect("an RSA key"))
}

#[expect(clippy::expect_used, reason = "these bytes are a number below the order of the curve")]
fn p256_key() -> p256::ecdsa::SigningKey {
    p256::ecdsa::SigningKey::from_slice(&[0x2a; 32]).expect("a P-256 key")
}
