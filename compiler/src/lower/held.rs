//! What the response decides: forbids that read it, and responses that are held for their body (`policy.on_response_body`).
//! Only in policies with such rules.

use portcullis_runtime::contract::{Mechanism, Policy, Val, action, kind};

use super::build::{Builder, Context, Phase, act, call, give, index};
use super::expr::{self, all, binary, both, not};
use super::{reply, request, tables};
use crate::ir::hir::{self, Action, RuleKind};
use crate::ir::lir::{BinaryOp, Expr, FunctionId, Local, Stmt, UnaryOp};
use crate::plan::RulePlan;

/// Bits of what waits for a body.
mod waits {
    /// A rule.
    pub(super) const RULE: i32 = 1;
    /// A rule that reads JSON.
    pub(super) const JSON: i32 = 2;
    /// A rule in shadow.
    pub(super) const SHADOW: i32 = 4;
    /// A rule in shadow that reads JSON.
    pub(super) const SHADOW_JSON: i32 = 8;
}

/// The rules that the response decides, with what is planned for them.
fn planned<'a>(builder: &Builder<'a>) -> impl Iterator<Item = (usize, &'a hir::Rule, &'a RulePlan)> {
    let (policy, plan) = (builder.policy, builder.plan);
    let both = policy.rules.iter().zip(&plan.rules).enumerate();
    both.map(|(number, (rule, planned))| (number, rule, planned)).filter(|(_, rule, planned)| {
        crate::plan::rule_kind(policy, rule) == kind::RESPONSE && (!planned.dead || planned.response_body.is_some())
    })
}

/// A function from a rule's number to a number: what holds for it gives the one, else the other.
fn chooser(builder: &mut Builder<'_>, name: &str, otherwise: i32, cases: Vec<(usize, Vec<hir::Expr>, i32)>) -> FunctionId {
    let mut arms: Vec<Vec<Stmt>> = builder.policy.rules.iter().map(|_| Vec::new()).collect();
    for (number, conditions, value) in cases {
        let mut context = Context::new(Phase::Response, &[]);
        let holds = all(conditions.iter().map(|condition| expr::lower(builder, &mut context, condition)).collect());
        let rule = builder.policy.rules.get(number).map_or("", |rule| rule.name.text.as_str());
        let body = vec![Stmt::If(holds, vec![give(Expr::I32(value))], vec![]), give(Expr::I32(otherwise))];
        let function = builder.function(format!("{name} {rule:?}"), context, Some(Val::I32), body);
        if let Some(arm) = arms.get_mut(number) {
            *arm = vec![give(Expr::Apply(function, vec![]))];
        }
    }
    let context = Context::new(Phase::Response, &[Val::I32]);
    builder.function(name, context, Some(Val::I32), vec![Stmt::Switch(Expr::Local(Local(0)), arms, vec![]), give(Expr::I32(otherwise))])
}

/// Each kept rule, in file order.
fn for_selected(context: &mut Context, body: impl FnOnce(Expr) -> Vec<Stmt>) -> Stmt {
    let number = context.local(Val::I32);
    let id = call(Mechanism::StreamSelected, vec![Expr::Local(number)]);
    Stmt::Count(number, call(Mechanism::StreamSelectedCount, vec![]), body(id))
}

/// Refuses by the first forbid that the response decides, of those that read its body or of the others.
pub(super) fn forbids(builder: &mut Builder<'_>, context: &mut Context, with_body: bool) -> Vec<Stmt> {
    let cases: Vec<(usize, Vec<hir::Expr>, i32)> = planned(builder)
        .filter(|(_, rule, planned)| {
            matches!(rule.kind, RuleKind::Forbid(_)) && !rule.shadow && planned.response_body.is_some() == with_body
        })
        .map(|(number, _, planned)| (number, planned.response_conditions.clone(), number as i32))
        .collect();
    if cases.is_empty() {
        return Vec::new();
    }
    let name = if with_body { "forbid by the response's body" } else { "forbid by the response" };
    let each = chooser(builder, name, -1, cases);
    let chosen = context.local(Val::I32);
    let none = || binary(BinaryOp::Less32, Expr::Local(chosen), Expr::I32(0));
    let refuse = request::forbid(builder, chosen);
    vec![
        Stmt::Set(chosen, Expr::I32(-1)),
        for_selected(context, |id| {
            let first = Stmt::Set(chosen, Expr::Apply(each, vec![id]));
            vec![Stmt::If(none(), vec![first], vec![])]
        }),
        reply::on_fault(builder),
        Stmt::If(not(none()), vec![give(refuse)], vec![]),
    ]
}

fn has(bits: &Expr, bit: i32) -> Expr {
    binary(BinaryOp::And32, bits.clone(), Expr::I32(bit))
}

