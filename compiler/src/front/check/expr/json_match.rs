//! `match` over a JSON value: its arms may be texts, numbers, bools and `null`, each met by a value of that JSON type.
//! In: the typed subject, the arms. Out: one `match` for each type of arm, the next as the rest of the one before.

use super::{branch, expect, failed};
use crate::base::{Code, Span};
use crate::front::check::context::Context;
use crate::ir::{ast, hir};

/// Checks it; `values` are those of the arms, of one type.
pub(in crate::front::check) fn check(
    ctx: &mut Context<'_>,
    subject: &hir::Expr,
    arms: &[ast::MatchArm],
    (ty, values): (hir::Ty, Vec<hir::Expr>),
    span: Span,
) -> hir::Expr {
    let rest = match (arms.split_last(), values.last()) {
        (Some((last, _)), Some(value)) if last.pattern == ast::MatchPattern::Otherwise => Some((last, value.clone())),
        _ => None,
    };
    let mut groups: Vec<(hir::Ty, Vec<usize>)> = Vec::new();
    for (number, arm) in arms.iter().enumerate() {
        if arm.pattern == ast::MatchPattern::Otherwise {
            continue;
        }
        let kind = kind(&arm.pattern);
        match groups.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, members)) => members.push(number),
            None => groups.push((kind, vec![number])),
        }
    }
    let Some((otherwise, value)) = rest else {
        match arms.iter().find(|arm| arm.pattern == ast::MatchPattern::Otherwise) {
            Some(early) => {
                ctx.error(Code::BadMatch, early.span, "arms behind `otherwise`", "takes all that is left", "write `otherwise` last");
            }
            None => {
                let help = "add `otherwise: …` as its last arm";
                ctx.error(Code::BadMatch, span, "a `match` that does not cover every value", "nothing for other JSON values", help);
            }
        }
        return failed(span);
    };
    let mut result = hir::Expr { ty: ty.clone(), ..value };
    for (kind, members) in groups.into_iter().rev() {
        let own: Vec<ast::MatchArm> = members.iter().filter_map(|number| arms.get(*number)).chain([otherwise]).cloned().collect();
        let taken: Vec<hir::Expr> = members.iter().filter_map(|number| values.get(*number)).cloned().collect();
        let group = if kind == hir::Ty::Json {
            null(ctx, subject, &own, taken, result)
        } else {
            let subject = expect::json_as(subject.clone(), kind);
            let Some(patterns) = branch::patterns(ctx, &subject, &own, span) else { return failed(span) };
            let arms = patterns.into_iter().flatten().zip(taken).collect();
            Some(hir::ExprKind::Match(Box::new(subject), arms, Box::new(result)))
        };
        let Some(kind) = group else { return failed(span) };
        result = hir::Expr { kind, ty: ty.clone(), span };
    }
    result
}

/// The type that a JSON value has to be of to meet an arm; that of `null` is `json`.
fn kind(pattern: &ast::MatchPattern) -> hir::Ty {
    let ast::MatchPattern::Literal(literal) = pattern else { return hir::Ty::String };
    match &literal.kind {
        ast::ExprKind::Null => hir::Ty::Json,
        ast::ExprKind::Bool(_) => hir::Ty::Bool,
        ast::ExprKind::Float(_) => hir::Ty::Float,
        ast::ExprKind::Int(_) | ast::ExprKind::Size(_) | ast::ExprKind::Negate(_) => hir::Ty::Int,
        _ => hir::Ty::String,
    }
}

/// The arm `null`, of which there is one.
fn null(
    ctx: &mut Context<'_>,
    subject: &hir::Expr,
    arms: &[ast::MatchArm],
    taken: Vec<hir::Expr>,
    rest: hir::Expr,
) -> Option<hir::ExprKind> {
    let Ok([then]) = <[hir::Expr; 1]>::try_from(taken) else {
        let second = arms.get(1).map_or(subject.span, |arm| arm.span);
        ctx.error(Code::BadMatch, second, "the same arm twice", "matches what an arm before it takes", "keep one of them");
        return None;
    };
    let is_null = hir::Expr { kind: hir::ExprKind::JsonIsNull(Box::new(subject.clone())), ty: hir::Ty::Bool, span: subject.span };
    Some(hir::ExprKind::If(Box::new(is_null), Box::new(then), Box::new(rest)))
}
