//! The worst case that `portcullis plan` tells is none that a request exceeds: on every behaviour case and on random policies, what the
//! simulator counts in each callback stays below what was computed from the policy for messages of that size.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::collections::BTreeMap;

use portcullis::base::Code;
use portcullis::lower::cost::{self, Cost, Sizes};
use portcullis::tools::engine::{Engine, EngineError, Nanoseconds};
use portcullis::tools::message::{Answer, Body, Headers, Outcome, Request};
use portcullis::tools::sim::Simulator;
use portcullis::{Compiled, ir::hir, plan};
use portcullis_tests::cases;
use portcullis_tests::differential::case::Case;
use portcullis_tests::differential::random::Random;
use portcullis_tests::differential::{engines, policy, request};

/// Header lines that the host adds to a message, and their bytes.
const ADDED: (u64, u64) = (12, 600);

fn lines(headers: &Headers) -> (u64, u64) {
    let bytes = headers.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>();
    (ADDED.0 + headers.len() as u64, ADDED.1 + bytes as u64)
}

fn sizes(request: &Request, answer: &Answer, configuration: usize) -> Sizes {
    let (first, second) = (lines(&request.headers), lines(&answer.headers));
    let line = request.target.len() + request.authority.len() + request.method.len();
    let trailers = |body: &Option<Body>| body.as_ref().map_or(0, |body| body.trailers.len() as u64);
    let part =
        |body: &Option<Body>| body.as_ref().map_or(0, |body| body.split.map_or(body.bytes.len(), |split| split.min(body.bytes.len())));
    let whole = request.body.as_ref().map_or(0, |body| body.bytes.len());
    Sizes {
        lines: first.0.max(second.0) + trailers(&request.body) + trailers(&answer.body),
        bytes: (first.1 + line as u64).max(second.1),
        body: whole.max(part(&answer.body)) as u64,
        configuration: configuration as u64,
    }
}

/// Callbacks of a VM and not of a request; in the last two requests that waited for keys are decided, as many as there are.
const STARTING: [&str; 4] = ["proxy_on_vm_start", "proxy_on_configure", "proxy_on_tick", "proxy_on_http_call_response"];

/// How near measured costs came to computed ones, in hundredths, for each callback: fuel, host calls, bytes.
type Nearness = BTreeMap<&'static str, [u64; 3]>;

/// A simulator that compares each request with what was computed.
struct Measured<'a> {
    simulator: Simulator,
    policy: &'a hir::Policy,
    compiled: Compiled,
    configuration: usize,
    requests: usize,
    exceeded: Vec<String>,
    nearness: Nearness,
}

impl<'a> Measured<'a> {
    /// Nothing for a policy that is refused by name.
    fn new(policy: &'a hir::Policy, optimised: bool) -> Option<Self> {
        let options = if optimised { plan::Options::default() } else { plan::Options::unoptimised() };
        let compiled = match portcullis::compile_policy(policy, "", &portcullis::Options { plan: options }) {
            Ok(compiled) => compiled,
            Err(refused) if refused.iter().all(|finding| finding.code == Code::Unsupported) => return None,
            Err(refused) => panic!("{refused:?}"),
        };
        let simulator = Simulator::deployed(&compiled.output.wasm).unwrap();
        Some(Measured { simulator, policy, compiled, configuration: 0, requests: 0, exceeded: Vec::new(), nearness: Nearness::new() })
    }
}

