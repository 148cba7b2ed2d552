//! `portcullis explain [CODE]`

use super::{Io, Stop, files};
use crate::base::{Code, explain};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A code such as P0301; without one all codes are listed.
    #[arg(value_name = "CODE")]
    code: Option<String>,
}

pub(super) fn run(arguments: &Arguments, io: &mut Io<'_>) -> Result<(), Stop> {
    let Some(text) = &arguments.code else { return files::print(io, &explain::list()) };
    match Code::from_text(text) {
        Some(code) => files::print(io, &explain::page(code)),
        None => Err(Stop::usage(format!("there is no code `{text}`; `portcullis explain` lists them"))),
    }
}
