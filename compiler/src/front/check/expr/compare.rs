//! Comparisons: operands of one type; absent operands make a comparison false.

use super::{choices, expect, failed, mixture, read};
use crate::base::{Code, Diagnostic, Span};
use crate::front::check::context::Context;
use crate::front::check::env::Env;
use crate::front::check::{constant, table};
use crate::ir::{ast, hir};
use crate::lang::regex;

/// A comparison as written.
pub(super) struct Written<'t> {
    pub(super) op: ast::CompareOp,
    pub(super) op_span: Span,
    pub(super) left: &'t ast::Expr,
    pub(super) right: &'t ast::Expr,
    pub(super) span: Span,
}

/// Checks a comparison.
pub(super) fn check(ctx: &mut Context<'_>, env: &Env, written: &Written<'_>) -> hir::Expr {
    let kind = match written.op {
        ast::CompareOp::Equal | ast::CompareOp::NotEqual => equal(ctx, env, written),
        ast::CompareOp::In | ast::CompareOp::NotIn => member(ctx, env, written),
        ast::CompareOp::Less | ast::CompareOp::LessEqual | ast::CompareOp::Greater | ast::CompareOp::GreaterEqual => {
            order(ctx, env, written)
        }
        ast::CompareOp::Contains | ast::CompareOp::StartsWith | ast::CompareOp::EndsWith => part(ctx, env, written),
        ast::CompareOp::Matches => matches(ctx, env, written),
    };
    let span = written.span;
    let Some(kind) = kind else { return failed(span) };
    let comparison = hir::Expr { kind, ty: hir::Ty::Bool, span };
    if matches!(written.op, ast::CompareOp::NotEqual | ast::CompareOp::NotIn) {
        return hir::Expr { kind: hir::ExprKind::Not(Box::new(comparison)), ty: hir::Ty::Bool, span };
    }
    comparison
}

/// Both operands by themselves; `None` when one was at fault.
fn operands(ctx: &mut Context<'_>, env: &Env, written: &Written<'_>) -> Option<(hir::Expr, hir::Expr)> {
    let left = super::check(ctx, env, written.left);
    let right = super::check(ctx, env, written.right);
    (left.ty != hir::Ty::Error && right.ty != hir::Ty::Error).then_some((left, right))
}

/// A text that stands in the policy without quotes: that was told, and what was meant is not known for certain.
fn is_bare(ctx: &Context<'_>, operand: &hir::Expr) -> bool {
    let text = matches!(operand.kind, hir::ExprKind::Const(hir::Const::String(_)));
    text && ctx.quote(operand.span).is_some_and(|quoted| quoted.starts_with(|c: char| c.is_ascii_digit()))
}

fn incomparable(ctx: &mut Context<'_>, written: &Written<'_>, left: &hir::Expr, right: &hir::Expr, help: &str) {
    if is_bare(ctx, left) || is_bare(ctx, right) {
        return;
    }
    let help = mixture::help(ctx, written, left, right).unwrap_or_else(|| help.to_owned());
    ctx.push(
        Diagnostic::error(
            Code::NotComparable,
            written.op_span,
            format!("{} and {} cannot be compared with `{}`", expect::article(&left.ty), expect::article(&right.ty), written.op.text()),
            "these do not go together",
        )
        .also(left.span, format!("has type `{}`", left.ty))
        .also(right.span, format!("has type `{}`", right.ty))
        .help(help),
    );
}

