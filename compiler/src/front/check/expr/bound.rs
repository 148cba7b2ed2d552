//! Names that an expression binds: `some x in …`, `every x in …`, parameters of a `fn`; and elements of lists by index.

use super::{boolean, exact, expect, failed, int};
use crate::base::{Code, Span};
use crate::front::check::context::Context;
use crate::front::check::env::Env;
use crate::ir::{ast, hir};
use crate::lang::values;

/// A name that is bound here.
pub(super) fn find(env: &Env, name: &str, span: Span) -> Option<hir::Expr> {
    let level = env.bindings.iter().rposition(|(bound, _)| bound == name)?;
    let (_, ty) = env.bindings.get(level)?;
    Some(hir::Expr { kind: hir::ExprKind::Bound(u32::try_from(level).unwrap_or(u32::MAX)), ty: ty.clone(), span })
}

/// Whether a name can be bound: it must hide no other value (functions are no values). Reported when it cannot.
pub(in crate::front::check) fn bindable(ctx: &mut Context<'_>, env: &Env, name: &ast::Name) -> bool {
    let text = name.text.as_str();
    let taken = if ctx.symbols.contains_key(text) {
        "declared by the policy"
    } else if values::ROOTS.contains(&text) {
        "built in"
    } else if env.bindings.iter().any(|(bound, _)| bound == text) {
        "bound around this"
    } else {
        return true;
    };
    ctx.error(
        Code::DuplicateName,
        name.span,
        format!("`{text}` would hide what is called so"),
        format!("`{text}` is {taken}"),
        "choose another name: none hides another",
    );
    false
}

/// `some x in list satisfies condition`, `every …`.
pub(super) fn quantified(
    ctx: &mut Context<'_>,
    env: &Env,
    (quantifier, name, list, condition): (ast::Quantifier, &ast::Name, &ast::Expr, &ast::Expr),
    span: Span,
) -> hir::Expr {
    let list = exact(ctx, env, list);
    let list = expect::retype(ctx, list, &hir::Ty::List(Box::new(hir::Ty::Json)));
    let bindable = bindable(ctx, env, name);
    let element = match list.ty.present() {
        hir::Ty::Error => None,
        hir::Ty::List(element) if **element == hir::Ty::Secret => {
            let help = "compare with `in`, which is constant in time";
            ctx.error(Code::SecretLeak, list.span, "secrets are looked at one by one", "a list of secrets", help);
            None
        }
        hir::Ty::List(element) => Some((**element).clone()),
        _ => {
            let label = format!("has type `{}`", list.ty);
            ctx.error(Code::TypeMismatch, list.span, "`some` and `every` look at lists", label, "write a list behind `in`");
            None
        }
    };
    let mut inner = env.clone();
    inner.bindings.push((name.text.clone(), element.clone().unwrap_or(hir::Ty::Error)));
    let level = u32::try_from(env.bindings.len()).unwrap_or(u32::MAX);
    let condition = boolean(ctx, &inner, condition);
    if element.is_none() || !bindable || condition.ty == hir::Ty::Error {
        return failed(span);
    }
    let kind = hir::ExprKind::Quantified(quantifier, level, Box::new(list), Box::new(condition));
    hir::Expr { kind, ty: hir::Ty::Bool, span }
}

/// `LIST[index]`.
pub(super) fn element(ctx: &mut Context<'_>, env: &Env, list: hir::Expr, index: &ast::Expr, span: Span) -> Option<hir::Expr> {
    let index = int(ctx, env, index, "the index of a list");
    let hir::Ty::List(element) = &list.ty else {
        expect::refuse_absent(ctx, &list, "the list");
        return None;
    };
    let ty = (**element).clone().optional();
    if index.ty == hir::Ty::Error {
        return None;
    }
    if **element == hir::Ty::Secret {
        expect::leak(ctx, &list, "an element of its own");
        return None;
    }
    Some(hir::Expr { kind: hir::ExprKind::Index(Box::new(list), Box::new(index)), ty, span })
}
