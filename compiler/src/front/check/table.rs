//! `list` and `map` declarations: constants from literals or files.

use super::context::Context;
use super::env::Env;
use super::file::{self, Element, Node};
use super::{constant as literals, ty};
use crate::base::{Code, Span};
use crate::ir::{ast, hir};
use crate::lang::{duration, encoding, float, time};

/// Checks all lists and maps; each keeps its place in the tree, at fault or not.
pub(super) fn check(ctx: &mut Context<'_>, lists: &[&ast::ListOrMap], maps: &[&ast::ListOrMap]) {
    for item in lists {
        let (ty, values) = list(ctx, item).unwrap_or((hir::Ty::Error, Vec::new()));
        ctx.lists.push(hir::List { name: item.name.clone(), ty, values });
    }
    for item in maps {
        let (ty, entries) = map(ctx, item).unwrap_or((hir::Ty::Error, Vec::new()));
        ctx.maps.push(hir::Map { name: item.name.clone(), ty, entries });
    }
}

fn list(ctx: &mut Context<'_>, item: &ast::ListOrMap) -> Option<(hir::Ty, Vec<hir::Const>)> {
    let ty = element_type(ctx, &item.ty)?;
    let mut values = Vec::new();
    match &item.value {
        ast::Value::Expr(ast::Expr { kind: ast::ExprKind::List(elements), .. }) => {
            for element in elements {
                match element {
                    ast::Arg::Expr(expr) => values.extend(literal(ctx, &ty, expr)),
                    ast::Arg::Source(source) => not_literal(ctx, &ty, source.span),
                    ast::Arg::Named(name, _) => not_literal(ctx, &ty, name.span),
                }
            }
        }
        ast::Value::Source(source) => {
            let (file, elements) = file::elements(ctx, source)?;
            empty(ctx, source.span, elements.is_empty(), "element");
            let mut wrong = 0;
            for (element, span) in &elements {
                let value = match element {
                    Element::Json(node) => from_file(&ty, node),
                    Element::Line(line) => from_line(&ty, line),
                };
                match value {
                    Ok(value) => values.push(value),
                    Err(_) if wrong >= file::MOST_FINDINGS => {}
                    Err((reason, help)) => {
                        wrong += 1;
                        file.bad(ctx, *span, "has a wrong element", &reason, &help);
                    }
                }
            }
        }
        ast::Value::Expr(_) | ast::Value::Outcome(_) | ast::Value::Distinct(_) | ast::Value::Fetch(..) => {
            let span = value_span(&item.value);
            ctx.error(
                Code::NotConstant,
                span,
                format!("the list `{}` is no list literal", item.name.text),
                "expected constants",
                "write `[…]` or `file \"name\"`",
            );
        }
    }
    Some((ty, values))
}

fn map(ctx: &mut Context<'_>, item: &ast::ListOrMap) -> Option<(hir::Ty, Vec<(String, hir::Const)>)> {
    if let Some(key) = &item.key {
        if !ty::type_names(ctx, key) {
            return None;
        }
        if key.name.text != "string" || key.optional {
            ctx.error(Code::TypeMismatch, key.span, "the keys of a map are strings", "expected `string`", "write `string`");
        }
    }
    let ty = element_type(ctx, &item.ty)?;
    let mut entries = Vec::new();
    match &item.value {
        ast::Value::Expr(ast::Expr { kind: ast::ExprKind::Object(members), .. }) => {
            literals::distinct_members(ctx, members);
            for member in members {
                entries.extend(literal(ctx, &ty, &member.value).map(|value| (member.name.text.clone(), value)));
            }
        }
        ast::Value::Source(source) => {
            let (file, members) = file::members(ctx, source)?;
            empty(ctx, source.span, members.is_empty(), "key");
            let mut wrong = 0;
            for member in members {
                match from_file(&ty, &member.value) {
                    Ok(value) => entries.push((member.name, value)),
                    Err(_) if wrong >= file::MOST_FINDINGS => {}
                    Err((reason, help)) => {
                        wrong += 1;
                        file.bad(ctx, member.span, &format!("has a wrong value for `{}`", member.name), &reason, &help);
                    }
                }
            }
        }
        ast::Value::Expr(_) | ast::Value::Outcome(_) | ast::Value::Distinct(_) | ast::Value::Fetch(..) => {
            let span = value_span(&item.value);
            ctx.error(
                Code::NotConstant,
                span,
                format!("the map `{}` is no object literal", item.name.text),
                "expected constants",
                "write `{ \"key\": … }` or `file \"name\"`",
            );
        }
    }
    Some((ty, entries))
}

fn value_span(value: &ast::Value) -> Span {
    match value {
        ast::Value::Expr(expr) | ast::Value::Distinct(expr) => expr.span,
        ast::Value::Source(source) => source.span,
        ast::Value::Outcome(ast::Outcome::Deny(reply) | ast::Outcome::Block(_, reply)) => reply.span,
        ast::Value::Fetch(_, span) => *span,
    }
}

