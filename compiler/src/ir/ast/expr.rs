//! Expressions as written.

use super::{Name, Source};
use crate::base::Span;

/// An expression and its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it stands.
    pub span: Span,
}

impl Expr {
    /// What a text begins with as it is written, empty before what is computed; nothing for what is no text.
    pub fn begin(&self) -> Option<&str> {
        match &self.kind {
            ExprKind::String(text) => Some(text),
            ExprKind::Interpolation(pieces) => match pieces.first().map(|piece| &piece.kind) {
                Some(ExprKind::String(text)) => Some(text),
                Some(_) | None => Some(""),
            },
            _ => None,
        }
    }
}

/// The forms of expressions.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// `12`, `1_000`.
    Int(i64),
    /// `0.5`.
    Float(f64),
    /// `250ms`, in nanoseconds.
    Duration(i64),
    /// `8MiB`, in bytes.
    Size(i64),
    /// `5%`, in hundredths of a percent.
    Percent(u32),
    /// A string without interpolation, decoded.
    String(String),
    /// `"a ${b}"`: the pieces in order, texts as `String`.
    Interpolation(Vec<Expr>),
    /// `/pattern/flags`; `\/` is still as written.
    Regex {
        /// Between the slashes.
        pattern: String,
        /// Letters of `imsx`.
        flags: String,
    },
    /// `true`, `false`.
    Bool(bool),
    /// `null`.
    Null,
    /// A name: a declaration, a built-in value, a captured name, an enum value, a function when called.
    Name(String),
    /// A constant: `GET`, `RS256`.
    Constant(String),
    /// `[a, b]`; an element may be a source (`header "x"`, `bearer` is a name).
    List(Vec<Arg>),
    /// `{ a: 1, "b": 2 }`.
    Object(Vec<Member>),
    /// `not a`.
    Not(Box<Expr>),
    /// `-a`.
    Negate(Box<Expr>),
    /// `a and b and c`.
    And(Vec<Expr>),
    /// `a or b or c`.
    Or(Vec<Expr>),
    /// `a == b`, `a in b`, `a not in b`, …
    Compare {
        /// The operator.
        op: CompareOp,
        /// Where the operator stands.
        op_span: Span,
        /// The left operand.
        left: Box<Expr>,
        /// The right operand.
        right: Box<Expr>,
    },
    /// `a is present`, `a is absent`.
    Presence {
        /// The operand.
        operand: Box<Expr>,
        /// `true` for `is present`.
        present: bool,
    },
    /// `60 per 1m`; the period in nanoseconds.
    Per {
        /// How many.
        count: Box<Expr>,
        /// Per which time, nanoseconds.
        period: i64,
    },
    /// `a + b`, `a - b`, `a * b`, `a % b`.
    Binary {
        /// The operator.
        op: BinaryOp,
        /// The left operand.
        left: Box<Expr>,
        /// The right operand.
        right: Box<Expr>,
    },
    /// `a ?? b`.
    Coalesce(Box<Expr>, Box<Expr>),
    /// `a.b`.
    Member(Box<Expr>, Name),
    /// `a[b]`.
    Index(Box<Expr>, Box<Expr>),
    /// `f(a, n = b)`.
    Call {
        /// What is called.
        callee: Box<Expr>,
        /// With what.
        args: Vec<Arg>,
    },
    /// `if a then b else c`.
    If {
        /// The condition.
        condition: Box<Expr>,
        /// When it holds.
        then: Box<Expr>,
        /// When not.
        otherwise: Box<Expr>,
    },
    /// `some x in list satisfies e`, `every …`.
    Quantified {
        /// Some or every.
        quantifier: Quantifier,
        /// The bound name.
        name: Name,
        /// The list.
        list: Box<Expr>,
        /// The condition.
        condition: Box<Expr>,
    },
    /// `match e { a: x, otherwise: y }`.
    Match {
        /// What is looked at.
        subject: Box<Expr>,
        /// The arms in order.
        arms: Vec<MatchArm>,
    },
}

/// An argument, list element or source.
#[derive(Clone, Debug, PartialEq)]
pub enum Arg {
    /// A plain expression.
    Expr(Expr),
    /// `header "x"`, `file "f"`.
    Source(Source),
    /// `keep_last = 4`.
    Named(Name, Expr),
}

/// One member of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// Its name.
    pub name: Name,
    /// Its value.
    pub value: Expr,
}

/// One arm of `match`.
#[derive(Clone, Debug, PartialEq)]
pub struct MatchArm {
    /// What it stands for.
    pub pattern: MatchPattern,
    /// Where the pattern stands.
    pub span: Span,
    /// The arm's value.
    pub value: Expr,
}

/// What an arm stands for.
#[derive(Clone, Debug, PartialEq)]
pub enum MatchPattern {
    /// A literal, a negative integer included.
    Literal(Expr),
    /// An enum value.
    Name(String),
    /// `otherwise`.
    Otherwise,
}

/// `some` or `every`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantifier {
    /// At least one.
    Some,
    /// All.
    Every,
}

/// Comparison operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CompareOp {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
    /// `in`
    In,
    /// `not in`
    NotIn,
    /// `contains`
    Contains,
    /// `starts_with`
    StartsWith,
    /// `ends_with`
    EndsWith,
    /// `matches`
    Matches,
}

impl CompareOp {
    /// As written.
    pub fn text(self) -> &'static str {
        match self {
            CompareOp::Equal => "==",
            CompareOp::NotEqual => "!=",
            CompareOp::Less => "<",
            CompareOp::LessEqual => "<=",
            CompareOp::Greater => ">",
            CompareOp::GreaterEqual => ">=",
            CompareOp::In => "in",
            CompareOp::NotIn => "not in",
            CompareOp::Contains => "contains",
            CompareOp::StartsWith => "starts_with",
            CompareOp::EndsWith => "ends_with",
            CompareOp::Matches => "matches",
        }
    }
}

/// Arithmetic operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BinaryOp {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `%`
    Remainder,
}
