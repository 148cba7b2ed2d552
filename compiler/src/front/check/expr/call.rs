//! Calls of built-in functions.

use super::{check, expect, failed, habits};
use crate::base::{Code, Span};
use crate::front::check::context::{Context, Symbol};
use crate::front::check::env::Env;
use crate::front::check::suggest;
use crate::ir::{ast, hir};
use crate::lang::functions;

/// Checks `callee(args)`.
pub(super) fn check_call(ctx: &mut Context<'_>, env: &Env, callee: &ast::Expr, args: &[ast::Arg], span: Span) -> hir::Expr {
    let ast::ExprKind::Name(name) = &callee.kind else {
        ctx.error(Code::UnknownFunction, callee.span, "this is no function", "cannot be called", habits::called(ctx.sources, callee));
        return failed(span);
    };
    if let Some((symbol, _)) = ctx.symbols.get(name) {
        if !matches!(symbol, Symbol::Unsupported(_)) {
            let keyword = symbol.keyword();
            ctx.error(
                Code::UnknownFunction,
                callee.span,
                format!("`{name}` is no function"),
                format!("declared as `{keyword}`"),
                "write it without parentheses",
            );
        }
        return failed(span);
    }
    let Some(function) = functions::find(name) else {
        let known = functions::FUNCTIONS.iter().map(|function| function.name);
        let help = habits::function(name).map_or_else(|| suggest::help(name, known, "use one of the built-in functions"), str::to_owned);
        ctx.error(Code::UnknownFunction, callee.span, format!("there is no function `{name}`"), "unknown function", help);
        return failed(span);
    };
    let Some(compiled) = function.compiled else {
        ctx.not_yet(callee.span, &format!("the function `{name}`"), "leave it out: a later version compiles it");
        return failed(span);
    };
    let mut plain = Vec::new();
    for arg in args {
        match arg {
            ast::Arg::Expr(expr) => plain.push(expr),
            ast::Arg::Source(source) => return arguments(ctx, function, source.span),
            ast::Arg::Named(name, _) => return arguments(ctx, function, name.span),
        }
    }
    match (compiled, plain.as_slice()) {
        (hir::Function::Lower | hir::Function::Upper | hir::Function::Trim, [operand]) => {
            convert(ctx, env, compiled, function, operand, span)
        }
        (hir::Function::JsonText, [operand]) => {
            let operand = expect::expect(ctx, env, operand, &hir::Ty::Json, "the argument of `json_text`");
            if operand.ty == hir::Ty::Error {
                return operand;
            }
            hir::Expr { kind: hir::ExprKind::Call(compiled, vec![operand]), ty: hir::Ty::String, span }
        }
        (hir::Function::Int, [operand]) => {
            let converted = convert(ctx, env, compiled, function, operand, span);
            if converted.ty == hir::Ty::Error { converted } else { hir::Expr { ty: hir::Ty::Int.optional(), ..converted } }
        }
        (hir::Function::Len, [operand]) => length(ctx, env, operand, span),
        (hir::Function::Replace, [text, from, to]) => {
            let what = "an argument of `replace`";
            let args = [text, from, to].map(|arg| expect::expect(ctx, env, arg, &hir::Ty::String, what));
            if args.iter().any(|arg| arg.ty == hir::Ty::Error) {
                return failed(span);
            }
            hir::Expr { kind: hir::ExprKind::Call(compiled, args.to_vec()), ty: hir::Ty::String, span }
        }
        (
            hir::Function::Lower
            | hir::Function::Upper
            | hir::Function::Trim
            | hir::Function::Int
            | hir::Function::Len
            | hir::Function::JsonText
            | hir::Function::Replace,
            _,
        ) => arguments(ctx, function, span),
    }
}

fn arguments(ctx: &mut Context<'_>, function: &functions::Function, span: Span) -> hir::Expr {
    ctx.error(
        Code::BadArguments,
        span,
        format!("wrong arguments for `{}`", function.name),
        "called otherwise than it is declared",
        format!("write `{}`", function.usage),
    );
    failed(span)
}

/// A conversion of a text that may be absent.
fn convert(
    ctx: &mut Context<'_>,
    env: &Env,
    function: hir::Function,
    entry: &functions::Function,
    operand: &ast::Expr,
    span: Span,
) -> hir::Expr {
    let operand = check(ctx, env, operand);
    if *operand.ty.present() == hir::Ty::Json && function == hir::Function::Int {
        // A JSON number is read as it is, a JSON string as a text.
        let number = expect::json_as(operand.clone(), hir::Ty::Int);
        let ty = hir::Ty::Int.optional();
        let text = expect::json_as(operand, hir::Ty::String);
        let text = hir::Expr { kind: hir::ExprKind::Call(function, vec![text]), ty: ty.clone(), span };
        return hir::Expr { kind: hir::ExprKind::Coalesce(Box::new(number), Box::new(text)), ty, span };
    }
    let operand = expect::retype(ctx, operand, &hir::Ty::String);
    match operand.ty.present() {
        hir::Ty::Error => failed(span),
        hir::Ty::String => {
            let ty = operand.ty.clone();
            hir::Expr { kind: hir::ExprKind::Call(function, vec![operand]), ty, span }
        }
        hir::Ty::Secret => {
            expect::leak(ctx, &operand, &format!("an argument of `{}`", entry.name));
            failed(span)
        }
        other => {
            ctx.error(
                Code::BadArguments,
                operand.span,
                format!("`{}` takes a `string`", entry.name),
                format!("has type `{other}`"),
                format!("write `{}`", entry.usage),
            );
            failed(span)
        }
    }
}

fn length(ctx: &mut Context<'_>, env: &Env, operand: &ast::Expr, span: Span) -> hir::Expr {
    let operand = check(ctx, env, operand);
    match &operand.ty {
        hir::Ty::Error => failed(span),
        hir::Ty::String | hir::Ty::List(_) => {
            hir::Expr { kind: hir::ExprKind::Call(hir::Function::Len, vec![operand]), ty: hir::Ty::Int, span }
        }
        hir::Ty::Optional(inner) if matches!(**inner, hir::Ty::String | hir::Ty::List(_)) => {
            expect::refuse_absent(ctx, &operand, "the argument of `len`");
            failed(span)
        }
        ty if *ty.present() == hir::Ty::Secret => {
            expect::leak(ctx, &operand, "an argument of `len`");
            failed(span)
        }
        ty => {
            let label = format!("has type `{ty}`");
            ctx.error(Code::BadArguments, operand.span, "`len` takes a `string` or a list", label, "write `len(text)`");
            failed(span)
        }
    }
}
