//! The behaviour corpus on every engine: each test of each case must hold, and the engines must agree about every request.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::collections::BTreeSet;

use portcullis::tools::engine::{Engine, EngineError};
use portcullis::tools::eval::Interpreter;
use portcullis::tools::message::{Answer, Body, Request};
use portcullis::tools::sim::Simulator;
use portcullis::tools::test_runner::{TestResult, report};
use portcullis_tests::cases::{self, Case, Ran};
use portcullis_tests::envoy::engine::EnvoyEngine;

/// All cases and the example, or the diagnostics of all that do not check.
fn corpus() -> Vec<Case> {
    let mut corpus = cases::load().unwrap_or_else(|diagnostics| panic!("{diagnostics}"));
    let quickstart = cases::folder().join("../../examples/quickstart/quickstart.policy");
    corpus.push(cases::load_file(&quickstart).unwrap_or_else(|diagnostics| panic!("{diagnostics}")));
    corpus
}

#[test]
fn the_corpus_is_there() {
    let cases = corpus();
    let tests: usize = cases.iter().map(|case| case.policy.tests.len()).sum();
    assert!(cases.len() >= 15 && tests >= 150, "{} cases with {tests} tests", cases.len());
}

#[test]
fn the_interpreter_holds_every_case() {
    let mut failures = Vec::new();
    for case in corpus() {
        let mut engine = Interpreter::new(case.policy.clone());
        let ran = cases::run(&case, &mut engine);
        let failed: Vec<TestResult> = ran.into_iter().map(|ran| ran.result).filter(|result| !result.passed).collect();
        if !failed.is_empty() {
            failures.push(format!("{}:\n{}", case.name, report(&case.sources, &failed)));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Makes an engine from a case, its outcomes on the interpreter, and its module.
type Make<'a> = &'a dyn Fn(&Case, &[Ran], Vec<u8>) -> Result<Box<dyn Engine>, EngineError>;

/// Runs every case on an engine that is made from its module. All tests must hold, none is skipped, and every request
/// must have the interpreter's outcome.
fn agrees(optimised: bool, make: Make<'_>) {
    let mut failures = Vec::new();
    for case in corpus() {
        let expected = cases::run(&case, &mut Interpreter::new(case.policy.clone()));
        let made = cases::module(&case, optimised)
            .and_then(|wasm| make(&case, &expected, wasm).map_err(|reason| format!("{}: {reason}", case.name)));
        match made {
            Ok(mut engine) => {
                let ran = cases::run(&case, engine.as_mut());
                let failed: Vec<TestResult> = ran.iter().map(|ran| ran.result.clone()).filter(|result| !result.passed).collect();
                if !failed.is_empty() {
                    failures.push(format!("{} on {}:\n{}", case.name, engine.name(), report(&case.sources, &failed)));
                }
                failures.extend(cases::differences(&case, &expected, &ran));
            }
            Err(reason) => failures.push(reason),
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// A module in the simulator.
fn simulator(wasm: &[u8], name: &'static str) -> Result<Box<dyn Engine>, EngineError> {
    Ok(Box::new(Simulator::deployed(wasm)?.with_name(name)))
}

#[test]
fn unoptimised_modules_agree_with_the_interpreter() {
    agrees(false, &|_, _, wasm| simulator(&wasm, "the unoptimised module"));
}

#[test]
fn optimised_modules_agree_with_the_interpreter() {
    agrees(true, &|_, _, wasm| simulator(&wasm, "the optimised module"));
}

#[test]
fn envoy_agrees_with_the_interpreter() {
    agrees(true, &|_, expected, wasm| {
        let outcomes = expected.iter().flat_map(|ran| &ran.outcomes);
        let named = outcomes.filter_map(|outcome| outcome.forwarded.as_ref()?.cluster.clone());
        let clusters: BTreeSet<String> = named.collect();
        let holds = Simulator::deployed(&wasm)?.allow_on_headers_stop_iteration;
        Ok(Box::new(EnvoyEngine::new(wasm, &clusters.into_iter().collect::<Vec<_>>(), holds)?))
    });
}

/// Policies that mask cards on these paths: one redacts as the body comes, one holds it for rules that read it.
const MASKING: [(&str, &str); 2] = [("redact.policy", "/r/a"), ("redact-decided.policy", "/cards/a")];

/// What `test` blocks cannot say: announced trailers end a body like any other, and pass.
fn trailers_end_bodies(path: &str, engine: &mut dyn Engine) {
    engine.start("").unwrap();
    for split in [None, Some(1), Some(5), Some(16)] {
        let trailers = vec![("x-checksum".to_owned(), b"1".to_vec())];
        let body = Body { bytes: b"card 4111 1111 1111 1111".to_vec(), split, trailers: trailers.clone() };
        let answer = Answer {
            status: 200,
            headers: vec![("content-type".to_owned(), b"text/plain".to_vec()), ("trailer".to_owned(), b"x-checksum".to_vec())],
            body: Some(body),
        };
        let response = engine.request(&Request::get(path), &answer).unwrap().response;
        assert_eq!(String::from_utf8_lossy(&response.body), "card **** **** **** 1111", "{path} on {}", engine.name());
        assert_eq!(response.trailers, trailers, "{}", engine.name());
        assert!(response.complete, "{}", engine.name());
    }
}

fn masking(name: &str) -> Case {
    cases::load_file(&cases::folder().join(name)).unwrap_or_else(|diagnostics| panic!("{diagnostics}"))
}

#[test]
fn trailers_end_bodies_on_the_interpreter() {
    for (name, path) in MASKING {
        trailers_end_bodies(path, &mut Interpreter::new(masking(name).policy));
    }
}

#[test]
fn trailers_end_bodies_on_modules() {
    for (file, path) in MASKING {
        let case = masking(file);
        for (optimised, name) in [(false, "the unoptimised module"), (true, "the optimised module")] {
            let wasm = cases::module(&case, optimised).unwrap();
            trailers_end_bodies(path, simulator(&wasm, name).unwrap().as_mut());
        }
    }
}

#[test]
fn trailers_end_bodies_in_envoy() {
    for (file, path) in MASKING {
        let case = masking(file);
        let wasm = cases::module(&case, true).unwrap();
        let holds = Simulator::deployed(&wasm).unwrap().allow_on_headers_stop_iteration;
        trailers_end_bodies(path, &mut EnvoyEngine::new(wasm, &[], holds).unwrap());
    }
}

#[test]
fn differences_are_seen() {
    let case = cases::load_file(&cases::folder().join("decisions.policy")).unwrap_or_else(|diagnostics| panic!("{diagnostics}"));
    let right = cases::run(&case, &mut Interpreter::new(case.policy.clone()));
    let mut wrong = case.policy.clone();
    wrong.rules.reverse();
    let wrong = cases::run(&case, &mut Interpreter::new(wrong));
    assert_eq!(cases::differences(&case, &right, &right), Vec::<String>::new());
    let found = cases::differences(&case, &right, &wrong);
    // The first forbid in the file names the denial: another order gives another name.
    assert!(found.iter().any(|line| line.contains("any forbid beats every permit") && line.contains("request")), "{found:?}");
}
