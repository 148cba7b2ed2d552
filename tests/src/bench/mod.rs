//! The benchmark: what one request costs Envoy, with our modules and with everything else that does the same job.
//! In: how long to measure, a compiler. Out: a table on the terminal and in `target/bench`, as Markdown and JSON.

mod check;
mod load;
mod lua;
mod modules;
mod native;
mod report;
pub mod rules;
pub mod tokens;
mod variants;

use std::fs;

use portcullis::tools::engine::EngineError;

use crate::envoy::bootstrap::plain;
use crate::envoy::fault;
use crate::envoy::install::target_folder;
use crate::envoy::process::{Envoy, run_folder};

/// From the text of a policy, and of the file that it reads if it does, to a module, or the diagnostics.
pub type Compile<'a> = &'a dyn Fn(&str, &str) -> Result<Vec<u8>, String>;

/// How much to measure.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// How often each variant has its turn.
    pub rounds: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { rounds: 30 }
    }
}

/// Checks that all variants decide alike, measures them in turn and writes the table. Without a compiler the rows of
/// our own modules are left out.
///
/// # Errors
/// When a variant does not start, decides otherwise than the rest, or the results cannot be written.
pub fn run(settings: Settings, compile: Option<Compile<'_>>) -> Result<String, EngineError> {
    let folder = run_folder()?;
    let variants = variants::all(&folder, compile)?;
    for variant in &variants {
        check::decides_as_told(variant)?;
    }
    let mut turns = Vec::new();
    for variant in &variants {
        // A turn has a folder of its own, which ends with it; the modules stay in the common one.
        let envoy = Envoy::start(&plain(&(variant.filters)(rules::AMPLE)), 1, run_folder()?)?;
        turns.push(load::Turn::new(envoy, load::requests(variant.job))?);
    }
    for _ in 0..settings.rounds {
        for turn in &mut turns {
            turn.slice()?;
        }
    }
    let rows = report::rows(&variants, &turns);
    let table = report::markdown(&rows);
    let results = target_folder()?.join("bench");
    fs::create_dir_all(&results).map_err(fault("creating target/bench"))?;
    fs::write(results.join("results.md"), &table).map_err(fault("writing the table"))?;
    fs::write(results.join("results.json"), report::json(&rows).to_string()).map_err(fault("writing the results"))?;
    drop(turns);
    fs::remove_dir_all(&folder).map_err(fault("removing the modules of the benchmark"))?;
    Ok(table)
}
