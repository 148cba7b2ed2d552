//! Calls of built-in functions.

use super::{check, expect, failed, fold, habits, parts};
use crate::base::{Code, Span};
use crate::front::check::context::{Context, Symbol};
use crate::front::check::env::Env;
use crate::front::check::{functions as own, suggest};
use crate::ir::{ast, hir};
use crate::lang::functions::{self, Absence, Function, Param};

/// Checks `callee(args)`.
pub(super) fn check_call(ctx: &mut Context<'_>, env: &Env, callee: &ast::Expr, args: &[ast::Arg], span: Span) -> hir::Expr {
    let ast::ExprKind::Name(name) = &callee.kind else {
        ctx.error(Code::UnknownFunction, callee.span, "this is no function", "cannot be called", habits::called(ctx, env, callee, args));
        return failed(span);
    };
    if let Some((symbol, _)) = ctx.symbols.get(name) {
        if let Symbol::Fn(Some(id)) = *symbol {
            return own::call(ctx, env, id, args, span).unwrap_or_else(|| failed(span));
        }
        if !matches!(symbol, Symbol::Unsupported(_) | Symbol::Fn(_)) {
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
        let habit = habits::function(name).map(str::to_owned).or_else(|| parts::called(ctx, env, callee, args));
        let help = habit.unwrap_or_else(|| suggest::help(name, known, "use one of the built-in functions"));
        ctx.error(Code::UnknownFunction, callee.span, format!("there is no function `{name}`"), "unknown function", help);
        return failed(span);
    };
    let compiled = function.compiled;
    let mut plain = Vec::new();
    for arg in args {
        match arg {
            ast::Arg::Expr(expr) => plain.push(expr),
            ast::Arg::Source(source) => return parts::source(ctx, source),
            ast::Arg::Named(name, _) => return arguments(ctx, function, args.len(), name.span),
        }
    }
    if plain.len() > function.params.len() || plain.len() + function.optional < function.params.len() {
        return arguments(ctx, function, plain.len(), span);
    }
    if let (hir::Function::Int | hir::Function::Float, [operand]) = (compiled, plain.as_slice()) {
        let value = check(ctx, env, operand);
        if *value.ty.present() == hir::Ty::Json {
            return number_of_json(&value, compiled, function.gives.ty(), span);
        }
        number_as_text(ctx, function, &value);
    }
    let mut checked = Vec::new();
    let mut well = true;
    let mut absent = false;
    for (written, param) in plain.iter().zip(function.params) {
        let value = argument(ctx, env, function, *param, written);
        well &= value.ty != hir::Ty::Error;
        absent |= value.ty.is_optional();
        checked.push(value);
    }
    if !well || !fold::fits(ctx, function, &checked) {
        return failed(span);
    }
    let ty = function.gives.ty();
    if let Some(constant) = fold::conversion(ctx, function, &checked, span) {
        return constant;
    }
    let ty = match function.absence {
        Absence::Refused => ty,
        Absence::Passed if !absent => ty,
        Absence::Passed | Absence::Possible => ty.optional(),
    };
    hir::Expr { kind: hir::ExprKind::Call(compiled, checked), ty, span }
}

/// `int(json ?? "0")`: beside a text JSON is a text, so a JSON number is absent; that is told.
fn number_as_text(ctx: &mut Context<'_>, function: &Function, value: &hir::Expr) {
    let hir::ExprKind::Coalesce(json, _) = &value.kind else { return };
    if !matches!(json.kind, hir::ExprKind::JsonAs(_)) || *json.ty.present() != hir::Ty::String {
        return;
    }
    let (name, quoted) = (function.name, ctx.quote(json.span).unwrap_or_else(|| "…".to_owned()));
    let help = format!("write `{name}({quoted}) ?? 0`, which takes numbers and texts");
    ctx.ineffective(json.span, "a JSON number is lost here", "is a text beside one, and absent where it is a number", &help);
}

fn arguments(ctx: &mut Context<'_>, function: &Function, found: usize, span: Span) -> hir::Expr {
    let most = function.params.len();
    let least = most - function.optional;
    let takes = if least == most { most.to_string() } else { format!("{least} or {most}") };
    let label = if found == most { "not called so".to_owned() } else { format!("has {found}, takes {takes}") };
    ctx.error(Code::BadArguments, span, format!("wrong arguments for `{}`", function.name), label, format!("write `{}`", function.usage));
    failed(span)
}

/// One argument as its parameter takes it; what does not fit is reported.
fn argument(ctx: &mut Context<'_>, env: &Env, function: &Function, param: Param, written: &ast::Expr) -> hir::Expr {
    let what = format!("an argument of `{}`", function.name);
    let value = match param {
        Param::Json => expect::as_json_argument(ctx, env, written),
        _ => check(ctx, env, written),
    };
    let value = match param {
        Param::Ip => expect::retype(ctx, value, &hir::Ty::Ip),
        Param::Text | Param::Bytes | Param::Compared => from_json(ctx, value, hir::Ty::String),
        Param::Int => from_json(ctx, value, hir::Ty::Int),
        Param::Texts if matches!(value.ty.present(), hir::Ty::List(_)) => {
            expect::retype(ctx, value, &hir::Ty::List(Box::new(hir::Ty::String)))
        }
        Param::Time | Param::Texts | Param::Measured | Param::Key | Param::Hashed | Param::Json => value,
    };
    let ty = value.ty.present();
    if *ty == hir::Ty::Error {
        return value;
    }
    if !takes(param, ty) {
        return unfit(ctx, function, param, &value, &what);
    }
    if value.ty.is_optional() && function.absence == Absence::Refused {
        expect::refuse_absent(ctx, &value, &what);
        return failed(value.span);
    }
    value
}

/// A JSON value as one of the type that a parameter takes, absent when it is of another; anything else as it is.
fn from_json(ctx: &mut Context<'_>, value: hir::Expr, ty: hir::Ty) -> hir::Expr {
    if *value.ty.present() == hir::Ty::Json { expect::retype(ctx, value, &ty) } else { value }
}

/// `int(json)`, `float(json)`: a JSON number is read as it is, a JSON string as a text.
fn number_of_json(value: &hir::Expr, function: hir::Function, ty: hir::Ty, span: Span) -> hir::Expr {
    let number = expect::json_as(value.clone(), ty.clone());
    let ty = ty.optional();
    let text = expect::json_as(value.clone(), hir::Ty::String);
    let text = hir::Expr { kind: hir::ExprKind::Call(function, vec![text]), ty: ty.clone(), span };
    hir::Expr { kind: hir::ExprKind::Coalesce(Box::new(number), Box::new(text)), ty, span }
}

/// Whether a parameter takes this type.
fn takes(param: Param, ty: &hir::Ty) -> bool {
    use hir::Ty::{Bool, Bytes, Cidr, Float, Int, Ip, Json, List, Secret, String};
    match param {
        Param::Text => *ty == String,
        Param::Bytes => matches!(ty, String | Bytes),
        Param::Int => *ty == Int,
        Param::Ip => *ty == Ip,
        Param::Time => *ty == hir::Ty::Time,
        Param::Texts => matches!(ty, List(item) if **item == String),
        Param::Measured => matches!(ty, String | Bytes | List(_)),
        Param::Key => matches!(ty, Secret | Bytes),
        Param::Compared => matches!(ty, String | Bytes | Secret),
        Param::Json => *ty == Json,
        Param::Hashed => matches!(ty, String | Bytes | Int | Float | Bool | Ip | Cidr),
    }
}

/// Reports an argument of a type that its parameter does not take.
fn unfit(ctx: &mut Context<'_>, function: &Function, param: Param, value: &hir::Expr, what: &str) -> hir::Expr {
    let ty = value.ty.present();
    if *ty == hir::Ty::Secret {
        expect::leak(ctx, value, what);
        return failed(value.span);
    }
    if param == Param::Key && *ty == hir::Ty::String {
        ctx.error(
            Code::BadArguments,
            value.span,
            format!("the key of `{}` is a `string`", function.name),
            "a key is a `secret`",
            "declare it as `secret` in `config`, or derive it with another `hmac_…`",
        );
        return failed(value.span);
    }
    let takes = match param {
        Param::Text => "a `string`",
        Param::Bytes => "`bytes` or a `string`",
        Param::Int => "an `int`",
        Param::Ip => "an `ip`",
        Param::Time => "a `time`",
        Param::Texts => "a `list<string>`",
        Param::Measured => "a `string`, `bytes` or a list",
        Param::Key => "a `secret`",
        Param::Compared => "strings, `bytes` and secrets",
        Param::Hashed => "a single value",
        Param::Json => "a `json`",
    };
    let help = match (param, ty) {
        (Param::Text, hir::Ty::Bytes) => "write `text(…) ?? \"\"` for bytes that are a text".to_owned(),
        (Param::Int, hir::Ty::String) => "write `int(…) ?? 0` to read a number from text".to_owned(),
        (Param::Measured, hir::Ty::Json) => {
            let quoted = ctx.quote(value.span).unwrap_or_else(|| "…".to_owned());
            format!("write `len({quoted} ?? [])` for the elements of an array, `len({quoted} ?? \"\")` for a text")
        }
        (Param::Texts, hir::Ty::Json) => {
            let quoted = ctx.quote(value.span).unwrap_or_else(|| "…".to_owned());
            format!("write `{quoted} ?? []`")
        }
        (Param::Time, hir::Ty::String) => "write `time(…) ?? now` to read a time from text".to_owned(),
        (Param::Ip, hir::Ty::String) => "write `ip(…) ?? client.ip` to read an address from text".to_owned(),
        _ => format!("write `{}`", function.usage),
    };
    ctx.error(Code::BadArguments, value.span, format!("`{}` takes {takes}", function.name), format!("has type `{}`", value.ty), help);
    failed(value.span)
}
