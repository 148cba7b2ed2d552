//! From text to the syntax tree. In: a file. Out: its tree, as far as it can be read, and what is wrong with the rest.
//!
//! `lexer` makes tokens, the grammar (`grammar/policy.lalrpop`) makes the tree, `recover` leads the parser around
//! mistakes, `error` and `mistakes` put them into words.

mod error;
mod expected;
mod foreign;
mod habits;
mod interpolation;
mod layout;
mod lexer;
mod literal;
mod mistakes;
mod mixed;
mod recover;
mod token;
mod tree;

#[allow(clippy::all, clippy::pedantic, clippy::restriction, missing_docs, unused, unreachable_pub)]
mod grammar {
    //! The generated parser.
    include!(concat!(env!("OUT_DIR"), "/policy.rs"));
}

use crate::base::{Diagnostics, FileId, Sources, Span};
use crate::ir::ast;

/// The places of the tokens of `file`, in order, and what the lexer finds wrong. [`parse`] does not need this: it is for
/// who looks at tokens alone.
pub fn tokens(sources: &Sources, file: FileId) -> (Vec<Span>, Diagnostics) {
    let Some(source) = sources.get(file) else { return (Vec::new(), Diagnostics::new()) };
    let lexed = lexer::lex(&source.text, file);
    (lexed.tokens.iter().map(|token| token.span).collect(), lexed.diagnostics)
}

/// The syntax tree of `file` and the findings. Where there are errors the tree lacks the entries that have them.
pub fn parse(sources: &Sources, file: FileId) -> (ast::File, Diagnostics) {
    let Some(source) = sources.get(file) else { return (ast::File::default(), Diagnostics::new()) };
    let ctx = tree::Context { text: &source.text, file };
    recover::parse(&ctx, lexer::lex(&source.text, file))
}
