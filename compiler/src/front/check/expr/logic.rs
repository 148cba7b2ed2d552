//! `and`, `or`, presence and `??`.

use super::read::{self, Named};
use super::{boolean, check, choices, exact, failed, secrecy};
use crate::base::{Code, Span};
use crate::front::check::context::Context;
use crate::front::check::env::Env;
use crate::ir::{ast, hir};

/// `a and b`: what one operand tells of presence holds in those behind it.
pub(super) fn and(ctx: &mut Context<'_>, env: &Env, operands: &[ast::Expr], span: Span) -> hir::Expr {
    let mut env = env.clone();
    let mut checked = Vec::new();
    for operand in operands {
        let operand = boolean(ctx, &env, operand);
        env.learn(&operand, true);
        checked.push(operand);
    }
    connect(checked, hir::ExprKind::And, span)
}

/// `a or b`.
pub(super) fn or(ctx: &mut Context<'_>, env: &Env, operands: &[ast::Expr], span: Span) -> hir::Expr {
    let checked = operands.iter().map(|operand| boolean(ctx, env, operand)).collect();
    connect(checked, hir::ExprKind::Or, span)
}

fn connect(mut operands: Vec<hir::Expr>, kind: fn(Vec<hir::Expr>) -> hir::ExprKind, span: Span) -> hir::Expr {
    if operands.iter().any(|operand| operand.ty == hir::Ty::Error) {
        return failed(span);
    }
    if operands.len() == 1 {
        return operands.pop().unwrap_or_else(|| failed(span));
    }
    hir::Expr { kind: kind(operands), ty: hir::Ty::Bool, span }
}

/// `a is present`, `a is absent`.
pub(super) fn presence(ctx: &mut Context<'_>, env: &Env, operand: &ast::Expr, present: bool, span: Span) -> hir::Expr {
    let test = if let Some(Named::Credential(id)) = read::named(ctx, operand) {
        match super::credential(ctx, env, id, operand.span) {
            Some(_) => hir::Expr { kind: hir::ExprKind::Read(hir::Read::CredentialPresent(id)), ty: hir::Ty::Bool, span },
            None => return failed(span),
        }
    } else {
        let operand = check(ctx, env, operand);
        if operand.ty == hir::Ty::Error {
            return failed(span);
        }
        if !operand.ty.is_optional() && !env.knows(&operand.kind) {
            ctx.ineffective(
                operand.span,
                "a value that is always present is tested for presence",
                format!("has type `{}`, never absent", operand.ty),
                if present { "drop the test" } else { "drop the test: it never holds" },
            );
        }
        hir::Expr { kind: hir::ExprKind::Present(Box::new(operand)), ty: hir::Ty::Bool, span }
    };
    if present { test } else { hir::Expr { kind: hir::ExprKind::Not(Box::new(test)), ty: hir::Ty::Bool, span } }
}

/// The right side of `??`. `[]` beside a list or a JSON value is the list without elements.
fn beside(ctx: &mut Context<'_>, env: &Env, written: &ast::Expr, left: &hir::Ty) -> hir::Expr {
    let element = match left.present() {
        hir::Ty::List(element) => Some(element.clone()),
        hir::Ty::Json => Some(Box::new(hir::Ty::Json)),
        _ => None,
    };
    match (element, &written.kind) {
        (Some(element), ast::ExprKind::List(items)) if items.is_empty() => {
            hir::Expr { kind: hir::ExprKind::ListOf(Vec::new()), ty: hir::Ty::List(element), span: written.span }
        }
        _ => choices::towards(ctx, env, written, left),
    }
}

/// `a ?? b`.
pub(super) fn coalesce(ctx: &mut Context<'_>, env: &Env, left: &ast::Expr, right: &ast::Expr, span: Span) -> hir::Expr {
    let left = exact(ctx, env, left);
    // An empty list has the type of the left side.
    if left.ty == hir::Ty::Error && matches!(&right.kind, ast::ExprKind::List(items) if items.is_empty()) {
        return failed(span);
    }
    let right = beside(ctx, env, right, &left.ty);
    if left.ty == hir::Ty::Error || right.ty == hir::Ty::Error {
        return failed(span);
    }
    // An enum stays one where both sides are of it.
    let same = left.ty.present() == right.ty.present();
    let (left, right) = if same { (left, right) } else { (choices::as_text(left), choices::as_text(right)) };
    let right = super::expect::retype(ctx, right, left.ty.present());
    if right.ty == hir::Ty::Error {
        return failed(span);
    }
    let right_type = right.ty.present().clone();
    let left = if *left.ty.present() == hir::Ty::Json { super::expect::retype(ctx, left, &right_type) } else { left };
    if *left.ty.present() == hir::Ty::Secret && secrecy::refuse_known(ctx, &right, "what stands in for a secret") {
        return failed(span);
    }
    if left.ty.present() != right.ty.present() {
        ctx.error(
            Code::DefaultMismatch,
            right.span,
            "the two sides of `??` have different types",
            format!("has type `{}`, the left side `{}`", right.ty, left.ty),
            format!("write {}", super::article(left.ty.present())),
        );
        return failed(span);
    }
    if !left.ty.is_optional() && !env.knows(&left.kind) {
        ctx.ineffective(
            left.span,
            "`??` has no effect",
            format!("has type `{}`, never absent", left.ty),
            "drop the `??` and what follows it",
        );
    }
    let ty = left.ty.present().clone();
    let ty = if right.ty.is_optional() && left.ty.is_optional() { ty.optional() } else { ty };
    hir::Expr { kind: hir::ExprKind::Coalesce(Box::new(left), Box::new(right)), ty, span }
}
