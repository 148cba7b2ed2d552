//! Tokens for tests: one key of each kind, tokens signed with them, and tokens that are broken in one way each. In: an algorithm, the
//! time. Out: tokens in compact form, the public keys as a set.
//!
//! What is broken is signed all the same wherever that is possible, with the right key: a verifier that overlooks the mistake accepts.

use std::sync::OnceLock;

use hmac::{Hmac, KeyInit, Mac};
use portcullis::ir::hir::JwtAlgorithm;
use rsa::pkcs8::EncodePublicKey;
use rsa::signature::{RandomizedSigner, SignatureEncoding, Signer};
use rsa::traits::PublicKeyParts;
use serde_json::{Map, Value, json};

use crate::differential::world::base64;

/// Who issues the tokens, and for whom.
pub const ISSUER: &str = "https://id.example.com/";
/// See [`ISSUER`].
pub const AUDIENCE: &str = "orders-api";
/// The secret of HMAC.
pub const SECRET: &str = "0123456789abcdef0123456789abcdef-tokens";

/// A key set of somebody else: valid, but without a key of the tests.
pub const STRANGER: &str = r#"{"keys":[{"kty":"EC","crv":"P-256","kid":"other","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]}"#;

/// Bytes in base64url.
#[must_use]
pub fn text(bytes: &[u8]) -> String {
    base64(bytes).trim_end_matches('=').replace('+', "-").replace('/', "_")
}

/// The claims of a good token; `now` in seconds.
#[must_use]
pub fn claims(now: u64) -> Map<String, Value> {
    let claims = json!({ "iss": ISSUER, "aud": AUDIENCE, "iat": now, "exp": now + 600, "sub": "c-1" });
    claims.as_object().cloned().unwrap_or_default()
}

/// The header of a good token.
#[must_use]
pub fn header(algorithm: JwtAlgorithm) -> Map<String, Value> {
    let mut header = Map::new();
    header.insert("alg".to_owned(), json!(algorithm.as_str()));
    if !algorithm.is_hmac() {
        header.insert("kid".to_owned(), json!(key_id(algorithm)));
    }
    header
}

/// The id of the key that signs.
#[must_use]
pub fn key_id(algorithm: JwtAlgorithm) -> &'static str {
    match algorithm {
        JwtAlgorithm::Rs256
        | JwtAlgorithm::Rs384
        | JwtAlgorithm::Rs512
        | JwtAlgorithm::Ps256
        | JwtAlgorithm::Ps384
        | JwtAlgorithm::Ps512 => "rsa",
        JwtAlgorithm::Es256 => "p256",
        JwtAlgorithm::Es384 => "p384",
        JwtAlgorithm::EdDsa => "ed",
        JwtAlgorithm::Hs256 | JwtAlgorithm::Hs384 | JwtAlgorithm::Hs512 => "oct",
    }
}

/// A token with this header and payload, whatever they say, signed by this algorithm with its key.
#[must_use]
pub fn signed(algorithm: JwtAlgorithm, header: &[u8], payload: &[u8]) -> String {
    let message = format!("{}.{}", text(header), text(payload));
    let signature = signature(Keys::ours(), algorithm, message.as_bytes());
    format!("{message}.{}", text(&signature))
}

/// A good token.
#[must_use]
pub fn good(algorithm: JwtAlgorithm, now: u64) -> String {
    with(algorithm, &header(algorithm), &claims(now))
}

/// A token with this header and these claims.
#[must_use]
pub fn with(algorithm: JwtAlgorithm, header: &Map<String, Value>, claims: &Map<String, Value>) -> String {
    signed(algorithm, json!(header).to_string().as_bytes(), json!(claims).to_string().as_bytes())
}

/// Keys of all kinds.
struct Keys {
    rsa: rsa::RsaPrivateKey,
    p256: p256::ecdsa::SigningKey,
    p384: p384::ecdsa::SigningKey,
    ed: ed25519_dalek::SigningKey,
    secret: Vec<u8>,
}

