//! Which parts of a JSON body detectors look at. In: a body. Out: its string values, numbers, and the text behind the JSON.
//! A hand-written scanner, because it must say at which byte a text stops being JSON (RFC 8259), and which bytes make a value.

use std::ops::Range;

/// Brackets that may be open: what is nested deeper is text.
const LEVELS: usize = 1024;

/// A part that is looked at by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Between the quotes of a string value.
    String(Range<usize>),
    /// A number.
    Number(Range<usize>),
    /// What is no JSON (also a number that the body cuts off): up to the end of the body.
    Text(usize),
}

/// What may come next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expected {
    Value,
    ValueOrEnd,
    Name,
    NameOrEnd,
    Colon,
    CommaOrEnd,
    Nothing,
}

/// The parts in order.
pub(super) fn parts(body: &[u8]) -> Vec<Part> {
    let mut scanner = Scanner { body, at: 0, open: Vec::new(), expected: Expected::Value, parts: Vec::new() };
    if let Err(at) = scanner.scan() {
        let mut text = at;
        // `4111 1111 …` is no JSON, but its beginning is a number: all of it is read as text.
        if let Some(Part::Number(number)) = scanner.parts.last() {
            let between = body.get(number.end..at).unwrap_or(&[]);
            if between.is_empty() || between == b" " {
                text = number.start;
                scanner.parts.pop();
            }
        }
        scanner.parts.push(Part::Text(text));
    }
    scanner.parts
}

struct Scanner<'a> {
    body: &'a [u8],
    at: usize,
    /// Open brackets.
    open: Vec<u8>,
    expected: Expected,
    parts: Vec<Part>,
}

impl Scanner<'_> {
    /// Reads to the end; an error is the place of the first byte that cannot continue the text.
    fn scan(&mut self) -> Result<(), usize> {
        while let Some(byte) = self.body.get(self.at).copied() {
            let in_object = self.open.last() == Some(&b'{');
            match (byte, self.expected) {
                (b' ' | b'\t' | b'\n' | b'\r', _) => self.at += 1,
                (b'"', Expected::Value | Expected::ValueOrEnd) => {
                    self.string(true)?;
                    self.expected = self.after_value();
                }
                (b'"', Expected::Name | Expected::NameOrEnd) => {
                    self.string(false)?;
                    self.expected = Expected::Colon;
                }
                (b'{', Expected::Value | Expected::ValueOrEnd) => self.begin(b'{', Expected::NameOrEnd)?,
                (b'[', Expected::Value | Expected::ValueOrEnd) => self.begin(b'[', Expected::ValueOrEnd)?,
                (b'}', Expected::NameOrEnd) => self.end(),
                (b'}', Expected::CommaOrEnd) if in_object => self.end(),
                (b']', Expected::ValueOrEnd) => self.end(),
                (b']', Expected::CommaOrEnd) if !in_object => self.end(),
                (b',', Expected::CommaOrEnd) => {
                    self.at += 1;
                    self.expected = if in_object { Expected::Name } else { Expected::Value };
                }
                (b':', Expected::Colon) => {
                    self.at += 1;
                    self.expected = Expected::Value;
                }
                (b't', Expected::Value | Expected::ValueOrEnd) => self.literal(b"true")?,
                (b'f', Expected::Value | Expected::ValueOrEnd) => self.literal(b"false")?,
                (b'n', Expected::Value | Expected::ValueOrEnd) => self.literal(b"null")?,
                (b'-' | b'0'..=b'9', Expected::Value | Expected::ValueOrEnd) => self.number()?,
                _ => return Err(self.at),
            }
        }
        Ok(())
    }

    fn begin(&mut self, bracket: u8, expected: Expected) -> Result<(), usize> {
        if self.open.len() == LEVELS {
            return Err(self.at);
        }
        self.at += 1;
        self.open.push(bracket);
        self.expected = expected;
        Ok(())
    }

    fn end(&mut self) {
        self.at += 1;
        self.open.pop();
        self.expected = self.after_value();
    }

    fn after_value(&self) -> Expected {
        if self.open.is_empty() { Expected::Nothing } else { Expected::CommaOrEnd }
    }

    fn literal(&mut self, word: &[u8]) -> Result<(), usize> {
        for letter in word {
            match self.body.get(self.at) {
                Some(byte) if byte == letter => self.at += 1,
                Some(_) => return Err(self.at),
                None => return Ok(()),
            }
        }
        self.expected = self.after_value();
        Ok(())
    }

    /// A string or member name, opening quote included. One that the body cuts off or that breaks is a part as far as it goes.
    fn string(&mut self, is_value: bool) -> Result<(), usize> {
        self.at += 1;
        let start = self.at;
        let mut result = Ok(());
        let mut end = start;
        while let Some(byte) = self.body.get(self.at).copied() {
            match byte {
                b'"' => {
                    self.at += 1;
                    break;
                }
                b'\\' => result = self.escape(),
                0..0x20 => result = Err(self.at),
                _ => self.at += 1,
            }
            if result.is_err() {
                break;
            }
            end = self.at;
        }
        if is_value {
            self.parts.push(Part::String(start..end));
        }
        result
    }

    /// An escape sequence.
    fn escape(&mut self) -> Result<(), usize> {
        self.at += 1;
        match self.body.get(self.at) {
            None => Ok(()),
            Some(b'u') => {
                self.at += 1;
                for _ in 0..4 {
                    match self.body.get(self.at) {
                        Some(digit) if digit.is_ascii_hexdigit() => self.at += 1,
                        Some(_) => return Err(self.at),
                        None => return Ok(()),
                    }
                }
                Ok(())
            }
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.at += 1;
                Ok(())
            }
            Some(_) => Err(self.at),
        }
    }

    /// `-`, then `0` or digits that do not begin with it, then a fraction and an exponent if there are any.
    fn number(&mut self) -> Result<(), usize> {
        let start = self.at;
        self.skip(|byte| byte == b'-', 1);
        let mut result = if self.skip(|byte| byte == b'0', 1) > 0 { Ok(()) } else { self.digits() };
        if result.is_ok() && self.skip(|byte| byte == b'.', 1) > 0 {
            result = self.digits();
        }
        if result.is_ok() && self.skip(|byte| matches!(byte, b'e' | b'E'), 1) > 0 {
            self.skip(|byte| matches!(byte, b'+' | b'-'), 1);
            result = self.digits();
        }
        self.parts.push(Part::Number(start..self.at));
        self.expected = self.after_value();
        result
    }

    /// At least one digit.
    fn digits(&mut self) -> Result<(), usize> {
        if self.skip(|byte| byte.is_ascii_digit(), usize::MAX) > 0 { Ok(()) } else { Err(self.at) }
    }

    /// Skips at most so many bytes of a kind; says how many.
    fn skip(&mut self, is_kind: impl Fn(u8) -> bool, most: usize) -> usize {
        let rest = self.body.get(self.at..).unwrap_or(&[]);
        let number = rest.iter().take(most).take_while(|byte| is_kind(**byte)).count();
        self.at += number;
        number
    }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing)]
