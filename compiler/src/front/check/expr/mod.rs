//! Expressions: names resolved, types found, absence checked.

mod arithmetic;
mod array;
mod bound;
mod branch;
mod call;
mod captured;
mod choices;
mod compare;
mod credential;
mod expect;
mod fold;
pub(super) mod habits;
mod join;
mod json;
mod json_match;
mod keys;
mod logic;
mod mixture;
mod parts;
mod reach;
mod read;
mod secrecy;
mod substitute;

pub(super) use array::Giver;
pub(super) use bound::bindable;
pub(super) use branch::{IN_JSON, choose, choose_by, patterns};
pub(super) use choices::value as enum_value;
pub(super) use credential::credential;
pub(super) use expect::{article, boolean, expect, expect_or_absent, int, leak, refuse_absent, text, time_text};
pub(super) use json_match::check as json_match;
pub(super) use parts::source;
pub(super) use reach::{body_readable, readable, requested};
pub(super) use secrecy::look;
pub(super) use substitute::{size as substituted_size, substitute};

use super::context::Context;
use super::env::Env;
use crate::base::{Code, Span};
use crate::ir::{ast, hir};

/// Checks an expression by itself. At fault, it is reported and has the type `Error`. An enum is a string here.
pub(super) fn check(ctx: &mut Context<'_>, env: &Env, expr: &ast::Expr) -> hir::Expr {
    choices::as_text(exact(ctx, env, expr))
}

/// As [`check`]; an enum keeps its values.
pub(super) fn exact(ctx: &mut Context<'_>, env: &Env, expr: &ast::Expr) -> hir::Expr {
    if !ctx.enter(expr.span) {
        return failed(expr.span);
    }
    let mut checked = check_kind(ctx, env, expr);
    ctx.leave();
    if checked.ty != hir::Ty::Error {
        checked = secrecy::look(ctx, checked);
    }
    if checked.ty.is_optional() && env.knows(&checked.kind) {
        checked.ty = checked.ty.present().clone();
    }
    checked
}

/// An expression that was reported.
pub(super) fn failed(span: Span) -> hir::Expr {
    hir::Expr { kind: hir::ExprKind::Const(hir::Const::Bool(false)), ty: hir::Ty::Error, span }
}

fn constant(value: hir::Const, ty: hir::Ty, span: Span) -> hir::Expr {
    hir::Expr { kind: hir::ExprKind::Const(value), ty, span }
}

fn check_kind(ctx: &mut Context<'_>, env: &Env, expr: &ast::Expr) -> hir::Expr {
    let span = expr.span;
    match &expr.kind {
        ast::ExprKind::Int(value) | ast::ExprKind::Size(value) => constant(hir::Const::Int(*value), hir::Ty::Int, span),
        ast::ExprKind::Float(value) => constant(hir::Const::Float(*value), hir::Ty::Float, span),
        ast::ExprKind::Duration(value) => constant(hir::Const::Int(*value), hir::Ty::Duration, span),
        ast::ExprKind::String(text) => constant(hir::Const::String(text.clone()), hir::Ty::String, span),
        ast::ExprKind::Bool(value) => constant(hir::Const::Bool(*value), hir::Ty::Bool, span),
        ast::ExprKind::Percent(_) => misplaced(ctx, span, "a percentage", "percentages are the weights of a `split`", "write a number"),
        ast::ExprKind::Null => misplaced_null(ctx, span),
        ast::ExprKind::Regex { .. } => {
            misplaced(ctx, span, "a regex", "a regex stands only on the right of `matches`", "write `value matches /…/`, or a string")
        }
        ast::ExprKind::Object(_) => match super::json_text::check(ctx, env, expr) {
            Some(json) => hir::Expr { kind: hir::ExprKind::Object(Box::new(json)), ty: hir::Ty::Json, span },
            None => failed(span),
        },
        ast::ExprKind::Per { .. } => misplaced(ctx, span, "a rate", "rates stand only in `rate` of a `limit`", "write the number alone"),
        ast::ExprKind::Interpolation(pieces) => interpolation(ctx, env, pieces, span),
        ast::ExprKind::Name(_) | ast::ExprKind::Constant(_) | ast::ExprKind::Member(..) | ast::ExprKind::Index(..) => {
            read::check(ctx, env, expr)
        }
        ast::ExprKind::List(elements) => list(ctx, env, elements, span),
        ast::ExprKind::Not(operand) => {
            let operand = boolean(ctx, env, operand);
            hir::Expr { ty: operand.ty.clone(), kind: hir::ExprKind::Not(Box::new(operand)), span }
        }
        ast::ExprKind::And(operands) => logic::and(ctx, env, operands, span),
        ast::ExprKind::Or(operands) => logic::or(ctx, env, operands, span),
        ast::ExprKind::Presence { operand, present } => logic::presence(ctx, env, operand, *present, span),
        ast::ExprKind::Coalesce(left, right) => logic::coalesce(ctx, env, left, right, span),
        ast::ExprKind::Compare { op, op_span, left, right } => {
            compare::check(ctx, env, &compare::Written { op: *op, op_span: *op_span, left, right, span })
        }
        ast::ExprKind::Negate(operand) => arithmetic::negate(ctx, env, operand, span),
        ast::ExprKind::Binary { op, left, right } => arithmetic::binary(ctx, env, *op, (left, right), span),
        ast::ExprKind::Call { callee, args } => call::check_call(ctx, env, callee, args, span),
        ast::ExprKind::If { condition, then, otherwise } => branch::choose(ctx, env, (condition, then, otherwise), span, branch::TYPED),
        ast::ExprKind::Quantified { quantifier, name, list, condition } => {
            bound::quantified(ctx, env, (*quantifier, name, list, condition), span)
        }
        ast::ExprKind::Match { subject, arms } => branch::choose_by(ctx, env, subject, arms, span, branch::TYPED),
    }
}

