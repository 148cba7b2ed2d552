//! What works on compiled policies: the reference interpreter, the host simulator, the test runner.

pub mod compare;
pub mod coverage;
pub mod engine;
pub mod eval;
pub mod message;
pub mod sim;
pub mod test_runner;
