//! The response phase: what requests leave behind for it, and `policy.on_response_headers`.

use portcullis_runtime::contract::{Mechanism, Policy, Val, action, kind, map};

use super::build::{Builder, Context, Phase, act, call, give, index};
use super::expr::{self, all, choose, is_packed};
use super::{edit, guard, held, redact, reply, request, tables};
use crate::ir::hir::{self, RuleId, RuleKind, Ty};
use crate::ir::lir::{BinaryOp, DataId, Expr, FunctionId, Local, Stmt, UnaryOp};

/// Keeps what the response needs in the stream's record; nothing when there is no response phase.
pub(super) fn keep(builder: &mut Builder<'_>, context: &mut Context, entries: DataId) -> Vec<Stmt> {
    let plan = builder.plan;
    if !plan.streams {
        return Vec::new();
    }
    let policy = builder.policy;
    let mut body = Vec::new();
    let rules = request::has(policy, kind::RESPONSE);
    let selected = context.local(Val::I32);
    if rules {
        body.push(Stmt::Set(selected, guard::select(builder, entries, kind::RESPONSE)));
        body.push(reply::on_fault(builder));
    }
    let limits = policy.limits.iter().any(|limit| limit.headers);
    let mut inner = vec![Stmt::If(call(Mechanism::StreamOpen, vec![index(plan.carried.len())]), vec![], reply::fault(builder))];
    if limits {
        // A request that was held kept them when its limits were spent.
        let keep = act(Mechanism::LimitsKeepHeaders, vec![]);
        let mut more = Vec::new();
        if !super::hmac::waiting(policy).is_empty() && policy.limits.iter().any(|limit| limit.needs_identity && limit.headers) {
            more.push(Stmt::If(call(Mechanism::BodyUnverified, vec![]), vec![act(Mechanism::LimitsKeepMore, vec![])], vec![]));
        }
        inner.push(if plan.request_body { Stmt::If(call(Mechanism::BodyWasHeld, vec![]), more, vec![keep]) } else { keep });
    }
    if rules {
        inner.push(act(Mechanism::StreamKeepSelected, vec![Expr::I32(kind::RESPONSE)]));
        let store = store_function(builder);
        let number = context.local(Val::I32);
        let id = call(Mechanism::RulesSelected, vec![Expr::I32(kind::RESPONSE), Expr::Local(number)]);
        inner.push(Stmt::Count(number, Expr::Local(selected), vec![Stmt::Do(Expr::Apply(store, vec![id]))]));
    }
    if limits {
        body.extend(inner);
    } else {
        body.push(Stmt::If(Expr::Local(selected), inner, vec![]));
    }
    body
}

/// What one response rule needs of the request.
fn store_function(builder: &mut Builder<'_>) -> FunctionId {
    let policy = builder.policy;
    let plan = builder.plan;
    let mut arms: Vec<Vec<Stmt>> = Vec::new();
    for (number, rule) in policy.rules.iter().enumerate() {
        let mut context = Context::new(Phase::Request, &[]);
        let mut body = Vec::new();
        for (cell, carried) in plan.carried.iter().enumerate() {
            if carried.rules.contains(&RuleId(number as u32)) {
                body.extend(store(builder, &mut context, &carried.expr, cell));
            }
        }
        let redacts = matches!(&rule.kind, RuleKind::RedactResponse(redact) if !redact.any.is_empty());
        let reads = plan.rules.get(number).is_some_and(|planned| planned.response_body.is_some());
        if (redacts || reads) && !rule.shadow {
            // The upstream must answer plainly and whole, or what is looked for could hide.
            for name in ["accept-encoding", "range", "if-range"] {
                body.push(edit::remove(builder, map::REQUEST, name));
            }
        }
        if body.is_empty() {
            arms.push(Vec::new());
            continue;
        }
        let function = builder.function(format!("keep for {:?}", rule.name.text), context, None, body);
        arms.push(vec![Stmt::Do(Expr::Apply(function, vec![]))]);
    }
    let context = Context::new(Phase::Request, &[Val::I32]);
    builder.function("keep for the response", context, None, vec![Stmt::Switch(Expr::Local(Local(0)), arms, vec![])])
}

