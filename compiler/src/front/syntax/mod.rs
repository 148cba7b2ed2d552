//! From text to the syntax tree. In: a file. Out: its tree, as far as it can be read, and what is wrong with the rest.

mod interpolation;
mod lexer;
mod literal;
mod token;
mod tree;

#[allow(clippy::all, clippy::pedantic, clippy::restriction, missing_docs, unused, unreachable_pub)]
mod grammar {
    //! The generated parser.
    include!(concat!(env!("OUT_DIR"), "/policy.rs"));
}

use crate::base::{Code, Diagnostic, Diagnostics, FileId, Sources};
use crate::ir::ast;

/// The syntax tree of `file` and the findings. Where there are errors the tree lacks the parts that have them.
pub fn parse(sources: &Sources, file: FileId) -> (ast::File, Diagnostics) {
    let Some(source) = sources.get(file) else { return (ast::File::default(), Diagnostics::new()) };
    let lexer::Lexed { tokens, mut diagnostics } = lexer::lex(&source.text, file);
    let ctx = tree::Context { text: &source.text, file };
    let stream = tokens.iter().map(|t| Ok::<_, tree::Refusal>((t.span.start as usize, t.token.clone(), t.span.end as usize)));
    match grammar::FileParser::new().parse(&ctx, stream) {
        Ok(tree) => (tree, diagnostics),
        Err(error) => {
            let span = match &error {
                lalrpop_util::ParseError::UnrecognizedToken { token, .. } => ctx.span(token.0, token.2),
                _ => ctx.span(source.text.len(), source.text.len()),
            };
            let message = "the grammar expects something else here";
            diagnostics.push(Diagnostic::error(Code::UnexpectedToken, span, message, "here"));
            (ast::File::default(), diagnostics)
        }
    }
}
