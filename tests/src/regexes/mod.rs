//! Regexes from other projects' corpora, as policies. In: patterns and texts. Out: which pattern finds a match in which text,
//! for the interpreter and for a module in the simulator.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

pub mod real_world;
pub mod rust_regex;
pub mod sample;

use std::path::PathBuf;

use portcullis::tools::engine::Engine;
use portcullis::tools::eval::Interpreter;
use portcullis::tools::message::{Answer, Headers, Request};
use portcullis::tools::sim::Simulator;

/// Where corpora lie; they are not part of the repository.
pub fn corpus(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpora").join(name)
}

/// A policy that tells by request headers which of the patterns (with their flags) match one subject.
pub fn policy(patterns: &[(String, String)]) -> String {
    let mut text = "policy regexes { default = allow }\n".to_owned();
    for (number, (pattern, flags)) in patterns.iter().enumerate() {
        let literal = literal(pattern);
        text.push_str(&format!(
            "rewrite request \"r{number}\" {{ when request.query[\"q\"] matches /{literal}/{flags} set \"x-hit-{number}\" = \"1\" }}\n"
        ));
    }
    text
}

/// A pattern between slashes.
fn literal(pattern: &str) -> String {
    // `//` would begin a comment.
    let mut out = if pattern.is_empty() { "(?:)".to_owned() } else { String::new() };
    let mut escaped = false;
    for c in pattern.chars() {
        if c == '/' && !escaped {
            out.push('\\');
        }
        escaped = c == '\\' && !escaped;
        out.push(c);
    }
    out
}

/// The checked policy of patterns.
pub fn checked(patterns: &[(String, String)]) -> portcullis::Checked {
    portcullis::check("regexes.policy", &policy(patterns), &mut |_| Err("there are no files".to_owned()))
}

/// The interpreter and a module of one set of patterns.
pub struct Engines {
    interpreter: Interpreter,
    simulator: Simulator,
}

impl Engines {
    /// Compiles the set; all of its patterns must be in the dialect and small enough.
    pub fn new(patterns: &[(String, String)]) -> Result<Engines, String> {
        let checked = checked(patterns);
        let Some(policy) = &checked.policy else { return Err(format!("{:?}", checked.diagnostics)) };
        let compiled = portcullis::compile(&checked, &portcullis::Options::default()).map_err(|error| format!("{error:?}"))?;
        let mut simulator = Simulator::new(&compiled.output.wasm).map_err(|error| error.to_string())?;
        let mut interpreter = Interpreter::new(policy.clone());
        for engine in [&mut interpreter as &mut dyn Engine, &mut simulator] {
            engine.start("").map_err(|error| error.to_string())?;
        }
        Ok(Engines { interpreter, simulator })
    }

    /// The numbers of the patterns that match, by the interpreter and by the module.
    pub fn hits(&mut self, text: &str) -> Result<[Vec<usize>; 2], String> {
        let query: String = text.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let request = Request {
            method: "GET".to_owned(),
            target: format!("/?q={query}"),
            authority: "localhost".to_owned(),
            headers: Headers::new(),
            body: None,
            client: std::net::Ipv4Addr::LOCALHOST.into(),
            client_port: 40_000,
            tls: None,
        };
        let answer = Answer::ok();
        let ask = |engine: &mut dyn Engine| -> Result<Vec<usize>, String> {
            let outcome = engine.request(&request, &answer).map_err(|error| error.to_string())?;
            let forwarded = outcome.forwarded.ok_or_else(|| format!("not forwarded: {:?}", outcome.decision))?;
            let numbers = forwarded.headers.iter().filter_map(|(name, _)| name.strip_prefix("x-hit-"));
            let mut numbers: Vec<usize> = numbers.filter_map(|number| number.parse().ok()).collect();
            numbers.sort_unstable();
            Ok(numbers)
        };
        Ok([ask(&mut self.interpreter)?, ask(&mut self.simulator)?])
    }
}
