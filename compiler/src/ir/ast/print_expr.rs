//! Expressions of the dump, each on one line. In: an expression. Out: its text, operators in parentheses.

use super::{Arg, BinaryOp, Expr, ExprKind, MatchPattern, Quantifier, Source};

/// An expression; durations in nanoseconds and sizes in bytes, as the tree holds them.
pub(super) fn expr(node: &Expr) -> String {
    match &node.kind {
        ExprKind::Int(value) => value.to_string(),
        ExprKind::Float(value) => format!("{value:?}"),
        ExprKind::Duration(nanoseconds) => format!("{nanoseconds}ns"),
        ExprKind::Size(bytes) => format!("{bytes}B"),
        ExprKind::Percent(hundredths) => format!("{}.{:02}%", hundredths / 100, hundredths % 100),
        ExprKind::String(text) => quoted(text),
        ExprKind::Interpolation(parts) => {
            let mut text = String::from("\"");
            for part in parts {
                if let ExprKind::String(piece) = &part.kind {
                    text.push_str(&escaped(piece));
                } else {
                    text.push_str(&format!("${{{}}}", expr(part)));
                }
            }
            text.push('"');
            text
        }
        ExprKind::Regex { pattern, flags } => format!("/{pattern}/{flags}"),
        ExprKind::Bool(value) => value.to_string(),
        ExprKind::Null => "null".to_owned(),
        ExprKind::Name(name) | ExprKind::Constant(name) => name.clone(),
        ExprKind::List(elements) => format!("[{}]", args(elements)),
        ExprKind::Object(members) => {
            let list: Vec<String> =
                members.iter().map(|member| format!("{}: {}", object_name(&member.name.text), expr(&member.value))).collect();
            if list.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", list.join(", ")) }
        }
        ExprKind::Not(operand) => format!("(not {})", expr(operand)),
        ExprKind::Negate(operand) => format!("(-{})", expr(operand)),
        ExprKind::And(operands) => chain(operands, " and "),
        ExprKind::Or(operands) => chain(operands, " or "),
        ExprKind::Compare { op, left, right, .. } => format!("({} {} {})", expr(left), op.text(), expr(right)),
        ExprKind::Presence { operand, present } => {
            format!("({} is {})", expr(operand), if *present { "present" } else { "absent" })
        }
        ExprKind::Per { count, period } => format!("({} per {period}ns)", expr(count)),
        ExprKind::Binary { op, left, right } => {
            let sign = match op {
                BinaryOp::Add => "+",
                BinaryOp::Subtract => "-",
                BinaryOp::Multiply => "*",
                BinaryOp::Remainder => "%",
            };
            format!("({} {sign} {})", expr(left), expr(right))
        }
        ExprKind::Coalesce(left, right) => format!("({} ?? {})", expr(left), expr(right)),
        ExprKind::Member(base, name) => format!("{}.{}", expr(base), name.text),
        ExprKind::Index(base, index) => format!("{}[{}]", expr(base), expr(index)),
        ExprKind::Call { callee, args: list } => format!("{}({})", expr(callee), args(list)),
        ExprKind::If { condition, then, otherwise } => {
            format!("(if {} then {} else {})", expr(condition), expr(then), expr(otherwise))
        }
        ExprKind::Quantified { quantifier, name, list, condition } => {
            let word = match quantifier {
                Quantifier::Some => "some",
                Quantifier::Every => "every",
            };
            format!("({word} {} in {} satisfies {})", name.text, expr(list), expr(condition))
        }
        ExprKind::Match { subject, arms } => {
            let list: Vec<String> = arms
                .iter()
                .map(|arm| {
                    let pattern = match &arm.pattern {
                        MatchPattern::Literal(literal) => expr(literal),
                        MatchPattern::Name(name) => name.clone(),
                        MatchPattern::Otherwise => "otherwise".to_owned(),
                    };
                    format!("{pattern}: {}", expr(&arm.value))
                })
                .collect();
            format!("match {} {{ {} }}", expr(subject), list.join(", "))
        }
    }
}

fn chain(operands: &[Expr], between: &str) -> String {
    let list: Vec<String> = operands.iter().map(expr).collect();
    format!("({})", list.join(between))
}

/// Arguments or elements with commas between.
pub(super) fn args(list: &[Arg]) -> String {
    let texts: Vec<String> = list.iter().map(arg).collect();
    texts.join(", ")
}

/// One argument or element.
pub(super) fn arg(node: &Arg) -> String {
    match node {
        Arg::Expr(value) => expr(value),
        Arg::Source(Source { kind, text, duration, .. }) => {
            let duration = duration.map(|nanoseconds| format!(" for {nanoseconds}ns")).unwrap_or_default();
            format!("{} {}{duration}", kind.text, expr(text))
        }
        Arg::Named(name, value) => format!("{} = {}", name.text, expr(value)),
    }
}

/// A string as it could be written.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(text))
}

/// A member's name: bare where it is a word.
pub fn object_name(text: &str) -> String {
    let mut characters = text.chars();
    let word =
        characters.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_') && characters.all(|c| c.is_ascii_alphanumeric() || c == '_');
    if word { text.to_owned() } else { quoted(text) }
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '$' => out.push_str("\\$"),
            other if other.is_control() => out.push_str(&format!("\\u{{{:x}}}", u32::from(other))),
            other => out.push(other),
        }
    }
    out
}
