//! Credentials in the order of the file; of `api_key` where it is read and which keys are known.

use std::collections::BTreeMap;

use super::attrs::{self, Attrs};
use super::context::Context;
use super::file::{self, Node};
use super::{constant, jwt, suggest};
use crate::base::{Code, Span};
use crate::ir::{ast, hir};
use crate::lang::attributes::Block;
use crate::lang::headers;

/// A credential as it is declared.
#[derive(Clone, Copy)]
pub(super) enum Declared<'t> {
    /// `api_key`
    ApiKey(&'t ast::Declaration),
    /// `jwt`
    Jwt(&'t ast::Jwt),
}

/// Checks all credentials; each keeps its place in the tree, at fault or not.
pub(super) fn check(ctx: &mut Context<'_>, declarations: &[Declared<'_>]) {
    for declared in declarations {
        let declaration = match declared {
            Declared::ApiKey(declaration) => *declaration,
            Declared::Jwt(declaration) => {
                jwt::check(ctx, declaration);
                continue;
            }
        };
        let attrs = attrs::check(ctx, Block::Declaration(declaration.kind), &declaration.attrs);
        let from = sources(ctx, &attrs);
        let keys = keys(ctx, declaration, &attrs).unwrap_or(hir::Keys::Known(Vec::new()));
        let forward = attrs.get("forward").and_then(|attr| attrs::boolean(ctx, attr)).unwrap_or(false);
        ctx.credentials.push(hir::Credential::ApiKey(hir::ApiKey { name: declaration.name.clone(), from, keys, forward }));
    }
}

pub(super) fn sources(ctx: &mut Context<'_>, attrs: &Attrs<'_>) -> Vec<hir::CredentialSource> {
    let Some(attr) = attrs.get("from") else { return vec![hir::CredentialSource::Bearer] };
    let example = "from = [bearer, header \"x-api-key\"]";
    let Some(elements) = attrs::list(ctx, attr, "a list of places", example) else { return Vec::new() };
    if elements.is_empty() {
        ctx.error(
            Code::BadCredential,
            attrs::value_span(attr),
            "a credential that is read from nowhere",
            "names no place",
            format!("write `{example}`"),
        );
    }
    let mut from = Vec::new();
    for element in elements {
        let Some((place, span)) = place(ctx, element) else { continue };
        if from.contains(&place) {
            ctx.error(Code::BadCredential, span, "a place that is named twice", "named before", "keep one of them");
        } else {
            from.push(place);
        }
    }
    from
}

fn place(ctx: &mut Context<'_>, element: &ast::Arg) -> Option<(hir::CredentialSource, Span)> {
    const PLACES: &[&str] = &["bearer", "header", "query", "cookie"];
    let help = "write `bearer`, `header \"name\"`, `query \"key\"` or `cookie \"name\"`";
    let unknown = |ctx: &mut Context<'_>, word: &str, span: Span| {
        let help = suggest::help(word, PLACES.iter().copied(), help);
        ctx.error(Code::BadCredential, span, "a place that no credential is read from", "unknown place", help);
        None
    };
    let source = match element {
        ast::Arg::Expr(ast::Expr { kind: ast::ExprKind::Name(word), span }) if word == "bearer" => {
            return Some((hir::CredentialSource::Bearer, *span));
        }
        ast::Arg::Expr(ast::Expr { kind: ast::ExprKind::Name(word), span }) => return unknown(ctx, word, *span),
        ast::Arg::Expr(expr) => return unknown(ctx, "", expr.span),
        ast::Arg::Named(name, _) => return unknown(ctx, &name.text, name.span),
        ast::Arg::Source(source) => source,
    };
    let ast::ExprKind::String(text) = &source.text.kind else {
        return unknown(ctx, "", source.text.span);
    };
    if text.is_empty() || source.duration.is_some() {
        return unknown(ctx, "", source.span);
    }
    match source.kind.text.as_str() {
        "header" => {
            let name = text.to_ascii_lowercase();
            let reason = if headers::is_name(&name) { headers::protected(&name) } else { Some("it is no header name") };
            if let Some(reason) = reason {
                ctx.error(
                    Code::BadHeaderName,
                    source.text.span,
                    format!("no credential can be read from the header `{text}`"),
                    reason,
                    "name another header, such as `x-api-key`",
                );
                return None;
            }
            Some((hir::CredentialSource::Header(name), source.span))
        }
        "query" => Some((hir::CredentialSource::Query(text.clone()), source.span)),
        "cookie" => Some((hir::CredentialSource::Cookie(text.clone()), source.span)),
        word => unknown(ctx, word, source.kind.span),
    }
}

