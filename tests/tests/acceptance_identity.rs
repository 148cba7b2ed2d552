//! `orders-identity.policy` of `../shared/acceptance` as it is deployed: tokens signed with the private keys that belong to its key set,
//! webhooks signed with its secrets; on the interpreter, the module (the host's signatures, and its own) and a real Envoy.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::path::Path;

use hmac::{Hmac, KeyInit, Mac};
use portcullis::Options;
use portcullis::lang::encoding::from_base64url;
use portcullis::tools::engine::Engine;
use portcullis::tools::eval::Interpreter;
use portcullis::tools::message::{Answer, Body, Decision, Headers, Outcome, Request};
use portcullis::tools::sim::Simulator;
use portcullis_tests::differential::world::hex;
use portcullis_tests::envoy::engine::EnvoyEngine;
use portcullis_tests::tokens;
use rsa::signature::{SignatureEncoding, Signer};
use serde_json::{Value, json};

/// Monday, 2026-01-05T10:00:00Z.
const MONDAY: u64 = 1_767_607_200;
const DAY: u64 = 24 * 3600;
const SECRET: &str = "a secret of the hook";
const OLD_SECRET: &str = "the secret before";

fn read(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/acceptance").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The private keys of `corp-private.json`.
struct Corp {
    rsa: rsa::RsaPrivateKey,
    ec: p256::ecdsa::SigningKey,
}

impl Corp {
    fn load() -> Corp {
        let set: Value = serde_json::from_str(&read("corp-private.json")).unwrap();
        let [rsa, ec] = ["rsa-1", "ec-1"].map(|kid| set["keys"].as_array().unwrap().iter().find(|key| key["kid"] == kid).unwrap());
        let bytes = |key: &Value, name: &str| from_base64url(key[name].as_str().unwrap()).unwrap();
        let number = |name: &str| rsa::BigUint::from_bytes_be(&bytes(rsa, name));
        let key = rsa::RsaPrivateKey::from_components(number("n"), number("e"), number("d"), vec![number("p"), number("q")]).unwrap();
        Corp { rsa: key, ec: p256::ecdsa::SigningKey::from_slice(&bytes(ec, "d")).unwrap() }
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        let message = [header, claims].map(|part| tokens::text(part.to_string().as_bytes())).join(".");
        let signature = match header["alg"].as_str().unwrap() {
            "ES256" => {
                let signature: p256::ecdsa::Signature = self.ec.sign(message.as_bytes());
                signature.to_bytes().to_vec()
            }
            _ => rsa::pkcs1v15::SigningKey::<rsa::sha2::Sha256>::new(self.rsa.clone()).sign(message.as_bytes()).to_vec(),
        };
        format!("{message}.{}", tokens::text(&signature))
    }

    /// A token of an hour for these claims, by this algorithm.
    fn token(&self, algorithm: &str, now: u64, more: &Value) -> String {
        let kid = if algorithm == "ES256" { "ec-1" } else { "rsa-1" };
        let mut claims = json!({ "iss": "https://id.example.com/", "aud": "orders-api", "iat": now, "exp": now + 3600 });
        claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.sign(&json!({ "alg": algorithm, "kid": kid }), &claims)
    }
}

fn request(method: &str, target: &str, headers: &[(&str, String)], body: Option<&str>) -> Request {
    let mut all: Headers = headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone().into_bytes())).collect();
    if body.is_some_and(|body| body.starts_with('{')) {
        all.push(("content-type".to_owned(), b"application/json".to_vec()));
    }
    Request {
        method: method.to_owned(),
        authority: "api.example.com".to_owned(),
        headers: all,
        body: body.map(|body| Body { bytes: body.as_bytes().to_vec(), split: Some(9), trailers: Headers::new() }),
        ..Request::get(target)
    }
}

