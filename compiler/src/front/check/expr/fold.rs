//! Calls with literals: conversions are done here, and what a literal gets wrong is told before it runs.

use super::super::constant as literals;
use super::{constant, failed};
use crate::base::{Code, Span};
use crate::front::check::context::Context;
use crate::ir::hir;
use crate::lang::functions::Function;
use crate::lang::{encoding, float, time};

/// Whether constant arguments are in range; what is not is reported.
pub(super) fn fits(ctx: &mut Context<'_>, function: &Function, args: &[hir::Expr]) -> bool {
    if function.compiled != hir::Function::Cidr {
        return true;
    }
    let mut well = true;
    for (arg, (family, most)) in args.iter().skip(1).zip([("IPv4", 32), ("IPv6", 128)]) {
        if let hir::ExprKind::Const(hir::Const::Int(bits)) = arg.kind
            && !(0..=most).contains(&bits)
        {
            let label = format!("{family} addresses have {most} bits");
            let help = format!("write a number from 0 to {most}");
            ctx.error(Code::BadAddress, arg.span, format!("a network of {bits} bits"), label, help);
            well = false;
        }
    }
    well
}

/// A conversion of a string literal, done: its value is there, so its type has no `?`. Nothing for any other call.
pub(super) fn conversion(ctx: &mut Context<'_>, function: &Function, args: &[hir::Expr], span: Span) -> Option<hir::Expr> {
    let [hir::Expr { kind: hir::ExprKind::Const(hir::Const::String(text)), .. }] = args else { return None };
    let bytes = |decoded: Option<Vec<u8>>| decoded.map(hir::Const::Bytes);
    let (value, help) = match function.compiled {
        hir::Function::Ip => (literals::ip(text).ok().map(hir::Const::Ip), "write an address such as `192.0.2.1` or `2001:db8::1`"),
        hir::Function::Time => (time::parse(text).map(hir::Const::Int), "write a time such as `2026-01-05T10:00:00Z`"),
        hir::Function::Float => (float::parse(text).map(hir::Const::Float), "write a number such as `0.5`"),
        hir::Function::HexDecode => (bytes(encoding::from_hex(text)), "write an even number of hex digits"),
        hir::Function::Base64Decode => (bytes(encoding::from_base64(text)), "write base64 with its padding"),
        hir::Function::Base64UrlDecode => (bytes(encoding::from_base64url(text)), "write base64 with `-` and `_`, without padding"),
        hir::Function::UrlDecode => (bytes(encoding::from_percent(text)), "write two hex digits after each `%`, or `%25` for `%`"),
        hir::Function::Lower
        | hir::Function::Upper
        | hir::Function::Trim
        | hir::Function::Len
        | hir::Function::Substring
        | hir::Function::Split
        | hir::Function::Join
        | hir::Function::Replace
        | hir::Function::Int
        | hir::Function::Unix
        | hir::Function::Cidr
        | hir::Function::UrlEncode
        | hir::Function::Base64Encode
        | hir::Function::Base64UrlEncode
        | hir::Function::HexEncode
        | hir::Function::Text
        | hir::Function::Sha256
        | hir::Function::Sha512
        | hir::Function::Sha1
        | hir::Function::Md5
        | hir::Function::HmacSha256
        | hir::Function::HmacSha512
        | hir::Function::HmacSha1
        | hir::Function::EqualConstantTime
        | hir::Function::Hash
        | hir::Function::JsonText => return None,
    };
    let Some(value) = value else {
        let message = format!("`{}` cannot convert this text", function.name);
        ctx.error(Code::BadArguments, args.first().map_or(span, |arg| arg.span), message, "would always be absent", help);
        return Some(failed(span));
    };
    Some(constant(value, function.gives.ty(), span))
}
