//! `jwt`: issuer, audiences, algorithms, times. Keys are in `jwks.rs`, claims in `claim.rs`.

use super::attrs::{self, Attrs};
use super::context::Context;
use super::{claim, constant, credential, jwks, suggest};
use crate::base::{Code, Span};
use crate::ir::{ast, hir};
use crate::lang::attributes::Block;

/// One minute.
const SKEW: i64 = 60_000_000_000;

/// Checks a `jwt`; it keeps its place in the tree, at fault or not.
pub(super) fn check(ctx: &mut Context<'_>, jwt: &ast::Jwt) -> hir::Jwt {
    let attrs = attrs::check(ctx, Block::Jwt, &jwt.attrs);
    let algorithms = algorithms(ctx, jwt, &attrs);
    let keys = jwks::keys(ctx, jwt, &attrs, &algorithms);
    hir::Jwt {
        name: jwt.name.clone(),
        from: credential::sources(ctx, &attrs, &hir::CredentialSource::Bearer),
        issuer: attrs.get("issuer").and_then(|attr| text(ctx, attr, "issuer = \"https://id.example.com/\"")),
        audiences: audiences(ctx, &attrs),
        crypto: attrs.get("crypto").map_or(hir::JwtCrypto::Auto, |attr| crypto(ctx, attr, &algorithms)),
        keys: keys.unwrap_or(hir::JwtKeys::Known(Vec::new())),
        algorithms: algorithms.into_iter().map(|(algorithm, _)| algorithm).collect(),
        clock_skew: attrs.get("clock_skew").and_then(|attr| duration(ctx, attr, "clock_skew = 60s")).unwrap_or(SKEW),
        require_expiration: attrs.get("require_expiration").and_then(|attr| attrs::boolean(ctx, attr)).unwrap_or(true),
        max_lifetime: attrs.get("max_lifetime").and_then(|attr| duration(ctx, attr, "max_lifetime = 24h")),
        forward: credential::forward(ctx, &attrs),
        claims: claim::check(ctx, &jwt.claims),
    }
}

fn text(ctx: &mut Context<'_>, attr: &ast::Attr, example: &str) -> Option<String> {
    if let ast::Value::Expr(expr) = &attr.value
        && let Some(text) = constant::string(expr)
        && !text.is_empty()
    {
        return Some(text.to_owned());
    }
    attrs::wrong(ctx, attr, "a string that is not empty", example);
    None
}

pub(super) fn duration(ctx: &mut Context<'_>, attr: &ast::Attr, example: &str) -> Option<i64> {
    if let ast::Value::Expr(ast::Expr { kind: ast::ExprKind::Duration(duration), .. }) = &attr.value {
        return Some(*duration);
    }
    attrs::wrong(ctx, attr, "a duration", example);
    None
}

fn audiences(ctx: &mut Context<'_>, attrs: &Attrs<'_>) -> Vec<String> {
    let example = "audiences = [\"orders-api\"]";
    let Some(attr) = attrs.get("audiences") else { return Vec::new() };
    let elements = attrs::list(ctx, attr, "a list of strings", example).unwrap_or(&[]);
    let found: Vec<String> = elements.iter().filter_map(audience).collect();
    if found.len() != elements.len() || (elements.is_empty() && matches!(&attr.value, ast::Value::Expr(expr) if is_list(expr))) {
        attrs::wrong(ctx, attr, "a list of strings, at least one", example);
    }
    found
}

fn is_list(expr: &ast::Expr) -> bool {
    matches!(expr.kind, ast::ExprKind::List(_))
}

fn audience(element: &ast::Arg) -> Option<String> {
    match element {
        ast::Arg::Expr(expr) => constant::string(expr).filter(|text| !text.is_empty()).map(str::to_owned),
        ast::Arg::Source(_) | ast::Arg::Named(..) => None,
    }
}

