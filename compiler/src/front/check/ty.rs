//! Types as written: names that the language has, with the arguments that they take.

use super::context::Context;
use super::suggest;
use crate::base::{Code, Diagnostic};
use crate::ir::{ast, hir};
use crate::lang::types;

/// Reports type names that the language does not have and wrong numbers of type arguments; whether all is well.
pub(super) fn type_names(ctx: &mut Context<'_>, ty: &ast::Type) -> bool {
    if !ctx.enter(ty.span) {
        return false;
    }
    let known = known(ctx, ty);
    ctx.leave();
    known
}

fn known(ctx: &mut Context<'_>, ty: &ast::Type) -> bool {
    if !types::TYPES.contains(&ty.name.text.as_str()) {
        let near = || suggest::help(&ty.name.text, types::TYPES.iter().copied(), "use one of the language's types, such as `string`");
        let help = super::expr::habits::ty(&ty.name.text).map_or_else(near, str::to_owned);
        ctx.error(Code::UnknownType, ty.name.span, format!("there is no type `{}`", ty.name.text), "unknown type", help);
        return false;
    }
    let expected = types::arguments(&ty.name.text);
    if ty.args.len() != expected {
        let example = if expected == 1 { "list<string>" } else { "map<string, string>" };
        let help = if expected == 0 { format!("write `{}`", ty.name.text) } else { format!("write `{example}`") };
        ctx.error(
            Code::UnknownType,
            ty.span,
            format!(
                "`{}` takes {}",
                ty.name.text,
                ["no type argument", "one type argument", "two type arguments"].get(expected).unwrap_or(&"")
            ),
            format!("has {}", ty.args.len()),
            help,
        );
        return false;
    }
    let mut well = true;
    for (place, value) in ty.values.iter().enumerate() {
        if let Some(first) = ty.values.iter().take(place).find(|earlier| earlier.text == value.text) {
            ctx.push(
                Diagnostic::error(Code::DuplicateKey, value.span, format!("the value `{}` appears twice", value.text), "again here")
                    .also(first.span, "first here")
                    .help("keep one of them"),
            );
            well = false;
        }
    }
    for arg in &ty.args {
        well &= type_names(ctx, arg);
    }
    well
}

/// A type whose values can be handed on: what names, parameters and results have. `None` for one that has none.
pub(super) fn value_type(ty: &ast::Type) -> Option<hir::Ty> {
    let plain = match ty.name.text.as_str() {
        "bool" => hir::Ty::Bool,
        "int" => hir::Ty::Int,
        "float" => hir::Ty::Float,
        "string" => hir::Ty::String,
        "bytes" => hir::Ty::Bytes,
        "ip" => hir::Ty::Ip,
        "duration" => hir::Ty::Duration,
        "time" => hir::Ty::Time,
        "cidr" => hir::Ty::Cidr,
        "json" => hir::Ty::Json,
        "secret" => hir::Ty::Secret,
        "enum" => hir::Ty::Enum(ty.values.iter().map(|value| value.text.clone()).collect()),
        "list" => {
            let element = value_type(ty.args.first()?)?;
            if element.is_optional() || matches!(element, hir::Ty::List(_) | hir::Ty::Json) {
                return None;
            }
            hir::Ty::List(Box::new(element))
        }
        _ => return None,
    };
    Some(if ty.optional { plain.optional() } else { plain })
}
