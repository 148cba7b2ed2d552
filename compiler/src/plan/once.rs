//! Pass `once`: parts of conditions that several of them share are evaluated when the first asks, and kept as a bit for the rest of
//! the callback. In: conditions. Out: `Plan::once`.

use std::collections::BTreeMap;

use super::{Plan, order, response};
use crate::ir::hir::{self, ExprKind, Ty};

/// Bits that a request has.
const BITS: usize = 64;
/// Cheaper parts cost less to evaluate again than to remember.
const CHEAPEST: u64 = 90;

pub(super) fn run(_policy: &hir::Policy, plan: &mut Plan) {
    let mut found: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    // Equal conditions are one by now, or each has to be evaluated anyway.
    let mut used: Vec<u32> = plan.rules.iter().filter(|rule| !rule.dead).filter_map(|rule| rule.condition).map(|id| id.0).collect();
    used.extend(plan.scopes.iter().flatten().map(|id| id.0));
    used.sort_unstable();
    used.dedup();
    for condition in used.iter().filter_map(|id| plan.conditions.get(*id as usize)) {
        condition.exprs.iter().for_each(|expr| count(expr, &mut found));
    }
    let mut shared: Vec<(u64, String)> =
        found.into_iter().filter(|(_, (times, _))| *times > 1).map(|(key, (times, cost))| (times.saturating_mul(cost), key)).collect();
    shared.sort_by(|(a, first), (b, second)| b.cmp(a).then_with(|| first.cmp(second)));
    plan.once = shared.into_iter().take(BITS).map(|(_, key)| key).zip(0..).collect();
}

/// Counts a part; below one that was seen before nothing is counted again, for it will not be evaluated again.
fn count(expr: &hir::Expr, found: &mut BTreeMap<String, (u64, u64)>) {
    if let Some(key) = is_kept(expr) {
        let entry = found.entry(key).or_insert((0, order::cost(expr)));
        entry.0 += 1;
        if entry.0 > 1 {
            return;
        }
    }
    expr.operands().into_iter().for_each(|operand| count(operand, found));
}

/// The name of a part that may be kept: bools that cost something.
pub(crate) fn is_kept(expr: &hir::Expr) -> Option<String> {
    let constant = matches!(expr.kind, ExprKind::Const(_));
    (expr.ty == Ty::Bool && !constant && order::cost(expr) >= CHEAPEST && is_closed(expr)).then(|| response::key(expr))
}

/// Whether a part means the same wherever it stands: nothing in it is bound by what stands around it.
fn is_closed(expr: &hir::Expr) -> bool {
    let own = match &expr.kind {
        ExprKind::Const(_)
        | ExprKind::Read(_)
        | ExprKind::Config(_)
        | ExprKind::Let(_)
        | ExprKind::List(_)
        | ExprKind::ListOf(_)
        | ExprKind::MapGet(..)
        | ExprKind::ConfigMapGet(..)
        | ExprKind::Not(_)
        | ExprKind::And(_)
        | ExprKind::Or(_)
        | ExprKind::Equal(..)
        | ExprKind::Less(..)
        | ExprKind::LessEqual(..)
        | ExprKind::In(..)
        | ExprKind::InMap(..)
        | ExprKind::InConfigMap(..)
        | ExprKind::InCidr(..)
        | ExprKind::Contains(..)
        | ExprKind::StartsWith(..)
        | ExprKind::EndsWith(..)
        | ExprKind::Matches(..)
        | ExprKind::Present(_)
        | ExprKind::Coalesce(..)
        | ExprKind::Concat(_)
        | ExprKind::JsonMember(..)
        | ExprKind::JsonElement(..)
        | ExprKind::JsonAs(_)
        | ExprKind::JsonIsNull(_)
        | ExprKind::JsonHas(..)
        | ExprKind::Arithmetic(..)
        | ExprKind::Call(..) => true,
    };
    own && expr.operands().into_iter().all(is_closed)
}
