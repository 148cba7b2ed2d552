//! Attributes that people bring along: `method = GET` in a rule, `header = "x"` in a credential, `jwks = file "…"` in a `jwt`. In: a block,
//! and an attribute that it does not have. Out: how the same is written, and the attribute that stands for it.

use super::context::Context;
use super::{attrs, host, template};
use crate::ir::ast;
use crate::lang::attributes::Block;
use crate::lang::{headers, url};

/// What is meant by an attribute.
pub(super) struct Meant {
    /// The fix.
    pub(super) help: String,
    /// The attribute of the block that it is, if it is one.
    pub(super) name: Option<&'static str>,
}

/// Clauses that people write as attributes.
const CLAUSES: [(&str, &str); 8] = [
    ("on", "on GET \"/path\""),
    ("when", "when …"),
    ("unless", "unless …"),
    ("reply", "reply 403"),
    ("apply", "apply LIMIT"),
    ("authenticate", "authenticate NAME"),
    ("claims", "claims { sub: string }"),
    ("otherwise", "otherwise -> keep"),
];

/// What is meant by an attribute that the block does not have; `all` are those that are written in it.
pub(super) fn meant(ctx: &Context<'_>, block: Block, attr: &ast::Attr, all: &[&ast::Attr]) -> Option<Meant> {
    let name = attr.name.text.as_str();
    if let Some((_, form)) = CLAUSES.iter().find(|(clause, _)| *clause == name) {
        return Some(Meant { help: format!("write `{form}`, without `=`"), name: None });
    }
    match block {
        // Its `path` might be that of a request as well as one that it should edit.
        Block::Rule(ast::RuleKind::RewriteResponse) => None,
        Block::Rule(_) => of_rule(ctx, attr, all).map(|help| Meant { help, name: None }),
        Block::Jwt => of_keys(ctx, attr).or_else(|| of_place(ctx, "bearer", attr, all)),
        Block::Declaration(ast::DeclarationKind::ApiKey | ast::DeclarationKind::Token) => of_place(ctx, "bearer", attr, all),
        Block::Declaration(ast::DeclarationKind::Basic) => of_place(ctx, "basic", attr, all),
        Block::Declaration(
            ast::DeclarationKind::Hmac
            | ast::DeclarationKind::Mtls
            | ast::DeclarationKind::Service
            | ast::DeclarationKind::Detector
            | ast::DeclarationKind::Limit,
        )
        | Block::Policy
        | Block::Fetch
        | Block::Lookup
        | Block::Scope => None,
    }
}

/// The text of a string that is an attribute's value, and how it is written.
fn text<'a>(ctx: &Context<'_>, value: &'a ast::Value) -> Option<(&'a str, String)> {
    match value {
        ast::Value::Expr(ast::Expr { kind: ast::ExprKind::String(text), span }) => Some((text, ctx.quote(*span)?)),
        ast::Value::Expr(_) | ast::Value::Source(_) | ast::Value::Outcome(_) | ast::Value::Distinct(_) | ast::Value::Fetch(..) => None,
    }
}

const METHOD: [&str; 2] = ["method", "methods"];
const PATH: [&str; 4] = ["path", "paths", "url", "uri"];

/// `method = GET`, `path = "/a"`, `host = "a.example"` in a rule.
fn of_rule(ctx: &Context<'_>, attr: &ast::Attr, all: &[&ast::Attr]) -> Option<String> {
    let name = attr.name.text.as_str();
    if matches!(name, "host" | "hosts") {
        let host = text(ctx, &attr.value).filter(|(text, _)| host::pattern(text).is_ok());
        let host = host.map_or_else(|| "\"api.example.com\"".to_owned(), |(_, written)| written);
        return Some(format!("write `hosts = [{host}]` in a `scope` around the rule"));
    }
    if !METHOD.contains(&name) && !PATH.contains(&name) {
        return None;
    }
    // Both are said by one clause: one for each would match without the other.
    let written = |names: &[&str]| all.iter().find(|attr| names.contains(&attr.name.text.as_str()));
    let path = written(&PATH).and_then(|attr| text(ctx, &attr.value)).filter(|(text, _)| template::template(text).is_ok());
    let methods = written(&METHOD).map(|attr| methods(&attr.value).unwrap_or_else(|| "GET".to_owned()) + " ");
    let lone = methods.is_some() && path.is_none();
    let path = path.map_or_else(|| "\"/path\"".to_owned(), |(_, written)| written);
    let form = format!("`on {}{path}`", methods.unwrap_or_default());
    Some(if lone { format!("write the method before the paths, as in {form}") } else { format!("write {form}") })
}

