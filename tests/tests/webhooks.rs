//! The corpus `webhook-hmac`: vendors' published examples and mutations of them, in the interpreter and in the module.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::collections::BTreeMap;
use std::path::Path;

use portcullis::tools::engine::Engine;
use portcullis::tools::message::{Answer, Body, Decision, Headers, Request};
use serde_json::Value;

/// What a scheme of the corpus is in the language: a declaration; Twilio's parameters are those of its example, sorted.
fn declaration(scheme: &str) -> &'static str {
    match scheme {
        "github" => "scheme = github",
        "slack" => "scheme = slack",
        "standard-webhooks" => "scheme = standard_webhooks",
        "twilio-sha1" => {
            r#"signature = base64(header "x-twilio-signature")  algorithm = sha1
               message = "https://${request.host}${request.raw_path}CallSid${request.body.form["CallSid"] ?? ""}Caller${request.body.form["Caller"] ?? ""}Digits${request.body.form["Digits"] ?? ""}From${request.body.form["From"] ?? ""}To${request.body.form["To"] ?? ""}""#
        }
        // The bare code, handed over as hex.
        "hmac-sha256" => r#"signature = hex(header "x-mac")  message = hex_decode(request.headers["x-data"])"#,
        other => panic!("unknown scheme {other}"),
    }
}

fn engines(scheme: &str) -> Vec<Box<dyn Engine>> {
    let text = format!(
        "policy p {{ default = deny 403 }} config {{ key: secret }} hmac hook {{ {}  secret = config.key }} \
         scope \"/**\" {{ authenticate hook  permit \"all\" {{}} }}",
        declaration(scheme)
    );
    portcullis_tests::engines::of(&text).unwrap()
}

fn text<'a>(case: &'a Value, name: &str) -> &'a str {
    case[name].as_str().unwrap_or_default()
}

fn request(case: &Value) -> Request {
    let mut headers: Headers = Vec::new();
    for (name, value) in case["headers"].as_object().into_iter().flatten() {
        headers.push((name.clone(), value.as_str().unwrap().as_bytes().to_vec()));
    }
    let mut body = text(case, "body").as_bytes().to_vec();
    let (mut authority, mut target) = ("localhost".to_owned(), "/".to_owned());
    if let Some(url) = case["url"].as_str() {
        let (host, rest) = url.strip_prefix("https://").unwrap().split_once('/').unwrap();
        (authority, target) = (host.to_owned(), format!("/{rest}"));
        let pairs = case["params"].as_object().unwrap().iter();
        let pairs: Vec<String> = pairs.map(|(key, value)| format!("{key}={}", value.as_str().unwrap().replace('+', "%2B"))).collect();
        body = pairs.join("&").into_bytes();
        headers.push(("content-type".to_owned(), b"application/x-www-form-urlencoded".to_vec()));
    }
    if !text(case, "mac_hex").is_empty() {
        headers.push(("x-mac".to_owned(), text(case, "mac_hex").as_bytes().to_vec()));
        headers.push(("x-data".to_owned(), text(case, "data_hex").as_bytes().to_vec()));
    }
    Request {
        method: "POST".to_owned(),
        authority,
        headers,
        body: Some(Body { bytes: body, split: Some(7), trailers: Headers::new() }),
        ..Request::get(target)
    }
}

#[test]
fn every_case_is_what_the_corpus_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpora/webhook-hmac/cases.json");
    let Ok(file) = std::fs::read_to_string(&path) else {
        println!("skipped: {} is not there", path.display());
        return;
    };
    let cases: Vec<Value> = serde_json::from_str(&file).unwrap();
    let (mut valid, mut refused, mut listed) = (0, 0, Vec::new());
    let mut reasons: BTreeMap<(String, String), u32> = BTreeMap::new();
    for case in &cases {
        let scheme = text(case, "scheme");
        let secret = match case["key_hex"].as_str() {
            None => text(case, "secret").to_owned(),
            Some(hex) => match portcullis::lang::encoding::from_hex(hex).and_then(|key| String::from_utf8(key).ok()) {
                Some(key) => key,
                // A secret comes with the configuration, which is JSON: it is text. The primitive has its own tests.
                None => {
                    listed.push(format!("{scheme}: a key that is no text"));
                    continue;
                }
            },
        };
        let sent = request(case);
        for mut engine in engines(scheme) {
            let now = case["now"].as_u64().unwrap_or(1_700_000_000) * 1_000_000_000;
            engine.set_time(now).unwrap();
            engine.start(&serde_json::json!({ "key": secret }).to_string()).unwrap();
            let outcome = engine.request(&sent, &Answer::ok()).unwrap();
            match (&outcome.decision, case["valid"].as_bool().unwrap()) {
                (Decision::Allow, true) => {}
                (Decision::Deny { status: 401, by, why }, false) if by == "hook" => {
                    *reasons.entry((scheme.to_owned(), why.clone())).or_default() += 1;
                }
                (decision, _) => panic!("{decision:?} by {} on {case}", engine.name()),
            }
        }
        if case["valid"].as_bool().unwrap() { valid += 1 } else { refused += 1 }
    }
    assert_eq!((valid, refused, listed.len(), cases.len()), (6, 25, 3, 34), "{listed:?}");
    // Of each scheme: both engines, each kind of mutation.
    let expected = [
        ("github", "absent", 2),
        ("github", "malformed", 4),
        ("github", "wrong_signature", 8),
        ("slack", "absent", 2),
        ("slack", "malformed", 4),
        ("slack", "wrong_signature", 8),
        ("standard-webhooks", "absent", 2),
        ("standard-webhooks", "malformed", 2),
        ("standard-webhooks", "wrong_signature", 8),
        ("twilio-sha1", "absent", 2),
        ("twilio-sha1", "wrong_signature", 8),
    ];
    assert_eq!(reasons, expected.map(|(scheme, why, count)| ((scheme.to_owned(), why.to_owned()), count)).into());
}

#[test]
fn a_secret_that_is_no_key_refuses_the_configuration() {
    let written = |key: &str| serde_json::json!({ "key": key }).to_string();
    for mut engine in engines("standard-webhooks") {
        for key in ["whsec_", "whsec_not base64", "whsec_YWI", "whsec_whsec_YWI=", "whsec_YWI=\n", "WHSEC_YWI="] {
            let refused = engine.start(&written(key)).unwrap_err().to_string();
            let expected = "configuration key `key` must be `whsec_` and base64";
            assert!(refused.contains(expected), "{} on {key:?}: {refused}", engine.name());
            assert!(!refused.contains("YWI"), "the secret itself is told: {refused}");
        }
        // `test` is base64, if hardly a secret.
        for key in ["whsec_YWI=", "YWI=", "test"] {
            engine.start(&written(key)).unwrap();
        }
    }
    // Other schemes take the bytes of the text.
    for mut engine in engines("github") {
        engine.start(&written("whsec_not base64")).unwrap();
    }
}
