//! From text to the typed tree: syntax and check.

pub mod syntax;
