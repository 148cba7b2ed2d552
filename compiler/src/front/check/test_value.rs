//! Values in tests: JSON with the counters of `repeat`.

use super::constant;
use super::context::{Context, Symbol};
use super::suggest;
use crate::base::{Code, Span};
use crate::ir::{ast, hir};
use crate::lang::duration;

/// A string with counters in it; anything else is reported.
pub(super) fn text(ctx: &mut Context<'_>, written: &ast::Expr, variables: &[String]) -> Option<Vec<hir::TestPiece>> {
    match &written.kind {
        ast::ExprKind::String(text) => Some(vec![hir::TestPiece::Text(text.clone())]),
        ast::ExprKind::Interpolation(pieces) => {
            let pieces: Vec<Option<hir::TestPiece>> = pieces
                .iter()
                .map(|piece| match &piece.kind {
                    ast::ExprKind::String(text) => Some(hir::TestPiece::Text(text.clone())),
                    ast::ExprKind::Name(name) => variable(ctx, name, piece.span, variables).map(hir::TestPiece::Variable),
                    _ => refuse(ctx, piece.span, "strings of tests hold only counters of `repeat`", "write `${i}` inside `repeat … as i`"),
                })
                .collect();
            pieces.into_iter().collect()
        }
        _ => refuse(ctx, written.span, "a string is expected", "write a string"),
    }
}

/// Any JSON value.
pub(super) fn value(ctx: &mut Context<'_>, written: &ast::Expr, variables: &[String]) -> Option<hir::TestValue> {
    if !ctx.enter(written.span) {
        return None;
    }
    let value = value_kind(ctx, written, variables);
    ctx.leave();
    value
}

fn value_kind(ctx: &mut Context<'_>, written: &ast::Expr, variables: &[String]) -> Option<hir::TestValue> {
    match &written.kind {
        ast::ExprKind::Null => Some(hir::TestValue::Null),
        ast::ExprKind::Bool(value) => Some(hir::TestValue::Bool(*value)),
        ast::ExprKind::Float(value) => Some(hir::TestValue::Float(*value)),
        ast::ExprKind::String(_) | ast::ExprKind::Interpolation(_) => text(ctx, written, variables).map(hir::TestValue::String),
        ast::ExprKind::Name(name) => variable(ctx, name, written.span, variables).map(hir::TestValue::Variable),
        ast::ExprKind::Negate(operand) => match operand.kind {
            ast::ExprKind::Float(value) => Some(hir::TestValue::Float(-value)),
            _ => int(ctx, written),
        },
        ast::ExprKind::List(elements) => {
            let values: Vec<Option<hir::TestValue>> = elements
                .iter()
                .map(|element| match element {
                    ast::Arg::Expr(expr) => value(ctx, expr, variables),
                    ast::Arg::Source(source) => refuse(ctx, source.span, "a test holds plain values", "write the value"),
                    ast::Arg::Named(name, _) => refuse(ctx, name.span, "a test holds plain values", "write the value alone"),
                })
                .collect();
            values.into_iter().collect::<Option<Vec<_>>>().map(hir::TestValue::List)
        }
        ast::ExprKind::Object(members) => {
            constant::distinct_members(ctx, members);
            let members: Vec<Option<(String, hir::TestValue)>> =
                members.iter().map(|member| value(ctx, &member.value, variables).map(|value| (member.name.text.clone(), value))).collect();
            members.into_iter().collect::<Option<Vec<_>>>().map(hir::TestValue::Object)
        }
        _ => int(ctx, written),
    }
}

/// `token NAME {…}`: what the token says over what it says anyway.
pub(super) fn token(
    ctx: &mut Context<'_>,
    name: &ast::Name,
    claims: &ast::Expr,
    variables: &[String],
) -> Option<(hir::CredentialId, hir::TestValue)> {
    let claims = value(ctx, claims, variables);
    let found = match ctx.symbols.get(&name.text).copied() {
        Some((Symbol::Credential(id), _)) => Some(id),
        Some(_) | None => None,
    };
    if let Some(id) = found
        && let Some(hir::Credential::Jwt(_)) = ctx.credentials.get(id.index())
    {
        return Some((id, claims?));
    }
    let help = if found.is_some() { "give the key where it is read: `header \"x-api-key\" = \"…\"`" } else { "name a `jwt`" };
    ctx.error(Code::BadTest, name.span, format!("no token can be made for `{}`", name.text), "is no `jwt`", help);
    None
}

fn int(ctx: &mut Context<'_>, written: &ast::Expr) -> Option<hir::TestValue> {
    match constant::int(written) {
        Some(value) => Some(hir::TestValue::Int(value)),
        None => refuse(ctx, written.span, "a test holds plain values", "write a string, a number, a list or an object"),
    }
}

fn variable(ctx: &mut Context<'_>, name: &str, span: Span, variables: &[String]) -> Option<String> {
    if variables.iter().any(|known| known == name) {
        return Some(name.to_owned());
    }
    let help =
        suggest::help(name, variables.iter().map(String::as_str), &format!("write `\"{name}\"` for the text, or `repeat … as {name}`"));
    ctx.error(Code::UnknownName, span, format!("no `repeat` counts `{name}`"), "unknown here", help);
    None
}

