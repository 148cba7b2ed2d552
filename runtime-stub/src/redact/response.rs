//! What is done with the body of a response: chosen when its headers are there.
//! In: redactions in file order, header facts. Out: a body record, a reply in its place, or nothing to do.

use super::body::{Body, Deny, Stage};
use super::head::Head;
use crate::contract::{REDACTIONS, map};
use crate::edits::header;
use crate::frame::Frame;
use crate::host::Host;
use crate::tables::redact::Reader;

/// Headers that no longer hold once a body changes.
const STALE: [&[u8]; 7] = [b"content-length", b"etag", b"content-md5", b"digest", b"content-digest", b"repr-digest", b"accept-ranges"];

/// The redactions that apply to a response, in file order.
pub struct Choice {
    added: [(&'static [u8], u32); REDACTIONS],
    count: usize,
}

/// What comes of it.
// A box would need the heap, which may be exhausted; it is moved there at once by the one who asks.
#[allow(clippy::large_enum_variant)]
pub enum Start {
    /// The body passes as it is.
    Pass,
    /// The response is replaced: reply and metric.
    Reply(Deny),
    /// The body is inspected.
    Inspect(Body),
}

impl Choice {
    /// None yet.
    pub const fn new() -> Choice {
        Choice { added: [(&[], 0); REDACTIONS], count: 0 }
    }

    /// Adds a redaction (`tables::redact`) with the metric of its rule. False when there are too many: a fault.
    pub fn add(&mut self, table: &'static [u8], metric: u32) -> bool {
        match self.added.get_mut(self.count) {
            Some(place) => {
                *place = (table, metric);
                self.count = self.count.wrapping_add(1);
                true
            }
            None => false,
        }
    }

    /// Whether nothing was added.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Decides. `eos`: no body follows.
    pub fn start(&self, head: &Head<'_>, eos: bool) -> Start {
        if eos {
            return Start::Pass;
        }
        let readable = head.is_readable();
        let mut body = Body::new(head.is_json(), head.may_trail);
        let mut some = false;
        for (table, metric) in self.added.iter().take(self.count) {
            let table = Reader::new(table);
            if !head.media().any(|media| table.has_type(media.main, media.sub)) {
                continue;
            }
            if !readable {
                match table.on_encoded() {
                    Some(reply) => return Start::Reply(Deny { reply, metric: table.deny_metric() }),
                    None => continue,
                }
            }
            let limit = table.max_body();
            if let Some(reply) = table.on_oversize() {
                let deny = Deny { reply, metric: table.deny_metric() };
                if head.length.is_some_and(|length| length > limit) {
                    return Start::Reply(deny);
                }
                body.deny_above(limit, deny);
            }
            body.add(Stage { table: table.table(), metric: *metric, limit });
            some = true;
        }
        if !some {
            return Start::Pass;
        }
        Start::Inspect(body)
    }
}

/// Removes headers that no longer hold once the body changes.
pub fn remove_stale<H: Host>(frame: &mut Frame<'_>, host: &mut H) {
    for name in STALE {
        header::remove(frame, host, map::RESPONSE, name);
    }
}
