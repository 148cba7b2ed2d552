//! Scopes and rules as written.

use super::{Arg, Attr, Expr, Name, Reply};
use crate::base::Span;

/// `scope "template" { … }`.
#[derive(Clone, Debug, PartialEq)]
pub struct Scope {
    /// The path template.
    pub template: Name,
    /// What stands in it, in order.
    pub items: Vec<ScopeItem>,
    /// The whole block.
    pub span: Span,
}

/// One item of a scope.
#[derive(Clone, Debug, PartialEq)]
pub enum ScopeItem {
    /// `hosts = …`, `mode = …`
    Attr(Attr),
    /// `authenticate …`
    Authenticate(Authenticate),
    /// `apply limit, limit`
    Apply(Apply),
    /// A rule.
    Rule(Rule),
    /// A nested scope.
    Scope(Scope),
}

/// `authenticate [optional] a or b`.
#[derive(Clone, Debug, PartialEq)]
pub struct Authenticate {
    /// Whether `optional` is written.
    pub optional: bool,
    /// How the names combine; `And` for a single one.
    pub combination: Combination,
    /// The credentials.
    pub names: Vec<Name>,
    /// The whole item.
    pub span: Span,
}

/// How several credentials combine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Combination {
    /// All of them.
    And,
    /// At least one.
    Or,
}

/// `apply a, b`.
#[derive(Clone, Debug, PartialEq)]
pub struct Apply {
    /// The limits.
    pub names: Vec<Name>,
    /// The whole item.
    pub span: Span,
}

/// Any rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Which rule.
    pub kind: RuleKind,
    /// Its name.
    pub name: Name,
    /// What stands in it, in order.
    pub items: Vec<RuleItem>,
    /// The whole block.
    pub span: Span,
}

/// The kinds of rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RuleKind {
    /// `permit`
    Permit,
    /// `forbid`
    Forbid,
    /// `rewrite request`
    RewriteRequest,
    /// `rewrite response`
    RewriteResponse,
    /// `redact request`
    RedactRequest,
    /// `redact response`
    RedactResponse,
    /// `route`
    Route,
}

impl RuleKind {
    /// As written.
    pub fn keyword(self) -> &'static str {
        match self {
            RuleKind::Permit => "permit",
            RuleKind::Forbid => "forbid",
            RuleKind::RewriteRequest => "rewrite request",
            RuleKind::RewriteResponse => "rewrite response",
            RuleKind::RedactRequest => "redact request",
            RuleKind::RedactResponse => "redact response",
            RuleKind::Route => "route",
        }
    }
}

/// One item of a rule. The grammar admits each only in the kinds that `language.md` names.
#[derive(Clone, Debug, PartialEq)]
pub enum RuleItem {
    /// `on GET, POST "/a", "/b"`
    On(On),
    /// `when expr`
    When(Expr),
    /// `unless expr`
    Unless(Expr),
    /// `reply …`
    Reply(Reply),
    /// `set`, `append`, `remove`
    Edit(Edit),
    /// `any … -> …`, `json "…" -> …`
    Redaction(Redaction),
    /// `when expr -> target` of a route
    Arm(Expr, Target),
    /// `otherwise -> target`
    Otherwise(Target),
    /// `name = value` (`path` and `host` of a rewrite included)
    Attr(Attr),
}

/// `on [METHODS] "templates"`.
#[derive(Clone, Debug, PartialEq)]
pub struct On {
    /// The methods; none for all.
    pub methods: Vec<Name>,
    /// The path templates.
    pub templates: Vec<Name>,
    /// The whole clause.
    pub span: Span,
}

/// A header edit.
#[derive(Clone, Debug, PartialEq)]
pub struct Edit {
    /// What is done, with the value.
    pub kind: EditKind,
    /// The header.
    pub header: Name,
    /// The whole edit.
    pub span: Span,
}

/// The kinds of header edits.
#[derive(Clone, Debug, PartialEq)]
pub enum EditKind {
    /// Replaces all lines.
    Set(Expr),
    /// Adds one line.
    Append(Expr),
    /// Takes all lines.
    Remove,
}

/// `target -> action`.
#[derive(Clone, Debug, PartialEq)]
pub struct Redaction {
    /// What is looked for.
    pub target: RedactionTarget,
    /// What is done with it.
    pub action: Action,
    /// The whole redaction.
    pub span: Span,
}

/// What a redaction looks for.
#[derive(Clone, Debug, PartialEq)]
pub enum RedactionTarget {
    /// `any detector`, `any [a, b]`
    Any(Vec<Detector>),
    /// `json "$.path"`
    Json(Name),
    /// `header "name"`
    Header(Name),
    /// `query "name"`
    Query(Name),
    /// `form "name"`
    Form(Name),
}

/// `builtin.card` or `staff_id`.
#[derive(Clone, Debug, PartialEq)]
pub struct Detector {
    /// The words, one or two.
    pub path: Vec<Name>,
    /// The whole name.
    pub span: Span,
}

/// What a redaction does.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// `mask(…)`, `replace(…)`, `remove`, `hash(…)`
    Call(Name, Vec<Arg>),
    /// `block(reply)`
    Block(Reply),
}

/// Where a request goes.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// Which.
    pub kind: TargetKind,
    /// The whole target.
    pub span: Span,
}

/// The kinds of targets.
#[derive(Clone, Debug, PartialEq)]
pub enum TargetKind {
    /// `cluster expr`
    Cluster(Expr),
    /// `keep`
    Keep,
    /// `split by expr { "a": 5%, … }`
    Split(Expr, Vec<SplitArm>),
}

/// `"cluster": 5%`.
#[derive(Clone, Debug, PartialEq)]
pub struct SplitArm {
    /// The cluster.
    pub cluster: Name,
    /// Hundredths of a percent.
    pub weight: u32,
}