impl Engine for Measured<'_> {
    fn name(&self) -> &'static str {
        "measured simulator"
    }

    fn start(&mut self, configuration: &str) -> Result<(), EngineError> {
        self.configuration = configuration.len();
        self.simulator.start(configuration)
    }

    fn set_time(&mut self, at: Nanoseconds) -> Result<(), EngineError> {
        self.simulator.set_time(at)
    }

    fn service(&mut self, cluster: &str, answer: Option<Answer>) -> Result<(), EngineError> {
        self.simulator.service(cluster, answer)
    }

    fn request(&mut self, request: &Request, answer: &Answer) -> Result<Outcome, EngineError> {
        let outcome = self.simulator.request(request, answer)?;
        let sizes = sizes(request, answer, self.configuration);
        let worst = cost::worst(self.policy, &self.compiled.plan, &self.compiled.lir, sizes);
        self.requests += 1;
        // Starting is no part of a request.
        for (name, used) in self.simulator.last().dearest.iter().filter(|(name, _)| !STARTING.contains(name)) {
            let Cost { fuel, host_calls, host_bytes } = worst.of(name);
            let near = self.nearness.entry(name).or_default();
            for (near, (used, most)) in
                near.iter_mut().zip([(used.fuel, fuel), (used.host_calls, host_calls), (used.host_bytes, host_bytes)])
            {
                *near = (*near).max((used * 100).checked_div(most).unwrap_or(if used > 0 { u64::MAX } else { 0 }));
            }
            if used.fuel > fuel || used.host_calls > host_calls || used.host_bytes > host_bytes {
                let target: String = request.target.chars().take(60).collect();
                self.exceeded.push(format!("{name} of {} {target}: {used:?}, computed {:?} for {sizes:?}", request.method, worst.of(name)));
            }
        }
        Ok(outcome)
    }

    fn counters(&mut self) -> Result<Vec<(String, String, u64)>, EngineError> {
        self.simulator.counters()
    }
}

fn join(all: &mut Nearness, some: Nearness) {
    for (name, near) in some {
        for (most, near) in all.entry(name).or_default().iter_mut().zip(near) {
            *most = (*most).max(near);
        }
    }
}

#[test]
fn no_behaviour_case_costs_more_than_was_computed() {
    let mut nearness = Nearness::new();
    let (mut requests, mut exceeded) = (0, Vec::new());
    let mut corpus = cases::load().unwrap_or_else(|diagnostics| panic!("{diagnostics}"));
    let quickstart = cases::folder().join("../../examples/quickstart/quickstart.policy");
    corpus.push(cases::load_file(&quickstart).unwrap());
    for case in &corpus {
        for optimised in [true, false] {
            let mut measured = Measured::new(&case.policy, optimised).unwrap();
            cases::run(case, &mut measured);
            requests += measured.requests;
            exceeded.extend(measured.exceeded.into_iter().map(|line| format!("{} (optimised: {optimised}): {line}", case.name)));
            join(&mut nearness, measured.nearness);
        }
    }
    println!("{requests} requests; nearest, in hundredths (fuel, host calls, bytes): {nearness:#?}");
    assert!(requests > 1000, "only {requests} requests were measured");
    assert!(exceeded.is_empty(), "{} cost more, such as\n{}", exceeded.len(), exceeded[..exceeded.len().min(40)].join("\n"));
}

#[test]
fn no_random_request_costs_more_than_was_computed() {
    let policies: u64 = std::env::var("PORTCULLIS_POLICIES").map_or(60, |text| text.parse().unwrap());
    let (mut requests, mut exceeded, mut seed) = (0, Vec::new(), 500_000_u64);
    let mut nearness = Nearness::new();
    let mut run = 0;
    while run < policies {
        seed += 1;
        assert!(seed < 500_000 + 3 * policies, "most random policies are refused");
        let mut random = Random::new(seed);
        let made = policy::policy(&mut random);
        let case = Case { items: made.items, configuration: made.configuration, steps: Vec::new() };
        let Ok(checked) = engines::checked(&case.policy()) else { continue };
        let Some(mut measured) = Measured::new(engines::policy(&checked), seed.is_multiple_of(2)) else { continue };
        run += 1;
        measured.set_time(1_767_225_600_000_000_000).unwrap();
        if measured.start(&case.configuration).is_err() {
            continue;
        }
        for _ in 0..8 {
            let step = request::step(&mut random, &made.world);
            measured.request(&step.request, &step.answer).unwrap();
        }
        requests += measured.requests;
        exceeded.extend(measured.exceeded.into_iter().map(|line| format!("seed {seed}: {line}")));
        join(&mut nearness, measured.nearness);
    }
    println!("{requests} requests; nearest, in hundredths (fuel, host calls, bytes): {nearness:#?}");
    assert!(requests > 300, "only {requests} requests were measured");
    assert!(exceeded.is_empty(), "{} cost more, such as\n{}", exceeded.len(), exceeded[..exceeded.len().min(40)].join("\n"));
}

