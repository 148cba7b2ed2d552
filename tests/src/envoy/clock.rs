//! A clock that tests set and a running Envoy reads. In: times. Out: the environment to start Envoy with.
//! Envoy's time of day then stands still between two settings, as in the other engines, so that outcomes are equal.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Command, id};

use portcullis::tools::engine::{EngineError, Nanoseconds};
use sha2::{Digest, Sha256};

use super::fault;
use super::install::target_folder;

/// The library that answers Envoy's questions for the time.
const SHIM: &str = include_str!("clock/shim.rs");

/// A file with the time in it, and the library that reads it inside of Envoy.
#[derive(Debug)]
pub struct Clock {
    file: File,
    path: PathBuf,
    library: PathBuf,
}

impl Clock {
    /// A clock in `folder` that shows the real time until it is set.
    ///
    /// # Errors
    /// When the library does not build.
    pub fn new(folder: &Path) -> Result<Self, EngineError> {
        let path = folder.join("clock");
        let file = File::create(&path).map_err(fault("creating Envoy's clock"))?;
        let clock = Self { file, path, library: library()? };
        clock.set(0)?;
        Ok(clock)
    }

    /// Sets the clock; it stands still then.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn set(&self, at: Nanoseconds) -> Result<(), EngineError> {
        self.file.write_all_at(&at.to_le_bytes(), 0).map_err(fault("setting Envoy's clock"))
    }

    /// What Envoy must be started with.
    #[must_use]
    pub fn environment(&self) -> [(&'static str, &Path); 2] {
        [("LD_PRELOAD", &self.library), ("PORTCULLIS_CLOCK", &self.path)]
    }
}

/// The path of the library, built once for each version of its source.
fn library() -> Result<PathBuf, EngineError> {
    let digest = Sha256::digest(SHIM);
    let version: String = digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    let target = target_folder()?;
    let library = target.join(format!("envoy-clock-{version}.so"));
    if library.is_file() {
        return Ok(library);
    }
    let lock = File::create(target.join("envoy-clock.lock")).map_err(fault("creating the clock's lock"))?;
    lock.lock().map_err(fault("waiting for the clock's lock"))?;
    if !library.is_file() {
        build(&target, &library)?;
    }
    Ok(library)
}

fn build(target: &Path, library: &Path) -> Result<(), EngineError> {
    let source = target.join(format!("envoy-clock.{}.rs", id()));
    let staging = target.join(format!("envoy-clock.{}.so", id()));
    fs::write(&source, SHIM).map_err(fault("writing the clock's source"))?;
    let output = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
        .args(["--edition", "2024", "-C", "opt-level=2", "-C", "panic=abort", "--crate-name", "envoy_clock", "-o"])
        .arg(&staging)
        .arg(&source)
        .output()
        .map_err(fault("running rustc for Envoy's clock"))?;
    if !output.status.success() {
        return Err(EngineError(format!("building Envoy's clock failed\n{}", String::from_utf8_lossy(&output.stderr))));
    }
    fs::rename(&staging, library).map_err(fault("moving Envoy's clock to its place"))?;
    fs::remove_file(&source).map_err(fault("removing the clock's source"))
}
