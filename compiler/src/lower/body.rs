//! Rules that read the body of the request: what the headers decide, when the request is held, and what follows once the
//! body is in (`policy.on_request_body`). Only in policies with such rules.

use portcullis_runtime::contract::{Mechanism, Policy, Val, action, kind};

use super::build::{Builder, Context, Phase, act, call, give, index};
use super::expr::{any, binary, both, not};
use super::read::request_header;
use super::{guard, reply, request, signed, tables};
use crate::ir::hir::{Action, RuleKind};
use crate::ir::lir::{BinaryOp, DataId, Expr, FunctionId, Local, Stmt};
use crate::plan::Body;

/// Beside 0 (a body may come) and 1 (the headers end the request): its body is in.
pub(super) const IS_IN: i32 = 2;

/// Whether the policy has a forbid (or permit) that reads the body, or one that does not.
fn has(builder: &Builder<'_>, forbids: bool, reads_body: bool) -> bool {
    builder.policy.rules.iter().zip(&builder.plan.rules).any(|(rule, planned)| {
        let is_kind = if forbids { matches!(rule.kind, RuleKind::Forbid(_)) } else { rule.kind == RuleKind::Permit };
        is_kind && !rule.shadow && planned.body.is_some() == reads_body
    })
}

/// Whether some rule in shadow, or none, reads this of the body.
fn reads(builder: &Builder<'_>, shadow: bool, wanted: fn(&Body) -> bool) -> bool {
    builder
        .policy
        .rules
        .iter()
        .zip(&builder.plan.rules)
        .any(|(rule, planned)| rule.shadow == shadow && planned.body.as_ref().is_some_and(wanted))
}

fn first(builder: &mut Builder<'_>, entries: DataId, kind: i32) -> Expr {
    guard::first(builder, entries, kind)
}

fn is_none(number: Expr) -> Expr {
    binary(BinaryOp::Less32, number, Expr::I32(0))
}

/// Refuses by the first forbid of a kind.
fn forbids(builder: &mut Builder<'_>, context: &mut Context, entries: DataId, kind: i32) -> Vec<Stmt> {
    let chosen = context.local(Val::I32);
    let refuse = request::forbid(builder, chosen);
    vec![
        Stmt::Set(chosen, first(builder, entries, kind)),
        reply::on_fault(builder),
        Stmt::If(not(is_none(Expr::Local(chosen))), vec![give(refuse)], vec![]),
    ]
}

/// What the headers decide; else the request is held for its body, or decided at once when it has none.
pub(super) fn at_headers(
    builder: &mut Builder<'_>,
    context: &mut Context,
    entries: DataId,
    with_body: FunctionId,
    allowed: FunctionId,
) -> Vec<Stmt> {
    let (mut body, matched) = request::watched(builder, context, entries, kind::SHADOW);
    if has(builder, true, false) {
        body.extend(forbids(builder, context, entries, kind::FORBID));
    }
    let mut waits = vec![not(is_none(first(builder, entries, kind::WAIT_FORBID))), not(is_none(first(builder, entries, kind::WAIT)))];
    if reads(builder, true, |_| true) {
        waits.push(not(is_none(first(builder, entries, kind::WAIT_SHADOW))));
    }
    let granted = context.local(Val::I32);
    let count = if let Action::Deny(refusal) = builder.policy.default.clone() {
        let permit = if has(builder, false, false) { first(builder, entries, kind::PERMIT) } else { Expr::I32(-1) };
        body.push(Stmt::Set(granted, permit));
        let refuse = reply::refuse(builder, &refusal, "default", "deny");
        let none = is_none(Expr::Local(granted));
        let hopeless = both(none.clone(), is_none(first(builder, entries, kind::WAIT_PERMIT)));
        body.push(reply::on_fault(builder));
        body.push(Stmt::If(hopeless, refuse, vec![]));
        waits.push(none);
        act(Mechanism::Count, vec![Expr::Local(granted)])
    } else {
        request::allowed_by_default(builder, matched)
    };
    let waiting = context.local(Val::I32);
    body.push(Stmt::Set(waiting, any(waits)));
    body.push(reply::on_fault(builder));
    let held = hold(builder, context, entries, with_body);
    body.push(Stmt::If(Expr::Local(waiting), held, vec![]));
    body.push(count);
    body.push(give(Expr::Apply(allowed, vec![])));
    body
}

