//! Strings. In: texts that may be absent. Out: bools, changed texts; absent gives absent or false.

use super::search::Needle;
use crate::rt::arena::{Arena, Text};

/// Both present and equal.
pub fn equal(a: Option<&[u8]>, b: Option<&[u8]>) -> bool {
    matches!((a, b), (Some(a), Some(b)) if a == b)
}

/// Likewise, in time that depends on the lengths only.
pub fn secret_equal(a: Option<&[u8]>, b: Option<&[u8]>) -> bool {
    matches!((a, b), (Some(a), Some(b)) if crate::bytes::equal_in_constant_time(a, b))
}

/// Both present and the first contains the second; nothing when memory is exhausted.
pub fn contains(a: Option<&[u8]>, b: Option<&[u8]>, arena: &Arena) -> Option<bool> {
    let (Some(a), Some(b)) = (a, b) else { return Some(false) };
    if b.len() > a.len() {
        return Some(false);
    }
    Some(Needle::new(b, arena)?.find(a).is_some())
}

/// A text with each byte changed; nothing when memory is exhausted.
pub fn mapped<'a>(text: &'a [u8], change: impl Fn(&u8) -> u8, arena: &'a Arena) -> Option<&'a [u8]> {
    if text.iter().all(|byte| change(byte) == *byte) {
        return Some(text);
    }
    let place = arena.alloc(text.len())?;
    for (to, from) in place.iter_mut().zip(text) {
        *to = change(from);
    }
    Some(place)
}

/// Every `from` replaced by `to`; nothing when memory is exhausted. An empty `from` is nowhere.
pub fn replace<'a>(text: &'a [u8], from: &'a [u8], to: &[u8], arena: &'a Arena) -> Option<&'a [u8]> {
    let needle = Needle::new(from, arena)?;
    let mut out = Text::new(arena);
    let mut rest = text;
    if from.is_empty() {
        return Some(text);
    }
    while let Some(at) = needle.find(rest) {
        out.push(crate::bytes::until(rest, at));
        out.push(to);
        rest = crate::bytes::from(rest, at.saturating_add(from.len()));
    }
    out.push(rest);
    out.finish()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{contains, equal, mapped, replace, secret_equal};
    use crate::rt::arena::Arena;

    #[test]
    fn absent_operands_are_false() {
        let arena = Arena::new();
        assert!(!equal(None, None) && !secret_equal(None, None) && !equal(Some(b""), None));
        assert!(equal(Some(b""), Some(b"")) && secret_equal(Some(b"a"), Some(b"a")));
        assert_eq!(contains(None, Some(b""), &arena), Some(false));
        assert_eq!(contains(Some(b"abc"), Some(b""), &arena), Some(true));
        assert_eq!(contains(Some(b"abc"), Some(b"bc"), &arena), Some(true));
        assert_eq!(contains(Some(b"abc"), Some(b"abcd"), &arena), Some(false));
    }

    #[test]
    fn texts_change() {
        let arena = Arena::new();
        assert_eq!(mapped(b"aBc\xc3\x9c", u8::to_ascii_lowercase, &arena), Some(&b"abc\xc3\x9c"[..]));
        for (text, from, to) in [("aXbXX", "X", "--"), ("aaa", "aa", "b"), ("abc", "d", "e"), ("", "a", "b")] {
            let expected = text.replace(from, to);
            assert_eq!(replace(text.as_bytes(), from.as_bytes(), to.as_bytes(), &arena), Some(expected.as_bytes()));
        }
        assert_eq!(replace(b"abc", b"", b".", &arena), Some(&b"abc"[..]));
        let big = "x".repeat(100_000);
        assert_eq!(replace(big.as_bytes(), b"x", big.as_bytes(), &arena), None);
    }
}
