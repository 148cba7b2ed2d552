//! Query strings: pieces between `&`, split at the first `=`, `+` and percent-encodings decoded.
//! In: what stands behind `?`. Out: values by decoded key, as UTF-8; an invalid encoding stays as written.

use super::path::hex_pair;
use super::utf8;
use crate::rt::arena::{Arena, Text};

/// The pieces that are not empty, as written.
pub fn pieces(query: &[u8]) -> impl Iterator<Item = &[u8]> {
    query.split(|&byte| byte == b'&').filter(|piece| !piece.is_empty())
}

/// Key and value of a piece, as written; a piece without `=` has an empty value.
pub fn key_and_value(piece: &[u8]) -> (&[u8], &[u8]) {
    crate::bytes::split_once(piece, b'=').unwrap_or((piece, &[]))
}

/// Whether a key as written decodes to `key`; copies nothing.
pub fn key_is(written: &[u8], key: &[u8]) -> bool {
    if written == key {
        return !written.iter().any(|byte| matches!(byte, b'+' | b'%' | 0x80..=0xff)) || decoded_is(written, key);
    }
    // Decoding makes nothing longer, except bad UTF-8.
    decoded_is(written, key)
}

fn decoded_is(written: &[u8], key: &[u8]) -> bool {
    if written.len() > key.len().saturating_mul(3) {
        return false;
    }
    let mut rest = written;
    let mut wanted = key;
    // Bytes of U+FFFD that a bad sequence stands for are compared by decoding for real; keys like that are rare.
    while let Some((byte, after)) = next(rest) {
        rest = after;
        match wanted.split_first() {
            Some((&first, after)) if first == byte => wanted = after,
            Some(_) | None => return byte >= 0x80 && lossy_is(written, key),
        }
    }
    wanted.is_empty() && (key.is_ascii() || utf8::is_valid(key))
}

fn lossy_is(written: &[u8], key: &[u8]) -> bool {
    let mut bytes = [0u8; 256];
    let mut len = 0usize;
    let mut rest = written;
    while let Some((byte, after)) = next(rest) {
        rest = after;
        let Some(place) = bytes.get_mut(len) else { return false };
        *place = byte;
        len = len.wrapping_add(1);
    }
    let mut wanted = key;
    for chunk in bytes.get(..len).unwrap_or(&[]).utf8_chunks() {
        for part in [chunk.valid().as_bytes(), if chunk.invalid().is_empty() { &[] } else { "\u{fffd}".as_bytes() }] {
            match wanted.strip_prefix(part) {
                Some(after) => wanted = after,
                None => return false,
            }
        }
    }
    wanted.is_empty()
}

/// The next decoded byte and what follows it.
fn next(text: &[u8]) -> Option<(u8, &[u8])> {
    let (&byte, after) = text.split_first()?;
    match (byte, after) {
        (b'+', _) => Some((b' ', after)),
        (b'%', &[high, low, ref behind @ ..]) => match hex_pair(high, low) {
            Some(byte) => Some((byte, behind)),
            None => Some((byte, after)),
        },
        (_, _) => Some((byte, after)),
    }
}

/// A decoded value; nothing when memory is exhausted.
pub fn decode<'a>(written: &'a [u8], arena: &'a Arena) -> Option<&'a [u8]> {
    if !written.iter().any(|byte| matches!(byte, b'+' | b'%')) {
        return utf8::lossy(written, arena);
    }
    let mut text = Text::new(arena);
    let mut rest = written;
    while let Some((byte, after)) = next(rest) {
        text.push_byte(byte);
        rest = after;
    }
    utf8::lossy(text.finish()?, arena)
}

/// Whether every `%` begins an encoding.
pub fn is_exact(query: &[u8]) -> bool {
    let mut rest = query;
    while let Some(at) = crate::bytes::position(rest, b'%') {
        let behind = rest.get(at.saturating_add(1)..).unwrap_or(&[]);
        let (Some(&high), Some(&low)) = (behind.first(), behind.get(1)) else { return false };
        if hex_pair(high, low).is_none() {
            return false;
        }
        rest = behind;
    }
    true
}

