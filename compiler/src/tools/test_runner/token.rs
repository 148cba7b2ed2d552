//! Tokens for tests: throw-away keys, made anew by each run of the program, and what is signed with them.
//! In: declarations, claims. Out: policies and configurations whose key sets have these keys; tokens.

use std::sync::OnceLock;

use base64ct::{Base64UrlUnpadded, Encoding};
use hmac::{Hmac, KeyInit, Mac};
use rsa::rand_core::{CryptoRng, RngCore};
use rsa::signature::{RandomizedSigner, SignatureEncoding, Signer};
use rsa::traits::PublicKeyParts;
use serde_json::{Map, Value, json};
use sha2_for_signatures::{Digest, Sha256, Sha384, Sha512};

use crate::ir::hir::{self, Jwk, JwkMaterial, JwtAlgorithm, JwtKeys};
use crate::tools::engine::Nanoseconds;
use crate::tools::message::{Answer, Body};

/// The id of throw-away keys.
const KEY_ID: &str = "portcullis-test";
/// How long tokens last that do not say it: ten minutes.
const LIFETIME: u64 = 600;

/// The policy with throw-away keys beside those that it names: what tests run, and never what ships.
pub fn with_test_keys(policy: &hir::Policy) -> hir::Policy {
    let mut policy = policy.clone();
    for credential in &mut policy.credentials {
        if let hir::Credential::Jwt(jwt) = credential
            && let JwtKeys::Known(keys) = &mut jwt.keys
            && !keys.iter().any(|key| key.id.as_deref() == Some(KEY_ID))
            && let Some(material) = jwt.algorithms.first().and_then(|algorithm| public(*algorithm))
        {
            keys.push(Jwk { id: Some(KEY_ID.to_owned()), algorithm: None, material });
        }
    }
    policy
}

/// Adds throw-away keys to the key sets of a configuration.
pub(super) fn add_keys(policy: &hir::Policy, configuration: &mut Map<String, Value>) {
    for credential in &policy.credentials {
        let hir::Credential::Jwt(jwt) = credential else { continue };
        let JwtKeys::Set(id) = &jwt.keys else { continue };
        let Some(field) = policy.config.get(id.index()) else { continue };
        let default = match &field.default {
            Some(hir::ConfigDefault::One(hir::Const::String(text))) => Value::String(text.clone()),
            Some(_) | None => Value::String("{\"keys\":[]}".to_owned()),
        };
        let Value::String(given) = configuration.get(&field.name.text).cloned().unwrap_or(default) else { continue };
        let Ok(mut set) = serde_json::from_str::<Value>(&given) else { continue };
        if let Some(keys) = set.get_mut("keys").and_then(Value::as_array_mut)
            && let Some(material) = jwt.algorithms.first().and_then(|algorithm| public(*algorithm))
        {
            keys.push(written(&material));
            configuration.insert(field.name.text.clone(), Value::String(set.to_string()));
        }
    }
}

/// What the clusters answer that keys are fetched from: a set of the throw-away keys.
pub(super) fn services(policy: &hir::Policy) -> Vec<(String, Answer)> {
    let mut sets: Vec<(String, Vec<Value>)> = Vec::new();
    for credential in &policy.credentials {
        let hir::Credential::Jwt(jwt) = credential else { continue };
        let JwtKeys::Fetched(fetch) = &jwt.keys else { continue };
        let Some(service) = policy.services.get(fetch.service.index()) else { continue };
        let Some(material) = jwt.algorithms.first().and_then(|algorithm| public(*algorithm)) else { continue };
        match sets.iter_mut().find(|(cluster, _)| *cluster == service.cluster) {
            Some((_, keys)) => keys.push(written(&material)),
            None => sets.push((service.cluster.clone(), vec![written(&material)])),
        }
    }
    let answer = |keys: Vec<Value>| {
        let headers = vec![("content-type".to_owned(), b"application/jwk-set+json".to_vec())];
        let bytes = json!({ "keys": keys }).to_string().into_bytes();
        Answer { status: 200, headers, body: Some(Body { bytes, split: None, trailers: Vec::new() }) }
    };
    sets.into_iter().map(|(cluster, keys)| (cluster, answer(keys))).collect()
}

