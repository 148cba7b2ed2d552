//! `covers`: what an HTTP message signature has to sign (RFC 9421, section 2). In: the attribute. Out: names of components.

use super::attrs;
use super::context::Context;
use super::suggest;
use crate::base::Code;
use crate::ir::{ast, hir};
use crate::lang::headers;

/// What an HTTP message signature has to cover where `covers` is absent.
const COVERS: [&str; 5] = ["@method", "@authority", "@path", "@query", "content-digest"];
/// Derived components that can be covered.
const DERIVED: [&str; 5] = ["@method", "@authority", "@path", "@query", "@request-target"];
/// Most components that `covers` names.
const MOST_COVERED: usize = 32;

/// The components where `covers` is absent.
pub(super) fn usual() -> Vec<String> {
    COVERS.map(str::to_owned).to_vec()
}

/// `covers = ["@method", "date"]`: what an HTTP message signature has to cover.
pub(super) fn check(ctx: &mut Context<'_>, attr: &ast::Attr, hmac: &mut hir::Hmac) {
    let example = "covers = [\"@method\", \"@authority\", \"@path\", \"@query\", \"content-digest\"]";
    let Some(http) = &mut hmac.http else {
        let help = "drop it: `covers` belongs to `scheme = http_signature`";
        ctx.error(Code::BadCredential, attr.name.span, "`covers` of a scheme that says itself what is signed".to_owned(), "not read", help);
        return;
    };
    let Some(elements) = attrs::list(ctx, attr, "a list of components", example) else { return };
    let mut found: Vec<String> = Vec::new();
    for element in elements {
        let ast::Arg::Expr(ast::Expr { kind: ast::ExprKind::String(text), span }) = element else {
            attrs::wrong(ctx, attr, "a list of components", example);
            return;
        };
        let name = text.to_ascii_lowercase();
        if name.starts_with('@') && !DERIVED.contains(&name.as_str()) {
            let known = DERIVED.map(|name| format!("`{name}`")).join(", ");
            let help = suggest::help(&name, DERIVED, &format!("write the name of a header, or one of {known}"));
            let message = format!("the component `{name}` cannot be verified here");
            ctx.error(Code::UnknownOption, *span, message, "no component of a request that is known", help);
        } else if !name.starts_with('@') && !headers::is_name(&name) {
            let message = format!("`{text}` is no component");
            let help =
                "write the name of a header, or of a derived component such as `@method`; components with parameters are not verified";
            ctx.error(Code::BadHeaderName, *span, message, "neither a header nor a derived component", help);
        } else if found.contains(&name) {
            ctx.ineffective(*span, format!("`{name}` twice"), "named before", "drop it");
        } else {
            found.push(name);
        }
    }
    if elements.is_empty() || elements.len() > MOST_COVERED {
        attrs::wrong(ctx, attr, &format!("1 to {MOST_COVERED} components"), example);
        return;
    }
    http.covers = found;
}