/// The bytes that a value decodes to, UTF-8 or not; nothing when memory is exhausted.
pub fn decode_bytes<'a>(written: &'a [u8], arena: &'a Arena) -> Option<&'a [u8]> {
    if !written.iter().any(|byte| matches!(byte, b'+' | b'%')) {
        return Some(written);
    }
    let mut text = Text::new(arena);
    let mut rest = written;
    while let Some((byte, after)) = next(rest) {
        text.push_byte(byte);
        rest = after;
    }
    text.finish()
}

/// Values of a key, as written, in order.
pub fn values<'q>(query: &'q [u8], key: &[u8]) -> impl Iterator<Item = &'q [u8]> {
    let mut rest = Some(query);
    core::iter::from_fn(move || next_value(&mut rest, key))
}

/// The next value of a key; `rest` becomes what follows it. A function of its own, because many places look for keys.
#[inline(never)]
fn next_value<'q>(rest: &mut Option<&'q [u8]>, key: &[u8]) -> Option<&'q [u8]> {
    while let Some(query) = *rest {
        let (piece, after) = crate::bytes::split_once(query, b'&').map_or((query, None), |(piece, after)| (piece, Some(after)));
        *rest = after;
        let (written, value) = key_and_value(piece);
        if !piece.is_empty() && key_is(written, key) {
            return Some(value);
        }
    }
    None
}

/// The query without a key; nothing when memory is exhausted.
pub fn without<'a>(query: &[u8], key: &[u8], arena: &'a Arena) -> Option<&'a [u8]> {
    let mut text = Text::new(arena);
    for (n, piece) in query.split(|&byte| byte == b'&').filter(|piece| piece.is_empty() || !key_is(key_and_value(piece).0, key)).enumerate()
    {
        if n > 0 {
            text.push_byte(b'&');
        }
        text.push(piece);
    }
    text.finish()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{decode, pieces, values, without};
    use crate::rt::arena::Arena;

    fn all(query: &str, key: &str) -> Vec<String> {
        let arena = Arena::new();
        values(query.as_bytes(), key.as_bytes()).map(|v| String::from_utf8(decode(v, &arena).unwrap().to_vec()).unwrap()).collect()
    }

    #[test]
    fn values_are_found_and_decoded() {
        assert_eq!(all("a=1&b=2&a=3", "a"), ["1", "3"]);
        assert_eq!(all("dry&x", "dry"), [""]);
        assert_eq!(all("a=b=c+d%20e%zz%", "a"), ["b=c d e%zz%"]);
        assert_eq!(all("%61+%62=1", "a b"), ["1"]);
        assert_eq!(all("a+b=1", "a+b"), Vec::<String>::new());
        assert_eq!(all("%c3%bc=1&ü=2", "ü"), ["1", "2"]);
        assert_eq!(all("a=%ff", "a"), ["\u{fffd}"]);
        assert_eq!(all("%ff=1", "\u{fffd}"), ["1"]);
        assert_eq!(all("=1&&=2", ""), ["1", "2"]);
        assert_eq!(all("ab=1", "a"), Vec::<String>::new());
        assert_eq!(all("a=1", "ab"), Vec::<String>::new());
        assert_eq!(all("", "a"), Vec::<String>::new());
        assert_eq!(pieces(b"a&&b=&").count(), 2);
    }

    #[test]
    fn keys_can_be_taken_out() {
        let arena = Arena::new();
        for (query, expected) in [("a=1", ""), ("a=1&b=2", "b=2"), ("b&a&c&%61=2", "b&c"), ("", ""), ("b&&a", "b&")] {
            assert_eq!(without(query.as_bytes(), b"a", &arena).unwrap(), expected.as_bytes(), "{query}");
        }
    }

    #[test]
    fn huge_queries() {
        let query = "k=v&".repeat(300_000);
        assert_eq!(pieces(query.as_bytes()).count(), 300_000);
        assert_eq!(values(query.as_bytes(), b"x").count(), 0);
        let long = format!("{}=1", "%61".repeat(300_000));
        assert_eq!(values(long.as_bytes(), b"aaa").count(), 0);
    }
}
