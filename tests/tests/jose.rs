//! Every JWS of Wycheproof and of the JOSE cookbook, through whole modules: their own code in Wasm, and the interpreter beside it.
//! The payloads are no JSON objects, so a signature that holds is seen by the reason that comes after it. What is decided
//! otherwise than the corpus says stands here with its reason.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use portcullis::Options;
use portcullis::tools::engine::Engine;
use portcullis::tools::eval::Interpreter;
use portcullis::tools::message::{Answer, Request};
use portcullis::tools::sim::Simulator;
use serde_json::{Value, json};

/// The text of a policy with these algorithms and a value `keys` of this type.
fn policy(algorithms: &str, ty: &str) -> String {
    format!(
        "policy p {{ default = deny 403 }} config {{ keys: {ty} }} jwt corp {{ algorithms = [{algorithms}]  keys = config.keys }} \
         scope \"/**\" {{ authenticate corp  permit \"all\" {{ }} }}"
    )
}

const PUBLIC: &str = "RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, EdDSA";

fn corpora() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpora")
}

/// The members of a key that everybody may see.
fn public(key: &Value) -> Value {
    let keep = |name: &str| !matches!(name, "d" | "p" | "q" | "dp" | "dq" | "qi" | "oth");
    Value::Object(key.as_object().unwrap().iter().filter(|(name, _)| keep(name)).map(|(n, v)| (n.clone(), v.clone())).collect())
}

/// The keys of a group: a set or one key.
fn set(group: &Value) -> Vec<Value> {
    let keys = if group["public"].is_null() { &group["private"] } else { &group["public"] };
    match keys["keys"].as_array() {
        Some(keys) => keys.iter().map(public).collect(),
        None => vec![public(keys)],
    }
}

/// Why each token is refused: by the interpreter and by the module.
struct Engines {
    interpreter: Interpreter,
    simulator: Simulator,
    /// The keys that they were started with, and whether they took them.
    started: Option<(String, [bool; 2])>,
    /// What they counted.
    counted: [BTreeMap<String, u64>; 2],
}

impl Engines {
    fn new(algorithms: &str, ty: &str) -> Engines {
        let checked = portcullis::check("jose.policy", &policy(algorithms, ty), &mut |_| Err("there is no file".to_owned()));
        let wasm = portcullis::compile(&checked, &Options::default()).unwrap().output.wasm;
        Engines {
            interpreter: Interpreter::new(checked.policy.unwrap()),
            simulator: Simulator::new(&wasm).unwrap(),
            started: None,
            counted: [BTreeMap::new(), BTreeMap::new()],
        }
    }

    /// Nothing when both refuse the keys.
    fn reason(&mut self, keys: &str, token: &str) -> Option<String> {
        let engines: [&mut dyn Engine; 2] = [&mut self.interpreter, &mut self.simulator];
        let mut reasons = Vec::new();
        let started = self.started.take().filter(|(known, _)| known == keys);
        let mut taken = started.as_ref().map_or([false; 2], |(_, taken)| *taken);
        for (n, engine) in engines.into_iter().enumerate() {
            if started.is_none() {
                taken[n] = engine.start(&json!({ "keys": keys }).to_string()).is_ok();
                self.counted[n].clear();
            }
            if !taken[n] {
                reasons.push(None);
                continue;
            }
            let request =
                Request { headers: vec![("authorization".to_owned(), format!("Bearer {token}").into_bytes())], ..Request::get("/") };
            engine.request(&request, &Answer::ok()).unwrap();
            let counters = engine.counters().unwrap();
            let counted = counters.into_iter().filter(|(name, _, _)| name == "corp").map(|(_, outcome, count)| (outcome, count)).collect();
            let before = std::mem::replace(&mut self.counted[n], counted);
            reasons.push(self.counted[n].iter().find(|(name, count)| before.get(*name) != Some(count)).map(|(name, _)| name.clone()));
        }
        self.started = Some((keys.to_owned(), taken));
        assert_eq!(reasons[0], reasons[1], "{token} with {keys}");
        reasons.remove(0)
    }
}

/// Whether the reason is one of those that come after the signature was found to hold.
fn holds(reason: Option<&str>, token: &str) -> bool {
    // The header and the parts are malformed before anything is verified: then no signature was looked at.
    let parts: Vec<&str> = token.split('.').collect();
    let header = parts.first().and_then(|part| decode(part)).and_then(|text| serde_json::from_slice::<Value>(&text).ok());
    let whole = parts.len() == 3 && header.is_some_and(|header| header.is_object()) && parts[1..].iter().all(|part| decode(part).is_some());
    matches!(reason, Some("malformed" | "expired")) && whole
}

/// Canonical base64url.
fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bits = 0u32;
    let (mut count, mut out) = (0, Vec::new());
    for letter in text.bytes() {
        let value = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".iter().position(|known| *known == letter)?;
        bits = bits << 6 | u32::try_from(value).unwrap();
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    (count < 6 && bits == 0).then_some(out)
}

