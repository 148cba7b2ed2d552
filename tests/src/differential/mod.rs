//! Random policies and random requests, run on every engine in this process. In: a seed. Out: agreement, or the smallest
//! disagreement that was found, as text.
//!
//! Policies are made as text, so that the whole chain from the lexer on is under test.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod aws;
mod bodies;
mod branches;
pub mod case;
pub mod constructs;
pub mod engines;
pub mod expr;
mod functions;
mod numbers;
pub mod policy;
pub mod random;
pub mod request;
pub mod rules;
pub mod shrink;
pub mod signed;
pub mod tokens;
mod typed;
pub mod world;
