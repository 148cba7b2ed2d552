//! Limits: one function for each step (before and after authentication) that checks all, then spends all or none.

use std::collections::BTreeSet;

use portcullis_runtime::contract::{Mechanism, Policy, Val, kind};

use super::build::{Builder, Context, Phase, act, call, give, index};
use super::expr::{self, all, any, binary, hold, is_present, not, unwrap};
use super::{auth, membership, reply, tables, text};
use crate::ir::hir::{self, Absent, Limit, LimitScope, Ty};
use crate::ir::lir::{BinaryOp, Expr, FunctionId, Local, Stmt};

/// A function that gives -1, or the action of a refusal. `None` when no limit belongs to the step.
pub(super) fn lower(builder: &mut Builder<'_>, with_identity: bool) -> Option<FunctionId> {
    let policy = builder.policy;
    let in_step = |(_, limit): &(usize, &Limit)| limit.needs_identity == with_identity;
    let step: Vec<(usize, &Limit)> = policy.limits.iter().enumerate().filter(in_step).collect();
    let mut context = Context::new(Phase::Request, &[]);
    let mut body = enforced(builder, &mut context, &step);
    for (number, limit) in &step {
        body.extend(watched(builder, &mut context, *number, limit));
    }
    if body.is_empty() {
        return None;
    }
    body.push(give(Expr::I32(-1)));
    let name = if with_identity { "limits after authentication" } else { "limits before authentication" };
    Some(builder.function(name, context, Some(Val::I32), body))
}

/// Checks the limits that refuse; if none does all are spent.
fn enforced(builder: &mut Builder<'_>, context: &mut Context, step: &[(usize, &Limit)]) -> Vec<Stmt> {
    let policy = builder.policy;
    let applied: Vec<(usize, &Limit, Vec<u32>)> = step
        .iter()
        .map(|(number, limit)| (*number, *limit, scopes(policy, *number, false)))
        .filter(|(_, _, scopes)| !scopes.is_empty())
        .collect();
    if applied.is_empty() {
        return Vec::new();
    }
    let mut body = vec![act(Mechanism::LimitsBegin, vec![])];
    let mut arms: Vec<Vec<Stmt>> = policy.limits.iter().map(|_| Vec::new()).collect();
    for (number, limit, scopes) in applied {
        // The first that refuses ends the step: nothing was spent yet.
        let full = reply::Full { limits: limit.headers, ..reply::Full::of(&limit.exceed) };
        let refusal = reply::refuse_with(builder, &full, &limit.name.text, "deny");
        let without_key = match &limit.absent {
            Some(Absent::Deny(refusal)) => reply::refuse(builder, refusal, &limit.name.text, "deny"),
            None | Some(Absent::Share | Absent::Skip) => Vec::new(),
        };
        let found = Found { admitted: Vec::new(), refused: refusal, failed: reply::fault(builder), without_key };
        let check = check(builder, context, number, limit, false, found);
        let applies = membership::selected_any(builder, kind::SCOPE, &scopes);
        body.push(Stmt::If(applies, check, vec![]));
        let full = reply::Full { limits: limit.headers, ..reply::Full::of(&limit.exceed) };
        if let Some(arm) = arms.get_mut(number) {
            *arm = reply::refuse_with(builder, &full, &limit.name.text, "deny");
        }
    }
    let fault = reply::on_fault(builder);
    body.push(fault);
    let outcome = context.local(Val::I32);
    body.push(Stmt::Set(outcome, call(Mechanism::LimitsCommit, vec![])));
    let failed = reply::fault(builder);
    body.push(Stmt::If(binary(BinaryOp::Equal32, Expr::Local(outcome), Expr::I32(-2)), failed, vec![]));
    body.push(Stmt::If(
        not(binary(BinaryOp::Less32, Expr::Local(outcome), Expr::I32(0))),
        vec![Stmt::Switch(Expr::Local(outcome), arms, vec![])],
        vec![],
    ));
    body
}

/// How limits that count in one worker write: only modules with such limits carry the mechanism.
pub(super) fn lower_worker(builder: &mut Builder<'_>) {
    let params = Policy::LimitWorkerPut.signature().params;
    let counts_here = builder.policy.limits.iter().any(|limit| limit.scope == LimitScope::Worker);
    let put = || call(Mechanism::LimitWorkerPut, (0..).map(|number| Expr::Local(Local(number))).take(params.len()).collect());
    let body = if counts_here { put() } else { Expr::I32(0) };
    let function = builder.function("limit worker put", Context::new(Phase::Request, params), Some(Val::I32), vec![give(body)]);
    builder.implement(Policy::LimitWorkerPut, function);
}

