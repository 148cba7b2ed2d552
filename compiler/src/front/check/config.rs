//! `config { … }`: names, types and defaults of what the plugin configuration brings.

use super::context::Context;
use super::{constant, table, test_value, ty};
use crate::base::{Code, Diagnostic};
use crate::ir::{ast, hir};

/// Checks all fields of all `config` blocks.
pub(super) fn check(ctx: &mut Context<'_>, fields: &[&ast::Field]) {
    for field in fields {
        if let Some(first) = ctx.config_names.get(&field.name.text) {
            let first = first.and_then(|id| ctx.config.get(id.index())).map(|config| config.name.span);
            let finding = Diagnostic::error(
                Code::DuplicateKey,
                field.name.span,
                format!("`config.{}` is declared twice", field.name.text),
                "declared again here",
            )
            .help("keep one of them");
            ctx.push(match first {
                Some(first) => finding.also(first, "first declared here"),
                None => finding,
            });
            continue;
        }
        let checked = check_field(ctx, field);
        let id = checked.map(|config| {
            ctx.config.push(config);
            hir::ConfigId(u32::try_from(ctx.config.len().saturating_sub(1)).unwrap_or(u32::MAX))
        });
        ctx.config_names.insert(field.name.text.clone(), id);
    }
}

fn check_field(ctx: &mut Context<'_>, field: &ast::Field) -> Option<hir::Config> {
    if !ty::type_names(ctx, &field.ty) {
        return None;
    }
    let base = base_type(ctx, &field.ty)?;
    let default = match &field.default {
        None => None,
        Some(expr) if holds_secrets(&base) => {
            ctx.error(
                Code::SecretLeak,
                expr.span,
                format!("the secret `config.{}` has a default", field.name.text),
                "this would lie in the module",
                "leave the default out: a secret arrives with the configuration",
            );
            return None;
        }
        Some(expr) => Some(default(ctx, &base, expr)?),
    };
    if field.ty.optional && default.is_some() {
        ctx.ineffective(
            field.ty.span,
            format!("`config.{}` is never absent", field.name.text),
            "the default stands for a missing value",
            "drop the `?` or the default",
        );
    }
    let ty = if field.ty.optional && default.is_none() { base.optional() } else { base };
    Some(hir::Config { name: field.name.clone(), ty, default })
}

/// The type of a field without its `?`; what cannot be configured is reported.
fn base_type(ctx: &mut Context<'_>, written: &ast::Type) -> Option<hir::Ty> {
    let single = |written: &ast::Type| {
        let ty = ty::value_type(written)?;
        (!ty.is_optional() && !matches!(ty, hir::Ty::List(_) | hir::Ty::Map(_) | hir::Ty::Json)).then_some(ty)
    };
    let found = match written.name.text.as_str() {
        "list" => written.args.first().and_then(single).map(|item| hir::Ty::List(Box::new(item))),
        "map" => {
            let key = written.args.first().is_some_and(|key| key.name.text == "string" && !key.optional);
            let item = if key { written.args.get(1).and_then(single) } else { None };
            item.map(|item| hir::Ty::Map(Box::new(item)))
        }
        "json" => Some(hir::Ty::Json),
        _ => single(&ast::Type { optional: false, ..written.clone() }),
    };
    if found.is_none() {
        let text = ctx.quote(written.span).unwrap_or_else(|| written.name.text.clone());
        let help = match written.name.text.as_str() {
            "rate" => "declare the count as `int`, and write `config.NAME per 1m` in the limit",
            "percent" => "write percentages in `split`: only there they stand",
            "words" => "use `list<string>`",
            "map" => "use `map<string, T>` of single values, such as `map<string, int>`",
            _ => "use a single type such as `string`, `int` or `duration`, or `list<T>` of one",
        };
        ctx.error(
            Code::TypeMismatch,
            written.span,
            format!("a configuration cannot bring a `{text}`"),
            "not a type of configuration",
            help,
        );
    }
    found
}

fn holds_secrets(ty: &hir::Ty) -> bool {
    match ty {
        hir::Ty::Secret => true,
        hir::Ty::List(item) | hir::Ty::Map(item) => **item == hir::Ty::Secret,
        _ => false,
    }
}

fn default(ctx: &mut Context<'_>, ty: &hir::Ty, expr: &ast::Expr) -> Option<hir::ConfigDefault> {
    match (ty, &expr.kind) {
        (hir::Ty::List(item), ast::ExprKind::List(elements)) => {
            let mut values = Vec::new();
            for element in elements {
                let ast::Arg::Expr(element) = element else { return refused(ctx, ty, expr) };
                values.push(table::literal(ctx, item, element)?);
            }
            Some(hir::ConfigDefault::List(values))
        }
        (hir::Ty::Map(item), ast::ExprKind::Object(members)) => {
            constant::distinct_members(ctx, members);
            let mut entries = Vec::new();
            for member in members {
                entries.push((member.name.text.clone(), table::literal(ctx, item, &member.value)?));
            }
            Some(hir::ConfigDefault::Map(entries))
        }
        (hir::Ty::List(_) | hir::Ty::Map(_), _) => refused(ctx, ty, expr),
        (hir::Ty::Json, _) => {
            let value = test_value::value(ctx, expr, &[])?;
            Some(hir::ConfigDefault::One(hir::Const::String(test_value::json(&value))))
        }
        _ => table::constant(ctx, ty, expr).map_or_else(|| refused(ctx, ty, expr), |value| value.map(hir::ConfigDefault::One)),
    }
}

fn refused<T>(ctx: &mut Context<'_>, ty: &hir::Ty, expr: &ast::Expr) -> Option<T> {
    ctx.error(
        Code::NotConstant,
        expr.span,
        format!("the default is no `{ty}` literal"),
        format!("expected {} literal", super::expr::article(ty)),
        format!("write {}", example(ty)),
    );
    None
}

fn example(ty: &hir::Ty) -> &'static str {
    match ty.present() {
        hir::Ty::Bool => "`true` or `false`",
        hir::Ty::Int => "a number such as `60`",
        hir::Ty::Float => "a number such as `0.5`",
        hir::Ty::Ip => "an address such as `\"192.0.2.1\"`",
        hir::Ty::Cidr => "a network such as `\"10.0.0.0/8\"`",
        hir::Ty::Duration => "a duration such as `30s`",
        hir::Ty::Time => "a time such as `\"2026-01-05T10:00:00Z\"`",
        hir::Ty::List(_) => "a list such as `[\"a\", \"b\"]`",
        hir::Ty::Map(_) => "an object such as `{ \"a\": \"b\" }`",
        hir::Ty::String
        | hir::Ty::Bytes
        | hir::Ty::Enum(_)
        | hir::Ty::Json
        | hir::Ty::Rate
        | hir::Ty::Secret
        | hir::Ty::Regex
        | hir::Ty::Optional(_)
        | hir::Ty::Error => "a string such as `\"a\"`",
    }
}
