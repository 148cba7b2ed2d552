//! Runs `test` blocks on any engine. In: checked tests, an engine. Out: results, and the outcome of every request.

mod configuration;
mod exchange;
mod expectation;
pub mod output;
mod parallel;
mod report;
mod token;
mod value;

use std::collections::BTreeMap;

pub use parallel::run_parallel;
pub use report::report;
pub use token::with_test_keys;

use super::engine::{Engine, EngineError, Nanoseconds};
use super::message::{Outcome, Request};
use crate::base::Span;
use crate::ir::hir;

/// 2026-01-01T00:00:00Z: when a test begins that says nothing else.
pub const START: Nanoseconds = 1_767_225_600_000_000_000;

/// What became of one test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestResult {
    /// The test's name.
    pub name: String,
    /// Whether it ran to its end and everything was as expected.
    pub passed: bool,
    /// The first thing that was not.
    pub failure: Option<Failure>,
    /// Why the engine could not run it; it has neither passed nor failed then.
    pub skipped: Option<String>,
}

/// An expectation that does not hold, or a step that could not be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The step.
    pub span: Span,
    /// What the step says.
    pub expected: String,
    /// What happened instead.
    pub got: String,
}

/// Runs tests one after the other, each on the engine started anew.
pub fn run(policy: &hir::Policy, tests: &[&hir::Test], engine: &mut dyn Engine) -> Vec<TestResult> {
    tests.iter().map(|test| run_one(policy, test, engine).0).collect()
}

/// Runs one test. Also gives the outcomes of all its requests as far as it came: engines can be compared by them.
pub fn run_one(policy: &hir::Policy, test: &hir::Test, engine: &mut dyn Engine) -> (TestResult, Vec<Outcome>) {
    let mut run = Run {
        policy,
        engine,
        now: START,
        variables: Vec::new(),
        configuration: String::new(),
        outcomes: Vec::new(),
        last: None,
        counted: BTreeMap::new(),
    };
    let stopped = run.begin(test).and_then(|()| run.steps(&test.steps)).err();
    let mut result = TestResult { name: test.name.text.clone(), passed: stopped.is_none(), failure: None, skipped: None };
    match stopped {
        Some(Stop::Failed(failure)) => result.failure = Some(failure),
        Some(Stop::Skipped(reason)) => result.skipped = Some(reason),
        None => {}
    }
    (result, run.outcomes)
}

/// Why a test does not go on.
enum Stop {
    Failed(Failure),
    Skipped(String),
}

/// A test under way.
struct Run<'a> {
    policy: &'a hir::Policy,
    engine: &'a mut dyn Engine,
    now: Nanoseconds,
    /// Of the `repeat`s around the step.
    variables: Vec<(String, u64)>,
    /// What the engine was started with.
    configuration: String,
    outcomes: Vec<Outcome>,
    last: Option<(Request, Outcome)>,
    /// Counters at the beginning: engines that live longer than a test do not begin at zero.
    counted: BTreeMap<String, u64>,
}

impl Run<'_> {
    /// Starts the engine with the test's configuration and the first clock.
    fn begin(&mut self, test: &hir::Test) -> Result<(), Stop> {
        let (configuration, span) = configuration::of(self.policy, test);
        let failed = |expected: &str, error: EngineError| Stop::Failed(Failure { span, expected: expected.to_owned(), got: error.0 });
        for (cluster, answer) in token::services(self.policy) {
            self.engine.service(&cluster, Some(answer)).map_err(|error| failed("services that answer", error))?;
        }
        self.engine.start(&configuration).map_err(|error| failed("a configuration that the policy accepts", error))?;
        self.configuration = configuration;
        self.engine.set_time(self.now).map_err(|error| Stop::Skipped(error.0))?;
        self.counted = self.count().map_err(|error| failed("counters", error))?;
        Ok(())
    }

    fn steps(&mut self, steps: &[hir::Step]) -> Result<(), Stop> {
        for step in steps {
            match step {
                hir::Step::At(time, _) => self.set_time(*time)?,
                hir::Step::Wait(duration, _) => self.set_time(self.now.saturating_add(*duration))?,
                // All of a test's configuration is there from its beginning.
                hir::Step::Config(..) => {}
                hir::Step::Repeat(times, variable, steps) => {
                    for round in 0..*times {
                        self.variables.push((variable.clone(), round));
                        let result = self.steps(steps);
                        self.variables.pop();
                        result?;
                    }
                }
                hir::Step::Request(given, span) => self.request(given, *span)?,
                hir::Step::Expect(expected, span) => self.expect(expected, *span)?,
            }
        }
        Ok(())
    }

    fn set_time(&mut self, time: Nanoseconds) -> Result<(), Stop> {
        self.now = time;
        self.engine.set_time(time).map_err(|error| Stop::Skipped(error.0))
    }

    fn request(&mut self, given: &hir::Given, span: Span) -> Result<(), Stop> {
        let failed = |got: String| Stop::Failed(Failure { span, expected: "a request that can be sent".to_owned(), got });
        let (request, answer) = exchange::of(self.policy, &self.configuration, given, &self.variables, self.now).map_err(failed)?;
        let outcome = self.engine.request(&request, &answer).map_err(|error| failed(error.0))?;
        self.outcomes.push(outcome.clone());
        self.last = Some((request, outcome));
        Ok(())
    }

    fn expect(&mut self, expected: &hir::Expectation, span: Span) -> Result<(), Stop> {
        let failed = |(expected, got): (String, String)| Stop::Failed(Failure { span, expected, got });
        if let hir::Expectation::Count(name, times) = expected {
            let before = self.counted.get(name).copied().unwrap_or(0);
            let now = self.count().map_err(|error| failed(("counters".to_owned(), error.0)))?;
            let counted = now.get(name).copied().unwrap_or(0).saturating_sub(before);
            let differs = || failed((format!("`{name}` counted {times} times"), format!("{counted} times")));
            return if counted == *times { Ok(()) } else { Err(differs()) };
        }
        let Some((_, outcome)) = &self.last else {
            return Err(failed(("a request before this".to_owned(), "none".to_owned())));
        };
        expectation::check(expected, outcome, &self.variables).map_err(failed)
    }

    /// How often each rule, limit or credential acted, all outcomes together.
    fn count(&mut self) -> Result<BTreeMap<String, u64>, EngineError> {
        let mut sums = BTreeMap::new();
        for (rule, _, value) in self.engine.counters()? {
            *sums.entry(rule).or_insert(0) += value;
        }
        Ok(sums)
    }
}

#[cfg(test)]
mod tests;
