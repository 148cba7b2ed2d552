//! The WASI calls that a Proxy-Wasm module may make. Each gives an errno.

use crate::tools::sim::abi::Status;
use crate::tools::sim::guest::{Args, Guest};

const SUCCESS: i32 = 0;
const BAD_DESCRIPTOR: i32 = 8;
const FAULT: i32 = 21;
const INVALID: i32 = 28;
const NO_SYSTEM_CALL: i32 = 52;
const MAX_RANDOM_BYTES: u32 = 64 * 1024;

fn errno(result: Result<(), Status>) -> i32 {
    match result {
        Ok(()) => SUCCESS,
        Err(_) => FAULT,
    }
}

/// `fd_write(fd, vectors, count, out_written)`: standard output is the info log, standard error the error log.
pub(crate) fn fd_write(guest: &mut Guest<'_, '_>, args: &Args<'_>) -> i32 {
    let level = match args.word(0) {
        1 => 2,
        2 => 4,
        _ => return BAD_DESCRIPTOR,
    };
    errno(write_vectors(guest, args, level))
}

fn write_vectors(guest: &mut Guest<'_, '_>, args: &Args<'_>, level: u32) -> Result<(), Status> {
    let mut text = Vec::new();
    let mut at = args.word(1);
    for _ in 0..args.word(2) {
        let vector = guest.read(at, 8)?;
        let (pointer, size) = vector.split_at_checked(4).ok_or(Status::InvalidMemoryAccess)?;
        let word = |bytes: &[u8]| bytes.try_into().map(u32::from_le_bytes).unwrap_or(0);
        text.extend(guest.read(word(pointer), word(size))?);
        at = at.checked_add(8).ok_or(Status::InvalidMemoryAccess)?;
    }
    let written = u32::try_from(text.len()).unwrap_or(u32::MAX);
    if text.last() == Some(&b'\n') {
        text.pop();
    }
    if written != 0 {
        let line = String::from_utf8_lossy(&text).into_owned();
        guest.host().proxy.borrow_mut().logs.push((level, line));
    }
    guest.write_word(args.word(3), written)
}

/// `fd_fdstat_get(fd, out)`: writable standard streams.
pub(crate) fn fd_fdstat_get(guest: &mut Guest<'_, '_>, args: &Args<'_>) -> i32 {
    if !matches!(args.word(0), 1 | 2) {
        return BAD_DESCRIPTOR;
    }
    let mut stat = [0_u8; 24];
    stat.iter_mut().skip(8).take(1).for_each(|byte| *byte = 64);
    errno(guest.write(args.word(1), &stat))
}

/// `clock_time_get(clock, precision, out)`: both clocks show the time of the simulator.
pub(crate) fn clock_time_get(guest: &mut Guest<'_, '_>, args: &Args<'_>) -> i32 {
    if args.word(0) > 1 {
        return INVALID;
    }
    let now = guest.host().proxy.borrow().now;
    errno(guest.write_long(args.word(2), now))
}

/// `random_get(out, size)`: deterministic, at most 64 KiB as in Envoy.
pub(crate) fn random_get(guest: &mut Guest<'_, '_>, args: &Args<'_>) -> i32 {
    let size = args.word(1);
    if size > MAX_RANDOM_BYTES {
        return INVALID;
    }
    let bytes: Vec<u8> = {
        let mut proxy = guest.host().proxy.borrow_mut();
        (0..size).map(|_| proxy.random_byte()).collect()
    };
    errno(guest.write(args.word(0), &bytes))
}

/// `environ_sizes_get` and `args_sizes_get`: none.
pub(crate) fn sizes(guest: &mut Guest<'_, '_>, args: &Args<'_>) -> i32 {
    errno(guest.write_word(args.word(0), 0).and_then(|()| guest.write_word(args.word(1), 0)))
}

/// Calls that succeed without effect.
pub(crate) fn nothing(_guest: &mut Guest<'_, '_>, _args: &Args<'_>) -> i32 {
    SUCCESS
}

/// Calls on files.
pub(crate) fn no_files(_guest: &mut Guest<'_, '_>, _args: &Args<'_>) -> i32 {
    NO_SYSTEM_CALL
}
