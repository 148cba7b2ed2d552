//! JSON of other projects as bodies of requests: what has to be read to decide is valid and unambiguous, or refused, by the
//! interpreter and by a module alike. Corpus: JSONTestSuite (`y_` is valid, `n_` is not, `i_` is left to the reader).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::collections::BTreeMap;

use portcullis::tools::engine::Engine;
use portcullis::tools::eval::Interpreter;
use portcullis::tools::message::{Answer, Body, Decision, Headers, Request};
use portcullis::tools::sim::Simulator;
use portcullis_tests::regexes::corpus;

const POLICY: &str = r#"
policy json { default = deny 403 }
permit "whole"   { on "/whole"   when request.body.json is present }
permit "written" { on "/written" when request.body.json is present and json_text(request.body.json) == request.body.text }
"#;

/// Valid by the grammar, refused here because readers take them differently: two members of one name.
const AMBIGUOUS: &[&str] = &["y_object_duplicated_key.json", "y_object_duplicated_key_and_value.json"];

/// Left to the reader by the grammar: what is taken here, numbers of any size and precision. Everything else is refused.
const TAKEN: fn(&str) -> bool = |name| name.starts_with("i_number_");

/// No value at all is no JSON, and nothing to refuse: it has no members.
const EMPTY: &str = "n_structure_no_data.json";

fn request(path: &str, bytes: &[u8]) -> Request {
    Request {
        method: "POST".to_owned(),
        target: path.to_owned(),
        authority: "localhost".to_owned(),
        headers: Headers::from([("content-length".to_owned(), bytes.len().to_string().into_bytes())]),
        body: Some(Body { bytes: bytes.to_vec(), split: None, trailers: Headers::new() }),
        client: std::net::Ipv4Addr::LOCALHOST.into(),
        client_port: 40_000,
        tls: None,
    }
}

/// 200 for a request that was allowed, else the status of the refusal.
fn status(engine: &mut dyn Engine, path: &str, bytes: &[u8]) -> u16 {
    let answer = Answer::ok();
    match engine.request(&request(path, bytes), &answer).unwrap().decision {
        Decision::Allow => 200,
        Decision::Deny { status, .. } => status,
    }
}

#[test]
fn every_text_of_the_suite_is_taken_or_refused_as_it_should_be() {
    let folder = corpus("json-nst/test_parsing");
    if !folder.exists() {
        eprintln!("no corpus at {}: nothing to compare", folder.display());
        return;
    }
    let checked = portcullis::check("json.policy", POLICY, &mut |_| Err("there are no files".to_owned()));
    let compiled = portcullis::compile(&checked, &portcullis::Options::default()).unwrap();
    let mut simulator = Simulator::deployed(&compiled.output.wasm).unwrap();
    let mut interpreter = Interpreter::new(checked.policy.clone().unwrap());
    for engine in [&mut interpreter as &mut dyn Engine, &mut simulator] {
        engine.start("").unwrap();
    }
    let mut files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut counts: BTreeMap<(char, u16), usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for path in files {
        let name = path.file_name().unwrap().to_str().unwrap();
        let bytes = std::fs::read(&path).unwrap();
        let kind = name.chars().next().unwrap();
        let valid = kind == 'y' && !AMBIGUOUS.contains(&name) || kind == 'i' && TAKEN(name);
        let expected = if name == EMPTY {
            403
        } else if valid {
            200
        } else {
            400
        };
        let found = [status(&mut interpreter, "/whole", &bytes), status(&mut simulator, "/whole", &bytes)];
        if found != [expected, expected] {
            wrong.push(format!("{name}: expected {expected}, interpreter and module gave {found:?}"));
        }
        *counts.entry((kind, expected)).or_default() += 1;
        if valid {
            let spaced = bytes.first().is_some_and(u8::is_ascii_whitespace) || bytes.last().is_some_and(u8::is_ascii_whitespace);
            let written = [status(&mut interpreter, "/written", &bytes), status(&mut simulator, "/written", &bytes)];
            assert_eq!(written, if spaced { [403, 403] } else { [200, 200] }, "{name}: the text of the value");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let counted: Vec<usize> =
        ['y', 'n', 'i'].iter().map(|kind| counts.iter().filter(|((of, _), _)| of == kind).map(|(_, n)| n).sum()).collect();
    println!("{counts:?}");
    assert_eq!(counted, [95, 186, 35], "all of the suite was asked");
}
