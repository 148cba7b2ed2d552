//! The detector `builtin.card`: payment card numbers.
//! In: characters from a possible start on. Out: how many of them are a card, that none is, or that more must be seen.
//!
//! A card has 13 to 19 digits with at most one space or `-` between two of them, begins with an issuer range, satisfies
//! Luhn's check, and stands between borders (no ASCII letter, digit or `_` before or behind).

use super::window::Unit;

/// Most digits of a card.
const MOST: u32 = 19;
/// Fewest digits of a card.
const FEWEST: u32 = 13;

/// What is known about a possible start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// More characters decide.
    Undecided,
    /// No card starts here.
    Nothing,
    /// So many characters are a card.
    Match(usize),
}

/// Whether a character is a letter, digit or `_`.
#[inline]
pub fn is_word(character: u8) -> bool {
    character.is_ascii_alphanumeric() || character == b'_'
}

/// A possible start, as far as it was looked at: each character is looked at once, however many come one by one.
pub struct Card {
    run: Run,
    /// Characters that were looked at.
    at: usize,
    /// How many of them are a card.
    best: usize,
    /// Whether the last one was a space or `-`.
    separated: bool,
}

impl Card {
    /// Nothing was looked at.
    pub const fn new() -> Card {
        Card { run: Run { digits: 0, issuer: 0, even: 0, odd: 0 }, at: 0, best: 0, separated: false }
    }

    /// Looks at characters of which the first is a digit behind a border, the same ones as before and more. `ended`: nothing
    /// follows them.
    pub fn look(&mut self, units: &[Unit], ended: bool) -> Look {
        while let Some(unit) = units.get(self.at) {
            let character = unit.character;
            if character.is_ascii_digit() {
                if self.run.digits >= MOST {
                    return conclude(self.best);
                }
                self.run.add(character.wrapping_sub(b'0'));
                if self.run.is_hopeless() {
                    return Look::Nothing;
                }
                self.separated = false;
            } else {
                if !self.separated && !is_word(character) && self.run.is_card() {
                    self.best = self.at;
                }
                let separator = character == b' ' || character == b'-';
                if self.separated || !separator || self.run.digits >= MOST {
                    return conclude(self.best);
                }
                self.separated = true;
            }
            self.at = self.at.wrapping_add(1);
        }
        if !ended {
            return Look::Undecided;
        }
        if !self.separated && self.run.is_card() {
            self.best = units.len();
        }
        conclude(self.best)
    }
}

fn conclude(best: usize) -> Look {
    if best == 0 { Look::Nothing } else { Look::Match(best) }
}

/// The digits so far. Which ones Luhn doubles depends on how many come, so both sums are kept.
struct Run {
    digits: u32,
    /// The first four digits as a number.
    issuer: u32,
    /// Sum with the digits at even places (from 0) doubled.
    even: u32,
    /// Sum with the digits at odd places doubled.
    odd: u32,
}

impl Run {
    fn add(&mut self, digit: u8) {
        let digit = u32::from(digit);
        let twice = digit.wrapping_mul(2);
        let doubled = if twice > 9 { twice.wrapping_sub(9) } else { twice };
        if self.digits & 1 == 0 {
            self.even = self.even.wrapping_add(doubled);
            self.odd = self.odd.wrapping_add(digit);
        } else {
            self.even = self.even.wrapping_add(digit);
            self.odd = self.odd.wrapping_add(doubled);
        }
        if self.digits < 4 {
            self.issuer = self.issuer.wrapping_mul(10).wrapping_add(digit);
        }
        self.digits = self.digits.wrapping_add(1);
    }

    /// Whether the issuer excludes a card, as soon as that is known.
    fn is_hopeless(&self) -> bool {
        match self.digits {
            1 => !(2..=6).contains(&self.issuer),
            4 => !is_issuer(self.issuer),
            _ => false,
        }
    }

    /// Whether these digits are a card. The last one is never doubled.
    fn is_card(&self) -> bool {
        let sum = if self.digits & 1 == 0 { self.even } else { self.odd };
        (FEWEST..=MOST).contains(&self.digits) && sum.wrapping_rem(10) == 0
    }
}

/// Whether cards may begin with these four digits.
fn is_issuer(four: u32) -> bool {
    matches!(four, 2221..=2720 | 3000..=3099 | 3400..=3999 | 4000..=6999)
}
