//! `portcullis plan FILE`

use super::{Io, Optimise, PolicyFile, Stop, files};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    policy: PolicyFile,
    #[command(flatten)]
    optimise: Optimise,
}

pub(super) fn run(arguments: &Arguments, io: &mut Io<'_>) -> Result<(), Stop> {
    let options = arguments.optimise.options()?;
    let checked = files::check(&arguments.policy.file, io)?;
    let Some(policy) = &checked.policy else { return Err(Stop::policy("")) };
    let plan = crate::plan::plan(policy, options.plan);
    files::print(io, &crate::plan::print(policy, &plan))
}
