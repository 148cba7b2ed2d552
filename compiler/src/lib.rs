//! x
pub mod base;
pub mod front;
pub mod ir;
pub mod lang;
pub mod lower;
pub mod plan;
pub mod tools;
