//! Pass `dead`: constant conditions are folded; a rule with a condition that is always false is left out, and one whose conditions
//! exclude each other: `x == "a" and x == "b"`, `n < 3 and n > 5`.

use std::collections::BTreeMap;

use super::Plan;
use crate::ir::hir::{self, Const, ExprKind};

pub(super) fn run(policy: &hir::Policy, plan: &mut Plan) {
    for condition in &mut plan.conditions {
        for expr in &mut condition.exprs {
            fold(policy, expr);
        }
        condition.exprs.retain(|expr| constant(expr) != Some(true));
    }
    for (written, rule) in policy.rules.iter().zip(&mut plan.rules) {
        for expr in &mut rule.response_conditions {
            fold(policy, expr);
        }
        rule.response_conditions.retain(|expr| constant(expr) != Some(true));
        let condition = rule.condition.and_then(|id| plan.conditions.get(id.0 as usize));
        // What may inspect a body prepares the request for it before the response is there: as it would without this pass.
        let prepares = matches!(&written.kind, hir::RuleKind::RedactResponse(redact) if !redact.any.is_empty());
        let answer: &[hir::Expr] = if prepares { &[] } else { &rule.response_conditions };
        let mut exprs = answer.iter().chain(condition.iter().flat_map(|condition| &condition.exprs));
        // Whether a body is looked at must not hang on what was folded.
        rule.dead = rule.response_body.is_none() && (exprs.clone().any(|expr| constant(expr) == Some(false)) || contradict(&mut exprs));
        if condition.is_some_and(super::Condition::is_trivial) {
            rule.condition = None;
        }
    }
}

/// What conditions leave of the values of one subject.
#[derive(Default)]
struct Left<'a> {
    is: Option<&'a Const>,
    least: Option<i64>,
    most: Option<i64>,
}

/// Whether conditions that must all hold leave a subject no value.
fn contradict(conditions: &mut dyn Iterator<Item = &hir::Expr>) -> bool {
    let mut open: Vec<&hir::Expr> = conditions.collect();
    let mut subjects: BTreeMap<String, Left<'_>> = BTreeMap::new();
    while let Some(condition) = open.pop() {
        if let ExprKind::And(items) = &condition.kind {
            open.extend(items);
            continue;
        }
        let (ExprKind::Equal(first, second) | ExprKind::Less(first, second) | ExprKind::LessEqual(first, second)) = &condition.kind else {
            continue;
        };
        let (subject, constant, constant_is_first) = match (&first.kind, &second.kind) {
            (ExprKind::Const(_), ExprKind::Const(_)) => continue,
            (ExprKind::Const(constant), _) => (second, constant, true),
            (_, ExprKind::Const(constant)) => (first, constant, false),
            (_, _) => continue,
        };
        let left = subjects.entry(format!("{:?}", subject.without_places().kind)).or_default();
        let int = if let (Const::Int(value), hir::Ty::Int) = (constant, subject.ty.present()) { Some(*value) } else { None };
        let strict = i64::from(matches!(condition.kind, ExprKind::Less(..)));
        if let ExprKind::Equal(..) = condition.kind {
            let other = left.is.replace(constant);
            // What is of two kinds may still be equal: an int and a float.
            if other.is_some_and(|other| std::mem::discriminant(other) == std::mem::discriminant(constant) && other != constant) {
                return true;
            }
            left.least = left.least.max(int);
            left.most = left.most.into_iter().chain(int).min();
        } else if let (Some(value), true) = (int, constant_is_first) {
            left.least = left.least.max(Some(value.saturating_add(strict)));
        } else if let Some(value) = int {
            left.most = left.most.into_iter().chain([value.saturating_sub(strict)]).min();
        }
        if left.least.zip(left.most).is_some_and(|(least, most)| least > most) {
            return true;
        }
    }
    false
}

/// The value of a bool constant.
fn constant(expr: &hir::Expr) -> Option<bool> {
    if let ExprKind::Const(Const::Bool(value)) = &expr.kind { Some(*value) } else { None }
}

/// Folds bools from the leaves up; everything else stays.
fn fold(policy: &hir::Policy, expr: &mut hir::Expr) {
    for operand in expr.operands_mut() {
        fold(policy, operand);
    }
    shorten(expr);
    if let Some(value) = value(policy, expr) {
        expr.kind = ExprKind::Const(Const::Bool(value));
    }
}

/// Leaves operands out that change nothing; of a single one it becomes the expression.
fn shorten(expr: &mut hir::Expr) {
    if let ExprKind::And(items) = &mut expr.kind {
        items.retain(|item| constant(item) != Some(true));
    }
    if let ExprKind::Or(items) = &mut expr.kind {
        items.retain(|item| constant(item) != Some(false));
    }
    if let ExprKind::And(items) | ExprKind::Or(items) = &mut expr.kind
        && items.len() == 1
        && let Some(only) = items.pop()
    {
        *expr = only;
    }
}

/// The value of an expression whose operands are folded, where it is always the same.
fn value(policy: &hir::Policy, expr: &hir::Expr) -> Option<bool> {
    if let ExprKind::Not(operand) = &expr.kind {
        return constant(operand).map(|value| !value);
    }
    if let ExprKind::And(items) = &expr.kind {
        let refused = items.iter().any(|item| constant(item) == Some(false));
        return if refused { Some(false) } else { items.is_empty().then_some(true) };
    }
    if let ExprKind::Or(items) = &expr.kind {
        let granted = items.iter().any(|item| constant(item) == Some(true));
        return if granted { Some(true) } else { items.is_empty().then_some(false) };
    }
    if let ExprKind::In(_, list) = &expr.kind {
        return is_empty(policy, list).then_some(false);
    }
    if let ExprKind::Equal(left, right) = &expr.kind
        && let (ExprKind::Const(left), ExprKind::Const(right)) = (&left.kind, &right.kind)
        && std::mem::discriminant(left) == std::mem::discriminant(right)
    {
        return Some(left == right);
    }
    if let ExprKind::Let(id) = &expr.kind {
        return policy.lets.get(id.index()).and_then(|item| constant(&item.value));
    }
    if let ExprKind::Present(operand) = &expr.kind {
        return is_always_present(operand).then_some(true);
    }
    constant(expr)
}

/// Whether a list is known to hold nothing.
fn is_empty(policy: &hir::Policy, list: &hir::Expr) -> bool {
    if let ExprKind::ListOf(items) = &list.kind {
        return items.is_empty();
    }
    if let ExprKind::List(id) = &list.kind {
        return policy.lists.get(id.index()).is_some_and(|list| list.values.is_empty());
    }
    false
}

/// Whether a value can never be absent: constants. (A type without `?` may come from narrowing, so it tells nothing here.)
fn is_always_present(operand: &hir::Expr) -> bool {
    matches!(operand.kind, ExprKind::Const(_))
}
