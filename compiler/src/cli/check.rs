//! `portcullis check FILE…`

use std::path::PathBuf;

use super::{Io, POLICY, Stop, files};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The policies.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
}

pub(super) fn run(arguments: &Arguments, io: &mut Io<'_>) -> Result<(), Stop> {
    let mut at_fault = 0usize;
    for path in &arguments.files {
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
