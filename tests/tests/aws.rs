//! The corpus `aws-sigv4` (38 requests, each signed in a header and in its query), each changed byte of what is signed, and attacks that
//! a signer of our own makes up: in the interpreter and in the module.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::fs;
use std::path::{Path, PathBuf};

use hmac::{Hmac, KeyInit, Mac};
use portcullis::tools::engine::Engine;
use portcullis::tools::message::{Answer, Body, Decision, Headers, Request};
use portcullis_tests::differential::world::hex;
use serde_json::Value;
use sha2::{Digest, Sha256};

fn engines() -> Vec<Box<dyn Engine>> {
    engines_with("")
}

fn engines_with(more: &str) -> Vec<Box<dyn Engine>> {
    let text = format!(
        "policy p {{ default = deny 403 }} config {{ key: secret }} hmac aws {{ scheme = aws_sigv4  secret = config.key  {more} }} \
         scope \"/**\" {{ authenticate aws  permit \"all\" {{ }} }}"
    );
    portcullis_tests::engines::of(&text).unwrap()
}

/// The folders of the suite.
fn suite() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpora/aws-sigv4/tests/aws-signing-test-suite/v4");
    let Ok(entries) = fs::read_dir(&folder) else {
        println!("skipped: {} is not there", folder.display());
        return Vec::new();
    };
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    assert_eq!(folders.len(), 38);
    folders
}

