//! Text from bytes that a client chose. In: any bytes. Out: UTF-8, with U+FFFD for each maximal bad sequence.

use crate::rt::arena::{Arena, Text};

/// The bytes themselves when they are UTF-8, else a corrected copy; nothing when memory is exhausted.
pub fn lossy<'a>(bytes: &'a [u8], arena: &'a Arena) -> Option<&'a [u8]> {
    if is_valid(bytes) {
        return Some(bytes);
    }
    let mut text = Text::new(arena);
    for chunk in bytes.utf8_chunks() {
        text.push(chunk.valid().as_bytes());
        if !chunk.invalid().is_empty() {
            text.push("\u{fffd}".as_bytes());
        }
    }
    text.finish()
}

/// Whether these bytes are UTF-8.
pub fn is_valid(bytes: &[u8]) -> bool {
    bytes.is_ascii() || bytes.utf8_chunks().all(|chunk| chunk.invalid().is_empty())
}

/// Number of code points of a text.
pub fn code_points(text: &[u8]) -> usize {
    text.iter().filter(|byte| **byte & 0xc0 != 0x80).count()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{code_points, is_valid, lossy};
    use crate::rt::arena::Arena;

    #[test]
    fn bad_sequences_become_replacement_characters() {
        let arena = Arena::new();
        for bytes in [&b"plain"[..], b"\xff", b"a\xe2\x82", b"\xe2\x82\xac", b"\xf0\x80\x80x\xc0\xaf", b"\xed\xa0\x80", "ü€😀".as_bytes()]
        {
            assert_eq!(lossy(bytes, &arena).unwrap(), String::from_utf8_lossy(bytes).as_bytes());
            assert_eq!(is_valid(bytes), std::str::from_utf8(bytes).is_ok());
        }
        assert_eq!(code_points("ü€😀a".as_bytes()), 4);
    }
}
