//! Lists as one text, to outlive the callback: elements that are texts, each behind its length, or numbers as they are.
//! In: cells. Out: the text; and back.

use crate::bytes::{copy, put_u32, u32_at, u64_at};
use crate::rt::arena::Arena;

/// Bytes before each text: its length plus one, or 0 for one that is absent.
const HEAD: usize = 4;

/// Texts one behind the other; nothing when there is no memory.
pub fn pack_texts<'a>(arena: &'a Arena, texts: impl Iterator<Item = Option<&'a [u8]>> + Clone) -> Option<&'a [u8]> {
    let size = texts.clone().fold(0usize, |size, text| size.saturating_add(HEAD).saturating_add(text.map_or(0, <[u8]>::len)));
    let out = arena.filled(size, 0u8)?;
    let mut at = 0usize;
    for text in texts {
        let Some(text) = text else {
            at = at.saturating_add(HEAD);
            continue;
        };
        put_u32(out, at, u32::try_from(text.len()).unwrap_or(0).wrapping_add(1));
        at = at.saturating_add(HEAD);
        at = at.saturating_add(out.get_mut(at..).map_or(0, |place| copy(place, text)));
    }
    Some(out)
}

/// The texts again.
pub fn texts(packed: &[u8]) -> Texts<'_> {
    Texts { packed }
}

/// Texts of a packed list, in their order.
#[derive(Clone)]
pub struct Texts<'a> {
    packed: &'a [u8],
}

impl<'a> Iterator for Texts<'a> {
    type Item = Option<&'a [u8]>;

    fn next(&mut self) -> Option<Option<&'a [u8]>> {
        let rest = self.packed.get(HEAD..)?;
        let size = u32_at(self.packed, 0);
        let (text, rest) = rest.split_at_checked(size.saturating_sub(1) as usize)?;
        self.packed = rest;
        Some((size > 0).then_some(text))
    }
}

/// Numbers one behind the other; nothing when there is no memory.
pub fn pack_numbers<'a>(arena: &'a Arena, cells: &[i64]) -> Option<&'a [u8]> {
    let out = arena.filled(cells.len().checked_mul(8)?, 0u8)?;
    for (place, cell) in out.chunks_exact_mut(8).zip(cells) {
        copy(place, &cell.to_le_bytes());
    }
    Some(out)
}

/// The numbers again; nothing when there is no memory.
pub fn numbers<'a>(arena: &'a Arena, packed: &[u8]) -> Option<&'a [i64]> {
    let cells = arena.filled(packed.len() >> 3, 0i64)?;
    for (n, cell) in cells.iter_mut().enumerate() {
        *cell = u64_at(packed, n.saturating_mul(8)).cast_signed();
    }
    Some(cells)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{numbers, pack_numbers, pack_texts, texts};
    use crate::rt::arena::Arena;

    #[test]
    fn lists_come_back_as_they_were() {
        let arena = Arena::new();
        let lists: [&[Option<&[u8]>]; 4] = [&[], &[Some(b"")], &[None], &[Some(b"a"), None, Some(b""), Some(b"bcd")]];
        for list in lists {
            let packed = pack_texts(&arena, list.iter().copied()).unwrap();
            assert_eq!(texts(packed).collect::<std::vec::Vec<_>>(), list);
        }
        for list in [&[][..], &[1, i64::MIN, -1]] {
            assert_eq!(numbers(&arena, pack_numbers(&arena, list).unwrap()).unwrap(), list);
        }
    }

    #[test]
    fn what_is_cut_off_ends_the_list() {
        assert_eq!(texts(b"\x03\0\0\0a").count(), 0);
        assert_eq!(texts(b"\x02\0\0\0a\x01\0\0").count(), 1);
        assert_eq!(texts(b"\xff\xff\xff\xff").count(), 0);
    }
}
