//! Why a credential is refused, of each kind and each reason: the operator reads it in the counter, in the details and in the filter
//! state; the caller gets the same answer whichever it is. On the interpreter, the module and a real Envoy.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::collections::{BTreeMap, BTreeSet};

use hmac::{Hmac, KeyInit, Mac};
use portcullis::Options;
use portcullis::tools::engine::Engine;
use portcullis::tools::eval::Interpreter;
use portcullis::tools::message::{Answer, Body, Certificate, Decision, Headers, Request, Response, Tls};
use portcullis::tools::sim::Simulator;
use portcullis_tests::differential::world::{base64, hex};
use portcullis_tests::envoy::engine::EnvoyEngine;
use sha2::{Digest, Sha256};

const NOW: u64 = 1_767_607_200;
const KEY: &str = "the key of the signatures";

fn code(message: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(KEY.as_bytes()).unwrap();
    mac.update(message.as_bytes());
    hex(&mac.finalize().into_bytes())
}

fn policy() -> String {
    format!(
        r#"policy reasons {{ default = deny 403  body_limit = 64B  on_oversize = allow }}
config {{ key: secret }}
api_key partner {{ from = [header "x-key"]  keys = {{ "acme": "sha256:{}" }} }}
basic staff {{ from = [header "authorization", query "auth"]  users = {{ "ada": "{{SHA256}}{}" }} }}
hmac hook {{
  signature = hex(header "x-sig")
  message   = "${{request.headers["x-at"] ?? ""}}.${{request.body.text}}"
  timestamp = unix(header "x-at")
  tolerance = 5m
  secret    = config.key
  dedupe    = header "x-id" for 10m
}}
token pass {{
  from    = [header "x-pass"]
  format  = "{{user}}.{{until:int}}.{{mac}}"
  verify  = hex_decode(self.mac) == hmac_sha256(config.key, "${{self.user}}.${{self.until}}")
  expires = self.until
}}
mtls orders {{ sans = ["spiffe://example.org/orders"] }}
scope "/key" {{ authenticate partner  permit "by key" {{ }} }}
scope "/basic" {{ authenticate staff  permit "by password" {{ }} }}
scope "/hook" {{ authenticate hook  permit "by signature" {{ }} }}
scope "/pass" {{ authenticate pass  permit "by pass" {{ }} }}
scope "/mtls" {{ authenticate orders  permit "by certificate" {{ }} }}
"#,
        hex(&Sha256::digest(b"acme-key")),
        base64(&Sha256::digest(b"lovelace")),
    )
}

/// What is sent, what becomes of it: nothing when it is let in.
type Case = (&'static str, Request, Option<(u16, &'static str)>);

fn get(target: &str, headers: &[(&str, &str)]) -> Request {
    let headers: Headers = headers.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect();
    Request { headers, ..Request::get(target) }
}

fn basic(text: &str) -> String {
    format!("Basic {}", base64(text.as_bytes()))
}

fn hook(at: u64, id: &str, body: &str, signed: &str) -> Request {
    let (at, signature) = (at.to_string(), code(signed));
    let sent = get("/hook", &[("x-at", at.as_str()), ("x-id", id), ("x-sig", signature.as_str())]);
    let body = Body { bytes: body.as_bytes().to_vec(), split: None, trailers: Headers::new() };
    Request { method: "POST".to_owned(), body: Some(body), ..sent }
}

fn pass(user: &str, until: u64, signed: &str) -> Request {
    get("/pass", &[("x-pass", &format!("{user}.{until}.{}", code(signed)))])
}

fn by_certificate(uri: Option<&str>) -> Request {
    let certificate = uri.map(|uri| Certificate { subject: "CN=a".to_owned(), uris: vec![uri.to_owned()], dns: Vec::new() });
    Request { tls: Some(Tls { certificate }), ..get("/mtls", &[]) }
}

