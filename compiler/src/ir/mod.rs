//! The shapes that stages hand to each other, their printers and verifiers; no passes.

pub mod ast;
pub mod hir;
pub mod lir;
