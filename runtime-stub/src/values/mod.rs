//! Values of expressions. In: slices. Out: slices, numbers; nothing here asks the host.

pub mod encoding;
pub mod list;
pub mod number;
pub mod search;
pub mod siphash;
pub mod string;
pub mod text;
