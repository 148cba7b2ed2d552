//! `test` blocks as written.

use super::{Expr, Name};
use crate::base::Span;

/// `test "name" { … }`.
#[derive(Clone, Debug, PartialEq)]
pub struct Test {
    /// Its name.
    pub name: Name,
    /// Its steps.
    pub steps: Vec<Step>,
    /// The whole block.
    pub span: Span,
}

/// One step and its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// What is done.
    pub kind: StepKind,
    /// The whole step.
    pub span: Span,
}

/// The kinds of steps.
#[derive(Clone, Debug, PartialEq)]
pub enum StepKind {
    /// `at "2026-01-05T10:00:00Z"`
    At(Name),
    /// `wait 61m`, nanoseconds
    Wait(i64),
    /// `config {…}`
    Config(Expr),
    /// `repeat 9 as i {…}`
    Repeat(i64, Name, Vec<Step>),
    /// `request GET "/path" {…}`
    Request {
        /// The method.
        method: Name,
        /// The path with query; a string or an interpolation.
        target: Expr,
        /// What is given.
        given: Vec<Given>,
    },
    /// `expect …`
    Expect(Expected),
}

/// What a request step says about the request and the world.
#[derive(Clone, Debug, PartialEq)]
pub enum Given {
    /// `from "203.0.113.7"` (a string or an interpolation)
    From(Expr),
    /// A part of the request.
    Part(Part),
    /// `token NAME {…}`
    Token(Name, Expr),
    /// `upstream 200 {…}`
    Upstream(i64, Vec<Part>, Span),
    /// `service NAME timeout` (`None`) or `service NAME 200 {…}`
    Service(Name, Option<(i64, Vec<Part>)>, Span),
}

/// A part of a message.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// `header "x" = expr`
    Header(Name, Expr),
    /// `json …`, `text …`, `form …`
    Body(BodyPart),
    /// `split every N`
    Split(i64, Span),
}

/// A body.
#[derive(Clone, Debug, PartialEq)]
pub enum BodyPart {
    /// `json expr`
    Json(Expr),
    /// `text expr`
    Text(Expr),
    /// `form {…}`
    Form(Expr),
}

/// What is expected of the last request.
#[derive(Clone, Debug, PartialEq)]
pub enum Expected {
    /// `allow`
    Allow,
    /// `deny 429 by "rule"`
    Deny(i64, Option<Name>),
    /// `cluster "name"`
    Cluster(Name),
    /// `count "rule" == 1`
    Count(Name, i64),
    /// `upstream path "/x"`
    UpstreamPath(Expr),
    /// `upstream header "x" …`
    UpstreamHeader(Name, Found),
    /// `response header "x" …`
    ResponseHeader(Name, Found),
    /// `[not] body json expr`
    BodyJson(bool, Expr),
    /// `[not] body text expr`
    BodyText(bool, Expr),
    /// `[not] body contains expr`
    BodyContains(bool, Expr),
}

/// What is expected of a header.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    /// `== expr`
    Equals(Expr),
    /// `is absent`
    Absent,
    /// `is present`
    Present,
}