/// A key as a set has it.
fn written(material: &JwkMaterial) -> Value {
    let text = |bytes: &[u8]| Base64UrlUnpadded::encode_string(bytes);
    match material {
        JwkMaterial::Rsa { n, e } => json!({ "kty": "RSA", "kid": KEY_ID, "n": text(n), "e": text(e) }),
        JwkMaterial::P256 { x, y } => json!({ "kty": "EC", "crv": "P-256", "kid": KEY_ID, "x": text(x), "y": text(y) }),
        JwkMaterial::P384 { x, y } => json!({ "kty": "EC", "crv": "P-384", "kid": KEY_ID, "x": text(x), "y": text(y) }),
        JwkMaterial::Ed25519(x) => json!({ "kty": "OKP", "crv": "Ed25519", "kid": KEY_ID, "x": text(x) }),
    }
}

/// A token that says this, signed for the first algorithm of the declaration. `secret`: the configured one.
pub(super) fn sign(jwt: &hir::Jwt, claims: Value, secret: &str, now: Nanoseconds) -> Result<String, String> {
    let Some(algorithm) = jwt.algorithms.first().copied() else { return Err("the `jwt` has no algorithm".to_owned()) };
    let Value::Object(given) = claims else { return Err("a token says an object of claims".to_owned()) };
    let now = now / 1_000_000_000;
    let mut payload = Map::new();
    if let Some(issuer) = &jwt.issuer {
        payload.insert("iss".to_owned(), json!(issuer));
    }
    if let Some(audience) = jwt.audiences.first() {
        payload.insert("aud".to_owned(), json!(audience));
    }
    payload.insert("iat".to_owned(), json!(now));
    let longest = jwt.max_lifetime.and_then(|lifetime| u64::try_from(lifetime / 1_000_000_000).ok()).unwrap_or(LIFETIME);
    payload.insert("exp".to_owned(), json!(now + LIFETIME.min(longest)));
    for (name, value) in given {
        // `null` leaves a claim out that would be filled in.
        if value.is_null() && payload.contains_key(&name) {
            payload.remove(&name);
        } else {
            payload.insert(name, value);
        }
    }
    let header = json!({ "alg": algorithm.as_str(), "typ": "JWT", "kid": KEY_ID });
    let part = |value: String| Base64UrlUnpadded::encode_string(value.as_bytes());
    let message = format!("{}.{}", part(header.to_string()), part(Value::Object(payload).to_string()));
    let signature = signature(algorithm, secret.as_bytes(), message.as_bytes());
    Ok(format!("{message}.{}", Base64UrlUnpadded::encode_string(&signature)))
}

fn signature(algorithm: JwtAlgorithm, secret: &[u8], message: &[u8]) -> Vec<u8> {
    // A key of the wrong length cannot occur: HMAC takes any, the others are fixed below.
    let code = |bytes: Result<Vec<u8>, hmac::digest::InvalidLength>| bytes.unwrap_or_default();
    match algorithm {
        JwtAlgorithm::Rs256 => {
            rsa_key().map(|key| rsa::pkcs1v15::SigningKey::<Sha256>::new(key).sign(message).to_vec()).unwrap_or_default()
        }
        JwtAlgorithm::Rs384 => {
            rsa_key().map(|key| rsa::pkcs1v15::SigningKey::<Sha384>::new(key).sign(message).to_vec()).unwrap_or_default()
        }
        JwtAlgorithm::Rs512 => {
            rsa_key().map(|key| rsa::pkcs1v15::SigningKey::<Sha512>::new(key).sign(message).to_vec()).unwrap_or_default()
        }
        JwtAlgorithm::Ps256 => salted::<Sha256>(message),
        JwtAlgorithm::Ps384 => salted::<Sha384>(message),
        JwtAlgorithm::Ps512 => salted::<Sha512>(message),
        JwtAlgorithm::Es256 => p256_key()
            .map(|key| p256::ecdsa::signature::Signer::sign(&key, message))
            .map_or(Vec::new(), |it: p256::ecdsa::Signature| it.to_vec()),
        JwtAlgorithm::Es384 => p384_key()
            .map(|key| p384::ecdsa::signature::Signer::sign(&key, message))
            .map_or(Vec::new(), |it: p384::ecdsa::Signature| it.to_vec()),
        JwtAlgorithm::EdDsa => ed25519_dalek::Signer::sign(&ed25519_key(), message).to_vec(),
        JwtAlgorithm::Hs256 => {
            code(Hmac::<sha2::Sha256>::new_from_slice(secret).map(|mac| mac.chain_update(message).finalize().into_bytes().to_vec()))
        }
        JwtAlgorithm::Hs384 => {
            code(Hmac::<sha2::Sha384>::new_from_slice(secret).map(|mac| mac.chain_update(message).finalize().into_bytes().to_vec()))
        }
        JwtAlgorithm::Hs512 => {
            code(Hmac::<sha2::Sha512>::new_from_slice(secret).map(|mac| mac.chain_update(message).finalize().into_bytes().to_vec()))
        }
    }
}

