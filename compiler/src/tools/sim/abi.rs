//! The numbers of Proxy-Wasm ABI 0.2.1 as Envoy 1.40 reads them: statuses, maps, buffers, actions, limits.

/// What a host call returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub(crate) enum Status {
    Ok = 0,
    NotFound = 1,
    BadArgument = 2,
    SerializationFailure = 3,
    InvalidMemoryAccess = 6,
    Empty = 7,
    CasMismatch = 8,
    Unimplemented = 12,
}

/// Linear memory of one VM: 1 GiB.
pub(crate) const MAX_MEMORY_BYTES: usize = 1 << 30;
/// A longer serialised header list counts as empty.
pub(crate) const MAX_PAIRS_BYTES: usize = 1 << 20;
/// A header list with more entries counts as empty.
pub(crate) const MAX_PAIRS: usize = 1024;
/// The highest map id that a host call takes.
pub(crate) const MAX_MAP: u32 = 7;
/// The highest buffer id that a host call takes.
pub(crate) const MAX_BUFFER: u32 = 8;
/// The highest log level.
pub(crate) const MAX_LOG_LEVEL: u32 = 5;

/// A header map that a stream has; maps of gRPC and of HTTP calls are never there in the simulator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MapKind {
    RequestHeaders,
    RequestTrailers,
    ResponseHeaders,
    ResponseTrailers,
}

impl MapKind {
    /// The map with this ABI number.
    pub(crate) fn new(id: u32) -> Option<Self> {
        match id {
            0 => Some(Self::RequestHeaders),
            1 => Some(Self::RequestTrailers),
            2 => Some(Self::ResponseHeaders),
            3 => Some(Self::ResponseTrailers),
            _ => None,
        }
    }
}

/// What a headers callback asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeadersAction {
    Continue,
    /// Headers wait, body callbacks run. Only with `allow_on_headers_stop_iteration`.
    StopIteration,
    /// Nothing of the stream moves until `proxy_continue_stream`.
    StopAll,
}

impl HeadersAction {
    /// Envoy's reading of the returned number; what it does not know stops everything.
    pub(crate) fn new(value: i32, allow_stop_iteration: bool) -> Self {
        match value {
            // 2 is ContinueAndEndStream, which Envoy treats as Continue.
            0 | 2 => Self::Continue,
            1 if allow_stop_iteration => Self::StopIteration,
            _ => Self::StopAll,
        }
    }
}

/// What a body callback asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyAction {
    Continue,
    StopIterationAndBuffer,
    StopIterationAndWatermark,
    StopIterationNoBuffer,
}

impl BodyAction {
    /// Envoy's reading of the returned number.
    pub(crate) fn new(value: i32) -> Self {
        match value {
            0 => Self::Continue,
            1 => Self::StopIterationAndBuffer,
            3 => Self::StopIterationNoBuffer,
            _ => Self::StopIterationAndWatermark,
        }
    }
}
