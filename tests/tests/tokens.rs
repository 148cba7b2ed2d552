//! Tokens of each algorithm, good ones and ones that are broken in one way each: the same on the interpreter, in the module with the
//! host's signatures and with its own, and in a real Envoy. Each refusal has its reason for the operator and none for the caller.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::collections::BTreeMap;

use portcullis::Options;
use portcullis::ir::hir::JwtAlgorithm;
use portcullis::tools::engine::Engine;
use portcullis::tools::eval::Interpreter;
use portcullis::tools::message::{Answer, Decision, Headers, Request};
use portcullis::tools::sim::Simulator;
use portcullis::tools::test_runner::START;
use portcullis_tests::envoy::engine::EnvoyEngine;
use portcullis_tests::tokens::{self, AUDIENCE, ISSUER, SECRET};
use serde_json::json;

const ALGORITHMS: [JwtAlgorithm; 4] = [JwtAlgorithm::Rs256, JwtAlgorithm::Es256, JwtAlgorithm::EdDsa, JwtAlgorithm::Hs256];

/// The time of the tests in seconds.
const NOW: u64 = START / 1_000_000_000;

/// Those that hosts verify.
const BY_HOST: [JwtAlgorithm; 2] = [JwtAlgorithm::Rs256, JwtAlgorithm::Es256];

/// One scope and one declaration for each algorithm; `more` is said of each.
fn policy(algorithms: &[JwtAlgorithm], more: &str) -> String {
    let mut text = "policy tokens { default = deny 403 }\nconfig { secret_key: secret }\n".to_owned();
    for algorithm in algorithms {
        let name = algorithm.as_str();
        let lower = name.to_lowercase();
        let keys = if algorithm.is_hmac() { "config.secret_key" } else { "file \"keys.json\"" };
        text.push_str(&format!(
            "jwt {lower} {{ issuer = \"{ISSUER}\" audiences = [\"{AUDIENCE}\"] algorithms = [{name}] keys = {keys} max_lifetime = 24h {more}\n\
             from = [bearer, header \"x-token\"] claims {{ sub: string }} }}\n\
             scope \"/{lower}\" {{ authenticate {lower} permit \"{lower} may\" {{ }} rewrite request \"{lower} who\" {{ set \"x-who\" = {lower}.sub }} }}\n"
        ));
    }
    text
}

fn request(algorithm: JwtAlgorithm, place: &str, token: &str) -> Request {
    let value = if place == "authorization" { format!("Bearer {token}") } else { token.to_owned() };
    Request { headers: vec![(place.to_owned(), value.into_bytes())], ..Request::get(format!("/{}", algorithm.as_str().to_lowercase())) }
}

fn ok() -> Answer {
    Answer::ok()
}

fn header(headers: &Headers, name: &str) -> Option<String> {
    headers.iter().find(|(known, _)| known == name).map(|(_, value)| String::from_utf8_lossy(value).into_owned())
}

/// Refuses or accepts as it should, and counts why.
fn holds(engine: &mut dyn Engine, algorithms: &[JwtAlgorithm]) {
    engine.start(&json!({ "secret_key": SECRET }).to_string()).unwrap();
    engine.set_time(START).unwrap();
    let mut expected: BTreeMap<(String, String), u64> = BTreeMap::new();
    for &algorithm in algorithms {
        let name = algorithm.as_str().to_lowercase();
        // Accepted, again from what is remembered of it, and behind those that are refused as well.
        let admitted = |engine: &mut dyn Engine, at: &str| {
            for place in ["authorization", "x-token"] {
                let outcome = engine.request(&request(algorithm, place, &tokens::good(algorithm, NOW)), &ok()).unwrap();
                assert_eq!(outcome.decision, Decision::Allow, "{}: a good token {at}: {outcome:?}", engine.name());
                let forwarded = outcome.forwarded.unwrap();
                assert_eq!(header(&forwarded.headers, "x-who").as_deref(), Some("c-1"));
                assert_eq!(header(&forwarded.headers, place), None, "the upstream gets no token");
            }
        };
        admitted(engine, "at first");
        let broken = tokens::broken(algorithm, NOW);
        assert!(broken.len() >= 50, "{} broken tokens", broken.len());
        for broken in &broken {
            let outcome = engine.request(&request(algorithm, "authorization", &broken.token), &ok()).unwrap();
            let response = &outcome.response;
            assert!(outcome.forwarded.is_none(), "{} lets {algorithm:?} pass: {}", engine.name(), broken.how);
            assert_eq!(response.status, 401, "{}: {algorithm:?} {}", engine.name(), broken.how);
            assert_eq!(outcome.decision, Decision::refuse(401, &name, broken.reason), "{}: {algorithm:?} {}", engine.name(), broken.how);
            let challenge = header(&response.headers, "www-authenticate");
            assert_eq!(challenge.as_deref(), Some("Bearer realm=\"tokens\", error=\"invalid_token\""), "{}", broken.how);
            assert!(response.body.is_empty(), "{}: the caller is told {:?}", broken.how, response.body);
            *expected.entry((name.clone(), broken.reason.to_owned())).or_default() += 1;
        }
        admitted(engine, "at last");
    }
    let mut counted: BTreeMap<(String, String), u64> = BTreeMap::new();
    for (rule, outcome, count) in engine.counters().unwrap() {
        let of_ours = algorithms.iter().any(|algorithm| algorithm.as_str().to_lowercase() == rule);
        if of_ours && count > 0 {
            counted.insert((rule, outcome), count);
        }
    }
    assert_eq!(counted, expected, "{}", engine.name());
}

