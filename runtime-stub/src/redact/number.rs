//! Numbers of a JSON text: their grammar, and how a changed one becomes a string.
//! In: bytes. Out: whether they continue the number; the number as written, or a string with matches masked.

use super::card::{self, Card, Look};
use super::mask::{Masks, Place};
use super::output::Output;
use super::window::{Unit, Window};
use crate::bytes;

/// Longest number that is held as a whole.
pub const HELD: usize = 128;
/// Shortest number that may have a card in it.
const SHORTEST: usize = 13;

/// What of a number was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// `-`
    Minus,
    /// A leading `0`: no more digits.
    Zero,
    /// Digits before the point.
    Whole,
    /// The point.
    Point,
    /// Digits behind the point.
    Fraction,
    /// `e`
    E,
    /// The sign of the exponent.
    Sign,
    /// Digits of the exponent.
    Exponent,
}

impl Part {
    /// What a number begins with.
    pub fn first(byte: u8) -> Option<Part> {
        match byte {
            b'-' => Some(Part::Minus),
            b'0' => Some(Part::Zero),
            b'1'..=b'9' => Some(Part::Whole),
            _ => None,
        }
    }

    /// What it is when this byte follows; nothing when it cannot.
    pub fn next(self, byte: u8) -> Option<Part> {
        match (self, byte) {
            (Part::Minus, b'0') => Some(Part::Zero),
            (Part::Minus, b'1'..=b'9') | (Part::Whole, b'0'..=b'9') => Some(Part::Whole),
            (Part::Zero | Part::Whole, b'.') => Some(Part::Point),
            (Part::Point | Part::Fraction, b'0'..=b'9') => Some(Part::Fraction),
            (Part::Zero | Part::Whole | Part::Fraction, b'e' | b'E') => Some(Part::E),
            (Part::E, b'+' | b'-') => Some(Part::Sign),
            (Part::E | Part::Sign | Part::Exponent, b'0'..=b'9') => Some(Part::Exponent),
            (Part::Minus | Part::Zero | Part::Whole | Part::Point | Part::Fraction | Part::E | Part::Sign | Part::Exponent, _) => None,
        }
    }

    /// Whether the number may end here.
    pub fn is_complete(self) -> bool {
        match self {
            Part::Zero | Part::Whole | Part::Fraction | Part::Exponent => true,
            Part::Minus | Part::Point | Part::E | Part::Sign => false,
        }
    }
}

/// Writes a held number that is complete.
pub fn write(number: &[u8], window: &mut Window, masks: &Masks<'_>, out: &mut Output<'_>) {
    let acting = if number.len() < SHORTEST { None } else { acting(number, masks, out.position()) };
    let Some(acting) = acting else {
        out.keep(number);
        return;
    };
    out.put(b"\"", 0, acting);
    window.begin(Place::Json);
    feed(number, window, masks, out);
    window.end(masks, out);
    out.put(b"\"", 0, acting);
}

/// Hands the bytes of a number, or of the beginning of one, to the window.
pub fn feed(number: &[u8], window: &mut Window, masks: &Masks<'_>, out: &mut Output<'_>) {
    for &byte in number {
        window.push(byte, &[byte], masks, out);
    }
}

/// The mask by which something in it changes. Matches cannot overlap here: no separator stands between digits of a number.
fn acting(number: &[u8], masks: &Masks<'_>, position: u64) -> Option<u32> {
    let mut units = [Unit::default(); HELD];
    for (unit, &byte) in units.iter_mut().zip(number) {
        *unit = Unit { character: byte, spelling: 1 };
    }
    let units = units.get(..number.len()).unwrap_or(&units);
    let mut word = false;
    for (at, unit) in units.iter().enumerate() {
        if unit.character.is_ascii_digit()
            && !word
            && let Look::Match(count) = Card::new().look(units.get(at..).unwrap_or(&[]), true)
        {
            let digits = bytes::slice_at(number, at, count).iter().filter(|byte| byte.is_ascii_digit()).count();
            let end = position.wrapping_add(at.wrapping_add(count) as u64);
            match masks.at(end) {
                Some((n, mask)) if mask.changes(u32::try_from(digits).unwrap_or(u32::MAX)) => return Some(n),
                Some(_) | None => {}
            }
        }
        word = card::is_word(unit.character);
    }
    None
}
