//! Portcullis compiles edge policies to Proxy-Wasm modules. This file is the chain of stages and nothing else.
//!
//! text → `front` (syntax, names, types) → `plan` (what runs when) → `lower` (Wasm-shaped) → `back` (one module).
//! The stages meet in `ir`; none imports another. `tools` works on what they produce, `cli` is the only place with files.

pub mod back;
pub mod base;
pub mod cli;
pub mod deploy;
pub mod front;
pub mod ir;
pub mod lang;
pub mod lower;
pub mod plan;
pub mod tools;

use base::{Diagnostics, Sources};
use ir::{ast, hir, lir};

/// The version that modules carry.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

pub use base::source::ReadFile;

/// A policy after `front`.
#[derive(Debug)]
pub struct Checked {
    /// The texts of all files that were read, data too, for diagnostics and the digest.
    pub sources: Sources,
    /// The syntax trees of the policy and of the files that it imports, as far as they could be read.
    pub trees: Vec<(base::FileId, ast::File)>,
    /// The typed policy; `None` when there are errors.
    pub policy: Option<hir::Policy>,
    /// Errors and warnings in the order of their places.
    pub diagnostics: Diagnostics,
}

/// Parses and checks one policy with what it imports.
pub fn check(name: &str, text: &str, read_file: &mut ReadFile<'_>) -> Checked {
    let mut sources = Sources::default();
    let file = sources.add(name, text);
    let front::load::Loaded { files: trees, parts, missing, mut diagnostics } = front::load::load(&mut sources, file, read_file);
    let mut policy = None;
    if !missing.all {
        let (checked, found) = front::check::check(&parts, &mut sources, read_file);
        if diagnostics.has_errors() {
            diagnostics.extend(missing.independent(found, &sources));
        } else {
            policy = checked;
            diagnostics.extend(found);
        }
        if let Some(policy) = &policy {
            diagnostics.extend(front::lint::lint(&parts, policy));
        }
    }
    diagnostics.sort();
    if diagnostics.has_errors() {
        policy = None;
    }
    Checked { sources, trees, policy, diagnostics }
}

/// How a policy is compiled.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Which passes of the planner run.
    pub plan: plan::Options,
}

/// A policy after all stages.
#[derive(Debug)]
pub struct Compiled {
    /// What runs when.
    pub plan: plan::Plan,
    /// The Wasm-shaped tree.
    pub lir: lir::Module,
    /// The module and its report.
    pub output: back::Output,
}

/// Compiles a checked policy. The same input gives the same bytes.
pub fn compile(checked: &Checked, options: &Options) -> Result<Compiled, Diagnostics> {
    let Some(policy) = &checked.policy else { return Err(checked.diagnostics.clone()) };
    compile_policy(policy, &digest(checked), options)
}

/// Compiles a typed policy; the digest tells which text it came from.
pub fn compile_policy(policy: &hir::Policy, source_digest: &str, options: &Options) -> Result<Compiled, Diagnostics> {
    let plan = plan::plan(policy, options.plan.clone());
    plan::verify(policy, &plan)?;
    let about = lower::Options { source_digest: source_digest.to_owned(), compiler: VERSION.to_owned() };
    let lir = lower::lower(policy, &plan, &about);
    let output = back::emit(&lir, &back::Options::default())?;
    Ok(Compiled { plan, lir, output })
}

/// SHA-256 over the texts of the policy, its imports and its data, each with its length, in the order in which they were read, in
/// hex. The folder does not count (names are relative to it, and in the texts): the same policy elsewhere is the same.
fn digest(checked: &Checked) -> String {
    use sha2::Digest;
    let mut hash = sha2::Sha256::new();
    for source in checked.sources.iter() {
        hash.update((source.text.len() as u64).to_le_bytes());
        hash.update(source.text.as_bytes());
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
