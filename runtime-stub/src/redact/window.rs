//! The window: characters that may still be part of a match. Everything else leaves at once.
//! In: characters with the bytes that spell them. Out: the same bytes, matches masked.

use super::card::{self, Card, Look};
use super::mask::{Masks, Place};
use super::output::Output;
use crate::bytes;

/// Most characters that are undecided: 19 digits, a separator behind each, and the character that decides.
const UNITS: usize = 40;
/// Bytes that may spell one character (`\u0034`).
const SPELLING: usize = 6;

/// A character.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unit {
    /// The character if it is ASCII, else any byte from 0x80 on.
    pub character: u8,
    /// Bytes that spell it.
    pub spelling: u8,
}

/// Undecided characters; the first one is a digit behind a border.
pub struct Window {
    units: [Unit; UNITS],
    count: usize,
    raw: [u8; UNITS * SPELLING],
    raw_len: usize,
    /// Whether the character before the window is a letter, digit or `_`.
    word: bool,
    place: Place,
    /// What was seen of the possible start that the window begins with.
    card: Card,
}

impl Window {
    /// An empty one, behind a border.
    pub const fn new(place: Place) -> Window {
        Window {
            units: [Unit { character: 0, spelling: 0 }; UNITS],
            count: 0,
            raw: [0; UNITS * SPELLING],
            raw_len: 0,
            word: false,
            place,
            card: Card::new(),
        }
    }

    /// Starts a value: behind a border, in this place. The window is empty.
    pub fn begin(&mut self, place: Place) {
        self.word = false;
        self.place = place;
    }

    /// The bytes that are held back.
    pub fn held(&self) -> &[u8] {
        bytes::until(&self.raw, self.raw_len)
    }

    /// Lets bytes pass that cannot begin a match, when nothing is held. Each byte spells one character; `stop` says
    /// which bytes the caller wants to see. Returns how many passed.
    #[inline]
    pub fn skip(&mut self, bytes: &[u8], stop: impl Fn(u8) -> bool) -> usize {
        if self.count > 0 {
            return 0;
        }
        let mut word = self.word;
        let mut passed = 0usize;
        for &byte in bytes {
            if (byte.is_ascii_digit() && !word) || stop(byte) {
                break;
            }
            word = card::is_word(byte);
            passed = passed.wrapping_add(1);
        }
        self.word = word;
        passed
    }

    /// Adds a character and lets go what is decided by it.
    pub fn push(&mut self, character: u8, spelling: &[u8], masks: &Masks<'_>, out: &mut Output<'_>) {
        if self.count == 0 && (self.word || !character.is_ascii_digit()) {
            out.keep(spelling);
            self.word = card::is_word(character);
            return;
        }
        let raw_end = self.raw_len.saturating_add(spelling.len());
        match (self.units.get_mut(self.count), self.raw.get_mut(self.raw_len..raw_end)) {
            (Some(unit), Some(raw)) => {
                *unit = Unit { character, spelling: u8::try_from(spelling.len()).unwrap_or(0) };
                bytes::copy(raw, spelling);
                self.count = self.count.wrapping_add(1);
                self.raw_len = raw_end;
            }
            // INVARIANT: `Card::look` decides before the window is full. Should it ever not, bytes pass in order.
            (None, _) | (_, None) => {
                self.end(masks, out);
                out.keep(spelling);
                return;
            }
        }
        self.decide(false, masks, out);
    }

    /// Ends the value: all is decided.
    pub fn end(&mut self, masks: &Masks<'_>, out: &mut Output<'_>) {
        self.decide(true, masks, out);
        self.word = false;
    }

    fn decide(&mut self, ended: bool, masks: &Masks<'_>, out: &mut Output<'_>) {
        let mut at = 0usize;
        let mut raw_at = 0usize;
        while at < self.count {
            let units = self.units.get(at..self.count).unwrap_or(&[]);
            let Some(first) = units.first() else { break };
            let starts = first.character.is_ascii_digit() && !self.word;
            let taken = match if starts { self.card.look(units, ended) } else { Look::Nothing } {
                Look::Undecided => break,
                Look::Nothing => {
                    let raw = bytes::slice_at(&self.raw, raw_at, usize::from(first.spelling));
                    out.keep(raw);
                    raw_at = raw_at.wrapping_add(raw.len());
                    1
                }
                Look::Match(count) => {
                    raw_at = write_masked(units.get(..count).unwrap_or(units), &self.raw, raw_at, self.place, masks, out);
                    count
                }
            };
            self.card = Card::new();
            if let Some(last) = taken.checked_sub(1).and_then(|last| units.get(last)) {
                self.word = card::is_word(last.character);
            }
            at = at.saturating_add(taken);
        }
        self.drop_front(at, raw_at);
    }

    fn drop_front(&mut self, units: usize, raw: usize) {
        if units == 0 {
            return;
        }
        self.count = self.count.saturating_sub(units);
        self.raw_len = self.raw_len.saturating_sub(raw);
        for to in 0..self.count {
            let unit = self.units.get(to.wrapping_add(units)).copied().unwrap_or_default();
            if let Some(place) = self.units.get_mut(to) {
                *place = unit;
            }
        }
        for to in 0..self.raw_len {
            let byte = bytes::u8_at(&self.raw, to.wrapping_add(raw));
            if let Some(place) = self.raw.get_mut(to) {
                *place = byte;
            }
        }
    }
}

/// Writes a match. Returns where its spelling ends.
fn write_masked(units: &[Unit], raw: &[u8], mut at: usize, place: Place, masks: &Masks<'_>, out: &mut Output<'_>) -> usize {
    let (mut of, mut len) = (0u32, 0u64);
    for unit in units {
        of = of.wrapping_add(u32::from(unit.character.is_ascii_alphanumeric()));
        len = len.wrapping_add(u64::from(unit.spelling));
    }
    let acting = masks.at(out.position().wrapping_add(len));
    let mut n = 0u32;
    for unit in units {
        let spelling = bytes::slice_at(raw, at, usize::from(unit.spelling));
        at = at.wrapping_add(spelling.len());
        let counts = unit.character.is_ascii_alphanumeric();
        match acting {
            Some((number, mask)) if counts && mask.hides(n, of) => out.put(mask.written(place), spelling.len(), number),
            Some(_) | None => out.keep(spelling),
        }
        n = n.wrapping_add(u32::from(counts));
    }
    at
}
