//! `policy NAME { … }`: exactly one, with the outcome when nothing matches and the one when something fails.

use super::attrs;
use super::context::Context;
use super::env::Env;
use super::{constant, host, reply};
use crate::base::{Code, Diagnostic, FileId, Span};
use crate::ir::{ast, hir};
use crate::lang::attributes::Block;

/// What the `policy` block says.
pub(super) struct Header {
    pub(super) name: ast::Name,
    pub(super) default: hir::Action,
    pub(super) on_fault: hir::Action,
    pub(super) body_limit: u64,
    pub(super) on_oversize: hir::Action,
    pub(super) hosts: Vec<hir::HostPattern>,
    pub(super) trusted_hops: u8,
    pub(super) normalize_path: bool,
}

/// Checks the blocks found; the first counts.
pub(super) fn check(ctx: &mut Context<'_>, policies: &[&ast::Policy], file: Option<FileId>) -> Option<Header> {
    let file = file.unwrap_or_default();
    let (own, imported): (Vec<&ast::Policy>, Vec<&ast::Policy>) = policies.iter().partition(|policy| policy.name.span.file == file);
    for policy in imported {
        let mut found =
            Diagnostic::error(Code::MissingPolicy, policy.name.span, "a `policy` block in a file that is imported", "in an imported file");
        if let Some(first) = own.first() {
            found = found.also(first.name.span, "the policy is this one");
        }
        ctx.push(found.help("move what others import into a file without it"));
    }
    let Some(policy) = own.first() else {
        let span = Span::new(file, 0, 0);
        ctx.error(
            Code::MissingPolicy,
            span,
            "the file has no `policy` block",
            "nothing says what happens by default",
            "begin the file with `policy my_api { default = deny 403 }`",
        );
        return None;
    };
    for second in own.iter().skip(1) {
        ctx.push(
            Diagnostic::error(Code::MissingPolicy, second.name.span, "a second `policy` block", "declared again here")
                .also(policy.name.span, "first declared here")
                .help("keep one of them"),
        );
    }
    let attrs = attrs::check(ctx, Block::Policy, &policy.attrs);
    let default = match attrs.get("default") {
        Some(attr) => reply::action(ctx, &Env::new("the policy's `default`"), attr),
        None => Some(hir::Action::Deny(reply::empty(403))),
    };
    let on_fault = match attrs.get("on_fault") {
        Some(attr) => reply::action(ctx, &Env::new("the policy's `on_fault`"), attr),
        None => Some(hir::Action::Deny(reply::empty(503))),
    };
    let hosts = host::hosts(ctx, attrs.get("hosts"));
    let trusted_hops = attrs.get("trusted_hops").map_or(Some(0), |attr| hops(ctx, attr));
    let normalize_path = attrs.get("normalize_path").map_or(Some(true), |attr| attrs::boolean(ctx, attr));
    let on_oversize = match attrs.get("on_oversize") {
        Some(attr) => reply::action(ctx, &Env::new("the policy's `on_oversize`"), attr),
        None => Some(hir::Action::Deny(reply::empty(413))),
    };
    let body_limit = attrs.get("body_limit").map_or(Some(BODY_LIMIT), |attr| body_limit(ctx, attr));
    Some(Header {
        name: policy.name.clone(),
        default: default?,
        on_fault: on_fault?,
        body_limit: body_limit?,
        on_oversize: on_oversize?,
        hosts,
        trusted_hops: trusted_hops?,
        normalize_path: normalize_path?,
    })
}

/// More proxies than this stand in front of nothing; a larger number is a slip that would let clients name their address.
const HOPS: i64 = 16;

fn hops(ctx: &mut Context<'_>, attr: &ast::Attr) -> Option<u8> {
    let written = if let ast::Value::Expr(expr) = &attr.value { constant::int(expr) } else { None };
    let hops = written.filter(|hops| (0..=HOPS).contains(hops)).and_then(|hops| u8::try_from(hops).ok());
    if hops.is_none() {
        attrs::wrong(ctx, attr, &format!("a number of proxies from 0 to {HOPS}"), "trusted_hops = 1");
    }
    hops
}

/// `body_limit` where it is not written.
const BODY_LIMIT: u64 = 1 << 20;
/// A body lies in the memory of the module, which ends here.
const LARGEST_BODY: u64 = 64 << 20;

fn body_limit(ctx: &mut Context<'_>, attr: &ast::Attr) -> Option<u64> {
    let number = match &attr.value {
        ast::Value::Expr(value) => constant::int(value),
        ast::Value::Source(_) | ast::Value::Outcome(_) | ast::Value::Distinct(_) | ast::Value::Fetch(..) => None,
    };
    let Some(number) = number else {
        attrs::wrong(ctx, attr, "a size", "body_limit = 1MiB");
        return None;
    };
    let size = u64::try_from(number).ok().filter(|size| (1..=LARGEST_BODY).contains(size));
    if size.is_none() {
        let message = format!("`body_limit` is {number}");
        ctx.error(Code::TypeMismatch, attrs::value_span(attr), message, "1B to 64MiB", "write a size such as `1MiB`");
    }
    size
}

/// Warns about permits that decide nothing and scopes that no request reaches.
pub(super) fn check_effects(ctx: &mut Context<'_>, header: Option<&Header>) {
    let Some(policy) = header else { return };
    let unreached: Vec<Span> =
        ctx.scopes.iter().filter(|scope| !host::overlap(&policy.hosts, &scope.hosts)).map(|scope| scope.span).collect();
    for span in unreached {
        ctx.warning(
            Code::Unreached,
            span,
            "a scope that no request reaches",
            "its hosts are none of the policy's",
            "add its hosts to `hosts` of the policy, or drop the scope",
        );
    }
    if !matches!(header, Some(Header { default: hir::Action::Allow, .. })) {
        return;
    }
    let permits: Vec<ast::Name> =
        ctx.rules.iter().filter(|rule| rule.kind == hir::RuleKind::Permit && !rule.shadow).map(|rule| rule.name.clone()).collect();
    for name in permits {
        ctx.warning(
            Code::PermitWithoutEffect,
            name.span,
            format!("the permit `{}` decides nothing", name.text),
            "everything that no `forbid` refuses is allowed",
            "drop it, or write `default = deny 403` in the policy",
        );
    }
}
