//! Runs the benchmark and prints its table. In: `--rounds N`, `--rivals` to leave our own modules out. Out: the table;
//! exit code 0, 2 for usage, 3 for failure.

use std::process::ExitCode;

use portcullis::base::render::render;
use portcullis::{Options, check, compile};
use portcullis_tests::bench::{Compile, Settings, run};

fn main() -> ExitCode {
    let Some((settings, rivals_only)) = arguments(std::env::args().skip(1)) else {
        eprintln!("usage: bench [--rounds N] [--rivals]");
        return ExitCode::from(2);
    };
    let ours: Compile<'_> = &module;
    match run(settings, (!rivals_only).then_some(ours)) {
        Ok(table) => {
            println!("{table}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(3)
        }
    }
}

/// Compiles a policy, or gives its diagnostics.
fn module(policy: &str, file: &str) -> Result<Vec<u8>, String> {
    let checked = check("bench.policy", policy, &mut |_| Ok(file.to_owned()));
    let compiled = compile(&checked, &Options::default());
    compiled.map(|compiled| compiled.output.wasm).map_err(|diagnostics| render(&checked.sources, &diagnostics, false))
}

/// How much to measure, and whether our own modules are left out; `None` when that cannot be understood.
fn arguments(mut words: impl Iterator<Item = String>) -> Option<(Settings, bool)> {
    let mut settings = Settings::default();
    let mut rivals_only = false;
    while let Some(word) = words.next() {
        match word.as_str() {
            "--rounds" => settings.rounds = words.next()?.parse().ok().filter(|rounds| *rounds > 0)?,
            "--rivals" => rivals_only = true,
            _ => return None,
        }
    }
    Some((settings, rivals_only))
}
