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

/// Reads a file that a policy names: the name as written, relative to the policy. The error is a sentence for the user.
pub type ReadFile<'a> = dyn FnMut(&str) -> Result<String, String> + 'a;

/// A policy after `front`.
#[derive(Debug)]
pub struct Checked {
    /// The texts, for diagnostics.
    pub sources: Sources,
    /// The syntax tree, as far as it could be read.
    pub tree: ast::File,
    /// The typed policy; `None` when there are errors.
    pub policy: Option<hir::Policy>,
    /// Errors and warnings in the order of their places.
    pub diagnostics: Diagnostics,
    /// Texts of files that the policy names, in the order read, for the digest.
    pub files: Vec<(String, String)>,
}

/// Parses and checks one policy.
pub fn check(name: &str, text: &str, read_file: &mut ReadFile<'_>) -> Checked {
    let mut sources = Sources::default();
    let file = sources.add(name, text);
    let (tree, mut diagnostics) = front::syntax::parse(&sources, file);
    let mut files = Vec::new();
    let mut policy = None;
    if !diagnostics.has_errors() {
        let parsed = [(file, tree.clone())];
        let mut read = |_from, path: &str| {
            let text = read_file(path)?;
            files.push((path.to_owned(), text.clone()));
            Ok(text)
        };
        let (checked, found) = front::check::check(&parsed, &sources, &mut read);
        policy = checked;
        diagnostics.extend(found);
        if let Some(policy) = &policy {
            diagnostics.extend(front::lint::lint(&parsed, policy));
        }
    }
    diagnostics.sort();
    if diagnostics.has_errors() {
        policy = None;
    }
    Checked { sources, tree, policy, diagnostics, files }
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

/// SHA-256 over all texts, each with its length, in hex. Names of files do not count: the same policy elsewhere is the same.
fn digest(checked: &Checked) -> String {
    use sha2::Digest;
    let mut hash = sha2::Sha256::new();
    let root = checked.sources.get(base::FileId(0)).map(|source| source.text.as_str()).unwrap_or_default();
    for text in std::iter::once(root).chain(checked.files.iter().map(|(_, text)| text.as_str())) {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text.as_bytes());
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