/// Requests that are as dear as they come, for whatever a policy reads.
fn hostile(policy: &hir::Policy) -> Vec<Request> {
    let text = |part: &str, bytes: usize| part.repeat(bytes / part.len());
    let host = policy.hosts.first().map_or("localhost".to_owned(), |host| match host {
        hir::HostPattern::Exact(name) => name.clone(),
        hir::HostPattern::Under(parent) => format!("a.{parent}"),
    });
    let request = |target: String, lines: Vec<(&str, String)>| Request {
        method: "POST".to_owned(),
        authority: host.clone(),
        headers: lines.into_iter().map(|(name, value)| (name.to_owned(), value.into_bytes())).collect(),
        ..Request::get(target)
    };
    let first = policy.rules.iter().flat_map(|rule| &rule.on).flat_map(|on| &on.templates).next();
    let path = first.map_or("/a".to_owned(), |template| {
        let segments = template.segments.iter().map(|segment| match segment {
            hir::Segment::Literal(text) => format!("/{text}"),
            hir::Segment::Capture(_) | hir::Segment::Any => "/x".to_owned(),
        });
        segments.collect()
    });
    let many = |name: &'static str, value: &str| (0..80).map(|_| (name, value.to_owned())).collect::<Vec<_>>();
    vec![
        request(text("/a", 30_000), vec![]),
        request(text("/../a//.", 30_000), vec![]),
        request(text("/%7e%41", 30_000), vec![]),
        request(format!("/{}", text("é", 30_000)), vec![]),
        request(format!("{path}?{}", text("a=b&", 50_000)), vec![]),
        request(format!("{path}?{}", text("%41+%zz=%41&", 50_000)), vec![]),
        request(path.clone(), vec![("cookie", text("a=b; ", 50_000))]),
        request(path.clone(), vec![("cookie", text(";", 50_000))]),
        request(path.clone(), many("x-a", &text("ab, ", 600))),
        request(path.clone(), many("cookie", &text("role=x; a", 600))),
        request(path.clone(), vec![("user-agent", text("\u{fffd}\u{1f600}a", 50_000)), ("x-forwarded-for", text("10.0.0.1,", 900))]),
        request(path.clone(), vec![("authorization", format!("Basic {}", text("QUFB", 50_000)))]),
        request(path, vec![("x-api-key", text("k", 50_000)), ("x-text", text(" 1", 8000))]),
    ]
}

