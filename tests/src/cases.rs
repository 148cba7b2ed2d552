//! The behaviour corpus `tests/cases/*.policy`: loads each case, runs its tests on an engine. In: files. Out: checked
//! policies, failures as text, outcomes of every request so that engines can be compared.

use std::path::{Path, PathBuf};

use portcullis::base::render::render;
use portcullis::base::{Diagnostics, Sources};
use portcullis::ir::hir;
use portcullis::plan;
use portcullis::tools::compare::comparable;
use portcullis::tools::engine::Engine;
use portcullis::tools::message::Outcome;
use portcullis::tools::test_runner::{TestResult, run_one, with_test_keys};

/// One file of the corpus, checked.
#[derive(Debug)]
pub struct Case {
    /// Its file name without folder and extension.
    pub name: String,
    /// Its text, for places in messages.
    pub sources: Sources,
    /// The policy with its tests.
    pub policy: hir::Policy,
}

/// One test of a case on one engine.
#[derive(Debug)]
pub struct Ran {
    /// What the test runner says.
    pub result: TestResult,
    /// The outcome of every request, in the form in which engines must agree.
    pub outcomes: Vec<Outcome>,
}

/// All cases in the order of their names. The error is the rendered diagnostics of all that do not check.
pub fn load() -> Result<Vec<Case>, String> {
    let folder = folder();
    let entries = std::fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "policy"));
    files.sort();
    let (cases, errors): (Vec<_>, Vec<_>) = files.iter().map(|path| load_file(path)).partition(Result::is_ok);
    let errors: Vec<String> = errors.into_iter().filter_map(Result::err).collect();
    if errors.is_empty() { Ok(cases.into_iter().filter_map(Result::ok).collect()) } else { Err(errors.join("\n")) }
}

/// Where the corpus lies.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("cases")
}

/// One policy file, parsed and checked; files that it names are read beside it.
pub fn load_file(path: &Path) -> Result<Case, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut beside = |name: &str| {
        let folder = path.parent().unwrap_or(Path::new("."));
        std::fs::read_to_string(folder.join(name)).map_err(|error| error.to_string())
    };
    let checked = portcullis::check(&path.display().to_string(), &text, &mut beside);
    let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    match checked.policy {
        Some(policy) => Ok(Case { name, sources: checked.sources, policy: with_test_keys(&policy) }),
        None => Err(render(&checked.sources, &checked.diagnostics, false)),
    }
}

/// Runs all tests of a case on an engine.
pub fn run(case: &Case, engine: &mut dyn Engine) -> Vec<Ran> {
    case.policy
        .tests
        .iter()
        .map(|test| {
            let (result, outcomes) = run_one(&case.policy, test, engine);
            Ran { result, outcomes: outcomes.iter().map(comparable).collect() }
        })
        .collect()
}

/// Where two engines differ on a case, one line a difference: the results of tests, and the outcomes of their requests.
/// Tests that one of them skipped are left out.
pub fn differences(case: &Case, first: &[Ran], second: &[Ran]) -> Vec<String> {
    let mut differences = Vec::new();
    if first.len() != second.len() {
        differences.push(format!("{}: {} and {} tests", case.name, first.len(), second.len()));
    }
    for (first, second) in first.iter().zip(second) {
        if first.result.skipped.is_some() || second.result.skipped.is_some() {
            continue;
        }
        let test = format!("{}: {}", case.name, first.result.name);
        if first.result.failure != second.result.failure {
            differences.push(format!("{test}: {:?} and {:?}", first.result.failure, second.result.failure));
        }
        if first.outcomes.len() != second.outcomes.len() {
            differences.push(format!("{test}: {} and {} requests", first.outcomes.len(), second.outcomes.len()));
        }
        for (index, (one, other)) in first.outcomes.iter().zip(&second.outcomes).enumerate() {
            if one != other {
                differences.push(format!("{test}: request {index}:\n  {one:?}\n  {other:?}"));
            }
        }
    }
    differences
}

/// The module of a case: with every optional pass of the planner, or with none.
pub fn module(case: &Case, optimised: bool) -> Result<Vec<u8>, String> {
    let options = if optimised { plan::Options::default() } else { plan::Options::unoptimised() };
    let rendered = |found: Diagnostics| format!("{}: {}", case.name, render(&case.sources, &found, false));
    let compiled = portcullis::compile_policy(&case.policy, "", &portcullis::Options { plan: options });
    compiled.map(|compiled| compiled.output.wasm).map_err(rendered)
}
