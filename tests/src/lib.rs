//! Drivers.

pub mod bench;
pub mod cases;
pub mod envoy;
