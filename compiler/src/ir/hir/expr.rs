//! Typed expressions.

use std::net::IpAddr;

use super::{ConfigId, CredentialId, FnId, Function, Json, LetId, ListId, MapId, Member, Template, Ty};
use crate::base::Span;
use crate::ir::ast::{BinaryOp, Quantifier};

/// An expression, its type and its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Its type.
    pub ty: Ty,
    /// Where it stands.
    pub span: Span,
}

/// A constant.
#[derive(Clone, Debug, PartialEq)]
pub enum Const {
    /// `true`
    Bool(bool),
    /// An `int`, a `duration` or a `time` (nanoseconds), a size (bytes).
    Int(i64),
    /// A `float`.
    Float(f64),
    /// A `string`.
    String(String),
    /// `bytes`.
    Bytes(Vec<u8>),
    /// An `ip`; IPv4-mapped IPv6 is stored as IPv4.
    Ip(IpAddr),
    /// A `cidr`; the host bits are zero. The prefix length counts bits of the address's own family.
    Cidr(IpAddr, u8),
}

/// The forms of typed expressions. Absence: section Types of `language.md`.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// A constant.
    Const(Const),
    /// A fact about the request or the response.
    Read(Read),
    /// A fact by a key that is known only at run time (`Read::Computed`): the key is a string, or absent (then so is the fact,
    /// and a list is empty).
    ReadAt(Read, Box<Expr>),
    /// A configuration value.
    Config(ConfigId),
    /// A `let`.
    Let(LetId),
    /// A declared list.
    List(ListId),
    /// A list written in place.
    ListOf(Vec<Expr>),
    /// `MAP[key]`, optional; the key is a present string or absent (then absent).
    MapGet(MapId, Box<Expr>),
    /// `config.m[key]` of a configured map.
    ConfigMapGet(ConfigId, Box<Expr>),
    /// `not a`, of a `bool`.
    Not(Box<Expr>),
    /// All of them; `bool`s, at least two.
    And(Vec<Expr>),
    /// One of them; `bool`s, at least two.
    Or(Vec<Expr>),
    /// `==`: false when a side is absent. Sides have one type (secrets with strings; int with float).
    Equal(Box<Expr>, Box<Expr>),
    /// `a < b` of present ints, floats, durations, times.
    Less(Box<Expr>, Box<Expr>),
    /// `a <= b`.
    LessEqual(Box<Expr>, Box<Expr>),
    /// `needle in list`; the haystack has type list, the needle its element type or (for cidrs) `ip`, or (for json) a string, int
    /// or bool. False when absent.
    In(Box<Expr>, Box<Expr>),
    /// `key in MAP`.
    InMap(Box<Expr>, MapId),
    /// `key in config.m`.
    InConfigMap(Box<Expr>, ConfigId),
    /// `ip in cidr`, of two single values.
    InCidr(Box<Expr>, Box<Expr>),
    /// `string contains string`. (`list contains x` becomes `In`.)
    Contains(Box<Expr>, Box<Expr>),
    /// `a starts_with b`
    StartsWith(Box<Expr>, Box<Expr>),
    /// `a ends_with b`
    EndsWith(Box<Expr>, Box<Expr>),
    /// `a matches /pattern/flags`: the pattern with `\/` undone.
    Matches(Box<Expr>, String, String),
    /// `a is present`; `is absent` is its negation.
    Present(Box<Expr>),
    /// `a ?? b`.
    Coalesce(Box<Expr>, Box<Expr>),
    /// Strings, ints, bools, ips and floats written one after the other.
    Concat(Vec<Expr>),
    /// Saturating arithmetic on ints, floats, durations and times. The remainder by zero is zero.
    Arithmetic(BinaryOp, Box<Expr>, Box<Expr>),
    /// Member of a JSON object by name, optional; what is no object or absent has none.
    JsonMember(Box<Expr>, Box<Expr>),
    /// Element of a JSON array by index, optional.
    JsonElement(Box<Expr>, Box<Expr>),
    /// A JSON value as the type of this expression (`string?`, `int?`, `float?`, `bool?`, a list of these or of `json` that may be
    /// absent); absent when it, or an element of it, is of another.
    JsonAs(Box<Expr>),
    /// `a == null`, of `json`.
    JsonIsNull(Box<Expr>),
    /// `needle in array` of a JSON array and a `json`, string, int or bool: array, needle.
    JsonHas(Box<Expr>, Box<Expr>),
    /// A present `time` as RFC 3339 writes it.
    TimeText(Box<Expr>),
    /// An object: a `json` value that is written in place.
    Object(Box<Json>),
    /// A built-in function; an absent first argument of a conversion gives absent.
    Call(Function, Vec<Expr>),
    /// `if c then a else b`; a branch may be present where the whole may be absent.
    If(Box<Expr>, Box<Expr>, Box<Expr>),
    /// `match x { constant: value, …, otherwise: value }`; an absent subject goes to `otherwise`. Where the arms cover every
    /// value, the last stands as `otherwise`.
    Match(Box<Expr>, Vec<(Const, Expr)>, Box<Expr>),
    /// `LIST[index]`, optional: absent below zero and behind the end.
    Index(Box<Expr>, Box<Expr>),
    /// `some x in list satisfies condition`, `every …`: the condition reads the element as `Bound` of this level. Both are false
    /// over an absent list.
    Quantified(Quantifier, u32, Box<Expr>, Box<Expr>),
    /// A parameter of a `fn`, or an element of the quantifier around: the names in reach, counted from outside.
    Bound(u32),
    /// A call of a `fn`; the arguments have the types of its parameters, or are present where those may be absent.
    Invoke(FnId, Vec<Expr>),
}

