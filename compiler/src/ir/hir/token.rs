//! `token NAME { … }`: a home-grown format with captures, and what must hold of them.

use super::{CredentialSource, Expr, Name, Ty};

/// `token NAME { … }`.
#[derive(Clone, Debug, PartialEq)]
pub struct Token {
    /// Its name.
    pub name: Name,
    /// Where it may stand, in the order written; two presented ones are `400`.
    pub from: Vec<CredentialSource>,
    /// The texts before, between and behind its captures: one more than those. Between two there is always one.
    pub literals: Vec<String>,
    /// Its captures.
    pub captures: Vec<Capture>,
    /// What must hold; it reads the captures as `Bound`, from 0 on.
    pub verify: Expr,
    /// When it ends, seconds since 1970 or a time; it reads them likewise.
    pub expires: Option<Expr>,
    /// Whether the upstream gets to see it.
    pub forward: bool,
}

/// A part of a token.
#[derive(Clone, Debug, PartialEq)]
pub struct Capture {
    /// Its name.
    pub name: String,
    /// `string` or `int`.
    pub ty: Ty,
}

impl Token {
    /// Every expression in it.
    pub fn exprs(&self) -> impl Iterator<Item = &Expr> {
        std::iter::once(&self.verify).chain(&self.expires)
    }
}
