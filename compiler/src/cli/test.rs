//! `portcullis test FILE…`: runs `test` blocks on the module that would ship, in the embedded host.

use std::path::{Path, PathBuf};

use super::{Io, Stop, files};
use crate::ir::hir;
use crate::tools::coverage;
use crate::tools::eval::Interpreter;
use crate::tools::sim::Simulator;
use crate::tools::test_runner::{self, output};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The policies.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Run only tests whose name contains this; with `*` in it, those whose whole name fits.
    #[arg(long, value_name = "PATTERN")]
    filter: Option<String>,
    /// How results are written.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Also tell which rules and conditions the tests never made true, or never false.
    #[arg(long)]
    coverage: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// A line for each test.
    Human,
    /// JSON (docs/reference/output.md).
    Json,
    /// JUnit XML.
    Junit,
}

pub(super) fn run(arguments: &Arguments, io: &mut Io<'_>) -> Result<(), Stop> {
    let mut run = output::Run { version: 1, files: Vec::new(), passed: 0, failed: 0 };
    for path in &arguments.files {
        let file = one(arguments, path, io)?;
        let passed = file.tests.iter().filter(|test| test.outcome == "passed").count();
        run.passed += passed;
        run.failed += file.tests.len() - passed;
        run.files.push(file);
    }
    match arguments.format {
        // The report of a file ends with its sums; those of one file alone are not said twice.
        Format::Human if arguments.files.len() > 1 && run.passed + run.failed > 0 => {
            files::print(io, &format!("all files: {} passed, {} failed", run.passed, run.failed))?;
        }
        Format::Human => {}
        Format::Json => {
            let text = serde_json::to_string_pretty(&run).map_err(|error| Stop::environment(error.to_string()))?;
            files::print(io, &text)?;
        }
        Format::Junit => files::print(io, &output::junit(&run))?,
    }
    if run.passed + run.failed == 0 {
        return Err(Stop::policy("no test ran: the files hold none, or the filter matches none"));
    }
    if run.failed > 0 { Err(Stop::policy("")) } else { Ok(()) }
}

fn one(arguments: &Arguments, path: &Path, io: &mut Io<'_>) -> Result<output::File, Stop> {
    let mut checked = files::check(path, io)?;
    // The same policy with throw-away keys in its key sets; nothing else of the module differs from the one that ships.
    checked.policy = checked.policy.as_ref().map(test_runner::with_test_keys);
    let compiled = files::compile(&checked, &crate::Options::default(), io)?;
    let Some(policy) = &checked.policy else { return Err(Stop::policy("")) };
    let wanted = |test: &&hir::Test| arguments.filter.as_ref().is_none_or(|pattern| fits(pattern, &test.name.text));
    let tests: Vec<&hir::Test> = policy.tests.iter().filter(wanted).collect();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let make = || Simulator::deployed(&compiled.output.wasm);
    let timed = test_runner::run_parallel(policy, &tests, threads, make).map_err(|error| Stop::policy(error.to_string()))?;
    let coverage = arguments.coverage.then(|| {
        coverage::collect(policy, &checked.sources, || {
            test_runner::run(policy, &tests, &mut Interpreter::new(policy.clone()));
        })
    });
    if arguments.format == Format::Human {
        let results: Vec<_> = timed.iter().map(|(result, _)| result.clone()).collect();
        files::print(io, &test_runner::report(&checked.sources, &results))?;
        if let Some(coverage) = &coverage {
            files::print(io, &coverage::report(coverage))?;
        }
    }
    let tests = timed.iter().map(|(result, seconds)| output::test(&checked.sources, result, *seconds)).collect();
    Ok(output::File { file: path.display().to_string(), tests, coverage })
}

/// Whether a name fits a pattern: contains it, or with stars is it.
fn fits(pattern: &str, name: &str) -> bool {
    let mut pieces = pattern.split('*');
    let (Some(first), Some(last)) = (pieces.next(), pieces.next_back()) else { return name.contains(pattern) };
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    for piece in pieces {
        let Some((_, after)) = rest.split_once(piece) else { return false };
        rest = after;
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn patterns() {
        for (pattern, name, expected) in [
            ("", "any", true),
            ("b c", "a b c d", true),
            ("x", "a b c d", false),
            ("a*", "a b", true),
            ("b*", "a b", false),
            ("*b", "a b", true),
            ("a*c*e", "a b c d e", true),
            ("a*e*c", "a b c d e", false),
            ("aa*aa", "aaa", false),
            ("*", "", true),
        ] {
            assert_eq!(fits(pattern, name), expected, "{pattern} {name}");
        }
    }
}
