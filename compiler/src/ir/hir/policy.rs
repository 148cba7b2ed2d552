//! The policy and its declarations.

use super::{Credential, CredentialId, Expr, LimitId, Name, Rule, ScopeId, Template, Test, Ty};
use crate::base::Span;

/// A whole checked policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// Its name.
    pub name: Name,
    /// Whether nothing is refused or changed: then everything in it is in shadow, `default` and `on_fault` allow, and the upstream
    /// receives the path as it came.
    pub shadow: bool,
    /// What happens when nothing matches: `Allow` or deny.
    pub default: Action,
    /// In a policy in shadow: whether `default` would refuse, which counts.
    pub default_would_deny: bool,
    /// What happens on a fault.
    pub on_fault: Action,
    /// The most bytes of a request's body that are read.
    pub body_limit: u64,
    /// What happens to a request that has more where its body has to be read: `Allow` leaves absent what reads it.
    pub on_oversize: Action,
    /// The hosts that it speaks for; empty for all.
    pub hosts: Vec<HostPattern>,
    /// How many proxies in front are trusted to say who the client is; the host is deployed with this number.
    pub trusted_hops: u8,
    /// Whether the upstream receives the normalised path.
    pub normalize_path: bool,
    /// The declared configuration.
    pub config: Vec<Config>,
    /// `let`s; each reads only those before it.
    pub lets: Vec<Let>,
    /// `fn`s; each calls only those before it.
    pub fns: Vec<Fn>,
    /// Lists.
    pub lists: Vec<List>,
    /// Maps.
    pub maps: Vec<Map>,
    /// Services.
    pub services: Vec<Service>,
    /// Credentials.
    pub credentials: Vec<Credential>,
    /// Limits in file order.
    pub limits: Vec<Limit>,
    /// All scopes, outer before inner, in file order.
    pub scopes: Vec<Scope>,
    /// All rules in file order.
    pub rules: Vec<Rule>,
    /// The tests in file order.
    pub tests: Vec<Test>,
}

/// `service NAME { … }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Its name.
    pub name: Name,
    /// Of the host.
    pub cluster: String,
    /// Whom calls are for.
    pub authority: String,
    /// How long an answer may take, nanoseconds.
    pub timeout: i64,
}

/// Go on, or answer with a reply.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Go on.
    Allow,
    /// Answer.
    Deny(Reply),
}

/// A reply of the policy's own.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// 200..=599
    pub status: u16,
    /// What comes with it.
    pub body: ReplyBody,
}

/// What a reply carries.
#[derive(Clone, Debug, PartialEq)]
pub enum ReplyBody {
    /// No body.
    Empty,
    /// `text/plain`; the expression is a string.
    Text(Expr),
    /// `application/json`, without spaces, members in the order written.
    Json(Json),
    /// A `location` header and no body; the expression is a string.
    Location(Expr),
}

/// A JSON text with expressions in it.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// `null`
    Null,
    /// A bool, int, float or string expression; absent gives `null`.
    Expr(Expr),
    /// An array.
    Array(Vec<Json>),
    /// An object.
    Object(Vec<(String, Json)>),
}

/// `api.example.com`, or `*.example.com` with the part behind the star; lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HostPattern {
    /// The name itself.
    Exact(String),
    /// One or more labels in front of this (without its leading dot).
    Under(String),
}

/// A field of `config`. Its type is a single value, a list or a map of such, or one of these optional.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The key in the configuration.
    pub name: Name,
    /// Its type.
    pub ty: Ty,
    /// What stands for a missing key.
    pub default: Option<ConfigDefault>,
}

/// A default in `config`.
#[derive(Clone, Debug, PartialEq)]
pub enum ConfigDefault {
    /// A single value.
    One(super::Const),
    /// The elements of a list.
    List(Vec<super::Const>),
    /// The entries of a map; keys are distinct.
    Map(Vec<(String, super::Const)>),
}

