//! The value of a condition that no request changes. In: a typed condition. Out: its value, where the text alone decides it.

use crate::ir::hir::{self, Const, ExprKind};

/// The value of a bool that is always the same.
pub(super) fn value(policy: &hir::Policy, expr: &hir::Expr) -> Option<bool> {
    if let Some(Const::Bool(value)) = constant(policy, expr) {
        return Some(*value);
    }
    if let ExprKind::Let(id) = &expr.kind {
        return value(policy, &policy.lets.get(id.index())?.value);
    }
    if let ExprKind::Not(operand) = &expr.kind {
        return value(policy, operand).map(|value| !value);
    }
    if let ExprKind::And(items) | ExprKind::Or(items) = &expr.kind {
        let neutral = matches!(expr.kind, ExprKind::And(_));
        let values: Vec<Option<bool>> = items.iter().map(|item| value(policy, item)).collect();
        if values.contains(&Some(!neutral)) {
            return Some(!neutral);
        }
        return values.iter().all(Option::is_some).then_some(neutral);
    }
    if let ExprKind::In(_, list) = &expr.kind {
        return is_empty(policy, list).then_some(false);
    }
    if let ExprKind::Equal(left, right) = &expr.kind {
        let (left, right) = (constant(policy, left)?, constant(policy, right)?);
        return (std::mem::discriminant(left) == std::mem::discriminant(right)).then_some(left == right);
    }
    if let ExprKind::Less(left, right) | ExprKind::LessEqual(left, right) = &expr.kind {
        let (Const::Int(left), Const::Int(right)) = (constant(policy, left)?, constant(policy, right)?) else { return None };
        return Some(if matches!(expr.kind, ExprKind::Less(..)) { left < right } else { left <= right });
    }
    None
}

/// The constant that an expression is, by way of `let`s.
pub(super) fn constant<'a>(policy: &'a hir::Policy, expr: &'a hir::Expr) -> Option<&'a Const> {
    if let ExprKind::Const(constant) = &policy.behind_lets(expr).kind { Some(constant) } else { None }
}

/// The constants that a list has, when it has nothing else.
pub(super) fn elements<'a>(policy: &'a hir::Policy, list: &'a hir::Expr) -> Option<Vec<&'a Const>> {
    if let ExprKind::ListOf(items) = &list.kind {
        return items.iter().map(|item| constant(policy, item)).collect();
    }
    if let ExprKind::List(id) = &list.kind {
        return policy.lists.get(id.index()).map(|list| list.values.iter().collect());
    }
    None
}

fn is_empty(policy: &hir::Policy, list: &hir::Expr) -> bool {
    elements(policy, list).is_some_and(|elements| elements.is_empty())
}