/// Bytes of what an i32 value points at.
fn pointee(ty: &Ty) -> i64 {
    if matches!(ty.present(), Ty::Ip) { portcullis_runtime::contract::IP_SIZE as i64 } else { 8 }
}

/// Keeps one value: strings and what addresses point at are copied.
fn store(builder: &mut Builder<'_>, context: &mut Context, value: &hir::Expr, cell: usize) -> [Stmt; 2] {
    let (set, local) = expr::hold(builder, context, value);
    let here = Expr::Local(local);
    let write = if let Ty::List(element) = value.ty.present() {
        let pack = if is_packed(element) { Mechanism::ListPackTexts } else { Mechanism::ListPackNumbers };
        act(Mechanism::StreamKeepStr, vec![index(cell), call(pack, vec![here])])
    } else if is_packed(&value.ty) {
        act(Mechanism::StreamKeepStr, vec![index(cell), here])
    } else if value.ty.is_optional() || matches!(value.ty, Ty::Ip) {
        let address = Expr::Unary(UnaryOp::Extend, Box::new(here.clone()));
        let packed = Expr::Binary(BinaryOp::Or64, Box::new(address), Box::new(Expr::I64(pointee(&value.ty) << 32)));
        act(Mechanism::StreamKeepStr, vec![index(cell), choose(Val::I64, here, packed, Expr::I64(0))])
    } else {
        let bits = if value.ty == Ty::Bool {
            Expr::Unary(UnaryOp::Extend, Box::new(here))
        } else if value.ty == Ty::Float {
            Expr::Unary(UnaryOp::FloatBits, Box::new(here))
        } else {
            here
        };
        act(Mechanism::StreamKeepInt, vec![index(cell), bits])
    };
    [set, write]
}

/// A kept value.
pub(super) fn load(ty: &Ty, cell: usize) -> Expr {
    let number = index(cell);
    if let Ty::List(element) = ty.present() {
        let unpack = if is_packed(element) { Mechanism::ListTexts } else { Mechanism::ListNumbers };
        return call(unpack, vec![call(Mechanism::StreamStr, vec![number])]);
    }
    if is_packed(ty) {
        return call(Mechanism::StreamStr, vec![number]);
    }
    if ty.is_optional() || matches!(ty, Ty::Ip) {
        return Expr::Unary(UnaryOp::Wrap, Box::new(call(Mechanism::StreamStr, vec![number])));
    }
    let bits = call(Mechanism::StreamInt, vec![number]);
    if *ty == Ty::Bool {
        Expr::Unary(UnaryOp::Wrap, Box::new(bits))
    } else if *ty == Ty::Float {
        Expr::Unary(UnaryOp::BitsFloat, Box::new(bits))
    } else {
        bits
    }
}

/// Generates `policy.on_response_headers`.
pub(super) fn lower(builder: &mut Builder<'_>) {
    let policy = builder.policy;
    let mut context = Context::new(Phase::Response, &[Val::I32]);
    let mut body = Vec::new();
    if builder.plan.streams {
        let slots = tables::response_slots(builder);
        let fault = reply::fault(builder);
        body.push(Stmt::If(call(Mechanism::ResponseBegin, vec![Expr::Data(slots)]), fault, vec![]));
        // A response that is replaced gets no edits and no headers, so what refuses comes first.
        body.extend(held::forbids(builder, &mut context, false));
    }
    if builder.plan.response_hold {
        let mut own = Context::new(Phase::Response, &[Val::I32]);
        let edits = finish(builder, &mut own);
        let finish = builder.function("answer", own, Some(Val::I32), edits);
        body.extend(held::hold(builder, &mut context, finish));
        body.push(give(Expr::Apply(finish, vec![Expr::Local(Local(0))])));
    } else {
        held::none(builder);
        body.extend(finish(builder, &mut context));
    }
    let function = builder.function(format!("policy {}: response headers", policy.name.text), context, Some(Val::I32), body);
    builder.implement(Policy::OnResponseHeaders, function);
}

fn redactions(policy: &hir::Policy) -> impl Iterator<Item = &hir::Redact> {
    let acting = policy.rules.iter().filter(|rule| !rule.shadow);
    acting.filter_map(|rule| if let RuleKind::RedactResponse(redact) = &rule.kind { Some(redact) } else { None })
}

