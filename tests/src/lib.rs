//! Drivers.

pub mod bench;
pub mod cases;
pub mod differential;
pub mod envoy;
