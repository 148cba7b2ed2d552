//! JSON written in a policy, as a reply or as a value: members in the order written, values with their types.

use super::context::Context;
use super::env::Env;
use super::{constant, expr};
use crate::base::{Code, Span};
use crate::ir::{ast, hir};

/// Checks a JSON text with expressions in it.
pub(super) fn check(ctx: &mut Context<'_>, env: &Env, value: &ast::Expr) -> Option<hir::Json> {
    if !ctx.enter(value.span) {
        return None;
    }
    let json = check_kind(ctx, env, value);
    ctx.leave();
    json
}

fn check_kind(ctx: &mut Context<'_>, env: &Env, value: &ast::Expr) -> Option<hir::Json> {
    match &value.kind {
        ast::ExprKind::Null => Some(hir::Json::Null),
        ast::ExprKind::Object(members) => {
            constant::distinct_members(ctx, members);
            let checked: Vec<Option<(String, hir::Json)>> =
                members.iter().map(|member| check(ctx, env, &member.value).map(|value| (member.name.text.clone(), value))).collect();
            checked.into_iter().collect::<Option<Vec<_>>>().map(hir::Json::Object)
        }
        ast::ExprKind::List(elements) => {
            let checked: Vec<Option<hir::Json>> = elements
                .iter()
                .map(|element| match element {
                    ast::Arg::Expr(expr) => check(ctx, env, expr),
                    ast::Arg::Source(source) => refuse(ctx, source.span, "a source"),
                    ast::Arg::Named(name, _) => refuse(ctx, name.span, "a named argument"),
                })
                .collect();
            checked.into_iter().collect::<Option<Vec<_>>>().map(hir::Json::Array)
        }
        _ => {
            let checked = chosen(ctx, env, value).unwrap_or_else(|| expr::check(ctx, env, value));
            of(ctx, checked)
        }
    }
}

/// An `if` or a `match` in a JSON text.
pub(super) fn chosen(ctx: &mut Context<'_>, env: &Env, value: &ast::Expr) -> Option<hir::Expr> {
    let chosen = match &value.kind {
        ast::ExprKind::If { condition, then, otherwise } => expr::choose(ctx, env, (condition, then, otherwise), value.span, expr::IN_JSON),
        ast::ExprKind::Match { subject, arms } => expr::choose_by(ctx, env, subject, arms, value.span, expr::IN_JSON),
        _ => return None,
    };
    Some(if chosen.ty == hir::Ty::Error { chosen } else { expr::look(ctx, chosen) })
}

/// A value as JSON, whatever it is; reported when JSON cannot hold it.
pub(super) fn value(ctx: &mut Context<'_>, value: hir::Expr) -> hir::Expr {
    let span = value.span;
    if *value.ty.present() == hir::Ty::Json || value.ty == hir::Ty::Error {
        return value;
    }
    let json = of(ctx, value);
    object(ctx, json, span)
}

/// JSON as a value.
fn object(ctx: &mut Context<'_>, json: Option<hir::Json>, span: Span) -> hir::Expr {
    match json {
        Some(json) => expr::look(ctx, hir::Expr { kind: hir::ExprKind::Object(Box::new(json)), ty: hir::Ty::Json, span }),
        None => expr::failed(span),
    }
}

/// What is written in place as JSON: an object, an array, `null`; nothing for everything else.
pub(super) fn in_place(ctx: &mut Context<'_>, env: &Env, written: &ast::Expr) -> Option<hir::Expr> {
    let span = written.span;
    if !matches!(written.kind, ast::ExprKind::Object(_) | ast::ExprKind::List(_) | ast::ExprKind::Null) {
        return None;
    }
    let json = check(ctx, env, written);
    Some(object(ctx, json, span))
}

fn refuse(ctx: &mut Context<'_>, span: crate::base::Span, what: &str) -> Option<hir::Json> {
    ctx.error(Code::NotText, span, format!("{what} in a JSON text"), "no JSON value", "write a value");
    None
}

/// A value in a JSON text; absent ones are written as `null`.
fn of(ctx: &mut Context<'_>, checked: hir::Expr) -> Option<hir::Json> {
    let span = checked.span;
    match checked.ty.present() {
        hir::Ty::Error => None,
        hir::Ty::Bool | hir::Ty::Int | hir::Ty::Float | hir::Ty::String | hir::Ty::Enum(_) | hir::Ty::Json => {
            Some(hir::Json::Expr(checked))
        }
        hir::Ty::Ip => Some(hir::Json::Expr(checked)),
        hir::Ty::List(item) if written(item) => Some(hir::Json::Expr(checked)),
        hir::Ty::List(item) if **item == hir::Ty::Secret => {
            expr::leak(ctx, &checked, "part of a JSON text");
            None
        }
        hir::Ty::Cidr if !checked.ty.is_optional() => {
            Some(hir::Json::Expr(hir::Expr { kind: hir::ExprKind::Concat(vec![checked]), ty: hir::Ty::String, span }))
        }
        hir::Ty::Time if !checked.ty.is_optional() => Some(hir::Json::Expr(expr::time_text(checked))),
        hir::Ty::Cidr | hir::Ty::Time => {
            expr::refuse_absent(ctx, &checked, "a network or a time in a JSON text");
            None
        }
        hir::Ty::Secret => {
            ctx.error(
                Code::SecretLeak,
                span,
                "a secret would become part of a JSON text",
                "a secret may only be compared or used as a key",
                "leave it out",
            );
            None
        }
        hir::Ty::Bytes | hir::Ty::Duration | hir::Ty::Rate | hir::Ty::Regex | hir::Ty::List(_) | hir::Ty::Map(_) | hir::Ty::Optional(_) => {
            let label = format!("has type `{}`", checked.ty);
            ctx.error(Code::NotText, span, "a value that JSON cannot hold", label, "write a string, a number or a bool");
            None
        }
    }
}

/// Whether elements of this type can be written as JSON.
fn written(item: &hir::Ty) -> bool {
    matches!(item, hir::Ty::Bool | hir::Ty::Int | hir::Ty::Float | hir::Ty::String | hir::Ty::Enum(_) | hir::Ty::Ip | hir::Ty::Json)
}