fn bearer(token: &str) -> [(&'static str, String); 1] {
    [("authorization", format!("Bearer {token}"))]
}

fn forwarded(outcome: &Outcome, name: &str) -> Option<String> {
    let headers = &outcome.forwarded.as_ref()?.headers;
    headers.iter().find(|(known, _)| known == name).map(|(_, value)| String::from_utf8_lossy(value).into_owned())
}

fn refused_for_want(credential: &str) -> Decision {
    Decision::refuse(401, credential, "absent")
}

/// Everything that the policy says of who may call what.
fn holds(engine: &mut dyn Engine, corp: &Corp) {
    let engine_name = engine.name();
    engine.start(&json!({ "hook_secret": SECRET, "hook_secret_old": OLD_SECRET }).to_string()).unwrap();
    let at = |engine: &mut dyn Engine, seconds: u64| engine.set_time(seconds * 1_000_000_000).unwrap();
    at(engine, MONDAY);
    let expect = |engine: &mut dyn Engine, what: &str, request: &Request, expected: Decision| {
        let outcome = engine.request(request, &Answer::ok()).unwrap_or_else(|error| panic!("{engine_name}: {what}: {error}"));
        assert_eq!(outcome.decision, expected, "{engine_name}: {what}");
        outcome
    };
    let reader = |sub: &str| json!({ "sub": sub, "tenant": "acme", "scope": "orders:read" });
    let own = "/v1/customers/c-1/orders/7";

    for algorithm in ["RS256", "ES256"] {
        let sub = format!("c-{algorithm}");
        let token = corp.token(algorithm, MONDAY, &reader(&sub));
        let target = format!("/v1/customers/{sub}/orders/7");
        let outcome = expect(engine, algorithm, &request("GET", &target, &bearer(&token), None), Decision::Allow);
        assert_eq!(forwarded(&outcome, "x-user").as_deref(), Some(sub.as_str()));
        assert_eq!(forwarded(&outcome, "x-tenant").as_deref(), Some("acme"));
        assert_eq!(forwarded(&outcome, "authorization"), None);
        let cookie =
            [("cookie", format!("a=1; session={token}; b=2")), ("x-user", "root".to_owned()), ("x-internal-debug", "1".to_owned())];
        let outcome = expect(engine, "cookie", &request("GET", &target, &cookie, None), Decision::Allow);
        assert_eq!(forwarded(&outcome, "cookie").as_deref(), Some("a=1; b=2"));
        assert_eq!(forwarded(&outcome, "x-user").as_deref(), Some(sub.as_str()));
        assert_eq!(forwarded(&outcome, "x-internal-debug"), None);
        expect(engine, "another's orders", &request("GET", own, &bearer(&token), None), Decision::deny(403, "default"));
        let encoded = format!("/v1/customers/{sub}/../c-1/orders/7");
        expect(engine, "by dots", &request("GET", &encoded, &bearer(&token), None), Decision::deny(403, "default"));
    }

    let refused = |why: &str| Decision::refuse(401, "corp", why);
    expect(engine, "no token", &request("GET", own, &[], None), refused("absent"));
    let good = corp.token("RS256", MONDAY, &reader("c-1"));
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let claims = reader("c-1");
    let with = |more: Value| {
        let mut claims = claims.clone();
        claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        corp.token("RS256", MONDAY, &claims)
    };
    let flipped = format!("{signed}.{}{}", if signature.starts_with('A') { 'B' } else { 'A' }, signature.get(1..).unwrap());
    let other = corp.token("ES256", MONDAY, &reader("c-1"));
    let crossed = format!("{signed}.{}", other.rsplit_once('.').unwrap().1);
    let none = format!("{}.{}.", tokens::text(br#"{"alg":"none"}"#), signed.split('.').nth(1).unwrap());
    let forged = tokens::good(portcullis::ir::hir::JwtAlgorithm::Rs256, MONDAY);
    for (what, token, why) in [
        ("a byte of the signature", flipped, "signature"),
        ("another token's signature", crossed, "signature"),
        ("alg none", none, "algorithm"),
        ("another issuer's key", forged, "unknown_key"),
        ("another issuer", with(json!({ "iss": "https://evil.example/" })), "issuer"),
        ("another audience", with(json!({ "aud": "billing-api" })), "audience"),
        ("expired", with(json!({ "iat": MONDAY - 7200, "exp": MONDAY - 3600 })), "expired"),
        ("not yet", with(json!({ "nbf": MONDAY + 3600 })), "not_yet_valid"),
        ("longer than a day", with(json!({ "exp": MONDAY + 2 * DAY })), "lifetime"),
        ("without a claim", with(json!({ "tenant": null })), "claim"),
        ("an unknown tier", corp.sign(&json!({ "alg": "PS256", "kid": "rsa-1" }), &claims), "algorithm"),
    ] {
        let outcome = expect(engine, what, &request("GET", own, &bearer(&token), None), refused(why));
        assert!(outcome.response.body.is_empty() && outcome.forwarded.is_none(), "{engine_name}: {what}");
    }
    let two = [bearer(&good)[0].clone(), ("cookie", format!("session={good}"))];
    expect(engine, "two tokens", &request("GET", own, &two, None), Decision::refuse(400, "corp", "doubled"));

    let suspended = corp.token("ES256", MONDAY, &json!({ "sub": "c-9", "tenant": "tenant-9", "scope": "orders:read support" }));
    let outcome = expect(
        engine,
        "suspended",
        &request("GET", "/v1/customers/c-9/orders", &bearer(&suspended), None),
        Decision::deny(403, "suspended_tenants"),
    );
    let body: Value = serde_json::from_slice(&outcome.response.body).unwrap();
    assert_eq!(body, json!({ "error": "tenant_suspended", "tenant": "tenant-9" }));

    let buyer = corp.token("RS256", MONDAY, &json!({ "sub": "c-2", "tenant": "acme", "scope": "orders:write", "tier": "pro" }));
    let order = |body: &str| request("POST", "/v1/orders", &bearer(&buyer), Some(body));
    expect(engine, "an order", &order(r#"{"customer_id":"c-2","items":[{"qty":3}]}"#), Decision::Allow);
    for (what, body) in [
        ("another's order", r#"{"customer_id":"c-1","items":[{"qty":3}]}"#),
        ("too many", r#"{"customer_id":"c-2","items":[{"qty":6}]}"#),
        ("a list of customers", r#"{"customer_id":["c-2"],"items":[{"qty":3}]}"#),
        ("no items", r#"{"customer_id":"c-2"}"#),
    ] {
        expect(engine, what, &order(body), Decision::deny(403, "default"));
    }
    let twice = r#"{"customer_id":"c-1","customer_id":"c-2","items":[{"qty":3}]}"#;
    expect(engine, "a member twice", &order(twice), Decision::deny(400, "malformed"));
    expect(engine, "without the scope", &request("POST", "/v1/orders", &bearer(&good), Some("{}")), Decision::deny(403, "default"));

    let support = json!({ "sub": "s-1", "tenant": "acme", "scope": "support" });
    let visit = |now: u64, client: &str| {
        let sent = request("GET", own, &bearer(&corp.token("ES256", now, &support)), None);
        Request { client: client.parse().unwrap(), ..sent }
    };
    expect(engine, "from the office", &visit(MONDAY, "10.20.3.4"), Decision::Allow);
    expect(engine, "from the office, IPv6", &visit(MONDAY, "2001:db8:20::7"), Decision::Allow);
    expect(engine, "from elsewhere", &visit(MONDAY, "10.21.3.4"), Decision::deny(403, "default"));

    let hook = |secret: &str, event: &str, body: &str, signed: &str| {
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(signed.as_bytes());
        let code = hex(&mac.finalize().into_bytes());
        let headers = [("x-hub-signature-256", format!("sha256={code}")), ("x-github-event", event.to_owned())];
        request("POST", "/hooks/github", &headers, Some(body))
    };
    let payload = r#"{"action":"opened"}"#;
    for secret in [SECRET, OLD_SECRET] {
        expect(engine, "a hook", &hook(secret, "push", payload, payload), Decision::Allow);
    }
    let refused = |why: &str| Decision::refuse(401, "github", why);
    expect(engine, "another secret", &hook("guess", "push", payload, payload), refused("wrong_signature"));
    expect(engine, "another body", &hook(SECRET, "push", r#"{"action":"closed"}"#, payload), refused("wrong_signature"));
    expect(engine, "unsigned", &request("POST", "/hooks/github", &[], Some(payload)), refused("absent"));
    expect(engine, "another event", &hook(SECRET, "fork", payload, payload), Decision::deny(403, "default"));
    expect(engine, "login", &request("POST", "/login", &[], None), Decision::Allow);
    expect(engine, "health", &request("GET", "/healthz", &[], None), Decision::Allow);
    // The policy speaks for its own hosts; a trick of spelling makes no other of them.
    let elsewhere = |authority: &str| Request { authority: authority.to_owned(), ..request("GET", own, &[], None) };
    expect(engine, "another host", &elsewhere("other.example.com"), Decision::Allow);
    for authority in ["API.example.com", "api.example.com:443", "api.example.com."] {
        expect(engine, authority, &elsewhere(authority), refused_for_want("corp"));
    }

    // Time passes: a free caller has 20 calls at once and one in a second after them, one who pays ten.
    for (tier, wait) in [("free", 1_000), ("pro", 100)] {
        let later = MONDAY + DAY;
        at(engine, later);
        let token =
            corp.token("RS256", later, &json!({ "sub": format!("b-{tier}"), "tenant": "acme", "scope": "orders:read", "tier": tier }));
        let call = request("GET", &format!("/v1/customers/b-{tier}/orders"), &bearer(&token), None);
        for n in 0..20 {
            expect(engine, &format!("{tier}: call {n}"), &call, Decision::Allow);
        }
        expect(engine, tier, &call, Decision::deny(429, "per_user"));
        engine.set_time(later * 1_000_000_000 + wait * 1_000_000).unwrap();
        expect(engine, tier, &call, Decision::Allow);
        expect(engine, tier, &call, Decision::deny(429, "per_user"));
    }
    let saturday = MONDAY + 5 * DAY;
    at(engine, saturday);
    expect(engine, "at the weekend", &visit(saturday, "10.20.3.4"), Decision::deny(403, "default"));
}

#[test]
fn orders_with_identity_runs_everywhere() {
    let text = read("orders-identity.policy");
    let mut beside = |file: &str| Ok(read(file));
    let checked = portcullis::check("orders-identity.policy", &text, &mut beside);
    let policy = checked.policy.clone().unwrap_or_else(|| panic!("{:?}", checked.diagnostics));
    let wasm = portcullis::compile(&checked, &Options::default()).unwrap().output.wasm;
    let corp = Corp::load();
    holds(&mut Interpreter::new(policy), &corp);
    for by_host in [true, false] {
        let mut simulator = Simulator::deployed(&wasm).unwrap();
        simulator.verifies_signatures = by_host;
        holds(&mut simulator, &corp);
    }
    let hold = Simulator::deployed(&wasm).unwrap().allow_on_headers_stop_iteration;
    holds(&mut EnvoyEngine::new(wasm, &[], hold).unwrap(), &corp);
}
