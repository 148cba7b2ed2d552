//! What a place expects of an expression: type, presence, no secrets. Every refusal is reported here.

use super::{check, choices, failed};
use crate::base::Code;
use crate::front::check::context::Context;
use crate::front::check::env::Env;
use crate::front::check::{json_text, table};
use crate::ir::{ast, hir};

/// The type with its article.
pub(in crate::front::check) fn article(ty: &hir::Ty) -> String {
    if *ty.present() == hir::Ty::Bytes {
        return format!("`{ty}`");
    }
    let vowel = matches!(ty.present(), hir::Ty::Int | hir::Ty::Ip | hir::Ty::Enum(_));
    format!("{} `{ty}`", if vowel { "an" } else { "a" })
}

/// A condition: a present `bool`.
pub(in crate::front::check) fn boolean(ctx: &mut Context<'_>, env: &Env, expr: &ast::Expr) -> hir::Expr {
    expect(ctx, env, expr, &hir::Ty::Bool, "a condition")
}

/// A present `int`.
pub(in crate::front::check) fn int(ctx: &mut Context<'_>, env: &Env, expr: &ast::Expr, what: &str) -> hir::Expr {
    expect(ctx, env, expr, &hir::Ty::Int, what)
}

/// A present text; numbers, addresses and bools are written as text.
pub(in crate::front::check) fn text(ctx: &mut Context<'_>, env: &Env, expr: &ast::Expr, what: &str) -> hir::Expr {
    let value = writable(ctx, env, expr, what);
    match value.ty {
        hir::Ty::String | hir::Ty::Error => value,
        _ => hir::Expr { span: value.span, ty: hir::Ty::String, kind: hir::ExprKind::Concat(vec![value]) },
    }
}

/// A present value of this type.
pub(in crate::front::check) fn expect(ctx: &mut Context<'_>, env: &Env, expr: &ast::Expr, ty: &hir::Ty, what: &str) -> hir::Expr {
    let value = placed(ctx, env, expr, ty);
    let value = if value.ty.present() == ty { value } else { choices::as_text(value) };
    let value = as_json(ctx, value, ty);
    let value = retype(ctx, value, ty);
    if value.ty == *ty || value.ty == hir::Ty::Error {
        return value;
    }
    let span = value.span;
    if *value.ty.present() == hir::Ty::Secret {
        leak(ctx, &value, what);
    } else if value.ty.present() == ty {
        refuse_absent(ctx, &value, what);
    } else {
        let help = match ty {
            hir::Ty::Bool if value.ty.is_optional() && *value.ty.present() == hir::Ty::String => {
                let quoted = ctx.quote(span).unwrap_or_else(|| "x".to_owned());
                format!("write `{quoted} is present`, or compare it, as in `{quoted} == \"a\"`")
            }
            hir::Ty::Bool if *value.ty.present() == hir::Ty::String => {
                "compare it, as in `x == \"a\"`; for several values write `x in [\"a\", \"b\"]`".to_owned()
            }
            hir::Ty::Bool if value.ty.is_optional() => "write `… is present`, or compare it".to_owned(),
            hir::Ty::Bool => "compare it with something".to_owned(),
            hir::Ty::Int if *value.ty.present() == hir::Ty::String => "write `int(…) ?? 0` to read a number from text".to_owned(),
            hir::Ty::List(element) if **element == hir::Ty::Json && matches!(value.ty.present(), hir::Ty::List(_)) => {
                format!("declare the parameter as `{}`, or write the elements in place", value.ty.present())
            }
            _ => format!("write a value of type `{ty}`"),
        };
        let code = if *ty == hir::Ty::Bool { Code::NotCondition } else { Code::TypeMismatch };
        ctx.error(code, span, format!("{what} must be {}", article(ty)), format!("has type `{}`", value.ty), help);
    }
    failed(span)
}

/// A value of this type, which may be absent where the type says so.
pub(in crate::front::check) fn expect_or_absent(ctx: &mut Context<'_>, env: &Env, expr: &ast::Expr, ty: &hir::Ty, what: &str) -> hir::Expr {
    if !ty.is_optional() {
        return expect(ctx, env, expr, ty, what);
    }
    let value = placed(ctx, env, expr, ty);
    let value = if value.ty.present() == ty.present() { value } else { choices::as_text(value) };
    let value = as_json(ctx, value, ty.present());
    let value = retype(ctx, value, ty.present());
    if value.ty.present() == ty.present() || value.ty == hir::Ty::Error {
        return value;
    }
    if *value.ty.present() == hir::Ty::Secret {
        leak(ctx, &value, what);
    } else {
        let (message, label) = (format!("{what} must be {}", article(ty)), format!("has type `{}`", value.ty));
        ctx.error(Code::TypeMismatch, value.span, message, label, format!("write a value of type `{ty}`"));
    }
    failed(value.span)
}

