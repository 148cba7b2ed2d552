//! `policy.on_request_headers`: the order of work for one request. What the policy does not have is not there.

use portcullis_runtime::contract::{Mechanism, Policy, Val, action, kind};

use super::build::{Builder, Context, Phase, act, call, give, index};
use super::expr::{binary, not};
use super::{auth, body, condition, edit, guard, hmac, limit, reply, response, route, signed, tables};
use crate::ir::hir::{self, Action, RuleKind};
use crate::ir::lir::{BinaryOp, DataId, Expr, FunctionId, Local, Stmt};

/// Generates the function.
pub(super) fn lower(builder: &mut Builder<'_>) {
    let policy = builder.policy;
    let mut context = Context::new(Phase::Request, &[Val::I32]);
    let entries = tables::entries(builder);
    let mut body = begin(builder);
    body.push(act(Mechanism::PathsMatch, vec![Expr::Data(tables::trie(builder))]));
    let steps = scopes(builder, &mut context, entries, &mut body);
    let signs = !hmac::waiting(policy).is_empty();
    if builder.plan.request_body {
        let rest = Context::new(Phase::Request, &[]);
        let rest = allowed(builder, rest, entries);
        let with_body = builder.plan.rules.iter().any(|rule| rule.body.is_some()).then(|| body::decide(builder, entries, rest));
        let mut unverified = None;
        if signs {
            let rules = rules(builder, entries, with_body, rest);
            body.push(give(Expr::Apply(rules, vec![Expr::Local(Local(0))])));
            unverified = Some((steps, rules));
        } else if let Some(with_body) = with_body {
            body.extend(body::at_headers(builder, &mut context, entries, with_body, rest));
        }
        body::lower_callback(builder, entries, with_body, unverified);
    } else {
        body::lower_none(builder);
        body.extend(decide(builder, &mut context, entries));
        body.extend(forward(builder, &mut context, entries));
    }
    let function = builder.function(format!("policy {}: request headers", policy.name.text), context, Some(Val::I32), body);
    builder.implement(Policy::OnRequestHeaders, function);
}

/// What the rules say, as a function: from whether the headers end the request, or its body is in already.
fn rules(builder: &mut Builder<'_>, entries: DataId, with_body: Option<FunctionId>, allowed: FunctionId) -> FunctionId {
    let mut context = Context::new(Phase::Request, &[Val::I32]);
    let body = match with_body {
        Some(with_body) => body::at_headers(builder, &mut context, entries, with_body, allowed),
        None => {
            let mut body = decide(builder, &mut context, entries);
            body.push(give(Expr::Apply(allowed, vec![])));
            body
        }
    };
    builder.function("rules", context, Some(Val::I32), body)
}

/// What is done with a request that is allowed, as a function.
fn allowed(builder: &mut Builder<'_>, mut context: Context, entries: DataId) -> FunctionId {
    let body = forward(builder, &mut context, entries);
    builder.function("allowed", context, Some(Val::I32), body)
}

/// Edits, route, and what the response needs.
fn forward(builder: &mut Builder<'_>, context: &mut Context, entries: DataId) -> Vec<Stmt> {
    let mut body = auth::strip(builder);
    body.extend(rewrite(builder, context, entries));
    body.extend(route::lower(builder, context, entries));
    body.extend(response::keep(builder, context, entries));
    if !builder.policy.normalize_path {
        body.push(act(Mechanism::ForwardAsReceived, vec![]));
    }
    body.push(act(Mechanism::ForwardCommit, vec![]));
    body.push(reply::on_fault(builder));
    body.push(give(Expr::I32(action::CONTINUE)));
    body
}

/// Reads the request; hosts of others pass; malformed requests are refused.
fn begin(builder: &mut Builder<'_>) -> Vec<Stmt> {
    let policy = builder.policy;
    let slots = tables::request_slots(builder);
    let fault = reply::fault(builder);
    let mut body = vec![Stmt::If(call(Mechanism::RequestBegin, vec![Expr::Data(slots)]), fault, vec![])];
    if !policy.hosts.is_empty() {
        let ours = condition::host_in(builder, &policy.hosts);
        let mut pass: Vec<Stmt> = route::untaken(builder).into_iter().collect();
        pass.push(give(Expr::I32(action::CONTINUE)));
        body.push(Stmt::If(not(ours), pass, vec![]));
    }
    let malformed = if policy.shadow {
        let mut pass = vec![act(Mechanism::Count, vec![index(builder.metrics.number("malformed", "shadow"))])];
        pass.extend(route::untaken(builder));
        pass.push(give(Expr::I32(action::CONTINUE)));
        pass
    } else {
        reply::refuse(builder, &reply::bare(400), "malformed", "deny")
    };
    body.push(Stmt::If(is_malformed(policy), malformed, vec![]));
    body
}

