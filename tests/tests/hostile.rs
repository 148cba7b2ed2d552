//! Requests as attackers send them, on the wire to a real Envoy: thousands of header lines, folded lines, NUL,
//! names in capitals, singletons twice, HTTP/2. Where the simulator has the request as well, it must decide alike.
//!
//! In each the question is the same: whatever Envoy makes of it, it never passes a policy that would refuse what was sent.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::process::Command;

use portcullis::tools::engine::Engine;
use portcullis::tools::message::{Answer, Decision, Headers, Request, header};
use portcullis::tools::sim::Simulator;
use portcullis_tests::envoy::engine::EnvoyEngine;

const POLICY: &str = r#"
policy p { default = deny 403  hosts = ["api.example.com"] }
permit "all" { on "/open/**" }
forbid "evil" { when request.headers["x-who"] contains "evil" or request.cookies["who"] == "evil" or request.query["who"] == "evil" }
rewrite request "mark" { set "x-mark" = "1" }
redact response "secrets" { header "x-secret" -> remove }
"#;

fn module() -> Vec<u8> {
    let checked = portcullis::check("hostile.policy", POLICY, &mut |_| Err("there are no files".to_owned()));
    assert!(checked.policy.is_some(), "{:?}", checked.diagnostics);
    portcullis::compile(&checked, &portcullis::Options::default()).unwrap().output.wasm
}

fn envoy() -> EnvoyEngine {
    let mut engine = EnvoyEngine::new(module(), &[], false).unwrap();
    engine.start("").unwrap();
    engine
}

fn simulator() -> Simulator {
    let mut simulator = Simulator::deployed(&module()).unwrap();
    simulator.start("").unwrap();
    simulator
}

fn get(headers: Headers) -> Request {
    Request { authority: "api.example.com".to_owned(), headers, ..Request::get("/open/a") }
}

fn lines(lines: &[(&str, &[u8])]) -> Headers {
    lines.iter().map(|(name, value)| ((*name).to_owned(), value.to_vec())).collect()
}

fn numbered(count: usize) -> Headers {
    (0..count).map(|number| (format!("x-n{number}"), b"v".to_vec())).collect()
}

fn ok() -> Answer {
    Answer::ok()
}

#[test]
fn any_number_of_header_lines_is_seen_whole_or_refused() {
    let (mut envoy, mut simulator) = (envoy(), simulator());
    // The ABI writes no more than 1,024 pairs and 1 MiB; what Envoy reads to us has neither limit.
    for count in [900, 1_015, 1_018, 1_019, 1_020, 1_021, 1_022, 1_023, 1_024, 1_025, 1_500, 3_000] {
        for size in [1, 1_000] {
            let headers = |last: &[u8]| {
                let mut headers: Headers = (0..count).map(|number| (format!("x-n{number}"), b"v".repeat(size))).collect();
                headers.push(("x-who".to_owned(), last.to_vec()));
                headers
            };
            let request = get(headers(b"good"));
            let real = envoy.request(&request, &ok()).unwrap();
            match &real.decision {
                Decision::Allow => {
                    let forwarded = real.forwarded.as_ref().unwrap();
                    let kept = forwarded.headers.iter().filter(|(name, _)| name.starts_with("x-n")).count();
                    assert_eq!(kept, count, "lines were lost");
                    assert!(header(&forwarded.headers, "x-mark").is_some(), "{count} lines pass unseen");
                }
                Decision::Deny { status, by, .. } => assert_eq!((*status, by.as_str()), (503, "fault"), "{count} lines of {size}"),
            }
            let simulated = simulator.request(&request, &ok()).unwrap();
            assert_eq!(simulated.decision, real.decision, "{count} lines of {size}: the simulator differs from Envoy");
            let evil = envoy.request(&get(headers(b"evil")), &ok()).unwrap();
            assert!(matches!(evil.decision, Decision::Deny { status: 403 | 503, .. }), "{count} lines of {size}: {:?}", evil.decision);
        }
    }
}

#[test]
fn any_number_of_response_lines_is_redacted() {
    let (mut envoy, mut simulator) = (envoy(), simulator());
    for count in [900, 1_015, 1_019, 1_020, 1_021, 1_022, 1_023, 1_024, 1_025, 3_000] {
        let mut headers = numbered(count);
        headers.push(("x-secret".to_owned(), b"s".to_vec()));
        let answer = Answer { status: 200, headers, body: None };
        let real = envoy.request(&get(Headers::new()), &answer).unwrap();
        assert_eq!(header(&real.response.headers, "x-secret"), None, "{count} lines");
        let simulated = simulator.request(&get(Headers::new()), &answer).unwrap();
        assert_eq!(simulated.decision, real.decision, "{count} lines: the simulator differs from Envoy");
    }
}

