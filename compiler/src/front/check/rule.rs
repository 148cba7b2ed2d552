//! Rules: `on`, `when`, `unless` are the same in all; what a rule does has its own file.

use std::collections::{BTreeMap, BTreeSet};

use super::attrs::{self, Attrs};
use super::context::Context;
use super::env::{Captures, Env, Response};
use super::scope::{self, Surroundings};
use super::{edit, expr, redact, reply, route, suggest, template};
use crate::base::{Code, Diagnostic, Span};
use crate::ir::{ast, hir};
use crate::lang::attributes::Block;
use crate::lang::methods::METHODS;

/// Checks a rule and enters it into the tree.
pub(super) fn check(ctx: &mut Context<'_>, around: &Surroundings, rule: &ast::Rule) {
    ctx.claim_actor(&rule.name);
    for item in &rule.items {
        misplaced(ctx, rule, item);
    }
    let on = on(ctx, around, rule);
    let mut env = env(around, rule, &on);
    let read: usize = on.iter().map(|(_, templates)| templates.len()).sum();
    env.captures.uncertain |= read < written_templates(rule);
    let conditions = conditions(ctx, &mut env, rule);
    let attrs = attrs::check(ctx, Block::Rule(rule.kind), written(rule));
    let on: Vec<hir::On> = on.into_iter().map(|(on, _)| on).collect();
    let Some(kind) = kind(ctx, &env, rule, &attrs) else { return };
    let shadow = attrs::shadow(ctx, &attrs) || around.shadow;
    let conditions = if around.shadow { with_credentials(&env, rule, conditions) } else { conditions };
    ctx.rules.push(hir::Rule { name: rule.name.clone(), kind, shadow, scope: around.scope, on, conditions, span: rule.span });
}

/// In a scope in shadow a request goes on without the credentials that it demands; rules that read them do not match it.
fn with_credentials(env: &Env, rule: &ast::Rule, conditions: Vec<hir::Expr>) -> Vec<hir::Expr> {
    let present = |id| hir::Expr { kind: hir::ExprKind::Read(hir::Read::CredentialPresent(id)), ty: hir::Ty::Bool, span: rule.name.span };
    env.certain(&conditions).into_iter().map(present).chain(conditions.iter().cloned()).collect()
}

fn written(rule: &ast::Rule) -> Vec<&ast::Attr> {
    let attrs = rule.items.iter().filter_map(|item| match item {
        ast::RuleItem::Attr(attr) => Some(attr),
        ast::RuleItem::On(_)
        | ast::RuleItem::When(_)
        | ast::RuleItem::Unless(_)
        | ast::RuleItem::Reply(_)
        | ast::RuleItem::Edit(_)
        | ast::RuleItem::Redaction(_)
        | ast::RuleItem::Arm(..)
        | ast::RuleItem::Otherwise(_) => None,
    });
    attrs.collect()
}

/// Reports an item that this kind of rule does not have.
fn misplaced(ctx: &mut Context<'_>, rule: &ast::Rule, item: &ast::RuleItem) {
    let rewrite = matches!(rule.kind, ast::RuleKind::RewriteRequest | ast::RuleKind::RewriteResponse);
    let redact = matches!(rule.kind, ast::RuleKind::RedactRequest | ast::RuleKind::RedactResponse);
    let route = rule.kind == ast::RuleKind::Route;
    let (allowed, what, span) = match item {
        ast::RuleItem::On(_) | ast::RuleItem::Attr(_) => return,
        ast::RuleItem::When(expr) => (!route, "when", expr.span),
        ast::RuleItem::Unless(expr) => (!route, "unless", expr.span),
        ast::RuleItem::Reply(reply) => (rule.kind == ast::RuleKind::Forbid, "reply", reply.span),
        ast::RuleItem::Edit(edit) => (rewrite, "an edit", edit.span),
        ast::RuleItem::Redaction(redaction) => (redact, "a redaction", redaction.span),
        ast::RuleItem::Arm(expr, _) => (route, "when … ->", expr.span),
        ast::RuleItem::Otherwise(target) => (route, "otherwise", target.span),
    };
    if !allowed {
        let help = if what == "reply" { "write `forbid`, or drop the reply" } else { "drop it, or write it into another rule" };
        ctx.error(Code::Misplaced, span, format!("`{}` cannot have `{what}`", rule.kind.keyword()), "does not belong here", help);
    }
}

