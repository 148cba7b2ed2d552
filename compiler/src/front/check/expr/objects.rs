//! Operands that are written as an object or an array of JSON, which compare as equal to nothing: refused where they are compared.

use super::compare::Written;
use crate::base::Code;
use crate::front::check::context::Context;
use crate::ir::hir;

/// Whether an operand, or an element of a list of them, may be an object or an array that the policy writes, in place or by way of
/// `let`s, `fn`s and branches. It is reported.
pub(super) fn refused(ctx: &mut Context<'_>, written: &Written<'_>, operand: &hir::Expr) -> bool {
    let refused = is_written(ctx, operand);
    if refused {
        let message = format!("an object cannot be compared with `{}`", written.op.text());
        let help = "compare its members, as in `request.body.json.name == \"a\"`";
        ctx.error(Code::NotComparable, operand.span, message, "objects are equal to nothing", help);
    }
    refused
}

fn is_written(ctx: &Context<'_>, expr: &hir::Expr) -> bool {
    match &expr.kind {
        hir::ExprKind::Object(_) => true,
        hir::ExprKind::ListOf(items) => items.iter().any(|item| is_written(ctx, item)),
        hir::ExprKind::JsonMember(..) | hir::ExprKind::JsonElement(..) => json(ctx, expr).is_some_and(|part| is_written_json(ctx, part)),
        hir::ExprKind::Coalesce(first, second) => is_written(ctx, first) || is_written(ctx, second),
        hir::ExprKind::If(_, then, otherwise) => is_written(ctx, then) || is_written(ctx, otherwise),
        hir::ExprKind::Match(_, arms, otherwise) => arms.iter().any(|(_, arm)| is_written(ctx, arm)) || is_written(ctx, otherwise),
        // INVARIANT: a let or a fn reads only those before it, so this ends.
        hir::ExprKind::Let(id) => ctx.lets.get(id.index()).is_some_and(|item| is_written(ctx, &item.value)),
        hir::ExprKind::Invoke(id, _) => ctx.fns.get(id.index()).is_some_and(|item| is_written(ctx, &item.body)),
        _ => false,
    }
}

fn is_written_json(ctx: &Context<'_>, json: &hir::Json) -> bool {
    match json {
        hir::Json::Object(_) | hir::Json::Array(_) => true,
        hir::Json::Expr(expr) => is_written(ctx, expr),
        hir::Json::Null => false,
    }
}

/// The JSON that a member or an element of what the policy writes is.
fn json<'a>(ctx: &'a Context<'_>, expr: &'a hir::Expr) -> Option<&'a hir::Json> {
    match &expr.kind {
        hir::ExprKind::Object(json) => Some(json),
        hir::ExprKind::Let(id) => json(ctx, &ctx.lets.get(id.index())?.value),
        hir::ExprKind::JsonMember(object, key) => match (json(ctx, object)?, &key.kind) {
            (hir::Json::Object(members), hir::ExprKind::Const(hir::Const::String(key))) => {
                members.iter().find(|(name, _)| name == key).map(|(_, value)| value)
            }
            _ => None,
        },
        hir::ExprKind::JsonElement(array, place) => match (json(ctx, array)?, &place.kind) {
            (hir::Json::Array(items), hir::ExprKind::Const(hir::Const::Int(place))) => items.get(usize::try_from(*place).ok()?),
            _ => None,
        },
        _ => None,
    }
}
