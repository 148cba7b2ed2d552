//! `service`: a cluster of the host that can be called.

use super::attrs::{self, Attrs};
use super::context::Context;
use super::{constant, jwt};
use crate::ir::{ast, hir};
use crate::lang::attributes::Block;

/// 200 ms.
const TIMEOUT: i64 = 200_000_000;

/// Checks all services; each keeps its place in the tree, at fault or not.
pub(super) fn check(ctx: &mut Context<'_>, declarations: &[&ast::Declaration]) {
    for declaration in declarations {
        let attrs = attrs::check(ctx, Block::Declaration(declaration.kind), &declaration.attrs);
        let example = "cluster = \"identity\"";
        let cluster = text(ctx, &attrs, "cluster", example);
        if attrs.get("cluster").is_none() {
            attrs::missing(ctx, declaration.name.span, &format!("`service {}`", declaration.name.text), "cluster", example);
        }
        let cluster = cluster.unwrap_or_default();
        let authority = text(ctx, &attrs, "authority", "authority = \"id.example.com\"").unwrap_or_else(|| cluster.clone());
        let timeout = attrs.get("timeout").and_then(|attr| match jwt::duration(ctx, attr, "timeout = 200ms") {
            Some(timeout) if timeout < 1_000_000 => {
                attrs::wrong(ctx, attr, "a duration of at least a millisecond", "timeout = 200ms");
                None
            }
            timeout => timeout,
        });
        ctx.services.push(hir::Service { name: declaration.name.clone(), cluster, authority, timeout: timeout.unwrap_or(TIMEOUT) });
    }
}

/// A text that can stand in a header.
fn text(ctx: &mut Context<'_>, attrs: &Attrs<'_>, name: &str, example: &str) -> Option<String> {
    let attr = attrs.get(name)?;
    if let ast::Value::Expr(expr) = &attr.value
        && let Some(text) = constant::string(expr)
        && !text.is_empty()
        && !text.chars().any(|letter| letter.is_control() || letter == ' ')
    {
        return Some(text.to_owned());
    }
    attrs::wrong(ctx, attr, "a string without blanks and control characters", example);
    None
}