/// Counts what a limit would refuse where it is in shadow. It spends by itself, of tables of its own, and only in requests that the
/// limits of its step admit; that it fails changes nothing.
fn watched(builder: &mut Builder<'_>, context: &mut Context, number: usize, limit: &Limit) -> Vec<Stmt> {
    let policy = builder.policy;
    let places = scopes(policy, number, true);
    if places.is_empty() {
        return Vec::new();
    }
    let would = vec![act(Mechanism::Count, vec![index(builder.metrics.number(&limit.name.text, "shadow"))])];
    let spent = binary(BinaryOp::Less32, call(Mechanism::LimitsCommit, vec![]), Expr::I32(0));
    let without_key = if matches!(limit.absent, Some(Absent::Deny(_))) { would.clone() } else { Vec::new() };
    let found = Found { admitted: vec![Stmt::If(spent, vec![], would.clone())], refused: would, failed: Vec::new(), without_key };
    let mut body = vec![act(Mechanism::LimitsBegin, vec![])];
    body.extend(check(builder, context, number, limit, true, found));
    let mut applies = vec![membership::selected_any(builder, kind::SCOPE, &places)];
    let elsewhere = scopes(policy, number, false);
    if !elsewhere.is_empty() {
        applies.push(not(membership::selected_any(builder, kind::SCOPE, &elsewhere)));
    }
    applies.extend(limit.requires.iter().map(|id| auth::is_valid(builder, *id)));
    vec![Stmt::If(all(applies), body, vec![])]
}

/// Whether a limit is in shadow somewhere.
pub(super) fn is_watched(policy: &hir::Policy, limit: usize) -> bool {
    !scopes(policy, limit, true).is_empty()
}

/// Scopes in which a limit is applied, in shadow or not.
fn scopes(policy: &hir::Policy, number: usize, shadow: bool) -> Vec<u32> {
    let whole = policy.limits.get(number).is_some_and(|limit| limit.shadow);
    let applies = |scope: &hir::Scope| (whole || scope.shadow) == shadow && scope.apply.iter().any(|id| id.index() == number);
    policy.scopes.iter().enumerate().filter(|(_, scope)| applies(scope)).map(|(number, _)| number as u32).collect()
}

/// What follows a check.
struct Found {
    admitted: Vec<Stmt>,
    refused: Vec<Stmt>,
    failed: Vec<Stmt>,
    /// Where `absent` is `deny`.
    without_key: Vec<Stmt>,
}

/// Checks one limit.
fn check(builder: &mut Builder<'_>, context: &mut Context, number: usize, limit: &Limit, watched: bool, found: Found) -> Vec<Stmt> {
    let mut body = Vec::new();
    let mut writes = vec![act(Mechanism::TextBegin, vec![])];
    let mut missing = Vec::new();
    for part in &limit.key {
        let (set, local, ty) = key_part(builder, context, part);
        body.push(set);
        if ty.is_optional() {
            missing.push(not(is_present(&ty, Expr::Local(local))));
        }
        let mechanism = if matches!(ty.present(), Ty::Ip) { Mechanism::TextKeyIp } else { Mechanism::TextKey };
        writes.push(act(mechanism, vec![Expr::Local(local)]));
    }
    let missing = any(missing);
    let key = context.local(Val::I64);
    writes.push(Stmt::Set(key, call(Mechanism::TextEnd, vec![])));
    let count = expr::lower(builder, context, &limit.count);
    let held = context.local(Val::I64);
    writes.push(Stmt::Set(held, count));
    let burst = match &limit.burst {
        Some(burst) => expr::lower(builder, context, burst),
        None => Expr::Local(held),
    };
    let description = description(builder, context, limit, watched, &mut writes);
    let table = if watched { number.saturating_add(builder.policy.limits.len()) } else { number };
    let checked = call(Mechanism::LimitCheck, vec![index(table), description, Expr::Local(key), Expr::Local(held), burst]);
    let state = context.local(Val::I32);
    writes.push(Stmt::Set(state, checked));
    for (outcome, then) in [(2, found.failed), (1, found.refused), (0, found.admitted)] {
        if !then.is_empty() {
            writes.push(Stmt::If(binary(BinaryOp::Equal32, Expr::Local(state), Expr::I32(outcome)), then, vec![]));
        }
    }
    match &limit.absent {
        None | Some(Absent::Share) => body.extend(writes),
        Some(Absent::Skip | Absent::Deny(_)) => body.push(Stmt::If(missing, found.without_key, writes)),
    }
    body
}

