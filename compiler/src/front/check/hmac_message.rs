//! What an `hmac` signs. In: `message` as written. Out: a string or bytes in which the body of the request stands as it came: what is
//! not UTF-8 must not be signed as what a rule reads instead of it.

use super::attrs;
use super::context::Context;
use super::env::Env;
use super::expr;
use crate::base::{Code, Span};
use crate::ir::{ast, hir};
use crate::lang::functions::{self, Param};

/// How many nodes a message may have when its `let`s and `fn`s that read the body are written out.
const MOST_NODES: usize = 10_000;

/// The bytes of the body.
pub(super) fn body(span: Span) -> hir::Expr {
    hir::Expr { kind: hir::ExprKind::Read(hir::Read::BodyBytes), ty: hir::Ty::Bytes.optional(), span }
}

/// Checks `message`; what is wrong is reported.
pub(super) fn check(ctx: &mut Context<'_>, attr: &ast::Attr) -> Option<hir::Expr> {
    let ast::Value::Expr(written) = &attr.value else {
        attrs::wrong(ctx, attr, "what is signed", "message = request.body.text");
        return None;
    };
    let env = Env { body: true, ..Env::new("an `hmac`") };
    let message = expr::check(ctx, &env, written);
    match message.ty.present() {
        hir::Ty::Error => return None,
        hir::Ty::String | hir::Ty::Bytes => {}
        hir::Ty::Secret => {
            let help = "name it in `secret`: the key of the code is not part of the message";
            ctx.error(Code::SecretLeak, message.span, "a secret would be signed", "a secret may only be compared or used as a key", help);
            return None;
        }
        ty => {
            let (text, label) = (format!("a message is text or bytes, not {}", expr::article(ty)), format!("has type `{}`", message.ty));
            ctx.error(Code::TypeMismatch, message.span, text, label, "write it into a text, as in `\"${…}\"`");
            return None;
        }
    }
    let mut left = MOST_NODES;
    let raw = as_it_came(ctx, &message, &mut left);
    if left == 0 {
        let label = format!("written out, it has more than {MOST_NODES} parts");
        ctx.error(Code::TooDeep, message.span, "a message that is made of too much", label, "use its `let`s and `fn`s less often");
        return None;
    }
    Some(raw)
}

/// Whether a message reads what this value reads.
pub(super) fn covers(ctx: &Context<'_>, message: &hir::Expr, value: &hir::Expr) -> bool {
    let hir::ExprKind::Read(wanted) = &value.kind else { return true };
    let mut found = false;
    reads(ctx, message, &mut |read| {
        found |= read == wanted
            || match (read, wanted) {
                (hir::Read::HeaderAll(all), hir::Read::Header(one)) | (hir::Read::QueryAll(all), hir::Read::Query(one)) => all == one,
                (hir::Read::RawPath | hir::Read::Computed(_), hir::Read::Query(_)) | (hir::Read::Computed(_), hir::Read::Header(_)) => true,
                _ => false,
            };
    });
    found
}

/// All reads in an expression and in what it names.
pub(super) fn reads(ctx: &Context<'_>, value: &hir::Expr, visit: &mut dyn FnMut(&hir::Read)) {
    // INVARIANT: lets and fns lead only to those before them, and the checker bounds what they come down to.
    match &value.kind {
        hir::ExprKind::Read(read) | hir::ExprKind::ReadAt(read, _) => visit(read),
        hir::ExprKind::Let(id) => {
            if let Some(item) = ctx.lets.get(id.index()) {
                reads(ctx, &item.value, visit);
            }
        }
        hir::ExprKind::Invoke(id, _) => {
            if let Some(item) = ctx.fns.get(id.index()) {
                reads(ctx, &item.body, visit);
            }
        }
        _ => {}
    }
    value.operands().into_iter().for_each(|operand| reads(ctx, operand, visit));
}

/// The same value with the bytes of the body wherever bytes do as well as text.
fn as_it_came(ctx: &Context<'_>, value: &hir::Expr, left: &mut usize) -> hir::Expr {
    *left = left.saturating_sub(1);
    if *left == 0 || !ctx.reads_body(value) {
        return value.clone();
    }
    let span = value.span;
    let bytes = |kind: hir::ExprKind, changed: bool| hir::Expr {
        kind,
        ty: match (changed, value.ty.is_optional()) {
            (false, _) => value.ty.clone(),
            (true, true) => hir::Ty::Bytes.optional(),
            (true, false) => hir::Ty::Bytes,
        },
        span,
    };
    match &value.kind {
        hir::ExprKind::Read(hir::Read::BodyText) => body(span),
        hir::ExprKind::Let(id) => match ctx.lets.get(id.index()) {
            Some(item) => as_it_came(ctx, &item.value, left),
            None => value.clone(),
        },
        hir::ExprKind::Invoke(id, args) => match ctx.fns.get(id.index()) {
            Some(item) => {
                *left = left.saturating_sub(expr::substituted_size(&item.body, args));
                let mut open = item.body.clone();
                expr::substitute(&mut open, args, 0);
                as_it_came(ctx, &open, left)
            }
            None => value.clone(),
        },
        hir::ExprKind::Concat(pieces) => {
            let pieces: Vec<hir::Expr> = pieces.iter().map(|piece| as_it_came(ctx, piece, left)).collect();
            let changed = pieces.iter().any(is_bytes);
            bytes(hir::ExprKind::Concat(pieces), changed)
        }
        hir::ExprKind::Call(function, args) => {
            let params = functions::of(*function).map_or(&[][..], |entry| entry.params);
            let args = args.iter().enumerate().map(|(number, arg)| {
                if params.get(number) == Some(&Param::Bytes) { present(as_it_came(ctx, arg, left)) } else { arg.clone() }
            });
            hir::Expr { kind: hir::ExprKind::Call(*function, args.collect()), ..value.clone() }
        }
        hir::ExprKind::If(condition, then, otherwise) => {
            let (then, otherwise) = (as_it_came(ctx, then, left), as_it_came(ctx, otherwise, left));
            let changed = is_bytes(&then) || is_bytes(&otherwise);
            bytes(hir::ExprKind::If(condition.clone(), Box::new(then), Box::new(otherwise)), changed)
        }
        hir::ExprKind::Match(subject, arms, otherwise) => {
            let arms: Vec<(hir::Const, hir::Expr)> =
                arms.iter().map(|(pattern, arm)| (pattern.clone(), as_it_came(ctx, arm, left))).collect();
            let otherwise = as_it_came(ctx, otherwise, left);
            let changed = arms.iter().map(|(_, arm)| arm).chain([&otherwise]).any(is_bytes);
            bytes(hir::ExprKind::Match(subject.clone(), arms, Box::new(otherwise)), changed)
        }
        _ => value.clone(),
    }
}

fn is_bytes(value: &hir::Expr) -> bool {
    *value.ty.present() == hir::Ty::Bytes
}

/// A message is looked at only when the body is in and not too large, so the bytes of the body are there.
fn present(value: hir::Expr) -> hir::Expr {
    let ty = value.ty.present().clone();
    hir::Expr { ty, ..value }
}
