//! A strict reader of JSON: what is ambiguous is refused. In: text. Out: strings, ints, bools, and the places between them.
//! It goes two levels deep, because no field needs more; nothing here recurses.

use crate::bytes;
use crate::rt::arena::{Arena, Text};

/// Why a text is refused: it is no JSON, or memory is exhausted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invalid;

/// What stands at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `"`
    String,
    /// A number.
    Number,
    /// `true` or `false`
    Bool,
    /// `null`
    Null,
    /// `[`
    Array,
    /// `{`
    Object,
}

/// A text that is read from left to right. It is valid UTF-8.
pub struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    arena: &'a Arena,
}

impl<'a> Reader<'a> {
    /// Before the first byte; a text that is not UTF-8 is invalid.
    pub fn new(text: &'a [u8], arena: &'a Arena) -> Result<Reader<'a>, Invalid> {
        if crate::http::utf8::is_valid(text) { Ok(Reader { text, at: 0, arena }) } else { Err(Invalid) }
    }

    /// Likewise, of a text that was found valid before.
    pub fn of_valid(text: &'a [u8], arena: &'a Arena) -> Reader<'a> {
        Reader { text, at: 0, arena }
    }

    /// How far it has read.
    pub fn at(&self) -> usize {
        self.at
    }

    /// What stands before the next byte, from a place on.
    pub fn since(&self, start: usize) -> &'a [u8] {
        self.text.get(start..self.at).unwrap_or(&[])
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn skip(&mut self) {
        self.at = self.at.saturating_add(1);
    }

    /// Passes over white space.
    #[inline(never)]
    pub fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.skip();
        }
    }

    /// Takes a byte if it is the next one after spaces.
    #[inline(never)]
    pub fn take(&mut self, byte: u8) -> bool {
        self.space();
        let found = self.peek() == Some(byte);
        if found {
            self.skip();
        }
        found
    }

    /// Takes a byte that must be there.
    pub fn expect(&mut self, byte: u8) -> Result<(), Invalid> {
        if self.take(byte) { Ok(()) } else { Err(Invalid) }
    }

    /// Nothing but spaces is left.
    pub fn end(&mut self) -> Result<(), Invalid> {
        self.space();
        if self.at >= self.text.len() { Ok(()) } else { Err(Invalid) }
    }

    /// What comes next.
    #[inline(never)]
    pub fn kind(&mut self) -> Result<Kind, Invalid> {
        self.space();
        match self.peek() {
            Some(b'"') => Ok(Kind::String),
            Some(b'-' | b'0'..=b'9') => Ok(Kind::Number),
            Some(b't' | b'f') => Ok(Kind::Bool),
            Some(b'n') => Ok(Kind::Null),
            Some(b'[') => Ok(Kind::Array),
            Some(b'{') => Ok(Kind::Object),
            Some(_) | None => Err(Invalid),
        }
    }

    /// Whether another element of an array or object follows, which `close` ends; takes what stands before it.
    /// `first`: whether none was read yet. A loop over this needs no table of functions, which would keep the reader in
    /// modules that read no configuration.
    pub fn another(&mut self, close: u8, first: &mut bool) -> Result<bool, Invalid> {
        let none_yet = core::mem::replace(first, false);
        if self.take(close) {
            return Ok(false);
        }
        if !none_yet {
            self.expect(b',')?;
        }
        Ok(true)
    }

    fn word(&mut self, word: &[u8]) -> Result<(), Invalid> {
        for &byte in word {
            if self.peek() != Some(byte) {
                return Err(Invalid);
            }
            self.skip();
        }
        Ok(())
    }

    /// `null`
    pub fn null(&mut self) -> Result<(), Invalid> {
        self.space();
        self.word(b"null")
    }

    /// `true` or `false`
    pub fn bool(&mut self) -> Result<bool, Invalid> {
        self.space();
        let value = self.peek() == Some(b't');
        self.word(if value { b"true" } else { b"false" })?;
        Ok(value)
    }

    /// A number: an int, or nothing when it has a fraction, an exponent, or too many digits.
    pub fn int(&mut self) -> Result<Option<i64>, Invalid> {
        self.space();
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.skip();
        }
        let digits = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.skip();
        }
        let written = self.text.get(digits..self.at).unwrap_or(&[]);
        if written.is_empty() || (written.len() > 1 && written.starts_with(b"0")) {
            return Err(Invalid);
        }
        let whole = self.text.get(start..self.at).unwrap_or(&[]);
        if let Some(b'.' | b'e' | b'E') = self.peek() {
            return Ok(None);
        }
        Ok(crate::values::number::parse(whole))
    }

    /// A number of any form, as it is written.
    pub fn number(&mut self) -> Result<&'a [u8], Invalid> {
        self.space();
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.skip();
        }
        let leading_zero = self.peek() == Some(b'0');
        if self.digits()? > 1 && leading_zero {
            return Err(Invalid);
        }
        if self.peek() == Some(b'.') {
            self.skip();
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.skip();
            if let Some(b'+' | b'-') = self.peek() {
                self.skip();
            }
            self.digits()?;
        }
        Ok(self.since(start))
    }

    /// At least one digit: how many.
    fn digits(&mut self) -> Result<usize, Invalid> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.skip();
        }
        if self.at == start { Err(Invalid) } else { Ok(self.at.saturating_sub(start)) }
    }

    /// Passes over what a string holds as it is: to its end, an escape or what no string may hold.
    fn plain(&mut self) {
        self.at = self.at.saturating_add(bytes::plain(bytes::from(self.text, self.at)));
    }

    /// Passes over a string of a text that was found valid before.
    pub fn skip_string(&mut self) {
        self.skip();
        loop {
            self.plain();
            match self.peek() {
                Some(b'\\') => {
                    self.skip();
                    self.skip();
                }
                // No string that was found valid holds a control character: of others the end is somewhere.
                Some(0..0x20) => self.skip(),
                Some(_) => return self.skip(),
                None => return,
            }
        }
    }

    /// Passes over a value of a text that was found valid before: to the comma or bracket behind it.
    pub fn skip_value(&mut self) {
        let mut depth = 0usize;
        while let Some(byte) = self.peek() {
            match byte {
                b'"' => {
                    self.skip_string();
                    continue;
                }
                b'[' | b'{' => depth = depth.saturating_add(1),
                b']' | b'}' if depth == 0 => return,
                b',' if depth == 0 => return,
                b']' | b'}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            self.skip();
        }
    }

    /// A string, decoded. Halves of surrogate pairs are invalid.
    pub fn string(&mut self) -> Result<&'a [u8], Invalid> {
        self.expect(b'"')?;
        let start = self.at;
        self.plain();
        let begun = self.text.get(start..self.at).unwrap_or(&[]);
        if self.peek() == Some(b'"') {
            self.skip();
            return Ok(begun);
        }
        let mut text = Text::new(self.arena);
        text.push(begun);
        loop {
            let byte = self.peek().ok_or(Invalid)?;
            self.skip();
            match byte {
                b'"' => return text.finish().ok_or(Invalid),
                b'\\' => self.escape(&mut text)?,
                0..0x20 => return Err(Invalid),
                _ => text.push_byte(byte),
            }
        }
    }

    fn escape(&mut self, text: &mut Text<'_>) -> Result<(), Invalid> {
        let byte = self.peek().ok_or(Invalid)?;
        self.skip();
        let decoded = match byte {
            b'"' | b'\\' | b'/' => byte,
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => {
                let mut code = self.hex()?;
                if (0xd800..0xdc00).contains(&code) {
                    self.word(b"\\u")?;
                    let low = self.hex()?;
                    if !(0xdc00..0xe000).contains(&low) {
                        return Err(Invalid);
                    }
                    code = 0x1_0000u32.wrapping_add((code & 0x3ff) << 10 | low & 0x3ff);
                }
                let mut place = [0; 4];
                let character = char::from_u32(code).ok_or(Invalid)?;
                text.push(character.encode_utf8(&mut place).as_bytes());
                return Ok(());
            }
            _ => return Err(Invalid),
        };
        text.push_byte(decoded);
        Ok(())
    }

    fn hex(&mut self) -> Result<u32, Invalid> {
        let mut code = 0u32;
        for _ in 0..4 {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16)).ok_or(Invalid)?;
            self.skip();
            code = code.wrapping_shl(4) | digit;
        }
        Ok(code)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{Invalid, Reader};
    use crate::rt::arena::Arena;

    fn string(text: &str) -> Result<String, Invalid> {
        let arena = Arena::new();
        Reader::new(text.as_bytes(), &arena)?.string().map(|text| String::from_utf8(text.to_vec()).unwrap())
    }

    fn int(text: &str) -> Result<Option<i64>, Invalid> {
        Reader::new(text.as_bytes(), &Arena::new())?.int()
    }

    #[test]
    fn strings() {
        assert_eq!(string(r#" "a\"\\\/\b\f\n\r\tz" "#).unwrap(), "a\"\\/\u{8}\u{c}\n\r\tz");
        assert_eq!(string(r#""\u00e9\ud83d\ude00é""#).unwrap(), "é😀é");
        for text in ["\"a", "\"\\x\"", "\"\\u12\"", "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"a\nb\"", "a", ""] {
            assert_eq!(string(text), Err(Invalid), "{text}");
        }
        assert!(Reader::new(b"\"\xff\"", &Arena::new()).is_err());
    }

    #[test]
    fn ints() {
        assert_eq!(int(" -9223372036854775808"), Ok(Some(i64::MIN)));
        assert_eq!(int("0"), Ok(Some(0)));
        for text in ["9223372036854775808", "1.0", "1e3", "-99999999999999999999"] {
            assert_eq!(int(text), Ok(None), "{text}");
        }
        for text in ["01", "-", "+1", "", "x"] {
            assert_eq!(int(text), Err(Invalid), "{text}");
        }
    }
}