/// The settings of a limit: one table for each period that its rate may have.
fn description(builder: &mut Builder<'_>, context: &mut Context, limit: &Limit, watched: bool, before: &mut Vec<Stmt>) -> Expr {
    let mut periods = BTreeSet::new();
    constants(&limit.period, &mut periods);
    let slack = slack(limit, periods.last().copied().unwrap_or(1));
    let mut tables = Vec::new();
    for period in periods {
        tables.push((period, Expr::Data(tables::limit(builder, limit, period, slack, watched))));
    }
    let Some(((_, last), others)) = tables.split_last() else { return Expr::I64(0) };
    if others.is_empty() {
        return last.clone();
    }
    let period = expr::lower(builder, context, &limit.period);
    let held = context.local(Val::I64);
    before.push(Stmt::Set(held, period));
    let table = context.local(Val::I64);
    before.push(Stmt::Set(table, last.clone()));
    for (period, other) in others {
        let is_it = binary(BinaryOp::Equal64, Expr::Local(held), Expr::I64(*period));
        before.push(Stmt::If(is_it, vec![Stmt::Set(table, other.clone())], vec![]));
    }
    Expr::Local(table)
}

/// How far beyond the tolerance of one rate an arrival time may lie, nanoseconds. Workers read their clocks in turn; where a
/// limit has several rates, what another one allowed to spend must not be taken for a clock that went backwards.
fn slack(limit: &Limit, longest: i64) -> u64 {
    const CLOCKS: u64 = 1_000_000_000;
    if ![&limit.count, &limit.period].into_iter().any(|part| matches!(part.kind, hir::ExprKind::Match(..) | hir::ExprKind::If(..))) {
        return CLOCKS;
    }
    // An interval is at most a period, and without `burst` so is the tolerance.
    let burst = match limit.burst.as_ref().map(|burst| &burst.kind) {
        None => 1,
        Some(hir::ExprKind::Const(hir::Const::Int(burst))) => u64::try_from(*burst).unwrap_or(1),
        Some(_) => u64::MAX,
    };
    u64::try_from(longest).unwrap_or(u64::MAX).saturating_mul(burst).saturating_add(CLOCKS)
}

/// The constants that a choice between constants may give.
fn constants(choice: &hir::Expr, found: &mut BTreeSet<i64>) {
    let values: Vec<&hir::Expr> = match &choice.kind {
        hir::ExprKind::Const(hir::Const::Int(period)) => {
            found.insert(*period);
            Vec::new()
        }
        hir::ExprKind::If(_, then, otherwise) => vec![then, otherwise],
        hir::ExprKind::Match(_, arms, otherwise) => arms.iter().map(|(_, value)| value).chain([&**otherwise]).collect(),
        _ => Vec::new(),
    };
    values.into_iter().for_each(|value| constants(value, found));
}

/// A part of the key in a local: an address, or a text that may be absent.
fn key_part(builder: &mut Builder<'_>, context: &mut Context, part: &hir::Expr) -> (Stmt, Local, Ty) {
    if expr::is_packed(&part.ty) || matches!(part.ty.present(), Ty::Ip) {
        let (set, local) = hold(builder, context, part);
        return (set, local, part.ty.clone());
    }
    if !part.ty.is_optional() {
        let value = text::to_text(builder, context, part);
        let local = context.local(Val::I64);
        return (Stmt::Set(local, value), local, Ty::String);
    }
    // A number or bool that may be absent: its text, or an absent text.
    let (set, held) = hold(builder, context, part);
    let mechanism = match part.ty.present() {
        Ty::Bool => Mechanism::TextBool,
        Ty::Float => Mechanism::TextFloat,
        _ => Mechanism::TextInt,
    };
    let writes = vec![act(Mechanism::TextBegin, vec![]), act(mechanism, vec![unwrap(&part.ty, held)])];
    let written = Expr::Block(writes, Box::new(call(Mechanism::TextEnd, vec![])));
    let value = expr::choose(Val::I64, is_present(&part.ty, Expr::Local(held)), written, Expr::I64(0));
    let local = context.local(Val::I64);
    (Stmt::Set(local, Expr::Block(vec![set], Box::new(value))), local, Ty::String.optional())
}
