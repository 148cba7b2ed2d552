//! The built-in functions: what each takes and gives.

use crate::ir::hir;

/// What a parameter takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Param {
    /// A `string`.
    Text,
    /// `bytes`; a string is taken, too.
    Bytes,
    /// An `int`.
    Int,
    /// An `ip`.
    Ip,
    /// A `list<string>`.
    Texts,
    /// A `time`.
    Time,
    /// What has a length: a `string`, `bytes`, a list.
    Measured,
    /// The key of a code: a `secret`, or `bytes` that were computed.
    Key,
    /// A `string`, `bytes` or a `secret`.
    Compared,
    /// What can be written into a text, or `bytes`.
    Hashed,
    /// A `json`.
    Json,
}

/// What a function gives when its argument is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gives {
    /// `bool`
    Bool,
    /// `int`
    Int,
    /// `string`
    Text,
    /// `list<string>`
    Texts,
    /// `bytes`
    Bytes,
    /// `ip`
    Ip,
    /// `cidr`
    Cidr,
    /// `float`
    Float,
    /// `time`
    Time,
}

impl Gives {
    /// As a type.
    pub fn ty(self) -> hir::Ty {
        match self {
            Gives::Bool => hir::Ty::Bool,
            Gives::Int => hir::Ty::Int,
            Gives::Text => hir::Ty::String,
            Gives::Texts => hir::Ty::List(Box::new(hir::Ty::String)),
            Gives::Bytes => hir::Ty::Bytes,
            Gives::Ip => hir::Ty::Ip,
            Gives::Cidr => hir::Ty::Cidr,
            Gives::Float => hir::Ty::Float,
            Gives::Time => hir::Ty::Time,
        }
    }
}

/// Whether the result may be absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absence {
    /// Never: absent arguments are refused.
    Refused,
    /// When the argument is.
    Passed,
    /// Also when the argument cannot be converted.
    Possible,
}

/// One built-in function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Function {
    /// Its name.
    pub name: &'static str,
    /// How it is called, for messages.
    pub usage: &'static str,
    /// What it becomes.
    pub compiled: hir::Function,
    /// What it takes.
    pub params: &'static [Param],
    /// How many of them, at the end, may be left out.
    pub optional: usize,
    /// What it gives.
    pub gives: Gives,
    /// Whether that may be absent.
    pub absence: Absence,
}

const fn plain(function: hir::Function, usage: &'static str, params: &'static [Param], gives: Gives) -> Function {
    Function { name: function.name(), usage, compiled: function, params, optional: 0, gives, absence: Absence::Refused }
}

const fn passing(function: hir::Function, usage: &'static str) -> Function {
    Function { absence: Absence::Passed, ..plain(function, usage, &[Param::Text], Gives::Text) }
}

const fn converting(function: hir::Function, usage: &'static str, param: &'static [Param], gives: Gives) -> Function {
    Function { absence: Absence::Possible, ..plain(function, usage, param, gives) }
}

const fn decoding(function: hir::Function, usage: &'static str) -> Function {
    converting(function, usage, &[Param::Text], Gives::Bytes)
}

const fn encoding(function: hir::Function, usage: &'static str) -> Function {
    plain(function, usage, &[Param::Bytes], Gives::Text)
}

const fn digest(function: hir::Function, usage: &'static str) -> Function {
    plain(function, usage, &[Param::Bytes], Gives::Bytes)
}

const fn code(function: hir::Function, usage: &'static str) -> Function {
    plain(function, usage, &[Param::Key, Param::Bytes], Gives::Bytes)
}

/// Every function of the language.
pub const FUNCTIONS: &[Function] = &[
    passing(hir::Function::Lower, "lower(text)"),
    passing(hir::Function::Upper, "upper(text)"),
    passing(hir::Function::Trim, "trim(text)"),
    plain(hir::Function::Len, "len(text, bytes or list)", &[Param::Measured], Gives::Int),
    Function {
        optional: 1,
        ..plain(hir::Function::Substring, "substring(text, start, length)", &[Param::Text, Param::Int, Param::Int], Gives::Text)
    },
    plain(hir::Function::Split, "split(text, separator)", &[Param::Text, Param::Text], Gives::Texts),
    plain(hir::Function::Join, "join(list, separator)", &[Param::Texts, Param::Text], Gives::Text),
    plain(hir::Function::Replace, "replace(text, from, to)", &[Param::Text, Param::Text, Param::Text], Gives::Text),
    converting(hir::Function::Int, "int(text)", &[Param::Text], Gives::Int),
    converting(hir::Function::Float, "float(text)", &[Param::Text], Gives::Float),
    converting(hir::Function::Ip, "ip(text)", &[Param::Text], Gives::Ip),
    plain(hir::Function::Cidr, "cidr(address, v4_bits, v6_bits)", &[Param::Ip, Param::Int, Param::Int], Gives::Cidr),
    decoding(hir::Function::UrlDecode, "url_decode(text)"),
    encoding(hir::Function::UrlEncode, "url_encode(bytes)"),
    encoding(hir::Function::Base64Encode, "base64_encode(bytes)"),
    decoding(hir::Function::Base64Decode, "base64_decode(text)"),
    encoding(hir::Function::Base64UrlEncode, "base64url_encode(bytes)"),
    decoding(hir::Function::Base64UrlDecode, "base64url_decode(text)"),
    encoding(hir::Function::HexEncode, "hex_encode(bytes)"),
    decoding(hir::Function::HexDecode, "hex_decode(text)"),
    converting(hir::Function::Text, "text(bytes)", &[Param::Bytes], Gives::Text),
    digest(hir::Function::Sha256, "sha256(bytes)"),
    digest(hir::Function::Sha512, "sha512(bytes)"),
    digest(hir::Function::Sha1, "sha1(bytes)"),
    digest(hir::Function::Md5, "md5(bytes)"),
    code(hir::Function::HmacSha256, "hmac_sha256(config.SECRET, bytes)"),
    code(hir::Function::HmacSha512, "hmac_sha512(config.SECRET, bytes)"),
    code(hir::Function::HmacSha1, "hmac_sha1(config.SECRET, bytes)"),
    plain(hir::Function::EqualConstantTime, "equal_constant_time(a, b)", &[Param::Compared, Param::Compared], Gives::Bool),
    plain(hir::Function::Hash, "hash(value)", &[Param::Hashed], Gives::Int),
    converting(hir::Function::Time, "time(text)", &[Param::Text], Gives::Time),
    plain(hir::Function::Unix, "unix(time)", &[Param::Time], Gives::Int),
    plain(hir::Function::JsonText, "json_text(json)", &[Param::Json], Gives::Text),
];

/// The function with this name.
pub fn find(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| function.name == name)
}

/// The entry of a function that is compiled.
pub fn of(function: hir::Function) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|entry| entry.compiled == function)
}

#[cfg(test)]
mod tests {
    use super::{FUNCTIONS, find};
    use crate::ir::hir;

    #[test]
    fn every_function_has_its_entry() {
        for function in hir::Function::ALL {
            assert!(find(function.name()).is_some_and(|entry| entry.compiled == *function), "{function:?}");
        }
        assert_eq!(FUNCTIONS.len(), hir::Function::ALL.len());
    }
}
