//! Encodings: percent (RFC 3986), base64 (RFC 4648), hex. In: bytes. Out: text, or the bytes that a text stands for.
//!
//! Decoders are strict, so that no two texts stand for the same bytes (but for the case of hex digits, `+` and needless
//! percent-encodings): what is not written as the encoders write it is absent. `Err` is exhausted memory.

use crate::bytes;
use crate::rt::arena::{Arena, Exhausted, Text};

/// Bytes in the arena; nothing when the text is no such encoding.
type Decoded<'a> = Result<Option<&'a [u8]>, Exhausted>;

/// The alphabets of base64 differ in two letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alphabet {
    /// `+` and `/`, padded with `=`.
    Standard,
    /// `-` and `_`, without padding.
    Url,
}

impl Alphabet {
    fn letter(self, value: u8) -> u8 {
        match value & 63 {
            low @ 0..26 => b'A'.wrapping_add(low),
            low @ 26..52 => b'a'.wrapping_add(low).wrapping_sub(26),
            low @ 52..62 => b'0'.wrapping_add(low).wrapping_sub(52),
            62 => self.last().0,
            _ => self.last().1,
        }
    }

    fn value(self, letter: u8) -> Option<u8> {
        let (next_to_last, last) = self.last();
        match letter {
            b'A'..=b'Z' => Some(letter.wrapping_sub(b'A')),
            b'a'..=b'z' => Some(letter.wrapping_sub(b'a').wrapping_add(26)),
            b'0'..=b'9' => Some(letter.wrapping_sub(b'0').wrapping_add(52)),
            _ if letter == next_to_last => Some(62),
            _ if letter == last => Some(63),
            _ => None,
        }
    }

    fn last(self) -> (u8, u8) {
        match self {
            Alphabet::Standard => (b'+', b'/'),
            Alphabet::Url => (b'-', b'_'),
        }
    }
}

/// Writes base64; nothing when memory is exhausted.
pub fn base64<'a>(message: &[u8], alphabet: Alphabet, arena: &'a Arena) -> Option<&'a [u8]> {
    let mut text = Text::new(arena);
    text.reserve(message.len().checked_add(2)?.checked_div(3)?.checked_mul(4)?);
    for three in message.chunks(3) {
        let at = |n: usize| bytes::u8_at(three, n);
        let (a, b, c) = (at(0), at(1), at(2));
        let letters = [a >> 2, a << 4 | b >> 4, b << 2 | c >> 6, c].map(|value| alphabet.letter(value));
        let written = three.len().wrapping_add(1);
        text.push(bytes::until(&letters, written));
        if alphabet == Alphabet::Standard {
            text.push(bytes::from(b"====", written));
        }
    }
    text.finish()
}

/// Reads base64: whole groups, canonical padding, no bits left over, no white space.
pub fn from_base64<'a>(text: &[u8], alphabet: Alphabet, arena: &'a Arena) -> Decoded<'a> {
    let letters = match alphabet {
        Alphabet::Url => text,
        Alphabet::Standard if text.len() & 3 != 0 => return Ok(None),
        Alphabet::Standard => text.strip_suffix(b"==").or_else(|| text.strip_suffix(b"=")).unwrap_or(text),
    };
    // One letter alone holds no byte. Padding that is not called for leaves such a group behind, or a letter `=`.
    if letters.len() & 3 == 1 {
        return Ok(None);
    }
    let place = arena.alloc((letters.len() / 4).wrapping_mul(3).wrapping_add([0, 0, 1, 2].get(letters.len() & 3).copied().unwrap_or(0)));
    let place = place.ok_or(Exhausted)?;
    for (three, four) in place.chunks_mut(3).zip(letters.chunks(4)) {
        let mut group = 0u32;
        for n in 0..4usize {
            let value = match four.get(n) {
                Some(&letter) => match alphabet.value(letter) {
                    Some(value) => u32::from(value),
                    None => return Ok(None),
                },
                None => 0,
            };
            group = group << 6 | value;
        }
        let [_, decoded @ ..] = group.to_be_bytes();
        let taken = bytes::copy(three, &decoded);
        if bytes::from(&decoded, taken).iter().any(|&bits| bits != 0) {
            return Ok(None);
        }
    }
    Ok(Some(place))
}

fn hex_letter(value: u8, ten: u8) -> u8 {
    let value = value & 15;
    if value < 10 { b'0'.wrapping_add(value) } else { ten.wrapping_add(value).wrapping_sub(10) }
}

fn hex_value(letter: u8) -> Option<u8> {
    match letter {
        b'0'..=b'9' => Some(letter.wrapping_sub(b'0')),
        b'a'..=b'f' => Some(letter.wrapping_sub(b'a').wrapping_add(10)),
        b'A'..=b'F' => Some(letter.wrapping_sub(b'A').wrapping_add(10)),
        _ => None,
    }
}

fn hex_byte(high: u8, low: u8) -> Option<u8> {
    Some(hex_value(high)? << 4 | hex_value(low)?)
}

/// Writes hex digits in lower case; nothing when memory is exhausted.
pub fn hex<'a>(message: &[u8], arena: &'a Arena) -> Option<&'a [u8]> {
    let place = arena.alloc(message.len().checked_mul(2)?)?;
    for (two, &byte) in place.chunks_exact_mut(2).zip(message) {
        bytes::copy(two, &[hex_letter(byte >> 4, b'a'), hex_letter(byte, b'a')]);
    }
    Some(place)
}

