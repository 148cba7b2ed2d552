//! `portcullis dump ast|hir|lir|wat FILE`

use super::{Io, Optimise, PolicyFile, Stop, files};
use crate::{back, ir};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The stage to show.
    #[arg(value_enum)]
    stage: Stage,
    #[command(flatten)]
    policy: PolicyFile,
    #[command(flatten)]
    optimise: Optimise,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Stage {
    /// The syntax tree.
    Ast,
    /// The typed tree.
    Hir,
    /// The Wasm-shaped tree.
    Lir,
    /// The module as text.
    Wat,
}

pub(super) fn run(arguments: &Arguments, io: &mut Io<'_>) -> Result<(), Stop> {
    let options = arguments.optimise.options()?;
    let path = &arguments.policy.file;
    let text = match arguments.stage {
        Stage::Ast => {
            let checked = files::check_quietly(path)?;
            for (id, tree) in &checked.trees {
                if let Some(source) = checked.sources.get(*id).filter(|_| checked.trees.len() > 1) {
                    files::print(io, &format!("// {}", source.name))?;
                }
                files::print(io, &ir::ast::print(tree))?;
            }
            // What is wrong is told after what could be read.
            files::check(path, io)?;
            return Ok(());
        }
        Stage::Hir => {
            let checked = files::check(path, io)?;
            checked.policy.as_ref().map(ir::hir::print).unwrap_or_default()
        }
        Stage::Lir => {
            let checked = files::check(path, io)?;
            ir::lir::print::print(&files::compile(&checked, &options, io)?.lir)
        }
        Stage::Wat => {
            let checked = files::check(path, io)?;
            let compiled = files::compile(&checked, &options, io)?;
            back::wat::print(&compiled.output.wasm).map_err(Stop::policy)?
        }
    };
    files::print(io, &text)
}