/// A part of a client's certificate, as far as hosts tell it: the first name of each kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CertificatePart {
    /// The first URI among its alternative names, such as a SPIFFE id.
    Uri,
    /// The first DNS name among them.
    Dns,
    /// Its subject (RFC 2253), if that is not empty.
    Subject,
}

/// What can be read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Read {
    /// `request.method`
    Method,
    /// `request.scheme`
    Scheme,
    /// `request.host`: lower case, without port
    Host,
    /// `request.protocol`
    Protocol,
    /// `request.id`, optional
    RequestId,
    /// `request.path`: normalised and decoded, without query
    Path,
    /// `request.raw_path`: as received, with query
    RawPath,
    /// `request.query["k"]`, optional: the first, decoded
    Query(String),
    /// `request.query.all["k"]`
    QueryAll(String),
    /// `request.query.count`
    QueryCount,
    /// `request.headers["k"]` (lower case), optional: all lines joined with `, `
    Header(String),
    /// `request.headers.all["k"]`
    HeaderAll(String),
    /// `request.headers.count`
    HeaderCount,
    /// `request.cookies["k"]`, optional: the first
    Cookie(String),
    /// `path.NAME`: the segment of the first template here that matches the path; the number counts segments from 0.
    Capture(String, Vec<(Template, u32)>),
    /// `client.ip`
    ClientIp,
    /// `client.port`
    ClientPort,
    /// `client.tls.present`
    ClientTls,
    /// `client.tls.subject` and the like, optional: of the certificate that the host verified
    ClientCertificate(CertificatePart),
    /// `client.tls.sans`
    ClientSans,
    /// `NAME.key_id` and the like: optional under `or` and `optional`
    Member(CredentialId, Member),
    /// `NAME.claim`: the claim by its place in the declaration; optional under `or` and `optional`
    Claim(CredentialId, u32),
    /// `NAME is present`
    CredentialPresent(CredentialId),
    /// `now`: one instant for a request and its response
    Now,
    /// `now.weekday`, 1 is Monday; UTC
    NowWeekday,
    /// `now.hour`
    NowHour,
    /// `now.minute`
    NowMinute,
    /// `request.body.size`
    BodySize,
    /// `request.body.text`
    BodyText,
    /// The bytes of the body as they came, optional: what a signature covers
    BodyBytes,
    /// `request.body.json`, optional: absent when the body is empty
    BodyJson,
    /// `request.body.form["k"]`, optional: the first, decoded
    BodyForm(String),
    /// What a key that is known only at run time finds; stands in `ExprKind::ReadAt` and nowhere else.
    Computed(Keyed),
    /// `response.status`
    ResponseStatus,
    /// `response.body.text`
    ResponseText,
    /// `response.body.json`, optional
    ResponseJson,
    /// `response.headers["k"]` (lower case), optional
    ResponseHeader(String),
}

/// What is read by a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Keyed {
    /// `request.query[…]`
    Query,
    /// `request.query.all[…]`
    QueryAll,
    /// `request.headers[…]`; names in any case, one that no header has finds nothing
    Header,
    /// `request.headers.all[…]`
    HeaderAll,
    /// `request.cookies[…]`
    Cookie,
    /// `request.body.form[…]`
    BodyForm,
    /// `response.headers[…]`
    ResponseHeader,
}

impl Keyed {
    /// How it is written, without the key.
    pub fn path(self) -> &'static str {
        match self {
            Keyed::Query => "request.query",
            Keyed::QueryAll => "request.query.all",
            Keyed::Header => "request.headers",
            Keyed::HeaderAll => "request.headers.all",
            Keyed::Cookie => "request.cookies",
            Keyed::BodyForm => "request.body.form",
            Keyed::ResponseHeader => "response.headers",
        }
    }

    /// The same by a key that is known.
    pub fn read(self, key: String) -> Read {
        match self {
            Keyed::Query => Read::Query(key),
            Keyed::QueryAll => Read::QueryAll(key),
            Keyed::Header => Read::Header(key),
            Keyed::HeaderAll => Read::HeaderAll(key),
            Keyed::Cookie => Read::Cookie(key),
            Keyed::BodyForm => Read::BodyForm(key),
            Keyed::ResponseHeader => Read::ResponseHeader(key),
        }
    }
}