/// Reads pairs of hex digits of either case.
pub fn from_hex<'a>(text: &[u8], arena: &'a Arena) -> Decoded<'a> {
    if text.len() & 1 != 0 {
        return Ok(None);
    }
    let place = arena.alloc(text.len() / 2).ok_or(Exhausted)?;
    for (byte, two) in place.iter_mut().zip(text.chunks_exact(2)) {
        match hex_byte(bytes::u8_at(two, 0), bytes::u8_at(two, 1)) {
            Some(value) => *byte = value,
            None => return Ok(None),
        }
    }
    Ok(Some(place))
}

/// Writes percent-encodings (upper case) for all but letters, digits and `-._~`; nothing when memory is exhausted.
pub fn percent<'a>(message: &[u8], arena: &'a Arena) -> Option<&'a [u8]> {
    let mut text = Text::new(arena);
    for &byte in message {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            text.push_byte(byte);
        } else {
            text.push(&[b'%', hex_letter(byte >> 4, b'A'), hex_letter(byte, b'A')]);
        }
    }
    text.finish()
}

/// Reads percent-encodings; `+` is a space, anything else stands for itself. An invalid encoding makes the whole absent.
pub fn from_percent<'a>(text: &[u8], arena: &'a Arena) -> Decoded<'a> {
    let place = arena.alloc(text.len()).ok_or(Exhausted)?;
    let mut letters = text.iter();
    let mut len = 0usize;
    for byte in place.iter_mut() {
        let Some(&letter) = letters.next() else { break };
        *byte = match letter {
            b'+' => b' ',
            b'%' => match letters.next().zip(letters.next()).and_then(|(&high, &low)| hex_byte(high, low)) {
                Some(value) => value,
                None => return Ok(None),
            },
            _ => letter,
        };
        len = len.wrapping_add(1);
    }
    Ok(place.get(..len))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{Alphabet, base64, from_base64, from_hex, from_percent, hex, percent};
    use crate::rt::arena::Arena;

    fn decoded(text: &str, alphabet: Alphabet) -> Option<Vec<u8>> {
        from_base64(text.as_bytes(), alphabet, &Arena::new()).unwrap().map(<[u8]>::to_vec)
    }

    /// The vectors of RFC 4648, section 10.
    #[test]
    fn base64_is_that_of_the_rfc() {
        let arena = Arena::new();
        for (plain, padded) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy")]
        {
            let bare = padded.trim_end_matches('=');
            assert_eq!(base64(plain.as_bytes(), Alphabet::Standard, &arena).unwrap(), padded.as_bytes());
            assert_eq!(base64(plain.as_bytes(), Alphabet::Url, &arena).unwrap(), bare.as_bytes());
            assert_eq!(decoded(padded, Alphabet::Standard).unwrap(), plain.as_bytes());
            assert_eq!(decoded(bare, Alphabet::Url).unwrap(), plain.as_bytes());
            if bare != padded {
                assert_eq!(decoded(bare, Alphabet::Standard), None);
                assert_eq!(decoded(padded, Alphabet::Url), None);
            }
        }
    }

    #[test]
    fn no_two_texts_stand_for_the_same_bytes() {
        for text in
            ["Zh==", "Zm9=", "Zg=", "Zg", "Z", "Zg===", "====", "=", "Zg==Zg==", "Zm 9v", "Zm9v\n", "Zm9v====", "-_==", "Zm9v=", "A==="]
        {
            assert_eq!(decoded(text, Alphabet::Standard), None, "{text}");
        }
        for text in ["Zh", "Zm9", "Z", "ab+/", "Zg==", "a b", "YWJj\0"] {
            assert_eq!(decoded(text, Alphabet::Url), None, "{text}");
        }
        assert_eq!(decoded("-_8", Alphabet::Url).unwrap(), [0xfb, 0xff]);
        assert_eq!(decoded("+/8=", Alphabet::Standard).unwrap(), [0xfb, 0xff]);
    }

    #[test]
    fn all_bytes_come_back() {
        let arena = Arena::new();
        let all: Vec<u8> = (0..=255).collect();
        for len in 0..=256 {
            let message = all.get(..len).unwrap();
            for alphabet in [Alphabet::Standard, Alphabet::Url] {
                let text = base64(message, alphabet, &arena).unwrap();
                assert_eq!(from_base64(text, alphabet, &arena).unwrap(), Some(message));
            }
            assert_eq!(from_hex(hex(message, &arena).unwrap(), &arena).unwrap(), Some(message));
            assert_eq!(from_percent(percent(message, &arena).unwrap(), &arena).unwrap(), Some(message));
        }
    }

    #[test]
    fn hex_and_percent_are_strict() {
        let arena = Arena::new();
        assert_eq!(from_hex(b"00fF", &arena).unwrap(), Some(&[0u8, 255][..]));
        for text in ["0", "0g", "0x00", " 00", "00 ", "\u{664}0"] {
            assert_eq!(from_hex(text.as_bytes(), &arena).unwrap(), None, "{text}");
        }
        assert_eq!(from_percent(b"a+b%2B%c3%BC", &arena).unwrap(), Some("a b+ü".as_bytes()));
        for text in ["%", "%4", "%4g", "a%", "%%41", "%+1"] {
            assert_eq!(from_percent(text.as_bytes(), &arena).unwrap(), None, "{text}");
        }
        assert_eq!(percent("aZ09-._~ +/%ü".as_bytes(), &arena).unwrap(), b"aZ09-._~%20%2B%2F%25%C3%BC");
    }
}
