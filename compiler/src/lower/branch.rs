//! `if` and `match`: the taken branch is evaluated and no other.

use portcullis_runtime::contract::{Mechanism, Val};

use super::build::{Builder, Context, call, index};
use super::expr::{binary, choose, hold, is_present, is_text, lower, val};
use super::list::shaped;
use super::{compare, tables};
use crate::ir::hir::{self, Const, Ty};
use crate::ir::lir::{BinaryOp, Expr, Stmt, UnaryOp};

/// From so many texts on, the arm is looked up and not searched.
const LOOKED_UP: usize = 4;

/// The type that a choice between values gives by itself.
pub(super) fn joined<'a>(ty: &Ty, mut values: impl Iterator<Item = &'a hir::Expr>) -> Ty {
    let ty = ty.present().clone();
    if values.any(|value| value.ty.is_optional()) { ty.optional() } else { ty }
}

/// `if condition then a else b`.
pub(super) fn lower_if(
    builder: &mut Builder<'_>,
    context: &mut Context,
    (condition, then, otherwise): (&hir::Expr, &hir::Expr, &hir::Expr),
    ty: &Ty,
) -> Expr {
    let ty = joined(ty, [then, otherwise].into_iter());
    let condition = lower(builder, context, condition);
    let then = shaped(builder, context, then, &ty);
    let otherwise = shaped(builder, context, otherwise, &ty);
    choose(val(&ty), condition, then, otherwise)
}

/// `match`: the number of the arm first, then its value; flat, however many there are.
pub(super) fn lower_match(
    builder: &mut Builder<'_>,
    context: &mut Context,
    (subject, arms, otherwise): (&hir::Expr, &[(Const, hir::Expr)], &hir::Expr),
    ty: &Ty,
) -> Expr {
    let ty = joined(ty, arms.iter().map(|(_, value)| value).chain([otherwise]));
    let (set, held) = hold(builder, context, subject);
    let arm = context.local(Val::I32);
    let mut body = vec![set, Stmt::Set(arm, Expr::I32(-1))];
    if is_text(&subject.ty) && arms.len() >= LOOKED_UP {
        let table = tables::arms(builder, arms.iter().map(|(pattern, _)| pattern));
        let place = context.local(Val::I64);
        body.push(Stmt::Set(place, call(Mechanism::MapGet, vec![Expr::Data(table), Expr::Local(held)])));
        let address = Expr::Unary(UnaryOp::Wrap, Box::new(Expr::Local(place)));
        let number = Expr::Unary(UnaryOp::Wrap, Box::new(Expr::Load(Box::new(address))));
        body.push(Stmt::If(is_present(&Ty::String, Expr::Local(place)), vec![Stmt::Set(arm, number)], vec![]));
    } else {
        let constant = context.local(val(subject.ty.present()));
        for (number, (pattern, _)) in arms.iter().enumerate() {
            body.push(Stmt::Set(constant, super::expr::constant(builder, pattern)));
            let same = compare::same(&subject.ty, held, subject.ty.present(), constant);
            body.push(Stmt::If(same, vec![Stmt::Set(arm, index(number))], vec![]));
        }
    }
    let result = context.local(val(&ty));
    let mut give = |builder: &mut Builder<'_>, value: &hir::Expr| vec![Stmt::Set(result, shaped(builder, context, value, &ty))];
    let taken: Vec<Vec<Stmt>> = arms.iter().map(|(_, value)| give(builder, value)).collect();
    let rest = give(builder, otherwise);
    match <[Vec<Stmt>; 1]>::try_from(taken) {
        Ok([only]) => body.push(Stmt::If(binary(BinaryOp::Equal32, Expr::Local(arm), Expr::I32(0)), only, rest)),
        Err(taken) => body.push(Stmt::Switch(Expr::Local(arm), taken, rest)),
    }
    Expr::Block(body, Box::new(Expr::Local(result)))
}
