//! Conditions that an index can answer: one subject compared with constants. In: an expression. Out: the subject and the keys, one of
//! which must hold.

use std::collections::BTreeSet;

use super::guards::Key;
use crate::ir::hir::{self, Const, Expr, ExprKind, Read, Segment, Template, Ty};
use crate::lang;

/// Longer texts are left to their own comparison.
const LONGEST: usize = 1024;

/// The subject of a condition and what it is compared with.
pub(super) fn of(policy: &hir::Policy, expr: &Expr) -> Option<(Read, BTreeSet<Key>)> {
    let one = |subject: &Expr, key: Key| Some((self::subject(subject)?, BTreeSet::from([key])));
    if let ExprKind::Equal(left, right) = &expr.kind {
        let (subject, value) = if matches!(right.kind, ExprKind::Const(_)) { (left, right) } else { (right, left) };
        return one(subject, value_key(subject, value)?);
    }
    if let ExprKind::StartsWith(subject, text) = &expr.kind {
        return one(subject, Key::Beginning(constant(text)?));
    }
    if let ExprKind::EndsWith(subject, text) = &expr.kind {
        return one(subject, Key::Ending(constant(text)?));
    }
    if let ExprKind::Contains(subject, text) = &expr.kind {
        return one(subject, Key::Pattern(regex_syntax::escape(&constant(text)?), String::new()));
    }
    if let ExprKind::Matches(subject, pattern, flags) = &expr.kind {
        return one(subject, Key::Pattern(pattern.clone(), flags.clone()));
    }
    if let ExprKind::InCidr(subject, network) = &expr.kind {
        return one(subject, value_key(subject, network)?);
    }
    if let ExprKind::In(subject, list) = &expr.kind {
        let items = constants(policy, list)?;
        let keys: Option<BTreeSet<Key>> = items.iter().map(|item| key(subject, item)).collect();
        return Some((self::subject(subject)?, keys?));
    }
    if let ExprKind::Or(items) = &expr.kind {
        let mut all = items.iter().map(|item| of(policy, item));
        let (read, mut keys) = all.next()??;
        for next in all {
            let (other, more) = next?;
            if other != read {
                return None;
            }
            keys.extend(more);
        }
        return Some((read, keys));
    }
    if let ExprKind::Let(id) = &expr.kind {
        return policy.lets.get(id.index()).and_then(|item| of(policy, &item.value));
    }
    None
}

/// The key of a subject that equals a constant.
fn value_key(subject: &Expr, value: &Expr) -> Option<Key> {
    if let ExprKind::Const(value) = &value.kind { key(subject, value) } else { None }
}

fn key(subject: &Expr, value: &Const) -> Option<Key> {
    match value {
        Const::String(text) if matches!(subject.ty.present(), Ty::String) && text.len() <= LONGEST => Some(Key::Whole(text.clone())),
        Const::Ip(ip) => Some(Key::Network(*ip, if ip.is_ipv4() { 32 } else { 128 })),
        Const::Cidr(ip, bits) => Some(Key::Network(*ip, *bits)),
        Const::String(_) | Const::Bytes(_) | Const::Bool(_) | Const::Int(_) | Const::Float(_) => None,
    }
}

fn constant(expr: &Expr) -> Option<String> {
    let ExprKind::Const(Const::String(text)) = &expr.kind else { return None };
    (text.len() <= LONGEST).then(|| text.clone())
}

/// The elements of a list, if all are constants.
fn constants(policy: &hir::Policy, list: &Expr) -> Option<Vec<Const>> {
    if let ExprKind::List(id) = &list.kind {
        return policy.lists.get(id.index()).map(|list| list.values.clone());
    }
    if let ExprKind::ListOf(items) = &list.kind {
        return items.iter().map(|item| if let ExprKind::Const(value) = &item.kind { Some(value.clone()) } else { None }).collect();
    }
    let ExprKind::Let(id) = &list.kind else { return None };
    policy.lets.get(id.index()).and_then(|item| constants(policy, &item.value))
}

/// The fact that an expression is, if it is one that can be looked up: a text or an address that the request headers tell.
pub(crate) fn subject(expr: &Expr) -> Option<Read> {
    let ExprKind::Read(read) = &expr.kind else { return None };
    match read {
        Read::Method
        | Read::Scheme
        | Read::Host
        | Read::Protocol
        | Read::RequestId
        | Read::Path
        | Read::RawPath
        | Read::Query(_)
        | Read::Header(_)
        | Read::Cookie(_)
        | Read::ClientIp => Some(read.clone()),
        Read::Member(..) => matches!(expr.ty.present(), Ty::String).then(|| read.clone()),
        // The segment is the same whichever template matched; which rule asks does not matter then.
        Read::Capture(_, places) => {
            let (_, number) = places.first()?;
            let anywhere = Template { segments: Vec::<Segment>::new(), rest: true };
            places.iter().all(|(_, other)| other == number).then(|| Read::Capture(String::new(), vec![(anywhere, *number)]))
        }
        Read::QueryAll(_)
        | Read::QueryCount
        | Read::HeaderAll(_)
        | Read::HeaderCount
        | Read::ClientPort
        | Read::ClientTls
        // A claim is known only once the token was verified, which `authenticate` does where it is needed.
        | Read::Claim(..)
        | Read::Now
        | Read::NowWeekday
        | Read::NowHour
        | Read::NowMinute
        | Read::CredentialPresent(_)
        | Read::Computed(_)
        | Read::BodySize
        | Read::BodyText
        | Read::BodyBytes
        | Read::BodyJson
        | Read::BodyForm(_)
        | Read::ResponseStatus
        | Read::ResponseText
        | Read::ResponseJson
        | Read::ResponseHeader(_) => None,
    }
}

/// The fixed text that every match of a pattern begins with, where a match begins the whole text.
pub(super) fn beginning(key: &Key) -> Option<Key> {
    use regex_syntax::hir::{HirKind, Look};
    let Key::Pattern(pattern, flags) = key else { return Some(key.clone()) };
    let tree = lang::regex::parse(pattern, flags).ok()?;
    let HirKind::Concat(items) = tree.kind() else { return None };
    let [start, first, ..] = items.as_slice() else { return None };
    let (HirKind::Look(Look::Start), HirKind::Literal(text)) = (start.kind(), first.kind()) else { return None };
    // A text that breaks off within a character is as good up to there.
    let text = match std::str::from_utf8(&text.0) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(text.0.get(..error.valid_up_to())?).ok()?,
    };
    (!text.is_empty()).then(|| Key::Beginning(text.chars().take(LONGEST).collect()))
}