fn refuse<T>(ctx: &mut Context<'_>, span: Span, message: &str, help: &str) -> Option<T> {
    ctx.error(Code::BadTest, span, message, "no plain value", help);
    None
}

/// `config { name: value }`: declared names, values of their types.
pub(super) fn config(ctx: &mut Context<'_>, object: &ast::Expr, variables: &[String]) -> Option<Vec<(String, hir::TestValue)>> {
    let ast::ExprKind::Object(members) = &object.kind else {
        return refuse(ctx, object.span, "`config` takes an object", "write `config { name: \"value\" }`");
    };
    constant::distinct_members(ctx, members);
    let mut values = Vec::new();
    for member in members {
        let Some(id) = ctx.config_names.get(&member.name.text).copied() else {
            let known = ctx.config_names.keys().map(String::as_str);
            let help = suggest::help(&member.name.text, known, "name a field of `config`");
            let message = format!("the configuration has no `{}`", member.name.text);
            ctx.error(Code::UnknownMember, member.name.span, message, "not declared in `config`", help);
            continue;
        };
        let ty = id.and_then(|id| ctx.config.get(id.index())).map(|field| field.ty.clone());
        let Some(value) = configured(ctx, ty.as_ref().unwrap_or(&hir::Ty::Error), &member.value, variables) else { continue };
        if let Some(ty) = ty.filter(|ty| !fits(ty, &value)) {
            ctx.error(
                Code::TypeMismatch,
                member.value.span,
                format!("`config.{}` is {}", member.name.text, super::expr::article(&ty)),
                "of another type",
                format!("write {}", super::expr::article(ty.present())),
            );
            continue;
        }
        values.push((member.name.text.clone(), value));
    }
    Some(values)
}

/// A value for a field of this type: durations and values of enums stand as in the language.
fn configured(ctx: &mut Context<'_>, ty: &hir::Ty, written: &ast::Expr, variables: &[String]) -> Option<hir::TestValue> {
    let text = |text: String| Some(hir::TestValue::String(vec![hir::TestPiece::Text(text)]));
    match (ty.present(), &written.kind) {
        (hir::Ty::Duration, _) if constant::duration(written).is_some() => text(duration::text(constant::duration(written)?)),
        (hir::Ty::Enum(values), ast::ExprKind::Name(name)) if values.contains(name) => text(name.clone()),
        (hir::Ty::List(item), ast::ExprKind::List(elements)) => {
            let mut values = Vec::new();
            for element in elements {
                match element {
                    ast::Arg::Expr(element) => values.push(configured(ctx, item, element, variables)?),
                    ast::Arg::Source(_) | ast::Arg::Named(..) => return value(ctx, written, variables),
                }
            }
            Some(hir::TestValue::List(values))
        }
        (hir::Ty::Map(item), ast::ExprKind::Object(members)) => {
            constant::distinct_members(ctx, members);
            let mut values = Vec::new();
            for member in members {
                values.push((member.name.text.clone(), configured(ctx, item, &member.value, variables)?));
            }
            Some(hir::TestValue::Object(values))
        }
        _ => value(ctx, written, variables),
    }
}

/// The JSON text of a value without variables.
pub(super) fn json(value: &hir::TestValue) -> String {
    match value {
        hir::TestValue::Null | hir::TestValue::Variable(_) => "null".to_owned(),
        hir::TestValue::Bool(value) => value.to_string(),
        hir::TestValue::Int(value) => value.to_string(),
        hir::TestValue::Float(value) => value.to_string(),
        hir::TestValue::String(pieces) => {
            let text: String = pieces.iter().map(|piece| if let hir::TestPiece::Text(text) = piece { text.as_str() } else { "" }).collect();
            serde_json::Value::String(text).to_string()
        }
        hir::TestValue::List(items) => format!("[{}]", items.iter().map(json).collect::<Vec<_>>().join(",")),
        hir::TestValue::Object(members) => {
            let member = |(name, value): &(String, hir::TestValue)| format!("{}:{}", serde_json::Value::from(name.as_str()), json(value));
            format!("{{{}}}", members.iter().map(member).collect::<Vec<_>>().join(","))
        }
    }
}

fn fits(ty: &hir::Ty, value: &hir::TestValue) -> bool {
    match (ty, value) {
        (hir::Ty::Json, _)
        | (hir::Ty::Optional(_), hir::TestValue::Null)
        | (hir::Ty::Bool, hir::TestValue::Bool(_))
        | (hir::Ty::Int | hir::Ty::Float, hir::TestValue::Int(_) | hir::TestValue::Variable(_))
        | (hir::Ty::Float, hir::TestValue::Float(_))
        | (
            hir::Ty::String
            | hir::Ty::Secret
            | hir::Ty::Bytes
            | hir::Ty::Ip
            | hir::Ty::Cidr
            | hir::Ty::Duration
            | hir::Ty::Time
            | hir::Ty::Enum(_),
            hir::TestValue::String(_),
        ) => true,
        (hir::Ty::Optional(inner), value) => fits(inner, value),
        (hir::Ty::List(item), hir::TestValue::List(items)) => items.iter().all(|value| fits(item, value)),
        (hir::Ty::Map(item), hir::TestValue::Object(members)) => members.iter().all(|(_, value)| fits(item, value)),
        _ => false,
    }
}
