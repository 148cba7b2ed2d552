//! Top-level items, attributes, types and replies.

use super::{Expr, Name, Rule, Scope, Test};
use crate::base::Span;

/// One item of a file.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// `policy NAME { … }`
    Policy(Policy),
    /// `import "file"`
    Import(Import),
    /// `config { … }`
    Config(Config),
    /// `let NAME = expr`
    Let(Let),
    /// `fn NAME(…) = expr`
    Function(Function),
    /// `list NAME: type = …`
    List(ListOrMap),
    /// `map NAME: type -> type = …`
    Map(ListOrMap),
    /// `jwt NAME { … claims { … } }`
    Jwt(Jwt),
    /// `api_key`, `basic`, `hmac`, `token`, `mtls`, `service`, `detector`, `limit`
    Declaration(Declaration),
    /// `lookup NAME(…) -> type { … }`
    Lookup(Lookup),
    /// `scope "template" { … }`
    Scope(Scope),
    /// `permit`, `forbid`, `rewrite`, `redact`, `route`
    Rule(Rule),
    /// `test "name" { … }`
    Test(Test),
}

impl Item {
    /// Where it stands.
    pub fn span(&self) -> Span {
        match self {
            Item::Policy(item) => item.span,
            Item::Import(item) => item.span,
            Item::Config(item) => item.span,
            Item::Let(item) => item.span,
            Item::Function(item) => item.span,
            Item::List(item) | Item::Map(item) => item.span,
            Item::Jwt(item) => item.span,
            Item::Declaration(item) => item.span,
            Item::Lookup(item) => item.span,
            Item::Scope(item) => item.span,
            Item::Rule(item) => item.span,
            Item::Test(item) => item.span,
        }
    }
}

/// `policy NAME { attrs }`.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// Its name.
    pub name: Name,
    /// Its attributes.
    pub attrs: Vec<Attr>,
    /// The whole block.
    pub span: Span,
}

/// `import "file"`.
#[derive(Clone, Debug, PartialEq)]
pub struct Import {
    /// The file, relative to the importing one.
    pub file: Name,
    /// The whole item.
    pub span: Span,
}

/// `config { fields }`.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The declared values.
    pub fields: Vec<Field>,
    /// The whole block.
    pub span: Span,
}

/// A field of `config` or `claims`: `name: type = default`.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Its name, a word or a string.
    pub name: Name,
    /// Its type.
    pub ty: Type,
    /// Its default.
    pub default: Option<Expr>,
}

/// `let NAME = expr`.
#[derive(Clone, Debug, PartialEq)]
pub struct Let {
    /// Its name.
    pub name: Name,
    /// What it stands for.
    pub value: Expr,
    /// The whole item.
    pub span: Span,
}

/// `fn NAME(params) = expr`.
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    /// Its name.
    pub name: Name,
    /// Its parameters.
    pub params: Vec<Param>,
    /// Its body.
    pub body: Expr,
    /// The whole item.
    pub span: Span,
}

/// `name: type`.
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    /// The name.
    pub name: Name,
    /// The type.
    pub ty: Type,
}

/// `list NAME: T = value` or `map NAME: K -> T = value`.
#[derive(Clone, Debug, PartialEq)]
pub struct ListOrMap {
    /// Its name.
    pub name: Name,
    /// The key type of a map.
    pub key: Option<Type>,
    /// The element or value type.
    pub ty: Type,
    /// A list or object literal, or `file "…"`.
    pub value: Value,
    /// The whole item.
    pub span: Span,
}

/// `jwt NAME { … }`.
#[derive(Clone, Debug, PartialEq)]
pub struct Jwt {
    /// Its name.
    pub name: Name,
    /// Its attributes.
    pub attrs: Vec<Attr>,
    /// Fields of all its `claims` blocks.
    pub claims: Vec<Field>,
    /// The whole block.
    pub span: Span,
}

/// A declaration block that has only attributes.
#[derive(Clone, Debug, PartialEq)]
pub struct Declaration {
    /// Which one.
    pub kind: DeclarationKind,
    /// Its name.
    pub name: Name,
    /// Its attributes.
    pub attrs: Vec<Attr>,
    /// The whole block.
    pub span: Span,
}

/// The kinds of declaration blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DeclarationKind {
    /// `api_key`
    ApiKey,
    /// `basic`
    Basic,
    /// `hmac`
    Hmac,
    /// `token`
    Token,
    /// `mtls`
    Mtls,
    /// `service`
    Service,
    /// `detector`
    Detector,
    /// `limit`
    Limit,
}

impl DeclarationKind {
    /// The keyword.
    pub fn keyword(self) -> &'static str {
        match self {
            DeclarationKind::ApiKey => "api_key",
            DeclarationKind::Basic => "basic",
            DeclarationKind::Hmac => "hmac",
            DeclarationKind::Token => "token",
            DeclarationKind::Mtls => "mtls",
            DeclarationKind::Service => "service",
            DeclarationKind::Detector => "detector",
            DeclarationKind::Limit => "limit",
        }
    }
}

/// `lookup NAME(params) -> type { attrs }`.
#[derive(Clone, Debug, PartialEq)]
pub struct Lookup {
    /// Its name.
    pub name: Name,
    /// Its parameters.
    pub params: Vec<Param>,
    /// What it gives.
    pub ty: Type,
    /// Its attributes.
    pub attrs: Vec<Attr>,
    /// The whole block.
    pub span: Span,
}

/// `name = value`.
#[derive(Clone, Debug, PartialEq)]
pub struct Attr {
    /// Its name (`when` included).
    pub name: Name,
    /// Its value.
    pub value: Value,
    /// The whole attribute.
    pub span: Span,
}

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// An expression.
    Expr(Expr),
    /// `file "f"`, `SERVICE "/path"`, `tag "x" for 30m`.
    Source(Source),
    /// `deny 403`, `block 10m with 429`.
    Outcome(Outcome),
    /// `distinct expr`.
    Distinct(Expr),
    /// `fetch { service = …, … }`.
    Fetch(Vec<Attr>, Span),
}

/// `NAME STRING [for DURATION]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// `header`, `file`, a service, `tag`, …
    pub kind: Name,
    /// The string; may be an interpolation.
    pub text: Expr,
    /// After `for`, nanoseconds.
    pub duration: Option<i64>,
    /// The whole source.
    pub span: Span,
}

/// `deny REPLY` or `block DURATION with REPLY`.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Refuse with this reply.
    Deny(Reply),
    /// Refuse for this long (nanoseconds).
    Block(i64, Reply),
}

/// `429 "text"`, `403 json {…}`, `302 location expr`.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// The status as written.
    pub status: i64,
    /// Where the status stands.
    pub status_span: Span,
    /// What comes with it.
    pub body: ReplyBody,
    /// The whole reply.
    pub span: Span,
}

/// What a reply carries.
#[derive(Clone, Debug, PartialEq)]
pub enum ReplyBody {
    /// Nothing.
    Empty,
    /// A text (a string or an interpolation).
    Text(Expr),
    /// A JSON object.
    Json(Expr),
    /// A `location` header.
    Location(Expr),
}

/// A type as written.
#[derive(Clone, Debug, PartialEq)]
pub struct Type {
    /// `string`, `list`, `enum`, …
    pub name: Name,
    /// Type arguments; of an enum none.
    pub args: Vec<Type>,
    /// The values of an enum.
    pub values: Vec<Name>,
    /// Whether a `?` follows.
    pub optional: bool,
    /// The whole type.
    pub span: Span,
}