#[test]
fn no_hostile_request_costs_more_than_was_computed() {
    let (mut requests, mut exceeded, mut nearness) = (0, Vec::new(), Nearness::new());
    for case in cases::load().unwrap_or_else(|diagnostics| panic!("{diagnostics}")) {
        let plain = case.policy.config.is_empty();
        let mut measured = Measured::new(&case.policy, true).unwrap();
        // Cases with a configuration have it in their tests.
        if !plain || measured.start("").is_err() {
            continue;
        }
        for request in hostile(&case.policy) {
            let answer = Answer { status: 200, headers: request.headers.clone(), body: None };
            measured.request(&request, &answer).unwrap();
        }
        for (part, content_type) in [
            ("4111 1111 1111 1111 ", "text/plain"),
            ("4111-", "text/plain"),
            ("[", "application/json"),
            ("[4111111111111111,", "application/json"),
            ("\"\\u0034\\u0031\\u0031\\u0031\",", "application/json"),
            ("4 ", "application/json"),
        ] {
            let Some(request) = hostile(&case.policy).pop() else { continue };
            for split in [None, Some(1000)] {
                let bytes = part.repeat(40_000 / part.len()).into_bytes();
                let body = Some(Body { bytes, split, trailers: Headers::new() });
                let headers = vec![("content-type".to_owned(), content_type.as_bytes().to_vec())];
                measured.request(&Request { headers: Headers::new(), ..request.clone() }, &Answer { status: 200, headers, body }).unwrap();
            }
        }
        for (part, content_type) in [
            ("{\"a\":", "application/json"),
            ("[[1e400,", "application/json"),
            ("{\"items\":[1,2,3],", "application/json"),
            ("a=b&", "application/x-www-form-urlencoded"),
            ("%41+%zz=%41&", "application/x-www-form-urlencoded"),
            ("\u{fffd}", "text/plain"),
        ] {
            let Some(request) = hostile(&case.policy).pop() else { continue };
            for size in [2000, 40_000] {
                let bytes = part.repeat(size / part.len()).into_bytes();
                let headers = vec![("content-type".to_owned(), content_type.as_bytes().to_vec())];
                let body = Some(Body { bytes, split: Some(1000), trailers: Headers::new() });
                let answer = Answer::ok();
                measured.request(&Request { headers, body, ..request.clone() }, &answer).unwrap();
            }
        }
        requests += measured.requests;
        exceeded.extend(measured.exceeded.into_iter().map(|line| format!("{}: {line}", case.name)));
        join(&mut nearness, measured.nearness);
    }
    println!("{requests} requests; nearest, in hundredths (fuel, host calls, bytes): {nearness:#?}");
    assert!(requests > 200, "only {requests} requests were measured");
    assert!(exceeded.is_empty(), "{} cost more, such as\n{}", exceeded.len(), exceeded[..exceeded.len().min(40)].join("\n"));
}

/// A policy with so many rules that each have a path, or a header value, of their own.
fn many(rules: usize, by_path: bool) -> String {
    let mut text = "policy p { default = deny 403 }\n".to_owned();
    for number in 0..rules {
        let rule = if by_path {
            format!("permit \"r{number}\" {{ on \"/api/v{}/r{number}/{{id}}\" when request.headers[\"x-a\"] == \"1\" }}\n", number % 7)
        } else {
            format!("permit \"r{number}\" {{ on \"/api/**\" when request.headers[\"x-a\"] == \"v{number}\" }}\n")
        };
        text.push_str(&rule);
    }
    text
}

#[test]
fn rules_that_no_request_reaches_together_are_not_added_up() {
    for by_path in [true, false] {
        let worst = [20, 2000].map(|rules| {
            let checked = engines::checked(&many(rules, by_path)).unwrap();
            let compiled = portcullis::compile(&checked, &portcullis::Options::default()).unwrap();
            cost::worst(engines::policy(&checked), &compiled.plan, &compiled.lir, Sizes::USUAL).of("proxy_on_request_headers")
        });
        assert!(worst[1].fuel * 10 <= worst[0].fuel * 15, "by path: {by_path}, {worst:?}");
        assert_eq!(worst[0].host_calls, worst[1].host_calls);
    }
}

#[test]
fn a_body_that_is_replaced_by_a_text_for_each_byte_is_paid_for() {
    let text = r#"policy p { default = allow }
        rewrite request "blow up" { set "x-a" = len(replace(replace(request.raw_path, "/", "-------------"), "-", "+++++++++")) }"#;
    let checked = engines::checked(text).unwrap();
    let mut measured = Measured::new(engines::policy(&checked), true).unwrap();
    measured.start("").unwrap();
    let request = Request::get(format!("/?{}", "/".repeat(8000)));
    measured.request(&request, &Answer::ok()).unwrap();
    assert!(measured.exceeded.is_empty(), "{:?}", measured.exceeded);
    assert!(measured.simulator.last().fuel > 1_000_000, "nothing was blown up");
}