fn element_type(ctx: &mut Context<'_>, ty: &ast::Type) -> Option<hir::Ty> {
    if !ty::type_names(ctx, ty) {
        return None;
    }
    let found = ty::value_type(ty).filter(|found| !ty.optional && !matches!(found, hir::Ty::List(_) | hir::Ty::Json | hir::Ty::Secret));
    if found.is_none() {
        let text = ctx.quote(ty.span).unwrap_or_else(|| ty.name.text.clone());
        let (label, help) = if ty.name.text == "secret" {
            ("it would lie in the module", "declare secrets in `config`")
        } else {
            (
                "elements are single values that are there",
                "use `string`, `int`, `float`, `bool`, `ip`, `cidr`, `duration`, `time` or an `enum`",
            )
        };
        ctx.error(Code::TypeMismatch, ty.span, format!("there are no lists or maps of `{text}`"), label, help);
    }
    found
}

/// An element of this type; what is none is reported.
pub(super) fn literal(ctx: &mut Context<'_>, ty: &hir::Ty, expr: &ast::Expr) -> Option<hir::Const> {
    let Some(value) = constant(ctx, ty, expr) else {
        not_literal(ctx, ty, expr.span);
        return None;
    };
    value
}

/// A constant of this type: nothing when it is none, `Some(None)` when what is wrong with it was reported.
pub(super) fn constant(ctx: &mut Context<'_>, ty: &hir::Ty, expr: &ast::Expr) -> Option<Option<hir::Const>> {
    match (ty, literals::string(expr), &expr.kind) {
        (hir::Ty::Ip, Some(text), _) => return Some(ip(ctx, expr.span, text)),
        (hir::Ty::Cidr, Some(text), _) => return Some(cidr(ctx, expr.span, text)),
        (hir::Ty::Enum(values), Some(text), _) => return Some(super::expr::enum_value(ctx, text, values, ty, expr.span)),
        (hir::Ty::Enum(values), None, ast::ExprKind::Name(name)) => return Some(super::expr::enum_value(ctx, name, values, ty, expr.span)),
        _ => {}
    }
    let value = match (ty, &expr.kind) {
        (hir::Ty::Int, _) => literals::int(expr).map(hir::Const::Int),
        (hir::Ty::Bool, ast::ExprKind::Bool(value)) => Some(hir::Const::Bool(*value)),
        (hir::Ty::Float, _) => literals::float(expr).map(hir::Const::Float),
        (hir::Ty::Duration, _) => literals::duration(expr).map(hir::Const::Int),
        (hir::Ty::Time, ast::ExprKind::String(text)) => time::parse(text).map(hir::Const::Int),
        (hir::Ty::Bytes, ast::ExprKind::String(text)) => Some(hir::Const::Bytes(text.clone().into_bytes())),
        (hir::Ty::String, ast::ExprKind::String(text)) => Some(hir::Const::String(text.clone())),
        // `time("…")`, `hex_decode("…")` and the like are known now.
        (hir::Ty::Time | hir::Ty::Bytes, ast::ExprKind::Call { .. }) => {
            let value = super::expr::check(ctx, &Env::configuration("a constant"), expr);
            match (value.kind, value.ty) {
                (_, hir::Ty::Error) => return Some(None),
                (hir::ExprKind::Const(value), found) if found == *ty => Some(value),
                _ => None,
            }
        }
        _ => None,
    };
    value.map(Some)
}

fn not_literal(ctx: &mut Context<'_>, ty: &hir::Ty, span: Span) {
    ctx.error(
        Code::NotConstant,
        span,
        format!("an element that is no `{ty}` literal"),
        format!("expected {} literal", super::expr::article(ty)),
        match ty {
            hir::Ty::Int | hir::Ty::Float => "write a number",
            hir::Ty::Bool => "write `true` or `false`",
            hir::Ty::Duration => "write a duration such as `30s`",
            hir::Ty::Time => "write a time such as `\"2026-01-05T10:00:00Z\"`",
            _ => "write a string literal",
        },
    );
}

/// An address constant; text that is none is reported.
pub(super) fn ip(ctx: &mut Context<'_>, span: Span, text: &str) -> Option<hir::Const> {
    match literals::ip(text) {
        Ok(address) => Some(hir::Const::Ip(address)),
        Err(help) => {
            let network = text.contains('/') && literals::cidr(text).is_ok();
            let help = if network { "one address is an `ip`; declare networks as `cidr`".to_owned() } else { help.to_string() };
            ctx.error(Code::BadAddress, span, format!("`{text}` is no IP address"), "expected an IP address", help);
            None
        }
    }
}

