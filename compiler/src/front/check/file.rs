//! Values in files: JSON, with members that appear twice kept apart, or one value per line. What is read joins the sources, so
//! that what is wrong in a file is shown there.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::context::Context;
use crate::base::{Code, Diagnostic, FileId, Span};
use crate::front::paths;
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

/// The members of an object with the texts of names and values, as far as it is one.
struct Members<'t>(Vec<(&'t RawValue, &'t RawValue)>);

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Members<'de>, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = access.next_entry()? {
            members.push(member);
        }
        Ok(Members(members))
    }
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Members<'de>, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

/// A file that a policy names.
pub(super) struct Open {
    id: FileId,
    /// As the policy writes it.
    path: String,
    text: String,
    /// Where the policy names it.
    named: Span,
}

/// Findings in one file; whoever has corrected so many checks again.
pub(super) const MOST_FINDINGS: usize = 100;

impl Open {
    /// Reports what is wrong at a place in the file.
    pub(super) fn bad(&self, ctx: &mut Context<'_>, span: Span, reason: &str, label: &str, help: &str) {
        let message = format!("the file `{}` {reason}", self.path);
        ctx.push(Diagnostic::error(Code::BadFile, span, message, label).also(self.named, "named here").help(help));
    }

    /// The whole file as a place: its beginning.
    pub(super) fn start(&self) -> Span {
        Span::new(self.id, 0, 0)
    }

    /// The place of a part of the text.
    fn place(&self, part: &str) -> Span {
        let start = (part.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        Span::new(self.id, start, start.saturating_add(part.len()))
    }

    /// Whether the text is JSON of any kind; if not it is reported.
    fn is_json(&self, ctx: &mut Context<'_>, text: &str) -> bool {
        // A raw value is skipped, not read: what cannot be read, such as half a surrogate pair, is found by reading.
        match serde_json::from_str::<Node>(text) {
            Ok(_) => true,
            Err(error) => {
                self.not_json(ctx, &error);
                false
            }
        }
    }

    fn not_json(&self, ctx: &mut Context<'_>, error: &serde_json::Error) {
        let before: usize = self.text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
        let mut at = before.saturating_add(error.column().saturating_sub(1)).min(self.text.len());
        while !self.text.is_char_boundary(at) {
            at = at.saturating_sub(1);
        }
        let text = error.to_string();
        let reason = text.split(" at line ").next().unwrap_or_default();
        self.bad(ctx, Span::new(self.id, at, at), &format!("is not valid JSON: {reason}"), "no JSON from here on", "correct the file");
    }
}

/// Opens the file that a `file "…"` names; every failure is reported.
fn open(ctx: &mut Context<'_>, source: &ast::Source) -> Option<Open> {
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
    let from = ctx.sources.get(source.span.file).map(|file| file.path.clone()).unwrap_or_default();
    let resolved = match paths::resolve(&from, path) {
        Ok(resolved) => resolved,
        Err((reason, help)) => {
            ctx.error(Code::OutsidePath, source.text.span, format!("`{path}` {reason}"), "cannot be read", help);
            return None;
        }
    };
    match ctx.read(&resolved) {
        Ok(id) => {
            let text = ctx.sources.get(id).map(|file| file.text.clone()).unwrap_or_default();
            Some(Open { id, path: path.clone(), text, named: source.span })
        }
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

/// The members of a JSON object in a file, with the file's name, nested ones that stand there twice included.
#[allow(dead_code)] // Key sets are read so.
pub(super) fn object(ctx: &mut Context<'_>, source: &ast::Source) -> Option<(String, Vec<(String, Node)>)> {
    let file = open(ctx, source)?;
    let text = strip_mark(&file.text);
    match serde_json::from_str(text) {
        Ok(Node::Object(members)) => Some((file.path, members)),
        Ok(Node::Array(_) | Node::String(_) | Node::Int(_) | Node::Bool(_) | Node::Float(_) | Node::Other) => {
            no_object(ctx, &file);
            None
        }
        Err(error) => {
            file.not_json(ctx, &error);
            None
        }
    }
}

fn no_object(ctx: &mut Context<'_>, file: &Open) {
    let help = "write an object such as `{ \"a\": \"b\" }` into it";
    file.bad(ctx, file.start(), "holds no JSON object", "something else", help);
}

/// A member of an object in a file.
pub(super) struct Member {
    pub(super) name: String,
    pub(super) value: Node,
    /// Where the value stands.
    pub(super) span: Span,
}

/// The members of a JSON object in a file, each with its place; a name that stands there twice is reported.
pub(super) fn members(ctx: &mut Context<'_>, source: &ast::Source) -> Option<(Open, Vec<Member>)> {
    let file = open(ctx, source)?;
    let text = strip_mark(&file.text);
    if !file.is_json(ctx, text) {
        return None;
    }
    let Ok(read) = serde_json::from_str::<Members<'_>>(text) else {
        no_object(ctx, &file);
        return None;
    };
    let mut members: Vec<Member> = Vec::new();
    let mut seen: BTreeMap<String, Span> = BTreeMap::new();
    let mut twice = 0;
    for (name, value) in read.0 {
        let place = file.place(name.get());
        // INVARIANT: both were read as JSON before.
        let (Ok(name), Ok(node)) = (serde_json::from_str::<String>(name.get()), serde_json::from_str(value.get())) else { continue };
        if let Some(first) = seen.get(&name).copied() {
            twice += 1;
            if twice <= MOST_FINDINGS {
                let message = format!("the file `{}` has the key `{name}` twice", file.path);
                let found = Diagnostic::error(Code::BadFile, place, message, "again here").also(first, "first here");
                ctx.push(found.also(file.named, "named here").help("keep one of them"));
            }
            continue;
        }
        seen.insert(name.clone(), place);
        members.push(Member { name, value: node, span: file.place(value.get()) });
    }
    Some((file, members))
}

/// An element of a list in a file.
pub(super) enum Element {
    /// In a JSON array.
    Json(Node),
    /// On a line of its own, without what stands around it.
    Line(String),
}

/// The values of a list in a file, each with its place: a JSON array, or one value a line. Blank lines and those that begin with
/// `#` do not count.
pub(super) fn elements(ctx: &mut Context<'_>, source: &ast::Source) -> Option<(Open, Vec<(Element, Span)>)> {
    let file = open(ctx, source)?;
    let text = strip_mark(&file.text);
    let json = file.path.ends_with(".json") || text.trim_start().starts_with(['[', '{']);
    if !json {
        let lines = text.split('\n').map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let elements = lines.map(|line| (Element::Line(line.to_owned()), file.place(line))).collect();
        return Some((file, elements));
    }
    if !file.is_json(ctx, text) {
        return None;
    }
    let Ok(items) = serde_json::from_str::<Vec<&RawValue>>(text) else {
        let help = "write an array such as `[\"a\", \"b\"]`, or one value per line";
        file.bad(ctx, file.start(), "holds no JSON array", "something else", help);
        return None;
    };
    // INVARIANT: each was read as JSON before.
    let element = |item: &&RawValue| Some((Element::Json(serde_json::from_str(item.get()).ok()?), file.place(item.get())));
    let elements = items.iter().filter_map(element).collect();
    Some((file, elements))
}

/// The text without a byte order mark.
fn strip_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}