fn written_templates(rule: &ast::Rule) -> usize {
    rule.items.iter().map(|item| if let ast::RuleItem::On(on) = item { on.templates.len() } else { 0 }).sum()
}

type Placed = (hir::On, Vec<(hir::Template, Span)>);

fn on(ctx: &mut Context<'_>, around: &Surroundings, rule: &ast::Rule) -> Vec<Placed> {
    let mut clauses = Vec::new();
    for item in &rule.items {
        let ast::RuleItem::On(on) = item else { continue };
        let mut methods: Vec<String> = Vec::new();
        for method in &on.methods {
            if methods.contains(&method.text) {
                ctx.warning(Code::Repeated, method.span, format!("the method `{}` is named twice", method.text), "named before", "drop it");
            } else {
                likely(ctx, method);
                methods.push(method.text.clone());
            }
        }
        let mut templates = Vec::new();
        for name in &on.templates {
            let Some(parsed) = template::parse(ctx, name) else { continue };
            scope::inside(ctx, around, &parsed, name);
            scope::conflicts(ctx, around, &parsed, name);
            templates.push((parsed, name.span));
        }
        let plain = templates.iter().map(|(template, _)| template.clone()).collect();
        clauses.push((hir::On { methods, templates: plain }, templates));
    }
    clauses
}

/// Warns about a method that looks like a slip of the hand: any token is one, and methods compare exactly.
fn likely(ctx: &mut Context<'_>, method: &ast::Name) {
    if METHODS.contains(&method.text.as_str()) {
        return;
    }
    if matches!(method.text.as_str(), "ANY" | "ALL") {
        let message = format!("`{}` is the name of one method", method.text);
        let help = "leave the methods out: a rule without them is for each method";
        ctx.warning(Code::UnusualMethod, method.span, message, "no request has it, so that the rule meets none", help);
        return;
    }
    if let Some(meant) = suggest::nearest(&method.text, METHODS.iter().copied()) {
        let message = format!("`{}` is an unusual method", method.text);
        ctx.warning(Code::UnusualMethod, method.span, message, "no common request has it", format!("did you mean `{meant}`?"));
    }
}

fn env(around: &Surroundings, rule: &ast::Rule, on: &[Placed]) -> Env {
    let place = match rule.kind {
        ast::RuleKind::Permit => "a `permit`",
        ast::RuleKind::Forbid => "a `forbid`",
        ast::RuleKind::RewriteRequest => "a `rewrite request`",
        ast::RuleKind::RewriteResponse => "a `rewrite response`",
        ast::RuleKind::RedactRequest => "a `redact request`",
        ast::RuleKind::RedactResponse => "a `redact response`",
        ast::RuleKind::Route => "a `route`",
    };
    let response = match rule.kind {
        ast::RuleKind::Permit | ast::RuleKind::RewriteRequest | ast::RuleKind::RedactRequest | ast::RuleKind::Route => Response::TooEarly,
        ast::RuleKind::Forbid | ast::RuleKind::RewriteResponse | ast::RuleKind::RedactResponse => Response::Readable,
    };
    Env { response, body: true, captures: captures(around, on), credentials: around.credentials.clone(), ..Env::new(place) }
}

