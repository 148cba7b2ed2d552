//! A real Envoy 1.40 as an engine. In: a module and a configuration. Out: what a client and an upstream on loopback saw.

pub mod bootstrap;
pub mod client;
pub mod clock;
pub mod engine;
pub mod gate;
pub mod install;
pub mod process;
pub mod tls;
pub mod upstream;
pub mod wire;

use portcullis::tools::engine::EngineError;

/// Turns an error of the environment into an `EngineError` that says what was being done.
pub(crate) fn fault<E: std::fmt::Display>(doing: &str) -> impl FnOnce(E) -> EngineError {
    let doing = doing.to_owned();
    move |error| EngineError(format!("{doing}: {error}"))
}
