//! `portcullis test FILE…`: runs `test` blocks on the module that would ship, in the embedded host.

use std::path::PathBuf;

use super::{Io, Stop, files};
use crate::ir::hir;
use crate::tools::sim::Simulator;
use crate::tools::test_runner;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The policies.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Run only tests whose name contains this.
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
}

pub(super) fn run(arguments: &Arguments, io: &mut Io<'_>) -> Result<(), Stop> {
    let mut ran = 0usize;
    let mut failed = 0usize;
    for path in &arguments.files {
        let checked = files::check(path, io)?;
        let compiled = files::compile(&checked, &crate::Options::default(), io)?;
        let Some(policy) = &checked.policy else { return Err(Stop::policy("")) };
        let wanted = |test: &&hir::Test| arguments.filter.as_ref().is_none_or(|text| test.name.text.contains(text.as_str()));
        let tests: Vec<&hir::Test> = policy.tests.iter().filter(wanted).collect();
        let mut engine = Simulator::new(&compiled.output.wasm).map_err(|error| Stop::policy(error.to_string()))?;
        let results = test_runner::run(policy, &tests, &mut engine);
        ran += results.len();
        failed += results.iter().filter(|result| !result.passed).count();
        files::print(io, &test_runner::report(&checked.sources, &results))?;
    }
    if ran == 0 {
        return Err(Stop::policy("no test ran: the files hold none, or the filter matches none"));
    }
    // The report of a file ends with its sums; those of one file alone are not said twice.
    if arguments.files.len() > 1 {
        files::print(io, &format!("all files: {} passed, {failed} failed", ran.saturating_sub(failed)))?;
    }
    if failed > 0 { Err(Stop::policy("")) } else { Ok(()) }
}
