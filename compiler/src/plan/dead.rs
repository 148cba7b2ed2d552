//! Pass `dead`: constant conditions are folded; a rule with a condition that is always false is left out.

use super::Plan;
use crate::ir::hir::{self, Const, ExprKind};

pub(super) fn run(policy: &hir::Policy, plan: &mut Plan) {
    for condition in &mut plan.conditions {
        for expr in &mut condition.exprs {
            fold(policy, expr);
        }
        condition.exprs.retain(|expr| constant(expr) != Some(true));
    }
    for rule in &mut plan.rules {
        for expr in &mut rule.response_conditions {
            fold(policy, expr);
        }
        rule.response_conditions.retain(|expr| constant(expr) != Some(true));
        let condition = rule.condition.and_then(|id| plan.conditions.get(id.0 as usize));
        let mut exprs = rule.response_conditions.iter().chain(condition.iter().flat_map(|condition| &condition.exprs));
        rule.dead = exprs.any(|expr| constant(expr) == Some(false));
        if condition.is_some_and(super::Condition::is_trivial) {
            rule.condition = None;
        }
    }
}

/// The value of a bool constant.
fn constant(expr: &hir::Expr) -> Option<bool> {
    match &expr.kind {
        ExprKind::Const(Const::Bool(value)) => Some(*value),
        _ => None,
    }
}

/// Folds bools from the leaves up; everything else stays.
fn fold(policy: &hir::Policy, expr: &mut hir::Expr) {
    for operand in expr.operands_mut() {
        fold(policy, operand);
    }
    let value = match &mut expr.kind {
        ExprKind::Not(operand) => constant(operand).map(|value| !value),
        ExprKind::And(items) => {
            items.retain(|item| constant(item) != Some(true));
            if items.iter().any(|item| constant(item) == Some(false)) {
                Some(false)
            } else if items.is_empty() {
                Some(true)
            } else {
                None
            }
        }
        ExprKind::Or(items) => {
            items.retain(|item| constant(item) != Some(false));
            if items.iter().any(|item| constant(item) == Some(true)) {
                Some(true)
            } else if items.is_empty() {
                Some(false)
            } else {
                None
            }
        }
        ExprKind::In(_, list) => match &list.kind {
            ExprKind::ListOf(items) if items.is_empty() => Some(false),
            ExprKind::List(id) if policy.lists.get(id.index()).is_some_and(|list| list.values.is_empty()) => Some(false),
            _ => None,
        },
        ExprKind::Equal(left, right) => match (&left.kind, &right.kind) {
            (ExprKind::Const(left), ExprKind::Const(right)) => Some(left == right),
            _ => None,
        },
        ExprKind::Let(id) => policy.lets.get(id.index()).and_then(|item| constant(&item.value)),
        ExprKind::Present(operand) if !operand.ty.is_optional() => Some(true),
        _ => None,
    };
    match (value, &mut expr.kind) {
        (Some(value), kind) => *kind = ExprKind::Const(Const::Bool(value)),
        (None, ExprKind::And(items) | ExprKind::Or(items)) if items.len() == 1 => {
            if let Some(only) = items.pop() {
                *expr = only;
            }
        }
        (None, _) => {}
    }
}