/// Who verifies: `auto`, or `host` for algorithms that hosts verify.
fn crypto(ctx: &mut Context<'_>, attr: &ast::Attr, algorithms: &[(hir::JwtAlgorithm, Span)]) -> hir::JwtCrypto {
    match &attr.value {
        ast::Value::Expr(ast::Expr { kind: ast::ExprKind::Name(name), .. }) if name == "auto" => return hir::JwtCrypto::Auto,
        ast::Value::Expr(ast::Expr { kind: ast::ExprKind::Name(name), .. }) if name == "host" => {}
        _ => {
            attrs::wrong(ctx, attr, "`auto` or `host`", "crypto = host");
            return hir::JwtCrypto::Auto;
        }
    }
    let offered = hir::JwtAlgorithm::ALL.into_iter().filter(|algorithm| algorithm.host_verifies()).map(hir::JwtAlgorithm::as_str);
    let offered = offered.collect::<Vec<_>>().join(", ");
    for (algorithm, span) in algorithms.iter().filter(|(algorithm, _)| !algorithm.host_verifies()) {
        let message = format!("no host verifies `{}`", algorithm.as_str());
        let help = format!("leave `crypto` out, so that the module verifies it, or name only some of {offered}");
        ctx.error(Code::BadCredential, *span, message, "`crypto = host` asks the host alone", help);
    }
    hir::JwtCrypto::Host
}

/// The algorithms, each with its place.
fn algorithms(ctx: &mut Context<'_>, jwt: &ast::Jwt, attrs: &Attrs<'_>) -> Vec<(hir::JwtAlgorithm, Span)> {
    let example = "algorithms = [RS256]";
    let Some(attr) = attrs.get("algorithms") else {
        attrs::missing(ctx, jwt.name.span, &format!("`jwt {}`", jwt.name.text), "algorithms", example);
        return Vec::new();
    };
    let Some(elements) = attrs::list(ctx, attr, "a list of algorithms", example) else { return Vec::new() };
    if elements.is_empty() {
        attrs::wrong(ctx, attr, "at least one algorithm", example);
    }
    let mut found: Vec<(hir::JwtAlgorithm, Span)> = Vec::new();
    for element in elements {
        let Some((algorithm, span)) = algorithm(ctx, element) else { continue };
        if found.iter().any(|(known, _)| *known == algorithm) {
            ctx.ineffective(span, format!("`{}` is named twice", algorithm.as_str()), "named before", "drop it");
            continue;
        }
        if let Some((first, _)) = found.first()
            && first.is_hmac() != algorithm.is_hmac()
        {
            ctx.error(
                Code::BadCredential,
                span,
                format!("`{}` and `{}` in one `jwt`", first.as_str(), algorithm.as_str()),
                "one takes a secret, the other a public key",
                "declare a `jwt` for each: who knows the public key could sign with it as a secret",
            );
            continue;
        }
        found.push((algorithm, span));
    }
    found
}

fn algorithm(ctx: &mut Context<'_>, element: &ast::Arg) -> Option<(hir::JwtAlgorithm, Span)> {
    let (name, span) = match element {
        ast::Arg::Expr(expr) => match &expr.kind {
            ast::ExprKind::Constant(name) | ast::ExprKind::Name(name) | ast::ExprKind::String(name) => (name.as_str(), expr.span),
            _ => ("", expr.span),
        },
        ast::Arg::Source(source) => ("", source.span),
        ast::Arg::Named(name, _) => ("", name.span),
    };
    let bare = matches!(element, ast::Arg::Expr(ast::Expr { kind: ast::ExprKind::Constant(_), .. }));
    if let Some(algorithm) = hir::JwtAlgorithm::ALL.into_iter().find(|algorithm| algorithm.as_str() == name && bare) {
        return Some((algorithm, span));
    }
    if name.eq_ignore_ascii_case("none") {
        ctx.error(
            Code::BadCredential,
            span,
            "tokens without a signature",
            "anybody can write one",
            "name the algorithms of your issuer, such as `RS256`",
        );
        return None;
    }
    let names = hir::JwtAlgorithm::ALL.map(hir::JwtAlgorithm::as_str);
    let help = suggest::help(name, names, &format!("name some of {}", names.join(", ")));
    ctx.error(Code::BadCredential, span, "an algorithm that there is not", "unknown algorithm", help);
    None
}
