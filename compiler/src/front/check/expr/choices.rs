//! Enums: where one is expected, a bare name or a string literal is one of its values; elsewhere an enum is a string.
//! `null`: where JSON is expected, it is JSON.

use super::{check, constant, exact, failed, json_null};
use crate::base::{Code, Diagnostic, Span};
use crate::front::check::context::Context;
use crate::front::check::env::Env;
use crate::front::check::{json_text, suggest};
use crate::ir::{ast, hir};
use crate::lang::values;

/// The same value with strings for enums.
pub(super) fn as_text(value: hir::Expr) -> hir::Expr {
    hir::Expr { ty: value.ty.without_enums(), ..value }
}

/// Values of which one is taken. An enum stays one where each is of it, or the text of one of its values.
pub(super) fn together(values: Vec<hir::Expr>) -> Vec<hir::Expr> {
    let of_enum = |ty: &hir::Ty| if let hir::Ty::Enum(_) = ty { Some(ty.clone()) } else { None };
    let Some(ty) = values.iter().find_map(|value| of_enum(value.ty.present())) else { return values };
    let hir::Ty::Enum(names) = &ty else { return values };
    let names_one = |value: &hir::Expr| matches!(&value.kind, hir::ExprKind::Const(hir::Const::String(text)) if names.contains(text));
    if values.iter().all(|value| *value.ty.present() == ty || value.ty == hir::Ty::String && names_one(value)) {
        let typed = |value: hir::Expr| if value.ty == hir::Ty::String { hir::Expr { ty: ty.clone(), ..value } } else { value };
        return values.into_iter().map(typed).collect();
    }
    values.into_iter().map(as_text).collect()
}

/// A value for a place of this type: enums by their values, `null` as JSON, everything else as it is.
pub(super) fn towards(ctx: &mut Context<'_>, env: &Env, written: &ast::Expr, ty: &hir::Ty) -> hir::Expr {
    match (ty.present(), &written.kind) {
        (hir::Ty::Enum(values), ast::ExprKind::Name(name)) => name_of(ctx, env, name, values, ty.present(), written),
        (hir::Ty::Enum(values), ast::ExprKind::String(text)) => literal(ctx, text, values, ty.present(), written.span),
        (hir::Ty::List(item), ast::ExprKind::List(elements)) if matches!(**item, hir::Ty::Enum(_)) && !elements.is_empty() => {
            list(ctx, env, elements, item, written.span)
        }
        (hir::Ty::Json, ast::ExprKind::Null) => json_null(written.span),
        (hir::Ty::Json, ast::ExprKind::If { .. } | ast::ExprKind::Match { .. }) => {
            json_text::chosen(ctx, env, written).unwrap_or_else(|| failed(written.span))
        }
        (hir::Ty::List(item), ast::ExprKind::List(elements)) if **item == hir::Ty::Json && !elements.is_empty() => {
            json_list(ctx, env, elements, written.span)
        }
        _ => exact(ctx, env, written),
    }
}

/// The elements of a list in place, each a value of an enum.
pub(super) fn list(ctx: &mut Context<'_>, env: &Env, elements: &[ast::Arg], item: &hir::Ty, span: Span) -> hir::Expr {
    let mut items = Vec::new();
    for element in elements {
        let ast::Arg::Expr(element) = element else { return failed(span) };
        let value = towards(ctx, env, element, item);
        if value.ty.is_optional() {
            super::expect::refuse_absent(ctx, &value, "an element of a list");
            return failed(span);
        }
        items.push(value);
    }
    if items.iter().any(|value| value.ty == hir::Ty::Error) {
        return failed(span);
    }
    let ty = if items.iter().all(|value| value.ty == *item) { item.clone() } else { hir::Ty::String };
    if let Some(other) = items.iter().find(|value| value.ty.without_enums() != hir::Ty::String) {
        let label = format!("has type `{}`", other.ty);
        ctx.error(Code::MixedList, other.span, "the elements of a list have different types", label, "write values of the enum");
        return failed(span);
    }
    hir::Expr { kind: hir::ExprKind::ListOf(items), ty: hir::Ty::List(Box::new(ty)), span }
}

fn is_null(element: &ast::Arg) -> bool {
    matches!(element, ast::Arg::Expr(element) if element.kind == ast::ExprKind::Null)
}

/// A list of JSON in place: each element is JSON as it is.
fn json_list(ctx: &mut Context<'_>, env: &Env, elements: &[ast::Arg], span: Span) -> hir::Expr {
    let mut items = Vec::new();
    for element in elements {
        let ast::Arg::Expr(element) = element else {
            return exact(ctx, env, &ast::Expr { kind: ast::ExprKind::List(elements.to_vec()), span });
        };
        let value = match json_text::in_place(ctx, env, element) {
            Some(value) => value,
            None => check(ctx, env, element),
        };
        items.push(json_text::value(ctx, value));
    }
    if items.iter().any(|item| item.ty == hir::Ty::Error) {
        return failed(span);
    }
    if let Some(absent) = items.iter().find(|item| item.ty.is_optional()) {
        super::expect::refuse_absent(ctx, absent, "an element of a list");
        return failed(span);
    }
    hir::Expr { kind: hir::ExprKind::ListOf(items), ty: hir::Ty::List(Box::new(hir::Ty::Json)), span }
}

