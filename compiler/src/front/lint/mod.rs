//! Lints: what compiles and is hardly what was meant. In: the trees of a policy without errors. Out: warnings, each with a fix.
//! One file per lint; none changes a tree.

mod allowed;
mod conditions;
mod constant;
mod domain;
mod forwarded;
mod mixed;
mod names;
mod repeated;
mod shadowed;
mod spoofable;
mod unused;

use crate::base::{Diagnostic, Diagnostics, FileId};
use crate::ir::{ast, hir};

/// What all lints look at.
struct Subject<'a> {
    /// Parts of files; the first is of the policy's own.
    files: &'a [(FileId, ast::File)],
    policy: &'a hir::Policy,
}

/// All warnings about a policy, in the order of their places.
pub fn lint(files: &[(FileId, ast::File)], policy: &hir::Policy) -> Diagnostics {
    let lints: [fn(&Subject<'_>) -> Vec<Diagnostic>; 8] =
        [unused::lint, conditions::lint, domain::lint, forwarded::lint, mixed::lint, repeated::lint, spoofable::lint, shadowed::lint];
    let subject = Subject { files, policy };
    let mut diagnostics = Diagnostics::new();
    for found in lints.into_iter().flat_map(|lint| lint(&subject)) {
        diagnostics.push(found);
    }
    diagnostics.sort();
    diagnostics
}