/// A request of the suite as it goes over the wire: what no request line can hold is percent-encoded, folded lines are one.
fn request(text: &str) -> Request {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let unfolded = head.replace("\n ", " ");
    let mut lines = unfolded.lines();
    let (method, rest) = lines.next().unwrap().split_once(' ').unwrap();
    let written = rest.strip_suffix(" HTTP/1.1").unwrap();
    let plain = |byte: &u8| (b'!'..=b'~').contains(byte);
    let target =
        written.bytes().map(|byte| if plain(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect::<String>();
    let mut authority = String::new();
    let mut headers: Headers = Vec::new();
    for line in lines {
        let (name, value) = line.split_once(':').unwrap();
        if name.eq_ignore_ascii_case("host") {
            value.trim().clone_into(&mut authority);
        } else {
            headers.push((name.to_ascii_lowercase(), value.trim().as_bytes().to_vec()));
        }
    }
    let body = body.trim_end_matches('\n').as_bytes().to_vec();
    Request {
        method: method.to_owned(),
        authority,
        headers,
        body: (!body.is_empty()).then_some(Body { bytes: body, split: Some(7), trailers: Headers::new() }),
        ..Request::get(target)
    }
}

struct Case {
    name: String,
    secret: String,
    now: u64,
    request: Request,
    /// Whether the session's token is not signed.
    omits_token: bool,
    /// Whether the suite's signer resolves dots and slashes first: then they are not what is signed.
    normalises: bool,
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for folder in suite() {
        let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
        let context: Value = serde_json::from_str(&read("context.json")).unwrap();
        for form in ["header", "query"] {
            cases.push(Case {
                name: format!("{} {form}", folder.file_name().unwrap().to_string_lossy()),
                secret: context["credentials"]["secret_access_key"].as_str().unwrap().to_owned(),
                // 2015-08-30T12:36:00Z, which all of them have.
                now: 1_440_938_160_000_000_000,
                request: request(&read(&format!("{form}-signed-request.txt"))),
                omits_token: context["omit_session_token"] == true,
                normalises: context["normalize"] == true,
            });
            assert_eq!(context["timestamp"], "2015-08-30T12:36:00Z");
        }
    }
    cases
}

fn decide(engine: &mut dyn Engine, request: &Request) -> Decision {
    engine.request(request, &Answer::ok()).unwrap().decision
}

#[test]
fn the_suite_is_taken() {
    let cases = cases();
    let mut engines = engines();
    let mut wrong = Vec::new();
    for case in &cases {
        for engine in &mut engines {
            engine.set_time(case.now).unwrap();
            engine.start(&serde_json::json!({ "key": case.secret }).to_string()).unwrap();
            let found = decide(engine.as_mut(), &case.request);
            if found != Decision::Allow {
                wrong.push(format!("{} {}: {found:?} {}", engine.name(), case.name, case.request.target));
            }
        }
    }
    println!("{} requests", cases.len());
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(cases.is_empty() || cases.len() == 76);
}

/// Another byte that may stand where this one does.
fn other(byte: u8) -> u8 {
    match byte {
        b'a'..=b'y' | b'A'..=b'Y' | b'0'..=b'8' => byte + 1,
        b'z' | b'Z' => byte - 1,
        _ => b'7',
    }
}

/// All requests that differ in one byte of what is signed.
fn changed(case: &Case) -> Vec<(String, Request)> {
    let mut found = Vec::new();
    let mut add = |what: String, edit: &dyn Fn(&mut Request)| {
        let mut request = case.request.clone();
        edit(&mut request);
        found.push((what, request));
    };
    let is_header = case.name.ends_with("header");
    let path = case.request.target.find('?').unwrap_or(case.request.target.len());
    let dots = case.request.target.get(..path).unwrap().contains("..");
    let token =
        case.request.target.find("&X-Amz-Security-Token").map(|at| at..at + case.request.target[at + 1..].find('&').unwrap_or(0) + 1);
    for at in 0..case.request.target.len() {
        // What a signer that resolves `..` drops is not signed, and nobody gets to see it.
        let dropped = case.normalises && dots && at < path;
        let unsigned = case.omits_token && token.as_ref().is_some_and(|token| token.contains(&at));
        if !dropped && !unsigned {
            add(format!("byte {at} of the target"), &|request| {
                let mut bytes = request.target.clone().into_bytes();
                bytes[at] = other(bytes[at]);
                request.target = String::from_utf8(bytes).unwrap();
            });
        }
    }
    for (n, (name, value)) in case.request.headers.iter().enumerate() {
        let line = String::from_utf8_lossy(value).into_owned();
        // The key's name is signed in the query only: a policy knows its secret, not its name.
        let id = line.find("Credential=").map_or(0..0, |at| at + 11..at + 22);
        for (at, byte) in value.iter().enumerate() {
            let unsigned = (case.omits_token && name == "x-amz-security-token") || id.contains(&at) || name == "content-length";
            if !unsigned {
                add(format!("byte {at} of {name}"), &|request| request.headers[n].1[at] = other(*byte));
            }
        }
        if (is_header || !name.starts_with("x-amz")) && name != "content-length" && !(case.omits_token && name == "x-amz-security-token") {
            add(format!("without {name}"), &|request| drop(request.headers.remove(n)));
            add(format!("{name} twice"), &|request| request.headers.push((name.clone(), value.clone())));
        }
    }
    add("method".to_owned(), &|request| request.method = "PUT".to_owned());
    add("host".to_owned(), &|request| request.authority.push('x'));
    add("an unsigned header that speaks of the signature".to_owned(), &|request| {
        request.headers.push(("x-amz-target".to_owned(), b"a".to_vec()));
    });
    add("the body is not signed".to_owned(), &|request| {
        request.headers.push(("x-amz-content-sha256".to_owned(), b"UNSIGNED-PAYLOAD".to_vec()));
    });
    for more in ["a=b", "A=", "X-Amz-Signature=00", "&", "+", "%zz"] {
        add(format!("{more} in the query"), &|request| {
            request.target.push(if request.target.contains('?') { '&' } else { '?' });
            request.target.push_str(more);
        });
    }
    add("a body".to_owned(), &|request| match &mut request.body {
        Some(body) => body.bytes[0] ^= 1,
        None => request.body = Some(Body { bytes: b"x".to_vec(), split: None, trailers: Headers::new() }),
    });
    found
}

#[test]
fn each_changed_byte_is_refused() {
    let mut engines = engines();
    let (mut taken, mut count) = (Vec::new(), 0);
    for (turn, case) in cases().into_iter().enumerate() {
        let requests = changed(&case);
        for (slow, engine) in engines.iter_mut().enumerate() {
            engine.set_time(case.now).unwrap();
            engine.start(&serde_json::json!({ "key": case.secret }).to_string()).unwrap();
            for (n, (what, request)) in requests.iter().enumerate() {
                // The module takes its time: every fourth change, others for each case.
                if slow == 1 && n % 4 != turn % 4 {
                    continue;
                }
                count += 1;
                if decide(engine.as_mut(), request) == Decision::Allow {
                    taken.push(format!("{} {}: {what}: {}", engine.name(), case.name, request.target));
                }
            }
        }
    }
    println!("{count} changed requests");
    assert!(taken.is_empty(), "{taken:#?}");
}

/// A signer: what it signs, and what it sends of it.
#[derive(Clone)]
struct Signer {
    path: &'static str,
    query: &'static str,
    scope: &'static str,
    date: &'static str,
    headers: &'static str,
    lines: &'static str,
    payload: &'static str,
}

const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const SIGNER: Signer = Signer {
    path: "/",
    query: "",
    scope: "20150830/us-east-1/execute-api/aws4_request",
    date: "20150830T123600Z",
    headers: "host;x-amz-date",
    lines: "host:a.example\nx-amz-date:20150830T123600Z\n",
    payload: EMPTY,
};

impl Signer {
    fn signature(&self) -> String {
        let Signer { path, query, scope, date, headers, lines, payload } = self;
        let request = format!("GET\n{path}\n{query}\n{lines}\n{headers}\n{payload}");
        let message = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", hex(&Sha256::digest(request)));
        let mac = |key: &[u8], text: &str| {
            let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
            mac.update(text.as_bytes());
            mac.finalize().into_bytes().to_vec()
        };
        let key = scope.split('/').fold(b"AWS4a secret".to_vec(), |key, name| mac(&key, name));
        hex(&mac(&key, &message))
    }

    fn header(&self) -> String {
        format!("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/{}, SignedHeaders={}, Signature={}", self.scope, self.headers, self.signature())
    }

    /// What is sent to a target.
    fn to(&self, target: &str) -> Request {
        let mut sent = request(&format!("GET {target} HTTP/1.1\nhost:a.example\nx-amz-date:{}", self.date));
        sent.headers.push(("authorization".to_owned(), self.header().into_bytes()));
        sent
    }
}

/// How both engines decide, some time after 2015-08-30T12:36:00Z.
fn found(engines: &mut [Box<dyn Engine>], seconds: i64, request: &Request) -> (u16, String) {
    let mut answers = engines.iter_mut().map(|engine| {
        engine.set_time((1_440_938_160 + seconds).unsigned_abs() * 1_000_000_000).unwrap();
        engine.start(r#"{"key":"a secret"}"#).unwrap();
        let status = match decide(engine.as_mut(), request) {
            Decision::Allow => 200,
            Decision::Deny { status, .. } => status,
        };
        let counted = engine.counters().unwrap().into_iter().find(|(name, _, count)| name == "aws" && *count > 0);
        (status, counted.map_or(String::new(), |(_, outcome, _)| outcome))
    });
    let (one, other) = (answers.next().unwrap(), answers.next().unwrap());
    assert_eq!(one, other, "{request:?}");
    one
}

#[test]
fn a_path_has_two_forms_and_no_two_paths_share_one() {
    let s3 = "20150830/us-east-1/s3/aws4_request";
    let mut engines = engines();
    for (scope, signed, target, is_taken) in [
        // Encoded once, and twice, as services other than S3 want it.
        (SIGNER.scope, "/a%20b", "/a%20b", true),
        (SIGNER.scope, "/a%2520b", "/a%20b", true),
        // The same signature for another path.
        (SIGNER.scope, "/a%2520b", "/a%2520b", false),
        (SIGNER.scope, "/a%252520b", "/a%2520b", true),
        (SIGNER.scope, "/a%252520b", "/a%20b", false),
        // With dots and slashes resolved, and as they come.
        (SIGNER.scope, "/b", "/a/..//b", true),
        (SIGNER.scope, "/a/..//b", "/a/..//b", true),
        (SIGNER.scope, "/a/..//b", "/b", false),
        (SIGNER.scope, "/a~b", "/a%7Eb", true),
        (SIGNER.scope, "/a%2Bb", "/a+b", true),
        (SIGNER.scope, "/a%20b", "/a+b", false),
        // S3: once, and keys as they are.
        (s3, "/a%20b", "/a%20b", true),
        (s3, "/a%2520b", "/a%20b", false),
        (s3, "/a%2520b", "/a%2520b", true),
        (s3, "/a/..//b", "/a/..//b", true),
        (s3, "/b", "/a/..//b", false),
    ] {
        let sent = Signer { path: signed, scope, ..SIGNER }.to(target);
        let expected = if is_taken { (200, String::new()) } else { (401, "wrong_signature".to_owned()) };
        assert_eq!(found(&mut engines, 0, &sent), expected, "{signed} for {target} in {scope}");
    }
}

#[test]
fn attacks() {
    let mut engines = engines();
    let mut check = |seconds: i64, request: &Request, status: u16, outcome: &str| {
        assert_eq!(found(&mut engines, seconds, request), (status, outcome.to_owned()), "{request:?}");
    };
    let sent = SIGNER.to("/");
    let edited = |edit: &dyn Fn(&mut Request)| {
        let mut request = sent.clone();
        edit(&mut request);
        request
    };
    let header = |from: &str, to: &str| {
        let (from, to) = (from.to_owned(), to.to_owned());
        edited(&move |request| {
            let line = String::from_utf8(request.headers[1].1.clone()).unwrap();
            assert!(line.contains(&from), "{line}");
            request.headers[1].1 = line.replace(&from, &to).into_bytes();
        })
    };
    // Fresh on both sides of its date.
    for (seconds, status, outcome) in [(0, 200, ""), (300, 200, ""), (-300, 200, ""), (301, 401, "stale"), (-301, 401, "stale")] {
        check(seconds, &sent, status, outcome);
    }
    // A new date on an old signature, with the scope's and without.
    check(86_400, &edited(&|request| request.headers[0].1 = b"20150831T123600Z".to_vec()), 401, "malformed");
    let other_day = Signer { date: "20150831T123600Z", lines: "host:a.example\nx-amz-date:20150831T123600Z\n", ..SIGNER }.to("/");
    check(86_400, &other_day, 401, "malformed");
    check(0, &edited(&|request| request.headers[0].1 = b"20150830T123601Z".to_vec()), 401, "wrong_signature");
    for date in ["2015-08-30T12:36:00Z", "20150830T123600", "20150830t123600z", "20150830T246000Z", "20150832T123600Z", ""] {
        check(0, &edited(&|request| request.headers[0].1 = date.as_bytes().to_vec()), 401, "malformed");
    }
    // Another scope.
    check(0, &header("us-east-1", "us-east-2"), 401, "wrong_signature");
    check(0, &header("execute-api", "s3"), 401, "wrong_signature");
    for (from, to) in [
        ("/aws4_request", "/aws4_request/"),
        ("aws4_request", "aws4_requests"),
        ("/us-east-1", "/"),
        ("AKIDEXAMPLE/", "/"),
        ("20150830/", "20150829/"),
        ("host;", ""),
        ("host;x-amz-date", "x-amz-date;host"),
        ("host;", "host;host;"),
        ("host;", "Host;"),
        (";x-amz-date", ""),
        ("x-amz-date", "x-amz-date;"),
        ("Signature=", "Signature=00"),
        ("Signature=", "Signature=A"),
        ("Signature=", "Signature=g"),
        ("SignedHeaders=", "Headers="),
        ("AWS4-HMAC-SHA256 Credential", "AWS4-HMAC-SHA256 Credential=x/20150830/a/b/aws4_request, Credential"),
        (", Signature", ", x=y, Signature"),
    ] {
        check(0, &header(from, to), 401, "malformed");
    }
    check(0, &header("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"), 401, "absent");
    check(0, &header("x-amz-date", "x-amz-date;x-missing"), 401, "wrong_signature");
    // Another name of the key is not signed; spaces between the parts are free.
    check(0, &header("AKIDEXAMPLE", "AKIDOTHER"), 200, "");
    check(0, &header(", ", ","), 200, "");
    // A second date, a second signature.
    check(0, &edited(&|request| request.headers.push(("x-amz-date".to_owned(), SIGNER.date.as_bytes().to_vec()))), 401, "malformed");
    check(0, &edited(&|request| request.target = "/?X-Amz-Signature=00".to_owned()), 400, "doubled");
    check(0, &edited(&|request| request.target = "/?X%2dAmz-Signature=00".to_owned()), 400, "doubled");
    check(0, &edited(&|request| drop(request.headers.remove(1))), 401, "absent");
    // Bodies: what the header says of one is compared with it.
    let with = |payload: &'static str, told: &str, body: &[u8]| {
        let lines = format!("host:a.example\nx-amz-content-sha256:{told}\nx-amz-date:20150830T123600Z\n").leak();
        let mut request = Signer { headers: "host;x-amz-content-sha256;x-amz-date", lines, payload, ..SIGNER }.to("/");
        request.headers.push(("x-amz-content-sha256".to_owned(), told.as_bytes().to_vec()));
        request.body = (!body.is_empty()).then(|| Body { bytes: body.to_vec(), split: Some(1), trailers: Headers::new() });
        request
    };
    let digest: &'static str = hex(&Sha256::digest(b"body")).leak();
    check(0, &with(EMPTY, EMPTY, b""), 200, "");
    check(0, &with(digest, digest, b"body"), 200, "");
    check(0, &with(digest, digest, b"Body"), 401, "wrong_signature");
    check(0, &with(digest, digest, b""), 401, "wrong_signature");
    check(0, &with("UNSIGNED-PAYLOAD", "UNSIGNED-PAYLOAD", b""), 401, "wrong_signature");
    check(0, &with("UNSIGNED-PAYLOAD", "UNSIGNED-PAYLOAD", b"body"), 401, "wrong_signature");
    check(0, &with("STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", b"body"), 401, "wrong_signature");
    // The query: any order, but each piece.
    let query = Signer { query: "a=1&a=2&b=", ..SIGNER };
    for (target, is_taken) in [
        ("/?a=1&a=2&b=", true),
        ("/?b&a=2&a=1", true),
        ("/?a=1&b=&a=%32", true),
        ("/?a=1&a=2", false),
        ("/?a=1&a=2&b=&c=", false),
        ("/?a=1&a=1&b=", false),
    ] {
        check(0, &query.to(target), if is_taken { 200 } else { 401 }, if is_taken { "" } else { "wrong_signature" });
    }
    for target in ["/?a=1&a=2&b=&", "/?&a=1&a=2&b=", "/?a=1&a=2&b=%", "/?a=1&a=2&b=+"] {
        check(0, &query.to(target), 401, "malformed");
    }
    // Too much to look at.
    check(0, &query.to(&format!("/?{}", ["a"; 129].join("&"))), 401, "wrong_signature");
}

#[test]
fn a_signature_in_a_query_ends() {
    let mut engines = engines();
    let presigned = |expires: &str| {
        let query = format!(
            "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Fus-east-1%2Fexecute-api%2Faws4_request\
             &X-Amz-Date=20150830T123600Z&X-Amz-Expires={expires}&X-Amz-SignedHeaders=host"
        )
        .leak();
        let signature = Signer { query, headers: "host", lines: "host:a.example\n", ..SIGNER }.signature();
        request(&format!("GET /?{query}&X-Amz-Signature={signature} HTTP/1.1\nhost:a.example"))
    };
    for (expires, seconds, status, outcome) in [
        ("60", 0, 200, ""),
        ("60", 60, 200, ""),
        ("60", 61, 401, "stale"),
        ("60", -60, 200, ""),
        ("60", -61, 401, "stale"),
        ("604800", -300, 200, ""),
        ("604800", -301, 401, "stale"),
        ("604800", 604_800, 200, ""),
        ("604800", 604_801, 401, "stale"),
        ("604801", 0, 401, "malformed"),
        ("0", 0, 401, "malformed"),
        ("-1", 0, 401, "malformed"),
        ("1e3", 0, 401, "malformed"),
        ("99999999999999999999", 0, 401, "malformed"),
        ("", 0, 401, "malformed"),
    ] {
        assert_eq!(found(&mut engines, seconds, &presigned(expires)), (status, outcome.to_owned()), "{expires} {seconds}");
    }
    let sent = presigned("60");
    for (from, to) in [
        ("X-Amz-Algorithm=AWS4-HMAC-SHA256&", ""),
        ("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1"),
        ("&X-Amz-Expires=60", ""),
        ("&X-Amz-Expires=60", "&X-Amz-Expires=60&X-Amz-Expires=60"),
        ("&X-Amz-SignedHeaders=host", ""),
        ("X-Amz-Date", "X-Amz-Dat"),
    ] {
        let mut changed = sent.clone();
        changed.target = sent.target.replace(from, to);
        assert_ne!(changed.target, sent.target);
        assert_eq!(found(&mut engines, 0, &changed), (401, "malformed".to_owned()), "{from}");
    }
    // One that may come once is good for no longer than it is remembered: 10 minutes, of which 5 are before its date.
    let mut once = engines_with("dedupe = header \"authorization\" for 10m");
    assert_eq!(found(&mut once, 300, &presigned("3600")), (200, String::new()));
    assert_eq!(found(&mut once, 301, &presigned("3600")), (401, "stale".to_owned()));
    assert_eq!(found(&mut once, 61, &presigned("60")), (401, "stale".to_owned()));
    let mut longer = sent.clone();
    longer.target = sent.target.replace("Expires=60", "Expires=600");
    assert_eq!(found(&mut engines, 0, &longer), (401, "wrong_signature".to_owned()));
}
