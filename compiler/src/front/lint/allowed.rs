//! What a condition allows its subject to be. In: a literal, a test that is asked for or excluded. Out: values, ranges, networks, and
//! whether two of them have nothing in common.

use std::net::IpAddr;

use super::conditions::Literal;
use super::constant;
use crate::ir::hir::{self, Const, ExprKind};

/// What a literal that is asked for allows its subject to be.
pub(super) enum Allowed<'a> {
    /// One of these constants.
    Values(Vec<&'a Const>),
    /// An int from here to there.
    Range(i64, i64),
    /// A text that begins so.
    Starts(&'a str),
    /// A text that ends so.
    Ends(&'a str),
    /// An address in one of these networks.
    Networks(Vec<(IpAddr, u8)>),
    /// Any value, but one.
    Present,
    /// None.
    Absent,
}

/// What a literal allows, as far as it is known.
pub(super) fn allowed<'a>(policy: &'a hir::Policy, literal: &Literal<'a>) -> Option<Allowed<'a>> {
    match (&literal.expr.kind, literal.holds) {
        (ExprKind::Equal(left, right), true) => {
            let constant = constant::constant(policy, right).or_else(|| constant::constant(policy, left))?;
            Some(Allowed::Values(vec![constant]))
        }
        (ExprKind::In(_, list), true) => {
            let elements = constant::elements(policy, list)?;
            let networks: Vec<(IpAddr, u8)> = elements.iter().filter_map(|element| network(element)).collect();
            match networks.len() {
                0 => Some(Allowed::Values(elements)),
                count => (count == elements.len()).then_some(Allowed::Networks(networks)),
            }
        }
        (ExprKind::InCidr(_, right), true) => Some(Allowed::Networks(vec![network(constant::constant(policy, right)?)?])),
        // Between two ints there are floats.
        (ExprKind::Less(left, right) | ExprKind::LessEqual(left, right), _) if left.ty == hir::Ty::Float || right.ty == hir::Ty::Float => {
            None
        }
        (ExprKind::Less(left, right) | ExprKind::LessEqual(left, right), holds) => {
            let strict = matches!(literal.expr.kind, ExprKind::Less(..)) == holds;
            match (&left.kind, &right.kind) {
                (_, ExprKind::Const(Const::Int(most))) if holds => Some(Allowed::Range(i64::MIN, most.saturating_sub(i64::from(strict)))),
                (ExprKind::Const(Const::Int(least)), _) if holds => Some(Allowed::Range(least.saturating_add(i64::from(strict)), i64::MAX)),
                // not (x < 5) is x >= 5
                (_, ExprKind::Const(Const::Int(bound))) => Some(Allowed::Range(bound.saturating_add(i64::from(strict)), i64::MAX)),
                (ExprKind::Const(Const::Int(bound)), _) => Some(Allowed::Range(i64::MIN, bound.saturating_sub(i64::from(strict)))),
                _ => None,
            }
        }
        (ExprKind::StartsWith(_, start), true) => text(policy, start).map(Allowed::Starts),
        (ExprKind::EndsWith(_, end), true) => text(policy, end).map(Allowed::Ends),
        (ExprKind::Present(_), true) => Some(Allowed::Present),
        (ExprKind::Present(_), false) => Some(Allowed::Absent),
        _ => None,
    }
}

fn text<'a>(policy: &'a hir::Policy, expr: &'a hir::Expr) -> Option<&'a str> {
    if let Some(Const::String(text)) = constant::constant(policy, expr) { Some(text) } else { None }
}

/// Whether nothing is allowed by both; the other way round is asked for by who calls this.
pub(super) fn disjoint(left: &Allowed<'_>, right: &Allowed<'_>) -> bool {
    match (left, right) {
        (Allowed::Values(left), Allowed::Values(right)) => {
            let comparable =
                left.iter().chain(right).all(|value| std::mem::discriminant(*value) == std::mem::discriminant(first(left, right)));
            comparable && !left.iter().any(|value| right.contains(value))
        }
        (Allowed::Values(values), Allowed::Range(least, most)) => {
            values.iter().all(|value| matches!(value, Const::Int(value) if value < least || value > most))
        }
        (Allowed::Range(least, most), Allowed::Range(other_least, other_most)) => least > other_most || most < other_least,
        (Allowed::Values(values), Allowed::Starts(start)) => {
            values.iter().all(|value| matches!(value, Const::String(value) if !value.starts_with(start)))
        }
        (Allowed::Values(values), Allowed::Ends(end)) => {
            values.iter().all(|value| matches!(value, Const::String(value) if !value.ends_with(end)))
        }
        (Allowed::Starts(left), Allowed::Starts(right)) => !left.starts_with(right) && !right.starts_with(left),
        (Allowed::Ends(left), Allowed::Ends(right)) => !left.ends_with(right) && !right.ends_with(left),
        (Allowed::Networks(left), Allowed::Networks(right)) => !left.iter().any(|left| right.iter().any(|right| overlap(*left, *right))),
        (Allowed::Values(values), Allowed::Networks(networks)) => values.iter().all(|value| match value {
            Const::Ip(address) => !networks.iter().any(|network| overlap((*address, width(*address)), *network)),
            _ => false,
        }),
        (Allowed::Values(_) | Allowed::Starts(_) | Allowed::Ends(_) | Allowed::Networks(_) | Allowed::Present, Allowed::Absent) => true,
        (Allowed::Values(_), Allowed::Present)
        | (Allowed::Range(..), _)
        | (Allowed::Starts(_), _)
        | (Allowed::Ends(_), _)
        | (Allowed::Networks(_), _)
        | (Allowed::Present, _)
        | (Allowed::Absent, _) => false,
    }
}

/// The constant that gives the kind of all; both lists are not empty, or there is nothing to compare.
fn first<'a>(left: &[&'a Const], right: &[&'a Const]) -> &'a Const {
    const NOTHING: &Const = &Const::Bool(false);
    left.first().or(right.first()).copied().unwrap_or(NOTHING)
}

fn network(value: &Const) -> Option<(IpAddr, u8)> {
    if let Const::Cidr(address, bits) = value { Some((*address, *bits)) } else { None }
}

/// How many bits an address has.
fn width(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// Whether two networks have an address in common.
fn overlap(left: (IpAddr, u8), right: (IpAddr, u8)) -> bool {
    let bits = |address: IpAddr| match address {
        IpAddr::V4(address) => u128::from(address.to_bits()) << 96,
        IpAddr::V6(address) => address.to_bits(),
    };
    let common = u32::from(left.1.min(right.1));
    let mask = u128::MAX.checked_shl(128 - common).unwrap_or(0);
    left.0.is_ipv4() == right.0.is_ipv4() && bits(left.0) & mask == bits(right.0) & mask
}