/// `let name = value`.
#[derive(Clone, Debug, PartialEq)]
pub struct Let {
    /// Its name.
    pub name: Name,
    /// Its value.
    pub value: Expr,
}

/// `fn name(params) = body`.
#[derive(Clone, Debug, PartialEq)]
pub struct Fn {
    /// Its name.
    pub name: Name,
    /// Its parameters; the body reads them as `Bound`, from 0 on.
    pub params: Vec<(Name, Ty)>,
    /// Its body.
    pub body: Expr,
}

/// A declared list of constants.
#[derive(Clone, Debug, PartialEq)]
pub struct List {
    /// Its name.
    pub name: Name,
    /// What it holds.
    pub ty: Ty,
    /// In the order written.
    pub values: Vec<super::Const>,
}

/// A declared map from strings to constants.
#[derive(Clone, Debug, PartialEq)]
pub struct Map {
    /// Its name.
    pub name: Name,
    /// What it holds.
    pub ty: Ty,
    /// Keys are distinct; in the order written.
    pub entries: Vec<(String, super::Const)>,
}

/// `limit NAME { … }` (gcra).
#[derive(Clone, Debug, PartialEq)]
pub struct Limit {
    /// Its name.
    pub name: Name,
    /// The parts of its key.
    pub key: Vec<Expr>,
    /// The count of its rate: an int of constants and configuration, or a choice between such; at least 1, which a start
    /// sees to where the configuration decides.
    pub count: Expr,
    /// The period of its rate: a duration constant of at least a nanosecond, or a choice between such.
    pub period: Expr,
    /// How many may come at once, an int expression; the count if not written; at least 1 likewise.
    pub burst: Option<Expr>,
    /// Where it counts.
    pub scope: LimitScope,
    /// How many keys it holds.
    pub capacity: u32,
    /// Whether replies carry `RateLimit` and `RateLimit-Policy` (and refusals `Retry-After`).
    pub headers: bool,
    /// The reply when it is exceeded.
    pub exceed: Reply,
    /// What happens when a part of the key is absent; `None` when none can be.
    pub absent: Option<Absent>,
    /// Whether its key reads a credential.
    pub needs_identity: bool,
    /// Credentials that it reads and that every scope that applies it authenticates. In shadow one may still be missing: then the
    /// limit does not count.
    pub requires: Vec<CredentialId>,
    /// Whether it only counts what it would refuse, wherever it is applied.
    pub shadow: bool,
}

/// Where a limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitScope {
    /// Exact over all worker threads.
    Proxy,
    /// Each worker thread by itself.
    Worker,
}

/// What a limit does without its key.
#[derive(Clone, Debug, PartialEq)]
pub enum Absent {
    /// It does not count.
    Skip,
    /// All requests without the key share one.
    Share,
    /// The request is refused.
    Deny(Reply),
}

/// `scope "template" { … }`.
#[derive(Clone, Debug, PartialEq)]
pub struct Scope {
    /// The scope around it.
    pub parent: Option<ScopeId>,
    /// Its template.
    pub template: Template,
    /// The hosts that it is narrowed to; empty for all.
    pub hosts: Vec<HostPattern>,
    /// Its own `authenticate` lines, in order.
    pub authenticate: Vec<Authenticate>,
    /// Its own `apply`, in order, without repeats.
    pub apply: Vec<LimitId>,
    /// Whether it, a scope around it or the policy is in shadow: what it demands and applies is counted, and refuses nothing.
    pub shadow: bool,
    /// The whole block.
    pub span: Span,
}

/// `authenticate …`.
#[derive(Clone, Debug, PartialEq)]
pub struct Authenticate {
    /// Whether nothing need be presented.
    pub optional: bool,
    /// Whether one is enough (`or`) or all are needed.
    pub any: bool,
    /// The credentials.
    pub credentials: Vec<CredentialId>,
}
