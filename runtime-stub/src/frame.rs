//! What the mechanisms share: the frame of one callback, and what the VM keeps for ever.
//! In: nothing. Out: plain structures; each part is defined beside the code that works on it.

use crate::http::request::Request;
use crate::http::response::Response;
use crate::rt::arena::Arena;
use crate::rt::heap::Heap;

/// State of one callback; made anew at its start, gone at its end.
pub struct Frame<'a> {
    /// Where everything of this callback lives.
    pub arena: &'a Arena,
    /// The stream, or the root context in `on_configure`.
    pub context: u32,
    /// The request, in the request phase.
    pub request: Request<'a>,
    /// The response, in the response phase.
    pub response: Response<'a>,
    /// Something faulted: the policy's `on_fault` decides.
    pub fault: bool,
}

impl<'a> Frame<'a> {
    /// An empty one.
    pub const fn new(arena: &'a Arena) -> Frame<'a> {
        Frame { arena, context: 0, request: Request::empty(), response: Response::empty(), fault: false }
    }
}

/// State of the VM.
pub struct Vm {
    /// What outlives callbacks.
    pub heap: Heap,
    /// The root context whose configuration is in force for the current stream.
    pub root: u32,
}

impl Vm {
    /// An empty one.
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Vm {
        Vm { heap: Heap::new(), root: 0 }
    }
}
