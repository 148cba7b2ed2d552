//! Requests whose credentials sign the body: what the headers tell of the credentials, the wait for the body, and what follows when it is
//! in. Only in policies with such credentials.

use portcullis_runtime::contract::{Mechanism, UNVERIFIED, Val, action, credential, kind};

use super::build::{Builder, Context, act, call, give, index};
use super::expr::{any, binary, both, not};
use super::{auth, guard, hmac, membership, reply};
use crate::ir::hir::Action;
use crate::ir::lir::{BinaryOp, DataId, Expr, FunctionId, Local, Stmt};

/// The steps that follow the limits without identity.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Steps {
    /// All credentials, from the number of selected scopes.
    pub(super) authenticate: Option<FunctionId>,
    /// Limits that need them.
    pub(super) after: Option<FunctionId>,
}

impl Steps {
    /// Runs them; a refusal leaves.
    pub(super) fn run(self, context: &mut Context, selected: Local) -> Vec<Stmt> {
        let mut body = Vec::new();
        step(context, self.authenticate, vec![Expr::Local(selected)], &mut body);
        step(context, self.after, vec![], &mut body);
        body
    }
}

/// Runs one step; a refusal leaves.
pub(super) fn step(context: &mut Context, function: Option<FunctionId>, args: Vec<Expr>, body: &mut Vec<Stmt>) {
    if let Some(function) = function {
        let outcome = context.local(Val::I32);
        let refused = not(binary(BinaryOp::Equal32, Expr::Local(outcome), Expr::I32(-1)));
        body.push(Stmt::Set(outcome, Expr::Apply(function, args)));
        body.push(Stmt::If(refused, vec![give(Expr::Local(outcome))], vec![]));
    }
}

/// Where a selected scope asks for a signature of the body: what the headers tell refuses at once; else the request is held for its body
/// when there is one to come.
pub(super) fn at_headers(builder: &mut Builder<'_>, context: &mut Context, selected: Local) -> Vec<Stmt> {
    let waiting = hmac::waiting(builder.policy);
    let mut scopes: Vec<u32> = waiting.iter().flat_map(|(_, scopes)| scopes.iter().copied()).collect();
    scopes.sort_unstable();
    scopes.dedup();
    let mut body = Vec::new();
    let from_headers = auth::lower(builder, auth::state_from_headers, "authenticate from headers");
    step(context, from_headers, vec![Expr::Local(selected)], &mut body);
    let mut open = Vec::new();
    for (id, scopes) in &waiting {
        let state = auth::state_from_headers(builder, *id);
        let is = binary(BinaryOp::Equal32, state, Expr::I32(credential::OPEN));
        open.push(both(membership::selected_any(builder, kind::SCOPE, scopes), is));
    }
    // A request that its headers end is verified at once, with an empty body.
    let held = hold(builder, context);
    let waits = both(not(Expr::Local(Local(0))), any(open));
    body.push(Stmt::If(waits, held, vec![]));
    vec![Stmt::If(membership::selected_any(builder, kind::SCOPE, &scopes), body, vec![])]
}

fn hold(builder: &mut Builder<'_>, context: &mut Context) -> Vec<Stmt> {
    let state = context.local(Val::I32);
    let limit = builder.policy.body_limit | UNVERIFIED;
    let hold = call(Mechanism::BodyHold, vec![index(builder.plan.carried.len()), Expr::I64(limit.cast_signed())]);
    let mut stop = Vec::new();
    if builder.policy.limits.iter().any(|limit| limit.headers) {
        stop.push(act(Mechanism::LimitsKeepFirst, vec![]));
    }
    stop.push(reply::on_fault(builder));
    stop.push(give(Expr::I32(action::STOP)));
    let fault = reply::fault(builder);
    let is = |value| binary(BinaryOp::Equal32, Expr::Local(state), Expr::I32(value));
    let mut body = vec![Stmt::Set(state, hold), Stmt::If(is(0), stop, vec![]), Stmt::If(is(2), fault, vec![])];
    // Announced as too large: refused, or verified without it, which fails.
    body.extend(oversize(builder));
    body
}

fn oversize(builder: &mut Builder<'_>) -> Vec<Stmt> {
    match builder.policy.on_oversize.clone() {
        Action::Deny(refusal) => reply::refuse(builder, &refusal, "body_limit", "deny"),
        Action::Allow => Vec::new(),
    }
}

/// When the body of a request is in that was not verified yet: the steps that were left, then the rules.
pub(super) fn with_body(builder: &mut Builder<'_>, context: &mut Context, entries: DataId, steps: Steps, rules: FunctionId) -> Stmt {
    let mut body = Vec::new();
    let refuse = oversize(builder);
    if !refuse.is_empty() {
        body.push(Stmt::If(Expr::Local(Local(0)), refuse, vec![]));
    }
    let selected = context.local(Val::I32);
    body.push(Stmt::Set(selected, guard::select(builder, entries, kind::SCOPE)));
    body.push(reply::on_fault(builder));
    body.extend(steps.run(context, selected));
    body.push(give(Expr::Apply(rules, vec![Expr::I32(super::body::IS_IN)])));
    Stmt::If(call(Mechanism::BodyUnverified, vec![]), body, vec![])
}
