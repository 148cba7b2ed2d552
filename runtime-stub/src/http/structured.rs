//! Structured fields (RFC 8941), as far as signatures and digests are written in them. In: the bytes of a field. Out: keys, bare items,
//! parameters, one after the other.

use crate::bytes;
use crate::values::number;

/// A place in a structured field (RFC 8941).
pub struct Cursor<'a> {
    /// What is left.
    pub rest: &'a [u8],
}

/// A bare item.
pub enum Bare<'a> {
    /// A String, as written.
    Text(&'a [u8]),
    /// An Integer.
    Int(i64),
    /// Anything else.
    Other,
}

impl<'a> Cursor<'a> {
    /// Takes this byte off the front, if it stands there.
    pub fn take(&mut self, byte: u8) -> bool {
        let found = self.rest.first() == Some(&byte);
        if found {
            self.rest = bytes::from(self.rest, 1);
        }
        found
    }

    /// As `take`; nothing when another one stands there.
    pub fn expect(&mut self, byte: u8) -> Option<()> {
        self.take(byte).then_some(())
    }

    /// Takes off what is such.
    pub fn many(&mut self, is: impl Fn(u8) -> bool) -> &'a [u8] {
        let end = self.rest.iter().position(|byte| !is(*byte)).unwrap_or(self.rest.len());
        let found = bytes::until(self.rest, end);
        self.rest = bytes::from(self.rest, end);
        found
    }

    /// A key (3.1.2).
    pub fn key(&mut self) -> Option<&'a [u8]> {
        let starts = self.rest.first().is_some_and(|byte| byte.is_ascii_lowercase() || *byte == b'*');
        let key = self.many(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-.*".contains(&byte));
        starts.then_some(key)
    }

    /// Whether another member follows; nothing when something else does.
    pub fn another(&mut self) -> Option<bool> {
        self.many(|byte| byte == b' ' || byte == b'\t');
        if self.rest.is_empty() {
            return Some(false);
        }
        self.expect(b',')?;
        self.many(|byte| byte == b' ' || byte == b'\t');
        Some(true)
    }

    /// What stands between quotation marks, which the cursor stands on; as written.
    pub fn quoted(&mut self) -> Option<&'a [u8]> {
        self.expect(b'"')?;
        let start = self.rest;
        loop {
            self.many(|byte| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\');
            if self.take(b'\\') {
                if !self.take(b'"') {
                    self.expect(b'\\')?;
                }
                continue;
            }
            let text = bytes::until(start, start.len().wrapping_sub(self.rest.len()));
            self.expect(b'"')?;
            return Some(text);
        }
    }

    /// A bare item (3.3); nothing for what is none.
    pub fn bare(&mut self) -> Option<Bare<'a>> {
        match *self.rest.first()? {
            b'"' => self.quoted().map(Bare::Text),
            b'0'..=b'9' | b'-' => {
                let written = self.many(|byte| byte.is_ascii_digit() || byte == b'-' || byte == b'.');
                is_number(written).then(|| number::parse(written).map_or(Bare::Other, Bare::Int))
            }
            b':' => {
                self.take(b':');
                self.many(is_base64);
                self.expect(b':').map(|()| Bare::Other)
            }
            b'?' => {
                self.take(b'?');
                (self.take(b'0') || self.take(b'1')).then_some(Bare::Other)
            }
            byte if byte.is_ascii_alphabetic() || byte == b'*' => {
                self.many(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~:/".contains(&byte));
                Some(Bare::Other)
            }
            _ => None,
        }
    }

    /// `;name=value` while there are any.
    pub fn parameters(&mut self, mut each: impl FnMut(&'a [u8], Bare<'a>)) -> Option<()> {
        while self.take(b';') {
            self.many(|byte| byte == b' ');
            let key = self.key()?;
            let value = if self.take(b'=') { self.bare()? } else { Bare::Other };
            each(key, value);
        }
        Some(())
    }
}

/// An Integer or a Decimal (RFC 8941, 3.3.1 and 3.3.2).
fn is_number(written: &[u8]) -> bool {
    let digits = written.strip_prefix(b"-").unwrap_or(written);
    let all = |part: &[u8], most: usize| (1..=most).contains(&part.len()) && part.iter().all(u8::is_ascii_digit);
    match bytes::split_once(digits, b'.') {
        None => all(digits, 15),
        Some((whole, fraction)) => all(whole, 12) && all(fraction, 3),
    }
}

/// Whether it is a letter of base64.
pub fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+/=".contains(&byte)
}