mod tests {
    use super::{Part, parts};

    fn read(body: &str) -> Vec<String> {
        parts(body.as_bytes())
            .into_iter()
            .map(|part| match part {
                Part::String(place) => format!("s:{}", &body[place]),
                Part::Number(place) => format!("n:{}", &body[place]),
                Part::Text(from) => format!("t:{}", &body[from..]),
            })
            .collect()
    }

    #[test]
    fn values_are_parts_and_names_are_not() {
        assert_eq!(read(r#" {"a": "x\"y", "b": [1, -2.5e+3, true, null, {}], "": []} "#), [r#"s:x\"y"#, "n:1", "n:-2.5e+3"]);
        assert_eq!(read("12"), ["n:12"]);
        assert_eq!(read(""), Vec::<String>::new());
    }

    #[test]
    fn text_begins_where_json_ends() {
        for (body, expected) in [
            ("hello", &["t:hello"][..]),
            (r#"{"a":1} x"#, &["n:1", "t:x"]),
            (r#"{"a":"b"} x"#, &["s:b", "t:x"]),
            (r#"["a\qb"]"#, &["s:a", r#"t:qb"]"#]),
            ("[\"a\u{1}b\"]", &["s:a", "t:\u{1}b\"]"]),
            ("4111 1111", &["t:4111 1111"]),
            ("[4111 1111]", &["t:4111 1111]"]),
            ("4111-1", &["t:4111-1"]),
            ("4111  1", &["n:4111", "t:1"]),
            ("0411", &["t:0411"]),
            ("-x", &["t:-x"]),
            ("[1,]", &["n:1", "t:]"]),
            (r#"{"a" 1}"#, &["t:1}"]),
            ("[}", &["t:}"]),
            ("trux", &["t:x"]),
            (r#""cut off"#, &["s:cut off"]),
            ("1.", &["t:1."]),
            ("[1e", &["t:1e"]),
        ] {
            assert_eq!(read(body), expected, "{body}");
        }
    }
}