fn keys(ctx: &mut Context<'_>, declaration: &ast::Declaration, attrs: &Attrs<'_>) -> Option<hir::Keys> {
    let example = "keys = { \"name\": \"sha256:…\" }";
    let Some(attr) = attrs.get("keys") else {
        attrs::missing(ctx, declaration.name.span, &format!("`api_key {}`", declaration.name.text), "keys", example);
        return None;
    };
    let entries: Vec<(String, String, Span)> = match &attr.value {
        ast::Value::Expr(ast::Expr { kind: ast::ExprKind::Object(members), .. }) => {
            constant::distinct_members(ctx, members);
            members
                .iter()
                .filter_map(|member| match constant::string(&member.value) {
                    Some(text) => Some((member.name.text.clone(), text.to_owned(), member.value.span)),
                    None => {
                        digest_refused(ctx, &member.name.text, member.value.span);
                        None
                    }
                })
                .collect()
        }
        ast::Value::Source(source) => {
            let (path, members) = file::object(ctx, source)?;
            let mut entries = Vec::new();
            for (name, node) in members {
                match node {
                    _ if entries.iter().any(|(known, _, _)| *known == name) => {
                        file::bad(ctx, source.span, &path, &format!("names the key `{name}` twice"), "keep one of them");
                    }
                    Node::String(text) => entries.push((name, text, source.span)),
                    Node::Int(_) | Node::Other | Node::Array(_) | Node::Object(_) => digest_refused(ctx, &name, source.span),
                }
            }
            entries
        }
        ast::Value::Expr(expr) => return configured(ctx, attr, expr),
        ast::Value::Outcome(_) | ast::Value::Distinct(_) | ast::Value::Fetch(..) => {
            attrs::wrong(ctx, attr, "an object, a `file \"…\"` or `config.NAME`", example);
            return None;
        }
    };
    Some(hir::Keys::Known(known(ctx, attr, entries)))
}

fn known(ctx: &mut Context<'_>, attr: &ast::Attr, entries: Vec<(String, String, Span)>) -> Vec<(String, [u8; 32])> {
    if entries.is_empty() {
        ctx.ineffective(attrs::value_span(attr), "no key is known", "every key is refused", "name the keys that are valid");
    }
    let mut owners: BTreeMap<[u8; 32], String> = BTreeMap::new();
    let mut keys = Vec::new();
    for (name, text, span) in entries {
        let Some(digest) = digest(&text) else {
            digest_refused(ctx, &name, span);
            continue;
        };
        if let Some(owner) = owners.get(&digest) {
            ctx.error(
                Code::BadCredential,
                span,
                format!("`{owner}` and `{name}` have the same key"),
                "which of them a caller is would be open",
                "give each its own key",
            );
        } else {
            owners.insert(digest, name.clone());
            keys.push((name, digest));
        }
    }
    keys
}

fn digest_refused(ctx: &mut Context<'_>, name: &str, span: Span) {
    ctx.error(
        Code::BadDigest,
        span,
        format!("the key of `{name}` is no digest"),
        "expected `sha256:` and 64 hexadecimal digits",
        "hash the key, as `printf %s KEY | sha256sum` does, and write `\"sha256:…\"`",
    );
}

fn digest(text: &str) -> Option<[u8; 32]> {
    let digits = text.strip_prefix("sha256:")?.as_bytes();
    let mut digest = [0; 32];
    if digits.len() != 64 || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    for (byte, pair) in digest.iter_mut().zip(digits.chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(digest)
}

fn configured(ctx: &mut Context<'_>, attr: &ast::Attr, expr: &ast::Expr) -> Option<hir::Keys> {
    let env = super::env::Env::configuration("`keys`");
    let checked = super::expr::check(ctx, &env, expr);
    match (&checked.kind, &checked.ty) {
        (_, hir::Ty::Error) => None,
        (hir::ExprKind::Config(id), hir::Ty::Map(_)) => Some(hir::Keys::Config(*id)),
        (_, hir::Ty::Optional(inner)) if matches!(**inner, hir::Ty::Map(_)) => {
            ctx.error(
                Code::MayBeAbsent,
                expr.span,
                "the known keys may be absent",
                format!("has type `{}`", checked.ty),
                "declare the configuration value as `map<string, string>`",
            );
            None
        }
        _ => {
            attrs::wrong(ctx, attr, "an object, a `file \"…\"` or a configured `map<string, string>`", "keys = config.NAME");
            None
        }
    }
}
