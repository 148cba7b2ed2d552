//! What the condition of a quantifier reads besides its element: evaluated once, before the first element, and counted with each.
//!
//! Lists may come out of a body (`some x in request.body.json.items`). Were the rest of the condition evaluated for each element,
//! a body with half as many elements as text beside them would cost its square. So what is fixed is evaluated once, and since it
//! may be looked through once more for each element (`… satisfies request.body.text contains x`), its length counts, too.

use portcullis_runtime::contract::{Mechanism, Val};

use super::build::{Builder, Context, call};
use super::expr::{lower, val};
use super::membership::{behind_lets, elements};
use crate::ir::hir::{self, ExprKind, Ty};
use crate::ir::lir::{Expr, Local, Stmt};

/// Adds what is to be done before a quantifier of this level begins; gives the number of its rounds.
pub(super) fn before(
    builder: &mut Builder<'_>,
    context: &mut Context,
    (level, condition): (u32, &hir::Expr),
    list: Local,
    body: &mut Vec<Stmt>,
) -> Expr {
    let mut found = Vec::new();
    parts(builder.policy, condition, level, &mut found);
    let mut weight = None;
    for part in found {
        let local = match context.fixed(part) {
            Some(local) => local,
            None => {
                let value = lower(builder, context, part);
                let local = context.local(val(&part.ty));
                body.push(Stmt::Set(local, value));
                context.fixed.push((crate::plan::response_key(part), local));
                local
            }
        };
        if is_long(&part.ty) {
            weight = Some(call(Mechanism::Weigh, vec![Expr::Local(local), weight.unwrap_or(Expr::I32(0))]));
        }
    }
    if calls_a_reader(builder.policy, condition, level) {
        weight = Some(call(Mechanism::WeighMessage, vec![weight.unwrap_or(Expr::I32(0))]));
    }
    match weight {
        None => call(Mechanism::Rounds, vec![Expr::Local(list)]),
        Some(weight) => {
            let held = context.local(Val::I32);
            body.push(Stmt::Set(held, weight));
            call(Mechanism::RoundsBeside, vec![Expr::Local(list), Expr::Local(held)])
        }
    }
}

/// Whether values of this type have a length (in the high half of their i64).
fn is_long(ty: &Ty) -> bool {
    super::expr::is_text(ty) || matches!(ty.present(), Ty::List(_))
}

/// The largest parts of a condition that are the same for every element and worth to be kept.
fn parts<'e>(policy: &hir::Policy, expr: &'e hir::Expr, level: u32, found: &mut Vec<&'e hir::Expr>) {
    if !expr.is_fixed_at(level) {
        expr.operands().into_iter().for_each(|operand| parts(policy, operand, level, found));
        return;
    }
    let cheap = match &expr.kind {
        ExprKind::Const(_) | ExprKind::List(_) => true,
        ExprKind::Read(_) | ExprKind::Config(_) => !is_long(&expr.ty),
        // What stands in the policy becomes a table where it is looked up.
        ExprKind::ListOf(items) => items.iter().all(|item| matches!(item.kind, ExprKind::Const(_))),
        ExprKind::Let(_) => elements(policy, behind_lets(policy, expr)).is_some(),
        _ => false,
    };
    if !cheap {
        found.push(expr);
    }
}

/// Whether it calls, for each element, a `fn` that reads the message by itself.
fn calls_a_reader(policy: &hir::Policy, expr: &hir::Expr, level: u32) -> bool {
    if expr.is_fixed_at(level) {
        return false;
    }
    let mut reads = false;
    if let ExprKind::Invoke(id, _) = &expr.kind
        && let Some(item) = policy.fns.get(id.index())
    {
        item.body.reads(policy, &mut |_| reads = true);
    }
    reads || expr.operands().into_iter().any(|operand| calls_a_reader(policy, operand, level))
}
