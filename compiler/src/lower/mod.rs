//! Lowering: typed policy and plan in, LIR out. One file per family of constructs.

mod auth;
mod body;
mod bound;
mod branch;
mod build;
mod compare;
mod condition;
mod configure;
pub mod cost;
mod edit;
mod expr;
mod features;
mod fixed;
mod function;
mod guard;
mod held;
mod hmac;
mod jwt;
mod limit;
mod list;
mod membership;
mod metrics;
mod peer;
mod read;
mod redact;
mod reply;
mod request;
mod response;
mod route;
mod signed;
mod tables;
#[cfg(test)]
#[allow(clippy::panic)]
mod tests;
mod text;
mod token;

use crate::ir::{hir, lir};
use crate::plan::Plan;

use build::Builder;

/// What else goes into a module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// SHA-256 of all source texts, hex.
    pub source_digest: String,
    /// Version of the compiler.
    pub compiler: String,
}

/// Lowers a planned policy.
pub fn lower(policy: &hir::Policy, plan: &Plan, options: &Options) -> lir::Module {
    let mut builder = Builder::new(policy, plan);
    metrics::lower(&mut builder);
    configure::lower(&mut builder);
    condition::lower(&mut builder);
    guard::lower(&mut builder);
    request::lower(&mut builder);
    response::lower(&mut builder);
    jwt::lower(&mut builder);
    reply::lower_dispatch(&mut builder);
    limit::lower_worker(&mut builder);
    builder.finish(options)
}
