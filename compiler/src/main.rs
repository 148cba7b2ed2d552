//! The `portcullis` program: hands arguments, terminal and exit code to `cli`.

use std::io::IsTerminal;
use std::process::ExitCode;

use portcullis::cli::{self, Io};

fn main() -> ExitCode {
    let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let mut out = std::io::stdout().lock();
    let mut err = std::io::stderr().lock();
    let mut io = Io { out: &mut out, err: &mut err, colour };
    ExitCode::from(cli::run(std::env::args_os(), &mut io))
}
