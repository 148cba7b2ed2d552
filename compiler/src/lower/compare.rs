//! `==`, `<`, `<=`: by the type of the operands; absent operands are equal to nothing.

use portcullis_runtime::contract::{Mechanism, Val};

use super::build::{Builder, Context, call};
use super::expr::{binary, both, hold, is_present, is_text, lower, unwrap};
use crate::ir::hir::{self, Ty};
use crate::ir::lir::{BinaryOp, Expr, UnaryOp};

/// `left == right`.
pub(super) fn equal(builder: &mut Builder<'_>, context: &mut Context, left: &hir::Expr, right: &hir::Expr) -> Expr {
    if matches!(left.ty.present(), Ty::Json) {
        let left = lower(builder, context, left);
        let right = lower(builder, context, right);
        return call(Mechanism::JsonEqual, vec![left, right]);
    }
    if is_text(&left.ty) && is_text(&right.ty) {
        let secret = [left, right].into_iter().any(|side| matches!(side.ty.present(), Ty::Secret));
        let mechanism = if secret { Mechanism::SecretEqual } else { Mechanism::StrEqual };
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
    let float = [left, right].into_iter().any(|side| matches!(side.ty.present(), Ty::Float));
    let (x, y) = (unwrap(&left.ty, a), unwrap(&right.ty, b));
    let same = if float {
        binary(BinaryOp::EqualFloat, as_float(&left.ty, x), as_float(&right.ty, y))
    } else if matches!(left.ty.present(), Ty::Bool) {
        binary(BinaryOp::Equal32, x, y)
    } else {
        binary(BinaryOp::Equal64, x, y)
    };
    let mut value = same;
    for (ty, local) in [(&right.ty, b), (&left.ty, a)] {
        if ty.is_optional() {
            value = both(is_present(ty, Expr::Local(local)), value);
        }
    }
    Expr::Block(vec![set_left, set_right], Box::new(value))
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
fn as_float(ty: &Ty, value: Expr) -> Expr {
    if matches!(ty.present(), Ty::Float) { value } else { Expr::Unary(UnaryOp::ToFloat, Box::new(value)) }
}
