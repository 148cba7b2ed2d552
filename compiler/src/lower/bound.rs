//! Names that expressions bind: `some`, `every` and `fn`. A `fn` is one function in each phase that calls it.

use portcullis_runtime::contract::Val;

use super::build::{Builder, Context, Phase, give};
use super::expr::{binary, is_present, lower, val};
use super::fixed;
use super::list::{cell, from_cell, shaped};
use crate::ir::ast::Quantifier;
use crate::ir::hir::{self, Ty};
use crate::ir::lir::{BinaryOp, Expr, FunctionId, Stmt};

/// `some x in list satisfies condition`, `every …`: counted, and idle once it is decided. What the condition reads besides the
/// element is evaluated once, before it begins; both are false over an absent list.
pub(super) fn quantified(
    builder: &mut Builder<'_>,
    context: &mut Context,
    (quantifier, level): (Quantifier, u32),
    (list, condition): (&hir::Expr, &hir::Expr),
) -> Expr {
    let Ty::List(element) = list.ty.present() else { return Expr::I32(0) };
    let every = quantifier == Quantifier::Every;
    let until = Expr::I32(i32::from(every));
    let absent = every && list.ty.is_optional();
    let lowered = lower(builder, context, list);
    let (list, number, result) = (context.local(Val::I64), context.local(Val::I32), context.local(Val::I32));
    let begin = if absent { is_present(&Ty::Json, Expr::Local(list)) } else { until.clone() };
    let mut body = vec![Stmt::Set(list, lowered), Stmt::Set(result, begin)];
    // Names inside count from this one, also in what is evaluated before it has a value and does not read it.
    let item = context.local(val(element));
    let around = context.bind(level as usize, item, (**element).clone());
    let around_fixed = context.fixed.clone();
    let rounds = fixed::before(builder, context, (level, condition), list, &mut body);
    let condition = lower(builder, context, condition);
    context.bound = around;
    context.fixed = around_fixed;
    let set = Stmt::Set(item, from_cell(element, cell(list, number)));
    let step = Stmt::If(binary(BinaryOp::Equal32, Expr::Local(result), until), vec![set, Stmt::Set(result, condition)], vec![]);
    body.push(Stmt::Count(number, rounds, vec![step]));
    Expr::Block(body, Box::new(Expr::Local(result)))
}

/// `NAME(args)`: each argument is evaluated once.
pub(super) fn invoke(builder: &mut Builder<'_>, context: &mut Context, id: hir::FnId, args: &[hir::Expr]) -> Expr {
    let policy = builder.policy;
    let Some(item) = policy.fns.get(id.index()) else { return Expr::I32(0) };
    let args = item.params.iter().zip(args).map(|((_, ty), arg)| shaped(builder, context, arg, ty)).collect();
    Expr::Apply(function(builder, context.phase, id, item), args)
}

fn function(builder: &mut Builder<'_>, phase: Phase, id: hir::FnId, item: &hir::Fn) -> FunctionId {
    if let Some(function) = builder.fns.get(&(id.0, phase)) {
        return *function;
    }
    let params: Vec<Val> = item.params.iter().map(|(_, ty)| val(ty)).collect();
    let mut context = Context::new(phase, &params);
    context.bind_params(item.params.iter().map(|(_, ty)| ty.clone()));
    let body = lower(builder, &mut context, &item.body);
    let function = builder.function(format!("fn {}", item.name.text), context, Some(val(&item.body.ty)), vec![give(body)]);
    builder.fns.insert((id.0, phase), function);
    function
}
