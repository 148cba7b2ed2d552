//! JSON texts, read byte by byte: the state survives any cut.
//! In: chunks. Out: the same bytes, matches in string values and numbers masked; the place where it stops being JSON.
//!
//! Characters of strings are decoded for the detector and leave with the bytes that spelled them. Bytes from 0x80 on
//! are taken as they are: whatever the charset, they are no part of a match.

use super::mask::{Masks, Place};
use super::nesting::Nesting;
use super::number::{self, HELD, Part};
use super::output::Output;
use super::window::Window;
use crate::bytes;

/// What may come outside of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expect {
    Value,
    ValueOrEnd,
    Name,
    NameOrEnd,
    Colon,
    CommaOrEnd,
    Nothing,
}

/// The token that was begun.
#[derive(Clone, Copy, Debug)]
enum Token {
    None,
    /// A member name: passes as it is.
    Name,
    /// `\` in a name; then how many hexadecimal digits must come.
    NameEscape,
    NameHex(u8),
    /// A string value.
    Text,
    TextEscape,
    /// Digits that must still come, and the value so far.
    TextHex(u8, u16),
    /// A number that is held.
    Number(Part),
    /// A complete number and a space: what follows tells whether they are JSON.
    NumberSpace,
    /// A number that was too long to be held.
    LongNumber(Part),
    /// What must still come of `true`, `false` or `null`.
    Word(&'static [u8]),
}

/// The state of a JSON text.
pub struct Json {
    nesting: Nesting,
    expect: Expect,
    token: Token,
    /// The bytes of an escape or number that is not complete.
    spelling: [u8; HELD + 1],
    spelling_len: usize,
}

impl Json {
    /// Before the first byte.
    pub const fn new() -> Json {
        Json { nesting: Nesting::new(), expect: Expect::Value, token: Token::None, spelling: [0; HELD + 1], spelling_len: 0 }
    }

    /// The bytes that are held back behind those of the window.
    pub fn held(&self) -> &[u8] {
        bytes::until(&self.spelling, self.spelling_len)
    }

    /// Reads a chunk. Returns how many bytes of it continue the JSON text.
    pub fn feed(&mut self, window: &mut Window, chunk: &[u8], masks: &Masks<'_>, out: &mut Output<'_>) -> usize {
        let mut at = 0usize;
        while let Some(&byte) = chunk.get(at) {
            let rest = bytes::from(chunk, at);
            let passed = match self.token {
                Token::Text => window.skip(rest, is_special),
                Token::Name => rest.iter().position(|byte| is_special(*byte)).unwrap_or(rest.len()),
                Token::None
                | Token::NameEscape
                | Token::NameHex(_)
                | Token::TextEscape
                | Token::TextHex(..)
                | Token::Number(_)
                | Token::NumberSpace
                | Token::LongNumber(_)
                | Token::Word(_) => 0,
            };
            if passed > 0 {
                out.keep(bytes::until(rest, passed));
                at = at.saturating_add(passed);
                continue;
            }
            match self.step(window, byte, masks, out) {
                Step::Taken => at = at.saturating_add(1),
                Step::Again => {}
                Step::Invalid => return at,
            }
        }
        at
    }

    /// The body ends: what is held leaves.
    pub fn end(&mut self, window: &mut Window, masks: &Masks<'_>, out: &mut Output<'_>) {
        let held = bytes::until(&self.spelling, self.spelling_len);
        match self.token {
            Token::Number(part) if part.is_complete() => number::write(held, window, masks, out),
            Token::Number(_) => {
                window.begin(Place::Text);
                number::feed(held, window, masks, out);
                window.end(masks, out);
            }
            Token::NumberSpace => {
                let (number, space) = held.split_at_checked(held.len().saturating_sub(1)).unwrap_or((held, &[]));
                number::write(number, window, masks, out);
                out.keep(space);
            }
            Token::TextEscape | Token::TextHex(..) => {
                window.end(masks, out);
                out.keep(held);
            }
            Token::Text | Token::LongNumber(_) | Token::None | Token::Name | Token::NameEscape | Token::NameHex(_) | Token::Word(_) => {
                window.end(masks, out)
            }
        }
        self.spelling_len = 0;
        self.token = Token::None;
        self.expect = Expect::Nothing;
    }

