//! Host patterns: names and `*.example.com`.

use std::net::{IpAddr, Ipv6Addr};

use super::context::Context;
use super::{attrs, constant};
use crate::base::Code;
use crate::ir::{ast, hir};
use crate::lang::url;

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
            Err((label, help)) => ctx.error(Code::BadHost, *span, format!("`{text}` is no host pattern"), label, help),
        }
    }
    hosts
}

/// A label and a help text.
type Refusal = (&'static str, String);

const NONE: &str = "no host matches this";

/// A host pattern, or why a text is none.
pub(super) fn pattern(text: &str) -> Result<hir::HostPattern, Refusal> {
    let lower = text.to_ascii_lowercase();
    let (name, under) = match lower.strip_prefix("*.") {
        Some(rest) => (rest, true),
        None => (lower.as_str(), false),
    };
    if let (Some(address), false) = (in_brackets(name), under)
        && let Ok(address) = address.parse::<Ipv6Addr>()
    {
        // Requests are compared in the same spelling, that of RFC 5952.
        return Ok(hir::HostPattern::Exact(format!("[{address}]")));
    }
    let label = |label: &str| {
        !label.is_empty() && label.len() <= 63 && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    if name.len() > 253 || !name.split('.').all(label) {
        return Err(refusal(&lower));
    }
    Ok(if under { hir::HostPattern::Under(name.to_owned()) } else { hir::HostPattern::Exact(name.to_owned()) })
}

fn in_brackets(text: &str) -> Option<&str> {
    text.strip_prefix('[')?.strip_suffix(']')
}

/// What is wrong with a text that is no pattern, and what was meant by it.
fn refusal(text: &str) -> Refusal {
    if let Some(help) = network(text.split_once("://").map_or(text, |(_, rest)| rest)) {
        return ("a network is no host", help);
    }
    if let Some(refusal) = url::parts(text).and_then(|(authority, _)| meant(text, url::without_user(authority))) {
        return refusal;
    }
    if in_brackets(text).is_some() {
        return (NONE, "write an IPv6 address between the brackets".to_owned());
    }
    if text.strip_prefix("*.").unwrap_or(text).contains('*') {
        return (NONE, "write `*` only as the whole first label, as in `*.example.com`".to_owned());
    }
    let ascii = if text.is_ascii() { "" } else { ", in ASCII: letters of other scripts as in `xn--bcher-kva.example`" };
    (NONE, format!("write a name such as `api.example.com` or `*.example.com`{ascii}"))
}

/// How requests from a network are told, when the text is one.
fn network(text: &str) -> Option<String> {
    let (address, bits) = text.split_once('/')?;
    let address = in_brackets(address).unwrap_or(address);
    address.parse::<IpAddr>().ok().filter(|_| !bits.is_empty() && bits.bytes().all(|byte| byte.is_ascii_digit()))?;
    let network = constant::cidr(&format!("{address}/{bits}")).map_or("…".to_owned(), |(address, bits)| format!("\"{address}/{bits}\""));
    Some(format!("name a host or a single address, or test `client.ip in {network}` in a `when` for a network of clients"))
}

/// What is meant by a text with more than a host in it, or with an address as it stands elsewhere.
fn meant(text: &str, authority: &str) -> Option<Refusal> {
    const BRACKETS: &str = "an IPv6 address stands in brackets";
    let bare = url::without_port(authority);
    let bare = bare.strip_suffix('.').unwrap_or(bare);
    if matches!(bare, "*" | "**") {
        return Some(("each host is meant", "leave `hosts` out to speak for all hosts".to_owned()));
    }
    if authority.parse::<Ipv6Addr>().is_ok() {
        // Of `1::2:443` nobody can tell whether it ends with a port.
        let help = if authority != bare && bare.parse::<Ipv6Addr>().is_ok() {
            format!("write `[{authority}]` for this address, `[{bare}]` if a port follows it")
        } else {
            format!("write `[{authority}]`")
        };
        return Some((BRACKETS, help));
    }
    if bare.parse::<Ipv6Addr>().is_ok() {
        return Some((BRACKETS, format!("write `[{bare}]`, without the port")));
    }
    let more = bare != text && pattern(bare).is_ok();
    more.then(|| (NONE, format!("write `{bare}`: a host stands without scheme, port, path and final dot")))
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
