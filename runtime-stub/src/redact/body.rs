//! A response body that is inspected, callback by callback.
//! In: what the host has buffered. Out: the action to return; the buffer rewritten where it must be.
//!
//! Bytes that are held back wait in the guest until the next chunk. Trailers end a body without a last call, and what only
//! the guest holds then could not be sent any more; so where trailers may come, the first [`KEPT`] bytes of a body stay in
//! the host's buffer (action 1) while something is held. Not longer: a large chunk behind them would be more than the host
//! buffers, and it ends such a stream. If trailers come where only the guest holds bytes, the stream is cut.

use super::mask::{MASKS, Masks};
use super::output::Output;
use super::scanner::Scanner;
use crate::host::{Host, Status, buffer};
use crate::rt::arena::{Arena, Text};
use crate::tables::redact::Reader;

/// How far into a body bytes are left in the host's buffer.
pub const KEPT: usize = 64 << 10;

/// A denial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deny {
    /// Reply (`contract::Policy::Reply`).
    pub reply: u32,
    /// Metric that counts it.
    pub metric: u32,
}

/// A redaction and the byte up to which it acts.
#[derive(Clone, Copy, Debug)]
pub struct Stage {
    /// `tables::redact`
    pub table: &'static [u8],
    /// Metric of its rule.
    pub metric: u32,
    /// Bytes from the start of the body.
    pub limit: u64,
}

/// What a callback comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Return this action.
    Go(i32),
    /// Cut the stream by this denial, and return [`action::DROP`] (body) or 1 (trailers).
    Deny(Deny),
    /// Cut the stream: a fault.
    Fault,
}

/// Actions of body callbacks.
pub mod action {
    /// Send what is buffered.
    pub const CONTINUE: i32 = 0;
    /// Keep it and call again with more.
    pub const KEEP: i32 = 1;
    /// Drop the chunk.
    pub const DROP: i32 = 3;
}

/// How far a body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Inspecting,
    /// The rest is not inspected.
    Passing,
    /// Nothing is sent any more.
    Cut,
}

/// The record of a body: of constant size.
pub struct Body {
    scanner: Scanner,
    stages: [Stage; MASKS],
    stage_count: usize,
    /// Which stages have acted and which have counted, one bit each.
    acted: u32,
    counted: u32,
    deny: Option<(u64, Deny)>,
    /// Bytes that were read.
    seen: u64,
    /// Bytes in the host's buffer that were read before; those that are held back are the last of them.
    in_host: usize,
    /// Whether the held bytes are in the guest only.
    in_guest: bool,
    /// Whether trailers may end the body.
    may_trail: bool,
    state: State,
}

impl Body {
    /// One before its first byte, without redactions.
    pub const fn new(is_json: bool, may_trail: bool) -> Body {
        Body {
            scanner: Scanner::new(is_json),
            stages: [Stage { table: &[], metric: 0, limit: 0 }; MASKS],
            stage_count: 0,
            acted: 0,
            counted: 0,
            deny: None,
            seen: 0,
            in_host: 0,
            in_guest: false,
            may_trail,
            state: State::Inspecting,
        }
    }

    /// Adds a redaction behind others. The first one acts as long as its limit allows, so only those with larger limits
    /// matter; when there are too many, the last one acts to the end.
    pub fn add(&mut self, stage: Stage) {
        let covered = self.stage_count.checked_sub(1).and_then(|last| self.stages.get(last)).map_or(0, |last| last.limit);
        if self.stage_count > 0 && stage.limit <= covered {
            return;
        }
        if let Some(place) = self.stages.get_mut(self.stage_count) {
            *place = stage;
            self.stage_count = self.stage_count.wrapping_add(1);
        } else if let Some(last) = self.stages.last_mut() {
            last.limit = stage.limit;
        }
    }

    /// Notes that a metric was counted for this response already.
    pub fn mark_counted(&mut self, metric: u32) {
        for (n, stage) in (0u32..).zip(self.stages.iter().take(self.stage_count)) {
            if stage.metric == metric {
                self.counted |= 1u32.wrapping_shl(n);
            }
        }
    }

    /// Denies bodies with more bytes. The smallest number counts.
    pub fn deny_above(&mut self, limit: u64, deny: Deny) {
        if self.deny.is_none_or(|(before, _)| limit < before) {
            self.deny = Some((limit, deny));
        }
    }

    /// A body callback: `size` bytes are in the host's buffer. `count` counts a metric.
    pub fn on_body(&mut self, host: &mut impl Host, arena: &Arena, size: usize, eos: bool, count: &mut dyn FnMut(u32)) -> Verdict {
        match self.state {
            State::Inspecting => {}
            State::Passing => return Verdict::Go(action::CONTINUE),
            State::Cut => return Verdict::Go(action::DROP),
        }
        if let Some(deny) = self.above(size.saturating_sub(self.in_host)) {
            return Verdict::Deny(deny);
        }
        match self.step(host, arena, size, eos, count) {
            Some(action) => Verdict::Go(action),
            None => {
                self.state = State::Cut;
                Verdict::Fault
            }
        }
    }

