//! Bodies that rules read: the body of a held request, JSON in it, numbers of JSON.

pub mod json;
pub mod number;
pub mod request;
pub mod valid;
