//! JSON arrays with an empty list behind `??` (`request.body.json.tags ?? []`) where a list of texts, numbers or bools is expected.
//! A `let` or a `fn` that gives one is copied once for each type that it is expected as.

use super::expect;
use crate::front::check::context::Context;
use crate::ir::hir;

/// What gives a JSON array and stands as a list of another type, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::front::check) enum Giver {
    Let(hir::LetId),
    Fn(hir::FnId),
}

/// It as a list of this type; nothing for what is made otherwise.
pub(super) fn list(ctx: &mut Context<'_>, value: &hir::Expr, ty: &hir::Ty) -> Option<hir::Expr> {
    let kind = match &value.kind {
        hir::ExprKind::JsonAs(array) => return Some(expect::json_as((**array).clone(), ty.clone())),
        hir::ExprKind::ListOf(items) if items.is_empty() => hir::ExprKind::ListOf(Vec::new()),
        hir::ExprKind::Coalesce(left, right) => hir::ExprKind::Coalesce(part(ctx, left, ty)?, part(ctx, right, ty)?),
        hir::ExprKind::If(condition, then, otherwise) => {
            hir::ExprKind::If(condition.clone(), part(ctx, then, ty)?, part(ctx, otherwise, ty)?)
        }
        hir::ExprKind::Match(subject, arms, otherwise) => {
            let arms = arms.iter().map(|(pattern, arm)| Some((pattern.clone(), list(ctx, arm, ty)?))).collect::<Option<Vec<_>>>()?;
            hir::ExprKind::Match(subject.clone(), arms, part(ctx, otherwise, ty)?)
        }
        // INVARIANT: a let or a fn reads only those before it, so this ends.
        hir::ExprKind::Let(id) => {
            let Giver::Let(id) = copy(ctx, Giver::Let(*id), ty)? else { return None };
            hir::ExprKind::Let(id)
        }
        hir::ExprKind::Invoke(id, args) => {
            let Giver::Fn(id) = copy(ctx, Giver::Fn(*id), ty)? else { return None };
            hir::ExprKind::Invoke(id, args.clone())
        }
        _ => return None,
    };
    let ty = if value.ty.is_optional() { ty.clone().optional() } else { ty.clone() };
    Some(hir::Expr { kind, ty, span: value.span })
}

fn part(ctx: &mut Context<'_>, value: &hir::Expr, ty: &hir::Ty) -> Option<Box<hir::Expr>> {
    list(ctx, value, ty).map(Box::new)
}

/// The copy of a `let` or a `fn` for this type, which is made when it is first asked for.
fn copy(ctx: &mut Context<'_>, giver: Giver, ty: &hir::Ty) -> Option<Giver> {
    let key = (giver, ty.clone());
    if let Some(known) = ctx.copies.get(&key) {
        return *known;
    }
    let made = match giver {
        Giver::Let(id) => copy_let(ctx, id, ty),
        Giver::Fn(id) => copy_fn(ctx, id, ty),
    };
    ctx.copies.insert(key, made);
    made
}

fn copy_let(ctx: &mut Context<'_>, id: hir::LetId, ty: &hir::Ty) -> Option<Giver> {
    let item = ctx.lets.get(id.index())?.clone();
    let value = list(ctx, &item.value, ty)?;
    let (weight, reads) = (*ctx.let_weights.get(id.index())?, *ctx.let_reads.get(id.index())?);
    Some(Giver::Let(ctx.declare_let(hir::Let { value, ..item }, weight, reads)))
}

fn copy_fn(ctx: &mut Context<'_>, id: hir::FnId, ty: &hir::Ty) -> Option<Giver> {
    let item = ctx.fns.get(id.index())?.clone();
    let body = list(ctx, &item.body, ty)?;
    let needs = ctx.fn_needs.get(id.index())?.clone();
    Some(Giver::Fn(ctx.declare_fn(hir::Fn { body, ..item }, needs)))
}
