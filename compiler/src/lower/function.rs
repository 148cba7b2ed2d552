//! Calls of built-in functions: one mechanism each.

use portcullis_runtime::contract::Mechanism;
use portcullis_runtime::digest::{md5, sha512};

use super::build::{Builder, Context, call as mechanism};
use super::expr::lower;
use super::{membership, text};
use crate::ir::hir::{self, ExprKind, Function, Ty};
use crate::ir::lir::Expr;

/// The value of a call.
pub(super) fn call(builder: &mut Builder<'_>, context: &mut Context, function: Function, args: &[hir::Expr]) -> Expr {
    let Some(first) = args.first() else { return Expr::I32(0) };
    let first = membership::behind_lets(builder.policy, first);
    match function {
        Function::Len => return length(builder, context, first),
        // A JSON value is its text.
        Function::JsonText => return lower(builder, context, first),
        Function::Join => return join(builder, context, first, args),
        Function::Hash => {
            let bytes = text::to_text(builder, context, first);
            return mechanism(Mechanism::BytesHash, vec![bytes]);
        }
        Function::Lower
        | Function::Upper
        | Function::Trim
        | Function::Substring
        | Function::Split
        | Function::Replace
        | Function::Int
        | Function::Float
        | Function::Time
        | Function::Unix
        | Function::Ip
        | Function::Cidr
        | Function::UrlDecode
        | Function::UrlEncode
        | Function::Base64Encode
        | Function::Base64Decode
        | Function::Base64UrlEncode
        | Function::Base64UrlDecode
        | Function::HexEncode
        | Function::HexDecode
        | Function::Text
        | Function::Sha256
        | Function::Sha512
        | Function::Sha1
        | Function::Md5
        | Function::HmacSha256
        | Function::HmacSha512
        | Function::HmacSha1
        | Function::EqualConstantTime => {}
    }
    let mut lowered = Vec::new();
    if matches!(function, Function::Sha512 | Function::HmacSha512) {
        lowered.push(Expr::Data(builder.table("constants of SHA-512", sha512::constants())));
    }
    if function == Function::Md5 {
        lowered.push(Expr::Data(builder.table("constants of MD5", md5::constants())));
    }
    lowered.extend(args.iter().map(|arg| lower(builder, context, arg)));
    // All that is left is `substring` without a length.
    let wanted = one(function);
    while lowered.len() < wanted.signature().params.len() {
        lowered.push(Expr::I64(i64::MAX));
    }
    mechanism(wanted, lowered)
}

/// The mechanism of a function whose arguments are the mechanism's.
fn one(function: Function) -> Mechanism {
    match function {
        Function::Lower => Mechanism::StrLower,
        Function::Upper => Mechanism::StrUpper,
        Function::Trim => Mechanism::StrTrim,
        Function::Len => Mechanism::StrLen,
        Function::Substring => Mechanism::StrSubstring,
        Function::Split => Mechanism::StrSplit,
        Function::Join => Mechanism::ListJoin,
        Function::Replace => Mechanism::StrReplace,
        Function::Int => Mechanism::StrToInt,
        Function::Float => Mechanism::StrToFloat,
        Function::Time => Mechanism::StrToTime,
        Function::Unix => Mechanism::TimeUnix,
        Function::Ip => Mechanism::StrToIp,
        Function::Cidr => Mechanism::IpNetwork,
        Function::UrlDecode => Mechanism::UrlDecode,
        Function::UrlEncode => Mechanism::UrlEncode,
        Function::Base64Encode => Mechanism::Base64Encode,
        Function::Base64Decode => Mechanism::Base64Decode,
        Function::Base64UrlEncode => Mechanism::Base64UrlEncode,
        Function::Base64UrlDecode => Mechanism::Base64UrlDecode,
        Function::HexEncode => Mechanism::HexEncode,
        Function::HexDecode => Mechanism::HexDecode,
        Function::Text => Mechanism::BytesText,
        Function::Sha256 => Mechanism::Sha256,
        Function::Sha512 => Mechanism::Sha512,
        Function::Sha1 => Mechanism::Sha1,
        Function::Md5 => Mechanism::Md5,
        Function::HmacSha256 => Mechanism::HmacSha256,
        Function::HmacSha512 => Mechanism::HmacSha512,
        Function::HmacSha1 => Mechanism::HmacSha1,
        Function::EqualConstantTime => Mechanism::SecretEqual,
        Function::Hash | Function::JsonText => Mechanism::BytesHash,
    }
}

/// `len`: what is known now is a constant.
fn length(builder: &mut Builder<'_>, context: &mut Context, operand: &hir::Expr) -> Expr {
    if let ExprKind::List(id) = &operand.kind {
        return Expr::I64(builder.policy.lists.get(id.index()).map_or(0, |list| list.values.len() as i64));
    }
    if let ExprKind::ListOf(items) = &operand.kind {
        return Expr::I64(items.len() as i64);
    }
    let by = match operand.ty.present() {
        // Both are an address and a count.
        Ty::List(_) | Ty::Bytes => Mechanism::ListLen,
        Ty::String
        | Ty::Bool
        | Ty::Int
        | Ty::Float
        | Ty::Ip
        | Ty::Cidr
        | Ty::Duration
        | Ty::Time
        | Ty::Rate
        | Ty::Secret
        | Ty::Json
        | Ty::Enum(_)
        | Ty::Regex
        | Ty::Map(_)
        | Ty::Optional(_)
        | Ty::Error => Mechanism::StrLen,
    };
    let value = lower(builder, context, operand);
    mechanism(by, vec![value])
}

/// `join`: lists that stand in the policy are written one element after the other.
fn join(builder: &mut Builder<'_>, context: &mut Context, list: &hir::Expr, args: &[hir::Expr]) -> Expr {
    let Some(separator) = args.get(1) else { return Expr::I64(0) };
    let Some(items) = membership::elements(builder.policy, list) else {
        let list = lower(builder, context, list);
        let separator = lower(builder, context, separator);
        return mechanism(Mechanism::ListJoin, vec![list, separator]);
    };
    text::join(builder, context, &items, separator)
}
