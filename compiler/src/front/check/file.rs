//! Values in files: JSON, with members that appear twice kept apart, or one value per line.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use super::context::Context;
use crate::base::{Code, Span};
use crate::ir::ast;

/// A JSON value whose members are as written.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    /// A string.
    String(String),
    /// An integer.
    Int(i64),
    /// A bool.
    Bool(bool),
    /// A number that is no integer.
    Float(f64),
    /// Anything else that is no array or object.
    Other,
    /// An array.
    Array(Vec<Node>),
    /// An object.
    Object(Vec<(String, Node)>),
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }
    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }
    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Other)
    }
    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Float(value))
    }
    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Int(value))
    }
    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(i64::try_from(value).map_or(Node::Other, Node::Int))
    }
    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::String(value.to_owned()))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Node::Array(items))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Node, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = access.next_entry()? {
            members.push(member);
        }
        Ok(Node::Object(members))
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

/// The text of the file that a `file "…"` names; every failure is reported.
fn text(ctx: &mut Context<'_>, source: &ast::Source) -> Option<(String, String)> {
    if source.kind.text != "file" || source.duration.is_some() {
        let found = &source.kind.text;
        ctx.error(
            Code::TypeMismatch,
            source.span,
            format!("`{found} \"…\"` where a `file \"…\"` is expected"),
            "expected a file",
            "write `file \"name.json\"`",
        );
        return None;
    }
    let ast::ExprKind::String(path) = &source.text.kind else {
        ctx.error(
            Code::NotConstant,
            source.text.span,
            "a file name with an interpolation",
            "files are read when the policy is compiled",
            "write the name out",
        );
        return None;
    };
    match ctx.read(source.span.file, path) {
        Ok(text) => Some((path.clone(), text)),
        Err(reason) => {
            bad(ctx, source.span, path, &format!("cannot be read: {reason}"), "create the file or correct its name");
            None
        }
    }
}

/// Reports that a file is not what it should be.
pub(super) fn bad(ctx: &mut Context<'_>, span: Span, path: &str, reason: &str, help: &str) {
    ctx.error(Code::BadFile, span, format!("the file `{path}` {reason}"), "named here", help);
}

/// The members of a JSON object in a file, with the file's name.
pub(super) fn object(ctx: &mut Context<'_>, source: &ast::Source) -> Option<(String, Vec<(String, Node)>)> {
    let (path, text) = text(ctx, source)?;
    match serde_json::from_str(strip_mark(&text)) {
        Ok(Node::Object(members)) => Some((path, members)),
        Ok(Node::Array(_) | Node::String(_) | Node::Int(_) | Node::Bool(_) | Node::Float(_) | Node::Other) => {
            bad(ctx, source.span, &path, "holds no JSON object", "write an object such as `{ \"a\": \"b\" }` into it");
            None
        }
        Err(error) => {
            bad(ctx, source.span, &path, &format!("is not valid JSON: {error}"), "correct the file");
            None
        }
    }
}

/// The values of a list in a file, a JSON array or one text per line, with the file's name.
pub(super) fn array(ctx: &mut Context<'_>, source: &ast::Source) -> Option<(String, Vec<Node>)> {
    let (path, text) = text(ctx, source)?;
    let text = strip_mark(&text);
    if !text.trim_start().starts_with(['[', '{']) {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty()).map(|line| Node::String(line.to_owned()));
        return Some((path, lines.collect()));
    }
    match serde_json::from_str(text) {
        Ok(Node::Array(items)) => Some((path, items)),
        Ok(Node::Object(_) | Node::String(_) | Node::Int(_) | Node::Bool(_) | Node::Float(_) | Node::Other) => {
            bad(ctx, source.span, &path, "holds no JSON array", "write an array such as `[\"a\", \"b\"]`, or one value per line");
            None
        }
        Err(error) => {
            bad(ctx, source.span, &path, &format!("is not valid JSON: {error}"), "correct the file");
            None
        }
    }
}

/// The text without a byte order mark.
fn strip_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}
