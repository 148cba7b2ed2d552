//! Regexes to automata. In: a pattern and its flags. Out: the table that `dfa_matches` walks.

use crate::base::{Diagnostic, Span};

/// The table of a pattern; too large a one is the policy's fault.
pub fn table(pattern: &str, flags: &str, _span: Span) -> Result<Vec<u8>, Diagnostic> {
    Err(Diagnostic::internal(format!("automata are not built yet: /{pattern}/{flags}")))
}
