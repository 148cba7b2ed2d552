//! The reference: whole bodies, no state, nothing shared with the code under test.

use super::super::mask::Mask;

fn word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn luhn(digits: &str) -> bool {
    let mut sum = 0;
    for (n, c) in digits.chars().rev().enumerate() {
        let d = c.to_digit(10).unwrap();
        sum += if n % 2 == 1 { d * 2 / 10 + d * 2 % 10 } else { d };
    }
    sum % 10 == 0
}

fn issuer(digits: &str) -> bool {
    let two: u32 = digits[..2].parse().unwrap();
    let four: u32 = digits[..4].parse().unwrap();
    (2221..=2720).contains(&four) || two == 30 || (34..=39).contains(&two) || two / 10 == 4 || (50..=69).contains(&two)
}

fn card(text: &[char]) -> bool {
    let text: String = text.iter().collect();
    if text.contains("  ") || text.contains("--") || text.contains(" -") || text.contains("- ") {
        return false;
    }
    if !text.starts_with(|c: char| c.is_ascii_digit()) || !text.ends_with(|c: char| c.is_ascii_digit()) {
        return false;
    }
    if !text.chars().all(|c| c.is_ascii_digit() || c == ' ' || c == '-') {
        return false;
    }
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    (13..=19).contains(&digits.len()) && issuer(&digits) && luhn(&digits)
}

/// Where cards are: start and end.
pub(super) fn cards(text: &[char]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.len() {
        if at == 0 || !word(text[at - 1]) {
            let ends = (at + 13..=text.len().min(at + 37)).rev();
            if let Some(end) = ends.into_iter().find(|&end| card(&text[at..end]) && text.get(end).is_none_or(|c| !word(*c))) {
                found.push((at, end));
                at = end;
                continue;
            }
        }
        at += 1;
    }
    found
}

/// Writes characters by their spelling, masked ones by `with`. True when something was masked.
fn write(text: &[char], spelling: &[&[u8]], mask: &Mask<'_>, with: &[u8], out: &mut Vec<u8>) -> bool {
    let cards = cards(text);
    let mut changed = false;
    for (n, raw) in spelling.iter().enumerate() {
        let hidden = cards.iter().find(|(start, end)| (*start..*end).contains(&n)).is_some_and(|(start, end)| {
            let digits: Vec<usize> = (*start..*end).filter(|n| text[*n].is_ascii_digit()).collect();
            let place = digits.iter().position(|d| *d == n);
            place.is_some_and(|p| p >= mask.keep_first as usize && p + (mask.keep_last as usize) < digits.len())
        });
        if hidden {
            changed = true;
            out.extend(with);
        } else {
            out.extend(*raw);
        }
    }
    changed
}

fn latin(bytes: &[u8]) -> (Vec<char>, Vec<&[u8]>) {
    (bytes.iter().map(|b| *b as char).map(|c| if c.is_ascii() { c } else { '\u{fffd}' }).collect(), bytes.chunks(1).collect())
}

/// Text.
pub(super) fn text(body: &[u8], mask: &Mask<'_>) -> Vec<u8> {
    let (chars, spelling) = latin(body);
    let mut out = Vec::new();
    write(&chars, &spelling, mask, mask.text, &mut out);
    out
}

/// JSON as far as it goes, the rest as text.
pub(super) fn json(body: &[u8], mask: &Mask<'_>) -> Vec<u8> {
    let mut parser = Parser { body, at: 0, out: Vec::new(), mask, last_number: None };
    let valid = parser.space().and_then(|()| parser.value(0)).and_then(|()| parser.space());
    let Parser { mut at, mut out, last_number, .. } = parser;
    if (valid.is_none() || at < body.len()) && !(valid.is_none() && at == body.len()) {
        // A number at the very end, or one space before it, belongs to the text.
        if let Some((start, end, len)) = last_number
            && (body[end..at].is_empty() || &body[end..at] == b" ")
        {
            out.truncate(len);
            at = start;
        }
    }
    out.extend(text(&body[at..], mask));
    out
}

