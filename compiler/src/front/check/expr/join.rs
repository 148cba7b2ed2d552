//! The one type of several values of which one is taken: the branches of `if`, the arms of `match`. Their order tells nothing.
//! In: the values. Out: the type and the values with it, or a finding.

use super::branch::Joined;
use super::{choices, empty_list, exact, expect, json_null, secrecy};
use crate::base::{Code, Diagnostic, Span};
use crate::front::check::context::Context;
use crate::front::check::env::Env;
use crate::front::check::json_text;
use crate::ir::{ast, hir};

/// The value of a branch: `[]` has its type from the others, `null` is JSON beside JSON.
pub(super) fn branch(ctx: &mut Context<'_>, env: &Env, written: &ast::Expr) -> hir::Expr {
    match &written.kind {
        ast::ExprKind::List(elements) if elements.is_empty() => {
            hir::Expr { kind: hir::ExprKind::ListOf(Vec::new()), ty: hir::Ty::List(Box::new(hir::Ty::Error)), span: written.span }
        }
        ast::ExprKind::Null => json_null(written.span),
        _ => exact(ctx, env, written),
    }
}

/// The value of a branch in a JSON text: objects, arrays and `null` are written as they are.
pub(super) fn branch_in_json(ctx: &mut Context<'_>, env: &Env, written: &ast::Expr) -> hir::Expr {
    let placed = json_text::in_place(ctx, env, written).or_else(|| json_text::chosen(ctx, env, written));
    placed.unwrap_or_else(|| exact(ctx, env, written))
}

/// Branches in a JSON text: where they are not of one type they are JSON.
pub(super) fn join_in_json(ctx: &mut Context<'_>, values: Vec<hir::Expr>, what: &str) -> Joined {
    let alike = values.windows(2).all(|pair| matches!(pair, [left, right] if left.ty.present() == right.ty.present()));
    if alike || values.iter().any(|value| value.ty == hir::Ty::Error) {
        return join(ctx, values, what);
    }
    let values: Vec<hir::Expr> = values.into_iter().map(|value| json_text::value(ctx, value)).collect();
    join(ctx, values, what)
}

/// Their one type, and the values with it: `T?` when one of them may be absent. Reported when there is none.
pub(super) fn join(ctx: &mut Context<'_>, values: Vec<hir::Expr>, what: &str) -> Joined {
    if values.iter().any(|value| value.ty == hir::Ty::Error) {
        return None;
    }
    let values = choices::together(values);
    let Some((mut ty, lead)) = leading(&values) else {
        empty_list(ctx, values.first()?.span);
        return None;
    };
    // A text becomes a secret, and bytes.
    for stronger in [hir::Ty::Bytes, hir::Ty::Secret] {
        if values.iter().any(|value| *value.ty.present() == stronger) {
            ty = stronger;
        }
    }
    if let (Some(null), true) = (values.iter().find(|value| value.is_null()), ty != hir::Ty::Json) {
        super::misplaced_null(ctx, null.span);
        return None;
    }
    // An object is JSON for certain: so is what stands beside one.
    let objects = ty == hir::Ty::Json && values.iter().any(is_object);
    let values: Vec<hir::Expr> = values
        .into_iter()
        .map(|value| {
            let value = towards(ctx, value, &ty);
            if objects { json_text::value(ctx, value) } else { value }
        })
        .collect();
    if values.iter().any(|value| value.ty == hir::Ty::Error) {
        return None;
    }
    if ty == hir::Ty::Secret && values.iter().any(|value| secrecy::refuse_known(ctx, value, "what stands in for a secret")) {
        return None;
    }
    if let Some(other) = values.iter().find(|value| *value.ty.present() != ty) {
        if is_empty(other) {
            empty_list(ctx, other.span);
            return None;
        }
        let label = format!("has type `{}`", other.ty.present());
        let quoted = ctx.quote(other.span).unwrap_or_else(|| "…".to_owned());
        let help = match (&ty, other.ty.present()) {
            (hir::Ty::Ip, hir::Ty::Json) => format!("write `ip({quoted})`"),
            (hir::Ty::Time, hir::Ty::Json) => format!("write `time({quoted})`"),
            (hir::Ty::Bytes, hir::Ty::Json) => format!("write `{quoted} ?? \"\"`"),
            (hir::Ty::Json, _) => "read a member of the object, or write an object in each".to_owned(),
            _ => format!("write {} in each", expect::article(&ty)),
        };
        ctx.push(
            Diagnostic::error(Code::TypeMismatch, other.span, format!("{what} have different types"), label)
                .also(lead, format!("has type `{ty}`"))
                .help(help),
        );
        return None;
    }
    if matches!(ty, hir::Ty::Map(_) | hir::Ty::Rate | hir::Ty::Regex) {
        let message = format!("{what} cannot be {}", expect::article(&ty));
        ctx.error(Code::TypeMismatch, lead, message, format!("has type `{ty}`"), "choose between conditions instead");
        return None;
    }
    let ty = if values.iter().any(|value| value.ty.is_optional()) { ty.optional() } else { ty };
    Some((ty, values))
}

