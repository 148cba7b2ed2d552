//! Keys of facts: `request.headers["k"]`, `request.query[expr]`. In: expressions. Out: texts that the policy has, or what they are made of.

use super::{check as check_expr, expect};
use crate::base::{Code, Span};
use crate::front::check::context::Context;
use crate::front::check::env::Env;
use crate::ir::{ast, hir};
use crate::lang::headers;

/// A key as it is written.
pub(super) enum Key {
    /// A text that the policy has.
    Known(String),
    /// A string, or an absent one.
    Computed(hir::Expr),
}

/// The key of a fact.
pub(super) fn of(ctx: &mut Context<'_>, env: &Env, path: &str, written: &ast::Expr) -> Option<Key> {
    if matches!(written.kind, ast::ExprKind::Binary { .. })
        && let Some(name) = bare_name(ctx, written)
    {
        let help = format!("write `{path}[\"{name}\"]`");
        ctx.error(Code::WrongQuotes, written.span, format!("`{name}` stands without quotes"), "keys are strings", help);
        return None;
    }
    let key = check_expr(ctx, env, written);
    let key = expect::retype(ctx, key, &hir::Ty::String);
    match key.ty.present() {
        hir::Ty::Error => return None,
        hir::Ty::String => {}
        hir::Ty::Secret => {
            expect::leak(ctx, &key, &format!("a key of `{path}`"));
            return None;
        }
        ty => {
            let label = format!("has type `{ty}`");
            ctx.error(Code::TypeMismatch, key.span, format!("`{path}` is read by a `string`"), label, "write a string");
            return None;
        }
    }
    if let hir::ExprKind::Const(hir::Const::String(text)) = &hir::behind_lets(&ctx.lets, &key).kind {
        return Some(Key::Known(text.clone()));
    }
    Some(Key::Computed(key))
}

/// A name with `-` in it that is written without quotes: nothing that it begins with is declared.
pub(super) fn bare_name(ctx: &Context<'_>, written: &ast::Expr) -> Option<String> {
    let text = ctx.sources.text(written.span);
    let first = text.split('-').next().filter(|first| *first != text)?;
    let word = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    (text.split('-').all(word) && !ctx.symbols.contains_key(first)).then(|| text.to_owned())
}

/// A header's name in lower case; what no header is called is reported.
pub(super) fn header_name(ctx: &mut Context<'_>, span: Span, written: &str) -> Option<String> {
    let name = written.to_ascii_lowercase();
    if headers::is_name(&name) {
        return Some(name);
    }
    let help = match name.as_str() {
        ":path" => "write `request.raw_path`",
        ":method" => "write `request.method`",
        ":authority" => "write `request.host`",
        ":scheme" => "write `request.scheme`",
        ":status" => "write `response.status`",
        _ => "write letters, digits and `-`",
    };
    ctx.error(Code::BadHeaderName, span, format!("`{name}` is no header name"), "no header is called so", help);
    None
}
