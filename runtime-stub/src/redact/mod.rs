//! Redaction of responses: detectors and masks over bodies that stream.
//! In: response headers, body chunks, redaction tables. Out: bodies without what was to be hidden.

pub mod body;
pub mod card;
pub mod head;
pub mod header;
pub mod json;
pub mod mask;
pub mod nesting;
pub mod number;
pub mod output;
pub mod response;
pub mod scanner;
pub mod text;
pub mod window;

#[cfg(test)]
mod tests;