fn misplaced(ctx: &mut Context<'_>, span: Span, what: &str, label: &str, help: &str) -> hir::Expr {
    ctx.error(Code::NotValue, span, format!("{what} where a value is expected"), label, help);
    failed(span)
}

fn misplaced_null(ctx: &mut Context<'_>, span: Span) -> hir::Expr {
    misplaced(ctx, span, "`null`", "only JSON values can be `null`", "leave it out; `… is absent` tests for a value that is not there")
}

/// `null` where it is a JSON value.
fn json_null(span: Span) -> hir::Expr {
    hir::Expr { kind: hir::ExprKind::Object(Box::new(hir::Json::Null)), ty: hir::Ty::Json, span }
}

/// Reports `[]` where nothing tells what it is a list of.
fn empty_list(ctx: &mut Context<'_>, span: Span) {
    ctx.error(Code::MixedList, span, "an empty list", "nothing is in it", "name its elements, or declare an empty `list`");
}

fn interpolation(ctx: &mut Context<'_>, env: &Env, pieces: &[ast::Expr], span: Span) -> hir::Expr {
    let mut parts = Vec::new();
    let mut well = true;
    for piece in pieces {
        let part = expect::writable(ctx, env, piece, "a part of a text");
        well &= part.ty != hir::Ty::Error;
        parts.push(part);
    }
    if !well {
        return failed(span);
    }
    hir::Expr { kind: hir::ExprKind::Concat(parts), ty: hir::Ty::String, span }
}