/// Whether a request is malformed. An address as host is looked at only where hosts decide, because that takes more code than the rest.
pub(super) fn is_malformed(policy: &hir::Policy) -> Expr {
    call(if policy.decides_by_hosts() { Mechanism::RequestCheckHost } else { Mechanism::RequestCheck }, vec![])
}

/// Counts what `default` does with a request that nothing decided; `matched`: whether rules in shadow did.
pub(super) fn allowed_by_default(builder: &mut Builder<'_>, matched: Expr) -> Stmt {
    let outcome = if builder.policy.default_would_deny { "shadow" } else { "allow" };
    let count = act(Mechanism::Count, vec![index(builder.metrics.number("default", outcome))]);
    if builder.policy.default_would_deny { Stmt::If(matched, vec![], vec![count]) } else { count }
}

/// Limits and credentials of the scopes that the request lies in.
fn scopes(builder: &mut Builder<'_>, context: &mut Context, entries: DataId, body: &mut Vec<Stmt>) -> signed::Steps {
    let before = limit::lower(builder, false);
    let authenticate = auth::lower(builder, auth::state, "authenticate");
    let after = limit::lower(builder, true);
    let steps = signed::Steps { authenticate, after };
    let awaits = auth::awaits(builder);
    if before.is_none() && authenticate.is_none() && after.is_none() {
        return steps;
    }
    let selected = context.local(Val::I32);
    body.push(Stmt::Set(selected, guard::select(builder, entries, kind::SCOPE)));
    body.push(reply::on_fault(builder));
    if let Some(waits) = awaits {
        // Whoever stops only the headers has to stop the body as well, which takes a callback for it.
        let stop = if builder.plan.request_body { action::STOP } else { action::STOP_ALL };
        let fault = reply::fault(builder);
        let found = context.local(Val::I32);
        let is_awaited = binary(BinaryOp::Equal32, Expr::Local(found), Expr::I32(auth::AWAITED));
        let wait = vec![
            Stmt::If(call(Mechanism::RequestWait, vec![Expr::Local(Local(0))]), vec![give(Expr::I32(stop))], vec![]),
            // What only scopes in shadow ask for refuses nobody.
            Stmt::If(is_awaited, fault, vec![]),
        ];
        body.push(Stmt::Set(found, Expr::Apply(waits, vec![Expr::Local(selected)])));
        body.push(Stmt::If(Expr::Local(found), wait, vec![]));
    }
    signed::step(context, before, vec![], body);
    if !hmac::waiting(builder.policy).is_empty() {
        body.extend(signed::at_headers(builder, context, selected));
    }
    body.extend(steps.run(context, selected));
    steps
}

/// `forbid`, `permit`, `default`.
fn decide(builder: &mut Builder<'_>, context: &mut Context, entries: DataId) -> Vec<Stmt> {
    let policy = builder.policy;
    let (mut body, matched) = watched(builder, context, entries, kind::SHADOW);
    if has(policy, kind::FORBID) {
        let chosen = context.local(Val::I32);
        body.push(Stmt::Set(chosen, guard::first(builder, entries, kind::FORBID)));
        body.push(reply::on_fault(builder));
        let refuse = forbid(builder, chosen);
        body.push(Stmt::If(not(binary(BinaryOp::Less32, Expr::Local(chosen), Expr::I32(0))), vec![give(refuse)], vec![]));
    }
    match policy.default.clone() {
        Action::Allow => body.push(allowed_by_default(builder, matched)),
        Action::Deny(refusal) => {
            let refuse = reply::refuse(builder, &refusal, "default", "deny");
            if has(policy, kind::PERMIT) {
                let chosen = context.local(Val::I32);
                body.push(Stmt::Set(chosen, guard::first(builder, entries, kind::PERMIT)));
                body.push(reply::on_fault(builder));
                body.push(Stmt::If(binary(BinaryOp::Less32, Expr::Local(chosen), Expr::I32(0)), refuse, vec![]));
                body.push(act(Mechanism::Count, vec![Expr::Local(chosen)]));
            } else {
                body.extend(refuse);
            }
        }
    }
    body
}