impl Keys {
    /// The issuer's.
    fn ours() -> &'static Keys {
        static KEYS: OnceLock<Keys> = OnceLock::new();
        KEYS.get_or_init(|| Keys::new(0x2a, SECRET.as_bytes()))
    }

    /// An attacker's.
    fn others() -> &'static Keys {
        static KEYS: OnceLock<Keys> = OnceLock::new();
        KEYS.get_or_init(|| Keys::new(0x2b, b"not the secret, but as long as one"))
    }

    #[expect(
        clippy::expect_used,
        reason = "these bytes are numbers below the orders of the curves, and RSA keys of 2048 bits are always made"
    )]
    fn new(byte: u8, secret: &[u8]) -> Keys {
        Keys {
            rsa: rsa::RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2048).expect("an RSA key"),
            p256: p256::ecdsa::SigningKey::from_slice(&[byte; 32]).expect("a P-256 key"),
            p384: p384::ecdsa::SigningKey::from_slice(&[byte; 48]).expect("a P-384 key"),
            ed: ed25519_dalek::SigningKey::from_bytes(&[byte; 32]),
            secret: secret.to_vec(),
        }
    }
}

fn signature(keys: &Keys, algorithm: JwtAlgorithm, message: &[u8]) -> Vec<u8> {
    use rsa::sha2::{Sha256, Sha384, Sha512};
    let mut random = rsa::rand_core::OsRng;
    let rsa = || keys.rsa.clone();
    match algorithm {
        JwtAlgorithm::Rs256 => rsa::pkcs1v15::SigningKey::<Sha256>::new(rsa()).sign(message).to_vec(),
        JwtAlgorithm::Rs384 => rsa::pkcs1v15::SigningKey::<Sha384>::new(rsa()).sign(message).to_vec(),
        JwtAlgorithm::Rs512 => rsa::pkcs1v15::SigningKey::<Sha512>::new(rsa()).sign(message).to_vec(),
        JwtAlgorithm::Ps256 => rsa::pss::SigningKey::<Sha256>::new(rsa()).sign_with_rng(&mut random, message).to_vec(),
        JwtAlgorithm::Ps384 => rsa::pss::SigningKey::<Sha384>::new(rsa()).sign_with_rng(&mut random, message).to_vec(),
        JwtAlgorithm::Ps512 => rsa::pss::SigningKey::<Sha512>::new(rsa()).sign_with_rng(&mut random, message).to_vec(),
        JwtAlgorithm::Es256 => {
            let signature: p256::ecdsa::Signature = keys.p256.sign(message);
            signature.to_bytes().to_vec()
        }
        JwtAlgorithm::Es384 => {
            let signature: p384::ecdsa::Signature = keys.p384.sign(message);
            signature.to_bytes().to_vec()
        }
        JwtAlgorithm::EdDsa => keys.ed.sign(message).to_bytes().to_vec(),
        JwtAlgorithm::Hs256 => code::<Hmac<sha2::Sha256>>(&keys.secret, message),
        JwtAlgorithm::Hs384 => code::<Hmac<sha2::Sha384>>(&keys.secret, message),
        JwtAlgorithm::Hs512 => code::<Hmac<sha2::Sha512>>(&keys.secret, message),
    }
}

fn code<M: Mac + KeyInit>(secret: &[u8], message: &[u8]) -> Vec<u8> {
    // HMAC takes keys of any length.
    <M as KeyInit>::new_from_slice(secret).map(|mac| mac.chain_update(message).finalize().into_bytes().to_vec()).unwrap_or_default()
}

/// The public RSA key as `SubjectPublicKeyInfo` in DER.
#[must_use]
pub fn rsa_key() -> Vec<u8> {
    Keys::ours().rsa.to_public_key().to_public_key_der().map(|key| key.as_bytes().to_vec()).unwrap_or_default()
}

