//! Entries of a configured map, found by name. In: texts. Out: a block with all of them and a hash index.
//!
//! Layout: number of entries, number of places (a power of two, at least twice as many), for each place the offset of its
//! entry (0: free), then the entries: length and bytes of the name, length and bytes of the value.

use crate::bytes::{self, put_u32, slice_at, u32_at};

/// Names and values in turn.
pub type Entries<'e, 'a> = &'e [&'a [u8]];

fn places(count: usize) -> usize {
    count.saturating_mul(2).max(1).checked_next_power_of_two().unwrap_or(1)
}

/// Bytes of the block.
pub fn size(entries: Entries<'_, '_>) -> usize {
    let mut size = places(entries.len() / 2).saturating_mul(4).saturating_add(8);
    for text in entries {
        size = size.saturating_add(text.len()).saturating_add(4);
    }
    size
}

/// Writes into zeroed bytes of that size; a name that comes twice is an error.
pub fn write<'a>(block: &mut [u8], entries: Entries<'_, 'a>) -> Result<(), &'a [u8]> {
    let count = places(entries.len() / 2);
    put_u32(block, 0, u32::try_from(entries.len() / 2).unwrap_or(0));
    put_u32(block, 4, u32::try_from(count).unwrap_or(1));
    let mut at = count.saturating_mul(4).saturating_add(8);
    for (n, text) in entries.iter().enumerate() {
        if n & 1 == 0 {
            match seek(block, text) {
                Seek::Free(place) => put_u32(block, place, u32::try_from(at).unwrap_or(0)),
                Seek::Found(_) | Seek::Full => return Err(text),
            }
        }
        put_u32(block, at, u32::try_from(text.len()).unwrap_or(0));
        at = at.saturating_add(4);
        if let Some(rest) = block.get_mut(at..) {
            bytes::copy(rest, text);
        }
        at = at.saturating_add(text.len());
    }
    Ok(())
}

/// The value of a name.
pub fn get<'a>(block: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    match seek(block, name) {
        Seek::Found(entry) => Some(entry),
        Seek::Free(_) | Seek::Full => None,
    }
}

/// All entries, in the order written.
pub fn entries(block: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut at = (u32_at(block, 4) as usize).saturating_mul(4).saturating_add(8);
    let mut text = move || {
        let start = at.saturating_add(4);
        let found = slice_at(block, start, u32_at(block, at) as usize);
        at = start.saturating_add(found.len());
        found
    };
    (0..u32_at(block, 0)).map(move |_| (text(), text()))
}

enum Seek<'a> {
    Found(&'a [u8]),
    Free(usize),
    Full,
}

#[inline(never)]
fn seek<'a>(block: &'a [u8], name: &[u8]) -> Seek<'a> {
    let count = u32_at(block, 4);
    let mut place = bytes::hash(name);
    for _ in 0..count {
        place &= count.wrapping_sub(1);
        let offset = (place as usize).wrapping_mul(4).wrapping_add(8);
        let entry = u32_at(block, offset) as usize;
        if entry == 0 {
            return Seek::Free(offset);
        }
        let len = u32_at(block, entry) as usize;
        let start = entry.saturating_add(4);
        if slice_at(block, start, len) == name && len == name.len() {
            let value = start.saturating_add(len);
            return Seek::Found(slice_at(block, value.saturating_add(4), u32_at(block, value) as usize));
        }
        place = place.wrapping_add(1);
    }
    Seek::Full
}

#[cfg(test)]
mod tests {
    use super::{get, size, write};

    #[test]
    fn finds_every_entry() {
        for count in [0usize, 1, 2, 3, 500] {
            let names: Vec<String> = (0..count).map(|n| format!("name{n}")).collect();
            let entries: Vec<&[u8]> = names.iter().flat_map(|name| [name.as_bytes(), name.get(4..).unwrap_or("").as_bytes()]).collect();
            let mut block = vec![0; size(&entries)];
            assert_eq!(write(&mut block, &entries), Ok(()));
            for n in 0..count + 10 {
                let expected = (n < count).then(|| n.to_string());
                assert_eq!(get(&block, format!("name{n}").as_bytes()), expected.as_deref().map(str::as_bytes));
            }
            assert_eq!(get(&block, b""), None);
            assert!(super::entries(&block).flat_map(|(name, value)| [name, value]).eq(entries.iter().copied()));
        }
        assert_eq!(get(&[], b"a"), None);
        assert_eq!(get(&[0xff; 40], b"a"), None);
    }

    #[test]
    fn names_come_once() {
        let entries: [&[u8]; 6] = [b"", b"empty", b"a", b"", b"a", b"2"];
        assert_eq!(write(&mut vec![0; size(&entries)], &entries), Err(&b"a"[..]));
    }
}
