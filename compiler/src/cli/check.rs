//! `portcullis check [--format human|json|sarif] FILE…`

use std::path::{Path, PathBuf};

use super::{Io, POLICY, Stop, files};
use crate::base::report;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The policies.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// How findings are written: for people to stderr, for programs to stdout.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Format {
    /// Text with the source around each finding.
    Human,
    /// JSON (docs/reference/output.md).
    Json,
    /// SARIF 2.1.0.
    Sarif,
}

pub(super) fn run(arguments: &Arguments, io: &mut Io<'_>) -> Result<(), Stop> {
    match arguments.format {
        Format::Human => human(&arguments.files, io),
        Format::Json => {
            let report = report(&arguments.files)?;
            finish(io, &report, &report)
        }
        Format::Sarif => {
            let report = report(&arguments.files)?;
            finish(io, &report, &report::sarif(&report))
        }
    }
}

fn human(paths: &[PathBuf], io: &mut Io<'_>) -> Result<(), Stop> {
    let mut at_fault = 0usize;
    for path in paths {
        match files::check(path, io) {
            Ok(checked) => {
                let rules = checked.policy.map_or(0, |policy| policy.rules.len());
                files::print(io, &format!("{}: good, {rules} rules", path.display()))?;
            }
            Err(stop) if stop.code == POLICY => {
                at_fault += 1;
                let text = if stop.text.is_empty() { format!("{}: at fault", path.display()) } else { stop.text };
                files::print(io, &text)?;
            }
            Err(stop) => return Err(stop),
        }
    }
    if at_fault > 0 { Err(Stop::policy("")) } else { Ok(()) }
}

fn report(paths: &[PathBuf]) -> Result<report::Report, Stop> {
    let files = paths.iter().map(|path| file(path)).collect::<Result<_, Stop>>()?;
    Ok(report::Report { version: 1, files })
}

fn file(path: &Path) -> Result<report::File, Stop> {
    let checked = files::check_quietly(path)?;
    let findings = checked.diagnostics.iter().map(|diagnostic| report::finding(&checked.sources, diagnostic)).collect();
    Ok(report::File {
        file: path.display().to_string(),
        good: checked.policy.is_some(),
        rules: checked.policy.map(|policy| policy.rules.len()),
        findings,
    })
}

fn finish(io: &mut Io<'_>, report: &report::Report, value: &impl serde::Serialize) -> Result<(), Stop> {
    let text = serde_json::to_string_pretty(value).map_err(|error| Stop::environment(error.to_string()))?;
    files::print(io, &text)?;
    if report.files.iter().all(|file| file.good) { Ok(()) } else { Err(Stop::policy("")) }
}
