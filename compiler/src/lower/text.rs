//! Texts put together from pieces. Every piece is evaluated before the text begins, so texts never nest.

use portcullis_runtime::contract::{Mechanism, Val};

use super::build::{Builder, Context, act, call};
use super::expr::{hold, is_present, unwrap, val};
use super::list::{cell, from_cell};
use crate::ir::hir::{self, Const, ExprKind, Json, Ty};
use crate::ir::lir::{Expr, Local, Stmt};

/// Pieces written one after the other.
pub(super) fn concat(builder: &mut Builder<'_>, context: &mut Context, pieces: &[hir::Expr]) -> Expr {
    let mut before = Vec::new();
    let mut writes = vec![act(Mechanism::TextBegin, vec![])];
    for piece in pieces {
        if let Some(text) = constant_text(piece) {
            let text = builder.string(&text);
            writes.push(act(Mechanism::TextStr, vec![text]));
            continue;
        }
        let (set, local) = hold(builder, context, piece);
        before.push(set);
        let write = write_plain(&piece.ty, local);
        writes.push(if piece.ty.is_optional() { Stmt::If(is_present(&piece.ty, Expr::Local(local)), vec![write], vec![]) } else { write });
    }
    before.extend(writes);
    Expr::Block(before, Box::new(call(Mechanism::TextEnd, vec![])))
}

/// The elements of a list with a separator between them.
pub(super) fn join(builder: &mut Builder<'_>, context: &mut Context, items: &[hir::Expr], separator: &hir::Expr) -> Expr {
    let mut before = Vec::new();
    let mut writes = vec![act(Mechanism::TextBegin, vec![])];
    let (set, between) = hold(builder, context, separator);
    before.push(set);
    for (number, item) in items.iter().enumerate() {
        if number > 0 {
            writes.push(act(Mechanism::TextStr, vec![Expr::Local(between)]));
        }
        let (set, local) = hold(builder, context, item);
        before.push(set);
        writes.push(act(Mechanism::TextStr, vec![Expr::Local(local)]));
    }
    before.extend(writes);
    Expr::Block(before, Box::new(call(Mechanism::TextEnd, vec![])))
}

/// A value as a string of its own.
pub(super) fn to_text(builder: &mut Builder<'_>, context: &mut Context, expr: &hir::Expr) -> Expr {
    if super::expr::is_text(&expr.ty) {
        return super::expr::lower(builder, context, expr);
    }
    concat(builder, context, std::slice::from_ref(expr))
}

/// A string, int, bool or JSON value as JSON; absent gives absent.
pub(super) fn as_json(builder: &mut Builder<'_>, context: &mut Context, expr: &hir::Expr) -> Expr {
    if matches!(expr.ty.present(), Ty::Json) {
        return super::expr::lower(builder, context, expr);
    }
    let (set, local) = hold(builder, context, expr);
    let written = context.local(Val::I64);
    let mut write = vec![act(Mechanism::TextBegin, vec![])];
    write.extend(write_json(builder, context, &expr.ty, local));
    write.push(Stmt::Set(written, call(Mechanism::TextEnd, vec![])));
    let mut body = vec![set];
    if expr.ty.is_optional() {
        // Absent is in no array, and `null` would be.
        body.push(Stmt::Set(written, Expr::I64(0)));
        body.push(Stmt::If(is_present(&expr.ty, Expr::Local(local)), write, vec![]));
    } else {
        body.extend(write);
    }
    Expr::Block(body, Box::new(Expr::Local(written)))
}

/// A JSON text.
pub(super) fn json(builder: &mut Builder<'_>, context: &mut Context, value: &Json) -> Expr {
    let mut pieces = Vec::new();
    flatten(value, &mut pieces);
    let mut before = Vec::new();
    let mut writes = vec![act(Mechanism::TextBegin, vec![])];
    for piece in pieces {
        match piece {
            Piece::Fixed(text) => {
                let text = builder.string(&text);
                writes.push(act(Mechanism::TextStr, vec![text]));
            }
            Piece::Value(expr) => {
                let (set, local) = hold(builder, context, expr);
                before.push(set);
                writes.extend(write_json(builder, context, &expr.ty, local));
            }
        }
    }
    before.extend(writes);
    Expr::Block(before, Box::new(call(Mechanism::TextEnd, vec![])))
}

/// A part of a JSON text.
enum Piece<'a> {
    Fixed(String),
    Value(&'a hir::Expr),
}

