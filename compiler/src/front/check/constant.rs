//! Constants: integers, addresses and networks as text.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::context::Context;
use crate::base::{Code, Diagnostic, Span};
use crate::ir::ast;

/// An integer literal, with its sign.
pub(super) fn int(expr: &ast::Expr) -> Option<i64> {
    if let ast::ExprKind::Int(value) | ast::ExprKind::Size(value) = &expr.kind {
        return Some(*value);
    }
    if let ast::ExprKind::Negate(operand) = &expr.kind
        && let ast::ExprKind::Int(value) = operand.kind
    {
        return Some(value.saturating_neg());
    }
    None
}

/// A float literal or an integer, with its sign.
pub(super) fn float(expr: &ast::Expr) -> Option<f64> {
    match &expr.kind {
        ast::ExprKind::Float(value) => Some(*value),
        ast::ExprKind::Negate(operand) if matches!(operand.kind, ast::ExprKind::Float(_)) => float(operand).map(|value| -value),
        _ => int(expr).map(|value| value as f64),
    }
}

/// A duration literal, with its sign: nanoseconds.
pub(super) fn duration(expr: &ast::Expr) -> Option<i64> {
    match &expr.kind {
        ast::ExprKind::Duration(value) => Some(*value),
        ast::ExprKind::Negate(operand) if matches!(operand.kind, ast::ExprKind::Duration(_)) => duration(operand).map(i64::saturating_neg),
        _ => None,
    }
}

/// A string literal without interpolation.
pub(super) fn string(expr: &ast::Expr) -> Option<&str> {
    if let ast::ExprKind::String(text) = &expr.kind { Some(text) } else { None }
}

/// Reports members of an object that bear the same name.
pub(super) fn distinct_members(ctx: &mut Context<'_>, members: &[ast::Member]) {
    let mut seen: BTreeMap<&str, Span> = BTreeMap::new();
    for member in members {
        if let Some(first) = seen.get(member.name.text.as_str()) {
            ctx.push(
                Diagnostic::error(
                    Code::DuplicateKey,
                    member.name.span,
                    format!("the key `{}` appears twice", member.name.text),
                    "again here",
                )
                .also(*first, "first here")
                .help("keep one of them"),
            );
        } else {
            seen.insert(&member.name.text, member.name.span);
        }
    }
}

/// An IP address; IPv4-mapped IPv6 is IPv4. The error is a help text.
pub(super) fn ip(text: &str) -> Result<IpAddr, String> {
    match text.parse::<IpAddr>() {
        Ok(address) => Ok(address.to_canonical()),
        Err(_) if text.contains('/') => Err("write a single address such as `192.0.2.1`".to_owned()),
        Err(_) => Err("write an address such as `192.0.2.1` or `2001:db8::1`".to_owned()),
    }
}

/// A network whose host bits are zero. The error is a help text.
pub(super) fn cidr(text: &str) -> Result<(IpAddr, u8), String> {
    let Some((address, bits)) = text.split_once('/') else {
        return Err(match ip(text) {
            Ok(address) => format!("write `{address}/{}` for the one address", width(address)),
            Err(_) => "write a network such as `10.0.0.0/8` or `2001:db8::/32`".to_owned(),
        });
    };
    let Ok(address) = address.parse::<IpAddr>() else {
        return Err("write a network such as `10.0.0.0/8` or `2001:db8::/32`".to_owned());
    };
    let bits = Some(bits).filter(|bits| bits.bytes().all(|byte| byte.is_ascii_digit())).and_then(|bits| bits.parse::<u8>().ok());
    let Some(bits) = bits.filter(|bits| *bits <= width(address)) else {
        return Err(format!("write a prefix length of 0 to {}", width(address)));
    };
    let network = mask(address, bits);
    if network != address {
        return Err(format!("write `{network}/{bits}`: the bits behind the prefix must be zero"));
    }
    match (address, address.to_canonical(), bits.checked_sub(96)) {
        (IpAddr::V6(_), IpAddr::V4(v4), Some(bits)) => Ok((IpAddr::V4(v4), bits)),
        _ => Ok((address, bits)),
    }
}

/// The number of bits of an address.
pub(super) fn width(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

fn mask(address: IpAddr, bits: u8) -> IpAddr {
    match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(bits.min(32))).unwrap_or(0);
            IpAddr::V4(Ipv4Addr::from_bits(address.to_bits() & mask))
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(bits.min(128))).unwrap_or(0);
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & mask))
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::{cidr, ip};

    #[test]
    fn networks() {
        assert_eq!(cidr("10.0.0.0/8").unwrap(), ("10.0.0.0".parse().unwrap(), 8));
        assert_eq!(cidr("0.0.0.0/0").unwrap().1, 0);
        assert_eq!(cidr("::/0").unwrap().1, 0);
        assert_eq!(cidr("::ffff:10.0.0.0/104").unwrap(), ("10.0.0.0".parse().unwrap(), 8));
        assert!(cidr("10.1.2.3/8").unwrap_err().contains("`10.0.0.0/8`"));
        assert!(cidr("10.1.2.3").unwrap_err().contains("`10.1.2.3/32`"));
        assert!(cidr("10.0.0.0/33").is_err() && cidr("10.0.0/8").is_err() && cidr("10.0.0.0/+8").is_err());
        assert_eq!(ip("::ffff:1.2.3.4").unwrap().to_string(), "1.2.3.4");
        assert!(ip("1.2.3").is_err() && ip("1.2.3.04").is_err());
    }
}
