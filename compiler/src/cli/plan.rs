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
    let mut text = crate::plan::print(policy, &plan);
    // What no module can hold has no cost either; `build` tells why.
    if crate::plan::verify(policy, &plan).is_ok() {
        let module = crate::lower::lower(policy, &plan, &crate::lower::Options::default());
        text.push_str(&crate::lower::cost::print(policy, &plan, &module));
    }
    files::print(io, &text)
}