/// The type that the others take, and where it stands; nothing when there is `[]` only. A literal takes the type of what is not
/// one (text becomes an address, an int a float), JSON that of what is not JSON, as behind `??`.
fn leading(values: &[hir::Expr]) -> Option<(hir::Ty, Span)> {
    let said: Vec<&hir::Expr> = values.iter().filter(|value| !is_empty(value)).collect();
    // `null` tells nothing beside what does.
    let typed: Vec<&hir::Expr> =
        if said.iter().all(|value| value.is_null()) { said } else { said.into_iter().filter(|value| !value.is_null()).collect() };
    let first = |fits: fn(&hir::Expr) -> bool| typed.iter().copied().find(|value| fits(value));
    let of_float = |value: &hir::Expr| is_or_lists(value, &hir::Ty::Float);
    let lead = first(is_object)
        .or_else(|| first(|value| !is_json(value) && !is_constant(value)))
        .or_else(|| first(of_float))
        .or_else(|| first(|value| !is_json(value)))
        .or_else(|| first(|value| matches!(value.ty.present(), hir::Ty::List(_))))
        .or_else(|| first(|_| true))?;
    let ty = lead.ty.present().clone();
    let elements = values.iter().any(is_empty) && ty == hir::Ty::Json && !is_object(lead) && !lead.is_null();
    Some((if elements { hir::Ty::List(Box::new(ty)) } else { ty }, lead.span))
}

fn towards(ctx: &mut Context<'_>, value: hir::Expr, ty: &hir::Ty) -> hir::Expr {
    match ty {
        hir::Ty::List(_) if is_empty(&value) => hir::Expr { ty: ty.clone(), ..value },
        hir::Ty::Json if is_empty(&value) => {
            hir::Expr { kind: hir::ExprKind::Object(Box::new(hir::Json::Array(Vec::new()))), ty: hir::Ty::Json, span: value.span }
        }
        // Its type is that of a text until what is expected is known.
        hir::Ty::Bytes if *value.ty.present() == hir::Ty::Json => value,
        _ => expect::retype(ctx, value, ty),
    }
}

/// An object or an array in place.
fn is_object(value: &hir::Expr) -> bool {
    matches!(value.kind, hir::ExprKind::Object(_)) && !value.is_null()
}

/// `[]`, of which nothing tells what it is a list of.
fn is_empty(value: &hir::Expr) -> bool {
    matches!(&value.ty, hir::Ty::List(element) if **element == hir::Ty::Error)
}

/// JSON, or a list of it.
fn is_json(value: &hir::Expr) -> bool {
    is_or_lists(value, &hir::Ty::Json)
}

/// Whether it is of a type, or a list of it.
fn is_or_lists(value: &hir::Expr, wanted: &hir::Ty) -> bool {
    match value.ty.present() {
        hir::Ty::List(element) => **element == *wanted,
        ty => ty == wanted,
    }
}

fn is_constant(value: &hir::Expr) -> bool {
    matches!(value.kind, hir::ExprKind::Const(_) | hir::ExprKind::ListOf(_))
}
