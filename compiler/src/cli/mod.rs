//! The command line. The only place with files, environment, colours and exit codes.
//! One file for each sub-command; `files` holds what they share.

mod build;
mod check;
mod deploy;
mod dump;
mod explain;
mod files;
mod plan;
mod test;

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// Everything went well.
pub const GOOD: u8 = 0;
/// The policy is at fault: it does not compile, or one of its tests fails.
pub const POLICY: u8 = 1;
/// The command line is at fault.
pub const USAGE: u8 = 2;
/// A file cannot be read or written.
pub const ENVIRONMENT: u8 = 3;

/// Where a command writes.
pub struct Io<'a> {
    /// Results.
    pub out: &'a mut dyn Write,
    /// Diagnostics.
    pub err: &'a mut dyn Write,
    /// Whether diagnostics may be coloured.
    pub colour: bool,
}

/// Why a command ends early: the exit code, with the text that is still to be written to `err`.
#[derive(Debug)]
pub struct Stop {
    code: u8,
    text: String,
}

impl Stop {
    fn environment(text: impl Into<String>) -> Stop {
        Stop { code: ENVIRONMENT, text: text.into() }
    }

    fn usage(text: impl Into<String>) -> Stop {
        Stop { code: USAGE, text: text.into() }
    }

    fn policy(text: impl Into<String>) -> Stop {
        Stop { code: POLICY, text: text.into() }
    }
}

impl From<std::io::Error> for Stop {
    fn from(error: std::io::Error) -> Stop {
        Stop::environment(format!("cannot write: {error}"))
    }
}

/// Compiles edge policies to Proxy-Wasm modules that any stock Envoy or Istio runs.
#[derive(Debug, Parser)]
#[command(name = "portcullis", version, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Compile a policy to a module.
    Build(build::Arguments),
    /// Check policies without compiling them.
    Check(check::Arguments),
    /// Explain a code with a wrong and a right example, or list all codes.
    Explain(explain::Arguments),
    /// Run the tests in policies, on the module that would ship.
    Test(test::Arguments),
    /// Show which rule runs in which callback and what is fetched.
    Plan(plan::Arguments),
    /// Show a stage of the compilation: ast, hir, lir or wat.
    Dump(dump::Arguments),
    /// Write the configuration that deploys a module.
    Deploy(deploy::Arguments),
}

/// How much is optimised; shared by the commands that compile.
#[derive(Debug, clap::Args)]
struct Optimise {
    /// Leave out all optional passes of the planner.
    #[arg(long)]
    unoptimised: bool,
    /// Leave out one pass of the planner (see `portcullis plan`); may be repeated.
    #[arg(long, value_name = "PASS")]
    without: Vec<String>,
}

impl Optimise {
    fn options(&self) -> Result<crate::Options, Stop> {
        let mut options = crate::plan::Options::default();
        if self.unoptimised {
            options = crate::plan::Options::unoptimised();
        }
        for name in &self.without {
            let Some(pass) = crate::plan::PASSES.iter().find(|pass| pass.name == name) else {
                let known: Vec<&str> = crate::plan::PASSES.iter().map(|pass| pass.name).collect();
                return Err(Stop::usage(format!("there is no pass `{name}`; passes are {}", known.join(", "))));
            };
            options.without.insert(pass.name);
        }
        Ok(crate::Options { plan: options })
    }
}

/// Runs one command line and returns its exit code.
pub fn run(args: impl IntoIterator<Item = OsString>, io: &mut Io<'_>) -> u8 {
    let arguments = match Arguments::try_parse_from(args) {
        Ok(arguments) => arguments,
        Err(error) => return usage(&error, io),
    };
    let outcome = match arguments.command {
        Command::Build(arguments) => build::run(&arguments, io),
        Command::Check(arguments) => check::run(&arguments, io),
        Command::Explain(arguments) => explain::run(&arguments, io),
        Command::Test(arguments) => test::run(&arguments, io),
        Command::Plan(arguments) => plan::run(&arguments, io),
        Command::Dump(arguments) => dump::run(&arguments, io),
        Command::Deploy(arguments) => deploy::run(&arguments, io),
    };
    match outcome {
        Ok(()) => GOOD,
        Err(stop) => {
            if !stop.text.is_empty() {
                // Nothing is left to do when even this cannot be written.
                let _ = writeln!(io.err, "{}", stop.text.trim_end());
            }
            stop.code
        }
    }
}

/// Help and version go to `out` and are no errors.
fn usage(error: &clap::Error, io: &mut Io<'_>) -> u8 {
    let text = error.render();
    let written = if error.use_stderr() { write!(io.err, "{text}") } else { write!(io.out, "{text}") };
    match (written, error.use_stderr()) {
        (Err(_), _) => ENVIRONMENT,
        (Ok(()), true) => USAGE,
        (Ok(()), false) => GOOD,
    }
}

/// A policy file argument.
#[derive(Debug, clap::Args)]
struct PolicyFile {
    /// The policy.
    #[arg(value_name = "FILE")]
    file: PathBuf,
}