/// What is taken or refused otherwise than Wycheproof says: file, number of the test, why.
const OTHERWISE: [(&str, u64, &str); 13] = [
    // The key's `alg` is PS256, the token's PS384: a key serves the algorithm that it is for (RFC 7517 4.4, RFC 8725 3.1).
    ("json_web_signature_test.json", 346, "alg of the key"),
    ("json_web_signature_test.json", 350, "alg of the key"),
    // ES512 is no algorithm of the language.
    ("json_web_signature_test.json", 347, "ES512"),
    ("json_web_signature_test.json", 351, "ES512"),
    // A modulus of Infineon's library (ROCA, CVE-2017-15361) is well-formed: the public half tells only by a statistical test, and
    // trusting who made the keys of an issuer is the issuer's part.
    ("json_web_key_test.json", 7, "ROCA"),
    ("json_web_crypto_test.json", 46, "ROCA"),
    // The tokens are those of test 357, which is valid, letter by letter: what the comment names got lost.
    ("json_web_signature_test.json", 367, "same as 357"),
    ("json_web_signature_test.json", 370, "same as 357"),
    // `?` is no letter of base64url (RFC 7515 2); Wycheproof takes what lenient decoders skip.
    ("json_web_signature_test.json", 372, "base64url"),
    ("json_web_signature_test.json", 373, "base64url"),
    // Secrets shorter than the digest: RFC 7518 3.2 asks signers for longer ones; the secret is the operator's, as in every `hmac`.
    ("json_web_key_test.json", 10, "short secret"),
    ("json_web_key_test.json", 11, "short secret"),
    ("json_web_key_test.json", 12, "short secret"),
];

