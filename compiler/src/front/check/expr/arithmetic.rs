//! Arithmetic: ints, floats, durations and times, as far as they go together.

use super::{article, check, constant, expect, failed};
use crate::base::{Code, Diagnostic, Span};
use crate::front::check::context::Context;
use crate::front::check::env::Env;
use crate::ir::ast::BinaryOp;
use crate::ir::{ast, hir};

/// `left op right`.
pub(super) fn binary(ctx: &mut Context<'_>, env: &Env, op: BinaryOp, (left, right): (&ast::Expr, &ast::Expr), span: Span) -> hir::Expr {
    // `request.headers.x-user` is one mistake, not a difference of two.
    let word = op == BinaryOp::Subtract && matches!(left.kind, ast::ExprKind::Member(..)) && left.span.end + 1 == right.span.start;
    let left = check(ctx, env, left);
    if word && left.ty == hir::Ty::Error {
        return failed(span);
    }
    let right = check(ctx, env, right);
    if op == BinaryOp::Add && [&left, &right].iter().all(|side| side.ty.without_enums() == hir::Ty::String) {
        let quoted = |side: &hir::Expr| match &side.kind {
            hir::ExprKind::Const(hir::Const::String(text)) => text.escape_debug().to_string(),
            _ => format!("${{{}}}", ctx.quote(side.span).unwrap_or_else(|| "…".to_owned())),
        };
        let help = format!("write `\"{}{}\"`", quoted(&left), quoted(&right));
        ctx.error(Code::TypeMismatch, span, "texts are not added", "`+` is for numbers, durations and times", help);
        return failed(span);
    }
    let left = calculated(ctx, left);
    let right = calculated(ctx, right);
    if left.ty == hir::Ty::Error || right.ty == hir::Ty::Error {
        return failed(span);
    }
    let Some(ty) = result(op, &left.ty, &right.ty) else {
        let (sign, help) = match op {
            BinaryOp::Add => ("+", "add numbers, durations, or a duration to a time"),
            BinaryOp::Subtract => ("-", "subtract numbers, durations, times, or a duration from a time"),
            BinaryOp::Multiply => ("*", "multiply numbers, or a duration by an int"),
            BinaryOp::Remainder => ("%", "take the remainder of ints or of durations"),
        };
        ctx.push(
            Diagnostic::error(
                Code::TypeMismatch,
                span,
                format!("{} and {} do not go together with `{sign}`", article(&left.ty), article(&right.ty)),
                "cannot be calculated",
            )
            .also(left.span, format!("has type `{}`", left.ty))
            .also(right.span, format!("has type `{}`", right.ty))
            .help(help),
        );
        return failed(span);
    };
    hir::Expr { kind: hir::ExprKind::Arithmetic(op, Box::new(left), Box::new(right)), ty, span }
}

/// What an operation gives.
fn result(op: BinaryOp, left: &hir::Ty, right: &hir::Ty) -> Option<hir::Ty> {
    use hir::Ty::{Duration, Float, Int, Time};
    match (op, left, right) {
        (_, Int, Int) => Some(Int),
        (BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply, Int | Float, Int | Float) => Some(Float),
        (BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Remainder, Duration, Duration)
        | (BinaryOp::Multiply, Duration, Int)
        | (BinaryOp::Multiply, Int, Duration)
        | (BinaryOp::Subtract, Time, Time) => Some(Duration),
        (BinaryOp::Add | BinaryOp::Subtract, Time, Duration) | (BinaryOp::Add, Duration, Time) => Some(Time),
        _ => None,
    }
}

/// A present value that can be calculated with.
fn calculated(ctx: &mut Context<'_>, value: hir::Expr) -> hir::Expr {
    const WHAT: &str = "an operand of arithmetic";
    let help = match value.ty.present() {
        hir::Ty::Error => return value,
        hir::Ty::Int | hir::Ty::Float | hir::Ty::Duration | hir::Ty::Time => {
            if !value.ty.is_optional() {
                return value;
            }
            expect::refuse_absent(ctx, &value, WHAT);
            return failed(value.span);
        }
        hir::Ty::Secret => {
            expect::leak(ctx, &value, WHAT);
            return failed(value.span);
        }
        hir::Ty::Json => "write `int(…) ?? 0` for the number in a JSON value",
        hir::Ty::String | hir::Ty::Enum(_) => "write `int(…) ?? 0` to read a number from text, or `\"${a}${b}\"` to put texts together",
        hir::Ty::Bool
        | hir::Ty::Bytes
        | hir::Ty::Ip
        | hir::Ty::Cidr
        | hir::Ty::Rate
        | hir::Ty::Regex
        | hir::Ty::List(_)
        | hir::Ty::Map(_)
        | hir::Ty::Optional(_) => "calculate with numbers, durations and times",
    };
    let message = format!("{WHAT} must be a number, a duration or a time");
    ctx.error(Code::TypeMismatch, value.span, message, format!("has type `{}`", value.ty), help);
    failed(value.span)
}

/// `-operand`
pub(super) fn negate(ctx: &mut Context<'_>, env: &Env, written: &ast::Expr, span: Span) -> hir::Expr {
    let operand = check(ctx, env, written);
    let operand = calculated(ctx, operand);
    let (zero, ty) = match (&operand.kind, &operand.ty) {
        (_, hir::Ty::Error) => return failed(span),
        (hir::ExprKind::Const(hir::Const::Int(value)), ty @ (hir::Ty::Int | hir::Ty::Duration)) => {
            return constant(hir::Const::Int(value.saturating_neg()), ty.clone(), span);
        }
        (hir::ExprKind::Const(hir::Const::Float(value)), ty) => return constant(hir::Const::Float(-value), ty.clone(), span),
        (_, hir::Ty::Float) => (hir::Const::Float(0.0), hir::Ty::Float),
        (_, hir::Ty::Time) => {
            let label = "has type `time`";
            ctx.error(Code::TypeMismatch, operand.span, "a time has no negative", label, "subtract it from another time");
            return failed(span);
        }
        (_, ty) => (hir::Const::Int(0), ty.clone()),
    };
    let zero = constant(zero, ty.clone(), span);
    hir::Expr { kind: hir::ExprKind::Arithmetic(BinaryOp::Subtract, Box::new(zero), Box::new(operand)), ty, span }
}