    /// The denial of a body that so many more bytes make too large.
    pub fn above(&mut self, more: usize) -> Option<Deny> {
        let total = self.seen.saturating_add(more as u64);
        let (_, deny) = self.deny.filter(|(limit, _)| total > *limit)?;
        self.state = State::Cut;
        Some(deny)
    }

    /// The trailers callback: the body has ended. `size` bytes are in the host's buffer if the response was held for its body until
    /// now, else 0.
    pub fn on_trailers(&mut self, host: &mut impl Host, arena: &Arena, size: usize, count: &mut dyn FnMut(u32)) -> Verdict {
        match self.state {
            State::Inspecting => {}
            State::Passing => return Verdict::Go(action::CONTINUE),
            State::Cut => return Verdict::Go(action::KEEP),
        }
        let new_size = size.saturating_sub(self.in_host);
        if let Some(deny) = self.above(new_size) {
            return Verdict::Deny(deny);
        }
        let lost = self.in_guest && self.scanner.held_len() > 0;
        let done = self.scanner.held_len() == 0 && new_size == 0;
        if !lost && (done || self.step(host, arena, self.in_host.max(size), true, count).is_some()) {
            self.tell(count);
            return Verdict::Go(action::CONTINUE);
        }
        self.state = State::Cut;
        Verdict::Fault
    }

    /// Reads what is new and writes what is decided: the action, or nothing for a fault.
    fn step(&mut self, host: &mut impl Host, arena: &Arena, size: usize, eos: bool, count: &mut dyn FnMut(u32)) -> Option<i32> {
        let new = read(host, arena, self.in_host, size.checked_sub(self.in_host)?).ok()?;
        let held = self.scanner.held(arena)?;
        let old = if self.in_guest { 0 } else { self.in_host.saturating_sub(held.len()) };
        let position = self.seen.saturating_sub(held.len() as u64);
        let mut out = Output::new(arena, if self.in_guest { &[] } else { held }, new, position);
        if self.in_guest {
            out.diverge();
        }
        self.scan(new, eos, &mut out, count);
        let held_now = self.scanner.held(arena)?;
        let verbatim = out.is_verbatim();
        let after = old.saturating_add(out.len()).saturating_add(held_now.len());
        if held_now.is_empty() {
            if !verbatim {
                write(host, arena, old, size, out.finish()?, &[])?;
            }
            self.in_host = 0;
            self.in_guest = false;
            return Some(action::CONTINUE);
        }
        if self.may_trail && self.seen <= KEPT as u64 {
            if !verbatim {
                write(host, arena, old, size, out.finish()?, held_now)?;
            }
            self.in_host = after;
            self.in_guest = false;
            return Some(action::KEEP);
        }
        write(host, arena, old, size, out.finish()?, &[])?;
        self.in_host = 0;
        self.in_guest = true;
        Some(action::CONTINUE)
    }

    /// Reads new bytes, and ends the body or the inspection where they end.
    fn scan(&mut self, new: &[u8], eos: bool, out: &mut Output<'_>, count: &mut dyn FnMut(u32)) {
        let stages = self.stages.get(..self.stage_count).unwrap_or(&[]);
        let mut masks = Masks::new();
        for stage in stages {
            masks.push(stage.limit, Reader::new(stage.table).mask());
        }
        self.scanner.feed(new, &masks, out);
        self.seen = self.seen.saturating_add(new.len() as u64);
        // Where more is denied, the last byte that may come is not the last until the body ends: what is held is not let go before.
        let ended = eos || self.deny.is_none() && out.position() >= masks.end();
        if ended {
            self.scanner.end(&masks, out);
            self.state = State::Passing;
        }
        self.acted |= out.acted();
        if ended {
            self.tell(count);
        }
    }

    /// Counts the stages that acted: a body that may still be denied counts as denied only.
    fn tell(&mut self, count: &mut dyn FnMut(u32)) {
        let acted = self.acted & !self.counted;
        self.counted |= acted;
        for (n, stage) in (0u32..).zip(self.stages.iter().take(self.stage_count)) {
            if acted.wrapping_shr(n) & 1 == 1 {
                count(stage.metric);
            }
        }
    }
}

fn read<'a>(host: &mut impl Host, arena: &'a Arena, start: usize, size: usize) -> Result<&'a [u8], Status> {
    if size == 0 {
        return Ok(&[]);
    }
    let narrow = |n: usize| u32::try_from(n).map_err(|_| Status::BAD_ARGUMENT);
    let bytes = host.buffer(arena, buffer::RESPONSE_BODY, narrow(start)?, narrow(size)?)?;
    if bytes.len() == size { Ok(bytes) } else { Err(Status::BAD_ARGUMENT) }
}

/// Replaces the whole buffer: its first `old` bytes stay, then come `text` and `held`.
fn write(host: &mut impl Host, arena: &Arena, old: usize, size: usize, text: &[u8], held: &[u8]) -> Option<()> {
    let size = u32::try_from(size).ok()?;
    if old == 0 && held.is_empty() {
        return host.set_buffer(buffer::RESPONSE_BODY, 0, size, text).ok();
    }
    let mut whole = Text::new(arena);
    whole.push(read(host, arena, 0, old).ok()?);
    whole.push(text);
    whole.push(held);
    host.set_buffer(buffer::RESPONSE_BODY, 0, size, whole.finish()?).ok()
}