/// The public keys as a JSON Web Key Set.
#[must_use]
pub fn key_set() -> Value {
    let keys = [JwtAlgorithm::Rs256, JwtAlgorithm::Es256, JwtAlgorithm::Es384, JwtAlgorithm::EdDsa];
    json!({ "keys": keys.map(|algorithm| public(Keys::ours(), algorithm)) })
}

/// Another issuer's set: as good, with the same key ids.
#[must_use]
pub fn other_key_set() -> Value {
    let keys = [JwtAlgorithm::Rs256, JwtAlgorithm::Es256, JwtAlgorithm::Es384, JwtAlgorithm::EdDsa];
    json!({ "keys": keys.map(|algorithm| public(Keys::others(), algorithm)) })
}

/// A good token of that other issuer.
#[must_use]
pub fn others(algorithm: JwtAlgorithm, now: u64) -> String {
    let message = format!("{}.{}", text(json!(header(algorithm)).to_string().as_bytes()), text(json!(claims(now)).to_string().as_bytes()));
    format!("{message}.{}", text(&signature(Keys::others(), algorithm, message.as_bytes())))
}

/// The secret as a key set, as Envoy's own filter takes it.
#[must_use]
pub fn secret_set() -> Value {
    json!({ "keys": [{ "kty": "oct", "alg": "HS256", "k": text(SECRET.as_bytes()) }] })
}

/// The set of the one key that an algorithm is verified with.
#[must_use]
pub fn key_set_for(algorithm: JwtAlgorithm) -> Value {
    if algorithm.is_hmac() { secret_set() } else { json!({ "keys": [public(Keys::ours(), algorithm)] }) }
}

fn public(keys: &Keys, algorithm: JwtAlgorithm) -> Value {
    let point = |point: &[u8], curve: &str| {
        let (x, y) = point.get(1..).and_then(|point| point.split_at_checked(point.len() / 2)).unwrap_or_default();
        json!({ "kty": "EC", "crv": curve, "x": text(x), "y": text(y) })
    };
    let mut key = match algorithm {
        JwtAlgorithm::Es256 => point(keys.p256.verifying_key().to_encoded_point(false).as_bytes(), "P-256"),
        JwtAlgorithm::Es384 => point(keys.p384.verifying_key().to_encoded_point(false).as_bytes(), "P-384"),
        JwtAlgorithm::EdDsa => json!({ "kty": "OKP", "crv": "Ed25519", "x": text(&keys.ed.verifying_key().to_bytes()) }),
        _ => json!({ "kty": "RSA", "n": text(&keys.rsa.n().to_bytes_be()), "e": text(&keys.rsa.e().to_bytes_be()) }),
    };
    if let Some(key) = key.as_object_mut() {
        key.insert("kid".to_owned(), json!(key_id(algorithm)));
    }
    key
}

/// A token that is not to be accepted.
#[derive(Clone, Debug)]
pub struct Broken {
    /// In what way.
    pub how: &'static str,
    /// What our refusal counts.
    pub reason: &'static str,
    /// The token.
    pub token: String,
}

/// An algorithm of another kind or length that the same keys know.
fn unlisted(algorithm: JwtAlgorithm) -> JwtAlgorithm {
    match algorithm {
        JwtAlgorithm::Hs256 | JwtAlgorithm::Hs384 | JwtAlgorithm::Hs512 => JwtAlgorithm::Hs512,
        _ => JwtAlgorithm::Rs512,
    }
}

