//! What every stage shares: source files, spans, diagnostics and their rendering.

pub mod code;
pub mod diagnostic;
pub mod explain;
pub mod render;
pub mod report;
pub mod source;

pub use code::Code;
pub use diagnostic::{Diagnostic, Diagnostics, Label, Severity};
pub use source::{FileId, Sources, Span};
