//! The reference interpreter: runs a policy straight from its typed tree, as obviously as the language reference reads.
//! It shares no code with the module or its runtime: it is the oracle that they must agree with.
//! In: `hir::Policy`, configuration, requests. Out: outcomes and counters, through `tools::engine::Engine`.

mod authenticate;
mod aws;
mod body;
mod bytes;
mod config;
mod edit;
mod expr;
mod facts;
mod fetch;
mod function;
mod held;
mod hmac;
mod home_grown;
mod http_signature;
mod identify;
mod interpreter;
mod json;
mod jwks;
mod jwt;
mod limit;
mod path;
mod redact;
mod reply;
mod route;
mod rule;
mod scopes;
mod signature;
mod siphash;
mod structured;
mod value;

pub use interpreter::Interpreter;
