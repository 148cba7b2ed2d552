//! `rewrite`: header edits, path and host, in the order written.

use super::attrs;
use super::context::Context;
use super::env::Env;
use super::expr;
use crate::base::{Code, Span};
use crate::ir::{ast, hir};
use crate::lang::headers;

/// Checks the edits of a rewrite.
pub(super) fn edits(ctx: &mut Context<'_>, env: &Env, rule: &ast::Rule) -> Vec<hir::Edit> {
    let mut edits = Vec::new();
    let request = rule.kind == ast::RuleKind::RewriteRequest;
    let mut seen: Vec<&str> = Vec::new();
    for item in &rule.items {
        let target = match item {
            ast::RuleItem::Edit(edit) => header_edit(ctx, env, edit).map(|target| (target, edit.span)),
            ast::RuleItem::Attr(attr) if request && !seen.contains(&attr.name.text.as_str()) => {
                seen.push(&attr.name.text);
                place(ctx, env, attr).map(|target| (target, attr.span))
            }
            ast::RuleItem::On(_)
            | ast::RuleItem::When(_)
            | ast::RuleItem::Unless(_)
            | ast::RuleItem::Reply(_)
            | ast::RuleItem::Redaction(_)
            | ast::RuleItem::Arm(..)
            | ast::RuleItem::Otherwise(_)
            | ast::RuleItem::Attr(_) => continue,
        };
        edits.extend(target.map(|(target, span)| hir::Edit { target, span }));
    }
    let written = rule.items.iter().any(|item| matches!(item, ast::RuleItem::Edit(_) | ast::RuleItem::Attr(_)));
    if !written {
        ctx.ineffective(
            rule.name.span,
            format!("the rewrite `{}` edits nothing", rule.name.text),
            "has no edit",
            "add an edit such as `set \"x-name\" = \"value\"`",
        );
    }
    edits
}

/// `path =` and `host =`; other attributes were dealt with.
fn place(ctx: &mut Context<'_>, env: &Env, attr: &ast::Attr) -> Option<hir::EditTarget> {
    let (wrap, what): (fn(hir::Expr) -> hir::EditTarget, &str) = match attr.name.text.as_str() {
        "path" => (hir::EditTarget::Path, "the new path"),
        "host" => (hir::EditTarget::Host, "the new host"),
        _ => return None,
    };
    match &attr.value {
        ast::Value::Expr(written) => value(ctx, env, written, what).map(wrap),
        ast::Value::Source(_) | ast::Value::Outcome(_) | ast::Value::Distinct(_) | ast::Value::Fetch(..) => {
            attrs::wrong(ctx, attr, "an expression", &format!("{} = \"…\"", attr.name.text));
            None
        }
    }
}

fn value(ctx: &mut Context<'_>, env: &Env, written: &ast::Expr, what: &str) -> Option<hir::Expr> {
    let value = expr::text(ctx, env, written, what);
    (value.ty != hir::Ty::Error).then_some(value)
}

fn header_edit(ctx: &mut Context<'_>, env: &Env, edit: &ast::Edit) -> Option<hir::EditTarget> {
    match &edit.kind {
        ast::EditKind::Set(written) => {
            let value = value(ctx, env, written, "the value of a header");
            Some(hir::EditTarget::Set(name(ctx, &edit.header)?, value?))
        }
        ast::EditKind::Append(written) => {
            let value = value(ctx, env, written, "the value of a header");
            Some(hir::EditTarget::Append(name(ctx, &edit.header)?, value?))
        }
        ast::EditKind::Remove => pattern(ctx, &edit.header).map(hir::EditTarget::Remove),
    }
}

/// The name of a header that can be edited, in lower case.
fn name(ctx: &mut Context<'_>, name: &ast::Name) -> Option<String> {
    let lower = name.text.to_ascii_lowercase();
    if let Some(stem) = lower.strip_suffix('*') {
        let help = format!("write the whole name; only `remove` takes `{stem}*`");
        refuse(ctx, name.span, &name.text, "a pattern where one name is expected", &help);
        return None;
    }
    editable(ctx, name.span, &name.text, &lower).then_some(lower)
}

/// A header name, or the start of one with a `*` behind it, in lower case.
pub(super) fn pattern(ctx: &mut Context<'_>, name: &ast::Name) -> Option<hir::HeaderPattern> {
    let lower = name.text.to_ascii_lowercase();
    let Some(stem) = lower.strip_suffix('*') else {
        return editable(ctx, name.span, &name.text, &lower).then_some(hir::HeaderPattern::Exact(lower));
    };
    if stem.is_empty() {
        refuse(ctx, name.span, &name.text, "this would take every header", "write how the names begin, as in `x-internal-*`");
        return None;
    }
    if stem.contains('*') {
        refuse(ctx, name.span, &name.text, "a `*` before the end", "write `*` only at the end");
        return None;
    }
    editable(ctx, name.span, &name.text, stem).then(|| hir::HeaderPattern::Prefix(stem.to_owned()))
}

fn editable(ctx: &mut Context<'_>, span: Span, written: &str, lower: &str) -> bool {
    if let Some(reason) = headers::protected(lower) {
        let help = match lower {
            "host" | ":authority" => "write `host = …` in a `rewrite request`",
            ":path" => "write `path = …` in a `rewrite request`",
            _ => "leave it out",
        };
        refuse(ctx, span, written, reason, help);
        return false;
    }
    if !headers::is_name(lower) {
        refuse(ctx, span, written, "no header is called so", "write letters, digits and `-`");
        return false;
    }
    true
}

fn refuse(ctx: &mut Context<'_>, span: Span, written: &str, label: &str, help: &str) {
    ctx.error(Code::BadHeaderName, span, format!("the header `{written}` cannot be edited"), label, help);
}
