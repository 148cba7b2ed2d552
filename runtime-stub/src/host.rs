//! What the stub asks of a host. In: slices. Out: values in the arena, or the status that the host gave.
//! Two implementations: `abi::Wasm` (Proxy-Wasm imports) and [`crate::testing::FakeHost`].

use crate::rt::arena::Arena;

/// A Proxy-Wasm status other than 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status(pub u32);

impl Status {
    /// There is no such value.
    pub const NOT_FOUND: Status = Status(1);
    /// An argument that the host does not take, or a map or buffer that is not there in this phase.
    pub const BAD_ARGUMENT: Status = Status(2);
    /// The host could not place its answer: our memory is exhausted.
    pub const INVALID_MEMORY_ACCESS: Status = Status(6);
    /// Nothing there.
    pub const EMPTY: Status = Status(7);
    /// The shared value changed since it was read.
    pub const CAS_MISMATCH: Status = Status(8);
    /// Not permitted to this plugin, or broken.
    pub const INTERNAL_FAILURE: Status = Status(10);
}

/// Buffers (Proxy-Wasm).
pub mod buffer {
    /// Body of the request.
    pub const REQUEST_BODY: i32 = 0;
    /// Body of the response.
    pub const RESPONSE_BODY: i32 = 1;
    /// Body of the answer to a call.
    pub const CALL_BODY: i32 = 4;
    /// Configuration of the plugin.
    pub const PLUGIN_CONFIGURATION: i32 = 7;
}

/// Header maps (Proxy-Wasm), beside those of the border.
pub mod map {
    /// Headers of the answer to a call.
    pub const CALL_HEADERS: i32 = 6;
}

/// Levels of [`Host::log`].
pub mod level {
    /// Warnings.
    pub const WARN: i32 = 3;
    /// Errors.
    pub const ERROR: i32 = 4;
}

/// What we ask of a host. Answers live in the arena.
pub trait Host {
    /// All pairs of a header map, as serialised by the host (`http::pairs` reads them).
    fn header_pairs<'a>(&mut self, arena: &'a Arena, map: i32) -> Result<&'a [u8], Status>;
    /// Adds a line.
    fn header_add(&mut self, map: i32, name: &[u8], value: &[u8]) -> Result<(), Status>;
    /// Replaces all lines by one.
    fn header_replace(&mut self, map: i32, name: &[u8], value: &[u8]) -> Result<(), Status>;
    /// Takes all lines.
    fn header_remove(&mut self, map: i32, name: &[u8]) -> Result<(), Status>;
    /// Answers the client: status, details, body, serialised pairs of further headers.
    fn send_local_response(&mut self, status: u32, details: &[u8], body: &[u8], pairs: &[u8]) -> Result<(), Status>;
    /// A property; parts of the path are separated by NUL.
    fn property<'a>(&mut self, arena: &'a Arena, path: &[u8]) -> Result<&'a [u8], Status>;
    /// Writes filter state.
    fn set_property(&mut self, path: &[u8], value: &[u8]) -> Result<(), Status>;
    /// Nanoseconds since 1970.
    fn time(&mut self) -> Result<u64, Status>;
    /// A shared value and the number to hand to [`Host::shared_set`].
    fn shared_get<'a>(&mut self, arena: &'a Arena, key: &[u8]) -> Result<(&'a [u8], u32), Status>;
    /// Writes a shared value if it is still the one that had this number; 0 writes whatever it is.
    fn shared_set(&mut self, key: &[u8], value: &[u8], cas: u32) -> Result<(), Status>;
    /// Defines a counter and gives its id.
    fn metric_define_counter(&mut self, name: &[u8]) -> Result<u32, Status>;
    /// Adds to a counter.
    fn metric_increment(&mut self, id: u32, by: i64) -> Result<(), Status>;
    /// Bytes of a buffer ([`buffer`]).
    fn buffer<'a>(&mut self, arena: &'a Arena, buffer: i32, start: u32, size: u32) -> Result<&'a [u8], Status>;
    /// Replaces bytes of a buffer. Envoy takes only start 0 or a start at the end.
    fn set_buffer(&mut self, buffer: i32, start: u32, size: u32, bytes: &[u8]) -> Result<(), Status>;
    /// Logs a line ([`level`]).
    fn log(&mut self, level: i32, line: &[u8]);
    /// Calls a function of the host's own.
    fn foreign<'a>(&mut self, arena: &'a Arena, name: &[u8], argument: &[u8]) -> Result<&'a [u8], Status>;
    /// Calls another server: cluster, serialised headers, milliseconds. Gives the number of the call.
    fn http_call(&mut self, cluster: &[u8], headers: &[u8], timeout: u32) -> Result<u32, Status>;
    /// Sets how often the root context ticks, milliseconds.
    fn set_tick_period(&mut self, period: u32);
    /// Lets what follows concern another context than the one that was entered.
    fn set_effective_context(&mut self, context: u32) -> Result<(), Status>;
    /// Lets a request go on that was stopped.
    fn continue_request(&mut self);
    /// Fills with random bytes.
    fn random(&mut self, out: &mut [u8]) -> Result<(), Status>;
}
