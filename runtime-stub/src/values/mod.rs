//! Values of expressions. In: slices. Out: slices, numbers; nothing here asks the host.

pub mod encoding;
pub mod float;
pub mod kept;
pub mod list;
pub mod network;
pub mod number;
pub mod parts;
pub mod search;
pub mod siphash;
pub mod string;
pub mod text;
pub mod time;