/// Whether an expression has a meaning only beside an enum or JSON (or is a literal, which is checked there).
pub(super) fn is_bare(ctx: &Context<'_>, env: &Env, written: &ast::Expr) -> bool {
    match &written.kind {
        ast::ExprKind::Name(name) => !is_declared(ctx, env, name),
        ast::ExprKind::String(_) | ast::ExprKind::Null => true,
        _ => false,
    }
}

pub(super) fn is_declared(ctx: &Context<'_>, env: &Env, name: &str) -> bool {
    env.bindings.iter().any(|(bound, _)| bound == name) || ctx.symbols.contains_key(name) || values::ROOTS.contains(&name)
}

fn name_of(ctx: &mut Context<'_>, env: &Env, name: &str, values: &[String], ty: &hir::Ty, written: &ast::Expr) -> hir::Expr {
    let known = values.iter().any(|value| value == name);
    match (known, is_declared(ctx, env, name)) {
        (true, false) => constant(hir::Const::String(name.to_owned()), ty.clone(), written.span),
        (true, true) => {
            let finding = Diagnostic::error(
                Code::DuplicateName,
                written.span,
                format!("`{name}` is a value of the enum and declared besides"),
                "which of them is meant?",
            );
            let finding = match ctx.symbols.get(name) {
                Some((_, declared)) => finding.also(*declared, "declared here"),
                None => finding,
            };
            ctx.push(finding.help(format!("write `\"{name}\"` for the value, or call the other one otherwise")));
            failed(written.span)
        }
        (false, true) => exact(ctx, env, written),
        (false, false) => {
            unknown(ctx, name, values, ty, written.span);
            failed(written.span)
        }
    }
}

fn literal(ctx: &mut Context<'_>, text: &str, values: &[String], ty: &hir::Ty, span: Span) -> hir::Expr {
    match value(ctx, text, values, ty, span) {
        Some(value) => constant(value, ty.clone(), span),
        None => failed(span),
    }
}

/// The value of an enum that a text is; reported when it is none.
pub(in crate::front::check) fn value(ctx: &mut Context<'_>, text: &str, values: &[String], ty: &hir::Ty, span: Span) -> Option<hir::Const> {
    if values.iter().any(|value| value == text) {
        return Some(hir::Const::String(text.to_owned()));
    }
    unknown(ctx, text, values, ty, span);
    None
}

fn unknown(ctx: &mut Context<'_>, text: &str, values: &[String], ty: &hir::Ty, span: Span) {
    let all = values.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(", ");
    let help = suggest::help(text, values.iter().map(String::as_str), &format!("write one of {all}"));
    ctx.error(Code::UnknownName, span, format!("`{text}` is no value of `{ty}`"), "unknown value", help);
}

/// Both operands of a comparison, the one that may be bare in the light of the other; `None` when one was at fault.
pub(super) fn operands(ctx: &mut Context<'_>, env: &Env, left: &ast::Expr, right: &ast::Expr) -> Option<(hir::Expr, hir::Expr)> {
    let (left, right) = if is_bare(ctx, env, left) && !is_bare(ctx, env, right) {
        let right = exact(ctx, env, right);
        let left = beside(ctx, env, left, &right.ty);
        (left, right)
    } else {
        let left = exact(ctx, env, left);
        let right = beside(ctx, env, right, &left.ty);
        (left, right)
    };
    (left.ty != hir::Ty::Error && right.ty != hir::Ty::Error).then(|| (as_text(left), as_text(right)))
}

/// An operand beside one of this type: a value of an enum beside the enum or a list of it, a list of values beside the enum,
/// `null` beside JSON or a list of it.
fn beside(ctx: &mut Context<'_>, env: &Env, written: &ast::Expr, ty: &hir::Ty) -> hir::Expr {
    match (ty.present(), &written.kind) {
        (hir::Ty::Error, _) if is_bare(ctx, env, written) => failed(written.span),
        (hir::Ty::Enum(_), ast::ExprKind::List(elements)) if !elements.is_empty() => list(ctx, env, elements, ty.present(), written.span),
        (hir::Ty::Enum(_), _) => towards(ctx, env, written, ty),
        (hir::Ty::Json, ast::ExprKind::Null) => towards(ctx, env, written, ty),
        (hir::Ty::Json, ast::ExprKind::List(elements)) if elements.iter().any(is_null) => json_list(ctx, env, elements, written.span),
        (hir::Ty::List(item), _) if matches!(**item, hir::Ty::Enum(_) | hir::Ty::Json) => towards(ctx, env, written, item),
        _ => check(ctx, env, written),
    }
}
