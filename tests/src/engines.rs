//! A policy on the engines that need no process of their own. In: its text. Out: each of them, not started.

use portcullis::base::Diagnostics;
use portcullis::base::render::render;
use portcullis::tools::engine::Engine;
use portcullis::tools::eval::Interpreter;
use portcullis::tools::sim::Simulator;
use portcullis::{Options, plan};

/// The interpreter and the modules with these passes of the planner. The error says what is wrong with the policy.
pub fn with(text: &str, passes: &[plan::Options]) -> Result<Vec<Box<dyn Engine>>, String> {
    let checked = portcullis::check("test.policy", text, &mut |_| Err("there are no files".to_owned()));
    let told = |found: &Diagnostics| render(&checked.sources, found, false);
    let policy = checked.policy.clone().ok_or_else(|| told(&checked.diagnostics))?;
    let mut engines: Vec<Box<dyn Engine>> = vec![Box::new(Interpreter::new(policy))];
    for plan in passes {
        let compiled = portcullis::compile(&checked, &Options { plan: plan.clone() }).map_err(|found| told(&found))?;
        engines.push(Box::new(Simulator::deployed(&compiled.output.wasm).map_err(|error| error.to_string())?));
    }
    Ok(engines)
}

/// The interpreter and the module as it ships.
pub fn of(text: &str) -> Result<Vec<Box<dyn Engine>>, String> {
    with(text, &[plan::Options::default()])
}
