//! `portcullis build FILE -o OUT.wasm`

use std::path::PathBuf;

use super::{Io, Optimise, PolicyFile, Stop, files};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    policy: PolicyFile,
    /// Where the module goes.
    #[arg(short, long, value_name = "OUT.wasm")]
    output: PathBuf,
    /// Refuse what needs a host that holds headers until a body is in, as Envoy does with `allow_on_headers_stop_iteration`.
    #[arg(long)]
    no_header_hold: bool,
    #[command(flatten)]
    optimise: Optimise,
}

pub(super) fn run(arguments: &Arguments, io: &mut Io<'_>) -> Result<(), Stop> {
    let options = arguments.optimise.options()?;
    let checked = files::check(&arguments.policy.file, io)?;
    let compiled = files::compile(&checked, &options, io)?;
    if arguments.no_header_hold {
        files::refuse_holding(&checked, &compiled, io)?;
    }
    files::write(&arguments.output, &compiled.output.wasm)?;
    files::print(io, &format!("{}\n{}", arguments.output.display(), compiled.output.report))
}
