//! Claims of a `jwt`: names, types, defaults.

use super::context::Context;
use super::{attrs, constant, ty};
use crate::base::{Code, Span};
use crate::ir::{ast, hir};

/// Checks the fields of all `claims` blocks; names that come twice are reported and left out.
pub(super) fn check(ctx: &mut Context<'_>, fields: &[ast::Field]) -> Vec<hir::Claim> {
    let mut claims: Vec<hir::Claim> = Vec::new();
    for field in fields {
        if let Some(first) = claims.iter().find(|claim| claim.name.text == field.name.text) {
            let first = first.name.span;
            attrs::repeated(ctx, &field.name, first);
            continue;
        }
        // One at fault keeps its place as a string, so that what reads it is not reported as well.
        let claim = one(ctx, field).unwrap_or(hir::Claim {
            name: field.name.clone(),
            kind: hir::ClaimKind::String,
            optional: field.ty.optional,
            default: None,
        });
        claims.push(claim);
    }
    claims
}

fn one(ctx: &mut Context<'_>, field: &ast::Field) -> Option<hir::Claim> {
    if !ty::type_names(ctx, &field.ty) {
        return None;
    }
    let strings = |ty: &ast::Type| ty.args.first().is_some_and(|item| item.name.text == "string" && !item.optional);
    let kind = match field.ty.name.text.as_str() {
        "bool" => hir::ClaimKind::Bool,
        "int" => hir::ClaimKind::Int,
        "float" => hir::ClaimKind::Float,
        "string" => hir::ClaimKind::String,
        "json" => hir::ClaimKind::Json,
        "words" => hir::ClaimKind::Words,
        "enum" => hir::ClaimKind::Enum(values(ctx, &field.ty)?),
        "list" if strings(&field.ty) => hir::ClaimKind::List,
        _ => {
            let text = ctx.quote(field.ty.span).unwrap_or_else(|| field.ty.name.text.clone());
            ctx.not_yet(
                field.ty.span,
                &format!("a claim of type `{text}`"),
                "use `string`, `int`, `float`, `bool`, `enum(…)`, `words`, `list<string>` or `json`",
            );
            return None;
        }
    };
    let default = match &field.default {
        None => None,
        Some(expr) => Some(default(ctx, &kind, expr)?),
    };
    if field.ty.optional && default.is_some() {
        ctx.ineffective(
            field.ty.span,
            format!("the claim `{}` is never absent", field.name.text),
            "the default stands for a missing one",
            "drop the `?` or the default",
        );
    }
    Some(hir::Claim { name: field.name.clone(), kind, optional: field.ty.optional && default.is_none(), default })
}

fn values(ctx: &mut Context<'_>, ty: &ast::Type) -> Option<Vec<String>> {
    let mut values: Vec<String> = Vec::new();
    for value in &ty.values {
        if values.contains(&value.text) {
            ctx.error(Code::DuplicateName, value.span, format!("the value `{}` comes twice", value.text), "named before", "drop it");
            return None;
        }
        values.push(value.text.clone());
    }
    Some(values)
}

fn default(ctx: &mut Context<'_>, kind: &hir::ClaimKind, expr: &ast::Expr) -> Option<hir::ClaimDefault> {
    let found = match (kind, &expr.kind) {
        (hir::ClaimKind::Bool, ast::ExprKind::Bool(value)) => Some(hir::ClaimDefault::Bool(*value)),
        (hir::ClaimKind::Int, _) => constant::int(expr).map(hir::ClaimDefault::Int),
        (hir::ClaimKind::Float, ast::ExprKind::Float(value)) if is_exact(*value) => Some(hir::ClaimDefault::Float(*value)),
        (hir::ClaimKind::String | hir::ClaimKind::Words, ast::ExprKind::String(text)) => Some(hir::ClaimDefault::String(text.clone())),
        (hir::ClaimKind::Enum(values), ast::ExprKind::String(text) | ast::ExprKind::Name(text)) => {
            values.contains(text).then(|| hir::ClaimDefault::String(text.clone()))
        }
        (hir::ClaimKind::List, ast::ExprKind::List(elements)) => elements
            .iter()
            .map(|element| match element {
                ast::Arg::Expr(element) => constant::string(element).map(str::to_owned),
                ast::Arg::Source(_) | ast::Arg::Named(..) => None,
            })
            .collect::<Option<Vec<_>>>()
            .map(hir::ClaimDefault::List),
        _ => None,
    };
    if found.is_none() {
        wrong(ctx, kind, expr.span);
    }
    found
}

/// Whether the module reads such a number exactly as it stands here.
fn is_exact(value: f64) -> bool {
    value.to_string().bytes().filter(u8::is_ascii_digit).count() <= 15
}

fn wrong(ctx: &mut Context<'_>, kind: &hir::ClaimKind, span: Span) {
    let example = match kind {
        hir::ClaimKind::Bool => "`true` or `false`".to_owned(),
        hir::ClaimKind::Int => "a number such as `60`".to_owned(),
        hir::ClaimKind::Float => "a number such as `0.5`, with at most 15 digits".to_owned(),
        hir::ClaimKind::Json => "no default: declare it with `?` and say what stands for it where it is read".to_owned(),
        hir::ClaimKind::String => "a string such as `\"a\"`".to_owned(),
        hir::ClaimKind::Words => "words in a string, such as `\"read write\"`".to_owned(),
        hir::ClaimKind::Enum(values) => {
            format!("one of {}", values.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(", "))
        }
        hir::ClaimKind::List => "a list such as `[\"a\", \"b\"]`".to_owned(),
    };
    let message =
        if *kind == hir::ClaimKind::Json { "a `json` claim with a default" } else { "the default is no value of the claim's type" };
    ctx.error(Code::TypeMismatch, span, message, "of another type", format!("write {example}"));
}