/// `GET` or `"get"`, or a list of such.
fn methods(value: &ast::Value) -> Option<String> {
    let one = |expr: &ast::Expr| match &expr.kind {
        ast::ExprKind::Constant(word) | ast::ExprKind::Name(word) | ast::ExprKind::String(word) => {
            let method = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphabetic());
            method.then(|| word.to_ascii_uppercase())
        }
        _ => None,
    };
    let ast::Value::Expr(expr) = value else { return None };
    let ast::ExprKind::List(elements) = &expr.kind else { return one(expr) };
    let methods = elements.iter().map(|element| if let ast::Arg::Expr(expr) = element { one(expr) } else { None });
    methods.collect::<Option<Vec<String>>>().filter(|methods| !methods.is_empty()).map(|methods| methods.join(", "))
}

/// `header = "x"`, `query = "x"`, `cookie = "x"` in a credential.
fn of_place(ctx: &Context<'_>, scheme: &str, attr: &ast::Attr, all: &[&ast::Attr]) -> Option<Meant> {
    let (place, example) = match attr.name.text.as_str() {
        "header" => ("header", "x-api-key"),
        "query" => ("query", "key"),
        "cookie" => ("cookie", "session"),
        _ => return None,
    };
    let place = match text(ctx, &attr.value).filter(|(text, _)| !text.is_empty()) {
        Some((text, _)) if place == "header" && text.eq_ignore_ascii_case("authorization") => scheme.to_owned(),
        Some((text, written)) if place != "header" || readable(text) => format!("{place} {written}"),
        Some(_) | None => format!("{place} \"{example}\""),
    };
    let listed = all.iter().any(|attr| attr.name.text == "from");
    let help = if listed { format!("add `{place}` to `from`") } else { format!("write `from = [{place}]`") };
    Some(Meant { help, name: Some("from") })
}

fn readable(header: &str) -> bool {
    headers::is_name(header) && headers::protected(&header.to_ascii_lowercase()).is_none()
}

/// `jwks = file "keys.json"`, `jwks_uri = "https://…"`, `secret = config.secret` in a `jwt`.
fn of_keys(ctx: &Context<'_>, attr: &ast::Attr) -> Option<Meant> {
    let name = attr.name.text.as_str();
    if !matches!(name, "jwks" | "jwks_uri" | "jwks_url" | "jwks_file" | "key_set" | "keyset" | "secret" | "public_key") {
        return None;
    }
    let string = text(ctx, &attr.value);
    let help = match (&attr.value, string) {
        (_, Some((text, _))) if text.contains("://") => {
            let path = url::parts(text).map_or("/jwks.json", |(_, path)| path);
            format!("declare a `service` for the host and write `keys = fetch {{ service = NAME, path = \"{path}\" }}`")
        }
        (_, Some((_, written))) => format!("write `keys = file {written}`"),
        (ast::Value::Outcome(_) | ast::Value::Distinct(_), None) => return None,
        (ast::Value::Expr(_) | ast::Value::Source(_) | ast::Value::Fetch(..), None) => {
            let written = ctx.quote(attrs::value_span(attr));
            format!("write `keys = {}`", written.unwrap_or_else(|| "file \"jwks.json\"".to_owned()))
        }
    };
    Some(Meant { help, name: Some("keys") })
}