    /// The text stops being JSON: what is held leaves, but for a number at the very end, which is the beginning of the
    /// text that follows (`4111 1111 …`).
    pub fn give_up(&mut self, window: &mut Window, masks: &Masks<'_>, out: &mut Output<'_>) {
        let number = match self.token {
            Token::Number(_) | Token::NumberSpace => core::mem::replace(&mut self.spelling_len, 0),
            Token::None
            | Token::Name
            | Token::NameEscape
            | Token::NameHex(_)
            | Token::Text
            | Token::TextEscape
            | Token::TextHex(..)
            | Token::LongNumber(_)
            | Token::Word(_) => {
                self.end(window, masks, out);
                0
            }
        };
        self.token = Token::None;
        window.begin(Place::Text);
        number::feed(bytes::until(&self.spelling, number), window, masks, out);
    }

    fn step(&mut self, window: &mut Window, byte: u8, masks: &Masks<'_>, out: &mut Output<'_>) -> Step {
        match self.token {
            Token::None => self.between(window, byte, out),
            Token::Name => {
                self.token = match byte {
                    b'"' => {
                        self.expect = Expect::Colon;
                        Token::None
                    }
                    b'\\' => Token::NameEscape,
                    0..0x20 => return Step::Invalid,
                    _ => Token::Name,
                };
                keep(byte, out)
            }
            Token::NameEscape => {
                self.token = match byte {
                    b'u' => Token::NameHex(4),
                    _ if unescape(byte).is_some() => Token::Name,
                    _ => return Step::Invalid,
                };
                keep(byte, out)
            }
            Token::NameHex(left) => {
                if !byte.is_ascii_hexdigit() {
                    return Step::Invalid;
                }
                self.token = if left <= 1 { Token::Name } else { Token::NameHex(left.wrapping_sub(1)) };
                keep(byte, out)
            }
            Token::Text => match byte {
                b'"' => {
                    window.end(masks, out);
                    self.token = Token::None;
                    self.after_value();
                    keep(byte, out)
                }
                b'\\' => {
                    self.token = Token::TextEscape;
                    self.hold(byte)
                }
                0..0x20 => Step::Invalid,
                _ => {
                    window.push(byte, &[byte], masks, out);
                    Step::Taken
                }
            },
            Token::TextEscape => {
                if byte == b'u' {
                    self.token = Token::TextHex(4, 0);
                    return self.hold(byte);
                }
                match unescape(byte) {
                    Some(character) => self.escaped(window, byte, character, masks, out),
                    None => Step::Invalid,
                }
            }
            Token::TextHex(left, value) => {
                let Some(digit) = char::from(byte).to_digit(16) else { return Step::Invalid };
                let value = value.wrapping_shl(4) | u16::try_from(digit).unwrap_or(0);
                if left > 1 {
                    self.token = Token::TextHex(left.wrapping_sub(1), value);
                    return self.hold(byte);
                }
                // Halves of a surrogate pair are two characters here: neither is a part of a match.
                let character = u8::try_from(value).unwrap_or(0x80);
                self.escaped(window, byte, character, masks, out)
            }
            Token::Number(part) => match part.next(byte) {
                Some(part) => {
                    self.token = Token::Number(part);
                    if self.spelling_len >= HELD {
                        self.token = Token::LongNumber(part);
                        window.begin(Place::Number);
                        for &held in bytes::until(&self.spelling, self.spelling_len) {
                            window.push(held, &[held], masks, out);
                        }
                        self.spelling_len = 0;
                        window.push(byte, &[byte], masks, out);
                        return Step::Taken;
                    }
                    self.hold(byte)
                }
                None if part.is_complete() && byte == b' ' => {
                    self.token = Token::NumberSpace;
                    self.hold(byte)
                }
                None if part.is_complete() && self.may_follow_value(byte) => {
                    number::write(bytes::until(&self.spelling, self.spelling_len), window, masks, out);
                    self.spelling_len = 0;
                    self.token = Token::None;
                    self.after_value();
                    Step::Again
                }
                None => Step::Invalid,
            },
            Token::NumberSpace => {
                if !self.may_follow_value(byte) {
                    return Step::Invalid;
                }
                let number = self.spelling_len.saturating_sub(1);
                number::write(bytes::until(&self.spelling, number), window, masks, out);
                out.keep(b" ");
                self.spelling_len = 0;
                self.token = Token::None;
                self.after_value();
                Step::Again
            }
            Token::LongNumber(part) => match part.next(byte) {
                Some(part) => {
                    self.token = Token::LongNumber(part);
                    window.push(byte, &[byte], masks, out);
                    Step::Taken
                }
                None if part.is_complete() => {
                    window.end(masks, out);
                    self.token = Token::None;
                    self.after_value();
                    Step::Again
                }
                None => Step::Invalid,
            },
            Token::Word(rest) => {
                if rest.first() != Some(&byte) {
                    return Step::Invalid;
                }
                let rest = rest.get(1..).unwrap_or(&[]);
                self.token = Token::Word(rest);
                if rest.is_empty() {
                    self.token = Token::None;
                    self.after_value();
                }
                keep(byte, out)
            }
        }
    }

