//! `limit`: key, rate, and what happens when it is exceeded or its key is absent.

use std::collections::BTreeMap;

use super::attrs::{self, Attrs};
use super::context::{Context, Symbol};
use super::env::{Captures, Env};
use super::scope::Application;
use super::{constant, expr, rate, reply, suggest};
use crate::base::{Code, Diagnostic, FileId, Span};
use crate::ir::{ast, hir};
use crate::lang::attributes::Block;
use crate::lang::values;

/// Keys that a limit holds when nothing is written.
const CAPACITY: u32 = 100_000;

/// Checks all limits; each keeps its place in the tree, at fault or not.
pub(super) fn check(ctx: &mut Context<'_>, declarations: &[&ast::Declaration], applied: &BTreeMap<String, Vec<Application>>, shadow: bool) {
    for declaration in declarations {
        let attrs = attrs::check(ctx, Block::Declaration(declaration.kind), &declaration.attrs);
        let applications = applied.get(&declaration.name.text).map_or(&[] as &[Application], Vec::as_slice);
        let own = ctx.symbols.get(&declaration.name.text).is_some_and(|(_, span)| *span == declaration.name.span);
        // What an imported file declares is for others, too.
        let imported = declaration.name.span.file != FileId::default();
        if applications.is_empty() && own && !imported {
            ctx.warning(
                Code::Unused,
                declaration.name.span,
                format!("the limit `{}` is never applied", declaration.name.text),
                "no scope names it",
                format!("write `apply {}` in a `scope`", declaration.name.text),
            );
        }
        let mut limit = limit(ctx, declaration, &attrs, applications);
        limit.shadow |= shadow;
        limit.headers &= !limit.shadow;
        ctx.limits.push(limit);
    }
}

fn limit(ctx: &mut Context<'_>, declaration: &ast::Declaration, attrs: &Attrs<'_>, applied: &[Application]) -> hir::Limit {
    let what = format!("`limit {}`", declaration.name.text);
    let env = env(ctx, applied);
    let key = match attrs.get("key") {
        Some(attr) => key(ctx, &env, attr),
        None => {
            attrs::missing(ctx, declaration.name.span, &what, "key", "key = client.ip");
            Vec::new()
        }
    };
    let rate = match attrs.get("rate") {
        Some(attr) => rate::check(ctx, &env, attr),
        None => {
            attrs::missing(ctx, declaration.name.span, &what, "rate", "rate = 60 per 1m");
            None
        }
    };
    let one = |ty| hir::Expr { kind: hir::ExprKind::Const(hir::Const::Int(1)), ty, span: declaration.span };
    let (count, period) = rate.unwrap_or((one(hir::Ty::Int), one(hir::Ty::Duration)));
    algorithm(ctx, attrs);
    let burst = attrs.get("burst").and_then(|attr| amount(ctx, attr, "burst"));
    let exceed = exceed(ctx, attrs);
    let absent = absent(ctx, declaration, attrs, &key);
    let headers = attrs.get("headers").and_then(|attr| attrs::boolean(ctx, attr)).unwrap_or(true);
    let shadow = attrs::shadow(ctx, attrs);
    let requires = env.certain(key.iter().chain([&count, &period]));
    let needs_identity = key.iter().chain([&count, &period]).any(|part| identity(ctx, part));
    hir::Limit {
        name: declaration.name.clone(),
        key,
        count,
        period,
        burst,
        scope: scope(ctx, attrs),
        capacity: capacity(ctx, attrs),
        headers,
        exceed,
        absent,
        needs_identity,
        requires,
        shadow,
    }
}

/// What every scope that applies the limit has in common.
fn env(ctx: &Context<'_>, applied: &[Application]) -> Env {
    let mut env = Env::new("a `limit`");
    let Some((first, rest)) = applied.split_first() else {
        env.credentials =
            (0..ctx.credentials.len()).map(|index| (hir::CredentialId(u32::try_from(index).unwrap_or(u32::MAX)), false)).collect();
        return env;
    };
    env.credentials = first.credentials.clone();
    let mut captures: BTreeMap<String, Vec<(hir::Template, u32)>> = first.captures.clone();
    for application in rest {
        env.credentials.retain(|id, _| application.credentials.contains_key(id));
        for (id, optional) in &mut env.credentials {
            *optional |= application.credentials.get(id).copied().unwrap_or(false);
        }
        captures.retain(|name, _| application.captures.contains_key(name));
        for (name, places) in &mut captures {
            for place in application.captures.get(name).into_iter().flatten() {
                if !places.contains(place) {
                    places.push(place.clone());
                }
            }
        }
    }
    env.captures = Captures { known: captures, ..Captures::default() };
    env
}

