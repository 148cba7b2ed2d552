//! Checked `test` blocks. Tests are stripped from the module; the test runner reads these.

use super::{CredentialId, Name};
use crate::base::Span;

/// `test "name" { … }`.
#[derive(Clone, Debug, PartialEq)]
pub struct Test {
    /// Its name.
    pub name: Name,
    /// Its steps.
    pub steps: Vec<Step>,
}

/// One step.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Sets the clock: nanoseconds since the epoch.
    At(u64, Span),
    /// Moves the clock: nanoseconds.
    Wait(u64, Span),
    /// Configuration members for this test, merged over the defaults.
    Config(Vec<(String, TestValue)>, Span),
    /// Repeats with the variable counting from 0.
    Repeat(u64, String, Vec<Step>),
    /// Sends a request.
    Request(Box<Given>, Span),
    /// Looks at the last request.
    Expect(Expectation, Span),
}

/// A value in a test: JSON with variables of `repeat` in its strings.
#[derive(Clone, Debug, PartialEq)]
pub enum TestValue {
    /// `null`
    Null,
    /// a bool
    Bool(bool),
    /// an int
    Int(i64),
    /// a float
    Float(f64),
    /// a string with variables
    String(Vec<TestPiece>),
    /// the variable itself, an int
    Variable(String),
    /// a list
    List(Vec<TestValue>),
    /// an object, members in order
    Object(Vec<(String, TestValue)>),
}

/// A piece of a string.
#[derive(Clone, Debug, PartialEq)]
pub enum TestPiece {
    /// as written
    Text(String),
    /// a variable of `repeat`
    Variable(String),
}

/// A request as given.
#[derive(Clone, Debug, PartialEq)]
pub struct Given {
    /// The method.
    pub method: String,
    /// Path and query.
    pub target: Vec<TestPiece>,
    /// The client's address; `None` for the default.
    pub from: Option<Vec<TestPiece>>,
    /// Headers in order.
    pub headers: Vec<Header>,
    /// The body.
    pub body: Option<Body>,
    /// How the client connects by TLS: `token NAME {…}` of an `mtls`, or of `client`. `None`: without TLS.
    pub certificate: Option<Certificate>,
    /// `token NAME {…}`
    pub tokens: Vec<(CredentialId, TestValue)>,
    /// What the upstream answers.
    pub upstream: Answer,
}

/// What the certificate of a client says, which the host has verified. Nothing at all: there is none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Certificate {
    /// Its subject (RFC 2253).
    pub subject: Option<TestValue>,
    /// Its alternative names: URIs have `://` in them, others are DNS names.
    pub sans: Vec<TestValue>,
}

/// `header "x" = value`.
#[derive(Clone, Debug, PartialEq)]
pub struct Header {
    /// Lower case.
    pub name: String,
    /// The value.
    pub value: TestValue,
}

/// What the upstream answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// 200 if not given.
    pub status: u16,
    /// Headers in order.
    pub headers: Vec<Header>,
    /// The body.
    pub body: Option<Body>,
}

/// A body with its chunk size.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// `application/json`, written without spaces
    Json(TestValue, Option<u64>),
    /// `text/plain`
    Text(TestValue, Option<u64>),
    /// `application/x-www-form-urlencoded`
    Form(TestValue, Option<u64>),
}

/// What is expected.
#[derive(Clone, Debug, PartialEq)]
pub enum Expectation {
    /// The policy allowed.
    Allow,
    /// The policy refused.
    Deny(u16, Option<String>),
    /// The route named this cluster.
    Cluster(String),
    /// The named rule, limit or credential acted so often in this test.
    Count(String, u64),
    /// Path and query that the upstream received.
    UpstreamPath(TestValue),
    /// A header that the upstream received.
    UpstreamHeader(String, Presence),
    /// A header that the client received.
    ResponseHeader(String, Presence),
    /// The client's body as JSON equals this; `true`: it must not.
    BodyJson(bool, TestValue),
    /// The client's body is exactly this; `true`: it must not be.
    BodyText(bool, TestValue),
    /// The client's body contains this; `true`: it must not.
    BodyContains(bool, TestValue),
}

/// What is expected of a header.
#[derive(Clone, Debug, PartialEq)]
pub enum Presence {
    /// its value, lines joined with `, `
    Equals(TestValue),
    /// not there
    Absent,
    /// there
    Present,
}
