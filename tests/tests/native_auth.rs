//! Envoy's own `api_key_auth` and `basic_auth` beside ours, in the same Envoy, on the same generated requests. They agree on who is let
//! in and as whom, but for the differences that stand here with their reasons.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::collections::BTreeMap;
use std::fs;

use portcullis::Options;
use portcullis::tools::message::{Answer, Request};
use portcullis_tests::differential::random::Random;
use portcullis_tests::differential::world::base64;
use portcullis_tests::envoy::bootstrap::{Routes, filter, gateway, wasm_filter};
use portcullis_tests::envoy::client;
use portcullis_tests::envoy::gate::{Gate, get, header};
use portcullis_tests::envoy::process::{Envoy, run_folder};
use portcullis_tests::envoy::upstream::Upstream;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const KEYS: &[(&str, &str)] = &[("alice", "k-alice"), ("bob", "k bob+1"), ("carol", "Bearer x")];
const USERS: &[(&str, &str)] = &[("anna", "secret"), ("bert", "pass:word"), ("jörg", "ümlaut")];

fn ours(policy: &str) -> Gate {
    Gate::ours(policy, "", "").unwrap()
}

/// What both say of a request: the status, and who the upstream is told.
type Verdict = (u16, Option<String>);

fn verdict(gate: &Gate, request: &Request) -> Verdict {
    let (status, received) = gate.ask(request).unwrap();
    (status, received.as_ref().and_then(|headers| header(headers, "x-who")))
}

/// Compares on all requests. `excused` names the intended difference that a request falls under; each has to occur.
fn compare(native: &Gate, ours: &Gate, requests: Vec<(Request, Option<&'static str>)>, expected: &[&str]) {
    let mut excused: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut admitted, mut refused) = (0, 0);
    for (request, reason) in requests {
        let (theirs, own) = (verdict(native, &request), verdict(ours, &request));
        match (theirs == own, reason) {
            (true, _) if own.0 == 200 => admitted += 1,
            (true, _) => refused += 1,
            (false, Some(reason)) => {
                // Where we differ we are the stricter one.
                assert_ne!(own.0, 200, "{reason}: native {theirs:?}, ours {own:?}: {request:?}");
                *excused.entry(reason).or_default() += 1;
            }
            (false, None) => panic!("native {theirs:?}, ours {own:?}: {request:?}"),
        }
    }
    assert!(admitted >= 40 && refused >= 40, "{admitted} admitted, {refused} refused");
    assert_eq!(excused.keys().copied().collect::<Vec<_>>(), expected, "the differences that occur: {excused:?}");
}

