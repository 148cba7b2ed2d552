//! Reading policies and writing outputs. Outputs appear whole or not at all.

use std::io::Read;
use std::path::Path;

use super::{Io, Stop};
use crate::Checked;
use crate::base::render;

/// Reads and checks a policy; findings are written, errors stop.
pub(super) fn check(path: &Path, io: &mut Io<'_>) -> Result<Checked, Stop> {
    let checked = check_quietly(path)?;
    if !checked.diagnostics.is_empty() {
        let text = render::render(&checked.sources, &checked.diagnostics, io.colour);
        io.err.write_all(text.as_bytes())?;
    }
    if checked.policy.is_none() {
        return Err(Stop::policy(""));
    }
    Ok(checked)
}

/// Reads and checks a policy without writing anything.
pub(super) fn check_quietly(path: &Path) -> Result<Checked, Stop> {
    let text = read(path)?;
    let folder = path.parent().unwrap_or(Path::new("")).to_path_buf();
    let mut read_file = |name: &str| read_inside(&folder, name).map_err(|error| format!("{}: {error}", folder.join(name).display()));
    Ok(crate::check(&path.display().to_string(), &text, &mut read_file))
}

/// Compiles; findings are written, errors stop.
pub(super) fn compile(checked: &Checked, options: &crate::Options, io: &mut Io<'_>) -> Result<crate::Compiled, Stop> {
    match crate::compile(checked, options) {
        Ok(compiled) => Ok(compiled),
        Err(diagnostics) => {
            let text = render::render(&checked.sources, &diagnostics, io.colour);
            io.err.write_all(text.as_bytes())?;
            Err(Stop::policy(""))
        }
    }
}

/// Reports what cannot run on a host that does not hold headers.
pub(super) fn refuse_holding(checked: &Checked, compiled: &crate::Compiled, io: &mut Io<'_>) -> Result<(), Stop> {
    let Some(policy) = &checked.policy else { return Err(Stop::policy("")) };
    let found = crate::plan::without_header_hold(policy, &compiled.plan);
    if found.is_empty() {
        return Ok(());
    }
    io.err.write_all(render::render(&checked.sources, &found, io.colour).as_bytes())?;
    Err(Stop::policy(""))
}

/// Bytes of the largest file that a policy may name. Devices and pipes have no end.
const LARGEST_FILE: u64 = 64 << 20;

/// Reads a file in a folder or below. Symbolic links are followed as long as they stay there (as in the volumes of Kubernetes):
/// what a policy is depends on its folder alone.
fn read_inside(folder: &Path, name: &str) -> std::io::Result<String> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder }.canonicalize()?;
    let file = folder.join(name).canonicalize()?;
    if !file.starts_with(&folder) {
        return Err(std::io::Error::other("a symbolic link leads out of the policy's folder"));
    }
    // Who opens a pipe waits for its writer.
    if !file.metadata()?.is_file() {
        return Err(std::io::Error::other("no file"));
    }
    read_bounded(&file)
}

fn read_bounded(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    std::fs::File::open(path)?.take(LARGEST_FILE + 1).read_to_string(&mut text)?;
    if text.len() as u64 > LARGEST_FILE {
        return Err(std::io::Error::other("larger than 64 MiB"));
    }
    Ok(text)
}

/// A text file.
pub(super) fn read(path: &Path) -> Result<String, Stop> {
    let bytes = std::fs::read(path).map_err(|error| Stop::environment(format!("cannot read {}: {error}", path.display())))?;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Stop::policy(format!("{} is not UTF-8: byte {at} begins no character; save the file as UTF-8", path.display()))
    })
}

/// Writes a file by way of a neighbour that is renamed, so that no reader sees half of it.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), Stop> {
    let Some(name) = path.file_name() else {
        return Err(Stop::usage(format!("{} names no file", path.display())));
    };
    let mut temporary_name = std::ffi::OsString::from(".");
    temporary_name.push(name);
    temporary_name.push(format!(".{}", std::process::id()));
    let temporary = path.with_file_name(temporary_name);
    let written = std::fs::write(&temporary, bytes).and_then(|()| std::fs::rename(&temporary, path));
    if let Err(error) = written {
        // The neighbour may not exist; either way nothing of ours stays behind.
        let _ = std::fs::remove_file(&temporary);
        return Err(Stop::environment(format!("cannot write {}: {error}", path.display())));
    }
    Ok(())
}

/// Writes a result.
pub(super) fn print(io: &mut Io<'_>, text: &str) -> Result<(), Stop> {
    io.out.write_all(text.as_bytes())?;
    if !text.ends_with('\n') {
        io.out.write_all(b"\n")?;
    }
    io.out.flush()?;
    Ok(())
}