/// Holds a response for which rules wait; `finish` is what is done with one that is not held.
pub(super) fn hold(builder: &mut Builder<'_>, context: &mut Context, finish: FunctionId) -> Vec<Stmt> {
    let cases = planned(builder)
        .filter_map(|(number, rule, planned)| {
            let body = planned.response_body?;
            let (plain, json) = if rule.shadow { (waits::SHADOW, waits::SHADOW_JSON) } else { (waits::RULE, waits::JSON) };
            Some((number, planned.response_waits_if.clone(), if body.json { plain | json } else { plain }))
        })
        .collect();
    let each = chooser(builder, "wait for the response's body", 0, cases);
    let with_body = self::with_body(builder, finish);
    callback(builder, with_body);
    let bits = context.local(Val::I32);
    let waiting = Expr::Local(bits);
    let encoding = context.local(Val::I64);
    let encoded = call(Mechanism::ResponseHeader, vec![Expr::I32(tables::response_slot(builder.plan, "content-encoding"))]);
    let identity = builder.string("identity");
    let plain = call(Mechanism::StrEqual, vec![Expr::Local(encoding), identity]);
    let present = not(Expr::Unary(UnaryOp::IsZero64, Box::new(Expr::Local(encoding))));
    let unreadable = both(both(present, not(plain)), has(&waiting, waits::RULE));
    let mut fault = absent_or_fault(builder);
    // Nothing of it is read, the forbids are asked all the same.
    fault.push(give(Expr::Apply(with_body, vec![Expr::I32(0), Expr::I32(0), Expr::I32(0)])));
    let state = context.local(Val::I32);
    let limit = i64::try_from(builder.policy.body_limit).unwrap_or(i64::MAX);
    let is = |number: i32| binary(BinaryOp::Equal32, Expr::Local(state), Expr::I32(number));
    let held = vec![
        Stmt::Set(encoding, call(Mechanism::StrLower, vec![encoded])),
        Stmt::If(unreadable, fault, vec![]),
        Stmt::Set(state, call(Mechanism::ResponseHold, vec![Expr::I64(limit), waiting.clone()])),
        Stmt::If(is(0), vec![give(Expr::I32(action::STOP))], vec![]),
        Stmt::If(is(2), reply::fault(builder), vec![]),
        give(Expr::Apply(with_body, vec![Expr::I32(1), waiting.clone(), Expr::I32(0)])),
    ];
    let either = |id: Expr| binary(BinaryOp::Or32, Expr::Local(bits), Expr::Apply(each, vec![id]));
    // Headers that end the response: its body is empty.
    let ends = vec![give(Expr::Apply(with_body, vec![Expr::I32(0), waiting.clone(), Expr::I32(1)]))];
    vec![
        Stmt::Set(bits, Expr::I32(0)),
        for_selected(context, |id| vec![Stmt::Set(bits, either(id))]),
        reply::on_fault(builder),
        Stmt::If(waiting, vec![Stmt::If(Expr::Local(Local(0)), ends, held)], vec![]),
    ]
}

/// A body that cannot be read: the declared outcome of a fault; where that is `allow`, what reads the body is absent.
fn absent_or_fault(builder: &mut Builder<'_>) -> Vec<Stmt> {
    match &builder.policy.on_fault {
        Action::Deny(_) => reply::fault(builder),
        Action::Allow => {
            let metric = index(builder.metrics.number("fault", "fault"));
            vec![act(Mechanism::Count, vec![metric]), act(Mechanism::BodyUnreadable, vec![])]
        }
    }
}

/// The decision with the body: from whether it is too large, what waits, and whether the headers end the response, to the action.
fn with_body(builder: &mut Builder<'_>, finish: FunctionId) -> FunctionId {
    let mut context = Context::new(Phase::Response, &[Val::I32, Val::I32, Val::I32]);
    let bits = Expr::Local(Local(1));
    let mut body = Vec::new();
    if let Action::Deny(refusal) = builder.policy.on_oversize.clone() {
        let refuse = reply::refuse(builder, &refusal, "body_limit", "deny");
        body.push(Stmt::If(both(Expr::Local(Local(0)), has(&bits, waits::RULE)), refuse, vec![]));
    }
    let json = |shadow: bool| {
        planned(builder).any(|(_, rule, planned)| rule.shadow == shadow && planned.response_body.is_some_and(|body| body.json))
    };
    let (json, shadow_json) = (json(false), json(true));
    if json {
        let refused = both(has(&bits, waits::JSON), call(Mechanism::BodyReadJson, vec![]));
        let fault = absent_or_fault(builder);
        body.push(Stmt::If(refused, fault, vec![]));
    }
    if shadow_json {
        body.push(Stmt::If(has(&bits, waits::SHADOW_JSON), vec![act(Mechanism::BodyReadJson, vec![])], vec![]));
    }
    body.push(reply::on_fault(builder));
    body.extend(forbids(builder, &mut context, true));
    body.push(give(Expr::Apply(finish, vec![Expr::Local(Local(2))])));
    builder.function("response with its body", context, Some(Val::I32), body)
}

/// Generates `policy.on_response_body`: the headers are read again, then the response is decided.
fn callback(builder: &mut Builder<'_>, with_body: FunctionId) {
    let mut context = Context::new(Phase::Response, &[Val::I32, Val::I32]);
    let state = context.local(Val::I32);
    let is = |number: i32| binary(BinaryOp::Equal32, Expr::Local(state), Expr::I32(number));
    let slots = tables::response_slots(builder);
    let fault = reply::fault(builder);
    let body = vec![
        Stmt::Set(state, call(Mechanism::ResponseBodyIn, vec![Expr::Local(Local(0)), Expr::Local(Local(1))])),
        Stmt::If(is(0), vec![give(Expr::I32(action::CONTINUE))], vec![]),
        Stmt::If(is(1), vec![give(Expr::I32(action::STOP))], vec![]),
        Stmt::If(call(Mechanism::ResponseBegin, vec![Expr::Data(slots)]), fault, vec![]),
        give(Expr::Apply(with_body, vec![is(3), call(Mechanism::ResponseWaits, vec![]), Expr::I32(0)])),
    ];
    let function = builder.function(format!("policy {}: response body", builder.policy.name.text), context, Some(Val::I32), body);
    builder.implement(Policy::OnResponseBody, function);
}

/// `policy.on_response_body` of a policy that holds no response.
pub(super) fn none(builder: &mut Builder<'_>) {
    let context = Context::new(Phase::Response, &[Val::I32, Val::I32]);
    let function = builder.function("response body", context, Some(Val::I32), vec![give(Expr::I32(action::CONTINUE))]);
    builder.implement(Policy::OnResponseBody, function);
}
