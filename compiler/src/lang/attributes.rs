//! The attributes of every block of the language, and whether this version compiles them.

use super::Support;
use crate::ir::ast;

/// A kind of block that has attributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Block {
    /// `policy`
    Policy,
    /// `jwt`
    Jwt,
    /// `fetch` in a `jwt`
    Fetch,
    /// `api_key` … `limit`
    Declaration(ast::DeclarationKind),
    /// `lookup`
    Lookup,
    /// `scope`
    Scope,
    /// Rules.
    Rule(ast::RuleKind),
}

/// One attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// Its name.
    pub name: &'static str,
    /// Whether it compiles.
    pub support: Support,
}

const fn yes(name: &'static str) -> Attribute {
    Attribute { name, support: Support::Yes }
}

const fn not_yet(name: &'static str) -> Attribute {
    Attribute { name, support: Support::NotYet }
}

const POLICY: &[Attribute] = &[
    yes("default"),
    yes("on_fault"),
    yes("hosts"),
    yes("mode"),
    yes("body_limit"),
    yes("on_oversize"),
    yes("trusted_hops"),
    yes("normalize_path"),
];
const JWT: &[Attribute] = &[
    yes("issuer"),
    yes("audiences"),
    yes("algorithms"),
    yes("keys"),
    yes("from"),
    yes("clock_skew"),
    yes("require_expiration"),
    yes("max_lifetime"),
    yes("crypto"),
    yes("forward"),
];
const FETCH: &[Attribute] = &[yes("service"), yes("path"), yes("refresh"), yes("stale")];
const API_KEY: &[Attribute] = &[yes("from"), yes("keys"), yes("forward")];
const BASIC: &[Attribute] = &[yes("users"), yes("from"), yes("forward")];
const HMAC: &[Attribute] = &[
    yes("scheme"),
    yes("secret"),
    yes("tolerance"),
    yes("signature"),
    yes("algorithm"),
    yes("message"),
    yes("timestamp"),
    yes("dedupe"),
    yes("covers"),
    yes("forward"),
];
const TOKEN: &[Attribute] = &[yes("from"), yes("format"), yes("verify"), yes("expires"), yes("forward")];
const MTLS: &[Attribute] = &[yes("sans"), yes("subjects")];
const SERVICE: &[Attribute] = &[yes("cluster"), yes("authority"), yes("timeout"), not_yet("on_error")];
const DETECTOR: &[Attribute] =
    &[not_yet("pattern"), not_yet("validate"), not_yet("context"), not_yet("window"), not_yet("score"), not_yet("min_score")];
const LIMIT: &[Attribute] = &[
    yes("key"),
    yes("rate"),
    yes("burst"),
    yes("algorithm"),
    yes("count"),
    not_yet("when"),
    yes("exceed"),
    yes("absent"),
    yes("scope"),
    yes("capacity"),
    yes("headers"),
    yes("mode"),
];
const LOOKUP: &[Attribute] = &[
    not_yet("get"),
    not_yet("post"),
    not_yet("body"),
    not_yet("headers"),
    not_yet("take"),
    not_yet("cache"),
    not_yet("capacity"),
    not_yet("stale_on_error"),
    not_yet("on_error"),
];
const SCOPE: &[Attribute] = &[yes("hosts"), yes("mode")];
const DECIDING: &[Attribute] = &[yes("mode")];
const REWRITE_REQUEST: &[Attribute] = &[yes("path"), yes("host"), yes("mode")];
const REDACT: &[Attribute] = &[yes("types"), yes("max_body"), yes("on_oversize"), yes("on_encoded"), not_yet("on_invalid"), yes("mode")];

/// Whether any block has an attribute with this name.
pub fn is_one(name: &str) -> bool {
    const ALL: [&[Attribute]; 15] =
        [POLICY, JWT, FETCH, API_KEY, BASIC, HMAC, TOKEN, MTLS, SERVICE, DETECTOR, LIMIT, LOOKUP, SCOPE, REWRITE_REQUEST, REDACT];
    ALL.into_iter().flatten().any(|attribute| attribute.name == name)
}

impl Block {
    /// All attributes that the block may have.
    pub fn attributes(self) -> &'static [Attribute] {
        match self {
            Block::Policy => POLICY,
            Block::Jwt => JWT,
            Block::Fetch => FETCH,
            Block::Declaration(ast::DeclarationKind::ApiKey) => API_KEY,
            Block::Declaration(ast::DeclarationKind::Basic) => BASIC,
            Block::Declaration(ast::DeclarationKind::Hmac) => HMAC,
            Block::Declaration(ast::DeclarationKind::Token) => TOKEN,
            Block::Declaration(ast::DeclarationKind::Mtls) => MTLS,
            Block::Declaration(ast::DeclarationKind::Service) => SERVICE,
            Block::Declaration(ast::DeclarationKind::Detector) => DETECTOR,
            Block::Declaration(ast::DeclarationKind::Limit) => LIMIT,
            Block::Lookup => LOOKUP,
            Block::Scope => SCOPE,
            Block::Rule(ast::RuleKind::RewriteRequest) => REWRITE_REQUEST,
            Block::Rule(ast::RuleKind::RedactRequest | ast::RuleKind::RedactResponse) => REDACT,
            Block::Rule(ast::RuleKind::Permit | ast::RuleKind::Forbid | ast::RuleKind::RewriteResponse | ast::RuleKind::Route) => DECIDING,
        }
    }

    /// The keyword that opens the block.
    pub fn keyword(self) -> &'static str {
        match self {
            Block::Policy => "policy",
            Block::Jwt => "jwt",
            Block::Fetch => "fetch",
            Block::Declaration(kind) => kind.keyword(),
            Block::Lookup => "lookup",
            Block::Scope => "scope",
            Block::Rule(kind) => kind.keyword(),
        }
    }
}
