//! The one face of everything that can run a policy: interpreter, module in the simulator, module in Envoy.

use super::message::{Answer, Outcome, Request};

/// Nanoseconds since 1970-01-01T00:00:00Z.
pub type Nanoseconds = u64;

/// Why an engine could not do what was asked; never a decision of the policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineError(pub String);

impl std::fmt::Display for EngineError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for EngineError {}

/// Runs one policy. Each test gets a fresh engine (or `start` called again): empty counters and tables.
pub trait Engine {
    /// A name for messages, such as `interpreter` or `envoy`.
    fn name(&self) -> &'static str;

    /// (Re)starts with this plugin configuration (JSON text; empty when the policy declares none).
    /// An error is a configuration that the policy refuses, with the message that names the key.
    fn start(&mut self, configuration: &str) -> Result<(), EngineError>;

    /// Sets the clock. Engines with a real clock sleep when `at` lies at most two seconds ahead, else refuse.
    fn set_time(&mut self, at: Nanoseconds) -> Result<(), EngineError>;

    /// Says what a cluster answers to calls of the policy from now on; `None`: nothing in time. Before `start`, so that keys are there.
    fn service(&mut self, cluster: &str, answer: Option<Answer>) -> Result<(), EngineError>;

    /// Sends one request through the policy; `answer` is what the upstream says if it is reached.
    fn request(&mut self, request: &Request, answer: &Answer) -> Result<Outcome, EngineError>;

    /// The counters `portcullis_rule_total` so far, as `(rule, outcome, value)`, sorted.
    fn counters(&mut self) -> Result<Vec<(String, String, u64)>, EngineError>;
}
