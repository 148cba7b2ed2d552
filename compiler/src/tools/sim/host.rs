//! The host side of one VM: what its host calls act on. Lives in the store of the VM.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use wasmi::{Func, Memory, StoreLimits, StoreLimitsBuilder};

use super::abi::MAX_MEMORY_BYTES;
use super::account::Accounting;
use super::header_map::HeaderMap;
use super::metrics::Ids;
use super::proxy::Proxy;
use super::stream::Stream;

/// What the guest is doing, which decides the host calls that it may make.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Mode {
    /// `_initialize` or the start section: logging and WASI only.
    #[default]
    Starting,
    /// A callback: everything.
    Callback,
    /// The allocation export, entered from a host call: logging and clock only.
    Allocating,
}

/// A call to another server.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// Its number.
    pub(crate) token: u32,
    /// Who gets the answer.
    pub(crate) root: u32,
    pub(crate) cluster: String,
}

/// The answer of a call.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// The state behind the host calls of one VM.
pub(crate) struct Host {
    pub(crate) proxy: Rc<RefCell<Proxy>>,
    pub(crate) memory: Option<Memory>,
    pub(crate) allocate: Option<Func>,
    pub(crate) limits: StoreLimits,
    pub(crate) mode: Mode,
    pub(crate) streams: BTreeMap<u32, Stream>,
    /// Root contexts, each with its `plugin_root_id`.
    pub(crate) roots: BTreeMap<u32, String>,
    /// The context that the running callback was called with.
    pub(crate) current: u32,
    /// Set by `proxy_set_effective_context` until the callback returns.
    pub(crate) effective: Option<u32>,
    /// Readable only in `proxy_on_vm_start` and `proxy_on_configure`.
    pub(crate) configuration: Option<Vec<u8>>,
    pub(crate) metrics: Ids,
    pub(crate) tick_period: Option<u64>,
    /// Calls to other servers that were not answered yet.
    pub(crate) calls: Vec<Call>,
    /// The answer that `proxy_on_http_call_response` can read.
    pub(crate) answer: Option<Answered>,
    next_call: u32,
    /// Contexts for which `proxy_done` was called.
    pub(crate) done: Vec<u32>,
    /// Why the VM is dead although no trap has reached the outer call yet (a trap while allocating).
    pub(crate) failed: Option<String>,
    pub(crate) account: Accounting,
}

impl Host {
    /// The host side of a VM that is about to be instantiated.
    pub(crate) fn new(proxy: Rc<RefCell<Proxy>>) -> Self {
        Self {
            proxy,
            memory: None,
            allocate: None,
            limits: StoreLimitsBuilder::new().memory_size(MAX_MEMORY_BYTES).build(),
            mode: Mode::Starting,
            streams: BTreeMap::new(),
            roots: BTreeMap::new(),
            current: 0,
            effective: None,
            configuration: None,
            metrics: Ids::default(),
            tick_period: None,
            calls: Vec::new(),
            answer: None,
            next_call: 1,
            done: Vec::new(),
            failed: None,
            account: Accounting::default(),
        }
    }

    /// The root context that the running callback belongs to.
    pub(crate) fn root(&self) -> u32 {
        self.streams.get(&self.current).map_or(self.current, |stream| stream.root)
    }

    /// A number that no call had.
    pub(crate) fn next_call(&mut self) -> u32 {
        self.next_call += 1;
        self.next_call
    }

    /// The context that host calls act on.
    pub(crate) fn context(&self) -> u32 {
        self.effective.unwrap_or(self.current)
    }

    /// The stream that host calls act on; `None` in a root context.
    pub(crate) fn stream(&mut self) -> Option<&mut Stream> {
        let context = self.context();
        self.streams.get_mut(&context)
    }
}
