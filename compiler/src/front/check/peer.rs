//! `mtls`: what the certificate of a peer has to say; and certificates in tests.

use super::context::{Context, Symbol};
use super::{attrs, constant, suggest, test_value};
use crate::base::{Code, Span};
use crate::ir::{ast, hir};
use crate::lang::attributes::Block;

/// Checks one declaration.
pub(super) fn check(ctx: &mut Context<'_>, declaration: &ast::Declaration) -> hir::Mtls {
    let attrs = attrs::check(ctx, Block::Declaration(declaration.kind), &declaration.attrs);
    let mut patterns = |name: &str, example: &str| attrs.get(name).map(|attr| patterns(ctx, attr, example)).unwrap_or_default();
    let sans = patterns("sans", "sans = [\"spiffe://example.org/*\"]");
    let subjects = patterns("subjects", "subjects = [\"CN=orders,O=Example\"]");
    if attrs.get("sans").is_none() && attrs.get("subjects").is_none() {
        let what = format!("`mtls {}`", declaration.name.text);
        attrs::missing(ctx, declaration.name.span, &what, "sans", "sans = [\"spiffe://example.org/*\"]");
    }
    hir::Mtls { name: declaration.name.clone(), sans, subjects }
}

fn patterns(ctx: &mut Context<'_>, attr: &ast::Attr, example: &str) -> Vec<hir::PeerPattern> {
    let Some(elements) = attrs::list(ctx, attr, "a list of names", example) else { return Vec::new() };
    if elements.is_empty() {
        let help = format!("write `{example}`");
        ctx.error(Code::BadCredential, attrs::value_span(attr), "a certificate that nobody can have", "names nothing", help);
    }
    let mut found = Vec::new();
    for element in elements {
        let (text, span) = match element {
            ast::Arg::Expr(expr) => (constant::string(expr), expr.span),
            ast::Arg::Source(source) => (None, source.span),
            ast::Arg::Named(name, _) => (None, name.span),
        };
        let Some(text) = text else {
            let help = format!("write the names out, as in `{example}`");
            ctx.error(Code::NotConstant, span, "a name that is no string literal", "names of certificates are constants", help);
            continue;
        };
        match pattern(text, attr.name.text == "sans") {
            Ok(pattern) if found.contains(&pattern) => {
                ctx.warning(Code::Repeated, span, format!("`{text}` is named twice"), "named before", "drop it");
            }
            Ok(pattern) => found.push(pattern),
            Err((label, help)) => ctx.error(Code::BadCredential, span, format!("no certificate can be told by `{text}`"), label, help),
        }
    }
    found
}

/// A star stands only where a part of the name ends: `spiffe://example.org*` would take `spiffe://example.org.evil.test/`.
fn pattern(text: &str, san: bool) -> Result<hir::PeerPattern, (&'static str, String)> {
    if text.is_empty() || text.chars().any(char::is_control) {
        return Err(("empty, or with a control character", "write a name, or `*` for any".to_owned()));
    }
    let stars = text.matches('*').count();
    if stars == 0 {
        return Ok(hir::PeerPattern::Exact(text.to_owned()));
    }
    if text == "*" {
        return Ok(hir::PeerPattern::Any);
    }
    let (before, after) = text.split_once('*').unwrap_or((text, ""));
    if stars == 1 && san && after.is_empty() && before.ends_with('/') && !before.ends_with("://") {
        return Ok(hir::PeerPattern::Begins(before.to_owned()));
    }
    if stars == 1 && san && before.is_empty() && after.starts_with('.') && after.len() > 1 {
        return Ok(hir::PeerPattern::Ends(after.to_owned()));
    }
    if stars == 1 && !san && before.is_empty() && after.starts_with(',') && after.len() > 1 {
        return Ok(hir::PeerPattern::Ends(after.to_owned()));
    }
    let help = if san {
        "write the whole name, `spiffe://example.org/ns/*`, `*.example.org`, or `*` for any"
    } else {
        "write the whole subject, `*,O=Example,C=DE`, or `*` for any"
    };
    Err(("a star that does not stand for whole parts of the name", help.to_owned()))
}

/// Whether `token NAME {…}` speaks of a certificate: of `client`, or of an `mtls`.
pub(super) fn is_peer(ctx: &Context<'_>, name: &ast::Name) -> bool {
    let credential = match ctx.symbols.get(&name.text) {
        Some((Symbol::Credential(id), _)) => ctx.credentials.get(id.index()),
        Some(_) | None => None,
    };
    name.text == "client" || matches!(credential, Some(hir::Credential::Mtls(_)))
}

/// The certificate in a test: `{ subject: "CN=…", sans: ["…"] }`.
pub(super) fn certificate(ctx: &mut Context<'_>, object: &ast::Expr, variables: &[String]) -> hir::Certificate {
    let mut found = hir::Certificate::default();
    let Some(hir::TestValue::Object(members)) = test_value::value(ctx, object, variables) else { return found };
    for (name, value) in members {
        match (name.as_str(), value) {
            ("subject", value @ hir::TestValue::String(_)) => found.subject = Some(value),
            ("sans", hir::TestValue::List(values)) if values.iter().all(|value| matches!(value, hir::TestValue::String(_))) => {
                found.sans = values;
            }
            ("subject" | "sans", _) => bad(ctx, object.span, "a certificate has a `subject` (a string) and `sans` (a list of strings)"),
            (other, _) => {
                let help = suggest::help(other, ["subject", "sans"], "write `subject` and `sans`");
                ctx.error(Code::BadTest, object.span, format!("a certificate has no `{other}`"), "unknown member", help);
            }
        }
    }
    found
}

fn bad(ctx: &mut Context<'_>, span: Span, message: &str) {
    ctx.error(
        Code::BadTest,
        span,
        message,
        "of another type",
        "write `{ subject: \"CN=orders\", sans: [\"spiffe://example.org/orders\"] }`",
    );
}
