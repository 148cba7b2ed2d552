//! The border between request and response: which conditions wait for the response, and which facts of the request
//! are carried over to it, because request headers cannot be read there (host.md 3.2).

use std::collections::BTreeMap;

use super::{Phase, Plan};
use crate::base::Span;
use crate::ir::hir::{self, ExprKind, Ty};

/// A value that is computed while the request is there and kept in the stream's record.
#[derive(Clone, Debug, PartialEq)]
pub struct Carried {
    /// What is computed.
    pub expr: hir::Expr,
    /// Rules that need it.
    pub rules: Vec<hir::RuleId>,
}

/// Takes conditions that read the response out of the request's conditions.
pub(super) fn split(policy: &hir::Policy, plan: &mut Plan) {
    for (rule, planned) in policy.rules.iter().zip(&mut plan.rules) {
        if planned.phase == Phase::Request {
            continue;
        }
        planned.response_conditions = rule.conditions.iter().filter(|expr| reads_response(policy, expr)).cloned().collect();
        planned.response_body = super::body::of_response(policy, rule);
        if planned.response_body.is_some() {
            planned.response_waits_if = super::body::known_from_response_headers(policy, &planned.response_conditions);
        }
        let condition = planned.condition.and_then(|id| plan.conditions.get_mut(id.0 as usize));
        if let Some(condition) = condition {
            condition.exprs.retain(|expr| !reads_response(policy, expr));
            if condition.is_trivial() {
                planned.condition = None;
            }
        }
    }
}

/// Finds the largest parts of response expressions that read the request only.
pub(super) fn carry(policy: &hir::Policy, plan: &mut Plan) {
    let mut found: BTreeMap<String, Carried> = BTreeMap::new();
    let mut order: Vec<String> = Vec::new();
    for (index, (rule, planned)) in policy.rules.iter().zip(&plan.rules).enumerate() {
        if planned.phase == Phase::Request || planned.dead {
            continue;
        }
        let values = if rule.shadow { Vec::new() } else { values(rule) };
        for expr in planned.response_conditions.iter().chain(&planned.response_waits_if).chain(values) {
            parts(policy, expr, &mut |part| {
                let key = key(part);
                let entry = found.entry(key.clone()).or_insert_with(|| {
                    order.push(key);
                    Carried { expr: part.clone(), rules: Vec::new() }
                });
                let id = hir::RuleId(index as u32);
                if !entry.rules.contains(&id) {
                    entry.rules.push(id);
                }
            });
        }
    }
    plan.carried = order.into_iter().filter_map(|key| found.remove(&key)).collect();
}

/// Text by which the response phase finds a carried value again.
pub(crate) fn key(expr: &hir::Expr) -> String {
    format!("{:?}", expr.without_places())
}

/// The values that a response rule writes.
fn values(rule: &hir::Rule) -> Vec<&hir::Expr> {
    match &rule.kind {
        hir::RuleKind::RewriteResponse(edits) => edits
            .iter()
            .filter_map(|edit| match &edit.target {
                hir::EditTarget::Set(_, value)
                | hir::EditTarget::Append(_, value)
                | hir::EditTarget::Path(value)
                | hir::EditTarget::Host(value) => Some(value),
                hir::EditTarget::Remove(_) => None,
            })
            .collect(),
        hir::RuleKind::Forbid(_) => rule.values(),
        hir::RuleKind::RedactResponse(_) | hir::RuleKind::Permit | hir::RuleKind::RewriteRequest(_) | hir::RuleKind::Route(_) => Vec::new(),
    }
}

/// Whether a forbid is decided by the response: a condition of it reads that, or its reply does.
pub(super) fn is_of(policy: &hir::Policy, rule: &hir::Rule) -> bool {
    rule.conditions.iter().chain(rule.values()).any(|expr| reads_response(policy, expr))
}