fn equal(ctx: &mut Context<'_>, env: &Env, written: &Written<'_>) -> Option<hir::ExprKind> {
    for (null, other) in [(written.right, written.left), (written.left, written.right)] {
        if null.kind == ast::ExprKind::Null {
            let operand = super::check(ctx, env, other);
            match operand.ty.present() {
                hir::Ty::Error => return None,
                hir::Ty::Json => return Some(hir::ExprKind::JsonIsNull(Box::new(operand))),
                _ => {}
            }
            let quoted = ctx.quote(other.span).unwrap_or_else(|| "…".to_owned());
            let word = if written.op == ast::CompareOp::Equal { "absent" } else { "present" };
            let help =
                if operand.ty.is_optional() { format!("write `{quoted} is {word}`") } else { "drop it: this is always there".to_owned() };
            ctx.error(Code::NullComparison, written.span, "only JSON values can be compared with `null`", "this is never `null`", help);
            return None;
        }
    }
    for (list, other) in [(written.right, written.left), (written.left, written.right)] {
        if matches!(&list.kind, ast::ExprKind::List(elements) if elements.is_empty()) {
            let operand = super::check(ctx, env, other);
            if operand.ty == hir::Ty::Error {
                return None;
            }
            let quoted = ctx.quote(other.span).unwrap_or_else(|| "…".to_owned());
            let default = if matches!(operand.ty, hir::Ty::List(_)) { "" } else { " ?? []" };
            let help = format!("write `len({quoted}{default}) {} 0`", written.op.text());
            ctx.error(Code::NotComparable, list.span, "lists cannot be compared as a whole", "a list without elements", help);
            return None;
        }
    }
    let (left, right) = choices::operands(ctx, env, written.left, written.right)?;
    let types = (left.ty.clone(), right.ty.clone());
    if network(ctx, written, &left, &right) {
        return None;
    }
    let right_type = left.ty.present().clone();
    let right = expect::retype(ctx, right, &right_type);
    let left_type = right.ty.present().clone();
    let left = expect::retype(ctx, left, &left_type);
    if left.ty == hir::Ty::Error || right.ty == hir::Ty::Error {
        return None;
    }
    let single = |ty: &hir::Ty| !matches!(ty, hir::Ty::List(_) | hir::Ty::Map(_) | hir::Ty::Regex | hir::Ty::Rate);
    let (a, b) = (left.ty.present(), right.ty.present());
    let fits = a == b || number(a) && number(b) || text_or_secret(a) && text_or_secret(b);
    if fits && single(a) {
        return Some(hir::ExprKind::Equal(Box::new(left), Box::new(right)));
    }
    let word = membership(written);
    let help = match (a, b) {
        (hir::Ty::List(_), _) | (_, hir::Ty::List(_)) => {
            let (list, value) = if matches!(a, hir::Ty::List(_)) { (&left, &right) } else { (&right, &left) };
            let quoted = |operand: &hir::Expr, other: &str| ctx.quote(operand.span).unwrap_or_else(|| other.to_owned());
            &match value.ty.present() {
                hir::Ty::Json => format!("look for each element, as in `\"a\" in {}`", quoted(value, "json")),
                hir::Ty::List(_) => "compare their elements, as in `some x in list satisfies x in other`".to_owned(),
                _ => format!("write `{} {word} {}`", quoted(value, "value"), quoted(list, "list")),
            }
        }
        (hir::Ty::Int | hir::Ty::Float, hir::Ty::String) | (hir::Ty::String, hir::Ty::Int | hir::Ty::Float) => {
            "write `int(text)` for the number in a text, or quote the number"
        }
        (hir::Ty::Ip, hir::Ty::Cidr) | (hir::Ty::Cidr, hir::Ty::Ip) => &format!("write `address {word} network`"),
        _ => "compare values of one type",
    };
    // As they are written, not as one would have been taken for the other.
    let (left, right) = (hir::Expr { ty: types.0, ..left.clone() }, hir::Expr { ty: types.1, ..right.clone() });
    incomparable(ctx, written, &left, &right, help);
    None
}