/// What is done with a response that goes on: its body may be inspected, then rate-limit headers, edits, redacted headers. The first
/// parameter of the function around tells whether its headers end it.
fn finish(builder: &mut Builder<'_>, context: &mut Context) -> Vec<Stmt> {
    let policy = builder.policy;
    let mut body = Vec::new();
    if builder.plan.streams {
        if redactions(policy).any(|redact| !redact.any.is_empty()) {
            body.push(act(Mechanism::RedactBegin, vec![]));
            let each = by_rule(builder, "redact response", redact::body);
            body.push(for_selected(context, each));
            body.push(reply::on_fault(builder));
            let started = context.local(Val::I32);
            body.push(Stmt::Set(started, call(Mechanism::RedactStart, vec![Expr::Local(Local(0))])));
            body.push(Stmt::If(Expr::Local(started), vec![give(Expr::Local(started))], vec![]));
            if builder.plan.response_hold {
                // One that is replaced counts nothing else, and a body that was held is known as a whole.
                body.push(Stmt::Set(started, call(Mechanism::RedactHeld, vec![])));
                body.push(Stmt::If(Expr::Local(started), vec![give(Expr::Local(started))], vec![]));
            }
        }
        if policy.limits.iter().any(|limit| limit.headers) {
            body.push(act(Mechanism::ResponseLimitHeaders, vec![]));
        }
        let counts = |rule: &hir::Rule| rule.shadow && crate::plan::rule_kind(policy, rule) == kind::RESPONSE;
        if policy.rules.iter().any(|rule| counts(rule) || matches!(rule.kind, RuleKind::RewriteResponse(_))) {
            let each = by_rule(builder, "rewrite response", rewrite);
            body.push(for_selected(context, each));
        }
        if redactions(policy).any(|redact| !redact.headers.is_empty()) {
            let each = by_rule(builder, "redact response headers", redact::headers);
            body.push(for_selected(context, each));
        }
        body.push(reply::on_fault(builder));
    }
    body.push(give(Expr::I32(action::CONTINUE)));
    body
}

/// Calls a function with each kept rule.
fn for_selected(context: &mut Context, function: FunctionId) -> Stmt {
    let number = context.local(Val::I32);
    let id = call(Mechanism::StreamSelected, vec![Expr::Local(number)]);
    let body = vec![Stmt::Do(Expr::Apply(function, vec![id]))];
    Stmt::Count(number, call(Mechanism::StreamSelectedCount, vec![]), body)
}

/// A function from a rule's number to what it does, for the rules that `make` knows.
fn by_rule(
    builder: &mut Builder<'_>,
    name: &str,
    make: fn(&mut Builder<'_>, &mut Context, usize, &hir::Rule) -> Option<Vec<Stmt>>,
) -> FunctionId {
    let policy = builder.policy;
    let plan = builder.plan;
    let mut arms: Vec<Vec<Stmt>> = Vec::new();
    for (number, rule) in policy.rules.iter().enumerate() {
        let mut context = Context::new(Phase::Response, &[]);
        let Some(actions) = make(builder, &mut context, number, rule) else {
            arms.push(Vec::new());
            continue;
        };
        let conditions = plan.rules.get(number).map(|planned| planned.response_conditions.as_slice()).unwrap_or_default();
        let holds = all(conditions.iter().map(|condition| expr::lower(builder, &mut context, condition)).collect());
        let body = vec![Stmt::If(holds, actions, vec![])];
        let function = builder.function(format!("{name} {:?}", rule.name.text), context, None, body);
        arms.push(vec![Stmt::Do(Expr::Apply(function, vec![]))]);
    }
    let context = Context::new(Phase::Response, &[Val::I32]);
    builder.function(name, context, None, vec![Stmt::Switch(Expr::Local(Local(0)), arms, vec![])])
}

fn rewrite(builder: &mut Builder<'_>, context: &mut Context, number: usize, rule: &hir::Rule) -> Option<Vec<Stmt>> {
    if rule.shadow {
        return (crate::plan::rule_kind(builder.policy, rule) == kind::RESPONSE).then(|| vec![act(Mechanism::Count, vec![index(number)])]);
    }
    let RuleKind::RewriteResponse(edits) = &rule.kind else { return None };
    let mut body = edit::lower(builder, context, edits);
    body.push(act(Mechanism::Count, vec![index(number)]));
    Some(body)
}