fn identity(ctx: &Context<'_>, expr: &hir::Expr) -> bool {
    let own = match &expr.kind {
        hir::ExprKind::Read(read) => read.credential().is_some(),
        hir::ExprKind::Invoke(id, _) => ctx.fn_needs.get(id.index()).is_some_and(|needs| !needs.credentials.is_empty()),
        _ => false,
    };
    own || expr.operands().into_iter().any(|operand| identity(ctx, operand))
}

fn key(ctx: &mut Context<'_>, env: &Env, attr: &ast::Attr) -> Vec<hir::Expr> {
    let value = match &attr.value {
        ast::Value::Expr(value) => value,
        ast::Value::Source(source) => {
            expr::source(ctx, source);
            return Vec::new();
        }
        ast::Value::Outcome(_) | ast::Value::Distinct(_) | ast::Value::Fetch(..) => {
            attrs::wrong(ctx, attr, "an expression or a list of them", "key = client.ip");
            return Vec::new();
        }
    };
    let ast::ExprKind::List(elements) = &value.kind else {
        return part(ctx, env, value).into_iter().collect();
    };
    if elements.is_empty() {
        attrs::wrong(ctx, attr, "at least one expression", "key = [client.ip]");
    }
    let mut parts = Vec::new();
    for element in elements {
        match element {
            ast::Arg::Expr(expr) => parts.extend(part(ctx, env, expr)),
            ast::Arg::Source(source) => {
                expr::source(ctx, source);
            }
            ast::Arg::Named(..) => attrs::wrong(ctx, attr, "a list of expressions", "key = [client.ip]"),
        }
    }
    parts
}

fn part(ctx: &mut Context<'_>, env: &Env, expr: &ast::Expr) -> Option<hir::Expr> {
    let value = expr::check(ctx, env, expr);
    if let hir::ExprKind::Const(hir::Const::String(text)) = &value.kind
        && text.split_once('.').is_some_and(|(root, _)| values::ROOTS.contains(&root))
    {
        let help = format!("write `{text}` without quotes");
        ctx.ineffective(value.span, "all requests have the same key: this is a text", "counts all callers together", help);
    }
    match value.ty.present() {
        hir::Ty::Error => None,
        hir::Ty::String | hir::Ty::Bytes | hir::Ty::Int | hir::Ty::Float | hir::Ty::Bool | hir::Ty::Ip | hir::Ty::Cidr => Some(value),
        hir::Ty::Secret => {
            ctx.error(
                Code::SecretLeak,
                value.span,
                "a secret would become the key of a limit",
                "a secret may only be compared or used as a key of cryptography",
                "count by something that tells callers apart, such as `client.ip`",
            );
            None
        }
        ty => {
            let label = format!("has type `{ty}`");
            ctx.error(
                Code::TypeMismatch,
                value.span,
                "a limit cannot count by this",
                label,
                "write a string, a number, a bool, an address or a network",
            );
            None
        }
    }
}

fn amount(ctx: &mut Context<'_>, attr: &ast::Attr, what: &str) -> Option<hir::Expr> {
    match &attr.value {
        ast::Value::Expr(value) => rate::positive(ctx, value, &format!("`{what}`")),
        ast::Value::Source(_) | ast::Value::Outcome(_) | ast::Value::Distinct(_) | ast::Value::Fetch(..) => {
            attrs::wrong(ctx, attr, "a number", &format!("{what} = 20"));
            None
        }
    }
}

fn algorithm(ctx: &mut Context<'_>, attrs: &Attrs<'_>) {
    if let Some(attr) = attrs.get("algorithm") {
        match attrs::word(attr) {
            Some("gcra") => {}
            Some(word @ ("sliding_window" | "fixed_window")) => {
                ctx.not_yet(attrs::value_span(attr), &format!("`{word}`"), "write `gcra`, or leave `algorithm` out");
            }
            Some(word) => unknown_word(ctx, attr, word, &["gcra", "sliding_window", "fixed_window"]),
            None => attrs::wrong(ctx, attr, "the name of an algorithm", "algorithm = gcra"),
        }
    }
    if let Some(attr) = attrs.get("count")
        && attrs::word(attr) != Some("requests")
    {
        let what = if matches!(attr.value, ast::Value::Distinct(_)) { "`distinct`" } else { "a weight in `count`" };
        ctx.not_yet(attrs::value_span(attr), what, "write `count = requests`, or leave `count` out");
    }
}

