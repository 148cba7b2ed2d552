//! What modules may cost, counted in the simulator: host calls, bytes, memory, fuel; and what they must not need of a host.
//!
//! `PORTCULLIS_LARGE_BODY` (MiB) sets the size of the streamed response; the release profile does 100 in seconds.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::collections::BTreeMap;

use portcullis::tools::engine::Engine;
use portcullis::tools::message::{Answer, Body, Decision, Headers, Outcome, Request, header};
use portcullis::tools::sim::Simulator;
use portcullis::{Compiled, Options};

fn compiled(text: &str) -> Compiled {
    let checked = portcullis::check("budget.policy", text, &mut |_| Err("there are no files".to_owned()));
    assert!(checked.policy.is_some(), "{:?}", checked.diagnostics);
    portcullis::compile(&checked, &Options::default()).unwrap()
}

fn wasm(text: &str) -> Vec<u8> {
    compiled(text).output.wasm
}

fn started(text: &str) -> Simulator {
    let mut simulator = Simulator::new(&wasm(text)).unwrap();
    simulator.start("").unwrap();
    simulator
}

fn get(target: &str, headers: &[(&str, &str)]) -> Request {
    Request {
        method: "GET".to_owned(),
        target: target.to_owned(),
        authority: "localhost".to_owned(),
        headers: headers.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect(),
        body: None,
        client: "192.0.2.1".parse().unwrap(),
        client_port: 40_000,
    }
}

fn ok() -> Answer {
    Answer { status: 200, headers: Headers::new(), body: None }
}

/// The host calls of a request once metrics are defined, and its outcome.
fn calls(simulator: &mut Simulator, request: &Request, answer: &Answer) -> (BTreeMap<&'static str, u64>, Outcome) {
    simulator.request(request, answer).unwrap();
    let outcome = simulator.request(request, answer).unwrap();
    (simulator.last().host_calls.clone(), outcome)
}