/// One token for each way of being broken. They are for issuer, audience and subject as [`claims`] has them, an expiry that is demanded
/// and a lifetime of at most a day.
#[must_use]
pub fn broken(algorithm: JwtAlgorithm, now: u64) -> Vec<Broken> {
    let mut all = Vec::new();
    let mut add = |how, reason, token: String| all.push(Broken { how, reason, token });
    let good = self::good(algorithm, now);
    let (message, signature_of_good) = good.rsplit_once('.').unwrap_or_default();
    let (head, body) = message.split_once('.').unwrap_or_default();
    let header_text = json!(header(algorithm)).to_string();
    let claims_text = json!(claims(now)).to_string();
    let headed = |member: &str, value: Value| {
        let mut header = header(algorithm);
        header.insert(member.to_owned(), value);
        with(algorithm, &header, &claims(now))
    };
    let raw = |header: &str, payload: &[u8]| signed(algorithm, header.as_bytes(), payload);
    let claimed = |changes: &[(&str, Value)]| {
        let mut claims = claims(now);
        for (name, value) in changes {
            if value.is_null() {
                claims.remove(*name);
            } else {
                claims.insert((*name).to_owned(), value.clone());
            }
        }
        with(algorithm, &header(algorithm), &claims)
    };

    // The algorithm.
    add("no signature", "algorithm", format!("{}.{body}.", text(br#"{"alg":"none"}"#)));
    add("no signature, in capitals", "algorithm", format!("{}.{body}.", text(br#"{"alg":"NONE"}"#)));
    add("none with a signature", "algorithm", raw(r#"{"alg":"none"}"#, claims_text.as_bytes()));
    let unlisted = unlisted(algorithm);
    add("an algorithm that is not listed", "algorithm", with(unlisted, &header(unlisted), &claims(now)));
    add("no algorithm", "algorithm", raw(r#"{"typ":"JWT"}"#, claims_text.as_bytes()));
    add("an algorithm that is a number", "algorithm", raw(r#"{"alg":256}"#, claims_text.as_bytes()));
    add("an algorithm in small letters", "algorithm", headed("alg", json!(algorithm.as_str().to_lowercase())));
    let confused = if algorithm.is_hmac() { "RS256" } else { "HS256" };
    let confused_head = text(json!({ "alg": confused, "kid": key_id(algorithm) }).to_string().as_bytes());
    let confused_message = format!("{confused_head}.{body}");
    let public_text = public(Keys::ours(), algorithm).to_string();
    let confused_code = code::<Hmac<sha2::Sha256>>(
        if algorithm.is_hmac() { SECRET.as_bytes() } else { public_text.as_bytes() },
        confused_message.as_bytes(),
    );
    add("a public key as a secret", "algorithm", format!("{confused_message}.{}", text(&confused_code)));

    // The signature.
    add("another key", "signature", format!("{message}.{}", text(&signature(Keys::others(), algorithm, message.as_bytes()))));
    let other_body = text(claims_text.replace("c-1", "c-2").as_bytes());
    add("another payload under the signature", "signature", format!("{head}.{other_body}.{signature_of_good}"));
    let whole = signature(Keys::ours(), algorithm, message.as_bytes());
    let cut = |length: usize| whole.get(..whole.len().saturating_sub(length)).unwrap_or_default().to_vec();
    add("a signature that is cut", "signature", format!("{message}.{}", text(&cut(3))));
    add("an empty signature", "signature", format!("{message}."));
    add("a signature of zeros", "signature", format!("{message}.{}", text(&vec![0; whole.len()])));
    add("a signature that is too long", "signature", format!("{message}.{}", text(&[whole.clone(), vec![0; 3]].concat())));
    if algorithm == JwtAlgorithm::Es256 {
        let der = p256::ecdsa::Signature::from_slice(&whole).map(|signature| signature.to_der().as_bytes().to_vec());
        add("a signature in DER", "signature", format!("{message}.{}", text(&der.unwrap_or_default())));
    }

    // How it is written.
    let last = signature_of_good.chars().last().unwrap_or('A');
    let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let next = letters.find(last).and_then(|place| letters.chars().nth(place ^ 1)).unwrap_or('A');
    let shorter = good.get(..good.len().saturating_sub(1)).unwrap_or_default();
    add("spare bits in the signature", "malformed", format!("{shorter}{next}"));
    add("padding", "malformed", format!("{good}="));
    add("two parts", "malformed", message.to_owned());
    add("four parts", "malformed", format!("{good}.e30"));
    add("letters of the other base64", "malformed", format!("+{}", good.get(1..).unwrap_or_default()));
    add("a blank inside", "malformed", format!("{head}. {body}.{signature_of_good}"));
    add("a header that is no JSON", "malformed", raw(header_text.trim_end_matches('}'), claims_text.as_bytes()));
    add("text behind the header", "malformed", raw(&format!("{header_text}x"), claims_text.as_bytes()));
    let twice = header_text.replacen('{', &format!("{{\"alg\":\"{}\",", algorithm.as_str()), 1);
    add("a header with a member twice", "malformed", raw(&twice, claims_text.as_bytes()));
    let escaped = header_text.replacen('{', "{\"\\u0061lg\":\"none\",", 1);
    add("a header with the same member escaped", "malformed", raw(&escaped, claims_text.as_bytes()));
    let payload = |text: String| raw(&header_text, text.as_bytes());
    add("a payload with a member twice", "malformed", payload(claims_text.replacen('{', "{\"sub\":\"admin\",", 1)));
    add("a payload with a nested member twice", "malformed", payload(claims_text.replacen('{', "{\"x\":{\"a\":1,\"a\":2},", 1)));
    add("a payload that is a list", "malformed", payload(format!("[{claims_text}]")));
    let invalid = [claims_text.trim_end_matches('}').as_bytes(), b",\"x\":\"\xff\"}"].concat();
    add("a payload that is not UTF-8", "malformed", raw(&header_text, &invalid));
    add("a key id that is a number", "malformed", headed("kid", json!(1)));
    add("more than 8 KiB", "too_long", claimed(&[("filler", json!("x".repeat(8192)))]));

    // What the header asks for.
    add("crit", "critical", raw(&header_text.replacen('{', "{\"b64\":true,\"crit\":[\"b64\"],", 1), claims_text.as_bytes()));
    let mine = public(Keys::others(), algorithm);
    let mut with_key = header(algorithm);
    with_key.insert("jwk".to_owned(), mine);
    let attack = format!("{}.{body}", text(json!(with_key).to_string().as_bytes()));
    let forged = signature(Keys::others(), algorithm, attack.as_bytes());
    add("the attacker's key in the header", "embedded_key", format!("{attack}.{}", text(&forged)));
    add("where to get a key", "embedded_key", headed("jku", json!("https://evil.example/jwks")));
    add("where to get a certificate", "embedded_key", headed("x5u", json!("https://evil.example/cert")));
    add("a certificate", "embedded_key", headed("x5c", json!(["MIIB"])));
    if !algorithm.is_hmac() {
        add("a key id that nobody has", "unknown_key", headed("kid", json!("nobody")));
    }

    // What it says.
    add("another issuer", "issuer", claimed(&[("iss", json!("https://id.example.com"))]));
    add("no issuer", "issuer", claimed(&[("iss", Value::Null)]));
    add("an issuer in a list", "issuer", claimed(&[("iss", json!([ISSUER]))]));
    add("another audience", "audience", claimed(&[("aud", json!("orders"))]));
    add("no audience", "audience", claimed(&[("aud", Value::Null)]));
    add("no audience in a list", "audience", claimed(&[("aud", json!([]))]));
    add("expired", "expired", claimed(&[("exp", json!(now - 120))]));
    add("expired long ago", "expired", claimed(&[("exp", json!(-1))]));
    add("without an end", "expired", claimed(&[("exp", Value::Null)]));
    add("an expiry that is a text", "malformed", claimed(&[("exp", json!((now + 600).to_string()))]));
    add("an expiry with an exponent", "malformed", payload(claims_text.replace(&format!("\"exp\":{}", now + 600), "\"exp\":1e99")));
    add("not valid yet", "not_yet_valid", claimed(&[("nbf", json!(now + 120))]));
    add("issued in the future", "not_yet_valid", claimed(&[("iat", json!(now + 120))]));
    add("for too long", "lifetime", claimed(&[("exp", json!(now + 90_000))]));
    add("no subject", "claim", claimed(&[("sub", Value::Null)]));
    add("a subject that is a number", "claim", claimed(&[("sub", json!(1))]));
    all
}
