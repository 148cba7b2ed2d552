//! Tokens as the grammar sees them. Strings are decoded, numbers have their value.

use crate::base::Span;
use crate::lang::keywords::Keyword;

/// One token and its place.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Spanned {
    /// What it is.
    pub(super) token: Token,
    /// Where it stands.
    pub(super) span: Span,
    /// Whether only blanks stand before it on its line.
    pub(super) first_on_line: bool,
}

/// The tokens of the language.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Token {
    /// A word that is no keyword anywhere.
    Identifier,
    /// A word with a capital first letter.
    Constant,
    /// A word that the grammar knows, reserved or not.
    Keyword(Keyword),
    /// `12`
    Int(i64),
    /// `0.5`
    Float(f64),
    /// `30s`, nanoseconds.
    Duration(i64),
    /// `8MiB`, bytes.
    Size(i64),
    /// `5%`, hundredths of a percent.
    Percent(u32),
    /// A whole string.
    String(String),
    /// `"text${`
    StringHead(String),
    /// `}text${`
    StringMiddle(String),
    /// `}text"`
    StringTail(String),
    /// `/pattern/flags`
    Regex(String, String),
    /// `{`
    BraceOpen,
    /// `}`
    BraceClose,
    /// `(`
    ParenOpen,
    /// `)`
    ParenClose,
    /// `[`
    BracketOpen,
    /// `]`
    BracketClose,
    /// `,`
    Comma,
    /// `:`
    Colon,
    /// `.`
    Dot,
    /// `=`
    Assign,
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
    /// `->`
    Arrow,
    /// `+`
    Plus,
    /// `-`
    Minus,
    /// `*`
    Star,
    /// `%`
    Percentage,
    /// `??`
    Coalesce,
    /// `?`
    Question,
}