fn expected(calls: &[(&'static str, u64)]) -> BTreeMap<&'static str, u64> {
    calls.iter().copied().collect()
}

const HEADERS_ONLY: &str = r#"
policy p { default = deny 403 json { error: "no" } }
let internal = request.headers["x-internal"] == "yes"
list blocked: string = ["evil", "worse"]
permit "read"  { on GET "/orders/**", "/items/{id}" }
permit "write" { on POST, PUT "/orders/{id}" when internal or request.cookies["role"] == "writer" }
forbid "agents" { when request.headers["user-agent"] in blocked }
rewrite request "mark" { on "/orders/**" set "x-first" = "1" set "x-second" = request.host remove "x-internal" }
"#;

const LIMITED: &str = r#"
policy p { default = allow }
limit per_client { key = client.ip rate = 60 per 1m burst = 2 }
scope "/**" { apply per_client }
"#;

const REDACTING: &str = r#"
policy p { default = allow }
redact response "cards" { any builtin.card -> mask(keep_last = 4) }
"#;

const LIMITED_AND_REDACTING: &str = r#"
policy p { default = allow }
limit per_client { key = client.ip rate = 60 per 1m burst = 2 }
scope "/**" { apply per_client }
redact response "cards" { any builtin.card -> mask(keep_last = 4) header "x-internal-*" -> remove }
"#;

const EVERYTHING: &str = include_str!("../../examples/quickstart/quickstart.policy");

#[test]
fn an_allowed_request_costs_one_read_its_edits_and_a_count() {
    let mut simulator = started(HEADERS_ONLY);
    let (plain, outcome) = calls(&mut simulator, &get("/items/7", &[]), &ok());
    assert_eq!(outcome.decision, Decision::Allow);
    assert_eq!(plain, expected(&[("proxy_get_header_map_pairs", 1), ("proxy_increment_metric", 1)]));
    let (edited, outcome) = calls(&mut simulator, &get("/orders/7", &[("x-internal", "yes")]), &ok());
    assert_eq!(outcome.decision, Decision::Allow);
    // Two headers written, one removed; two rules count: the permit and the rewrite.
    assert_eq!(
        edited,
        expected(&[
            ("proxy_get_header_map_pairs", 1),
            ("proxy_replace_header_map_value", 2),
            ("proxy_remove_header_map_value", 1),
            ("proxy_increment_metric", 2),
        ])
    );
    // A header that is not there is not removed.
    let (spared, _) = calls(&mut simulator, &get("/orders/7", &[]), &ok());
    assert_eq!(spared.get("proxy_remove_header_map_value"), None);
}

#[test]
fn metrics_are_defined_once() {
    let mut simulator = started(HEADERS_ONLY);
    let defined = simulator.last().host_calls.get("proxy_define_metric").copied().unwrap_or_default();
    simulator.request(&get("/items/7", &[]), &ok()).unwrap();
    let first = simulator.last().host_calls.get("proxy_define_metric").copied().unwrap_or_default();
    simulator.request(&get("/items/7", &[]), &ok()).unwrap();
    assert_eq!(simulator.last().host_calls.get("proxy_define_metric"), None);
    assert!(defined + first > 0, "somebody defines them");
}

#[test]
fn a_denied_request_costs_one_read_and_one_reply() {
    let mut simulator = started(HEADERS_ONLY);
    let (denied, outcome) = calls(&mut simulator, &get("/elsewhere", &[]), &ok());
    assert_eq!(outcome.decision, Decision::Deny { status: 403, by: "default".to_owned() });
    assert_eq!(
        denied,
        expected(&[
            ("proxy_get_header_map_pairs", 1),
            ("proxy_send_local_response", 1),
            ("proxy_set_property", 1),
            ("proxy_increment_metric", 1),
        ])
    );
    assert_eq!(simulator.filter_state().values().map(|value| String::from_utf8_lossy(value).into_owned()).collect::<Vec<_>>(), ["deny default"]);
}

#[test]
fn a_limit_costs_an_address_a_clock_and_one_exchange_of_shared_data() {
    let mut simulator = started(LIMITED);
    let (admitted, outcome) = calls(&mut simulator, &get("/", &[]), &ok());
    assert_eq!(outcome.decision, Decision::Allow);
    assert_eq!(admitted.get("proxy_get_shared_data"), Some(&1));
    assert_eq!(admitted.get("proxy_set_shared_data"), Some(&1));
    assert_eq!(admitted.get("proxy_get_property"), Some(&1), "only `source.address`");
    let total: u64 = admitted.values().sum();
    assert!(total <= 9, "{admitted:?}");
    // Refused: the bucket stays, so nothing is written.
    let refused = simulator.request(&get("/", &[]), &ok()).unwrap();
    assert_eq!(refused.decision, Decision::Deny { status: 429, by: "per_client".to_owned() });
    assert_eq!(simulator.last().host_calls.get("proxy_set_shared_data"), None);
}

#[test]
fn modules_are_small() {
    let policies = [
        ("headers only", HEADERS_ONLY, 32),
        ("limits", LIMITED, 64),
        ("redaction", REDACTING, 64),
        ("limits and redaction", LIMITED_AND_REDACTING, 64),
        // All four families at once.
        ("quickstart", EVERYTHING, 72),
    ];
    for (name, text, kib) in policies {
        let report = compiled(text).output.report;
        println!("{name}: {} bytes, {} of them names and the like", report.total, report.custom);
        assert!(report.total <= kib * 1024, "{name}: {} bytes are more than {kib} KiB", report.total);
    }
}

#[test]
fn memory_is_two_pages_and_tables() {
    for (name, text) in [("headers only", HEADERS_ONLY), ("limits", LIMITED), ("quickstart", EVERYTHING)] {
        let report = compiled(text).output.report;
        let mut simulator = started(text);
        let mut pages = Vec::new();
        for round in 0..3 {
            for number in 0..400_u32 {
                let request = Request { client: std::net::IpAddr::from([10, round, 1, u8::try_from(number % 250).unwrap()]), ..get(&format!("/orders/{number}"), &[("x-api-key", "acme-key")]) };
                simulator.request(&request, &ok()).unwrap();
            }
            pages.push(u64::from(simulator.last().memory_pages));
        }
        // Records of streams under way take one page more, once.
        let most = if name == "headers only" { 2 } else { 3 };
        assert_eq!(report.memory_pages, 2, "{name}");
        assert!(pages[0] <= most && pages[0] == pages[1] && pages[1] == pages[2], "{name}: {pages:?}");
    }
}

fn many(rules: usize) -> String {
    let mut text = "policy p { default = deny 403 }\n".to_owned();
    for number in 0..rules {
        text.push_str(&format!("permit \"r{number}\" {{ on GET \"/api/v{}/resource{number}/{{id}}\" }}\n", number % 7));
    }
    text
}

#[test]
fn ten_thousand_path_rules_cost_what_ten_do() {
    let mut fuel = Vec::new();
    for rules in [10, 10_000] {
        let mut simulator = started(&many(rules));
        let last = rules - 1;
        let request = get(&format!("/api/v{}/resource{last}/7", last % 7), &[]);
        let (_, outcome) = calls(&mut simulator, &request, &ok());
        assert_eq!(outcome.decision, Decision::Allow);
        fuel.push(simulator.last().fuel);
    }
    assert!(fuel[1] * 10 <= fuel[0] * 12, "{fuel:?}");
}

#[test]
fn the_same_policy_gives_the_same_bytes() {
    assert_eq!(wasm(EVERYTHING), wasm(EVERYTHING));
    assert_eq!(wasm(HEADERS_ONLY), wasm(HEADERS_ONLY));
}

#[test]
fn modules_ask_for_what_their_policy_needs_and_no_more() {
    let lists = |text: &str| {
        let report = compiled(text).output.report;
        (report.callbacks, report.host_calls)
    };
    let (callbacks, host_calls) = lists(HEADERS_ONLY);
    println!("{callbacks:?}\n{host_calls:?}");
    let (callbacks, host_calls) = lists(LIMITED);
    println!("{callbacks:?}\n{host_calls:?}");
    let (callbacks, host_calls) = lists(REDACTING);
    println!("{callbacks:?}\n{host_calls:?}");
    let (callbacks, host_calls) = lists("policy p { default = allow }");
    println!("{callbacks:?}\n{host_calls:?}");
}

#[test]
fn sections() {
    for payload in wasmparser::Parser::new(0).parse_all(&wasm(HEADERS_ONLY)) {
        match payload.unwrap() {
            wasmparser::Payload::CustomSection(section) => {
                println!("{}: {}", section.name(), section.data().escape_ascii().to_string().chars().take(600).collect::<String>());
            }
            wasmparser::Payload::ExportSection(section) => {
                for export in section {
                    println!("export {}", export.unwrap().name);
                }
            }
            _ => {}
        }
    }
}
