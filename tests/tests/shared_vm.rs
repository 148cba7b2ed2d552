//! Two configurations of one module in one VM, as a hot reload leaves them: streams keep the configuration that they began
//! with, new ones get the new, keys that were known are forgotten; and what a host refuses is a fault with its declared outcome.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use portcullis::tools::engine::Engine;
use portcullis::tools::message::{Answer, Decision, Headers, Request, header};
use portcullis::tools::sim::Simulator;

const POLICY: &str = r#"
policy shared { default = deny 403 }
config { word: string  keys: map<string, string> }
api_key partner { from = [header "x-api-key"]  keys = config.keys }
scope "/api/**" {
  authenticate partner
  permit "all" { on "/api/**" }
}
rewrite response "say" {
  set "x-word" = config.word
  set "x-path" = request.path
}
"#;

/// SHA-256 of `acme-key` and `globex-key`.
const ACME: &str = "sha256:afacab3575137afa4e00d9cbcafcb14c9ae25f779d964eb0ea5b2c4eb5dfd163";
const GLOBEX: &str = "sha256:f2a455b59b858a04c51108416af2042203cb6ac35fa4141fba4148bc856e78d4";

fn configuration(word: &str, digest: &str) -> String {
    format!(r#"{{"word":"{word}","keys":{{"partner":"{digest}"}}}}"#)
}

fn simulator(text: &str) -> Simulator {
    let checked = portcullis::check("shared.policy", text, &mut |_| Err("there are no files".to_owned()));
    let compiled = portcullis::compile(&checked, &portcullis::Options::default()).unwrap_or_else(|found| panic!("{found:?}"));
    Simulator::new(&compiled.output.wasm).unwrap()
}

fn get(target: &str, key: &str) -> Request {
    Request { headers: vec![("x-api-key".to_owned(), key.as_bytes().to_vec())], ..Request::get(target) }
}

fn ok() -> Answer {
    Answer::ok()
}

fn word(headers: &Headers) -> String {
    String::from_utf8(header(headers, "x-word").unwrap_or(b"none").to_vec()).unwrap()
}

#[test]
fn streams_keep_the_configuration_that_they_began_with() {
    let mut simulator = simulator(POLICY);
    simulator.start(&configuration("old", ACME)).unwrap();
    let before = simulator.begin(&get("/api/before", "acme-key")).unwrap();
    simulator.reconfigure(&configuration("new", GLOBEX)).unwrap();
    let during = simulator.request(&get("/api/during", "globex-key"), &ok()).unwrap();
    assert_eq!((during.decision, word(&during.response.headers).as_str()), (Decision::Allow, "new"));
    let outcome = simulator.finish(before, &ok()).unwrap();
    assert_eq!((outcome.decision, word(&outcome.response.headers).as_str()), (Decision::Allow, "old"));
    assert_eq!(header(&outcome.response.headers, "x-path"), Some(b"/api/before".as_slice()));
}

#[test]
fn a_key_that_was_known_is_not_known_to_the_next_configuration() {
    let mut simulator = simulator(POLICY);
    simulator.start(&configuration("old", ACME)).unwrap();
    for _ in 0..3 {
        assert_eq!(simulator.request(&get("/api/a", "acme-key"), &ok()).unwrap().decision, Decision::Allow);
    }
    simulator.reconfigure(&configuration("new", GLOBEX)).unwrap();
    let refused = Decision::refuse(401, "partner", "unknown_key");
    assert_eq!(simulator.request(&get("/api/a", "acme-key"), &ok()).unwrap().decision, refused);
    assert_eq!(simulator.request(&get("/api/a", "globex-key"), &ok()).unwrap().decision, Decision::Allow);
}

#[test]
fn a_refused_configuration_changes_nothing() {
    let mut simulator = simulator(POLICY);
    simulator.start(&configuration("old", ACME)).unwrap();
    for bad in ["{}", r#"{"word":"new","keys":{"partner":"sha256:abc"}}"#, "\n\u{e}\n\u{1}a\u{12}"] {
        simulator.reconfigure(bad).unwrap_err();
        let outcome = simulator.request(&get("/api/a", "acme-key"), &ok()).unwrap();
        assert_eq!((outcome.decision, word(&outcome.response.headers).as_str()), (Decision::Allow, "old"), "{bad}");
    }
}

#[test]
fn many_reloads_do_not_use_memory_up() {
    let mut simulator = simulator(POLICY);
    simulator.start(&configuration("first", ACME)).unwrap();
    let mut pages = 0;
    for number in 0..300 {
        simulator.reconfigure(&configuration(&format!("word {number} {}", "x".repeat(2_000)), ACME)).unwrap();
        let outcome = simulator.request(&get("/api/a", "acme-key"), &ok()).unwrap();
        assert!(word(&outcome.response.headers).starts_with(&format!("word {number} ")));
        if number == 99 {
            pages = simulator.last().memory_pages;
        }
    }
    assert_eq!(simulator.last().memory_pages, pages, "300 reloads take what 100 take");
}
