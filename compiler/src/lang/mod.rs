//! Tables of the language: what exists, and which of it this version compiles. No algorithms over policies.

pub mod attributes;
pub mod duration;
pub mod encoding;
pub mod float;
pub mod functions;
pub mod headers;
pub mod keywords;
pub mod methods;
pub mod password;
pub mod regex;
pub mod time;
pub mod types;
pub(crate) mod url;
pub mod values;

/// Whether this version compiles a construct of the language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Support {
    /// It compiles.
    Yes,
    /// It parses and is refused by name.
    NotYet,
}