/// A network constant; text that is none is reported.
pub(super) fn cidr(ctx: &mut Context<'_>, span: Span, text: &str) -> Option<hir::Const> {
    match literals::cidr(text) {
        Ok((address, bits)) => Some(hir::Const::Cidr(address, bits)),
        Err(help) => {
            ctx.error(Code::BadAddress, span, format!("`{text}` is no network"), "expected a network in CIDR notation", help);
            None
        }
    }
}

/// Warns about a file without anything in it: it may have been cut off, and what it lists is allowed or refused by it.
fn empty(ctx: &mut Context<'_>, span: Span, empty: bool, what: &str) {
    if empty {
        ctx.ineffective(span, format!("the file has no {what}"), "nothing is in it", "fill the file, or write an empty literal");
    }
}

/// Why a value in a file is none, and what to do.
type Fault = (String, String);

fn from_file(ty: &hir::Ty, node: &Node) -> Result<hir::Const, Fault> {
    match (ty, node) {
        (hir::Ty::String, Node::String(text)) => Ok(hir::Const::String(text.clone())),
        (hir::Ty::Int, Node::Int(value)) => Ok(hir::Const::Int(*value)),
        (hir::Ty::Float, Node::Int(value)) => Ok(hir::Const::Float(*value as f64)),
        (hir::Ty::Float, Node::Float(value)) => Ok(hir::Const::Float(*value)),
        (hir::Ty::Bool, Node::Bool(value)) => Ok(hir::Const::Bool(*value)),
        (hir::Ty::String | hir::Ty::Int | hir::Ty::Float | hir::Ty::Bool, _) => {
            let help = match ty {
                hir::Ty::Int => "write a number without fraction",
                hir::Ty::Float => "write a number",
                hir::Ty::Bool => "write `true` or `false`",
                _ => "write a string",
            };
            Err((format!("no `{ty}`"), help.to_owned()))
        }
        (_, Node::String(text)) => from_text(ty, text),
        (ty, Node::Int(_) | Node::Bool(_) | Node::Float(_) | Node::Other | Node::Array(_) | Node::Object(_)) => {
            Err((format!("no `{ty}`"), "write a string".to_owned()))
        }
    }
}

/// What a text stands for that is no string.
fn from_text(ty: &hir::Ty, text: &str) -> Result<hir::Const, Fault> {
    let found = match ty {
        hir::Ty::Ip => return literals::ip(text).map(hir::Const::Ip).map_err(|help| ("no IP address".to_owned(), help)),
        hir::Ty::Cidr => {
            let network = literals::cidr(text).map(|(address, bits)| hir::Const::Cidr(address, bits));
            return network.map_err(|help| ("no network".to_owned(), help));
        }
        hir::Ty::Float => float::parse(text).map(hir::Const::Float).ok_or("write a number"),
        hir::Ty::Bool => text.parse().map(hir::Const::Bool).map_err(|_| "write `true` or `false`"),
        hir::Ty::Duration => duration::parse(text).map(hir::Const::Int).ok_or("write a duration such as `30s`"),
        hir::Ty::Time => time::parse(text).map(hir::Const::Int).ok_or("write a time such as `2026-01-05T10:00:00Z`"),
        hir::Ty::Bytes => encoding::from_base64(text).map(hir::Const::Bytes).ok_or("write base64 with its padding"),
        hir::Ty::Enum(values) if values.iter().any(|value| value == text) => Ok(hir::Const::String(text.to_owned())),
        _ => Err("write one of its values"),
    };
    found.map_err(|help| (format!("no `{ty}`"), help.to_owned()))
}

/// A value on a line. What looks like the syntax of another format is refused: it would become part of the value.
fn from_line(ty: &hir::Ty, line: &str) -> Result<hir::Const, Fault> {
    let fault = |reason: &str, help: &str| Err((reason.to_owned(), help.to_owned()));
    let comment = line.split_once('#').is_some_and(|(before, _)| before.ends_with([' ', '\t']));
    if comment {
        return fault("a comment, or a part of the value", "give comments their own lines, or write the file as a JSON array");
    }
    match ty {
        hir::Ty::String if line.chars().any(char::is_control) => {
            fault("a value with a control character", "drop it, or write the file as a JSON array")
        }
        hir::Ty::String if line.starts_with(['"', '\'', '`']) => {
            fault("quotes would be a part of the value", "drop the quotes, or write the file as a JSON array")
        }
        hir::Ty::String if line.ends_with([',', ';']) => {
            fault("the separator would be a part of the value", "drop it, or write the file as a JSON array")
        }
        hir::Ty::String => Ok(hir::Const::String(line.to_owned())),
        hir::Ty::Int => {
            let digits = line.strip_prefix('-').unwrap_or(line);
            let plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'));
            match line.parse() {
                Ok(value) if plain => Ok(hir::Const::Int(value)),
                Ok(_) | Err(_) => fault("no integer", "write digits, with `-` before them if need be"),
            }
        }
        ty => from_text(ty, line),
    }
}
