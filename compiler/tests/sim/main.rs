//! The simulator behaves as Envoy 1.40 was measured to: one small hand-written module per behaviour.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::expect_used)]

mod bodies;
mod failures;
mod headers;
mod lifecycle;
mod load;
mod replies;
mod state;
mod support;