/// Stops with `None` where the text stops being JSON; `at` is that place.
struct Parser<'a> {
    body: &'a [u8],
    at: usize,
    out: Vec<u8>,
    mask: &'a Mask<'a>,
    /// Its place in the body, and what was written before it.
    last_number: Option<(usize, usize, usize)>,
}

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.body.get(self.at).copied()
    }

    fn take(&mut self) {
        self.out.push(self.body[self.at]);
        self.at += 1;
    }

    fn space(&mut self) -> Option<()> {
        while self.peek().is_some_and(|b| b" \t\r\n".contains(&b)) {
            self.take();
        }
        Some(())
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.take())
    }

    fn value(&mut self, depth: usize) -> Option<()> {
        match self.peek()? {
            b'{' | b'[' if depth >= 1024 => None,
            b'{' => {
                self.take();
                self.space();
                if self.peek()? == b'}' {
                    self.take();
                    return Some(());
                }
                loop {
                    self.string(false)?;
                    self.space();
                    self.expect(b':')?;
                    self.space();
                    self.value(depth + 1)?;
                    self.space();
                    if self.peek()? == b'}' {
                        self.take();
                        return Some(());
                    }
                    self.expect(b',')?;
                    self.space();
                }
            }
            b'[' => {
                self.take();
                self.space();
                if self.peek()? == b']' {
                    self.take();
                    return Some(());
                }
                loop {
                    self.value(depth + 1)?;
                    self.space();
                    if self.peek()? == b']' {
                        self.take();
                        return Some(());
                    }
                    self.expect(b',')?;
                    self.space();
                }
            }
            b'"' => self.string(true),
            b't' => b"true".iter().try_for_each(|b| self.expect(*b)),
            b'f' => b"false".iter().try_for_each(|b| self.expect(*b)),
            b'n' => b"null".iter().try_for_each(|b| self.expect(*b)),
            b'-' | b'0'..=b'9' => self.number(),
            _ => None,
        }
    }

    fn string(&mut self, value: bool) -> Option<()> {
        self.expect(b'"')?;
        let mut chars = Vec::new();
        let mut spelling: Vec<&[u8]> = Vec::new();
        let body = self.body;
        let complete = loop {
            let Some(byte) = self.peek() else { break None };
            let start = self.at;
            match byte {
                b'"' => break Some(()),
                0..0x20 => break None,
                b'\\' => {
                    self.at += 1;
                    let Some(kind) = self.peek() else {
                        chars.push('\\');
                        spelling.push(&body[start..]);
                        break None;
                    };
                    let c = match kind {
                        b'"' | b'\\' | b'/' => Some(kind as char),
                        b'b' | b'f' | b'n' | b'r' | b't' => Some('\n'),
                        b'u' => {
                            let digits = body[self.at + 1..].iter().take(4).take_while(|b| b.is_ascii_hexdigit()).count();
                            self.at += digits;
                            (digits == 4)
                                .then(|| {
                                    let hex = std::str::from_utf8(&body[self.at - 3..=self.at]).unwrap();
                                    char::from_u32(u32::from_str_radix(hex, 16).unwrap()).unwrap_or('\u{fffd}')
                                })
                                .or_else(|| {
                                    self.at += 1;
                                    None
                                })
                        }
                        _ => None,
                    };
                    let Some(c) = c else {
                        chars.push('\\');
                        spelling.push(&body[start..self.at]);
                        break None;
                    };
                    self.at += 1;
                    chars.push(c);
                    spelling.push(&body[start..self.at]);
                }
                _ => {
                    self.at += 1;
                    chars.push(if byte.is_ascii() { byte as char } else { '\u{fffd}' });
                    spelling.push(&body[start..self.at]);
                }
            }
        };
        if value {
            write(&chars, &spelling, self.mask, self.mask.json, &mut self.out);
        } else {
            spelling.iter().for_each(|raw| self.out.extend(*raw));
        }
        complete?;
        self.expect(b'"')
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while self.peek().is_some_and(|b| b.is_ascii_digit()) {
            self.at += 1;
        }
        self.at - start
    }

    fn number(&mut self) -> Option<()> {
        let start = self.at;
        let complete = self.number_end();
        self.last_number = Some((start, self.at, self.out.len()));
        let number = &self.body[start..self.at];
        let (chars, spelling) = latin(number);
        let mut written = Vec::new();
        if complete.is_none() {
            write(&chars, &spelling, self.mask, self.mask.text, &mut self.out);
        } else if number.len() > 128 {
            write(&chars, &spelling, self.mask, b"0", &mut self.out);
        } else if write(&chars, &spelling, self.mask, self.mask.json, &mut written) {
            self.out.push(b'"');
            self.out.extend(written);
            self.out.push(b'"');
        } else {
            self.out.extend(number);
        }
        complete
    }

    fn number_end(&mut self) -> Option<()> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek()? {
            b'0' => self.at += 1,
            b'1'..=b'9' => {
                self.digits();
            }
            _ => return None,
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            (self.digits() > 0).then_some(())?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            (self.digits() > 0).then_some(())?;
        }
        Some(())
    }
}
