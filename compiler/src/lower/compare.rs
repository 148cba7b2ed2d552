//! `==`, `<`, `<=`: by the type of the operands; absent operands are equal to nothing.

use portcullis_runtime::contract::{Mechanism, Val};

use super::build::{Builder, Context, call};
use super::expr::{binary, both, hold, is_present, is_text, lower, unwrap};
use crate::ir::hir::{self, Ty};
use crate::ir::lir::{BinaryOp, Expr, Local, UnaryOp};

/// `left == right`.
pub(super) fn equal(builder: &mut Builder<'_>, context: &mut Context, left: &hir::Expr, right: &hir::Expr) -> Expr {
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
    let value = same(&left.ty, a, &right.ty, b);
    Expr::Block(vec![set_left, set_right], Box::new(value))
}

/// Whether the values of two locals are equal (or an address lies in a network); absent ones are not.
pub(super) fn same(left: &Ty, a: Local, right: &Ty, b: Local) -> Expr {
    if is_text(left) && is_text(right) {
        let secret = [left, right].into_iter().any(|side| matches!(side.present(), Ty::Secret));
        let mechanism = if secret { Mechanism::SecretEqual } else { Mechanism::StrEqual };
        return call(mechanism, vec![Expr::Local(a), Expr::Local(b)]);
    }
    if matches!(right.present(), Ty::Cidr) && matches!(left.present(), Ty::Ip) {
        return call(Mechanism::NetworksContain, vec![Expr::Local(b), Expr::Local(a)]);
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
fn as_float(ty: &Ty, value: Expr) -> Expr {
    if matches!(ty.present(), Ty::Float) { value } else { Expr::Unary(UnaryOp::ToFloat, Box::new(value)) }
}