/// Whether some VM counted this choice of who verifies.
fn chosen(engine: &mut dyn Engine, who: &str) -> bool {
    engine.counters().unwrap().iter().any(|(name, outcome, count)| name == "signatures" && outcome == who && *count > 0)
}

fn compiled(text: &str) -> (portcullis::Checked, Vec<u8>) {
    let keys = tokens::key_set().to_string();
    let checked = portcullis::check("tokens.policy", text, &mut |_| Ok(keys.clone()));
    assert!(checked.policy.is_some(), "{:?}", checked.diagnostics);
    let wasm = portcullis::compile(&checked, &Options::default()).unwrap().output.wasm;
    (checked, wasm)
}

#[test]
fn broken_tokens_are_refused_by_interpreter_and_module() {
    let (checked, wasm) = compiled(&policy(&ALGORITHMS, ""));
    holds(&mut Interpreter::new(checked.policy.unwrap()), &ALGORITHMS);
    let mut simulator = Simulator::deployed(&wasm).unwrap();
    holds(&mut simulator, &ALGORITHMS);
    assert!(!chosen(&mut simulator, "host") && chosen(&mut simulator, "own"), "{:?}", simulator.counters());
    simulator.verifies_signatures = true;
    holds(&mut simulator, &ALGORITHMS);
    assert!(chosen(&mut simulator, "host") && !chosen(&mut simulator, "own"), "{:?}", simulator.counters());
}

#[test]
fn broken_tokens_are_refused_in_envoy() {
    let (_, wasm) = compiled(&policy(&ALGORITHMS, ""));
    let mut envoy = EnvoyEngine::new(wasm, &[], false).unwrap();
    holds(&mut envoy, &ALGORITHMS);
    assert!(chosen(&mut envoy, "host") && !chosen(&mut envoy, "own"), "{:?}", envoy.counters());
}

/// `crypto = host`: the module has no verification of its own, and refuses the same tokens.
#[test]
fn the_host_alone_refuses_the_same() {
    let (checked, wasm) = compiled(&policy(&BY_HOST, "crypto = host"));
    holds(&mut Interpreter::new(checked.policy.unwrap()), &BY_HOST);
    let mut simulator = Simulator::deployed(&wasm).unwrap();
    holds(&mut simulator, &BY_HOST);
    assert!(chosen(&mut simulator, "host"), "{:?}", simulator.counters());
    let mut envoy = EnvoyEngine::new(wasm, &[], false).unwrap();
    holds(&mut envoy, &BY_HOST);
    assert!(chosen(&mut envoy, "host"), "{:?}", envoy.counters());
}

/// Nobody else verifies: a host that cannot is told so when it starts, and one that stops answering admits nobody.
#[test]
fn without_the_host_nobody_verifies() {
    let (_, wasm) = compiled(&policy(&BY_HOST, "crypto = host"));
    let mut simulator = Simulator::new(&wasm).unwrap();
    let configuration = json!({ "secret_key": SECRET }).to_string();
    simulator.start(&configuration).unwrap_err();
    let told = "portcullis: `jwt rs256` has `crypto = host`, and this host has no `verify_signature`";
    assert!(simulator.logs().iter().any(|(_, line)| line == told), "{:?}", simulator.logs());

    let mut simulator = Simulator::deployed(&wasm).unwrap();
    simulator.start(&configuration).unwrap();
    simulator.set_time(START).unwrap();
    simulator.verifies_signatures = false;
    for algorithm in BY_HOST {
        let good = request(algorithm, "authorization", &tokens::good(algorithm, NOW));
        let outcome = simulator.request(&good, &ok()).unwrap();
        assert_eq!(outcome.decision, Decision::deny(503, "fault"), "{algorithm:?}");
        assert!(outcome.forwarded.is_none());
    }
}

/// That the host does not answer is the fate of this check alone: a scope in shadow takes nothing from it, nor does another token.
#[test]
fn without_the_host_a_scope_in_shadow_refuses_nobody() {
    let declared = format!("issuer = \"{ISSUER}\" audiences = [\"{AUDIENCE}\"] claims {{ sub: string }} max_lifetime = 24h");
    let policy = format!(
        "policy shadowed {{ default = deny 403 }}\nconfig {{ secret_key: secret }}\n\
         jwt by_host {{ {declared} algorithms = [RS256] keys = file \"keys.json\" crypto = host }}\n\
         jwt by_secret {{ {declared} algorithms = [HS256] keys = config.secret_key from = [header \"x-token\"] }}\n\
         scope \"/both\" {{ mode = shadow authenticate by_host }}\n\
         scope \"/both\" {{ authenticate by_secret permit \"may\" {{ }} }}\n"
    );
    let (_, wasm) = compiled(&policy);
    let mut simulator = Simulator::deployed(&wasm).unwrap();
    simulator.start(&json!({ "secret_key": SECRET }).to_string()).unwrap();
    simulator.set_time(START).unwrap();
    let request = |by_secret: &str| Request {
        headers: vec![
            ("authorization".to_owned(), format!("Bearer {}", tokens::good(JwtAlgorithm::Rs256, NOW)).into_bytes()),
            ("x-token".to_owned(), by_secret.as_bytes().to_vec()),
        ],
        ..Request::get("/both".to_owned())
    };
    simulator.verifies_signatures = false;
    let outcome = simulator.request(&request(&tokens::good(JwtAlgorithm::Hs256, NOW)), &ok()).unwrap();
    assert_eq!(outcome.decision, Decision::Allow, "{outcome:?}");
    let outcome = simulator.request(&request("no.such.token"), &ok()).unwrap();
    assert_eq!(outcome.decision, Decision::refuse(401, "by_secret", "malformed"));
}
