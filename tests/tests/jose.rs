//! Every JWS of Wycheproof and every signature of the JOSE cookbook, through whole modules: their own code in Wasm, and the interpreter
//! beside it. The payloads are no JSON objects, so a signature that holds is seen by the reason that comes after it. What HMAC
//! secrets of these corpora are no configuration can hold (it is text); they run natively (`runtime-stub/src/auth/jwt/corpora.rs`).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::fs;
use std::path::{Path, PathBuf};

use portcullis::Options;
use portcullis::tools::engine::Engine;
use portcullis::tools::eval::Interpreter;
use portcullis::tools::message::{Answer, Headers, Request};
use portcullis::tools::sim::Simulator;
use serde_json::{Value, json};

const POLICY: &str = r#"
policy p { default = deny 403 }
config { set: string }
jwt corp { algorithms = [RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, EdDSA]  keys = config.set }
scope "/**" { authenticate corp  permit "all" { } }
"#;

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
}

impl Engines {
    fn new() -> Engines {
        let checked = portcullis::check("jose.policy", POLICY, &mut |_| Err("there is no file".to_owned()));
        let wasm = portcullis::compile(&checked, &Options::default()).unwrap().output.wasm;
        Engines { interpreter: Interpreter::new(checked.policy.unwrap()), simulator: Simulator::new(&wasm).unwrap() }
    }

    /// Nothing when both refuse the keys.
    fn reason(&mut self, keys: &[Value], token: &str) -> Option<String> {
        let configuration = json!({ "set": json!({ "keys": keys }).to_string() }).to_string();
        let mut reasons = Vec::new();
        let engines: [&mut dyn Engine; 2] = [&mut self.interpreter, &mut self.simulator];
        for engine in engines {
            if engine.start(&configuration).is_err() {
                reasons.push(None);
                continue;
            }
            let request = Request {
                method: "GET".to_owned(),
                target: "/".to_owned(),
                authority: "localhost".to_owned(),
                headers: vec![("authorization".to_owned(), format!("Bearer {token}").into_bytes())],
                body: None,
                client: "192.0.2.1".parse().unwrap(),
                client_port: 40_000,
            };
            engine.request(&request, &Answer { status: 200, headers: Headers::new(), body: None }).unwrap();
            let counters = engine.counters().unwrap();
            let reason = counters.into_iter().find(|(name, _, count)| name == "corp" && *count > 0).map(|(_, outcome, _)| outcome);
            reasons.push(reason);
        }
        assert_eq!(reasons[0], reasons[1], "{token} with {keys:?}");
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

#[test]
fn wycheproof_in_wasm() {
    let mut engines = Engines::new();
    let (mut wrong, mut refused, mut count) = (Vec::new(), Vec::new(), 0);
    for file in ["json_web_signature_test.json", "json_web_key_test.json", "json_web_crypto_test.json"] {
        let Ok(text) = fs::read_to_string(corpora().join("wycheproof/testvectors_v1").join(file)) else {
            eprintln!("no corpus: {file}");
            return;
        };
        let text: Value = serde_json::from_str(&text).unwrap();
        for group in text["testGroups"].as_array().unwrap() {
            for test in group["tests"].as_array().unwrap() {
                let Some(token) = test["jws"].as_str() else { continue };
                let keys = set(group);
                let reason = engines.reason(&keys, token);
                let (valid, found) = (test["result"] == "valid", holds(reason.as_deref(), token));
                count += 1;
                let line = format!("{file} {} {} {} {}: {reason:?}", group["comment"], test["tcId"], test["comment"], test["flags"]);
                if found && !valid {
                    wrong.push(line);
                } else if valid && !found {
                    refused.push(line);
                }
            }
        }
    }
    println!("{count} tokens");
    assert!(wrong.is_empty(), "taken: {wrong:#?}");
    assert!(refused.is_empty(), "refused: {refused:#?}");
}
