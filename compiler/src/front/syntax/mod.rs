//! From text to the syntax tree. In: a file. Out: its tree, as far as it can be read, and what is wrong with the rest.
//!
//! `lexer` makes tokens, the grammar (`grammar/policy.lalrpop`) makes the tree, `recover` leads the parser around
//! mistakes, `error` and `mistakes` put them into words.

mod error;
mod expected;
mod foreign;
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

use crate::base::{Diagnostics, FileId, Sources};
use crate::ir::ast;

/// The syntax tree of `file` and the findings. Where there are errors the tree lacks the entries that have them.
pub fn parse(sources: &Sources, file: FileId) -> (ast::File, Diagnostics) {
    let Some(source) = sources.get(file) else { return (ast::File::default(), Diagnostics::new()) };
    let ctx = tree::Context { text: &source.text, file };
    recover::parse(&ctx, lexer::lex(&source.text, file))
}
