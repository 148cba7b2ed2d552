//! The host's serialisation of header pairs: count, sizes of all names and values, then all of them, each ended by NUL.
//! In: any bytes. Out: name and value slices; a buffer that is not well formed ends early and says so.

use crate::bytes::u32_at;

/// The pairs of a serialised map.
#[derive(Clone, Copy)]
pub struct Pairs<'a> {
    /// Two sizes for each pair that is to come.
    sizes: &'a [u8],
    data: &'a [u8],
}

impl<'a> Pairs<'a> {
    /// Of an empty map.
    pub const EMPTY: Pairs<'static> = Pairs { sizes: &[], data: &[] };

    /// Reads the count; nothing when the sizes do not fit into the buffer. Envoy gives no bytes for an empty map.
    pub fn new(bytes: &'a [u8]) -> Option<Pairs<'a>> {
        let count = u32_at(bytes, 0) as usize;
        if count == 0 {
            return Some(Pairs::EMPTY);
        }
        let (sizes, data) = bytes.get(4..)?.split_at_checked(count.checked_mul(8)?)?;
        Some(Pairs { sizes, data })
    }

    /// Bytes of names and values that are to come.
    pub fn size(&self) -> usize {
        self.data.len()
    }

    /// How many pairs are to come.
    pub fn left(&self) -> usize {
        self.sizes.len() >> 3
    }
}

/// Takes a part and its end, which must be a NUL.
#[inline]
fn part(data: &[u8], len: usize) -> Option<(&[u8], &[u8])> {
    match data.split_at_checked(len)? {
        (part, [0, rest @ ..]) => Some((part, rest)),
        (_, [..]) => None,
    }
}

impl<'a> Iterator for Pairs<'a> {
    type Item = (&'a [u8], &'a [u8]);

    /// The next pair. When `left` is not 0 after the last one, the buffer was not well formed.
    fn next(&mut self) -> Option<(&'a [u8], &'a [u8])> {
        let (&[a, b, c, d, e, f, g, h], sizes) = self.sizes.split_first_chunk::<8>()?;
        let (name, rest) = part(self.data, u32::from_le_bytes([a, b, c, d]) as usize)?;
        let (value, rest) = part(rest, u32::from_le_bytes([e, f, g, h]) as usize)?;
        self.sizes = sizes;
        self.data = rest;
        Some((name, value))
    }
}

/// Writes pairs for the host; nothing when memory is exhausted.
pub fn write<'a>(pairs: &[(&[u8], &[u8])], arena: &'a crate::rt::arena::Arena) -> Option<&'a [u8]> {
    let size = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes();
    let mut text = crate::rt::arena::Text::new(arena);
    text.push(&u32::try_from(pairs.len()).unwrap_or(u32::MAX).to_le_bytes());
    for (name, value) in pairs {
        text.push(&size(name));
        text.push(&size(value));
    }
    for (name, value) in pairs {
        for part in [name, value] {
            text.push(part);
            text.push_byte(0);
        }
    }
    text.finish()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::{Pairs, write};
    use crate::rt::arena::Arena;
    use crate::testing::serialise;

    fn sample(count: usize) -> Vec<(Vec<u8>, Vec<u8>)> {
        (0..count).map(|n| (format!("x-{n}").into_bytes(), vec![b'v'; n % 7])).collect()
    }

    #[test]
    fn reads_what_hosts_and_we_write() {
        for count in [0, 1, 17, 5000] {
            let pairs = sample(count);
            let bytes = serialise(&pairs);
            let read: Vec<_> = Pairs::new(&bytes).unwrap().map(|(n, v)| (n.to_vec(), v.to_vec())).collect();
            assert_eq!(read, pairs);
            let arena = Arena::new();
            let slices: Vec<(&[u8], &[u8])> = pairs.iter().map(|(n, v)| (n.as_slice(), v.as_slice())).collect();
            assert_eq!(write(&slices, &arena).unwrap(), bytes);
        }
    }

    #[test]
    fn empty_maps() {
        for bytes in [&b""[..], b"\0", b"\0\0\0\0"] {
            assert_eq!(Pairs::new(bytes).unwrap().count(), 0);
        }
    }

    #[test]
    fn every_truncation_and_flipped_byte_is_survived() {
        let bytes = serialise(&sample(9));
        for len in 0..bytes.len() {
            if let Some(mut pairs) = Pairs::new(&bytes[..len]) {
                let read = pairs.by_ref().count();
                assert!(read < 9 && (pairs.left() > 0 || len < 4), "{len}");
            }
        }
        for at in 0..bytes.len() {
            for value in [0, 1, 0x7f, 0xff] {
                let mut broken = bytes.clone();
                broken[at] = value;
                if let Some(pairs) = Pairs::new(&broken) {
                    assert!(pairs.count() <= 9 * 256);
                }
            }
        }
        assert!(Pairs::new(&[0xff; 64]).is_none());
    }
}
