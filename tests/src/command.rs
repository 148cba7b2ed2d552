//! The command line and a plain Envoy, as users run them. In: arguments, a configuration file. Out: exit codes and texts, a
//! process that ends with its value. A failure here is a failed test, so it panics.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Read;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use portcullis::cli::{self, Io};

use crate::envoy::install;

/// Runs one command line: exit code, what it printed, what it complained of.
#[must_use]
pub fn portcullis(args: &[&str]) -> (u8, String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut io = Io { out: &mut out, err: &mut err, colour: false };
    let args = std::iter::once("portcullis").chain(args.iter().copied()).map(OsString::from);
    let code = cli::run(args, &mut io);
    (code, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
}

/// A port on loopback that nobody listens on.
#[must_use]
pub fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

/// A process that ends with the test.
#[derive(Debug)]
pub struct Running(pub Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts Envoy with a configuration file and waits until it listens.
#[must_use]
pub fn start(bootstrap: &Path, log: &Path, port: u16) -> Running {
    let log_file = File::create(log).unwrap();
    let mut command = Command::new(install::envoy().unwrap());
    command.arg("-c").arg(bootstrap).args(["--use-dynamic-base-id", "--concurrency", "2", "-l", "warning"]);
    let child = command.stdin(Stdio::null()).stdout(log_file.try_clone().unwrap()).stderr(log_file).spawn().unwrap();
    let mut running = Running(child);
    let begun = Instant::now();
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        let ended = running.0.try_wait().unwrap().is_some();
        assert!(!ended && begun.elapsed() < Duration::from_secs(60), "{}", fs::read_to_string(log).unwrap());
        thread::sleep(Duration::from_millis(20));
    }
    running
}

/// The head of a message, read byte by byte so that nothing behind it is taken.
#[must_use]
pub fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|count| count == 1) {
        head.extend_from_slice(&byte);
    }
    String::from_utf8(head).unwrap()
}
