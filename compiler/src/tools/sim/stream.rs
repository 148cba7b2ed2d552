//! What the host calls of one stream see and change: maps with their windows of access, bodies, reply, filter state.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use super::abi::MapKind;
use super::header_map::HeaderMap;
use super::pairs::Pairs;
use crate::tools::message::Tls;

/// Whether a map or a body can be reached right now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Access {
    /// Not yet there, or handed on: every call answers 2.
    #[default]
    Gone,
    /// Readable only, in `proxy_on_log`.
    ReadOnly,
    /// Readable and changeable.
    Live,
}

/// A map and its window.
#[derive(Clone, Debug, Default)]
pub(crate) struct Guarded {
    pub(crate) map: HeaderMap,
    pub(crate) access: Access,
}

/// The part of a body that a callback can reach.
#[derive(Clone, Debug, Default)]
pub(crate) struct Window {
    pub(crate) bytes: Vec<u8>,
    pub(crate) open: bool,
}

/// A reply that the guest asked for; Envoy makes it after the callback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) details: String,
    pub(crate) body: Vec<u8>,
    pub(crate) headers: Pairs,
    /// `None` when the guest passed -1.
    pub(crate) grpc_status: Option<u32>,
}

/// One stream.
#[derive(Clone, Debug)]
pub(crate) struct Stream {
    /// The root context it belongs to.
    pub(crate) root: u32,
    pub(crate) request_headers: Guarded,
    pub(crate) request_trailers: Guarded,
    pub(crate) response_headers: Guarded,
    pub(crate) response_trailers: Guarded,
    pub(crate) request_body: Window,
    pub(crate) response_body: Window,
    /// The running callback is a body callback with `end_of_stream`: touching trailers creates them.
    pub(crate) body_ends: bool,
    pub(crate) reply: Option<Reply>,
    /// `proxy_close_stream` was called.
    pub(crate) closed: bool,
    /// `proxy_continue_stream` was called.
    pub(crate) continued: bool,
    pub(crate) response_status: Option<u16>,
    pub(crate) response_details: Option<String>,
    /// What `proxy_set_property` stored, by path.
    pub(crate) filter_state: BTreeMap<Vec<u8>, Vec<u8>>,
    pub(crate) client: SocketAddr,
    /// The TLS connection of the client.
    pub(crate) tls: Option<Tls>,
    /// Nanoseconds since 1970 at the start of the stream.
    pub(crate) started: u64,
    /// A number of its own for each connection.
    pub(crate) connection: u64,
    /// The body's size as the client declared it.
    pub(crate) request_size: u64,
    /// Bytes of the request headers as they arrived.
    pub(crate) request_header_bytes: u64,
}

impl Stream {
    /// A stream whose request headers have arrived.
    pub(crate) fn new(root: u32, client: SocketAddr, request_headers: HeaderMap) -> Self {
        Self {
            root,
            request_headers: Guarded { map: request_headers, access: Access::Gone },
            request_trailers: Guarded::default(),
            response_headers: Guarded::default(),
            response_trailers: Guarded::default(),
            request_body: Window::default(),
            response_body: Window::default(),
            body_ends: false,
            reply: None,
            closed: false,
            continued: false,
            response_status: None,
            response_details: None,
            filter_state: BTreeMap::new(),
            client,
            tls: None,
            started: 0,
            connection: 0,
            request_size: 0,
            request_header_bytes: 0,
        }
    }

    /// The map whatever its window.
    pub(crate) fn guarded(&mut self, kind: MapKind) -> &mut Guarded {
        match kind {
            MapKind::RequestHeaders => &mut self.request_headers,
            MapKind::RequestTrailers => &mut self.request_trailers,
            MapKind::ResponseHeaders => &mut self.response_headers,
            MapKind::ResponseTrailers => &mut self.response_trailers,
        }
    }

    /// The map for reading.
    pub(crate) fn readable(&mut self, kind: MapKind) -> Option<&HeaderMap> {
        let guarded = self.guarded(kind);
        (guarded.access != Access::Gone).then_some(&guarded.map)
    }

    /// The map for changing. Trailers come into being when the last body callback touches them.
    pub(crate) fn writable(&mut self, kind: MapKind) -> Option<&mut HeaderMap> {
        let create = self.body_ends
            && match kind {
                MapKind::RequestTrailers => self.request_body.open,
                MapKind::ResponseTrailers => self.response_body.open,
                MapKind::RequestHeaders | MapKind::ResponseHeaders => false,
            };
        let guarded = self.guarded(kind);
        if create && guarded.access == Access::Gone {
            guarded.access = Access::Live;
        }
        (guarded.access == Access::Live).then_some(&mut guarded.map)
    }

    /// The access of all maps during `proxy_on_log`: readable again; what was never handed on stays changeable.
    pub(crate) fn open_for_log(&mut self) {
        for guarded in [&mut self.request_headers, &mut self.response_headers, &mut self.response_trailers] {
            if guarded.access == Access::Gone {
                guarded.access = Access::ReadOnly;
            }
        }
    }
}
