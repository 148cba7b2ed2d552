//! The state of the module: one thread, callbacks that do not nest. In: callbacks that begin. Out: frame and VM.
//!
//! Only `proxy_on_memory_allocate` runs inside a host call, and it touches nothing but the arena, which is all cells.

use core::cell::UnsafeCell;

use super::Policy;
use crate::auth::jwt::fetch::Fetches;
use crate::frame::{Frame, Vm};
use crate::rt::arena::Arena;

/// A static of a module with a single thread.
pub(crate) struct Global<T>(UnsafeCell<T>);

// SAFETY: the module has one thread.
unsafe impl<T> Sync for Global<T> {}

static ARENA: Global<Arena> = Global(UnsafeCell::new(Arena::new()));

/// The arena.
pub(crate) fn arena() -> &'static Arena {
    // SAFETY: an arena is only ever used through shared references.
    unsafe { &*ARENA.0.get() }
}

// SAFETY: an arena is only ever used through shared references.
static FRAME: Global<Frame<'static>> = Global(UnsafeCell::new(Frame::new(unsafe { &*ARENA.0.get() })));
static FETCHES: Global<Fetches> = Global(UnsafeCell::new(Fetches::new()));
static VM: Global<Vm> = Global(UnsafeCell::new(Vm::new()));

/// The frame of the running callback.
pub(crate) fn frame() -> &'static mut Frame<'static> {
    // SAFETY: border functions take the frame for the length of one mechanism and never keep it over a call of the policy.
    unsafe { &mut *FRAME.0.get() }
}

/// The state of the VM.
pub(crate) fn vm() -> &'static mut Vm {
    // SAFETY: as for the frame.
    unsafe { &mut *VM.0.get() }
}

/// Keys that are fetched; by themselves, so that modules without them need not carry their state.
pub(crate) fn fetches() -> &'static mut Fetches {
    // SAFETY: as for the frame.
    unsafe { &mut *FETCHES.0.get() }
}

/// Makes sure that the arena has its first chunk: what the initial pages leave above the data of the policy.
pub(crate) fn prepare_arena() {
    if !arena().has_memory() {
        let start = Policy::heap_start();
        let end = core::arch::wasm32::memory_size::<0>().wrapping_shl(16);
        if let Some(size) = end.checked_sub(start) {
            // SAFETY: nothing else lies above the policy's data, and this is the first use.
            unsafe { arena().begin_with(core::ptr::with_exposed_provenance_mut(start), size) };
        }
    }
}

/// Begins a callback: an empty arena and a new frame.
pub(crate) fn begin(context: u32) {
    prepare_arena();
    // SAFETY: the frame, the only holder of slices of the arena, is replaced before anything reads it.
    unsafe { arena().reset() };
    let frame = frame();
    *frame = Frame::new(arena());
    frame.context = context;
}
