//! What fuzzing runs: the stages of the compiler on any bytes. In: bytes. Out: nothing, or a panic that names the broken promise.
//!
//! `tests/fuzz` wraps each target for libFuzzer; `tests/tests/fuzz.rs` runs them on mutated policies with stock Rust.
#![allow(clippy::panic, clippy::unwrap_used)]

mod mutate;
mod promises;

use portcullis::base::Sources;
use portcullis::front::syntax;

pub use mutate::{Mutator, seeds};

/// A stage with all before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Text to tokens.
    Lexer,
    /// Tokens to the syntax tree.
    Parser,
    /// Names and types.
    Check,
    /// Plan, lowering, code, linking, validation; then the module starts and answers a request.
    Compile,
}

impl Target {
    /// All of them.
    pub const ALL: [Target; 4] = [Target::Lexer, Target::Parser, Target::Check, Target::Compile];

    /// Its name in `tests/fuzz`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Target::Lexer => "lexer",
            Target::Parser => "parser",
            Target::Check => "check",
            Target::Compile => "compile",
        }
    }

    /// Runs it on one input.
    ///
    /// # Panics
    /// When the compiler breaks a promise: a panic of its own, a place outside the text, a module that does not start.
    pub fn run(self, data: &[u8]) {
        // Files that are not UTF-8 are refused before any stage sees them.
        let Ok(text) = std::str::from_utf8(data) else { return };
        let mut sources = Sources::default();
        let file = sources.add("fuzz.policy", text);
        match self {
            Target::Lexer => {
                let (tokens, diagnostics) = syntax::tokens(&sources, file);
                promises::tokens(text, &tokens);
                promises::findings(&sources, &diagnostics);
            }
            Target::Parser => {
                let (_, diagnostics) = syntax::parse(&sources, file);
                promises::findings(&sources, &diagnostics);
            }
            Target::Check => {
                promises::checked(text);
            }
            Target::Compile => promises::compiled(text),
        }
    }
}