    /// A byte outside of tokens.
    fn between(&mut self, window: &mut Window, byte: u8, out: &mut Output<'_>) -> Step {
        if matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
            return keep(byte, out);
        }
        match (self.expect, byte) {
            (Expect::Value | Expect::ValueOrEnd, b'{') => {
                if !self.nesting.push(true) {
                    return Step::Invalid;
                }
                self.expect = Expect::NameOrEnd;
            }
            (Expect::Value | Expect::ValueOrEnd, b'[') => {
                if !self.nesting.push(false) {
                    return Step::Invalid;
                }
                self.expect = Expect::ValueOrEnd;
            }
            (Expect::Value | Expect::ValueOrEnd, b'"') => {
                window.begin(Place::Json);
                self.token = Token::Text;
            }
            (Expect::Value | Expect::ValueOrEnd, b't') => self.token = Token::Word(b"rue"),
            (Expect::Value | Expect::ValueOrEnd, b'f') => self.token = Token::Word(b"alse"),
            (Expect::Value | Expect::ValueOrEnd, b'n') => self.token = Token::Word(b"ull"),
            (Expect::ValueOrEnd, b']') | (Expect::NameOrEnd, b'}') => self.close(),
            (Expect::Name | Expect::NameOrEnd, b'"') => self.token = Token::Name,
            (Expect::Colon, b':') => self.expect = Expect::Value,
            (Expect::CommaOrEnd, b',') => {
                self.expect = if self.nesting.is_object() { Expect::Name } else { Expect::Value };
            }
            (Expect::CommaOrEnd, b'}') if self.nesting.is_object() => self.close(),
            (Expect::CommaOrEnd, b']') if !self.nesting.is_object() => self.close(),
            (Expect::Value | Expect::ValueOrEnd, _) => {
                let Some(part) = Part::first(byte) else { return Step::Invalid };
                self.token = Token::Number(part);
                return self.hold(byte);
            }
            (Expect::Name | Expect::NameOrEnd | Expect::Colon | Expect::CommaOrEnd | Expect::Nothing, _) => {
                return Step::Invalid;
            }
        }
        keep(byte, out)
    }

    /// Whether a byte may stand behind a complete value.
    fn may_follow_value(&self, byte: u8) -> bool {
        match byte {
            b' ' | b'\t' | b'\n' | b'\r' => true,
            b',' => !self.nesting.is_empty(),
            b'}' => self.nesting.is_object(),
            b']' => !self.nesting.is_empty() && !self.nesting.is_object(),
            _ => false,
        }
    }

    fn close(&mut self) {
        self.nesting.pop();
        self.after_value();
    }

    fn after_value(&mut self) {
        self.expect = if self.nesting.is_empty() { Expect::Nothing } else { Expect::CommaOrEnd };
    }

    fn hold(&mut self, byte: u8) -> Step {
        if let Some(place) = self.spelling.get_mut(self.spelling_len) {
            *place = byte;
            self.spelling_len = self.spelling_len.wrapping_add(1);
        }
        Step::Taken
    }

    /// The last byte of an escape.
    fn escaped(&mut self, window: &mut Window, byte: u8, character: u8, masks: &Masks<'_>, out: &mut Output<'_>) -> Step {
        self.hold(byte);
        window.push(character, bytes::until(&self.spelling, self.spelling_len), masks, out);
        self.spelling_len = 0;
        self.token = Token::Text;
        Step::Taken
    }
}

/// What became of a byte.
enum Step {
    Taken,
    /// It ended a number and is looked at again.
    Again,
    Invalid,
}

fn keep(byte: u8, out: &mut Output<'_>) -> Step {
    out.keep(&[byte]);
    Step::Taken
}

/// Bytes of a string that are not a character by themselves.
#[inline]
fn is_special(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// The character of a short escape.
fn unescape(byte: u8) -> Option<u8> {
    match byte {
        b'"' | b'\\' | b'/' => Some(byte),
        b'b' | b'f' | b'n' | b'r' | b't' => Some(b'\n'),
        _ => None,
    }
}
