//! Edits of the forwarded message. In: names and values of rules. Out: host calls, at once; a failing one is a fault.

pub mod forward;
pub mod header;
