//! From text to the typed tree: syntax and check.

pub mod check;
pub mod lint;
pub mod syntax;
