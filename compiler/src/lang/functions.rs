//! The built-in functions.

use crate::ir::hir;

/// One built-in function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Function {
    /// Its name.
    pub name: &'static str,
    /// How it is called, for messages.
    pub usage: &'static str,
    /// What it becomes; `None` while this version does not compile it.
    pub compiled: Option<hir::Function>,
}

const fn yes(name: &'static str, usage: &'static str, function: hir::Function) -> Function {
    Function { name, usage, compiled: Some(function) }
}

const fn not_yet(name: &'static str) -> Function {
    Function { name, usage: name, compiled: None }
}

/// Every function of the language.
pub const FUNCTIONS: &[Function] = &[
    yes("lower", "lower(text)", hir::Function::Lower),
    yes("upper", "upper(text)", hir::Function::Upper),
    yes("trim", "trim(text)", hir::Function::Trim),
    yes("len", "len(text or list)", hir::Function::Len),
    yes("int", "int(text)", hir::Function::Int),
    yes("replace", "replace(text, from, to)", hir::Function::Replace),
    not_yet("substring"),
    not_yet("split"),
    not_yet("join"),
    not_yet("float"),
    not_yet("ip"),
    not_yet("cidr"),
    not_yet("url_decode"),
    not_yet("url_encode"),
    not_yet("base64_encode"),
    not_yet("base64_decode"),
    not_yet("base64url_encode"),
    not_yet("base64url_decode"),
    not_yet("hex_encode"),
    not_yet("hex_decode"),
    not_yet("text"),
    not_yet("sha256"),
    not_yet("sha512"),
    not_yet("sha1"),
    not_yet("md5"),
    not_yet("hmac_sha256"),
    not_yet("hmac_sha512"),
    not_yet("hmac_sha1"),
    not_yet("equal_constant_time"),
    not_yet("hash"),
    not_yet("time"),
    not_yet("unix"),
    yes("json_text", "json_text(json)", hir::Function::JsonText),
];

/// The function with this name.
pub fn find(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| function.name == name)
}