/// Holds a request whose rules wait for the body.
fn hold(builder: &mut Builder<'_>, context: &mut Context, entries: DataId, with_body: FunctionId) -> Vec<Stmt> {
    let mut body = Vec::new();
    if reads(builder, false, |body| body.content()) {
        let encoding = context.local(Val::I64);
        body.push(Stmt::Set(encoding, call(Mechanism::StrLower, vec![request_header(builder, "content-encoding")])));
        let identity = builder.string("identity");
        let plain = call(Mechanism::StrEqual, vec![Expr::Local(encoding), identity]);
        let present = not(Expr::Unary(crate::ir::lir::UnaryOp::IsZero64, Box::new(Expr::Local(encoding))));
        let unreadable = both(both(present, not(plain)), not(is_none(first(builder, entries, kind::CONTENT))));
        body.push(Stmt::If(unreadable, malformed(builder), vec![]));
    }
    if !super::hmac::waiting(builder.policy).is_empty() {
        let is_in = binary(BinaryOp::Equal32, Expr::Local(Local(0)), Expr::I32(IS_IN));
        body.push(Stmt::If(is_in, vec![give(Expr::Apply(with_body, vec![Expr::I32(0)]))], vec![]));
    }
    let state = context.local(Val::I32);
    let limit = i64::try_from(builder.policy.body_limit).unwrap_or(i64::MAX);
    body.push(Stmt::Set(state, call(Mechanism::BodyHold, vec![index(builder.plan.carried.len()), Expr::I64(limit)])));
    let mut stop = Vec::new();
    if builder.policy.limits.iter().any(|limit| limit.headers) {
        stop.push(act(Mechanism::LimitsKeepHeaders, vec![]));
    }
    stop.push(reply::on_fault(builder));
    stop.push(give(Expr::I32(action::STOP)));
    body.push(Stmt::If(not(Expr::Local(state)), stop, vec![]));
    let fault = reply::fault(builder);
    body.push(Stmt::If(binary(BinaryOp::Equal32, Expr::Local(state), Expr::I32(2)), fault, vec![]));
    body.push(give(Expr::Apply(with_body, vec![Expr::I32(1)])));
    // The headers end the request: its body is empty.
    let ended = binary(BinaryOp::Equal32, Expr::Local(Local(0)), Expr::I32(1));
    vec![Stmt::If(ended, vec![], body), give(Expr::Apply(with_body, vec![Expr::I32(0)]))]
}

fn malformed(builder: &mut Builder<'_>) -> Vec<Stmt> {
    reply::refuse(builder, &reply::bare(400), "malformed", "deny")
}