#[test]
fn api_keys_as_envoys_own_filter_takes_them() {
    let credentials: Vec<Value> = KEYS.iter().map(|(client, key)| json!({ "key": key, "client": client })).collect();
    let native = Gate::new(&[filter(
        "keys",
        "api_key_auth.v3.ApiKeyAuth",
        json!({
            "credentials": credentials,
            "key_sources": [{ "header": "x-api-key" }, { "query": "key" }, { "cookie": "key" }],
            "forwarding": { "header": "x-who" },
        }),
    )])
    .unwrap();
    let digest = |key: &str| Sha256::digest(key.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let keys: Vec<String> = KEYS.iter().map(|(name, key)| format!("\"{name}\": \"sha256:{}\"", digest(key))).collect();
    let own = ours(&format!(
        "policy p {{ default = deny 403 }}\napi_key k {{ from = [header \"x-api-key\", query \"key\", cookie \"key\"]  keys = {{ {} }} }}\n\
         scope \"/**\" {{ authenticate k  permit \"all\" {{}}  rewrite request \"who\" {{ set \"x-who\" = k.key_id }} }}",
        keys.join(", ")
    ));
    let mut random = Random::new(11);
    let mut requests = Vec::new();
    let value = |random: &mut Random| -> String {
        match random.below(10) {
            0 => "wrong".to_owned(),
            1 => "k-alice ".trim_end().to_uppercase(),
            2 => "k-alic".to_owned(),
            _ => (*random.pick(&["k-alice", "k bob+1"])).to_owned(),
        }
    };
    let encode = |text: &str| text.replace('+', "%2B").replace(' ', "%20");
    for _ in 0..240 {
        let (mut headers, mut target) = (Vec::new(), "/a".to_owned());
        let mut places = 0;
        if random.chance(45) {
            headers.push(("x-api-key", value(&mut random)));
            places += 1;
        }
        if random.chance(30) {
            target = format!("/a?x=1&key={}", encode(&value(&mut random)));
            places += 1;
        }
        if random.chance(25) {
            headers.push(("cookie", format!("a=b; key={}", value(&mut random).replace(' ', "_"))));
            places += 1;
        }
        if random.chance(10) && headers.first().is_some_and(|(name, _)| *name == "x-api-key") {
            headers.push(("x-api-key", value(&mut random)));
            places += 1;
        }
        // Envoy's filter takes the first place that holds something; two keys in one request are two callers, so we refuse.
        let reason = (places > 1).then_some("several keys in one request");
        requests.push((get(target, headers), reason));
    }
    compare(&native, &own, requests, &["several keys in one request"]);
}

#[test]
fn basic_as_envoys_own_filter_takes_it() {
    let sha1 = |text: &str| {
        use sha1::Digest as _;
        base64(&sha1::Sha1::digest(text.as_bytes()))
    };
    let users: Vec<String> = USERS.iter().map(|(user, password)| format!("{user}:{{SHA}}{}", sha1(password))).collect();
    let native = Gate::new(&[filter(
        "basic",
        "basic_auth.v3.BasicAuth",
        json!({ "users": { "inline_string": users.join("\n") }, "forward_username_header": "x-who" }),
    )])
    .unwrap();
    let known: Vec<String> = USERS
        .iter()
        .map(|(user, password)| format!("\"{user}\": \"{{SHA256}}{}\"", base64(&Sha256::digest(password.as_bytes()))))
        .collect();
    let own = ours(&format!(
        "policy p {{ default = deny 403 }}\nbasic b {{ users = {{ {} }} }}\n\
         scope \"/**\" {{ authenticate b  permit \"all\" {{}}  rewrite request \"who\" {{ set \"x-who\" = b.user }} }}",
        known.join(", ")
    ));
    let mut random = Random::new(12);
    let mut requests = Vec::new();
    for _ in 0..240 {
        let (user, password) = *random.pick(USERS);
        let encoded = base64(format!("{user}:{password}").as_bytes());
        let (value, reason) = match random.below(16) {
            0 => (None, None),
            1 => (Some(format!("Basic {}", base64(format!("{user}:wrong").as_bytes()))), None),
            2 => (Some(format!("Basic {}", base64(format!("nobody:{password}").as_bytes()))), None),
            3 => (Some(format!("Basic {}", base64(user.as_bytes()))), None),
            4 => (Some(format!("Bearer {encoded}")), None),
            5 => (Some("Basic".to_owned()), None),
            6 => (Some("Basic !!!!".to_owned()), None),
            7 => (Some(format!("Basic {}", base64(format!("{user}:").as_bytes()))), None),
            8 => (Some(format!("Basic {}x", encoded)), None),
            9 => (Some(format!("Basic {}", base64(format!("{}:{password}", user.to_uppercase()).as_bytes()))), None),
            _ => (Some(format!("Basic {encoded}")), None),
        };
        let headers = value.into_iter().map(|value| ("authorization", value)).collect();
        requests.push((get("/a".to_owned(), headers), reason));
    }
    // RFC 9110, section 11.1: schemes ignore case. Envoy's filter takes `Basic` alone.
    let lower = get("/a".to_owned(), vec![("authorization", format!("basic {}", base64(b"anna:secret")))]);
    assert_eq!((verdict(&native, &lower).0, verdict(&own, &lower).0), (401, 200));
    compare(&native, &own, requests, &[]);
}

#[test]
fn a_certificate_of_another_authority_reaches_no_policy() {
    use portcullis::tools::message::{Certificate, Tls};
    use portcullis_tests::envoy::bootstrap::secure;
    use portcullis_tests::envoy::tls::Authority;
    use std::net::{Ipv4Addr, TcpStream};

    let policy = "policy p { default = deny 403 }\nmtls peers { sans = [\"spiffe://a.test/*\"] }\n\
                  scope \"/**\" { authenticate peers  permit \"all\" {} }";
    let checked = portcullis::check("peers.policy", policy, &mut |_| Err("no files".to_owned()));
    let folder = run_folder().unwrap();
    let module = folder.join("module.wasm");
    fs::write(&module, portcullis::compile(&checked, &Options::default()).unwrap().output.wasm).unwrap();
    let upstream = Upstream::start(&["upstream".to_owned()]).unwrap();
    let routes = Routes::Clusters { default: "upstream", ports: upstream.ports() };
    let bootstrap = gateway(&[wasm_filter(&module, "", false)], routes, 0, Some(&secure().unwrap()));
    let envoy = Envoy::start(&bootstrap, 1, folder).unwrap();
    let certificate = Certificate { subject: "CN=a".to_owned(), uris: vec!["spiffe://a.test/x".to_owned()], dns: Vec::new() };
    let tls = Tls { certificate: Some(certificate) };
    let ask = |authority: &Authority| {
        upstream.expect(&Answer::ok());
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, envoy.port())).unwrap();
        client::send_by_tls(stream, &get("/a".to_owned(), Vec::new()), &tls, authority)
    };
    assert_eq!(ask(Authority::trusted().unwrap()).unwrap().status, 200);
    let other = Authority::new("Portcullis tests").unwrap();
    let refused = ask(&other).unwrap_err();
    assert!(refused.0.contains("alert") || refused.0.contains("closed") || refused.0.contains("reset"), "{}", refused.0);
    let stats = envoy.admin("/stats?filter=listener.*ssl.fail_verify_error").unwrap();
    assert!(stats.contains(": 1"), "Envoy refused it for its certificate: {stats}");
}