/// What is written for `==` or `!=` where a part of something is meant.
fn membership(written: &Written<'_>) -> &'static str {
    if written.op == ast::CompareOp::NotEqual { "not in" } else { "in" }
}

/// Whether an address is compared with the text of a network, which is reported: it is equal to none.
fn network(ctx: &mut Context<'_>, written: &Written<'_>, left: &hir::Expr, right: &hir::Expr) -> bool {
    let text = |operand: &hir::Expr| match &operand.kind {
        hir::ExprKind::Const(hir::Const::String(text)) if text.contains('/') && constant::cidr(text).is_ok() => Some(text.clone()),
        _ => None,
    };
    let (address, network, text) = match (left.ty.present(), right.ty.present()) {
        (hir::Ty::Ip, _) => (left, right, text(right)),
        (_, hir::Ty::Ip) => (right, left, text(left)),
        _ => return false,
    };
    let Some(text) = text else { return false };
    let quoted = ctx.quote(address.span).unwrap_or_else(|| "…".to_owned());
    let word = membership(written);
    let message = format!("an address is compared with the network `{text}`");
    ctx.error(Code::NotComparable, network.span, message, "an address is in it or not", format!("write `{quoted} {word} \"{text}\"`"));
    true
}

fn number(ty: &hir::Ty) -> bool {
    matches!(ty, hir::Ty::Int | hir::Ty::Float)
}

fn text_or_secret(ty: &hir::Ty) -> bool {
    matches!(ty, hir::Ty::String | hir::Ty::Secret | hir::Ty::Bytes)
}

fn order(ctx: &mut Context<'_>, env: &Env, written: &Written<'_>) -> Option<hir::ExprKind> {
    let (left, right) = operands(ctx, env, written)?;
    let (a, b) = (left.ty.present(), right.ty.present());
    let ordered = |ty: &hir::Ty| matches!(ty, hir::Ty::Int | hir::Ty::Float | hir::Ty::Duration | hir::Ty::Time);
    if !(ordered(a) && (a == b || number(a) && number(b))) {
        let help = match (a, b) {
            (hir::Ty::Json, _) | (_, hir::Ty::Json) => "write `int(value) ?? 0` for the number in a JSON value",
            (hir::Ty::String, _) | (_, hir::Ty::String) => "write `int(text) ?? 0` for the number in a text",
            _ => "compare numbers, durations or times",
        };
        incomparable(ctx, written, &left, &right, help);
        return None;
    }
    let what = format!("an operand of `{}`", written.op.text());
    let absent: Vec<&hir::Expr> = [&left, &right].into_iter().filter(|operand| operand.ty.is_optional()).collect();
    for operand in &absent {
        expect::refuse_absent(ctx, operand, &what);
    }
    if !absent.is_empty() {
        return None;
    }
    let (left, right) = (Box::new(left), Box::new(right));
    Some(match written.op {
        ast::CompareOp::Less => hir::ExprKind::Less(left, right),
        ast::CompareOp::LessEqual => hir::ExprKind::LessEqual(left, right),
        ast::CompareOp::Greater => hir::ExprKind::Less(right, left),
        ast::CompareOp::GreaterEqual => hir::ExprKind::LessEqual(right, left),
        ast::CompareOp::Equal
        | ast::CompareOp::NotEqual
        | ast::CompareOp::In
        | ast::CompareOp::NotIn
        | ast::CompareOp::Contains
        | ast::CompareOp::StartsWith
        | ast::CompareOp::EndsWith
        | ast::CompareOp::Matches => return None,
    })
}

fn member(ctx: &mut Context<'_>, env: &Env, written: &Written<'_>) -> Option<hir::ExprKind> {
    if let Some(read::Named::Map(id)) = read::named(ctx, written.right) {
        let needle = super::check(ctx, env, written.left);
        let needle = expect::retype(ctx, needle, &hir::Ty::String);
        return match needle.ty.present() {
            hir::Ty::Error => None,
            hir::Ty::String => Some(hir::ExprKind::InMap(Box::new(needle), id)),
            hir::Ty::Secret => {
                expect::leak(ctx, &needle, "the key of a map");
                None
            }
            ty => {
                let label = format!("has type `{ty}`");
                ctx.error(Code::NotComparable, needle.span, "the keys of a map are strings", label, "write a string");
                None
            }
        };
    }
    let (left, right) = choices::operands(ctx, env, written.left, written.right)?;
    match right.ty.present().clone() {
        hir::Ty::Json => in_json(ctx, written, left, right),
        hir::Ty::Map(_) => match (&right.kind, left.ty.present()) {
            (hir::ExprKind::Config(id), hir::Ty::String) => Some(hir::ExprKind::InConfigMap(Box::new(left), *id)),
            _ => {
                incomparable(ctx, written, &left, &right, "write a string: the keys of a map are strings");
                None
            }
        },
        hir::Ty::List(_) => in_list(ctx, written, left, right),
        _ if *left.ty.present() == hir::Ty::Ip => {
            let right = expect::retype(ctx, right, &hir::Ty::Cidr);
            match right.ty.present() {
                hir::Ty::Error => None,
                hir::Ty::Cidr => Some(hir::ExprKind::InCidr(Box::new(left), Box::new(right))),
                _ => {
                    incomparable(ctx, written, &left, &right, "write a network such as `\"10.0.0.0/8\"` or a list");
                    None
                }
            }
        }
        hir::Ty::String => {
            let quoted = |operand: &hir::Expr| ctx.quote(operand.span).unwrap_or_else(|| "…".to_owned());
            let (word, not) = (written.op.text(), written.op == ast::CompareOp::NotIn);
            let part = format!("{} contains {}", quoted(&right), quoted(&left));
            let part = if not { format!("not ({part})") } else { part };
            let swapped = match &right.kind {
                hir::ExprKind::Const(hir::Const::String(text)) if text.contains('/') && constant::cidr(text).is_ok() => {
                    format!("write `ip({}) {word} {}` for an address in a network", quoted(&left), quoted(&right))
                }
                _ => format!("write `{part}` for a part of a text, or `{word} [\"a\", \"b\"]` for one of several values"),
            };
            incomparable(ctx, written, &left, &right, &swapped);
            None
        }
        _ => {
            incomparable(ctx, written, &left, &right, "write a list, a map or a network on the right");
            None
        }
    }
}

/// `needle in list` (`list contains needle` comes here, too).
fn in_list(ctx: &mut Context<'_>, written: &Written<'_>, needle: hir::Expr, list: hir::Expr) -> Option<hir::ExprKind> {
    let list = if *needle.ty.present() == hir::Ty::Ip { addresses(ctx, list)? } else { list };
    let hir::Ty::List(element) = list.ty.present().clone() else { return None };
    let needle = match *element {
        hir::Ty::Ip | hir::Ty::Cidr => expect::retype(ctx, needle, &hir::Ty::Ip),
        _ if *needle.ty.present() == hir::Ty::Json => expect::retype(ctx, needle, &element),
        _ => needle,
    };
    let found = needle.ty.present();
    if *found == hir::Ty::Error {
        return None;
    }
    let fits = *found == *element
        || *element == hir::Ty::Json && matches!(found, hir::Ty::String | hir::Ty::Int | hir::Ty::Bool)
        || *found == hir::Ty::Ip && *element == hir::Ty::Cidr
        || number(found) && number(&element)
        || text_or_secret(found) && text_or_secret(&element);
    if !fits {
        let help = match (found, &*element) {
            (hir::Ty::String, hir::Ty::Int) => "write `int(text)` for the number in a text",
            _ => "compare values of one type",
        };
        incomparable(ctx, written, &needle, &list, help);
        return None;
    }
    Some(hir::ExprKind::In(Box::new(needle), Box::new(list)))
}

/// `needle in array`, of a JSON array.
fn in_json(ctx: &mut Context<'_>, written: &Written<'_>, needle: hir::Expr, array: hir::Expr) -> Option<hir::ExprKind> {
    if matches!(needle.ty.present(), hir::Ty::Json | hir::Ty::String | hir::Ty::Int | hir::Ty::Bool) {
        return Some(hir::ExprKind::JsonHas(Box::new(array), Box::new(needle)));
    }
    if *needle.ty.present() == hir::Ty::Secret {
        expect::leak(ctx, &needle, "an element of a JSON array");
        return None;
    }
    incomparable(ctx, written, &needle, &array, "write a string, an int, a bool or a JSON value");
    None
}

/// A list of texts in place, read as addresses, or as networks when one of them is a network.
fn addresses(ctx: &mut Context<'_>, list: hir::Expr) -> Option<hir::Expr> {
    let hir::Expr { kind, ty, span } = list;
    let hir::ExprKind::ListOf(items) = kind else { return Some(hir::Expr { kind, ty, span }) };
    let literal = |item: &hir::Expr| match &item.kind {
        hir::ExprKind::Const(hir::Const::String(text)) => Some(text.clone()),
        _ => None,
    };
    let networks = items.iter().filter_map(literal).any(|text| text.contains('/'));
    let mut typed = Vec::new();
    for item in items {
        let Some(text) = literal(&item) else {
            typed.push(item);
            continue;
        };
        let value = match (networks, constant::ip(&text)) {
            (true, Ok(address)) => Some(hir::Const::Cidr(address, constant::width(address))),
            (true, Err(_)) => table::cidr(ctx, item.span, &text),
            (false, _) => table::ip(ctx, item.span, &text),
        };
        let ty = if networks { hir::Ty::Cidr } else { hir::Ty::Ip };
        typed.push(value.map_or_else(|| failed(item.span), |value| super::constant(value, ty, item.span)));
    }
    if typed.iter().any(|item| item.ty == hir::Ty::Error) {
        return None;
    }
    let element = typed.first().map_or(hir::Ty::Ip, |item| item.ty.clone());
    if typed.iter().any(|item| item.ty != element) {
        return Some(hir::Expr { kind: hir::ExprKind::ListOf(typed), ty, span });
    }
    Some(hir::Expr { kind: hir::ExprKind::ListOf(typed), ty: hir::Ty::List(Box::new(element)), span })
}

fn part(ctx: &mut Context<'_>, env: &Env, written: &Written<'_>) -> Option<hir::ExprKind> {
    let left = super::exact(ctx, env, written.left);
    let right = match left.ty.present() {
        // Beside a list of an enum stands one of its values; a part of an enum is any text.
        hir::Ty::List(item) if written.op == ast::CompareOp::Contains => choices::towards(ctx, env, written.right, item),
        hir::Ty::Json if written.op == ast::CompareOp::Contains => choices::towards(ctx, env, written.right, &hir::Ty::Json),
        _ => super::check(ctx, env, written.right),
    };
    let (left, right) = (choices::as_text(left), choices::as_text(right));
    if left.ty == hir::Ty::Error || right.ty == hir::Ty::Error {
        return None;
    }
    if written.op == ast::CompareOp::Contains && matches!(left.ty.present(), hir::Ty::List(_)) {
        return in_list(ctx, written, right, left);
    }
    if written.op == ast::CompareOp::Contains && *left.ty.present() == hir::Ty::Json && *right.ty.present() != hir::Ty::String {
        return in_json(ctx, written, right, left);
    }
    let json = (written.op == ast::CompareOp::Contains && *left.ty.present() == hir::Ty::Json).then(|| left.clone());
    let left = expect::retype(ctx, left, &hir::Ty::String);
    let right = expect::retype(ctx, right, &hir::Ty::String);
    if let Some(array) = json {
        // Of a JSON string a part, of a JSON array an element: which it is turns out with the request.
        let span = written.span;
        let part = hir::ExprKind::Contains(Box::new(left), Box::new(right.clone()));
        let element = hir::ExprKind::JsonHas(Box::new(array), Box::new(right));
        return Some(hir::ExprKind::Or([part, element].map(|kind| hir::Expr { kind, ty: hir::Ty::Bool, span }).to_vec()));
    }
    for operand in [&left, &right] {
        if *operand.ty.present() == hir::Ty::Secret {
            expect::leak(ctx, operand, &format!("an operand of `{}`", written.op.text()));
            return None;
        }
    }
    if *left.ty.present() != hir::Ty::String || *right.ty.present() != hir::Ty::String {
        let help = match left.ty.present() {
            hir::Ty::Cidr | hir::Ty::Map(_) => "write `value in …`",
            _ => "write strings on both sides",
        };
        incomparable(ctx, written, &left, &right, help);
        return None;
    }
    let (left, right) = (Box::new(left), Box::new(right));
    Some(match written.op {
        ast::CompareOp::Contains => hir::ExprKind::Contains(left, right),
        ast::CompareOp::StartsWith => hir::ExprKind::StartsWith(left, right),
        ast::CompareOp::EndsWith => hir::ExprKind::EndsWith(left, right),
        ast::CompareOp::Equal
        | ast::CompareOp::NotEqual
        | ast::CompareOp::Less
        | ast::CompareOp::LessEqual
        | ast::CompareOp::Greater
        | ast::CompareOp::GreaterEqual
        | ast::CompareOp::In
        | ast::CompareOp::NotIn
        | ast::CompareOp::Matches => return None,
    })
}

fn matches(ctx: &mut Context<'_>, env: &Env, written: &Written<'_>) -> Option<hir::ExprKind> {
    let left = super::check(ctx, env, written.left);
    let ast::ExprKind::Regex { pattern, flags } = &written.right.kind else {
        ctx.error(
            Code::NoRegex,
            written.right.span,
            "`matches` takes a regex literal",
            "no regex literal",
            match &written.right.kind {
                ast::ExprKind::String(text) if text.len() <= 60 => format!("write `matches /{}/`", text.replace('/', "\\/")),
                _ => "write the pattern between slashes, as in `matches /^a+$/`".to_owned(),
            },
        );
        return None;
    };
    let pattern = pattern.replace("\\/", "/");
    let well = regular(ctx, written.right.span, &pattern, flags);
    let left = expect::retype(ctx, left, &hir::Ty::String);
    match left.ty.present() {
        hir::Ty::Error => None,
        hir::Ty::String => well.then(|| hir::ExprKind::Matches(Box::new(left), pattern, flags.clone())),
        hir::Ty::Secret => {
            expect::leak(ctx, &left, "an operand of `matches`");
            None
        }
        ty => {
            let label = format!("has type `{ty}`");
            let help = if *ty == hir::Ty::Ip { "write `… in \"10.0.0.0/8\"` for a network" } else { "write a string on the left" };
            ctx.error(Code::NotComparable, left.span, "`matches` looks at a `string`", label, help);
            None
        }
    }
}

/// Whether a pattern is in the dialect and of a reasonable size; what is not is reported.
fn regular(ctx: &mut Context<'_>, span: Span, pattern: &str, flags: &str) -> bool {
    // The automaton's own limit is the back end's; this one only stops what could never fit, before it costs anything.
    const STATES: usize = 1 << 20;
    let tree = match regex::parse(pattern, flags) {
        Ok(tree) => tree,
        Err(reason) => {
            let help = if reason.contains("look-around") {
                "match more and test the rest in a second condition: look-around has no linear-time match"
            } else if reason.contains("backreference") {
                "write the alternatives out: back-references have no linear-time match"
            } else {
                "correct the pattern"
            };
            ctx.error(Code::BadRegex, span, format!("the regex is refused: {reason}"), "in this pattern", help);
            return false;
        }
    };
    let config = regex_automata::nfa::thompson::Config::new().nfa_size_limit(Some(STATES));
    if regex_automata::nfa::thompson::Compiler::new().configure(config).build_from_hir(&tree).is_err() {
        ctx.error(
            Code::RegexTooLarge,
            span,
            "the regex is too large: its states alone take more than 1 MiB",
            "its automaton would not fit into a module",
            "shorten its counted repetitions, as in `{1,20}`",
        );
        return false;
    }
    true
}
