//! The behaviour corpus on every engine: each test of each case must hold, and the engines must agree about every request.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use portcullis::tools::eval::Interpreter;
use portcullis::tools::sim::Simulator;
use portcullis::tools::test_runner::{TestResult, report};
use portcullis_tests::cases::{self, Case};

/// All cases, or the diagnostics of all that do not check.
fn corpus() -> Vec<Case> {
    cases::load().unwrap_or_else(|diagnostics| panic!("{diagnostics}"))
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

/// Every case on modules in the simulator: all tests hold, and every request has the interpreter's outcome.
fn modules_agree(optimised: bool) {
    let mut failures = Vec::new();
    for case in corpus() {
        let name = if optimised { "optimised module" } else { "unoptimised module" };
        let wasm = match cases::module(&case, optimised) {
            Ok(wasm) => wasm,
            Err(reason) => {
                failures.push(reason);
                continue;
            }
        };
        let mut simulator = match Simulator::new(&wasm) {
            Ok(simulator) => simulator.with_name(name),
            Err(reason) => {
                failures.push(format!("{}: {reason}", case.name));
                continue;
            }
        };
        let ran = cases::run(&case, &mut simulator);
        let failed: Vec<TestResult> = ran.iter().map(|ran| ran.result.clone()).filter(|result| !result.passed).collect();
        if !failed.is_empty() {
            failures.push(format!("{} on the {name}:\n{}", case.name, report(&case.sources, &failed)));
        }
        let expected = cases::run(&case, &mut Interpreter::new(case.policy.clone()));
        failures.extend(cases::differences(&case, &expected, &ran));
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
#[ignore = "the committed stub lacks mechanisms"]
fn unoptimised_modules_agree_with_the_interpreter() {
    modules_agree(false);
}

#[test]
#[ignore = "the committed stub lacks mechanisms"]
fn optimised_modules_agree_with_the_interpreter() {
    modules_agree(true);
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