fn list(ctx: &mut Context<'_>, env: &Env, elements: &[ast::Arg], span: Span) -> hir::Expr {
    let mut items: Vec<hir::Expr> = Vec::new();
    let mut well = true;
    for element in elements {
        let item = match element {
            ast::Arg::Expr(ast::Expr { kind: ast::ExprKind::Null, span }) => json_null(*span),
            ast::Arg::Expr(expr) => check(ctx, env, expr),
            ast::Arg::Source(source) => parts::source(ctx, source),
            ast::Arg::Named(name, _) => misplaced(ctx, name.span, "a named argument", "lists have no names", "write the value alone"),
        };
        well &= item.ty != hir::Ty::Error;
        items.push(item);
    }
    if !well {
        return failed(span);
    }
    // Beside an object everything is JSON.
    if items.iter().any(|item| item.ty == hir::Ty::Json && !item.is_null()) {
        items = items.into_iter().map(|item| super::json_text::value(ctx, item)).collect();
    } else if let Some(null) = items.iter().find(|item| item.is_null()) {
        misplaced_null(ctx, null.span);
        return failed(span);
    }
    let Some(first) = items.first().map(|item| item.ty.present().clone()) else {
        empty_list(ctx, span);
        return failed(span);
    };
    // Of secrets, and only of them, absent ones are left out (keys in rotation).
    let any = |ty: &hir::Ty| items.iter().any(|item| item.ty.present() == ty);
    let ty = [hir::Ty::Secret, hir::Ty::Bytes, hir::Ty::Cidr, hir::Ty::Ip, hir::Ty::Float].into_iter().find(|ty| any(ty)).unwrap_or(first);
    let items: Vec<hir::Expr> = items.into_iter().map(|item| expect::retype(ctx, item, &ty)).collect();
    if items.iter().any(|item| item.ty == hir::Ty::Error) {
        return failed(span);
    }
    for item in &items {
        if ty == hir::Ty::Secret && secrecy::refuse_known(ctx, item, "an element beside secrets") {
            return failed(span);
        }
        let fits = *item.ty.present() == ty || ty == hir::Ty::Bytes && *item.ty.present() == hir::Ty::String;
        if !fits {
            ctx.error(
                Code::MixedList,
                item.span,
                "the elements of a list have different types",
                format!("has type `{}`, the first has `{ty}`", item.ty),
                "write elements of one type",
            );
            return failed(span);
        }
        if item.ty.is_optional() && ty != hir::Ty::Secret {
            expect::refuse_absent(ctx, item, "an element of a list");
            return failed(span);
        }
    }
    if matches!(ty, hir::Ty::List(_) | hir::Ty::Map(_)) {
        ctx.error(Code::MixedList, span, "a list of lists", "elements must be single values", "write the elements in one list");
        return failed(span);
    }
    hir::Expr { kind: hir::ExprKind::ListOf(items), ty: hir::Ty::List(Box::new(ty)), span }
}

/// Gathers the names that an expression may mean declarations by.
pub(super) fn names<'t>(expr: &'t ast::Expr, out: &mut Vec<&'t str>) {
    let mut open = vec![expr];
    while let Some(expr) = open.pop() {
        match &expr.kind {
            ast::ExprKind::Name(name) => out.push(name),
            ast::ExprKind::Interpolation(items) | ast::ExprKind::And(items) | ast::ExprKind::Or(items) => open.extend(items),
            ast::ExprKind::List(args) => open.extend(args.iter().filter_map(plain)),
            ast::ExprKind::Call { callee, args } => {
                open.push(callee);
                open.extend(args.iter().filter_map(plain));
            }
            ast::ExprKind::Object(members) => open.extend(members.iter().map(|member| &member.value)),
            ast::ExprKind::Not(operand)
            | ast::ExprKind::Negate(operand)
            | ast::ExprKind::Presence { operand, .. }
            | ast::ExprKind::Member(operand, _)
            | ast::ExprKind::Per { count: operand, .. } => open.push(operand),
            ast::ExprKind::Compare { left, right, .. }
            | ast::ExprKind::Binary { left, right, .. }
            | ast::ExprKind::Coalesce(left, right)
            | ast::ExprKind::Index(left, right) => open.extend([&**left, &**right]),
            ast::ExprKind::If { condition, then, otherwise } => open.extend([&**condition, &**then, &**otherwise]),
            ast::ExprKind::Quantified { list, condition, .. } => open.extend([&**list, &**condition]),
            ast::ExprKind::Match { subject, arms } => {
                open.push(subject);
                open.extend(arms.iter().map(|arm| &arm.value));
            }
            ast::ExprKind::Int(_)
            | ast::ExprKind::Float(_)
            | ast::ExprKind::Duration(_)
            | ast::ExprKind::Size(_)
            | ast::ExprKind::Percent(_)
            | ast::ExprKind::String(_)
            | ast::ExprKind::Regex { .. }
            | ast::ExprKind::Bool(_)
            | ast::ExprKind::Null
            | ast::ExprKind::Constant(_) => {}
        }
    }
}

fn plain(arg: &ast::Arg) -> Option<&ast::Expr> {
    match arg {
        ast::Arg::Expr(expr) | ast::Arg::Named(_, expr) => Some(expr),
        ast::Arg::Source(source) => Some(&source.text),
    }
}
