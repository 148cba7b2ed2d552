//! Host patterns: names and `*.example.com`.

use super::attrs;
use super::context::Context;
use crate::base::Code;
use crate::ir::{ast, hir};

/// Checks a `hosts = […]` attribute.
pub(super) fn hosts(ctx: &mut Context<'_>, attr: Option<&ast::Attr>) -> Vec<hir::HostPattern> {
    let Some(attr) = attr else { return Vec::new() };
    let example = "hosts = [\"api.example.com\"]";
    let Some(elements) = attrs::list(ctx, attr, "a list of host names", example) else { return Vec::new() };
    if elements.is_empty() {
        ctx.error(
            Code::BadHost,
            attrs::value_span(attr),
            "an empty list of hosts",
            "no request has one of these",
            "name a host, or leave `hosts` out for all",
        );
    }
    let mut hosts = Vec::new();
    for element in elements {
        let ast::Arg::Expr(ast::Expr { kind: ast::ExprKind::String(text), span }) = element else {
            attrs::wrong(ctx, attr, "a list of host names", example);
            continue;
        };
        match pattern(text) {
            Ok(host) if hosts.contains(&host) => {
                ctx.warning(Code::Repeated, *span, format!("the host `{text}` is named twice"), "named before", "drop it");
            }
            Ok(host) => hosts.push(host),
            Err(help) => ctx.error(Code::BadHost, *span, format!("`{text}` is no host pattern"), "no host matches this", help),
        }
    }
    hosts
}

/// A host pattern, or a help text.
pub(super) fn pattern(text: &str) -> Result<hir::HostPattern, String> {
    let lower = text.to_ascii_lowercase();
    let (name, under) = match lower.strip_prefix("*.") {
        Some(rest) => (rest, true),
        None => (lower.as_str(), false),
    };
    if text == "*" {
        return Err("leave `hosts` out to speak for all hosts".to_owned());
    }
    if let Some(meant) = meant(&lower) {
        return Err(format!("write `{meant}`: a host stands without scheme, port and final dot"));
    }
    if name.contains('*') {
        return Err("write `*` only as the whole first label, as in `*.example.com`".to_owned());
    }
    if name.starts_with('[') && name.ends_with(']') && !under {
        // Requests are compared in the same spelling, that of RFC 5952.
        let address = name.get(1..name.len() - 1).unwrap_or_default().parse::<std::net::Ipv6Addr>();
        return match address {
            Ok(address) => Ok(hir::HostPattern::Exact(format!("[{address}]"))),
            Err(_) => Err("write an IPv6 address between the brackets".to_owned()),
        };
    }
    let label = |label: &str| {
        !label.is_empty() && label.len() <= 63 && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    if name.len() > 253 || !name.split('.').all(label) {
        let ascii = if name.is_ascii() { "" } else { ", in ASCII: letters of other scripts as in `xn--bcher-kva.example`" };
        return Err(format!("write a name such as `api.example.com` or `*.example.com`{ascii}"));
    }
    Ok(if under { hir::HostPattern::Under(name.to_owned()) } else { hir::HostPattern::Exact(name.to_owned()) })
}

/// The pattern that a text with more than a host in it holds; nothing when it holds none.
fn meant(text: &str) -> Option<String> {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let rest = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let rest = without_user(rest);
    if rest.parse::<std::net::Ipv6Addr>().is_ok() {
        return Some(format!("[{rest}]"));
    }
    let bare = without_port(rest);
    let bare = bare.strip_suffix('.').unwrap_or(bare);
    (bare != text && pattern(bare).is_ok()).then(|| bare.to_owned())
}

/// The authority of a URL without `user:password@`.
pub(super) fn without_user(authority: &str) -> &str {
    authority.rsplit('@').next().unwrap_or(authority)
}

/// A host without `:port`: `:` and digits, or nothing, at the end.
pub(super) fn without_port(host: &str) -> &str {
    host.trim_end_matches(|c: char| c.is_ascii_digit()).strip_suffix(':').unwrap_or(host)
}

/// Whether one host can match both sets; an empty set is all hosts.
pub(super) fn overlap(left: &[hir::HostPattern], right: &[hir::HostPattern]) -> bool {
    left.is_empty() || right.is_empty() || left.iter().any(|left| right.iter().any(|right| meet(left, right)))
}

fn meet(left: &hir::HostPattern, right: &hir::HostPattern) -> bool {
    let under = |name: &str, suffix: &str| name.strip_suffix(suffix).is_some_and(|front| front.len() > 1 && front.ends_with('.'));
    match (left, right) {
        (hir::HostPattern::Exact(left), hir::HostPattern::Exact(right)) => left == right,
        (hir::HostPattern::Exact(name), hir::HostPattern::Under(suffix))
        | (hir::HostPattern::Under(suffix), hir::HostPattern::Exact(name)) => under(name, suffix),
        (hir::HostPattern::Under(left), hir::HostPattern::Under(right)) => left == right || under(left, right) || under(right, left),
    }
}
