//! `list` and `map` declarations: constants from literals or files.

use std::collections::BTreeMap;

use super::context::Context;
use super::file::{self, Node};
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
            let (path, nodes) = file::array(ctx, source)?;
            for (index, node) in nodes.iter().enumerate() {
                match from_file(ty, node) {
                    Ok(value) => values.push(value),
                    Err(reason) => {
                        file::bad(ctx, source.span, &path, &format!("has a wrong element {}: {reason}", index + 1), "correct the file");
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
            let (path, members) = file::object(ctx, source)?;
            let mut seen = BTreeMap::new();
            for (name, node) in &members {
                if seen.insert(name.as_str(), ()).is_some() {
                    file::bad(ctx, source.span, &path, &format!("has the key `{name}` twice"), "correct the file");
                }
                match from_file(ty, node) {
                    Ok(value) => entries.push((name.clone(), value)),
                    Err(reason) => {
                        file::bad(ctx, source.span, &path, &format!("has a wrong value for `{name}`: {reason}"), "correct the file");
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

fn from_file(ty: hir::TableType, node: &Node) -> Result<hir::Const, String> {
    match (ty, node) {
        (hir::TableType::String, Node::String(text)) => Ok(hir::Const::String(text.clone())),
        (hir::TableType::Int, Node::Int(value)) => Ok(hir::Const::Int(*value)),
        (hir::TableType::Int, Node::String(text)) => text.parse().map(hir::Const::Int).map_err(|_| format!("`{text}` is no integer")),
        (hir::TableType::Ip, Node::String(text)) => {
            constant::ip(text).map(hir::Const::Ip).map_err(|help| format!("`{text}` is no IP address ({help})"))
        }
        (hir::TableType::Cidr, Node::String(text)) => constant::cidr(text)
            .map(|(address, bits)| hir::Const::Cidr(address, bits))
            .map_err(|help| format!("`{text}` is no network ({help})")),
        (ty, Node::Int(_) | Node::Other | Node::Array(_) | Node::Object(_)) => Err(format!("it is no `{}`", expr_type(ty))),
    }
}
