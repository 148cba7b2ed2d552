//! Tables of the language: what exists in it. No algorithms over policies.

pub mod keywords;
pub mod regex;