/// Counts every permit and forbid in shadow that matches; how many do.
pub(super) fn watched(builder: &mut Builder<'_>, context: &mut Context, entries: DataId, kind: i32) -> (Vec<Stmt>, Expr) {
    let is_there = builder.plan.index.accepts.iter().flat_map(|accept| &accept.entries).any(|entry| entry.kind == kind);
    if !is_there {
        return (Vec::new(), Expr::I32(0));
    }
    let (selected, number) = (context.local(Val::I32), context.local(Val::I32));
    let metric = call(Mechanism::RulesSelected, vec![Expr::I32(kind), Expr::Local(number)]);
    let body = vec![
        Stmt::Set(selected, guard::select(builder, entries, kind)),
        reply::on_fault(builder),
        Stmt::Count(number, Expr::Local(selected), vec![act(Mechanism::Count, vec![metric])]),
    ];
    (body, Expr::Local(selected))
}

/// The refusal of a forbid, whose number is also its metric.
pub(super) fn forbid(builder: &mut Builder<'_>, chosen: Local) -> Expr {
    let policy = builder.policy;
    let mut numbers: Vec<usize> = Vec::with_capacity(policy.rules.len());
    for rule in &policy.rules {
        numbers.push(match &rule.kind {
            RuleKind::Forbid(refusal) if !rule.shadow => {
                let response = crate::plan::rule_kind(policy, rule) == kind::RESPONSE;
                let full = reply::Full { response, ..reply::Full::of(refusal) };
                reply::number(builder, &full)
            }
            RuleKind::Permit
            | RuleKind::Forbid(_)
            | RuleKind::RewriteRequest(_)
            | RuleKind::RewriteResponse(_)
            | RuleKind::RedactResponse(_)
            | RuleKind::Route(_) => usize::MAX,
        });
    }
    let mut distinct: Vec<usize> = numbers.iter().copied().filter(|number| *number != usize::MAX).collect();
    distinct.sort_unstable();
    distinct.dedup();
    let single = if let [only] = distinct.as_slice() { Some(*only) } else { None };
    let cells: Vec<u8> = numbers.iter().flat_map(|number| (u64::try_from(*number).unwrap_or(0)).to_le_bytes()).collect();
    let number = if single.is_some() {
        Expr::I32(0)
    } else {
        let table = builder.table("replies of forbids", cells);
        let place = binary(BinaryOp::Multiply32, Expr::Local(chosen), Expr::I32(8));
        let cell = Expr::Load(Box::new(binary(BinaryOp::Add32, Expr::Address(table), place)));
        Expr::Unary(crate::ir::lir::UnaryOp::Wrap, Box::new(cell))
    };
    reply::dispatch(number, Expr::Local(chosen), builder, single)
}

/// `rewrite request` rules in file order.
fn rewrite(builder: &mut Builder<'_>, context: &mut Context, entries: DataId) -> Vec<Stmt> {
    let policy = builder.policy;
    if !has(policy, kind::REWRITE) {
        return Vec::new();
    }
    let mut arms: Vec<Vec<Stmt>> = Vec::new();
    for rule in &policy.rules {
        let RuleKind::RewriteRequest(edits) = &rule.kind else {
            arms.push(Vec::new());
            continue;
        };
        if rule.shadow {
            arms.push(Vec::new());
            continue;
        }
        let mut context = Context::new(Phase::Request, &[]);
        let body = edit::lower(builder, &mut context, edits);
        let function = builder.function(format!("rewrite request {:?}", rule.name.text), context, None, body);
        arms.push(vec![Stmt::Do(Expr::Apply(function, vec![]))]);
    }
    let dispatch = Context::new(Phase::Request, &[Val::I32]);
    let dispatch = builder.function("rewrite request", dispatch, None, vec![Stmt::Switch(Expr::Local(Local(0)), arms, vec![])]);
    let number = context.local(Val::I32);
    let id = context.local(Val::I32);
    let selected = context.local(Val::I32);
    vec![
        Stmt::Set(selected, guard::select(builder, entries, kind::REWRITE)),
        reply::on_fault(builder),
        Stmt::Count(
            number,
            Expr::Local(selected),
            vec![
                Stmt::Set(id, call(Mechanism::RulesSelected, vec![Expr::I32(kind::REWRITE), Expr::Local(number)])),
                Stmt::Do(Expr::Apply(dispatch, vec![Expr::Local(id)])),
                act(Mechanism::Count, vec![Expr::Local(id)]),
            ],
        ),
    ]
}

/// Whether the policy has a rule of this kind.
pub(super) fn has(policy: &hir::Policy, wanted: i32) -> bool {
    policy.rules.iter().any(|rule| crate::plan::rule_kind(policy, rule) == wanted)
}
