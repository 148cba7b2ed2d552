//! Runs one case on every engine and compares what can be seen. In: a case. Out: the first disagreement.

use std::panic::{AssertUnwindSafe, catch_unwind};

use portcullis::base::{Code, Severity};
use portcullis::ir::hir;
use portcullis::plan;
use portcullis::tools::compare::comparable;
use portcullis::tools::engine::Engine;
use portcullis::tools::eval::Interpreter;
use portcullis::tools::message::Outcome;
use portcullis::tools::sim::Simulator;

use super::case::Case;

/// The clock at the first request: 2026-01-01T00:00:00Z.
pub const BEGINNING: u64 = 1_767_225_600_000_000_000;

/// What an engine did with a case.
#[derive(Debug, PartialEq, Eq)]
struct Trace {
    /// Why the configuration was refused.
    refused: Option<String>,
    outcomes: Vec<Outcome>,
    counters: Vec<(String, String, u64)>,
}

/// Two engines that differ, or one that failed.
#[derive(Clone, Debug)]
pub struct Disagreement {
    /// The engine that differs from the interpreter.
    pub engine: String,
    /// What differs; shrinking keeps it the same.
    pub kind: &'static str,
    /// Which request, if it is one.
    pub step: Option<usize>,
    /// What the interpreter did.
    pub expected: String,
    /// What the engine did.
    pub found: String,
    /// What the module logged.
    pub logs: Vec<String>,
}

/// A policy through the front end; `None` when the checker refuses it.
pub fn checked(text: &str) -> Result<portcullis::Checked, String> {
    let checked = portcullis::check("random.policy", text, &mut |_| Err("there are no files".to_owned()));
    if checked.policy.is_some() {
        Ok(checked)
    } else {
        Err(format!("{:?}", checked.diagnostics.iter().filter(|found| found.severity == Severity::Error).collect::<Vec<_>>()))
    }
}

/// The typed policy of a case.
pub fn policy(checked: &portcullis::Checked) -> &hir::Policy {
    checked.policy.as_ref().unwrap()
}

/// Runs a case. `pass` names one optional pass that is left out in a third module. `Err` is a policy that is refused.
pub fn run(case: &Case, pass: Option<&'static str>) -> Result<Option<Disagreement>, String> {
    let checked = checked(&case.policy())?;
    let mut interpreter = Interpreter::new(policy(&checked).clone());
    let expected = match guarded("interpreter", || trace(&mut interpreter, case)) {
        Ok(Ok(trace)) => trace,
        Ok(Err(error)) | Err(error) => return Ok(Some(failure("interpreter", error, Vec::new()))),
    };
    let mut variants = vec![("optimised", plan::Options::default()), ("unoptimised", plan::Options::unoptimised())];
    if let Some(pass) = pass {
        variants.push((pass, plan::Options { without: std::iter::once(pass).collect() }));
    }
    for (name, options) in variants {
        let options = portcullis::Options { plan: options };
        let compiled = match guarded(name, || portcullis::compile(&checked, &options)) {
            Ok(Ok(compiled)) => compiled,
            // What this version does not compile is refused by name, when compiling too.
            Ok(Err(diagnostics)) if diagnostics.iter().all(|finding| finding.code == Code::Unsupported) => {
                return Err(format!("{diagnostics:?}"));
            }
            Ok(Err(diagnostics)) => return Ok(Some(failure(name, format!("does not compile: {diagnostics:?}"), Vec::new()))),
            Err(error) => return Ok(Some(failure(name, error, Vec::new()))),
        };
        let mut simulator = match Simulator::deployed(&compiled.output.wasm) {
            Ok(simulator) => simulator,
            Err(error) => return Ok(Some(failure(name, format!("does not load: {error}"), Vec::new()))),
        };
        let found = guarded(name, || trace(&mut simulator, case));
        let logs: Vec<String> = simulator.logs().iter().map(|(level, line)| format!("{level} {line}")).collect();
        let found = match found {
            Ok(Ok(trace)) => trace,
            Ok(Err(error)) | Err(error) => return Ok(Some(failure(name, error, logs))),
        };
        if let Some(disagreement) = compare(name, &expected, &found, logs) {
            return Ok(Some(disagreement));
        }
    }
    Ok(None)
}

