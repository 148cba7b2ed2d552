//! Comparisons with what a value never is: hosts with capitals, hours above 23, paths with `//`, lengths below zero. In: every
//! comparison of the policy. Out: warnings, each with the value that was meant.

use super::{Subject, constant};
use crate::base::{Code, Diagnostic, Span};
use crate::ir::hir::{self, Const, ExprKind, Function, Read};
use crate::lang::methods::METHODS;
use crate::lang::{regex, url};

pub(super) fn lint(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let policy = subject.policy;
    let mut found = Vec::new();
    for rule in &policy.rules {
        let arms: Vec<&hir::Expr> = match &rule.kind {
            hir::RuleKind::Route(route) => route.arms.iter().map(|arm| &arm.condition).collect(),
            _ => Vec::new(),
        };
        rule.conditions.iter().chain(arms).for_each(|condition| walk(policy, condition, &mut found));
    }
    policy.lets.iter().for_each(|item| walk(policy, &item.value, &mut found));
    policy.fns.iter().for_each(|item| walk(policy, &item.body, &mut found));
    found
}

fn walk(policy: &hir::Policy, expr: &hir::Expr, found: &mut Vec<Diagnostic>) {
    match &expr.kind {
        // `a != b` is `not (a == b)` in the same place.
        ExprKind::Not(operand) if operand.span == expr.span && matches!(operand.kind, ExprKind::Equal(..)) => {
            found.extend(judge(policy, operand).into_iter().map(opposite));
            return operand.operands().into_iter().for_each(|operand| walk(policy, operand, found));
        }
        _ => found.extend(judge(policy, expr)),
    }
    expr.operands().into_iter().for_each(|operand| walk(policy, operand, found));
}

const NEVER: &str = "a comparison that never holds";
const ALWAYS: &str = "a comparison that always holds";

fn never(span: Span, label: impl Into<String>, help: impl Into<String>) -> Diagnostic {
    Diagnostic::warning(Code::NeverTrue, span, NEVER, label).help(help)
}

fn always(span: Span, label: impl Into<String>, help: &str) -> Diagnostic {
    Diagnostic::warning(Code::AlwaysTrue, span, ALWAYS, label).help(help)
}

fn opposite(found: Diagnostic) -> Diagnostic {
    let (code, message) = match found.code {
        Code::NeverTrue => (Code::AlwaysTrue, ALWAYS),
        Code::AlwaysTrue => (Code::NeverTrue, NEVER),
        _ => return found,
    };
    Diagnostic { code, message: message.to_owned(), ..found }
}

/// Which part of a text is compared.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Whole,
    Start,
    End,
    Any,
}

fn judge(policy: &hir::Policy, expr: &hir::Expr) -> Vec<Diagnostic> {
    let one = |found: Option<Diagnostic>| found.into_iter().collect();
    match &expr.kind {
        ExprKind::Equal(left, right) => {
            let sides = [(left, right), (right, left)];
            let value = sides.into_iter().find_map(|(side, other)| Some((side, constant::constant(policy, other)?)));
            match value {
                Some((side, value)) => one(equal(policy, side, value, expr.span)),
                None => one(itself(left, right, expr.span)),
            }
        }
        ExprKind::In(needle, list) => {
            let ExprKind::ListOf(items) = &list.kind else { return Vec::new() };
            let each = items.iter().filter_map(|item| equal(policy, needle, constant::constant(policy, item)?, item.span));
            each.collect()
        }
        ExprKind::Less(left, right) | ExprKind::LessEqual(left, right) => {
            one(order(policy, left, right, matches!(expr.kind, ExprKind::Less(..)), expr.span))
        }
        ExprKind::StartsWith(text, part) => one(part_of(policy, text, part, Part::Start, expr.span)),
        ExprKind::EndsWith(text, part) => one(part_of(policy, text, part, Part::End, expr.span)),
        ExprKind::Contains(text, part) => one(part_of(policy, text, part, Part::Any, expr.span)),
        ExprKind::Matches(text, pattern, flags) if !text.ty.is_optional() && matches_all(pattern, flags) => {
            one(Some(always(expr.span, "the pattern fits every text", "drop it, or anchor it with `^` and `$`")))
        }
        _ => Vec::new(),
    }
}

/// `x == x`
fn itself(left: &hir::Expr, right: &hir::Expr, span: Span) -> Option<Diagnostic> {
    let same = !left.ty.is_optional() && left.without_places() == right.without_places();
    same.then(|| always(span, "both sides are the same", "drop it, or compare with something else"))
}

