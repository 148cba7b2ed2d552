//! From text to the typed tree: syntax and check.

pub mod check;
pub mod independent;
pub mod lint;
pub mod load;
mod paths;
pub mod syntax;
