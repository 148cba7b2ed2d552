//! Attributes of a block: known, supported, at most once.

use super::context::Context;
use super::{attr_habits, suggest};
use crate::base::{Code, Diagnostic, Span};
use crate::ir::ast;
use crate::lang::Support;
use crate::lang::attributes::Block;

/// The attributes of one block that are known and supported, in the order written.
pub(super) struct Attrs<'t>(Vec<&'t ast::Attr>);

impl<'t> Attrs<'t> {
    /// The attribute with this name.
    pub(super) fn get(&self, name: &str) -> Option<&'t ast::Attr> {
        self.0.iter().copied().find(|attr| attr.name.text == name)
    }
}

/// Checks the names of a block's attributes; what is unknown, repeated or not supported is reported and left out.
pub(super) fn check<'t>(ctx: &mut Context<'_>, block: Block, attrs: impl IntoIterator<Item = &'t ast::Attr>) -> Attrs<'t> {
    ctx.misspelt.clear();
    let known = names(ctx, block, attrs);
    let mut kept = Vec::new();
    for attr in known {
        let supported = block.attributes().iter().any(|entry| entry.name == attr.name.text && entry.support == Support::Yes);
        if supported {
            kept.push(attr);
        } else {
            ctx.not_yet(
                attr.name.span,
                &format!("`{}` of `{}`", attr.name.text, block.keyword()),
                "leave it out: a later version compiles it",
            );
        }
    }
    Attrs(kept)
}

/// Reports unknown and repeated attributes only; for blocks that are refused as a whole.
pub(super) fn names<'t>(ctx: &mut Context<'_>, block: Block, attrs: impl IntoIterator<Item = &'t ast::Attr>) -> Vec<&'t ast::Attr> {
    let attrs: Vec<&'t ast::Attr> = attrs.into_iter().collect();
    let mut kept: Vec<&'t ast::Attr> = Vec::new();
    for attr in attrs.iter().copied() {
        if !block.attributes().iter().any(|entry| entry.name == attr.name.text) {
            unknown(ctx, block, attr, &attrs);
        } else if let Some(first) = kept.iter().find(|first| first.name.text == attr.name.text) {
            repeated(ctx, &attr.name, first.name.span);
        } else {
            kept.push(attr);
        }
    }
    kept
}

fn unknown(ctx: &mut Context<'_>, block: Block, attr: &ast::Attr, all: &[&ast::Attr]) {
    let name = &attr.name;
    let known: Vec<&str> = block.attributes().iter().map(|entry| entry.name).collect();
    let names = known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let habit = attr_habits::meant(ctx, block, attr, all);
    let meant = habit.as_ref().and_then(|habit| habit.name).or_else(|| suggest::nearest(&name.text, known.iter().copied()));
    ctx.misspelt.extend(meant.map(str::to_owned));
    let help = habit.map(|habit| habit.help).unwrap_or_else(|| suggest::help(&name.text, known, &format!("use one of {names}")));
    ctx.error(Code::UnknownAttribute, name.span, format!("`{}` has no attribute `{}`", block.keyword(), name.text), "unknown here", help);
}

/// Reports what may appear once and appears again.
pub(super) fn repeated(ctx: &mut Context<'_>, name: &ast::Name, first: Span) {
    ctx.push(
        Diagnostic::error(Code::DuplicateAttribute, name.span, format!("`{}` is written twice", name.text), "written again here")
            .also(first, "first written here")
            .help("keep one of them"),
    );
}

/// Reports an attribute that must be there, unless it is there and misspelt.
pub(super) fn missing(ctx: &mut Context<'_>, span: Span, block: &str, name: &str, example: &str) {
    if ctx.misspelt.iter().any(|misspelt| misspelt == name) {
        return;
    }
    ctx.error(Code::MissingAttribute, span, format!("{block} has no `{name}`"), format!("`{name}` is missing"), format!("add `{example}`"));
}

/// Reports an attribute whose value has another form.
pub(super) fn wrong(ctx: &mut Context<'_>, attr: &ast::Attr, expected: &str, example: &str) {
    wrong_at(ctx, attr, value_span(attr), expected, example);
}

/// Likewise of a part of the value.
pub(super) fn wrong_at(ctx: &mut Context<'_>, attr: &ast::Attr, span: Span, expected: &str, example: &str) {
    ctx.error(
        Code::WrongForm,
        span,
        format!("`{}` takes {expected}", attr.name.text),
        format!("not {expected}"),
        format!("write `{example}`"),
    );
}

/// Where an attribute's value stands.
pub(super) fn value_span(attr: &ast::Attr) -> Span {
    match &attr.value {
        ast::Value::Expr(expr) | ast::Value::Distinct(expr) => expr.span,
        ast::Value::Source(source) => source.span,
        ast::Value::Outcome(ast::Outcome::Deny(reply) | ast::Outcome::Block(_, reply)) => reply.span,
        ast::Value::Fetch(_, span) => *span,
    }
}

/// The bare word that is an attribute's value.
pub(super) fn word(attr: &ast::Attr) -> Option<&str> {
    match &attr.value {
        ast::Value::Expr(ast::Expr { kind: ast::ExprKind::Name(word), .. }) => Some(word),
        ast::Value::Expr(_) | ast::Value::Source(_) | ast::Value::Outcome(_) | ast::Value::Distinct(_) | ast::Value::Fetch(..) => None,
    }
}

/// Whether a block only counts: `mode = shadow`; anything else is reported.
pub(super) fn shadow(ctx: &mut Context<'_>, attrs: &Attrs<'_>) -> bool {
    let Some(attr) = attrs.get("mode") else { return false };
    if word(attr) == Some("shadow") {
        return true;
    }
    wrong(ctx, attr, "`shadow`", "mode = shadow");
    false
}

/// The elements of an attribute that is a list in place; anything else is reported.
pub(super) fn list<'t>(ctx: &mut Context<'_>, attr: &'t ast::Attr, expected: &str, example: &str) -> Option<&'t [ast::Arg]> {
    if let ast::Value::Expr(ast::Expr { kind: ast::ExprKind::List(elements), .. }) = &attr.value {
        return Some(elements);
    }
    wrong(ctx, attr, expected, example);
    None
}

/// `true` or `false`; anything else is reported.
pub(super) fn boolean(ctx: &mut Context<'_>, attr: &ast::Attr) -> Option<bool> {
    if let ast::Value::Expr(ast::Expr { kind: ast::ExprKind::Bool(value), .. }) = &attr.value {
        return Some(*value);
    }
    wrong(ctx, attr, "`true` or `false`", &format!("{} = true", attr.name.text));
    None
}

/// What `"deny 403"` or `"allow"` means, without the quotes.
pub(super) fn quoted_outcome(attr: &ast::Attr) -> Option<&str> {
    let ast::Value::Expr(ast::Expr { kind: ast::ExprKind::String(text), .. }) = &attr.value else { return None };
    let status = text.strip_prefix("deny ").and_then(|status| status.parse::<u16>().ok());
    let is_outcome = text == "allow" || status.is_some_and(|status| (200..=599).contains(&status));
    is_outcome.then_some(text.as_str())
}