/// How a group runs.
enum Way {
    /// With a set of public keys.
    Set(String),
    /// With one secret that is text, for one algorithm.
    Secret(String, String),
    /// With a set that has secrets in it.
    Mixed(String),
    /// Not at all in a module.
    Not(&'static str),
}

const NO_TEXT: &str = "a secret that is no text comes with no configuration; natively `auth/jwt/corpora.rs`, in Wasm `primitives.rs`";

fn way(group: &Value) -> Way {
    let keys = set(group);
    if keys.iter().all(|key| key["kty"] != "oct") {
        return Way::Set(json!({ "keys": keys }).to_string());
    }
    let [key] = keys.as_slice() else { return Way::Mixed(json!({ "keys": keys }).to_string()) };
    let algorithm = key["alg"].as_str().unwrap().to_owned();
    if !matches!(algorithm.as_str(), "HS256" | "HS384" | "HS512") {
        return Way::Not("a configured secret has no `alg`; the declaration lists the algorithms");
    }
    match decode(key["k"].as_str().unwrap()).and_then(|key| String::from_utf8(key).ok()) {
        Some(secret) => Way::Secret(algorithm, secret),
        None => Way::Not(NO_TEXT),
    }
}

#[test]
fn wycheproof_in_wasm() {
    let mut public = Engines::new(PUBLIC, "string");
    let mut secret: BTreeMap<String, Engines> = BTreeMap::new();
    let (mut wrong, mut unused, mut count, mut left) = (Vec::new(), OTHERWISE.to_vec(), 0, BTreeMap::new());
    for file in ["json_web_signature_test.json", "json_web_key_test.json", "json_web_crypto_test.json"] {
        let Ok(text) = fs::read_to_string(corpora().join("wycheproof/testvectors_v1").join(file)) else {
            println!("skipped: no corpus {file}");
            return;
        };
        let text: Value = serde_json::from_str(&text).unwrap();
        for group in text["testGroups"].as_array().unwrap() {
            let way = way(group);
            for test in group["tests"].as_array().unwrap() {
                if test["jws"].is_null() {
                    *left.entry("JWE: the language has no encrypted tokens").or_insert(0) += 1;
                    continue;
                }
                // A JSON serialisation is an object there; as a text it is none.
                let written = test["jws"].to_string();
                let token = test["jws"].as_str().unwrap_or(&written);
                let reason = match &way {
                    Way::Set(keys) => public.reason(keys, token),
                    Way::Mixed(keys) => {
                        // Nothing that a secret signed is taken, whatever the corpus says.
                        let reason = public.reason(keys, token);
                        assert!(!holds(reason.as_deref(), token), "{token} with {keys}");
                        *left.entry("a secret in a set of public keys: not taken").or_insert(0) += 1;
                        continue;
                    }
                    Way::Secret(algorithm, key) => {
                        let engines = secret.entry(algorithm.clone()).or_insert_with(|| Engines::new(algorithm, "secret"));
                        engines.reason(key, token)
                    }
                    Way::Not(why) => {
                        *left.entry(why).or_insert(0) += 1;
                        continue;
                    }
                };
                count += 1;
                let number = test["tcId"].as_u64().unwrap();
                let listed = unused.iter().position(|(of, known, _)| *of == file && *known == number).map(|at| unused.remove(at));
                if (test["result"] == "valid") == (holds(reason.as_deref(), token) == listed.is_none()) {
                    continue;
                }
                wrong.push(format!("{file} {} {number} {} {}: {reason:?}", group["comment"], test["comment"], test["flags"]));
            }
        }
    }
    let left: Vec<(&str, i32)> = left.into_iter().collect();
    let expected = [
        ("JWE: the language has no encrypted tokens", 34),
        ("a configured secret has no `alg`; the declaration lists the algorithms", 2),
        ("a secret in a set of public keys: not taken", 7),
        (NO_TEXT, 36),
    ];
    assert_eq!((count, left.as_slice()), (431, &expected[..]));
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(unused.is_empty(), "as Wycheproof says: {unused:#?}");
}

/// The compact tokens of the cookbook (RFC 7520, 8037, 7797): those that hold, and why the others do not. Its JSON serialisations are
/// no tokens; bare signatures run natively (`runtime-stub/src/crypto/tests.rs`) and in Wasm (`primitives.rs`).
#[test]
fn the_cookbook_in_wasm() {
    let mut public = Engines::new(PUBLIC, "string");
    for (file, expected) in [
        ("jws/4_1.rsa_v15_signature.json", Ok(())),
        ("jws/4_2.rsa-pss_signature.json", Ok(())),
        // ES512 on P-521: no algorithm of the language, so the set has no key that can be used.
        ("jws/4_3.ecdsa_signature.json", Err(None)),
        ("curve25519/jws.json", Ok(())),
        // Signed, then encrypted: the token inside. Encrypted ones are none of the language's.
        ("6.nesting_signatures_and_encryption.json", Ok(())),
    ] {
        let Ok(text) = fs::read_to_string(corpora().join("jose-cookbook").join(file)) else {
            println!("skipped: no corpus {file}");
            return;
        };
        let whole: Value = serde_json::from_str(&text).unwrap();
        let case = if whole["sign"].is_null() { &whole } else { &whole["sign"] };
        let keys = json!({ "keys": [set(&json!({ "public": case["input"]["key"] }))[0]] }).to_string();
        let token = case["output"]["compact"].as_str().unwrap();
        let reason = public.reason(&keys, token);
        let found = if holds(reason.as_deref(), token) { Ok(()) } else { Err(reason) };
        assert_eq!(found, expected.map_err(|reason: Option<&str>| reason.map(str::to_owned)), "{file}");
        // Each changed letter of header, payload or signature.
        for at in 0..token.len() {
            let mut changed = token.as_bytes().to_vec();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            if at % 16 == 0 && changed != token && found.is_ok() {
                assert!(!holds(public.reason(&keys, &changed).as_deref(), &changed), "{file}: {changed}");
            }
        }
    }
}

/// Keys that are not for verifying signatures (RFC 7517 4.2, 4.3), in a file and in the configuration.
#[test]
fn keys_of_other_uses_are_passed_over() {
    let key = json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" });
    let token = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.\
                 hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    let mut engines = Engines::new(PUBLIC, "string");
    for (more, is_taken) in [
        (json!({}), true),
        (json!({ "use": "sig" }), true),
        (json!({ "key_ops": ["verify"] }), true),
        (json!({ "key_ops": ["sign", "verify"], "use": "sig" }), true),
        (json!({ "use": "enc" }), false),
        (json!({ "use": ["sig"] }), false),
        (json!({ "use": null }), false),
        (json!({ "key_ops": [] }), false),
        (json!({ "key_ops": ["encrypt"] }), false),
        (json!({ "key_ops": ["sign"], "use": "sig" }), false),
        (json!({ "key_ops": ["verify"], "use": "enc" }), false),
        (json!({ "key_ops": "verify" }), false),
        (json!({ "key_ops": [["verify"]] }), false),
        (json!({ "key_ops": { "verify": "verify" } }), false),
        (json!({ "key_ops": null }), false),
        (json!({ "key_ops": ["VERIFY"] }), false),
    ] {
        let mut key = key.clone();
        key.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let set = json!({ "keys": [key] }).to_string();
        assert_eq!(holds(engines.reason(&set, token).as_deref(), token), is_taken, "{set}");
        let text = "policy p {} jwt corp { algorithms = [EdDSA]  keys = file \"set.json\" }";
        let checked = portcullis::check("jose.policy", text, &mut |_| Ok(set.clone()));
        let refused = checked.diagnostics.iter().any(|found| format!("{found:?}").contains("holds no public key"));
        assert_eq!(refused, !is_taken, "{set}: {:?}", checked.diagnostics);
    }
}
