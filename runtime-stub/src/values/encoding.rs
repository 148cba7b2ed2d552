//! Encodings: percent (RFC 3986), base64 (RFC 4648), hex. In: bytes. Out: text, or the bytes that a text stands for.
//!
//! Decoders are strict, so that no two texts stand for the same bytes (but for the case of hex digits, `+` and needless
//! percent-encodings): what is not written as the encoders write it is absent. `Err` is exhausted memory.

use crate::bytes::{self, HIGH, LOW};
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
        let letter = |value: u8| alphabet.letter(value);
        let letters = [letter(a >> 2), letter(a << 4 | b >> 4), letter(b << 2 | c >> 6), letter(c)];
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
    let (groups, rest) = letters.as_chunks::<8>();
    let (whole, part) = place.as_chunks_mut::<6>();
    for (six, eight) in whole.iter_mut().zip(groups) {
        let [0, 0, decoded @ ..] = group(alphabet, *eight).to_be_bytes() else { return Ok(None) };
        *six = decoded;
    }
    if !rest.is_empty() {
        let mut eight = [b'A'; 8];
        bytes::copy(&mut eight, rest);
        let [0, 0, decoded @ ..] = group(alphabet, eight).to_be_bytes() else { return Ok(None) };
        let taken = bytes::copy(part, &decoded);
        if bytes::from(&decoded, taken).iter().any(|&bits| bits != 0) {
            return Ok(None);
        }
    }
    Ok(Some(place))
}

/// The 48 bits of eight letters; more when one of them is none. All are looked at at once, a byte each: tokens are long.
#[inline(never)]
fn group(alphabet: Alphabet, eight: [u8; 8]) -> u64 {
    let letters = u64::from_be_bytes(eight);
    let each = |value: u8| LOW.wrapping_mul(u64::from(value));
    // The highest bit of each letter that is at least this; no sum of two below 128 reaches the next one.
    let at_least = |least: u8| letters.wrapping_add(each(0x80u8.wrapping_sub(least)));
    // 1 for each letter from the first to the last.
    let within = |first: u8, last: u8| (at_least(first) & !at_least(last.wrapping_add(1)) & HIGH) >> 7;
    let (next_to_last, last) = alphabet.last();
    let (upper, lower, digit) = (within(b'A', b'Z'), within(b'a', b'z'), within(b'0', b'9'));
    let (next_to_last, last) = (within(next_to_last, next_to_last), within(last, last));
    let plain = upper | lower | digit;
    if letters & HIGH != 0 || plain | next_to_last | last != LOW {
        return u64::MAX;
    }
    let less = upper.wrapping_mul(65).wrapping_add(lower.wrapping_mul(71));
    let values = letters.wrapping_add(digit.wrapping_mul(4)).wrapping_sub(less) & plain.wrapping_mul(0xff);
    let values = values | next_to_last.wrapping_mul(62) | last.wrapping_mul(63);
    // Six bits in each of eight become twelve in each of sixteen, and so on.
    let values = values >> 2 & 0x0fc0_0fc0_0fc0_0fc0 | values & 0x003f_003f_003f_003f;
    let values = values >> 4 & 0x00ff_f000_00ff_f000 | values & 0x0000_0fff_0000_0fff;
    values >> 8 & 0xffff_ff00_0000 | values & 0xff_ffff
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

    /// Every byte at every place of a text: a letter or refused.
    #[test]
    fn every_byte_is_a_letter_or_none() {
        for (alphabet, letters) in [
            (Alphabet::Url, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
            (Alphabet::Standard, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"),
        ] {
            for byte in 0..=255u8 {
                for at in 0..20 {
                    let mut text = [b'A'; 20];
                    text.iter_mut().skip(at).take(1).for_each(|place| *place = byte);
                    let arena = Arena::new();
                    let decoded = from_base64(&text, alphabet, &arena).ok().flatten();
                    let value = letters.bytes().position(|letter| letter == byte);
                    let expected = value.map(|value| {
                        let bits = (value as u128) << (6 * (19 - at));
                        bits.to_be_bytes().get(1..).map(<[u8]>::to_vec).unwrap_or_default()
                    });
                    // A padding at the end is padding: not a letter, and not refused.
                    if !(alphabet == Alphabet::Standard && byte == b'=' && at == 19) {
                        assert_eq!(decoded.map(<[u8]>::to_vec), expected, "{byte} at {at}");
                    }
                }
            }
        }
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
