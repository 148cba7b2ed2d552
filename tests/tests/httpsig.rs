//! The corpus `rfc9421-httpsig`: the RFC's request and its examples, in the interpreter and in the module; each byte changed of what is
//! signed is refused. The RFC's shared secret is no text, and a configuration is: with it the example runs natively
//! (`runtime-stub/src/auth/http_signature.rs`); here the same signature base is signed with a secret that is text.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::path::{Path, PathBuf};

use hmac::{Hmac, KeyInit, Mac};
use portcullis::tools::engine::Engine;
use portcullis::tools::message::{Answer, Body, Decision, Headers, Request};

const SECRET: &str = "a secret that is text";
/// The seconds at which the RFC's examples were created.
const CREATED: u64 = 1_618_884_473;

fn corpus() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpora/rfc9421-httpsig/testdata");
    if !path.is_dir() {
        println!("skipped: {} is not there", path.display());
        return None;
    }
    Some(path)
}

fn engines(covers: &str) -> Vec<Box<dyn Engine>> {
    let text = format!(
        "policy p {{ default = deny 403 }} config {{ key: secret }} hmac sig {{ scheme = http_signature  secret = config.key  {covers} }} \
         scope \"/**\" {{ authenticate sig  permit \"all\" {{ }} }}"
    );
    let mut engines = portcullis_tests::engines::of(&text).unwrap();
    for engine in &mut engines {
        engine.set_time(CREATED * 1_000_000_000).unwrap();
        engine.start(&serde_json::json!({ "key": SECRET }).to_string()).unwrap();
    }
    engines
}

/// A request as it is written in a file of the corpus.
fn read(path: &Path) -> Request {
    let text = std::fs::read_to_string(path).unwrap().replace("\r\n", "\n");
    let (head, body) = text.split_once("\n\n").unwrap();
    let mut lines = head.lines();
    let mut first = lines.next().unwrap().split(' ');
    let (method, target) = (first.next().unwrap().to_owned(), first.next().unwrap().to_owned());
    let mut headers: Headers = lines
        .map(|line| {
            let (name, value) = line.split_once(':').unwrap();
            (name.to_ascii_lowercase(), value.trim().as_bytes().to_vec())
        })
        .collect();
    let host = headers.iter().position(|(name, _)| name == "host").unwrap();
    let authority = String::from_utf8(headers.remove(host).1).unwrap();
    let body = body.trim_end_matches('\n').as_bytes().to_vec();
    headers.retain(|(name, _)| name != "content-length");
    Request {
        method,
        target,
        authority,
        headers,
        body: Some(Body { bytes: body, split: Some(7), trailers: Headers::new() }),
        ..Request::get("/")
    }
}

fn code(base: &str) -> String {
    let mac = Hmac::<sha2::Sha256>::new_from_slice(SECRET.as_bytes()).unwrap().chain_update(base).finalize();
    portcullis_tests::differential::world::base64(&mac.into_bytes())
}

fn set(request: &mut Request, name: &str, value: String) {
    request.headers.retain(|(known, _)| known != name);
    request.headers.push((name.to_owned(), value.into_bytes()));
}

fn header<'r>(request: &'r mut Request, name: &str) -> &'r mut Vec<u8> {
    &mut request.headers.iter_mut().find(|(known, _)| known == name).unwrap().1
}

/// The outcome in all engines, which agree.
fn allows(engines: &mut [Box<dyn Engine>], request: &Request) -> bool {
    let mut found = Vec::new();
    for engine in engines {
        let outcome = engine.request(request, &Answer::ok()).unwrap();
        match &outcome.decision {
            Decision::Allow => found.push(true),
            Decision::Deny { status: 401, by, .. } if by == "sig" => found.push(false),
            // A header that has one line, twice.
            Decision::Deny { status: 400, by, .. } if by == "malformed" => found.push(false),
            other => panic!("{}: {other:?}", engine.name()),
        }
    }
    assert!(found.iter().all(|one| Some(one) == found.first()), "{found:?} on {request:?}");
    found[0]
}

/// The RFC's example B.2.5, its base signed with a secret that is text; and what the corpus says that base is.
fn example(folder: &Path) -> (Request, String) {
    let base = std::fs::read_to_string(folder.join("b25_request_sigbase.txt")).unwrap().replace("\r\n", "\n");
    let base = base.trim_end_matches('\n').to_owned();
    let mut request = read(&folder.join("b25_request_signed.txt"));
    set(&mut request, "signature", format!("sig-b25=:{}:", code(&base)));
    (request, base)
}

const B25: &str = r#"covers = ["date", "@authority", "content-type"]"#;