fn unknown_word(ctx: &mut Context<'_>, attr: &ast::Attr, word: &str, known: &[&str]) {
    let all = known.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
    let help = suggest::help(word, known.iter().copied(), &format!("write one of {all}"));
    ctx.error(Code::UnknownOption, attrs::value_span(attr), format!("`{}` knows no `{word}`", attr.name.text), "unknown here", help);
}

fn exceed(ctx: &mut Context<'_>, attrs: &Attrs<'_>) -> hir::Reply {
    let default = reply::empty(429);
    let Some(attr) = attrs.get("exceed") else { return default };
    match &attr.value {
        ast::Value::Outcome(ast::Outcome::Deny(written)) => reply::check(ctx, &Env::new("`exceed`"), written).unwrap_or(default),
        ast::Value::Outcome(ast::Outcome::Block(..)) => {
            ctx.not_yet(attr.span, "`block … with`", "write `exceed = deny 429`");
            default
        }
        ast::Value::Source(source) if source.kind.text == "tag" => {
            ctx.not_yet(attr.span, "`tag`", "write `exceed = deny 429`");
            default
        }
        ast::Value::Expr(_) | ast::Value::Source(_) | ast::Value::Distinct(_) | ast::Value::Fetch(..) => {
            attrs::wrong(ctx, attr, "`deny STATUS`", "exceed = deny 429");
            default
        }
    }
}

fn absent(ctx: &mut Context<'_>, declaration: &ast::Declaration, attrs: &Attrs<'_>, key: &[hir::Expr]) -> Option<hir::Absent> {
    let optional: Option<Span> = key.iter().find(|part| part.ty.is_optional()).map(|part| part.span);
    let Some(attr) = attrs.get("absent") else {
        if let Some(part) = optional {
            ctx.push(
                Diagnostic::error(
                    Code::MissingAbsent,
                    declaration.name.span,
                    format!("`limit {}` does not say what happens without its key", declaration.name.text),
                    "`absent` is missing",
                )
                .also(part, "this may be absent")
                .help("add `absent = share` (all without the key share one count), `absent = skip` or `absent = deny 400`"),
            );
        }
        return None;
    };
    if optional.is_none() && !key.is_empty() {
        ctx.error(Code::BadLimit, attr.span, "the key is never absent", "this has no effect", "drop `absent`");
        return None;
    }
    match (&attr.value, attrs::word(attr)) {
        (_, Some("skip")) => Some(hir::Absent::Skip),
        (_, Some("share")) => Some(hir::Absent::Share),
        (ast::Value::Outcome(ast::Outcome::Deny(written)), _) => reply::check(ctx, &Env::new("`absent`"), written).map(hir::Absent::Deny),
        (_, Some(word)) => {
            unknown_word(ctx, attr, word, &["skip", "share", "deny"]);
            None
        }
        (_, None) => {
            let example = format!("absent = {}", attrs::quoted_outcome(attr).unwrap_or("share"));
            attrs::wrong(ctx, attr, "`skip`, `share` or `deny STATUS`", &example);
            None
        }
    }
}

fn scope(ctx: &mut Context<'_>, attrs: &Attrs<'_>) -> hir::LimitScope {
    let Some(attr) = attrs.get("scope") else { return hir::LimitScope::Proxy };
    match attrs::word(attr) {
        Some("proxy") => hir::LimitScope::Proxy,
        Some("worker") => hir::LimitScope::Worker,
        Some(word) => {
            if !matches!(ctx.symbols.get(word), Some((Symbol::Unsupported(_), _))) {
                unknown_word(ctx, attr, word, &["proxy", "worker"]);
            }
            hir::LimitScope::Proxy
        }
        None => {
            attrs::wrong(ctx, attr, "`proxy` or `worker`", "scope = proxy");
            hir::LimitScope::Proxy
        }
    }
}

fn capacity(ctx: &mut Context<'_>, attrs: &Attrs<'_>) -> u32 {
    let Some(attr) = attrs.get("capacity") else { return CAPACITY };
    let number = match &attr.value {
        ast::Value::Expr(value) => constant::int(value),
        ast::Value::Source(_) | ast::Value::Outcome(_) | ast::Value::Distinct(_) | ast::Value::Fetch(..) => None,
    };
    let Some(number) = number else {
        attrs::wrong(ctx, attr, "a number", "capacity = 100_000");
        return CAPACITY;
    };
    // A table of more keys than this would not fit into any proxy's memory.
    const MOST: i64 = 100_000_000;
    if !(1..=MOST).contains(&number) {
        ctx.error(
            Code::BadLimit,
            attrs::value_span(attr),
            format!("`capacity` is {number}"),
            format!("1 to {MOST} keys"),
            "write a number of keys such as `100_000`",
        );
    }
    u32::try_from(number).unwrap_or(CAPACITY)
}
