//! Credentials in the order of the file, and where they are read.

use super::attrs::{self, Attrs};
use super::context::Context;
use super::{hmac, jwt, known_keys, peer, suggest, token};
use crate::base::{Code, Span};
use crate::ir::{ast, hir};
use crate::lang::attributes::Block;
use crate::lang::headers;

/// A credential as it is declared.
#[derive(Clone, Copy)]
pub(super) enum Declared<'t> {
    /// `api_key`
    ApiKey(&'t ast::Declaration),
    /// `basic`
    Basic(&'t ast::Declaration),
    /// `hmac`
    Hmac(&'t ast::Declaration),
    /// `mtls`
    Mtls(&'t ast::Declaration),
    /// `jwt`
    Jwt(&'t ast::Jwt),
    /// `token`
    Token(&'t ast::Declaration),
}

/// Checks all credentials; each keeps its place in the tree, at fault or not.
pub(super) fn check(ctx: &mut Context<'_>, declarations: &[Declared<'_>]) {
    for declared in declarations {
        let checked = match declared {
            Declared::ApiKey(declaration) => hir::Credential::ApiKey(api_key(ctx, declaration)),
            Declared::Basic(declaration) => hir::Credential::Basic(basic(ctx, declaration)),
            Declared::Hmac(declaration) => hir::Credential::Hmac(Box::new(hmac::blank(declaration))),
            Declared::Mtls(declaration) => hir::Credential::Mtls(peer::check(ctx, declaration)),
            Declared::Jwt(declaration) => hir::Credential::Jwt(jwt::check(ctx, declaration)),
            Declared::Token(declaration) => hir::Credential::Token(Box::new(token::begin(ctx, declaration))),
        };
        ctx.credentials.push(checked);
    }
    known_keys::conflicts(ctx);
}

/// Checks what names `let`s and `fn`s, which are known by now.
pub(super) fn finish(ctx: &mut Context<'_>, declarations: &[Declared<'_>]) {
    for (number, declared) in declarations.iter().enumerate() {
        let finished = match declared {
            Declared::ApiKey(_) | Declared::Basic(_) | Declared::Mtls(_) | Declared::Jwt(_) => continue,
            Declared::Hmac(declaration) => hir::Credential::Hmac(Box::new(hmac::check(ctx, declaration))),
            Declared::Token(declaration) => {
                let Some(hir::Credential::Token(begun)) = ctx.credentials.get(number) else { continue };
                let mut finished = begun.clone();
                token::finish(ctx, declaration, &mut finished);
                hir::Credential::Token(finished)
            }
        };
        if let Some(place) = ctx.credentials.get_mut(number) {
            *place = finished;
        }
    }
}

fn api_key(ctx: &mut Context<'_>, declaration: &ast::Declaration) -> hir::ApiKey {
    let attrs = attrs::check(ctx, Block::Declaration(declaration.kind), &declaration.attrs);
    let from = sources(ctx, &attrs, &hir::CredentialSource::Bearer);
    let keys = known_keys::check(ctx, &known_keys::API_KEYS, declaration, &attrs).unwrap_or(hir::Keys::Known(Vec::new()));
    hir::ApiKey { name: declaration.name.clone(), from, keys, forward: forward(ctx, &attrs) }
}

fn basic(ctx: &mut Context<'_>, declaration: &ast::Declaration) -> hir::Basic {
    let attrs = attrs::check(ctx, Block::Declaration(declaration.kind), &declaration.attrs);
    let from = sources(ctx, &attrs, &hir::CredentialSource::Basic);
    let users = known_keys::check(ctx, &known_keys::PASSWORDS, declaration, &attrs).unwrap_or(hir::Keys::Known(Vec::new()));
    hir::Basic { name: declaration.name.clone(), from, users, forward: forward(ctx, &attrs) }
}

pub(super) fn forward(ctx: &mut Context<'_>, attrs: &Attrs<'_>) -> bool {
    attrs.get("forward").and_then(|attr| attrs::boolean(ctx, attr)).unwrap_or(false)
}

/// The places of `from`; `usual` is where the credential stands when nothing is written.
pub(super) fn sources(ctx: &mut Context<'_>, attrs: &Attrs<'_>, usual: &hir::CredentialSource) -> Vec<hir::CredentialSource> {
    let Some(attr) = attrs.get("from") else { return vec![usual.clone()] };
    let example = match usual {
        hir::CredentialSource::Basic => "from = [basic, header \"proxy-authorization\"]",
        hir::CredentialSource::Bearer
        | hir::CredentialSource::Header(_)
        | hir::CredentialSource::Query(_)
        | hir::CredentialSource::Cookie(_) => "from = [bearer, header \"x-api-key\"]",
    };
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
        let Some((place, span)) = place(ctx, element, usual) else { continue };
        if from.contains(&place) {
            ctx.error(Code::BadCredential, span, "a place that is named twice", "named before", "keep one of them");
        } else {
            from.push(place);
        }
    }
    from
}

/// A place that a credential is read from.
pub(super) fn place(ctx: &mut Context<'_>, element: &ast::Arg, usual: &hir::CredentialSource) -> Option<(hir::CredentialSource, Span)> {
    // A scheme of `authorization` belongs to the credentials that are written in it.
    let scheme = if *usual == hir::CredentialSource::Basic { "basic" } else { "bearer" };
    let places = [scheme, "header", "query", "cookie"];
    let help = format!("write `{scheme}`, `header \"name\"`, `query \"key\"` or `cookie \"name\"`");
    let unknown = |ctx: &mut Context<'_>, word: &str, span: Span| {
        let help = suggest::help(word, places, &help);
        ctx.error(Code::BadCredential, span, "a place that no credential is read from", "unknown place", help);
        None
    };
    let source = match element {
        ast::Arg::Expr(ast::Expr { kind: ast::ExprKind::Name(word), span }) if word == scheme => {
            return Some((usual.clone(), *span));
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
