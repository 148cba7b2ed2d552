//! The in-process Proxy-Wasm host: what a stock Envoy 1.40 does to an HTTP filter module, quirks included.
//!
//! In: a module's bytes and requests. Out: what client and upstream received, counters, logs, and what it all cost.
//! Every behaviour here was measured on Envoy; the tests in `tests/sim/` name them one by one.

pub mod account;
pub mod module;
pub mod simulator;

mod abi;
mod about;
mod calls;
mod exchange;
mod flow;
mod guest;
mod header_map;
mod host;
mod imports;
mod metrics;
mod pairs;
mod property;
mod proxy;
mod queues;
mod shared_data;
mod stream;
mod vm;
mod wire;

pub use about::trusted_hops;
pub use account::{Accounting, Used};
pub use module::Module;
pub use simulator::{FailurePolicy, Pending, Simulator};
