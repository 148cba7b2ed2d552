//! The Envoy harness itself: a module written by hand that does one thing of each kind, and what is seen of it outside.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::net::IpAddr;

use portcullis::tools::engine::Engine;
use portcullis::tools::message::{Answer, Body, Decision, Headers, Request, header};
use portcullis::tools::test_runner::START;
use portcullis_tests::envoy::engine::EnvoyEngine;

fn engine() -> EnvoyEngine {
    let module = wat::parse_str(include_str!("envoy/probe.wat")).unwrap();
    EnvoyEngine::new(module, &["blue".to_owned()], false).unwrap()
}

fn started() -> EnvoyEngine {
    let mut engine = engine();
    engine.start("").unwrap();
    engine
}

fn get(target: &str) -> Request {
    Request {
        method: "GET".to_owned(),
        target: target.to_owned(),
        authority: "api.example.com".to_owned(),
        headers: Headers::new(),
        body: None,
        client: IpAddr::from([203, 0, 113, 9]),
        client_port: 4711,
        tls: None,
    }
}

fn body(text: &str, split: Option<usize>, trailers: &[(&str, &str)]) -> Option<Body> {
    Some(Body { bytes: text.as_bytes().to_vec(), split, trailers: headers(trailers) })
}

fn headers(lines: &[(&str, &str)]) -> Headers {
    lines.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect()
}

fn ok() -> Answer {
    Answer { status: 200, headers: headers(&[("server", "upstream")]), body: body("fine", None, &[]) }
}

#[test]
fn a_reply_of_the_module_is_a_denial_that_names_its_rule() {
    let outcome = started().request(&get("/deny"), &ok()).unwrap();
    assert_eq!(outcome.decision, Decision::deny(401, "no_key"));
    assert_eq!(outcome.forwarded, None);
    assert_eq!(outcome.response.status, 401);
    assert_eq!(outcome.response.body, b"{\"error\":\"no key\"}");
    let expected = headers(&[("content-length", "18"), ("content-type", "application/json")]);
    let mut seen = outcome.response.headers;
    seen.sort();
    assert_eq!(seen, expected);
    assert!(outcome.response.complete);
}

#[test]
fn the_upstream_receives_edits_the_client_address_and_every_line() {
    let mut request = get("/a?q=1");
    request.method = "POST".to_owned();
    request.headers = headers(&[("X-Odd", "1"), ("x-edited", "no"), ("x-odd", "2"), ("x-edited", "never")]);
    request.body = body("abcdef", Some(2), &[]);
    let mut engine = started();
    let outcome = engine.request(&request, &ok()).unwrap();
    assert_eq!(outcome.decision, Decision::Allow);
    let forwarded = outcome.forwarded.unwrap();
    assert_eq!((forwarded.method.as_str(), forwarded.target.as_str()), ("POST", "/a?q=1"));
    assert_eq!(forwarded.authority, "api.example.com");
    assert_eq!(forwarded.body, b"abcdef");
    assert_eq!(forwarded.cluster, None);
    let expected =
        headers(&[("x-odd", "1"), ("x-odd", "2"), ("content-length", "6"), ("x-edited", "yes"), ("x-client", "203.0.113.9:4711")]);
    assert_eq!(forwarded.headers, expected);
    assert_eq!((outcome.response.status, outcome.response.body.as_slice()), (200, b"fine".as_slice()));
    assert_eq!(engine.counters().unwrap(), [("probe".to_owned(), "allow".to_owned(), 1)]);
}

#[test]
fn clients_come_from_ipv6_too_and_cannot_claim_another_address() {
    let mut request = get("/a");
    request.client = "2001:db8::1".parse().unwrap();
    request.headers = headers(&[("x-forwarded-for", "198.51.100.1")]);
    let forwarded = started().request(&request, &ok()).unwrap().forwarded.unwrap();
    assert_eq!(header(&forwarded.headers, "x-client").unwrap(), b"[2001:db8::1]:4711");
}

#[test]
fn a_named_cluster_is_reached() {
    let forwarded = started().request(&get("/b"), &ok()).unwrap().forwarded.unwrap();
    assert_eq!(forwarded.cluster.as_deref(), Some("blue"));
}