fn equal(policy: &hir::Policy, side: &hir::Expr, value: &Const, span: Span) -> Option<Diagnostic> {
    let side = policy.behind_lets(side);
    match value {
        Const::Float(value) if *side.ty.present() == hir::Ty::Int && value.fract() != 0.0 => {
            let help = format!("write a whole number such as `{}`, or `float(…)` on the other side", value.trunc());
            Some(never(span, "an int has no fraction", help))
        }
        Const::Int(value) => {
            let (what, least, most) = range(side)?;
            let outside = *value < least || most.is_some_and(|most| *value > most);
            outside.then(|| never(span, is(what, least, most), in_range(least, most)))
        }
        Const::String(text) => text_of(policy, side, text, Part::Whole, span),
        Const::Bool(_) | Const::Float(_) | Const::Bytes(_) | Const::Ip(_) | Const::Cidr(..) => None,
    }
}

/// What a number is, its least value and its greatest.
fn range(side: &hir::Expr) -> Option<(&'static str, i64, Option<i64>)> {
    Some(match &side.kind {
        ExprKind::Read(Read::NowHour) => ("an hour", 0, Some(23)),
        ExprKind::Read(Read::NowMinute) => ("a minute", 0, Some(59)),
        ExprKind::Read(Read::NowWeekday) => ("a weekday", 1, Some(7)),
        ExprKind::Read(Read::ClientPort) => ("a port", 0, Some(65_535)),
        ExprKind::Read(Read::ResponseStatus) => ("a status", 0, Some(999)),
        ExprKind::Read(Read::HeaderCount | Read::QueryCount) => ("a count", 0, None),
        ExprKind::Read(Read::BodySize) => ("a size", 0, None),
        ExprKind::Call(Function::Len, _) => ("a length", 0, None),
        _ => return None,
    })
}

fn is(what: &str, least: i64, most: Option<i64>) -> String {
    match most {
        Some(most) => format!("{what} is from {least} to {most}"),
        None => format!("{what} is {least} or more"),
    }
}

fn in_range(least: i64, most: Option<i64>) -> String {
    match most {
        Some(most) => format!("write a number from {least} to {most}"),
        None => format!("write a number from {least} on"),
    }
}

/// `left < right`, or `left <= right`.
fn order(policy: &hir::Policy, left: &hir::Expr, right: &hir::Expr, strict: bool, span: Span) -> Option<Diagnostic> {
    let slack = i64::from(strict);
    let (side, least_meant, most_meant) = match (constant::constant(policy, left), constant::constant(policy, right)) {
        (None, Some(Const::Int(bound))) => (left, i64::MIN, bound.saturating_sub(slack)),
        (Some(Const::Int(bound)), None) => (right, bound.saturating_add(slack), i64::MAX),
        _ => return None,
    };
    let (what, least, most) = range(policy.behind_lets(side))?;
    let greatest = most.unwrap_or(i64::MAX);
    if most_meant < least || least_meant > greatest {
        return Some(never(span, is(what, least, most), in_range(least, most)));
    }
    let all = least_meant <= least && most_meant >= greatest;
    all.then(|| always(span, is(what, least, most), "drop it, or compare with another number"))
}

fn part_of(policy: &hir::Policy, text: &hir::Expr, part: &hir::Expr, which: Part, span: Span) -> Option<Diagnostic> {
    let Some(Const::String(part)) = constant::constant(policy, part) else { return None };
    if part.is_empty() {
        return (!text.ty.is_optional()).then(|| always(span, "every text has an empty part", "drop it, or write what was meant"));
    }
    text_of(policy, policy.behind_lets(text), part, which, span)
}

/// A text that the side never is, or never has.
fn text_of(policy: &hir::Policy, side: &hir::Expr, text: &str, part: Part, span: Span) -> Option<Diagnostic> {
    let capitals = text.bytes().any(|byte| byte.is_ascii_uppercase());
    let lower = || format!("write `\"{}\"`", text.to_ascii_lowercase().escape_debug());
    match &side.kind {
        ExprKind::Read(Read::Host) => {
            let in_capitals = || capitals.then(|| never(span, "a host has no capital letters", lower()));
            host(&text.to_ascii_lowercase(), part, span).or_else(in_capitals)
        }
        ExprKind::Read(Read::Path) if policy.normalize_path => path(text, part, span),
        ExprKind::Read(Read::Method) if part == Part::Whole => method(text, span),
        ExprKind::Read(Read::Scheme) if part == Part::Whole && policy.trusted_hops == 0 && !matches!(text, "http" | "https") => {
            Some(never(span, "a scheme is `http` or `https`", "write `\"https\"`"))
        }
        ExprKind::Call(Function::Lower, _) if capitals => Some(never(span, "`lower` leaves no capital letters", lower())),
        ExprKind::Call(Function::HexEncode, _) if capitals => Some(never(span, "`hex_encode` writes small letters", lower())),
        ExprKind::Call(Function::Upper, _) if text.bytes().any(|byte| byte.is_ascii_lowercase()) => {
            let help = format!("write `\"{}\"`", text.to_ascii_uppercase().escape_debug());
            Some(never(span, "`upper` leaves no small letters", help))
        }
        ExprKind::Call(Function::Trim, _) => {
            let blank = |c: char| c.is_ascii_whitespace();
            let start = matches!(part, Part::Whole | Part::Start) && text.starts_with(blank);
            let end = matches!(part, Part::Whole | Part::End) && text.ends_with(blank);
            let help = format!("write `\"{}\"`", text.trim_matches(blank).escape_debug());
            (start || end).then(|| never(span, "`trim` leaves no blanks at the ends", help))
        }
        _ => None,
    }
}

