//! A library that Envoy is started with so that tests set its clock. In: a file named by `PORTCULLIS_CLOCK` with one
//! little-endian u64, nanoseconds since 1970. Out: `clock_gettime` answers that for the time of day while it is not 0;
//! monotonic clocks, on which timers and timeouts run, stay as they are. Built by `clock.rs` with rustc alone.

#![no_std]
#![crate_type = "cdylib"]

use core::ffi::{c_char, c_int, c_long, c_void};
use core::ptr::null_mut;
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, Ordering};

#[repr(C)]
pub struct Timespec {
    seconds: i64,
    nanoseconds: i64,
}

#[link(name = "c")]
unsafe extern "C" {
    fn getenv(name: *const c_char) -> *const c_char;
    fn open(path: *const c_char, flags: c_int, ...) -> c_int;
    fn mmap(at: *mut c_void, length: usize, access: c_int, flags: c_int, file: c_int, offset: i64) -> *mut c_void;
    fn syscall(number: c_long, ...) -> c_long;
}

#[cfg(target_arch = "x86_64")]
const CLOCK_GETTIME: c_long = 228;
#[cfg(target_arch = "aarch64")]
const CLOCK_GETTIME: c_long = 113;

const CLOCK_REALTIME: c_int = 0;
const CLOCK_REALTIME_COARSE: c_int = 5;

static MAPPED: AtomicPtr<AtomicU64> = AtomicPtr::new(null_mut());
static TRIED: AtomicBool = AtomicBool::new(false);

/// The file's number; the file is mapped once, so that a new number is seen without a call.
fn set_time() -> u64 {
    if !TRIED.swap(true, Ordering::AcqRel) {
        // SAFETY: the name ends with a NUL; the result is checked before use.
        let path = unsafe { getenv(c"PORTCULLIS_CLOCK".as_ptr()) };
        if !path.is_null() {
            // SAFETY: `path` is a string of the environment; 0 is O_RDONLY.
            let file = unsafe { open(path, 0) };
            // SAFETY: one page of the file, readable (1), shared (1); a failure gives -1.
            let at = unsafe { mmap(null_mut(), 8, 1, 1, file, 0) };
            if at as isize != -1 {
                MAPPED.store(at.cast(), Ordering::Release);
            }
        }
    }
    let mapped = MAPPED.load(Ordering::Acquire);
    // SAFETY: null until the mapping is there, which then stays to the end of the process.
    if mapped.is_null() { 0 } else { unsafe { &*mapped }.load(Ordering::Acquire) }
}

/// Takes the place of the C library's function.
///
/// # Safety
/// `out` must be valid for a write, as for the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn clock_gettime(clock: c_int, out: *mut Timespec) -> c_int {
    if clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE {
        let time = set_time();
        if time != 0 {
            let seconds = (time / 1_000_000_000) as i64;
            let nanoseconds = (time % 1_000_000_000) as i64;
            // SAFETY: the caller's promise.
            unsafe { out.write(Timespec { seconds, nanoseconds }) };
            return 0;
        }
    }
    // SAFETY: the kernel checks the pointer.
    unsafe { syscall(CLOCK_GETTIME, clock as c_long, out) as c_int }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
