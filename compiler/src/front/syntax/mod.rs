//! From text to the syntax tree. In: a file. Out: its tree, as far as it can be read, and what is wrong with the rest.
//!
//! `lexer` makes tokens, the grammar (`grammar/policy.lalrpop`) makes the tree, `recover` leads the parser around
//! mistakes, `error` and `mistakes` put them into words.

mod bare;
mod clauses;
mod entries;
mod error;
mod expected;
mod foreign;
mod forms;
mod gaps;
mod habits;
mod interpolation;
mod invisible;
mod items;
mod layout;
mod lexer;
mod literal;
mod mistakes;
mod mixed;
mod operators;
mod recover;
mod token;
mod tree;

#[allow(clippy::all, clippy::pedantic, clippy::restriction, missing_docs, unused, unreachable_pub)]
mod grammar {
    //! The generated parser.
    include!(concat!(env!("OUT_DIR"), "/policy.rs"));
}

use crate::base::{Diagnostic, Diagnostics, FileId, Sources, Span};
use crate::ir::ast;

pub(super) use expected::ITEMS;
pub(super) use gaps::is_rule;
pub use gaps::{Gap, Lost};

/// The places of the tokens of `file`, in order, and what the lexer finds wrong. [`parse`] does not need this: it is for
/// who looks at tokens alone.
pub fn tokens(sources: &Sources, file: FileId) -> (Vec<Span>, Diagnostics) {
    let Some(source) = sources.get(file) else { return (Vec::new(), Diagnostics::new()) };
    let lexed = lexer::lex(&source.text, file);
    (lexed.tokens.iter().map(|token| token.span).collect(), lexed.diagnostics)
}

/// What became of a file.
#[derive(Debug, Default)]
pub struct Parsed {
    /// The tree, without the entries that have mistakes.
    pub tree: ast::File,
    /// What the tree lacks; none when the tree could not be made at all.
    pub gaps: Option<Vec<Gap>>,
    /// What is wrong.
    pub diagnostics: Diagnostics,
}

/// The syntax tree of `file` and the findings. Where there are errors the tree lacks the entries that have them.
pub fn parse(sources: &Sources, file: FileId) -> (ast::File, Diagnostics) {
    let Parsed { tree, diagnostics, .. } = read(sources, file);
    (tree, diagnostics)
}

/// As [`parse`], with what the tree lacks.
pub fn read(sources: &Sources, file: FileId) -> Parsed {
    let Some(source) = sources.get(file) else { return Parsed::default() };
    let ctx = tree::Context { text: &source.text, file };
    let mut parsed = recover::parse(&ctx, lexer::lex(&source.text, file));
    let invisible: Vec<Diagnostic> =
        invisible::find(&source.text, file).into_iter().filter(|found| !stray(&parsed.diagnostics, found)).collect();
    invisible.into_iter().for_each(|found| parsed.diagnostics.push(found));
    parsed.diagnostics.sort();
    parsed
}

/// Whether an error of the lexer begins at the same place.
fn stray(known: &Diagnostics, found: &Diagnostic) -> bool {
    let start = |found: &Diagnostic| found.labels.first().map(|label| label.span.start);
    known.iter().any(|other| other.code == found.code && start(other) == start(found))
}