fn host(text: &str, part: Part, span: Span) -> Option<Diagnostic> {
    if !matches!(part, Part::Whole | Part::End) {
        return None;
    }
    if part == Part::Whole {
        let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
        if let Ok(address) = bare.parse::<std::net::Ipv6Addr>() {
            let meant = format!("[{address}]");
            return (meant != text).then(|| never(span, "an IPv6 address has brackets and one spelling", format!("write `\"{meant}\"`")));
        }
        if let Some(stem) = text.strip_prefix("*.") {
            let help = format!("write `request.host ends_with \".{}\"`", stem.escape_debug());
            return Some(never(span, "a host has no `*`: only `hosts` has patterns", help));
        }
        if text.split_once('/').is_some_and(|(address, bits)| address.parse::<std::net::IpAddr>().is_ok() && bits.parse::<u8>().is_ok()) {
            return Some(never(span, "a network is no host", format!("write `client.ip in \"{text}\"` for who calls")));
        }
        let more = text.contains(['/', '@', '?', '#']);
        if let Some((authority, _)) = url::parts(text).filter(|_| more) {
            let label = if text.contains("//") { "a host has no scheme" } else { "a host has no path" };
            let label = if authority.contains('@') { "a host has no user" } else { label };
            let name = url::without_port(url::without_user(authority)).trim_end_matches('.');
            return Some(never(span, label, host_instead(name)));
        }
        if !text.is_ascii() {
            return Some(never(span, "a host is ASCII", "write the name as it is asked for, as in `xn--bcher-kva.example`"));
        }
    }
    let (name, port) = text.rsplit_once(':').unwrap_or((text, "x"));
    let bracketed = name.starts_with('[') && !name.ends_with(']');
    let (label, meant) = if port.bytes().all(|byte| byte.is_ascii_digit()) && !bracketed {
        ("a host has no port", name)
    } else if text.len() > 1 && text.ends_with('.') {
        ("a host has no dot at its end", text.trim_end_matches('.'))
    } else {
        return None;
    };
    Some(never(span, label, host_instead(meant)))
}

fn host_instead(name: &str) -> String {
    if name.is_empty() { "write a host".to_owned() } else { format!("write `\"{}\"`", name.escape_debug()) }
}

fn path(text: &str, part: Part, span: Span) -> Option<Diagnostic> {
    if matches!(part, Part::Whole | Part::Start) && !text.starts_with(['/', '*']) {
        let path = url::parts(text).filter(|_| text.contains("://")).map_or(format!("/{text}"), |(_, path)| path.to_owned());
        let path = if path.is_empty() { "/".to_owned() } else { path };
        return Some(never(span, "a path begins with `/`", format!("write `\"{}\"`", path.escape_debug())));
    }
    let at_end = matches!(part, Part::Whole | Part::End) && (text.ends_with("/..") || text.ends_with("/."));
    let doubled = text.contains("//");
    if !(doubled || text.contains("/../") || text.contains("/./") || at_end) {
        return None;
    }
    let label = if doubled { "paths are normalised: `//` is one `/`" } else { "paths are normalised: `.` and `..` are resolved" };
    Some(never(span, label, "drop it: `request.raw_path` is what was received"))
}

fn method(text: &str, span: Span) -> Option<Diagnostic> {
    let meant = METHODS.iter().find(|method| text != **method && text.eq_ignore_ascii_case(method))?;
    let message = format!("`{text}` is an unusual method");
    let found = Diagnostic::warning(Code::UnusualMethod, span, message, "methods are compared with their case");
    Some(found.help(format!("write `\"{meant}\"`")))
}

/// Whether a pattern is found in every text: it takes the empty text at the start, where `^` holds.
fn matches_all(pattern: &str, flags: &str) -> bool {
    let Ok(tree) = regex::parse(pattern, flags) else { return false };
    let properties = tree.properties();
    let anchors =
        properties.look_set().iter().all(|look| matches!(look, regex_syntax::hir::Look::Start | regex_syntax::hir::Look::StartLF));
    properties.minimum_len() == Some(0) && anchors
}
