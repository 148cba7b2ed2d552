//! What modules may cost, counted in the simulator: host calls, bytes, memory, fuel; and what they must not need of a host.
//!
//! `PORTCULLIS_LARGE_BODY` (MiB, 4 by default, since the simulator interprets) sets the size of the streamed response.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::collections::BTreeMap;

use portcullis::tools::engine::Engine;
use portcullis::tools::message::{Answer, Body, Decision, Outcome, Request, header};
use portcullis::tools::sim::Simulator;
use portcullis::{Compiled, Options};

fn compiled(text: &str) -> Compiled {
    let keys = portcullis_tests::tokens::key_set().to_string();
    let checked = portcullis::check("budget.policy", text, &mut |name| {
        if name == "keys.json" { Ok(keys.clone()) } else { Err("no file".to_owned()) }
    });
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
        headers: headers.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect(),
        ..Request::get(target)
    }
}

fn ok() -> Answer {
    Answer::ok()
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
    assert_eq!(outcome.decision, Decision::deny(403, "default"));
    assert_eq!(
        denied,
        expected(&[
            ("proxy_get_header_map_pairs", 1),
            ("proxy_send_local_response", 1),
            ("proxy_set_property", 1),
            ("proxy_increment_metric", 1),
        ])
    );
    assert_eq!(
        simulator.filter_state().values().map(|value| String::from_utf8_lossy(value).into_owned()).collect::<Vec<_>>(),
        ["deny default"]
    );
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
    assert_eq!(refused.decision, Decision::deny(429, "per_client"));
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
        ("quickstart", EVERYTHING, 64),
    ];
    for (name, text, kib) in policies {
        let report = compiled(text).output.report;
        println!("{name}: {} bytes, {} of them names and the like", report.total, report.custom);
        assert!(report.total <= kib * 1024, "{name}: {} bytes are more than {kib} KiB", report.total);
    }
}

/// What verifies signatures is most of a module that has it, and is there only when the policy's algorithms need it.
#[test]
fn modules_hold_the_signatures_that_they_verify() {
    let policy = |algorithms: &str, crypto: &str| {
        let jwt = format!(
            "algorithms = [{algorithms}] keys = file \"keys.json\" issuer = \"i\" audiences = [\"a\"] {crypto} claims {{ sub: string }}"
        );
        format!("policy p {{}} jwt corp {{ {jwt} }} scope \"/**\" {{ authenticate corp permit \"a\" {{ when corp.sub == \"b\" }} }}")
    };
    let size = |text: &str| {
        let report = compiled(text).output.report;
        println!("{} bytes: {text}", report.total);
        report.total
    };
    let all = "RS256, RS384, RS512, ES256, ES384";
    let by_host = size(&policy(all, "crypto = host"));
    assert!(by_host <= 64 * 1024, "{by_host}");
    let own = size(&policy("RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384", ""));
    assert!(own <= 200 * 1024, "{own}");
    // Each family alone is smaller than both, and the host alone smaller than any.
    let (rsa, curve, both) = (size(&policy("RS256", "")), size(&policy("ES256", "")), size(&policy("RS256, ES256", "")));
    assert!(by_host < rsa && rsa < both && curve < both && both < own, "{by_host} {rsa} {curve} {both} {own}");
    // One that the module may verify itself brings its algorithm along, and no other.
    let one = "jwt own { algorithms = [RS256] keys = file \"keys.json\" from = [header \"x\"] } scope \"/o\" { authenticate own permit \"o\" {} }";
    let mixed = size(&format!("{} {one}", policy(all, "crypto = host")));
    assert!(by_host < mixed && mixed < both, "{by_host} {mixed} {both}");
}