fn cases() -> Vec<Case> {
    let signed = |at: u64, body: &str| format!("{at}.{body}");
    let large = "x".repeat(65);
    let mut malformed = hook(NOW, "m", "{}", "");
    malformed.headers.retain(|(name, _)| name != "x-sig");
    malformed.headers.push(("x-sig".to_owned(), b"not hex".to_vec()));
    let mut twice = hook(NOW, "d", "{}", &signed(NOW, "{}"));
    twice.headers.push(("x-sig".to_owned(), code("other").into_bytes()));
    let until = format!("ada.{}", NOW + 60);
    let over = format!("ada.{}", NOW - 60);
    vec![
        ("partner", get("/key", &[("x-key", "acme-key")]), None),
        ("partner", get("/key", &[]), Some((401, "absent"))),
        ("partner", get("/key", &[("x-key", "guess")]), Some((401, "unknown_key"))),
        ("partner", get("/key", &[("x-key", "acme-key"), ("x-key", "acme-key")]), Some((400, "doubled"))),
        ("staff", get("/basic", &[("authorization", &basic("ada:lovelace"))]), None),
        ("staff", get("/basic", &[]), Some((401, "absent"))),
        ("staff", get("/basic", &[("authorization", "Basic !")]), Some((401, "malformed"))),
        ("staff", get("/basic", &[("authorization", &basic("eve:lovelace"))]), Some((401, "unknown_user"))),
        ("staff", get("/basic", &[("authorization", &basic("ada:byron"))]), Some((401, "wrong_password"))),
        (
            "staff",
            get(&format!("/basic?auth={}", base64(b"ada:lovelace").replace('=', "%3D")), &[("authorization", &basic("ada:lovelace"))]),
            Some((400, "doubled")),
        ),
        ("hook", hook(NOW, "1", "{}", &signed(NOW, "{}")), None),
        ("hook", hook(NOW, "1", "{}", &signed(NOW, "{}")), Some((401, "replayed"))),
        ("hook", get("/hook", &[]), Some((401, "absent"))),
        ("hook", malformed, Some((401, "malformed"))),
        ("hook", hook(NOW - 600, "2", "{}", &signed(NOW - 600, "{}")), Some((401, "stale"))),
        ("hook", hook(NOW, "3", "{ }", &signed(NOW, "{}")), Some((401, "wrong_signature"))),
        ("hook", hook(NOW, "4", &large, &signed(NOW, &large)), Some((401, "too_large"))),
        ("hook", twice, Some((400, "doubled"))),
        ("pass", pass("ada", NOW + 60, &until), None),
        ("pass", get("/pass", &[]), Some((401, "absent"))),
        ("pass", get("/pass", &[("x-pass", "ada")]), Some((401, "malformed"))),
        ("pass", pass("eve", NOW + 60, &until), Some((401, "wrong_signature"))),
        ("pass", pass("ada", NOW - 60, &over), Some((401, "expired"))),
        ("pass", get("/pass", &[("x-pass", "a"), ("x-pass", "b")]), Some((400, "doubled"))),
        ("orders", by_certificate(Some("spiffe://example.org/orders")), None),
        ("orders", by_certificate(None), Some((401, "absent"))),
        ("orders", by_certificate(Some("spiffe://example.org/other")), Some((401, "other_peer"))),
        ("orders", get("/mtls", &[]), Some((401, "absent"))),
    ]
}

/// What the caller sees of a refusal: status, headers, body.
type Seen = (u16, Headers, Vec<u8>);

fn seen(response: &Response) -> Seen {
    let mut headers = response.headers.clone();
    headers.retain(|(name, _)| name != "date" && name != "server");
    headers.sort();
    (response.status, headers, response.body.clone())
}

fn holds<E: Engine>(engine: &mut E, filter_state: fn(&E) -> Option<String>) {
    engine.start(&serde_json::json!({ "key": KEY }).to_string()).unwrap();
    engine.set_time(NOW * 1_000_000_000).unwrap();
    let mut counted: BTreeMap<(String, String), u64> = BTreeMap::new();
    let mut answers: BTreeMap<(&str, u16), BTreeSet<Seen>> = BTreeMap::new();
    for (credential, request, refusal) in cases() {
        let outcome = engine.request(&request, &Answer::ok()).unwrap();
        let expected = refusal.map_or(Decision::Allow, |(status, why)| Decision::refuse(status, credential, why));
        assert_eq!(outcome.decision, expected, "{}: {credential} {refusal:?}", engine.name());
        let Some((status, why)) = refusal else { continue };
        assert!(outcome.forwarded.is_none(), "{}: {credential} {why}", engine.name());
        answers.entry((credential, status)).or_default().insert(seen(&outcome.response));
        *counted.entry((credential.to_owned(), why.to_owned())).or_default() += 1;
        if let Some(state) = filter_state(engine) {
            assert_eq!(state, format!("deny {credential} {why}"));
        }
    }
    // One answer for all reasons of a status.
    for (of, answers) in answers {
        assert_eq!(answers.len(), 1, "{}: {of:?} {answers:?}", engine.name());
        assert!(answers.iter().all(|(_, _, body)| body.is_empty()), "{}: {of:?}", engine.name());
    }
    let found: BTreeMap<(String, String), u64> = engine
        .counters()
        .unwrap()
        .into_iter()
        .filter(|(name, outcome, count)| *count > 0 && outcome != "allow" && name != "default")
        .map(|(name, outcome, count)| ((name, outcome), count))
        .collect();
    assert_eq!(found, counted, "{}", engine.name());
}

#[test]
fn each_refusal_has_its_reason_for_the_operator_and_none_for_the_caller() {
    let checked = portcullis::check("reasons.policy", &policy(), &mut |_| Err("there are no files".to_owned()));
    let policy = checked.policy.clone().unwrap_or_else(|| panic!("{:?}", checked.diagnostics));
    let wasm = portcullis::compile(&checked, &Options::default()).unwrap().output.wasm;
    holds(&mut Interpreter::new(policy), |_| None);
    holds(&mut Simulator::deployed(&wasm).unwrap(), |simulator| {
        let state = simulator.filter_state().get(&b"portcullis.decision"[..]);
        Some(state.map_or(String::new(), |state| String::from_utf8_lossy(state).into_owned()))
    });
    let hold = Simulator::deployed(&wasm).unwrap().allow_on_headers_stop_iteration;
    holds(&mut EnvoyEngine::new(wasm, &[], hold).unwrap(), |_| None);
}
