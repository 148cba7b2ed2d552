//! What works on compiled policies: the reference interpreter, the host simulator, the test runner.

pub mod engine;
pub mod message;
pub mod sim;
