//! `==`, `<`, `<=`: by the type of the operands; absent operands are equal to nothing.

use portcullis_runtime::contract::{Mechanism, Val};

use super::build::{Builder, Context, call};
use super::expr::{binary, both, hold, is_packed, is_present, lower, unwrap};
use crate::ir::hir::{self, ExprKind, Ty};
use crate::ir::lir::{BinaryOp, Expr, Local, UnaryOp};

/// Whether the time of a comparison must not tell how much of a value was guessed: secrets, bytes, and texts that are made
/// of the code of a message (`hex_encode(hmac_sha256(…))`).
pub(super) fn confidential(policy: &hir::Policy, value: &hir::Expr) -> bool {
    matches!(value.ty.present(), Ty::Secret | Ty::Bytes) || made_of_a_code(policy, value)
}

fn made_of_a_code(policy: &hir::Policy, value: &hir::Expr) -> bool {
    // INVARIANT: lets and fns lead only to those before them, so this ends; the checker bounds how many uses one value comes down to.
    let code = matches!(value.kind, ExprKind::Call(function, _) if function.is_code());
    let behind = match &value.kind {
        ExprKind::Let(id) => policy.lets.get(id.index()).map(|item| &item.value),
        ExprKind::Invoke(id, _) => policy.fns.get(id.index()).map(|item| &item.body),
        _ => None,
    };
    code || behind.is_some_and(|value| made_of_a_code(policy, value))
        || value.operands().into_iter().any(|operand| made_of_a_code(policy, operand))
}

/// Whether two texts are compared in constant time: where one is confidential, or may have been handed to a `fn` or quantifier as such.
pub(super) fn in_constant_time(policy: &hir::Policy, sides: [&hir::Expr; 2]) -> bool {
    fn handed_over(value: &hir::Expr) -> bool {
        matches!(value.kind, ExprKind::Bound(_)) || value.operands().into_iter().any(handed_over)
    }
    sides.into_iter().any(|side| confidential(policy, side) || handed_over(side))
}

/// `left == right`.
pub(super) fn equal(builder: &mut Builder<'_>, context: &mut Context, left: &hir::Expr, right: &hir::Expr) -> Expr {
    if matches!(left.ty.present(), Ty::Json) {
        let left = lower(builder, context, left);
        let right = lower(builder, context, right);
        return call(Mechanism::JsonEqual, vec![left, right]);
    }
    if is_packed(&left.ty) && is_packed(&right.ty) {
        let mechanism = if in_constant_time(builder.policy, [left, right]) { Mechanism::SecretEqual } else { Mechanism::StrEqual };
        let left = lower(builder, context, left);
        let right = lower(builder, context, right);
        return call(mechanism, vec![left, right]);
    }
    if matches!(left.ty.present(), Ty::Ip) {
        let left = lower(builder, context, left);
        let right = lower(builder, context, right);
        return call(Mechanism::IpEqual, vec![left, right]);
    }
    let (set_left, a) = hold(builder, context, left);
    let (set_right, b) = hold(builder, context, right);
    let value = same(&left.ty, a, &right.ty, b);
    Expr::Block(vec![set_left, set_right], Box::new(value))
}

/// Whether the values of two locals are equal (or an address lies in a network); absent ones are not.
pub(super) fn same(left: &Ty, a: Local, right: &Ty, b: Local) -> Expr {
    if is_packed(left) && is_packed(right) {
        let secret = [left, right].into_iter().any(|side| matches!(side.present(), Ty::Secret | Ty::Bytes));
        let mechanism = if secret { Mechanism::SecretEqual } else { Mechanism::StrEqual };
        return call(mechanism, vec![Expr::Local(a), Expr::Local(b)]);
    }
    if matches!(right.present(), Ty::Cidr) && matches!(left.present(), Ty::Ip) {
        return call(Mechanism::IpInNetwork, vec![Expr::Local(a), Expr::Local(b)]);
    }
    if matches!(left.present(), Ty::Ip) {
        return call(Mechanism::IpEqual, vec![Expr::Local(a), Expr::Local(b)]);
    }
    let float = [left, right].into_iter().any(|side| matches!(side.present(), Ty::Float));
    let (x, y) = (unwrap(left, a), unwrap(right, b));
    let mut value = if float {
        binary(BinaryOp::EqualFloat, as_float(left, x), as_float(right, y))
    } else if matches!(left.present(), Ty::Bool) {
        binary(BinaryOp::Equal32, x, y)
    } else {
        binary(BinaryOp::Equal64, x, y)
    };
    for (ty, local) in [(right, b), (left, a)] {
        if ty.is_optional() {
            value = both(is_present(ty, Expr::Local(local)), value);
        }
    }
    value
}

/// `left < right`, or `<=`; operands are present numbers.
pub(super) fn less(builder: &mut Builder<'_>, context: &mut Context, left: &hir::Expr, right: &hir::Expr, or_equal: bool) -> Expr {
    let float = [left, right].into_iter().any(|side| super::expr::val(&side.ty) == Val::F64);
    let a = lower(builder, context, left);
    let b = lower(builder, context, right);
    if float {
        let op = if or_equal { BinaryOp::LessEqualFloat } else { BinaryOp::LessFloat };
        return binary(op, as_float(&left.ty, a), as_float(&right.ty, b));
    }
    binary(if or_equal { BinaryOp::LessEqual64 } else { BinaryOp::Less64 }, a, b)
}

/// A number as f64.
pub(super) fn as_float(ty: &Ty, value: Expr) -> Expr {
    if matches!(ty.present(), Ty::Float) { value } else { Expr::Unary(UnaryOp::ToFloat, Box::new(value)) }
}