/// An argument that is JSON, or may be written as JSON.
pub(super) fn as_json_argument(ctx: &mut Context<'_>, env: &Env, expr: &ast::Expr) -> hir::Expr {
    let value = placed(ctx, env, expr, &hir::Ty::Json);
    as_json(ctx, value, &hir::Ty::Json)
}

/// What is written for a place of this type: where JSON is expected brackets are an array.
fn placed(ctx: &mut Context<'_>, env: &Env, expr: &ast::Expr, ty: &hir::Ty) -> hir::Expr {
    let array = if *ty.present() == hir::Ty::Json { json_text::in_place(ctx, env, expr) } else { None };
    array.unwrap_or_else(|| choices::towards(ctx, env, expr, ty))
}

/// A present value as JSON where JSON is expected.
fn as_json(ctx: &mut Context<'_>, value: hir::Expr, ty: &hir::Ty) -> hir::Expr {
    let fits = *ty == hir::Ty::Json && !value.ty.is_optional();
    if fits { json_text::value(ctx, value) } else { value }
}

/// A present time as text.
pub(in crate::front::check) fn time_text(value: hir::Expr) -> hir::Expr {
    hir::Expr { span: value.span, ty: hir::Ty::String, kind: hir::ExprKind::TimeText(Box::new(value)) }
}

/// A present value that can be written into a text.
pub(super) fn writable(ctx: &mut Context<'_>, env: &Env, expr: &ast::Expr, what: &str) -> hir::Expr {
    let value = check(ctx, env, expr);
    let span = value.span;
    match &value.ty {
        hir::Ty::String
        | hir::Ty::Enum(_)
        | hir::Ty::Int
        | hir::Ty::Float
        | hir::Ty::Bool
        | hir::Ty::Ip
        | hir::Ty::Cidr
        | hir::Ty::Error => {
            if let (hir::Ty::Int, ast::ExprKind::Size(_)) = (&value.ty, &expr.kind) {
                ctx.error(Code::NotText, span, "a size cannot be written as text", "a size", "write it as a string or a number");
                return failed(span);
            }
            return value;
        }
        hir::Ty::Time => return time_text(value),
        hir::Ty::Secret => leak(ctx, &value, what),
        hir::Ty::Optional(inner) => match **inner {
            hir::Ty::Secret => leak(ctx, &value, what),
            _ => refuse_absent(ctx, &value, what),
        },
        hir::Ty::Json => {
            let quoted = ctx.quote(span).unwrap_or_else(|| "…".to_owned());
            ctx.error(
                Code::TypeMismatch,
                span,
                "a `json` may be of any type, so it cannot be written as text",
                "has type `json`",
                if is_written(ctx, &value) {
                    format!("write `json_text({quoted})` for its JSON")
                } else {
                    format!("write `{quoted} ?? \"\"` if it should be a string, `json_text({quoted})` for the JSON itself")
                },
            );
        }
        hir::Ty::Bytes | hir::Ty::Duration | hir::Ty::Rate | hir::Ty::Regex | hir::Ty::List(_) | hir::Ty::Map(_) => {
            let help = if value.ty == hir::Ty::Bytes {
                "write `hex_encode(…)`, `base64_encode(…)` or `text(…) ?? \"\"`"
            } else {
                "write a string, a number, a bool or an address"
            };
            ctx.error(
                Code::NotText,
                span,
                format!("{} cannot be written as text", article(&value.ty)),
                format!("has type `{}`", value.ty),
                help,
            );
        }
    }
    failed(span)
}

/// Whether it is an object that stands in the policy, maybe by way of `let`s.
fn is_written(ctx: &Context<'_>, value: &hir::Expr) -> bool {
    matches!(hir::behind_lets(&ctx.lets, value).kind, hir::ExprKind::Object(_))
}

/// Reports a secret where none may go.
pub(in crate::front::check) fn leak(ctx: &mut Context<'_>, value: &hir::Expr, what: &str) {
    ctx.error(
        Code::SecretLeak,
        value.span,
        format!("a secret would become {what}"),
        "a secret may only be compared or used as a key",
        "compare it with `==` or `in`, or declare the value as `string` if it is no secret",
    );
}