/// The decision with the body: from whether it is too large to the action.
pub(super) fn decide(builder: &mut Builder<'_>, entries: DataId, allowed: FunctionId) -> FunctionId {
    let mut context = Context::new(Phase::Request, &[Val::I32]);
    let mut body = Vec::new();
    if reads(builder, false, |_| true)
        && let Action::Deny(refusal) = builder.policy.on_oversize.clone()
    {
        let refuse = reply::refuse(builder, &refusal, "body_limit", "deny");
        let mut refused = Expr::Local(Local(0));
        if reads(builder, true, |_| true) {
            // What only waits for rules in shadow is not refused.
            let waits = [kind::WAIT_FORBID, kind::WAIT_PERMIT, kind::WAIT].map(|kind| not(is_none(first(builder, entries, kind))));
            refused = both(refused, any(waits.to_vec()));
        }
        body.push(Stmt::If(refused, refuse, vec![]));
    }
    let json: fn(&Body) -> bool = |body| body.json;
    let form: fn(&Body) -> bool = |body| body.form;
    let json = (json, kind::JSON, kind::SHADOW_JSON, Mechanism::BodyReadJson);
    let form = (form, kind::FORM, kind::SHADOW_FORM, Mechanism::BodyReadForm);
    for (wanted, kind, shadow, mechanism) in [json, form] {
        if reads(builder, false, wanted) {
            let refused = both(not(is_none(first(builder, entries, kind))), call(mechanism, vec![]));
            let refuse = malformed(builder);
            body.push(Stmt::If(refused, refuse, vec![]));
        }
        if reads(builder, true, wanted) {
            let watched = not(is_none(first(builder, entries, shadow)));
            body.push(Stmt::If(watched, vec![act(mechanism, vec![])], vec![]));
        }
    }
    body.push(reply::on_fault(builder));
    let (watched, mut matched) = request::watched(builder, &mut context, entries, kind::BODY_SHADOW);
    body.extend(watched);
    if has(builder, true, true) {
        body.extend(forbids(builder, &mut context, entries, kind::BODY_FORBID));
    }
    let count = if let Action::Deny(refusal) = builder.policy.default.clone() {
        let granted = context.local(Val::I32);
        let permit = if has(builder, false, false) { first(builder, entries, kind::PERMIT) } else { Expr::I32(-1) };
        body.push(Stmt::Set(granted, permit));
        if has(builder, false, true) {
            let later = Stmt::Set(granted, first(builder, entries, kind::BODY_PERMIT));
            body.push(Stmt::If(is_none(Expr::Local(granted)), vec![later], vec![]));
        }
        body.push(reply::on_fault(builder));
        let refuse = reply::refuse(builder, &refusal, "default", "deny");
        body.push(Stmt::If(is_none(Expr::Local(granted)), refuse, vec![]));
        act(Mechanism::Count, vec![Expr::Local(granted)])
    } else {
        if builder.policy.default_would_deny {
            // What matched at the headers was counted there.
            matched = any(vec![matched, not(is_none(first(builder, entries, kind::SHADOW)))]);
        }
        request::allowed_by_default(builder, matched)
    };
    body.push(count);
    body.push(give(Expr::Apply(allowed, vec![])));
    builder.function("request with its body", context, Some(Val::I32), body)
}

/// `policy.on_request_body` of a policy that reads no bodies, which nothing calls.
pub(super) fn lower_none(builder: &mut Builder<'_>) {
    let context = Context::new(Phase::Request, &[Val::I32]);
    let function = builder.function("request body", context, Some(Val::I32), vec![give(Expr::I32(action::CONTINUE))]);
    builder.implement(Policy::OnRequestBody, function);
}

/// Generates `policy.on_request_body`: the headers are read again, then the request is decided; one that was not verified yet, because a
/// credential signs its body, is verified first.
pub(super) fn lower_callback(
    builder: &mut Builder<'_>,
    entries: DataId,
    with_body: Option<FunctionId>,
    unverified: Option<(signed::Steps, FunctionId)>,
) {
    let mut context = Context::new(Phase::Request, &[Val::I32]);
    let slots = tables::request_slots(builder);
    let fault = reply::fault(builder);
    let malformed = malformed(builder);
    let mut body = vec![
        Stmt::If(call(Mechanism::RequestBegin, vec![Expr::Data(slots)]), fault, vec![]),
        Stmt::If(request::is_malformed(builder.policy), malformed, vec![]),
        act(Mechanism::PathsMatch, vec![Expr::Data(tables::trie(builder))]),
    ];
    if let Some((steps, rules)) = unverified {
        body.push(signed::with_body(builder, &mut context, entries, steps, rules));
    }
    let decided = with_body.map_or(Expr::I32(action::CONTINUE), |with_body| Expr::Apply(with_body, vec![Expr::Local(Local(0))]));
    body.push(give(decided));
    let function = builder.function(format!("policy {}: request body", builder.policy.name.text), context, Some(Val::I32), body);
    builder.implement(Policy::OnRequestBody, function);
}