fn flatten<'a>(value: &'a Json, pieces: &mut Vec<Piece<'a>>) {
    match value {
        Json::Null => fixed(pieces, "null"),
        Json::Expr(expr) => match constant_json(expr) {
            Some(text) => fixed(pieces, &text),
            None => pieces.push(Piece::Value(expr)),
        },
        Json::Array(items) => {
            fixed(pieces, "[");
            for (number, item) in items.iter().enumerate() {
                if number > 0 {
                    fixed(pieces, ",");
                }
                flatten(item, pieces);
            }
            fixed(pieces, "]");
        }
        Json::Object(members) => {
            fixed(pieces, "{");
            for (number, (name, item)) in members.iter().enumerate() {
                if number > 0 {
                    fixed(pieces, ",");
                }
                fixed(pieces, &serde_json::Value::from(name.as_str()).to_string());
                fixed(pieces, ":");
                flatten(item, pieces);
            }
            fixed(pieces, "}");
        }
    }
}

/// Adds fixed text to the last fixed piece or as a new one.
fn fixed(pieces: &mut Vec<Piece<'_>>, text: &str) {
    if let Some(Piece::Fixed(last)) = pieces.last_mut() {
        last.push_str(text);
    } else {
        pieces.push(Piece::Fixed(text.to_owned()));
    }
}

fn constant_json(expr: &hir::Expr) -> Option<String> {
    if let ExprKind::Const(Const::String(text)) = &expr.kind {
        return Some(serde_json::Value::from(text.as_str()).to_string());
    }
    constant_text(expr)
}

/// The text of a constant.
fn constant_text(expr: &hir::Expr) -> Option<String> {
    let ExprKind::Const(value) = &expr.kind else { return None };
    Some(match value {
        Const::Bool(value) => value.to_string(),
        Const::Int(value) => value.to_string(),
        Const::Float(value) => value.to_string(),
        Const::String(value) => value.clone(),
        Const::Ip(value) => value.to_string(),
        Const::Cidr(address, bits) => format!("{address}/{bits}"),
        Const::Bytes(_) => return None,
    })
}

/// Writes a present value.
fn write_plain(ty: &Ty, local: Local) -> Stmt {
    let value = unwrap(ty, local);
    let mechanism = match ty.present() {
        Ty::Bool => Mechanism::TextBool,
        Ty::Ip => Mechanism::TextIp,
        Ty::Cidr => Mechanism::TextCidr,
        Ty::Int | Ty::Duration | Ty::Time => Mechanism::TextInt,
        Ty::Float => Mechanism::TextFloat,
        Ty::String
        | Ty::Enum(_)
        | Ty::Bytes
        | Ty::Secret
        | Ty::Json
        | Ty::Rate
        | Ty::Regex
        | Ty::List(_)
        | Ty::Map(_)
        | Ty::Optional(_)
        | Ty::Error => Mechanism::TextStr,
    };
    act(mechanism, vec![value])
}

/// Writes a value as JSON; absent is `null`.
fn write_json(builder: &mut Builder<'_>, context: &mut Context, ty: &Ty, local: Local) -> Vec<Stmt> {
    if matches!(ty.present(), Ty::Json) {
        let null = act(Mechanism::TextStr, vec![builder.string("null")]);
        let write = act(Mechanism::TextStr, vec![Expr::Local(local)]);
        return vec![Stmt::If(is_present(ty, Expr::Local(local)), vec![write], vec![null])];
    }
    if super::expr::is_text(ty) {
        return vec![act(Mechanism::TextJson, vec![Expr::Local(local)])];
    }
    let write = if let Ty::List(element) = ty.present() {
        write_list(builder, context, element, local)
    } else if matches!(ty.present(), Ty::Ip) {
        let quote = builder.string("\"");
        vec![
            act(Mechanism::TextStr, vec![quote.clone()]),
            act(Mechanism::TextIp, vec![Expr::Local(local)]),
            act(Mechanism::TextStr, vec![quote]),
        ]
    } else {
        vec![write_plain(ty, local)]
    };
    if !ty.is_optional() {
        return write;
    }
    let null = act(Mechanism::TextStr, vec![builder.string("null")]);
    vec![Stmt::If(is_present(ty, Expr::Local(local)), write, vec![null])]
}

/// The elements of a list as a JSON array.
fn write_list(builder: &mut Builder<'_>, context: &mut Context, element: &Ty, list: Local) -> Vec<Stmt> {
    let (number, item) = (context.local(Val::I32), context.local(val(element)));
    let mut add = |text: &str| act(Mechanism::TextStr, vec![builder.string(text)]);
    let (open, comma, close) = (add("["), add(","), add("]"));
    let mut step = vec![Stmt::If(Expr::Local(number), vec![comma], vec![]), Stmt::Set(item, from_cell(element, cell(list, number)))];
    step.extend(write_json(builder, context, element, item));
    vec![open, Stmt::Count(number, call(Mechanism::Rounds, vec![Expr::Local(list)]), step), close]
}
