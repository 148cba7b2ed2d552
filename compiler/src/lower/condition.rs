//! Conditions: one function each, and the dispatcher that the stub calls with a condition's number.

use portcullis_runtime::contract::{Mechanism, Policy, Val};

use super::build::{Builder, Context, Phase, call, give};
use super::expr::{self, all, any, both};
use super::tables;
use crate::ir::hir;
use crate::ir::lir::{Expr, Local};
use crate::plan::Condition;

/// Generates all conditions that an entry names, and `policy.condition`.
pub(super) fn lower(builder: &mut Builder<'_>) {
    let plan = builder.plan;
    let mut arms = Vec::with_capacity(plan.conditions.len());
    let used: std::collections::BTreeSet<u32> =
        plan.index.accepts.iter().flat_map(|accept| &accept.entries).filter_map(|entry| entry.condition).map(|id| id.0).collect();
    for (number, condition) in plan.conditions.iter().enumerate() {
        if !used.contains(&(number as u32)) {
            arms.push(vec![give(Expr::I32(0))]);
            continue;
        }
        let mut context = Context::new(Phase::Request, &[]);
        let value = holds(builder, &mut context, condition);
        let function = builder.function(condition.name.clone(), context, Some(Val::I32), vec![give(value)]);
        arms.push(vec![give(Expr::Apply(function, vec![]))]);
    }
    let context = Context::new(Phase::Request, &[Val::I32]);
    let body = vec![crate::ir::lir::Stmt::Switch(Expr::Local(Local(0)), arms, vec![]), give(Expr::I32(0))];
    let function = builder.function("condition", context, Some(Val::I32), body);
    builder.implement(Policy::Condition, function);
}

/// Whether a condition holds.
fn holds(builder: &mut Builder<'_>, context: &mut Context, condition: &Condition) -> Expr {
    let mut parts: Vec<Expr> = Vec::new();
    for hosts in &condition.hosts {
        parts.push(host_in(builder, hosts));
    }
    for clauses in &condition.paths {
        let ways = clauses.iter().map(|clause| on(builder, clause)).collect();
        parts.push(any(ways));
    }
    for expr in &condition.exprs {
        parts.push(expr::lower(builder, context, expr));
    }
    all(parts)
}

/// Whether the host is one of these patterns.
pub(super) fn host_in(builder: &mut Builder<'_>, hosts: &[hir::HostPattern]) -> Expr {
    let (exact, under) = tables::hosts(builder, hosts);
    call(Mechanism::RequestHostIn, vec![Expr::Data(exact), Expr::Data(under)])
}

/// Whether one `on` clause matches method and path.
fn on(builder: &mut Builder<'_>, clause: &hir::On) -> Expr {
    let matches = |template| call(Mechanism::PathMatches, vec![Expr::Data(tables::template(builder, template))]);
    let path = any(clause.templates.iter().map(matches).collect());
    if clause.methods.is_empty() {
        return path;
    }
    let methods = tables::names(builder, &clause.methods);
    both(call(Mechanism::MethodIn, vec![Expr::Data(methods)]), path)
}
