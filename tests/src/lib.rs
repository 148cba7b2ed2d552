//! Drivers.

pub mod cases;
pub mod envoy;