#[test]
fn memory_is_two_pages_and_tables() {
    for (name, text) in [("headers only", HEADERS_ONLY), ("limits", LIMITED), ("quickstart", EVERYTHING)] {
        let report = compiled(text).output.report;
        let mut simulator = started(text);
        let mut pages = Vec::new();
        for round in 0..3 {
            for number in 0..400_u32 {
                let request = Request {
                    client: std::net::IpAddr::from([10, round, 1, u8::try_from(number % 250).unwrap()]),
                    ..get(&format!("/orders/{number}"), &[("x-api-key", "acme-key")])
                };
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

/// What every module needs: one read, a reply, counters, a log line for a configuration that it refuses.
const COMMON: [&str; 8] = [
    "proxy_define_metric",
    "proxy_get_buffer_bytes",
    "proxy_get_header_map_pairs",
    "proxy_increment_metric",
    "proxy_log",
    "proxy_replace_header_map_value",
    "proxy_send_local_response",
    "proxy_set_property",
];

/// Lists of names that are taken together.
type Lists<'a> = &'a [&'a [&'a str]];

#[test]
fn modules_ask_for_what_their_policy_needs_and_no_more() {
    let request: &[&str] = &["proxy_on_configure", "proxy_on_request_headers"];
    let streams: &[&str] = &["proxy_on_delete", "proxy_on_response_headers"];
    let bodies: &[&str] = &["proxy_on_response_body", "proxy_on_response_trailers"];
    let limits: &[&str] =
        &["proxy_get_current_time_nanoseconds", "proxy_get_property", "proxy_get_shared_data", "proxy_set_shared_data", "random_get"];
    let policies: [(&str, Lists<'_>, Lists<'_>); 4] = [
        ("policy p { default = allow }", &[request], &[]),
        (HEADERS_ONLY, &[request], &[&["proxy_remove_header_map_value"]]),
        (LIMITED, &[request, streams], &[limits]),
        (REDACTING, &[request, streams, bodies], &[&["proxy_remove_header_map_value", "proxy_set_buffer_bytes"]]),
    ];
    let sorted = |lists: &[&[&str]]| {
        let mut all: Vec<String> = lists.iter().flat_map(|list| list.iter().map(|name| (*name).to_owned())).collect();
        all.sort();
        all
    };
    for (text, callbacks, host_calls) in policies {
        let report = compiled(text).output.report;
        assert_eq!(report.callbacks, sorted(callbacks), "{text}");
        let mut wanted = host_calls.to_vec();
        wanted.push(&COMMON);
        assert_eq!(report.host_calls, sorted(&wanted), "{text}");
    }
}

/// Custom sections by name.
fn sections(wasm: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let payloads = wasmparser::Parser::new(0).parse_all(wasm);
    let custom = payloads.filter_map(|payload| match payload.unwrap() {
        wasmparser::Payload::CustomSection(section) => Some((section.name().to_owned(), section.data().to_vec())),
        _ => None,
    });
    custom.collect()
}

#[test]
fn a_section_describes_the_policy() {
    let sections = sections(&wasm(HEADERS_ONLY));
    assert_eq!(sections.keys().collect::<Vec<_>>(), ["name", "portcullis"], "nothing else is in it");
    let text: serde_json::Value = serde_json::from_slice(&sections["portcullis"]).unwrap();
    assert_eq!(text["policy"], "p");
    assert_eq!(text["compiler"], portcullis::VERSION);
    assert_eq!(text["source_sha256"].as_str().unwrap().len(), 64);
    assert_eq!(text["host_features"], serde_json::json!(["filter_state", "header_edits", "local_response", "metrics"]));
    let report = compiled(HEADERS_ONLY).output.report;
    assert_eq!(text["callbacks"], serde_json::json!(report.callbacks));
    assert_eq!(text["host_calls"], serde_json::json!(report.host_calls));
    let other: serde_json::Value = serde_json::from_slice(&self::sections(&wasm(LIMITED))["portcullis"]).unwrap();
    assert_ne!(text["source_sha256"], other["source_sha256"]);
}

#[test]
fn functions_are_named_after_rules() {
    // Rules that deny with a reply, edit, or act on responses have code of their own.
    let text = r#"policy p { default = allow }
        forbid "no agents" { when request.headers["user-agent"] == "x" reply 403 "no" }
        rewrite request "mark it" { set "x-a" = request.host }
        rewrite response "stamp it" { set "x-b" = "1" }"#;
    let names = String::from_utf8_lossy(&sections(&wasm(text))["name"]).into_owned();
    for rule in ["no agents", "mark it", "stamp it"] {
        assert!(names.contains(rule), "{rule} in {names}");
    }
}

#[test]
fn old_hosts_and_careless_ones_load_every_module() {
    use wasmparser::{ExternalKind, Payload, ValType, WasmFeatures};
    let baseline = WasmFeatures::MVP
        | WasmFeatures::MUTABLE_GLOBAL
        | WasmFeatures::SIGN_EXTENSION
        | WasmFeatures::SATURATING_FLOAT_TO_INT
        | WasmFeatures::MULTI_VALUE
        | WasmFeatures::BULK_MEMORY;
    for text in [HEADERS_ONLY, LIMITED, REDACTING, EVERYTHING] {
        let wasm = wasm(text);
        // No SIMD, no reference types.
        let types = wasmparser::Validator::new_with_features(baseline).validate_all(&wasm).unwrap();
        let mut memories = 0;
        for payload in wasmparser::Parser::new(0).parse_all(&wasm) {
            let Payload::ExportSection(section) = payload.unwrap() else { continue };
            for export in section {
                let export = export.unwrap();
                match export.kind {
                    ExternalKind::Memory => {
                        assert_eq!(export.name, "memory");
                        memories += 1;
                    }
                    ExternalKind::Func => {
                        let id = types.as_ref().core_function_at(export.index);
                        let ty = types.as_ref().get(id).unwrap().unwrap_func();
                        let plain = |val: &ValType| matches!(val, ValType::I32 | ValType::I64 | ValType::F32 | ValType::F64);
                        assert!(ty.params().iter().chain(ty.results()).all(plain), "{}", export.name);
                    }
                    ExternalKind::FuncExact | ExternalKind::Table | ExternalKind::Global | ExternalKind::Tag => {
                        panic!("exports {}", export.name)
                    }
                }
            }
        }
        // Without one an Envoy would die at the first host call.
        assert_eq!(memories, 1);
    }
}

#[test]
fn a_thousand_headers_lose_none() {
    // Envoy reads no more than 1,024 pairs and writes an empty map for more: edits never write the map as a whole.
    let headers: Vec<(String, String)> = (0..1_500).map(|number| (format!("x-n{number}"), "v".to_owned())).collect();
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let mut simulator = started("policy p { default = allow } rewrite request \"mark\" { set \"x-mark\" = \"1\" }");
    for count in [900, 1_019, 1_024, 1_100, 1_500] {
        let outcome = simulator.request(&get("/", &headers[..count]), &ok()).unwrap();
        match (&outcome.decision, &outcome.forwarded) {
            (Decision::Allow, Some(forwarded)) => {
                assert!(forwarded.headers.len() > count, "{count}");
                assert_eq!(header(&forwarded.headers, "x-mark"), Some(b"1".as_slice()), "{count}");
            }
            // Refused whole is safe, forwarded without its headers is not.
            (Decision::Deny { .. }, None) => assert!(count > 1_000, "{count}"),
            (decision, forwarded) => panic!("{count}: {decision:?} {forwarded:?}"),
        }
    }
}

#[test]
fn every_line_of_a_header_is_seen() {
    let mut simulator = started("policy p { default = allow } forbid \"b\" { when request.headers[\"x-a\"] contains \"bad\" }");
    let outcome = simulator.request(&get("/", &[("x-a", "fine"), ("x-a", "bad")]), &ok()).unwrap();
    assert_eq!(outcome.decision, Decision::deny(403, "b"));
}

fn answer(body: &str, split: usize, trailers: &[(&str, &str)]) -> Answer {
    Answer {
        status: 200,
        headers: vec![("content-type".to_owned(), b"text/plain".to_vec()), ("trailer".to_owned(), b"x-t".to_vec())],
        body: Some(Body {
            bytes: body.as_bytes().to_vec(),
            split: Some(split),
            trailers: trailers.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect(),
        }),
    }
}

#[test]
fn trailers_end_a_body_as_its_last_chunk_would() {
    let mut simulator = started(REDACTING);
    // What is held back as a possible card must come out, masked or not.
    for (body, masked) in [("4111 1111 1111 1111", "**** **** **** 1111"), ("4111 1111", "4111 1111")] {
        for split in [1, 4, 100] {
            let outcome = simulator.request(&get("/", &[]), &answer(body, split, &[("x-t", "1")])).unwrap();
            assert_eq!(String::from_utf8_lossy(&outcome.response.body), masked, "chunks of {split}");
            assert_eq!(outcome.response.trailers, [("x-t".to_owned(), b"1".to_vec())]);
            assert!(outcome.response.complete);
        }
    }
}

#[test]
fn a_response_that_ends_with_its_headers_waits_for_no_body() {
    let mut simulator = started(REDACTING);
    for (method, status) in [("HEAD", 200), ("GET", 204), ("GET", 304)] {
        let request = Request { method: method.to_owned(), ..get("/", &[]) };
        let reply = Answer { status, ..answer("4111 1111 1111 1111", 4, &[]) };
        let outcome = simulator.request(&request, &reply).unwrap();
        assert_eq!((outcome.response.status, outcome.response.complete), (status, true), "{method}");
        assert!(outcome.response.body.is_empty());
    }
}

#[test]
fn a_struct_as_configuration_is_refused_in_words() {
    let mut simulator = Simulator::new(&wasm("policy p { default = allow } config { a: int }")).unwrap();
    // `{"a": 1}` as a google.protobuf.Struct: what Envoy hands over when the configuration is no StringValue.
    let bytes = [0x0a, 0x0e, 0x0a, 0x01, b'a', 0x12, 0x09, 0x11, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f];
    assert!(simulator.start_with(&bytes).is_err());
    assert!(simulator.logs().iter().any(|(_, line)| line.contains("StringValue")), "{:?}", simulator.logs());
    simulator.start("{\"a\": 1}").unwrap();
}

#[test]
fn a_large_response_takes_constant_memory() {
    let mib = std::env::var("PORTCULLIS_LARGE_BODY").map_or(4, |text| text.parse().unwrap());
    let mut simulator = started(REDACTING);
    let text = "order 7 of 4111 1111 1111 1111, paid on the 3rd; ";
    let mut pages = Vec::new();
    for size in [1 << 20, mib << 20] {
        let body = text.repeat(size / text.len());
        let outcome = simulator.request(&get("/", &[]), &answer(&body, 16 * 1024, &[])).unwrap();
        assert!(outcome.response.complete);
        assert_eq!(outcome.response.body.len(), body.len());
        assert!(outcome.response.body == body.replace("4111 1111 1111 1111", "**** **** **** 1111").into_bytes());
        pages.push(simulator.last().memory_pages);
    }
    // 64 KiB may wait in the host's buffer for the end of a possible card: that is what the pages beyond the first two hold.
    assert!(pages[0] == pages[1] && pages[0] <= 7, "memory grows with the body: {pages:?} pages");
}
