//! The built-in values: what a policy can read, section "What a rule can read" of the language.

use super::Support;
use crate::ir::hir::{CertificatePart, Keyed, Read, Ty};

/// When a value is known first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// With the request headers.
    Request,
    /// With the whole body of the request.
    Body,
    /// With the response headers.
    Response,
}

/// What is read with a key, by the words that people have for it.
pub fn by_word(word: &str) -> Option<&'static str> {
    match word {
        "header" | "headers" => Some("request.headers"),
        "query" | "params" | "args" => Some("request.query"),
        "cookie" | "cookies" => Some("request.cookies"),
        "form" => Some("request.body.form"),
        _ => None,
    }
}

/// How a value is read.
#[derive(Clone, Debug)]
pub enum Access {
    /// `request.method`
    Plain(Read),
    /// `request.headers["k"]`: header names, in lower case.
    Header(Keyed),
    /// `request.query["k"]`: any text.
    Key(Keyed),
    /// `request.body.json`, with members and elements behind it.
    Json(Read),
    /// This version cannot read it.
    NotYet,
}

/// One built-in value.
#[derive(Debug)]
pub struct Value {
    /// How it is written, without keys.
    pub path: &'static str,
    /// Its type when it is present.
    pub ty: Ty,
    /// Whether it may be absent.
    pub optional: bool,
    /// When it is known.
    pub phase: Phase,
    /// How it is read.
    pub access: Access,
}

impl Value {
    /// Whether this version reads it.
    pub fn support(&self) -> Support {
        match self.access {
            Access::Plain(_) | Access::Header(_) | Access::Key(_) | Access::Json(_) => Support::Yes,
            Access::NotYet => Support::NotYet,
        }
    }
}

const fn plain(path: &'static str, ty: Ty, read: Read) -> Value {
    Value { path, ty, optional: false, phase: Phase::Request, access: Access::Plain(read) }
}

const fn keyed(path: &'static str, access: Access) -> Value {
    Value { path, ty: Ty::String, optional: true, phase: Phase::Request, access }
}

const fn body(path: &'static str, ty: Ty, optional: bool, access: Access) -> Value {
    Value { path, ty, optional, phase: Phase::Body, access }
}

const fn not_yet(path: &'static str, phase: Phase) -> Value {
    Value { path, ty: Ty::Error, optional: false, phase, access: Access::NotYet }
}

/// Every built-in value whose path is fixed; `config.NAME` and `path.NAME` are declared by the policy.
pub static VALUES: &[Value] = &[
    plain("request.method", Ty::String, Read::Method),
    plain("request.scheme", Ty::String, Read::Scheme),
    plain("request.host", Ty::String, Read::Host),
    plain("request.protocol", Ty::String, Read::Protocol),
    Value { path: "request.id", ty: Ty::String, optional: true, phase: Phase::Request, access: Access::Plain(Read::RequestId) },
    plain("request.path", Ty::String, Read::Path),
    plain("request.raw_path", Ty::String, Read::RawPath),
    keyed("request.query", Access::Key(Keyed::Query)),
    keyed("request.query.all", Access::Key(Keyed::QueryAll)),
    plain("request.query.count", Ty::Int, Read::QueryCount),
    keyed("request.headers", Access::Header(Keyed::Header)),
    keyed("request.headers.all", Access::Header(Keyed::HeaderAll)),
    plain("request.headers.count", Ty::Int, Read::HeaderCount),
    keyed("request.cookies", Access::Key(Keyed::Cookie)),
    body("request.body.size", Ty::Int, false, Access::Plain(Read::BodySize)),
    body("request.body.text", Ty::String, false, Access::Plain(Read::BodyText)),
    body("request.body.json", Ty::Json, true, Access::Json(Read::BodyJson)),
    body("request.body.form", Ty::String, true, Access::Key(Keyed::BodyForm)),
    plain("client.ip", Ty::Ip, Read::ClientIp),
    plain("client.port", Ty::Int, Read::ClientPort),
    plain("client.tls.present", Ty::Bool, Read::ClientTls),
    Value {
        path: "client.tls.subject",
        ty: Ty::String,
        optional: true,
        phase: Phase::Request,
        access: Access::Plain(Read::ClientCertificate(CertificatePart::Subject)),
    },
    plain("client.tls.sans", Ty::String, Read::ClientSans),
    Value { path: "response.status", ty: Ty::Int, optional: false, phase: Phase::Response, access: Access::Plain(Read::ResponseStatus) },
    Value {
        path: "response.headers",
        ty: Ty::String,
        optional: true,
        phase: Phase::Response,
        access: Access::Header(Keyed::ResponseHeader),
    },
    Value {
        path: "response.body.text",
        ty: Ty::String,
        optional: false,
        phase: Phase::Response,
        access: Access::Plain(Read::ResponseText),
    },
    Value { path: "response.body.json", ty: Ty::Json, optional: true, phase: Phase::Response, access: Access::Json(Read::ResponseJson) },
    plain("now", Ty::Time, Read::Now),
    plain("now.weekday", Ty::Int, Read::NowWeekday),
    plain("now.hour", Ty::Int, Read::NowHour),
    plain("now.minute", Ty::Int, Read::NowMinute),
    not_yet("tags", Phase::Request),
];

/// The names that begin built-in values; no declaration may take one.
pub const ROOTS: &[&str] = &["request", "response", "client", "path", "config", "now", "tags", "builtin", "self"];

/// The value with this path.
pub fn find(path: &str) -> Option<&'static Value> {
    VALUES.iter().find(|value| value.path == path)
}

impl Value {
    /// The type of a read: `list<string>` for `.all`, else the declared one.
    pub fn read_type(&self) -> Ty {
        if self.path.ends_with(".all") || self.path == "client.tls.sans" {
            return Ty::List(Box::new(Ty::String));
        }
        if self.optional { self.ty.clone().optional() } else { self.ty.clone() }
    }
}
