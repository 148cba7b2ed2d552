//! The behaviour corpus on every engine: each test of each case must hold, and the engines must agree about every request.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use portcullis::tools::engine::Engine;
use portcullis::tools::eval::Interpreter;
use portcullis::tools::test_runner::{TestResult, report};
use portcullis_tests::cases::{self, Case, Ran};

/// All cases, or the diagnostics of all that do not check.
fn corpus() -> Vec<Case> {
    cases::load().unwrap_or_else(|diagnostics| panic!("{diagnostics}"))
}

/// Runs a case and fails with the report of all its tests when one of them fails.
fn hold(case: &Case, engine: &mut dyn Engine) -> Vec<Ran> {
    let ran = cases::run(case, engine);
    assert!(!ran.is_empty(), "{} has no tests", case.name);
    let failed: Vec<TestResult> = ran.iter().map(|ran| ran.result.clone()).filter(|result| result.failure.is_some()).collect();
    assert!(failed.is_empty(), "{} on {}:\n{}", case.name, engine.name(), report(&case.sources, &failed));
    ran
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

#[test]
fn an_engine_agrees_with_itself() {
    for case in corpus() {
        let first = hold(&case, &mut Interpreter::new(case.policy.clone()));
        let second = hold(&case, &mut Interpreter::new(case.policy.clone()));
        assert_eq!(cases::differences(&case, &first, &second), Vec::<String>::new());
    }
}
