//! `list` and `map` declarations: constants from literals or files.

use super::context::Context;
use super::file::{self, Element, Node};
use super::{constant, ty};
use crate::base::{Code, Span};
use crate::ir::{ast, hir};

/// Checks all lists and maps; each keeps its place in the tree, at fault or not.
pub(super) fn check(ctx: &mut Context<'_>, lists: &[&ast::ListOrMap], maps: &[&ast::ListOrMap]) {
    for item in lists {
        let (ty, values) = list(ctx, item).unwrap_or((hir::TableType::String, Vec::new()));
        ctx.lists.push(hir::List { name: item.name.clone(), ty, values });
    }
    for item in maps {
        let (ty, entries) = map(ctx, item).unwrap_or((hir::TableType::String, Vec::new()));
        ctx.maps.push(hir::Map { name: item.name.clone(), ty, entries });
    }
}

fn list(ctx: &mut Context<'_>, item: &ast::ListOrMap) -> Option<(hir::TableType, Vec<hir::Const>)> {
    let ty = element_type(ctx, &item.ty)?;
    let mut values = Vec::new();
    match &item.value {
        ast::Value::Expr(ast::Expr { kind: ast::ExprKind::List(elements), .. }) => {
            for element in elements {
                match element {
                    ast::Arg::Expr(expr) => values.extend(literal(ctx, ty, expr)),
                    ast::Arg::Source(source) => not_literal(ctx, ty, source.span),
                    ast::Arg::Named(name, _) => not_literal(ctx, ty, name.span),
                }
            }
        }
        ast::Value::Source(source) => {
            let (file, elements) = file::elements(ctx, source)?;
            empty(ctx, source.span, elements.is_empty(), "element");
            let mut wrong = 0;
            for (element, span) in &elements {
                let value = match element {
                    Element::Json(node) => from_file(ty, node),
                    Element::Line(line) => from_line(ty, line),
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

fn map(ctx: &mut Context<'_>, item: &ast::ListOrMap) -> Option<(hir::TableType, Vec<(String, hir::Const)>)> {
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
            constant::distinct_members(ctx, members);
            for member in members {
                entries.extend(literal(ctx, ty, &member.value).map(|value| (member.name.text.clone(), value)));
            }
        }
        ast::Value::Source(source) => {
            let (file, members) = file::members(ctx, source)?;
            empty(ctx, source.span, members.is_empty(), "key");
            let mut wrong = 0;
            for member in members {
                match from_file(ty, &member.value) {
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

fn element_type(ctx: &mut Context<'_>, ty: &ast::Type) -> Option<hir::TableType> {
    if !ty::type_names(ctx, ty) {
        return None;
    }
    let found = match ty.name.text.as_str() {
        "string" => Some(hir::TableType::String),
        "int" => Some(hir::TableType::Int),
        "ip" => Some(hir::TableType::Ip),
        "cidr" => Some(hir::TableType::Cidr),
        _ => None,
    };
    if found.is_none() || ty.optional {
        let text = ctx.quote(ty.span).unwrap_or_else(|| ty.name.text.clone());
        ctx.not_yet(ty.span, &format!("a list or map of `{text}`"), "use `string`, `int`, `ip` or `cidr`");
        return None;
    }
    found
}

/// The table's type as an expression type.
pub(super) fn expr_type(ty: hir::TableType) -> hir::Ty {
    match ty {
        hir::TableType::String => hir::Ty::String,
        hir::TableType::Int => hir::Ty::Int,
        hir::TableType::Ip => hir::Ty::Ip,
        hir::TableType::Cidr => hir::Ty::Cidr,
    }
}

fn literal(ctx: &mut Context<'_>, ty: hir::TableType, expr: &ast::Expr) -> Option<hir::Const> {
    let text = constant::string(expr);
    let checked = match (ty, text) {
        (hir::TableType::Int, _) => constant::int(expr).map(hir::Const::Int),
        (hir::TableType::String, Some(text)) => Some(hir::Const::String(text.to_owned())),
        (hir::TableType::Ip, Some(text)) => return ip(ctx, expr.span, text),
        (hir::TableType::Cidr, Some(text)) => return cidr(ctx, expr.span, text),
        (hir::TableType::String | hir::TableType::Ip | hir::TableType::Cidr, None) => None,
    };
    if checked.is_none() {
        not_literal(ctx, ty, expr.span);
    }
    checked
}

fn not_literal(ctx: &mut Context<'_>, ty: hir::TableType, span: Span) {
    let ty = expr_type(ty);
    ctx.error(
        Code::NotConstant,
        span,
        format!("an element that is no `{ty}` literal"),
        format!("expected {} literal", super::expr::article(&ty)),
        if ty == hir::Ty::Int { "write a number".to_owned() } else { "write a string literal: tables hold constants".to_owned() },
    );
}

/// An address constant; text that is none is reported.
pub(super) fn ip(ctx: &mut Context<'_>, span: Span, text: &str) -> Option<hir::Const> {
    match constant::ip(text) {
        Ok(address) => Some(hir::Const::Ip(address)),
        Err(help) => {
            ctx.error(Code::BadAddress, span, format!("`{text}` is no IP address"), "expected an IP address", help);
            None
        }
    }
}

/// A network constant; text that is none is reported.
pub(super) fn cidr(ctx: &mut Context<'_>, span: Span, text: &str) -> Option<hir::Const> {
    match constant::cidr(text) {
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

fn from_file(ty: hir::TableType, node: &Node) -> Result<hir::Const, Fault> {
    match (ty, node) {
        (hir::TableType::String, Node::String(text)) => Ok(hir::Const::String(text.clone())),
        (hir::TableType::Int, Node::Int(value)) => Ok(hir::Const::Int(*value)),
        (hir::TableType::Ip | hir::TableType::Cidr, Node::String(text)) => network(ty, text),
        (
            hir::TableType::String | hir::TableType::Int | hir::TableType::Ip | hir::TableType::Cidr,
            Node::String(_) | Node::Int(_) | Node::Other | Node::Array(_) | Node::Object(_),
        ) => {
            let help = if ty == hir::TableType::Int { "write a number without fraction" } else { "write a string" };
            Err((format!("no `{}`", expr_type(ty)), help.to_owned()))
        }
    }
}

fn network(ty: hir::TableType, text: &str) -> Result<hir::Const, Fault> {
    if ty == hir::TableType::Ip {
        return constant::ip(text).map(hir::Const::Ip).map_err(|help| ("no IP address".to_owned(), help));
    }
    constant::cidr(text).map(|(address, bits)| hir::Const::Cidr(address, bits)).map_err(|help| ("no network".to_owned(), help))
}

/// A value on a line. What looks like the syntax of another format is refused: it would become part of the value.
fn from_line(ty: hir::TableType, line: &str) -> Result<hir::Const, Fault> {
    let fault = |reason: &str, help: &str| Err((reason.to_owned(), help.to_owned()));
    let comment = line.split_once('#').is_some_and(|(before, _)| before.ends_with([' ', '\t']));
    if comment {
        return fault("a comment, or a part of the value", "give comments their own lines, or write the file as a JSON array");
    }
    match ty {
        hir::TableType::String if line.chars().any(char::is_control) => {
            fault("a value with a control character", "drop it, or write the file as a JSON array")
        }
        hir::TableType::String if line.starts_with(['"', '\'', '`']) => {
            fault("quotes would be a part of the value", "drop the quotes, or write the file as a JSON array")
        }
        hir::TableType::String if line.ends_with([',', ';']) => {
            fault("the separator would be a part of the value", "drop it, or write the file as a JSON array")
        }
        hir::TableType::String => Ok(hir::Const::String(line.to_owned())),
        hir::TableType::Int => {
            let digits = line.strip_prefix('-').unwrap_or(line);
            let plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'));
            match line.parse() {
                Ok(value) if plain => Ok(hir::Const::Int(value)),
                Ok(_) | Err(_) => fault("no integer", "write digits, with `-` before them if need be"),
            }
        }
        hir::TableType::Ip | hir::TableType::Cidr => network(ty, line),
    }
}
