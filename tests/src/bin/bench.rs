//! Runs the benchmark and prints its table. In: `--rounds N`. Out: the table; exit code 0, 2 for usage, 3 for failure.

use std::process::ExitCode;

use portcullis_tests::bench::{Settings, run};

fn main() -> ExitCode {
    let Some(settings) = settings(std::env::args().skip(1)) else {
        eprintln!("usage: bench [--rounds N]");
        return ExitCode::from(2);
    };
    match run(settings, None) {
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

fn settings(mut arguments: impl Iterator<Item = String>) -> Option<Settings> {
    let mut settings = Settings::default();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--rounds" => settings.rounds = arguments.next()?.parse().ok().filter(|rounds| *rounds > 0)?,
            _ => return None,
        }
    }
    Some(settings)
}
