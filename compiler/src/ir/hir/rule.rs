//! Rules, templates and what rules do.

use super::{Expr, Name, Reply, ScopeId};
use crate::base::Span;

/// A rule that the request or response is tried against.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Its name: metric label, reason code.
    pub name: Name,
    /// What it does.
    pub kind: RuleKind,
    /// Whether it only counts what it matches: it does not decide, edit or pick.
    pub shadow: bool,
    /// The innermost scope around it; all scopes around it must match.
    pub scope: Option<ScopeId>,
    /// Its `on` clauses; empty: all paths (of its scope), all methods.
    pub on: Vec<On>,
    /// All must hold; an `unless` stands here negated. In the order written.
    pub conditions: Vec<Expr>,
    /// The whole block.
    pub span: Span,
}

/// `on METHODS "templates"`.
#[derive(Clone, Debug, PartialEq)]
pub struct On {
    /// Empty for all.
    pub methods: Vec<String>,
    /// At least one.
    pub templates: Vec<Template>,
}

/// A path template. The path `/a/` has the segments `a` and the empty one, `/` only the empty one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Template {
    /// Segments after the leading `/`.
    pub segments: Vec<Segment>,
    /// Whether `**` follows: any further segments or none.
    pub rest: bool,
}

/// A segment of a template.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Segment {
    /// This text; empty only at the end (a trailing `/`).
    Literal(String),
    /// `{name}`: any segment that is not empty.
    Capture(String),
    /// `*`: likewise.
    Any,
}

/// What a rule does.
#[derive(Clone, Debug, PartialEq)]
pub enum RuleKind {
    /// Allows.
    Permit,
    /// Refuses with this reply.
    Forbid(Reply),
    /// Edits what is forwarded.
    RewriteRequest(Vec<Edit>),
    /// Edits what is answered.
    RewriteResponse(Vec<Edit>),
    /// Removes data from what is answered.
    RedactResponse(Redact),
    /// Picks the upstream.
    Route(Route),
}

/// One edit.
#[derive(Clone, Debug, PartialEq)]
pub struct Edit {
    /// What is edited, with the value.
    pub target: EditTarget,
    /// The whole edit.
    pub span: Span,
}

/// The forms of edits. Values are strings.
#[derive(Clone, Debug, PartialEq)]
pub enum EditTarget {
    /// Replaces all lines of a header (lower case).
    Set(String, Expr),
    /// Adds a line.
    Append(String, Expr),
    /// Takes all lines.
    Remove(HeaderPattern),
    /// `path = expr`: decoded, encoded as needed; the query stays.
    Path(Expr),
    /// `host = expr`
    Host(Expr),
}

/// A header name, or the start of one when a `*` follows; lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HeaderPattern {
    /// The name.
    Exact(String),
    /// Every name that begins so.
    Prefix(String),
}

/// `redact response "name" { … }`.
#[derive(Clone, Debug, PartialEq)]
pub struct Redact {
    /// Content types to inspect; matters only with `any`.
    pub types: Vec<MediaRange>,
    /// The most bytes that are inspected; `None`: no limit, nothing is held.
    pub max_body: Option<u64>,
    /// What happens above it: `None` lets the rest pass.
    pub on_oversize: Option<Reply>,
    /// What happens to an encoding or charset that cannot be read: `None` lets it pass.
    pub on_encoded: Option<Reply>,
    /// `any … -> …` in file order.
    pub any: Vec<AnyRedaction>,
    /// `header "…" -> remove` in file order.
    pub headers: Vec<HeaderPattern>,
}

/// `application/json`, `text/*`, `application/*+json`: lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MediaRange {
    /// Before the slash.
    pub main: String,
    /// Behind the slash, what stands around one `*`, or the whole.
    pub sub: String,
}

/// `any detector -> mask(…)`.
#[derive(Clone, Debug, PartialEq)]
pub struct AnyRedaction {
    /// What is looked for.
    pub detector: Detector,
    /// Letters and digits that stay at the start.
    pub keep_first: u32,
    /// Letters and digits that stay at the end.
    pub keep_last: u32,
    /// One character, written for each letter or digit.
    pub with: char,
}

/// Detectors that can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Detector {
    /// `builtin.card`: see `runtime-stub/src/redact/card.rs`.
    Card,
}

/// `route "name" { … }`.
#[derive(Clone, Debug, PartialEq)]
pub struct Route {
    /// First match wins.
    pub arms: Vec<RouteArm>,
    /// When no arm matches.
    pub otherwise: Target,
}

/// `when condition -> target`.
#[derive(Clone, Debug, PartialEq)]
pub struct RouteArm {
    /// A bool.
    pub condition: Expr,
    /// Where to.
    pub target: Target,
}

/// Where a request goes.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// This cluster (a string).
    Cluster(Expr),
    /// Wherever the host's own route leads.
    Keep,
    /// Sticky by key (a string): cluster and weight in hundredths of a percent, summing to 10,000.
    Split(Expr, Vec<(String, u32)>),
}
