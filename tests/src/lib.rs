//! Drivers.

pub mod envoy;