fn failure(engine: &str, error: String, logs: Vec<String>) -> Disagreement {
    Disagreement { engine: engine.to_owned(), kind: "failure", step: None, expected: "a run".to_owned(), found: error, logs }
}

/// A panic is a finding like any other.
fn guarded<T>(name: &str, action: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(action)).map_err(|panic| {
        let text = panic.downcast_ref::<String>().cloned().or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        format!("{name} panicked: {}", text.unwrap_or_default())
    })
}

fn trace(engine: &mut dyn Engine, case: &Case) -> Result<Trace, String> {
    let mut now = BEGINNING;
    engine.set_time(now).map_err(|error| error.to_string())?;
    for (cluster, answer) in super::tokens::services() {
        engine.service(cluster, answer).map_err(|error| error.to_string())?;
    }
    if let Err(error) = engine.start(&case.configuration) {
        return Ok(Trace { refused: Some(error.to_string()), outcomes: Vec::new(), counters: Vec::new() });
    }
    let mut outcomes = Vec::new();
    for step in &case.steps {
        now += step.wait;
        engine.set_time(now).map_err(|error| error.to_string())?;
        let outcome = engine.request(&step.request, &step.answer).map_err(|error| error.to_string())?;
        outcomes.push(comparable(&outcome));
    }
    let counters = engine.counters().map_err(|error| error.to_string())?.into_iter().filter(|(_, _, count)| *count > 0);
    // Who verifies signatures is a matter of hosts, and the interpreter has none.
    let counters = counters.filter(|(name, outcome, _)| name != "signatures" || !["host", "own"].contains(&outcome.as_str())).collect();
    Ok(Trace { refused: None, outcomes, counters })
}

fn compare(name: &str, expected: &Trace, found: &Trace, logs: Vec<String>) -> Option<Disagreement> {
    let differ = |kind, step, expected: String, found: String| {
        Some(Disagreement { engine: name.to_owned(), kind, step, expected, found, logs: logs.clone() })
    };
    match (&expected.refused, &found.refused) {
        (None, None) => {}
        // The host tells of a refusal only that there was one; the sentence stands in the log.
        (Some(sentence), Some(_)) if logs.iter().any(|line| line.contains(sentence)) => return None,
        (expected, found) => return differ("configuration", None, format!("{expected:?}"), format!("{found:?}")),
    }
    for (index, (expected, found)) in expected.outcomes.iter().zip(&found.outcomes).enumerate() {
        let kind = if expected.decision != found.decision {
            "decision"
        } else if expected.forwarded != found.forwarded {
            "forwarded"
        } else if expected.response != found.response {
            "response"
        } else {
            continue;
        };
        return differ(kind, Some(index), shown(expected), shown(found));
    }
    if expected.counters != found.counters {
        return differ("counters", None, format!("{:?}", expected.counters), format!("{:?}", found.counters));
    }
    None
}

/// An outcome with its bytes as text.
fn shown(outcome: &Outcome) -> String {
    let text = |bytes: &[u8]| bytes.escape_ascii().to_string();
    let headers =
        |headers: &[(String, Vec<u8>)]| headers.iter().map(|(name, value)| format!("\n      {name}: {}", text(value))).collect::<String>();
    let mut out = format!("{:?}", outcome.decision);
    if let Some(forwarded) = &outcome.forwarded {
        out.push_str(&format!(
            "\n    forwarded {} {} host {} cluster {:?} body `{}`{}",
            forwarded.method,
            forwarded.target,
            forwarded.authority,
            forwarded.cluster,
            text(&forwarded.body),
            headers(&forwarded.headers)
        ));
    }
    let response = &outcome.response;
    out.push_str(&format!(
        "\n    response {} complete {} body `{}` trailers {:?}{}",
        response.status,
        response.complete,
        text(&response.body),
        response.trailers,
        headers(&response.headers)
    ));
    out
}