/// Reports a value that may be absent where one must be there.
pub(in crate::front::check) fn refuse_absent(ctx: &mut Context<'_>, value: &hir::Expr, what: &str) {
    let quoted = ctx.quote(value.span).unwrap_or_else(|| "…".to_owned());
    let default = match value.ty.present() {
        hir::Ty::Int | hir::Ty::Float => "0",
        hir::Ty::Bool => "false",
        hir::Ty::String | hir::Ty::Bytes => "\"\"",
        hir::Ty::Json => "null",
        // `now` for a time would let the freshness of what has none always hold.
        hir::Ty::Ip
        | hir::Ty::Cidr
        | hir::Ty::Duration
        | hir::Ty::Time
        | hir::Ty::Rate
        | hir::Ty::Secret
        | hir::Ty::Enum(_)
        | hir::Ty::Regex
        | hir::Ty::List(_)
        | hir::Ty::Map(_)
        | hir::Ty::Optional(_)
        | hir::Ty::Error => "…",
    };
    let help = format!("write `{quoted} ?? {default}`, or test `{quoted} is present` first");
    ctx.error(Code::MayBeAbsent, value.span, format!("{what} may be absent"), format!("has type `{}`", value.ty), help);
}

/// Turns a literal into the constant that the place expects: text into addresses and networks, element by element. A string
/// is taken where bytes are expected. Whatever is neither stays as it is.
pub(super) fn retype(ctx: &mut Context<'_>, value: hir::Expr, ty: &hir::Ty) -> hir::Expr {
    let hir::Expr { kind, ty: found, span } = value;
    match (kind, ty) {
        (hir::ExprKind::Const(hir::Const::String(text)), hir::Ty::Ip) => constant(table::ip(ctx, span, &text), ty, span),
        (hir::ExprKind::Const(hir::Const::String(text)), hir::Ty::Cidr) => constant(table::cidr(ctx, span, &text), ty, span),
        (hir::ExprKind::Const(hir::Const::Int(value)), hir::Ty::Float) if found == hir::Ty::Int => {
            super::constant(hir::Const::Float(value as f64), hir::Ty::Float, span)
        }
        (kind, hir::Ty::Bytes) if *found.present() == hir::Ty::String => {
            let ty = if found.is_optional() { hir::Ty::Bytes.optional() } else { hir::Ty::Bytes };
            hir::Expr { kind, ty, span }
        }
        (kind, hir::Ty::List(element)) if is_json_list(&found) && from_array(element) && **element != hir::Ty::Json => {
            let value = hir::Expr { kind, ty: found, span };
            super::array::list(ctx, &value, ty).map_or(value, |list| hir::Expr { span, ..list })
        }
        (hir::ExprKind::ListOf(items), hir::Ty::List(element)) if matches!(**element, hir::Ty::Ip | hir::Ty::Cidr | hir::Ty::Float) => {
            let items: Vec<hir::Expr> = items.into_iter().map(|item| retype(ctx, item, element)).collect();
            if items.iter().any(|item| item.ty == hir::Ty::Error) {
                return failed(span);
            }
            let same = items.iter().all(|item| item.ty == **element);
            let ty = if same { ty.clone() } else { found };
            hir::Expr { kind: hir::ExprKind::ListOf(items), ty, span }
        }
        (kind, hir::Ty::String | hir::Ty::Int | hir::Ty::Float | hir::Ty::Bool) if *found.present() == hir::Ty::Json => {
            json_as(hir::Expr { kind, ty: found, span }, ty.clone())
        }
        (kind, hir::Ty::List(element)) if *found.present() == hir::Ty::Json && from_array(element) => {
            json_as(hir::Expr { kind, ty: found, span }, ty.clone())
        }
        (kind, hir::Ty::Secret | hir::Ty::Bytes) if *found.present() == hir::Ty::Json => {
            json_as(hir::Expr { kind, ty: found, span }, hir::Ty::String)
        }
        (kind, _) => hir::Expr { kind, ty: found, span },
    }
}

fn is_json_list(ty: &hir::Ty) -> bool {
    matches!(ty.present(), hir::Ty::List(element) if **element == hir::Ty::Json)
}

/// Whether a JSON array can be a list of such elements.
fn from_array(element: &hir::Ty) -> bool {
    matches!(element, hir::Ty::Json | hir::Ty::String | hir::Ty::Int | hir::Ty::Float | hir::Ty::Bool)
}

/// A JSON value as a string, int, float, bool or list: absent when it is of another type.
pub(super) fn json_as(value: hir::Expr, ty: hir::Ty) -> hir::Expr {
    let span = value.span;
    hir::Expr { kind: hir::ExprKind::JsonAs(Box::new(value)), ty: ty.optional(), span }
}

fn constant(value: Option<hir::Const>, ty: &hir::Ty, span: crate::base::Span) -> hir::Expr {
    value.map_or_else(|| failed(span), |value| super::constant(value, ty.clone(), span))
}
