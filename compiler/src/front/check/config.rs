//! `config { … }`: names, types and defaults of what the plugin configuration brings.

use super::constant;
use super::context::Context;
use super::ty;
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
    let Some(base) = base_type(&field.ty) else {
        let text = ctx.quote(field.ty.span).unwrap_or_else(|| field.ty.name.text.clone());
        ctx.not_yet(
            field.ty.span,
            &format!("a configuration value of type `{text}`"),
            "use `string`, `int`, `bool`, `secret`, `list<string>` or `map<string, string>`",
        );
        return None;
    };
    let default = match &field.default {
        None => None,
        Some(expr) if base == hir::Ty::Secret => {
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

fn base_type(ty: &ast::Type) -> Option<hir::Ty> {
    let plain = |ty: Option<&ast::Type>| ty.is_some_and(|ty| ty.name.text == "string" && !ty.optional);
    match ty.name.text.as_str() {
        "bool" => Some(hir::Ty::Bool),
        "int" => Some(hir::Ty::Int),
        "string" => Some(hir::Ty::String),
        "secret" => Some(hir::Ty::Secret),
        "list" if plain(ty.args.first()) => Some(hir::Ty::List(Box::new(hir::Ty::String))),
        "map" if plain(ty.args.first()) && plain(ty.args.get(1)) => Some(hir::Ty::Map(Box::new(hir::Ty::String))),
        _ => None,
    }
}

fn default(ctx: &mut Context<'_>, ty: &hir::Ty, expr: &ast::Expr) -> Option<hir::ConfigDefault> {
    let value = match (ty, &expr.kind) {
        (hir::Ty::Bool, ast::ExprKind::Bool(value)) => Some(hir::ConfigDefault::Bool(*value)),
        (hir::Ty::Int, _) => constant::int(expr).map(hir::ConfigDefault::Int),
        (hir::Ty::String, ast::ExprKind::String(value)) => Some(hir::ConfigDefault::String(value.clone())),
        (hir::Ty::List(_), ast::ExprKind::List(elements)) => elements
            .iter()
            .map(|element| match element {
                ast::Arg::Expr(element) => constant::string(element).map(str::to_owned),
                ast::Arg::Source(_) | ast::Arg::Named(..) => None,
            })
            .collect::<Option<Vec<_>>>()
            .map(hir::ConfigDefault::List),
        (hir::Ty::Map(_), ast::ExprKind::Object(members)) => {
            constant::distinct_members(ctx, members);
            members
                .iter()
                .map(|member| Some((member.name.text.clone(), constant::string(&member.value)?.to_owned())))
                .collect::<Option<Vec<_>>>()
                .map(hir::ConfigDefault::Map)
        }
        _ => None,
    };
    if value.is_none() {
        ctx.error(
            Code::NotConstant,
            expr.span,
            format!("the default is no `{ty}` literal"),
            format!("expected {} literal", super::expr::article(ty)),
            format!("write {}", example(ty)),
        );
    }
    value
}

fn example(ty: &hir::Ty) -> &'static str {
    match ty.present() {
        hir::Ty::Bool => "`true` or `false`",
        hir::Ty::Int => "a number such as `60`",
        hir::Ty::List(_) => "a list such as `[\"a\", \"b\"]`",
        hir::Ty::Map(_) => "an object such as `{ \"a\": \"b\" }`",
        hir::Ty::String
        | hir::Ty::Float
        | hir::Ty::Bytes
        | hir::Ty::Ip
        | hir::Ty::Cidr
        | hir::Ty::Duration
        | hir::Ty::Time
        | hir::Ty::Rate
        | hir::Ty::Secret
        | hir::Ty::Json
        | hir::Ty::Regex
        | hir::Ty::Optional(_)
        | hir::Ty::Error => "a string such as `\"a\"`",
    }
}