#[test]
fn what_the_wire_hides_is_refused_or_seen() {
    let mut envoy = envoy();
    // Each says `evil` in a way that another reader of the request could understand.
    let attacks: &[(&str, Headers)] = &[
        ("plainly", lines(&[("x-who", b"evil")])),
        ("in capitals", lines(&[("X-WHO", b"evil")])),
        ("in the second line", lines(&[("x-who", b"good"), ("X-Who", b"evil")])),
        ("folded", lines(&[("x-who", b"good\r\n evil")])),
        ("folded with a tab", lines(&[("x-who", b"good,\r\n\tevil")])),
        ("folded, nothing before", lines(&[("x-who", b"\r\n evil")])),
        ("behind a NUL", lines(&[("x-who", b"good\0evil")])),
        ("behind a bare carriage return", lines(&[("x-who", b"good\revil")])),
        ("behind a bare line feed", lines(&[("x-y", b"good\nx-who: evil")])),
        ("with a blank before the colon", lines(&[("x-who ", b"evil")])),
        ("in a cookie", lines(&[("cookie", b"who=evil")])),
        ("in a second cookie line", lines(&[("cookie", b"a=b"), ("Cookie", b"who=evil")])),
        ("in a cookie behind odd separators", lines(&[("cookie", b" ;;,; a ; who=evil")])),
    ];
    for (how, headers) in attacks {
        match envoy.request(&get(headers.clone()), &ok()) {
            Ok(outcome) => {
                let refused = matches!(outcome.decision, Decision::Deny { status: 400 | 403, .. });
                assert!(refused, "{how}: {:?}, forwarded {:?}", outcome.decision, outcome.forwarded);
            }
            // Envoy answered before any filter ran, or closed: nothing reached the upstream.
            Err(error) => assert!(error.to_string().contains("400") || error.to_string().contains("clos"), "{how}: {error}"),
        }
    }
    assert_eq!(envoy.request(&get(lines(&[("x-who", b"good")])), &ok()).unwrap().decision, Decision::Allow);
}

#[test]
fn singletons_twice_never_pass() {
    let mut envoy = envoy();
    let pairs: &[(&str, &[u8], &[u8])] = &[
        ("host", b"api.example.com", b"other.example.com"),
        ("content-type", b"application/json", b"text/plain"),
        ("content-length", b"0", b"1"),
        ("authorization", b"Bearer a", b"Bearer b"),
    ];
    for (name, first, second) in pairs {
        for names in [[name.to_string(), name.to_string()], [name.to_string(), name.to_ascii_uppercase()]] {
            let headers = vec![(names[0].clone(), first.to_vec()), (names[1].clone(), second.to_vec())];
            match envoy.request(&get(headers), &ok()) {
                Ok(outcome) => assert!(matches!(outcome.decision, Decision::Deny { status: 400, .. }), "{names:?}: {:?}", outcome.decision),
                Err(error) => assert!(error.to_string().contains("400"), "{names:?}: {error}"),
            }
        }
    }
}

/// Status of a request over HTTP/2 with prior knowledge, sent by `curl`; `None` where there is none that can.
fn over_http2(envoy: &EnvoyEngine, path: &str, headers: &[&str]) -> Option<String> {
    let version = Command::new("curl").arg("--version").output().ok()?;
    if !String::from_utf8_lossy(&version.stdout).contains("HTTP2") {
        return None;
    }
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--http2-prior-knowledge", "--haproxy-protocol", "--path-as-is", "--max-time", "20"]);
    curl.args(["--output", "/dev/null", "--write-out", "%{http_version} %{http_code}", "-H", "host: api.example.com"]);
    for line in headers {
        curl.args(["-H", line]);
    }
    let url = format!("http://127.0.0.1:{}{path}", envoy.port().unwrap());
    let output = curl.arg(url).output().unwrap();
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn http2_hides_nothing_either() {
    let envoy = envoy();
    let cases: &[(&str, &[&str], &str)] = &[
        ("/open/a", &[], "2 200"),
        ("/elsewhere", &[], "2 403"),
        // Crumbs: HTTP/2 lets one cookie header be sent in pieces.
        ("/open/a", &["cookie: a=1", "cookie: who=evil"], "2 403"),
        ("/open/a", &["cookie: a=1", "cookie: b=2", "cookie: ;", "cookie: who=evil; c=3"], "2 403"),
        ("/open/a", &["cookie: a=1;who=good", "cookie: b=2"], "2 200"),
        ("/open/a", &["x-who: good", "x-who: evil"], "2 403"),
        ("/open/a?who=evil", &[], "2 403"),
        ("/open/a?who=good;who=evil", &[], "2 200"),
        ("/open/../elsewhere", &[], "2 403"),
        ("/open/%2e%2e/elsewhere", &[], "2 403"),
        ("/open/%2f", &[], "2 400"),
        ("/open/a", &["content-type: a/b", "content-type: c/d"], "2 400"),
    ];
    for (path, headers, expected) in cases {
        match over_http2(&envoy, path, headers) {
            Some(seen) => assert_eq!(seen, *expected, "{path} {headers:?}\n{}", envoy.log()),
            None => {
                println!("skipped: there is no curl that speaks HTTP/2");
                return;
            }
        }
    }
}
