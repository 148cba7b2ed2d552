//! The host calls, one file per family. Each takes the guest and its arguments and gives a status.

pub(crate) mod buffers;
pub(crate) mod foreign;
pub(crate) mod headers;
pub(crate) mod logging;
pub(crate) mod metrics;
pub(crate) mod outbound;
pub(crate) mod properties;
pub(crate) mod queues;
pub(crate) mod shared;
pub(crate) mod streams;
mod verify_signature;
pub(crate) mod wasi;
