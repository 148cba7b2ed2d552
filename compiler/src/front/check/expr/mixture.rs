//! Operands that do not go together, as people write them: days by name, times and networks as texts, texts in order. In: the
//! operands of a comparison. Out: the way to compare them here.

use std::net::Ipv4Addr;

use super::compare::Written;
use crate::front::check::context::Context;
use crate::ir::ast::CompareOp;
use crate::ir::hir::{self, Const, ExprKind, Read, Ty};
use crate::lang::time;

const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// The fix for two operands, if what they are says more than their types.
pub(super) fn help(ctx: &Context<'_>, written: &Written<'_>, left: &hir::Expr, right: &hir::Expr) -> Option<String> {
    let pairs = [(left, right), (right, left)];
    if pairs.iter().any(|(secret, _)| *secret.ty.present() == Ty::Secret) {
        return Some("compare a secret with `==` or `in`: nothing else may be told of it".to_owned());
    }
    if let Some(help) = pairs.iter().find_map(|(value, other)| constant(ctx, written.op, value, other)) {
        return Some(help);
    }
    let ordered = matches!(written.op, CompareOp::Less | CompareOp::LessEqual | CompareOp::Greater | CompareOp::GreaterEqual);
    let texts = pairs.iter().all(|(value, _)| matches!(value.ty.present(), Ty::String | Ty::Enum(_)));
    (ordered && texts).then(|| "compare texts with `==` or `in`: they have no order; `int(text) ?? 0` is the number in one".to_owned())
}

/// A value beside a text that stands in the policy.
fn constant(ctx: &Context<'_>, op: CompareOp, value: &hir::Expr, other: &hir::Expr) -> Option<String> {
    let quoted = ctx.quote(value.span).unwrap_or_else(|| "…".to_owned());
    let symbol = op.text();
    if let (ExprKind::Read(Read::NowWeekday), Some(day)) = (&value.kind, day(other)) {
        return Some(match day {
            Some(day) => format!("write `{quoted} {symbol} {day}`: the days are 1 (Monday) to 7 (Sunday)"),
            None => format!("write `{quoted} in [6, 7]`: the days are 1 (Monday) to 7 (Sunday)"),
        });
    }
    let ExprKind::Const(Const::String(text)) = &other.kind else { return None };
    match value.ty.present() {
        Ty::Time if time::parse(text).is_some() => Some(format!("write `time(\"{text}\")`")),
        Ty::Time => Some("write `time(\"2026-01-05T10:00:00Z\")`: a time with its zone".to_owned()),
        Ty::Ip => Some(format!("write `{quoted} in \"{}\"` for a network", network(text).as_deref().unwrap_or("10.0.0.0/8"))),
        Ty::Int if matches!(value.kind, ExprKind::Read(Read::NowHour)) => {
            let hour = text.split(':').next().and_then(|hour| hour.parse::<u8>().ok())?;
            Some(format!("write `{quoted} {symbol} {hour}`"))
        }
        Ty::Int | Ty::Float if text.parse::<f64>().is_ok() => Some(format!("write `{text}` without quotes")),
        _ => None,
    }
}

/// The number of a day that is written as a word, alone or as the first of a list (then there is no number).
fn day(expr: &hir::Expr) -> Option<Option<usize>> {
    match &expr.kind {
        ExprKind::Const(Const::String(text)) => {
            let text = text.to_lowercase();
            let found = DAYS.iter().position(|day| text.len() >= 3 && day.starts_with(&text))?;
            Some(Some(found + 1))
        }
        ExprKind::ListOf(items) => items.first().and_then(day).map(|_| None),
        _ => None,
    }
}

/// The network that the beginning of an address stands for: `10.1.` is `10.1.0.0/16`.
fn network(text: &str) -> Option<String> {
    let parts: Vec<&str> = text.trim_end_matches(['.', '*']).split('.').collect();
    if parts.len() > 3 || !parts.iter().all(|part| part.parse::<u8>().is_ok()) {
        return None;
    }
    let mut octets = [0u8; 4];
    for (octet, part) in octets.iter_mut().zip(&parts) {
        *octet = part.parse().ok()?;
    }
    Some(format!("{}/{}", Ipv4Addr::from(octets), parts.len() * 8))
}

#[cfg(test)]
mod tests {
    use super::network;

    #[test]
    fn beginnings_of_addresses_are_networks() {
        assert_eq!(network("10.").as_deref(), Some("10.0.0.0/8"));
        assert_eq!(network("192.168.").as_deref(), Some("192.168.0.0/16"));
        assert_eq!((network("10.0.0.1"), network("fe80:")), (None, None));
    }
}