fn salted<D: Digest + sha2_for_signatures::digest::FixedOutputReset>(message: &[u8]) -> Vec<u8>
where
    rsa::pss::SigningKey<D>: RandomizedSigner<rsa::pss::Signature>,
{
    rsa_key().map(|key| rsa::pss::SigningKey::<D>::new(key).sign_with_rng(&mut Numbers(7), message).to_vec()).unwrap_or_default()
}

/// The public half of the throw-away key for an algorithm; of HMAC there is none.
fn public(algorithm: JwtAlgorithm) -> Option<JwkMaterial> {
    let coordinates = |point: &[u8]| {
        let (x, y) = point.get(1..)?.split_at_checked(point.len() / 2)?;
        Some((x.to_vec(), y.to_vec()))
    };
    match algorithm {
        JwtAlgorithm::Rs256
        | JwtAlgorithm::Rs384
        | JwtAlgorithm::Rs512
        | JwtAlgorithm::Ps256
        | JwtAlgorithm::Ps384
        | JwtAlgorithm::Ps512 => rsa_key().map(|key| JwkMaterial::Rsa { n: key.n().to_bytes_be(), e: key.e().to_bytes_be() }),
        JwtAlgorithm::Es256 => {
            let (x, y) = coordinates(p256_key()?.verifying_key().to_encoded_point(false).as_bytes())?;
            Some(JwkMaterial::P256 { x, y })
        }
        JwtAlgorithm::Es384 => {
            let (x, y) = coordinates(p384_key()?.verifying_key().to_encoded_point(false).as_bytes())?;
            Some(JwkMaterial::P384 { x, y })
        }
        JwtAlgorithm::EdDsa => Some(JwkMaterial::Ed25519(ed25519_key().verifying_key().to_bytes().to_vec())),
        JwtAlgorithm::Hs256 | JwtAlgorithm::Hs384 | JwtAlgorithm::Hs512 => None,
    }
}

/// The same numbers in each run, so that tests do not depend on luck. Nothing but throw-away keys comes from them.
struct Numbers(u64);

impl RngCore for Numbers {
    fn next_u32(&mut self) -> u32 {
        (self.next_u64() >> 32) as u32
    }
    fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
    fn fill_bytes(&mut self, out: &mut [u8]) {
        for eight in out.chunks_mut(8) {
            let bytes = self.next_u64().to_le_bytes();
            eight.iter_mut().zip(bytes).for_each(|(place, byte)| *place = byte);
        }
    }
    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), rsa::rand_core::Error> {
        self.fill_bytes(out);
        Ok(())
    }
}

impl CryptoRng for Numbers {}

fn rsa_key() -> Option<rsa::RsaPrivateKey> {
    static KEY: OnceLock<Option<rsa::RsaPrivateKey>> = OnceLock::new();
    KEY.get_or_init(|| rsa::RsaPrivateKey::new(&mut Numbers(1), 2048).ok()).clone()
}

fn p256_key() -> Option<p256::ecdsa::SigningKey> {
    p256::ecdsa::SigningKey::from_slice(&[0x2a; 32]).ok()
}

fn p384_key() -> Option<p384::ecdsa::SigningKey> {
    p384::ecdsa::SigningKey::from_slice(&[0x2a; 48]).ok()
}

fn ed25519_key() -> ed25519_dalek::SigningKey {
    ed25519_dalek::SigningKey::from_bytes(&[0x2a; 32])
}