/// Whether some read in it waits for the response.
pub(crate) fn reads_response(policy: &hir::Policy, expr: &hir::Expr) -> bool {
    let mut found = false;
    expr.reads(policy, &mut |read| found |= read.is_response());
    found
}

/// Whether some read in it needs the request.
pub(crate) fn reads_request(policy: &hir::Policy, expr: &hir::Expr) -> bool {
    let mut found = false;
    expr.reads(policy, &mut |read| found |= !read.is_response());
    found
}

/// Whether values of this type can be kept. Lists of addresses cannot: their elements are, where they are written in place.
pub(crate) fn fits_cell(ty: &Ty) -> bool {
    match ty.present() {
        Ty::List(element) => !matches!(**element, Ty::Ip) && fits_cell(element),
        Ty::Bool
        | Ty::Int
        | Ty::Float
        | Ty::String
        | Ty::Bytes
        | Ty::Ip
        | Ty::Cidr
        | Ty::Duration
        | Ty::Time
        | Ty::Secret
        | Ty::Json
        | Ty::Enum(_) => true,
        Ty::Rate | Ty::Regex | Ty::Map(_) | Ty::Optional(_) | Ty::Error => false,
    }
}

/// The list itself, where its elements stand in the policy, maybe behind `let`s.
pub(crate) fn written_list<'a>(policy: &'a hir::Policy, list: &'a hir::Expr) -> Option<&'a hir::Expr> {
    let list = policy.behind_lets(list);
    matches!(list.kind, ExprKind::List(_) | ExprKind::ListOf(_)).then_some(list)
}

/// Whether this part is kept as a whole: it is known with the request. Of a list in place the elements are kept.
fn is_kept_whole(policy: &hir::Policy, expr: &hir::Expr) -> bool {
    !reads_response(policy, expr) && fits_cell(&expr.ty) && !expr.is_open() && written_list(policy, expr).is_none()
}

/// A request fact that the response phase would need and that cannot be carried to it: its place.
pub(super) fn uncarried(policy: &hir::Policy, plan: &Plan) -> Option<Span> {
    let rules = policy.rules.iter().zip(&plan.rules).filter(|(_, planned)| planned.phase == Phase::Response && !planned.dead);
    rules.into_iter().find_map(|(rule, planned)| {
        let mut needed = planned.response_conditions.iter().chain(values(rule));
        needed.find_map(|expr| lost(policy, expr))
    })
}

/// As [`parts`]: the first read of the request in no part that is carried.
fn lost(policy: &hir::Policy, expr: &hir::Expr) -> Option<Span> {
    if !reads_request(policy, expr) || is_kept_whole(policy, expr) {
        return None;
    }
    let body = match &expr.kind {
        ExprKind::Read(_) => return Some(expr.span),
        // What names the fact is known only when the request is gone.
        ExprKind::ReadAt(read, _) if !read.is_response() => return Some(expr.span),
        ExprKind::Let(id) => policy.lets.get(id.index()).and_then(|item| lost(policy, &item.value)),
        ExprKind::Invoke(id, _) => policy.fns.get(id.index()).filter(|item| reads_request(policy, &item.body)).map(|_| expr.span),
        _ => None,
    };
    body.or_else(|| expr.operands().into_iter().find_map(|operand| lost(policy, operand)))
}

/// Calls `visit` with the largest parts that read the request and not the response.
/// A `let` that reads both is entered; its own parts are carried.
fn parts(policy: &hir::Policy, expr: &hir::Expr, visit: &mut dyn FnMut(&hir::Expr)) {
    if !reads_request(policy, expr) {
        return;
    }
    if is_kept_whole(policy, expr) {
        visit(expr);
        return;
    }
    if let ExprKind::Let(id) = &expr.kind
        && let Some(item) = policy.lets.get(id.index())
    {
        parts(policy, &item.value, visit);
    }
    for operand in expr.operands() {
        parts(policy, operand, visit);
    }
}