/// A capture counts when every template of the rule has it; else the scopes' one of that name, if there is one.
fn captures(around: &Surroundings, on: &[Placed]) -> Captures {
    let templates: Vec<&(hir::Template, Span)> = on.iter().flat_map(|(_, templates)| templates).collect();
    let mut known = around.captures.clone();
    let mut partial = BTreeMap::new();
    // Thousands of templates mostly capture under the same few names.
    let names: BTreeSet<&str> = templates.iter().flat_map(|(template, _)| template::captures(template)).map(|(name, _)| name).collect();
    for name in names {
        let mut places: Vec<(hir::Template, u32)> = Vec::new();
        let mut lacking = None;
        for (template, span) in &templates {
            match template::captures(template).into_iter().find(|(known, _)| *known == name) {
                Some((_, segment)) => places.push((template.clone(), segment)),
                None => lacking = lacking.or(Some(*span)),
            }
        }
        match lacking {
            None => {
                known.insert(name.to_owned(), places);
            }
            Some(span) if !around.captures.contains_key(name) => {
                partial.insert(name.to_owned(), span);
            }
            Some(_) => {}
        }
    }
    Captures { known, partial, uncertain: around.uncertain }
}

/// All `when` and `unless`, each knowing what those before it tell of presence.
fn conditions(ctx: &mut Context<'_>, env: &mut Env, rule: &ast::Rule) -> Vec<hir::Expr> {
    let mut conditions = Vec::new();
    for item in &rule.items {
        let (written, positive) = match item {
            ast::RuleItem::When(expr) => (expr, true),
            ast::RuleItem::Unless(expr) => (expr, false),
            ast::RuleItem::On(_)
            | ast::RuleItem::Reply(_)
            | ast::RuleItem::Edit(_)
            | ast::RuleItem::Redaction(_)
            | ast::RuleItem::Arm(..)
            | ast::RuleItem::Otherwise(_)
            | ast::RuleItem::Attr(_) => continue,
        };
        let condition = expr::boolean(ctx, env, written);
        env.learn(&condition, positive);
        conditions.push(if positive {
            condition
        } else {
            let span = condition.span;
            hir::Expr { ty: condition.ty.clone(), kind: hir::ExprKind::Not(Box::new(condition)), span }
        });
    }
    conditions
}

fn kind(ctx: &mut Context<'_>, env: &Env, rule: &ast::Rule, attrs: &Attrs<'_>) -> Option<hir::RuleKind> {
    match rule.kind {
        ast::RuleKind::Permit => Some(hir::RuleKind::Permit),
        ast::RuleKind::Forbid => Some(hir::RuleKind::Forbid(forbid(ctx, env, rule).unwrap_or(reply::empty(403)))),
        ast::RuleKind::RewriteRequest => Some(hir::RuleKind::RewriteRequest(edit::edits(ctx, env, rule))),
        ast::RuleKind::RewriteResponse => Some(hir::RuleKind::RewriteResponse(edit::edits(ctx, env, rule))),
        ast::RuleKind::RedactRequest => {
            ctx.not_yet(rule.name.span, "`redact request`", "use `rewrite request` with `remove`, or `forbid`");
            None
        }
        ast::RuleKind::RedactResponse => Some(hir::RuleKind::RedactResponse(redact::check(ctx, rule, attrs))),
        ast::RuleKind::Route => Some(hir::RuleKind::Route(route::check(ctx, env, rule))),
    }
}

fn forbid(ctx: &mut Context<'_>, env: &Env, rule: &ast::Rule) -> Option<hir::Reply> {
    let mut found: Option<(Span, Option<hir::Reply>)> = None;
    for item in &rule.items {
        let ast::RuleItem::Reply(written) = item else { continue };
        if let Some((first, _)) = &found {
            let first = *first;
            ctx.push(
                Diagnostic::error(Code::DuplicateAttribute, written.span, "a second `reply`", "written again here")
                    .also(first, "first written here")
                    .help("keep one of them"),
            );
        } else {
            found = Some((written.span, reply::check(ctx, env, written)));
        }
    }
    found.map_or_else(|| Some(reply::empty(403)), |(_, reply)| reply)
}
