//! Parts of texts. In: texts. Out: slices of them, lists, texts put together.

use super::search::Needle;
use crate::bytes;
use crate::rt::arena::{Arena, Items, Text};

/// The code points at places `start` to `start + length`, as far as there are any; the first is at 0.
pub fn substring(text: &[u8], start: i64, length: i64) -> &[u8] {
    let end = start.saturating_add(length.max(0));
    let rest = bytes::from(text, offset(text, start));
    let len = end.saturating_sub(start.max(0));
    bytes::until(rest, offset(rest, len))
}

/// Where the code point at a place begins; the end when there are fewer, the beginning for what is before it.
fn offset(text: &[u8], place: i64) -> usize {
    let mut left = place;
    let begins = |byte: u8| byte & 0xc0 != 0x80;
    for (at, &byte) in text.iter().enumerate() {
        if begins(byte) {
            if left <= 0 {
                return at;
            }
            left = left.wrapping_sub(1);
        }
    }
    if place <= 0 { 0 } else { text.len() }
}

/// The pieces between separators, each handed to `add`; an empty separator is nowhere. False when memory is exhausted.
pub fn split<'a>(text: &'a [u8], separator: &'a [u8], arena: &'a Arena, mut add: impl FnMut(&'a [u8])) -> bool {
    let Some(needle) = Needle::new(separator, arena) else { return false };
    let mut rest = text;
    if !separator.is_empty() {
        while let Some(at) = needle.find(rest) {
            add(bytes::until(rest, at));
            rest = bytes::from(rest, at.saturating_add(separator.len()));
        }
    }
    add(rest);
    true
}

/// Texts one after the other with a separator between them; nothing when memory is exhausted.
pub fn join<'a>(texts: impl Iterator<Item = &'a [u8]>, separator: &[u8], arena: &'a Arena) -> Option<&'a [u8]> {
    let mut whole = Text::new(arena);
    let mut first = true;
    for text in texts {
        if !first {
            whole.push(separator);
        }
        first = false;
        whole.push(text);
    }
    whole.finish()
}

/// The pieces of a text as a list; nothing when memory is exhausted.
pub fn pieces<'a>(text: &'a [u8], separator: &'a [u8], arena: &'a Arena) -> Option<&'a [&'a [u8]]> {
    let mut items = Items::new(arena);
    let done = split(text, separator, arena, |piece| items.push(piece));
    (done && !items.is_broken()).then(|| items.finish())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{join, pieces, substring};
    use crate::rt::arena::Arena;

    #[test]
    fn substrings_count_code_points_and_never_leave_the_text() {
        let text = "aü€😀z";
        let chars: Vec<char> = text.chars().collect();
        let edge = [i64::MIN, -9, -1, 0, 1, 2, 4, 5, 6, 9, i64::MAX];
        for start in edge {
            for length in edge {
                let end = start.saturating_add(length.max(0));
                let expected: String =
                    chars.iter().enumerate().filter(|(n, _)| (*n as i64) >= start && (*n as i64) < end).map(|(_, c)| *c).collect();
                assert_eq!(std::str::from_utf8(substring(text.as_bytes(), start, length)).unwrap(), expected, "{start} {length}");
            }
        }
        assert_eq!(substring(b"", 0, 5), b"");
    }

    #[test]
    fn splitting_and_joining() {
        let arena = Arena::new();
        for (text, separator) in [("a,b,,c", ","), ("", ","), (",", ","), ("abc", "abc"), ("aXXbX", "XX"), ("aaa", "aa"), ("abc", "d")] {
            let expected: Vec<&[u8]> = text.split(separator).map(str::as_bytes).collect();
            let found = pieces(text.as_bytes(), separator.as_bytes(), &arena).unwrap();
            assert_eq!(found, expected, "{text} at {separator}");
            assert_eq!(join(found.iter().copied(), separator.as_bytes(), &arena), Some(text.as_bytes()));
        }
        assert_eq!(pieces(b"abc", b"", &arena).unwrap(), [b"abc"]);
        assert_eq!(join([].into_iter(), b",", &arena), Some(&b""[..]));
    }

    #[test]
    fn huge_lists_end_with_memory() {
        let arena = Arena::new();
        let commas = ",".repeat(100_000);
        let all = pieces(commas.as_bytes(), b",", &arena).unwrap();
        assert_eq!(all.len(), 100_001);
        let large = arena.copy(&[b'x'; 10_000]).unwrap();
        assert_eq!(join(all.iter().copied(), large, &arena), None);
    }
}
