//! Replies and outcomes: status, text, JSON, location.

use super::context::Context;
use super::env::Env;
use super::{expr, json_text};
use crate::base::{Code, Span};
use crate::ir::{ast, hir};

/// Checks a reply.
pub(super) fn check(ctx: &mut Context<'_>, env: &Env, reply: &ast::Reply) -> Option<hir::Reply> {
    let status = status(ctx, reply.status, reply.status_span);
    let body = match &reply.body {
        ast::ReplyBody::Empty => Some(hir::ReplyBody::Empty),
        ast::ReplyBody::Text(text) => expression(expr::text(ctx, env, text, "the text of a reply")).map(hir::ReplyBody::Text),
        ast::ReplyBody::Json(value) => json_text::check(ctx, env, value).map(hir::ReplyBody::Json),
        ast::ReplyBody::Location(to) => expression(expr::text(ctx, env, to, "the location of a reply")).map(hir::ReplyBody::Location),
    };
    let (status, body) = (status?, body?);
    if matches!(status, 204 | 205 | 304) && matches!(body, hir::ReplyBody::Text(_) | hir::ReplyBody::Json(_)) {
        ctx.error(
            Code::BodyForbidden,
            reply.status_span,
            format!("a reply with status {status} has no body"),
            "no body may follow",
            "drop the body, or write `200`",
        );
        return None;
    }
    if matches!(status, 301 | 302 | 303 | 307 | 308) {
        leads_nowhere(ctx, env, reply, status);
    }
    Some(hir::Reply { status, body })
}

/// Warns about a redirect without `location`: clients stay where they are.
fn leads_nowhere(ctx: &mut Context<'_>, env: &Env, reply: &ast::Reply, status: u16) {
    let (span, label, target) = match &reply.body {
        ast::ReplyBody::Location(_) => return,
        ast::ReplyBody::Empty => (reply.status_span, "does not say where to", None),
        ast::ReplyBody::Text(text) => (text.span, "this text is sent as the body", ctx.quote(text.span).filter(|_| is_target(text))),
        ast::ReplyBody::Json(object) => (object.span, "this object is sent as the body", None),
    };
    let help = match target {
        _ if env.place == super::redact::PLACE => "write another status, such as `502`".to_owned(),
        Some(target) => format!("write `{status} location {target}`"),
        None => format!("write `{status} location \"https://…\"`, or another status, such as `403`"),
    };
    ctx.ineffective(span, format!("a reply with status {status} has no `location`"), label, help);
}

/// Whether a text may be where a redirect leads to: a URL or a path, or begins with what is computed.
fn is_target(text: &ast::Expr) -> bool {
    let Some(begin) = text.begin() else { return false };
    let computed = begin.is_empty() && matches!(text.kind, ast::ExprKind::Interpolation(_));
    computed || begin.starts_with('/') || begin.contains("://") && !begin.contains(' ')
}

fn expression(value: hir::Expr) -> Option<hir::Expr> {
    (value.ty != hir::Ty::Error).then_some(value)
}

/// A status that a reply may have.
pub(super) fn status(ctx: &mut Context<'_>, status: i64, span: Span) -> Option<u16> {
    let checked = u16::try_from(status).ok().filter(|status| (200..=599).contains(status));
    if checked.is_none() {
        ctx.error(Code::BadStatus, span, format!("{status} is no status of a reply"), "outside 200 to 599", "write a status such as `403`");
    }
    checked
}

/// A reply without body.
pub(super) fn empty(status: u16) -> hir::Reply {
    hir::Reply { status, body: hir::ReplyBody::Empty }
}

/// `allow` or `deny REPLY`; anything else is reported.
pub(super) fn action(ctx: &mut Context<'_>, env: &Env, attr: &ast::Attr) -> Option<hir::Action> {
    match &attr.value {
        ast::Value::Expr(ast::Expr { kind: ast::ExprKind::Name(word), .. }) if word == "allow" => Some(hir::Action::Allow),
        ast::Value::Outcome(ast::Outcome::Deny(reply)) => check(ctx, env, reply).map(hir::Action::Deny),
        ast::Value::Outcome(ast::Outcome::Block(..))
        | ast::Value::Expr(_)
        | ast::Value::Source(_)
        | ast::Value::Distinct(_)
        | ast::Value::Fetch(..) => {
            let status = if let ast::Value::Expr(expr) = &attr.value { super::constant::int(expr) } else { None };
            let denies = match &attr.value {
                ast::Value::Source(source) => source.kind.text == "deny",
                ast::Value::Expr(ast::Expr { kind: ast::ExprKind::String(text), .. }) => text == "deny",
                ast::Value::Expr(_) | ast::Value::Outcome(_) | ast::Value::Distinct(_) | ast::Value::Fetch(..) => false,
            };
            let example = match (super::attrs::word(attr), status) {
                (Some("deny"), _) => "deny 403".to_owned(),
                _ if denies => "deny 403".to_owned(),
                (_, Some(status @ 200..=599)) => format!("deny {status}"),
                _ => super::attrs::quoted_outcome(attr).unwrap_or("allow").to_owned(),
            };
            super::attrs::wrong(ctx, attr, "`allow` or `deny STATUS`", &format!("{} = {example}", attr.name.text));
            None
        }
    }
}