#[test]
fn the_example_with_a_shared_secret() {
    let Some(folder) = corpus() else { return };
    let (request, base) = example(&folder);
    assert!(base.ends_with(r#""@signature-params": ("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret""#));
    assert!(allows(&mut engines(B25), &request));
    // Where nothing is said of it, more than the example covers is asked for.
    assert!(!allows(&mut engines(""), &request));
    assert!(!allows(&mut engines(r#"covers = ["date", "@method"]"#), &request));
}

/// Over plain HTTP `:80` is no part of what is signed, any other port is.
#[test]
fn the_usual_port_is_not_signed() {
    let Some(folder) = corpus() else { return };
    let (request, _) = example(&folder);
    let mut engines = engines(B25);
    for (port, expected) in [(":80", true), (":", true), (":443", false), (":8080", false)] {
        let authority = format!("{}{port}", request.authority);
        assert_eq!(allows(&mut engines, &Request { authority, ..request.clone() }), expected, "{port}");
    }
}

#[test]
fn each_changed_byte_of_what_is_signed_is_refused() {
    let Some(folder) = corpus() else { return };
    let (request, _) = example(&folder);
    let mut engines = engines(B25);
    let mut count = 0;
    for name in ["date", "content-type", "signature-input", "signature"] {
        let length = header(&mut request.clone(), name).len();
        for at in 0..length {
            for change in [1, 2, 0x10] {
                let mut changed = request.clone();
                header(&mut changed, name)[at] ^= change;
                assert!(!allows(&mut engines, &changed), "{name} {at} {change}");
                count += 1;
            }
        }
        let mut missing = request.clone();
        missing.headers.retain(|(known, _)| known != name);
        assert!(!allows(&mut engines, &missing), "{name}");
        // A second line makes another value, or another list of signatures.
        let mut doubled = request.clone();
        let value = header(&mut doubled, name).clone();
        doubled.headers.push((name.to_owned(), value));
        assert!(!allows(&mut engines, &doubled), "{name}");
    }
    for at in 0..request.authority.len() {
        let mut changed = request.clone();
        changed.authority.replace_range(at..=at, "x");
        if changed.authority != request.authority {
            assert!(!allows(&mut engines, &changed), "{}", changed.authority);
            count += 1;
        }
    }
    println!("{count} changed bytes");
    assert!(count > 500);
}

#[test]
fn digests_of_bodies() {
    let Some(folder) = corpus() else { return };
    let mut engines = engines("");
    let names = ["@method", "@authority", "@path", "@query", "content-digest"];
    let mut found = Vec::new();
    for file in ["rfc-test-request.txt", "request1.txt", "request_bad_digest.txt", "request_no_digest.txt"] {
        let path = folder.join(file);
        let mut request = read(&path);
        let digest = request.headers.iter().find(|(name, _)| name == "content-digest").map(|(_, value)| value.clone());
        let (path, query) = request.target.split_once('?').unwrap();
        let values = [
            request.method.clone(),
            request.authority.clone(),
            path.to_owned(),
            format!("?{query}"),
            String::from_utf8(digest.clone().unwrap_or_default()).unwrap(),
        ];
        let count = if digest.is_some() { 5 } else { 4 };
        let list: Vec<String> = names[..count].iter().map(|name| format!("\"{name}\"")).collect();
        let parameters = format!("({});created={CREATED}", list.join(" "));
        let mut base: String = list.iter().zip(&values).map(|(name, value)| format!("{name}: {value}\n")).collect();
        base.push_str(&format!("\"@signature-params\": {parameters}"));
        set(&mut request, "signature-input", format!("s={parameters}"));
        set(&mut request, "signature", format!("s=:{}:", code(&base)));
        found.push((file, allows(&mut engines, &request)));
        if found.last().unwrap().1 {
            for at in 0..request.body.as_ref().unwrap().bytes.len() {
                let mut changed = request.clone();
                changed.body.as_mut().unwrap().bytes[at] ^= 1;
                assert!(!allows(&mut engines, &changed), "{file}: byte {at} of the body");
            }
            for at in 0..request.target.len() {
                let mut changed = request.clone();
                let other = if request.target.as_bytes()[at] == b'z' { "y" } else { "z" };
                changed.target.replace_range(at..=at, other);
                if at > 0 {
                    assert!(!allows(&mut engines, &changed), "{}", changed.target);
                }
            }
            let mut other = request.clone();
            other.method = "PUT".to_owned();
            assert!(!allows(&mut engines, &other));
        }
    }
    assert_eq!(
        found,
        [("rfc-test-request.txt", true), ("request1.txt", true), ("request_bad_digest.txt", false), ("request_no_digest.txt", false)]
    );
}

#[test]
fn signatures_by_other_algorithms_are_passed_over() {
    let Some(folder) = corpus() else { return };
    let mut engines = engines(r#"covers = ["@authority"]"#);
    let mut count = 0;
    for file in [
        "b21_request_signed.txt",
        "b22_request_signed.txt",
        "b23_request_signed.txt",
        "b26_request_signed.txt",
        "verify_request1.txt",
        "verify_request2.txt",
    ] {
        assert!(!allows(&mut engines, &read(&folder.join(file))), "{file}");
        count += 1;
    }
    assert_eq!(count, 6);
}

/// A digest that is written again and again would be computed again and again.
#[test]
fn a_digest_is_computed_once() {
    let Some(folder) = corpus() else { return };
    let mut engines = engines(r#"covers = ["@authority"]"#);
    let mut request = read(&folder.join("rfc-test-request.txt"));
    let authority = request.authority.clone();
    let parameters = format!("(\"@authority\");created={CREATED}");
    let base = format!("\"@authority\": {authority}\n\"@signature-params\": {parameters}");
    set(&mut request, "signature-input", format!("s={parameters}"));
    set(&mut request, "signature", format!("s=:{}:", code(&base)));
    assert!(allows(&mut engines, &request));
    let digest = String::from_utf8(header(&mut request.clone(), "content-digest").clone()).unwrap();
    set(&mut request, "content-digest", format!("{digest}, {digest}"));
    assert!(!allows(&mut engines, &request));
    set(&mut request, "content-digest", format!("{digest}, other=:AAAA:"));
    assert!(allows(&mut engines, &request));
    set(&mut request, "content-digest", "other=:AAAA:".to_owned());
    assert!(!allows(&mut engines, &request));
    // Numbers of structured fields have an end.
    for parameter in ["x=1-2", "x=1234567890123456", "x=1.2345", "x=.5", "x=-"] {
        let mut odd = request.clone();
        set(&mut odd, "content-digest", digest.clone());
        let parameters = format!("{parameters};{parameter}");
        let base = format!("\"@authority\": {authority}\n\"@signature-params\": {parameters}");
        set(&mut odd, "signature-input", format!("s={parameters}"));
        set(&mut odd, "signature", format!("s=:{}:", code(&base)));
        assert!(!allows(&mut engines, &odd), "{parameter}");
    }
}

/// Lines of one field are one value, whichever way they are cut; a component that is named twice covers nothing.
#[test]
fn fields_of_several_lines() {
    let Some(folder) = corpus() else { return };
    let mut engines = engines(r#"covers = ["@authority"]"#);
    let mut sign = |file: &str, components: &[(&str, &str)], change: &dyn Fn(&mut Request)| {
        let mut request = read(&folder.join(file));
        let list: Vec<String> = components.iter().map(|(name, _)| format!("\"{name}\"")).collect();
        let parameters = format!("({});created={CREATED}", list.join(" "));
        let base: String = components.iter().map(|(name, value)| format!("\"{name}\": {value}\n")).collect();
        let base = format!("{base}\"@signature-params\": {parameters}");
        set(&mut request, "signature-input", format!("s={parameters}"));
        set(&mut request, "signature", format!("s=:{}:", code(&base)));
        change(&mut request);
        allows(&mut engines, &request)
    };
    let lines = [("@authority", "example.com"), ("one", "multivalue1, multivalue2")];
    let file = "request_multivalue.txt";
    assert!(sign(file, &lines, &|_| {}));
    assert!(sign(file, &lines, &|request| set(request, "one", "multivalue1, multivalue2".to_owned())));
    assert!(!sign(file, &lines, &|request| set(request, "one", "multivalue1".to_owned())));
    assert!(!sign(file, &lines, &|request| request.headers.push(("one".to_owned(), b"multivalue3".to_vec()))));
    let file = "request_repeated_components.txt";
    let each = [("@authority", "example.com"), ("one", "value1"), ("two", "value2"), ("three", "value2")];
    assert!(sign(file, &each, &|_| {}));
    let twice = [("@authority", "example.com"), ("one", "value1"), ("two", "value2"), ("one", "value1")];
    assert!(!sign(file, &twice, &|_| {}));
}

/// Each file of the corpus is used, or stands here with the reason.
#[test]
fn every_file_is_used_or_listed() {
    let Some(folder) = corpus() else { return };
    let source = include_str!("httpsig.rs");
    let listed = |name: &str| match name {
        // Bases of signatures that are passed over, by keys that are no secrets: the scheme verifies `hmac-sha256` only.
        "b21_request_sigbase.txt" | "b22_request_sigbase.txt" | "b23_request_sigbase.txt" | "b26_request_sigbase.txt" => true,
        // Answers: a policy verifies requests.
        "b24_response_sigbase.txt" | "b24_response_signed.txt" | "rfc-test-response.txt" => true,
        // The RFC's secret is no text, see the head of this file.
        "test-shared-secret" => true,
        name => name.ends_with(".key") || name.ends_with(".pub"),
    };
    for entry in std::fs::read_dir(&folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(listed(&name) || source.matches(&format!("\"{name}\"")).count() > 0, "{name} is neither used nor listed");
    }
}
