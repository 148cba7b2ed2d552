//! Drivers.

pub mod bench;
pub mod cases;
pub mod command;
pub mod differential;
pub mod engines;
pub mod envoy;
pub mod fuzz;
pub mod regexes;
pub mod tokens;