#[test]
fn pieces_of_a_body_arrive_one_by_one_and_trailers_pass() {
    let answer = Answer { status: 200, headers: Headers::new(), body: body("one two six", Some(4), &[("x-sum", "7")]) };
    let mut engine = started();
    // On a busy machine Envoy may read two pieces at once; not every time, though.
    let apart = (0..10).any(|_| {
        let response = engine.request(&get("/t"), &answer).unwrap().response;
        assert_eq!(response.body, b"one two six");
        assert!(response.complete);
        assert_eq!(header(&response.trailers, "x-sum"), Some(b"7".as_slice()));
        header(&response.trailers, "x-pieces").expect("the module's trailer") == b"3"
    });
    assert!(apart, "Envoy never saw the three pieces one by one");
}

#[test]
fn a_request_with_trailers_reaches_the_upstream_whole() {
    let mut request = get("/t");
    request.method = "POST".to_owned();
    request.body = body("abcdef", Some(4), &[("x-sum", "7")]);
    let forwarded = started().request(&request, &ok()).unwrap().forwarded.unwrap();
    assert_eq!(forwarded.body, b"abcdef");
    assert_eq!(header(&forwarded.headers, "content-length"), None);
}

#[test]
fn a_response_that_the_module_breaks_off_is_seen_as_cut() {
    let outcome = started().request(&get("/cut"), &ok()).unwrap();
    assert_eq!(outcome.decision, Decision::Allow);
    assert!(outcome.forwarded.is_some());
    assert_eq!(outcome.response.status, 200);
    assert!(!outcome.response.complete);
}

#[test]
fn a_large_body_passes_both_ways() {
    let mut request = get("/a");
    request.method = "PUT".to_owned();
    let bytes = vec![b'x'; 3 << 20];
    request.body = Some(Body { bytes: bytes.clone(), split: None, trailers: Headers::new() });
    let answer = Answer { status: 200, headers: Headers::new(), body: request.body.clone() };
    let outcome = started().request(&request, &answer).unwrap();
    assert!(outcome.forwarded.unwrap().body == bytes);
    assert!(outcome.response.body == bytes && outcome.response.complete);
}

#[test]
fn head_and_304_have_no_body() {
    let mut engine = started();
    let mut request = get("/a");
    request.method = "HEAD".to_owned();
    let outcome = engine.request(&request, &ok()).unwrap();
    assert!(outcome.response.body.is_empty() && outcome.response.complete);
    let unchanged = Answer { status: 304, headers: Headers::new(), body: None };
    let outcome = engine.request(&get("/a"), &unchanged).unwrap();
    assert_eq!((outcome.response.status, outcome.response.complete), (304, true));
}

#[test]
fn a_refused_configuration_says_why_and_starting_again_forgets() {
    let mut engine = started();
    engine.request(&get("/a"), &ok()).unwrap();
    let error = engine.start("{}").unwrap_err();
    assert!(error.0.contains("configuration `limit` is missing"), "{error}");
    assert!(engine.request(&get("/a"), &ok()).is_err());
    engine.start("{\"limit\":12}").unwrap();
    assert_eq!(engine.counters().unwrap(), [("probe".to_owned(), "allow".to_owned(), 0)]);
}

#[test]
fn the_clock_stands_where_it_was_set() {
    let mut engine = started();
    let told = |engine: &mut EnvoyEngine| {
        let forwarded = engine.request(&get("/now"), &ok()).unwrap().forwarded.unwrap();
        let text = header(&forwarded.headers, "x-now").unwrap().to_vec();
        String::from_utf8(text).unwrap().parse::<u64>().unwrap()
    };
    // Tests begin then, and so does whatever Envoy does before they say so.
    let begin = START / 1_000_000_000;
    assert_eq!(told(&mut engine), begin);
    for seconds in [1_767_225_600, 1_767_229_200, 1_700_000_000] {
        engine.set_time(seconds * 1_000_000_000 + 999_999_999).unwrap();
        assert_eq!(told(&mut engine), seconds);
    }
    // A new start begins there again.
    engine.start("").unwrap();
    assert_eq!(told(&mut engine), begin);
}
