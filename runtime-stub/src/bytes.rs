//! Reading and comparing bytes without a way to panic. In: slices and offsets. Out: values; 0 or nothing out of range.

/// The little-endian u32 at an offset; 0 out of range.
#[inline(never)]
pub fn u32_at(bytes: &[u8], offset: usize) -> u32 {
    match offset.checked_add(4).and_then(|end| bytes.get(offset..end)) {
        Some(&[a, b, c, d]) => u32::from_le_bytes([a, b, c, d]),
        Some(_) | None => 0,
    }
}

/// Four little-endian u32 in a row at an offset, with one look at the range; zeros out of range.
#[allow(clippy::inline_always)]
#[inline(always)]
pub fn four_at(bytes: &[u8], offset: usize) -> [u32; 4] {
    match bytes.get(offset..).and_then(|rest| rest.first_chunk::<16>()) {
        Some(&[a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p]) => [
            u32::from_le_bytes([a, b, c, d]),
            u32::from_le_bytes([e, f, g, h]),
            u32::from_le_bytes([i, j, k, l]),
            u32::from_le_bytes([m, n, o, p]),
        ],
        None => [0; 4],
    }
}

/// Two little-endian u32 in a row at an offset; zeros out of range.
#[allow(clippy::inline_always)]
#[inline(always)]
pub fn two_at(bytes: &[u8], offset: usize) -> [u32; 2] {
    match bytes.get(offset..).and_then(|rest| rest.first_chunk::<8>()) {
        Some(&[a, b, c, d, e, f, g, h]) => [u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h])],
        None => [0; 2],
    }
}

/// The little-endian u16 at an offset; 0 out of range.
#[inline(never)]
pub fn u16_at(bytes: &[u8], offset: usize) -> u16 {
    match offset.checked_add(2).and_then(|end| bytes.get(offset..end)) {
        Some(&[a, b]) => u16::from_le_bytes([a, b]),
        Some(_) | None => 0,
    }
}

/// The little-endian u64 at an offset; 0 out of range.
#[inline(never)]
pub fn u64_at(bytes: &[u8], offset: usize) -> u64 {
    match offset.checked_add(8).and_then(|end| bytes.get(offset..end)) {
        Some(&[a, b, c, d, e, f, g, h]) => u64::from_le_bytes([a, b, c, d, e, f, g, h]),
        Some(_) | None => 0,
    }
}

/// The byte at an offset; 0 out of range.
#[inline]
pub fn u8_at(bytes: &[u8], offset: usize) -> u8 {
    bytes.get(offset).copied().unwrap_or(0)
}

/// `len` bytes at an offset; empty when they are not all there.
#[inline(never)]
pub fn slice_at(bytes: &[u8], offset: usize, len: usize) -> &[u8] {
    offset.checked_add(len).and_then(|end| bytes.get(offset..end)).unwrap_or(&[])
}

/// From an offset to the end; empty out of range.
#[inline]
pub fn from(bytes: &[u8], offset: usize) -> &[u8] {
    bytes.get(offset..).unwrap_or(&[])
}

/// What stands before an offset; all out of range.
#[inline]
pub fn until(bytes: &[u8], offset: usize) -> &[u8] {
    bytes.get(..offset).unwrap_or(bytes)
}

/// Copies as much as fits and says how much.
#[inline(never)]
pub fn copy(to: &mut [u8], from: &[u8]) -> usize {
    let size = to.len().min(from.len());
    if let (Some(to), Some(from)) = (to.get_mut(..size), from.get(..size)) {
        // Both have `size` bytes: one `memory.copy`, and no way to panic is left.
        to.copy_from_slice(from);
    }
    size
}

/// Writes a little-endian u32 at an offset; nothing when it does not fit.
#[inline(never)]
pub fn put_u32(bytes: &mut [u8], offset: usize, value: u32) {
    if let Some(place) = offset.checked_add(4).and_then(|end| bytes.get_mut(offset..end)) {
        copy(place, &value.to_le_bytes());
    }
}

/// Writes a little-endian u64 at an offset; nothing when it does not fit.
#[inline(never)]
pub fn put_u64(bytes: &mut [u8], offset: usize, value: u64) {
    if let Some(place) = offset.checked_add(8).and_then(|end| bytes.get_mut(offset..end)) {
        copy(place, &value.to_le_bytes());
    }
}

/// A one in each byte.
pub const LOW: u64 = u64::from_le_bytes([1; 8]);
/// The highest bit of each byte.
pub const HIGH: u64 = u64::from_le_bytes([0x80; 8]);

/// Where a byte first stands.
#[inline(never)]
pub fn position(bytes: &[u8], wanted: u8) -> Option<usize> {
    first(bytes, |word| equal(word, wanted), |byte| byte == wanted)
}

/// How many bytes stand before the first quotation mark, backslash or control character.
#[inline(never)]
pub fn plain(bytes: &[u8]) -> usize {
    let ends = |word: u64| equal(word, b'"') | equal(word, b'\\') | word.wrapping_sub(LOW.wrapping_mul(0x20)) & !word;
    first(bytes, ends, |byte| byte < 0x20 || byte == b'"' || byte == b'\\').unwrap_or(bytes.len())
}

/// The first byte that is wanted. Eight are looked at at once, because texts are long and what is wanted mostly is not there:
/// `in_word` sets the highest bit of the first byte of eight that is wanted, and of none before it.
#[allow(clippy::inline_always)]
#[inline(always)]
fn first(bytes: &[u8], in_word: impl Fn(u64) -> u64, wanted: impl Fn(u8) -> bool) -> Option<usize> {
    let (words, rest) = bytes.as_chunks::<8>();
    let mut at = 0usize;
    for word in words {
        let found = in_word(u64::from_le_bytes(*word)) & HIGH;
        if found != 0 {
            return Some(at.wrapping_add((found.trailing_zeros() >> 3) as usize));
        }
        at = at.wrapping_add(8);
    }
    rest.iter().position(|&byte| wanted(byte)).map(|place| at.wrapping_add(place))
}

/// The highest bit of each byte that is this one; those above the first may be set for others, too.
fn equal(word: u64, wanted: u8) -> u64 {
    let differences = word ^ LOW.wrapping_mul(u64::from(wanted));
    differences.wrapping_sub(LOW) & !differences
}

/// Splits at the first such byte; without one, all and nothing.
#[inline(never)]
pub fn split_once(bytes: &[u8], separator: u8) -> Option<(&[u8], &[u8])> {
    let at = position(bytes, separator)?;
    Some((until(bytes, at), from(bytes, at.saturating_add(1))))
}

/// FNV-1a, 32 bits: the hash of all tables.
#[inline(never)]
pub fn hash(bytes: &[u8]) -> u32 {
    hash_more(0x811c_9dc5, bytes)
}

/// Continues an FNV-1a hash.
#[inline]
pub fn hash_more(mut state: u32, bytes: &[u8]) -> u32 {
    for &byte in bytes {
        state = (state ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    }
    state
}

/// Whether two texts are equal but for ASCII case.
#[inline(never)]
pub fn equal_ignoring_case(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.eq_ignore_ascii_case(b))
}

/// Equality in time that depends on the lengths only.
pub fn equal_in_constant_time(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let mut difference = 0u8;
    for (a, b) in a.iter().zip(b) {
        difference |= a ^ b;
    }
    // INVARIANT: the optimiser must not leave the loop early; `black_box` hides the accumulator from it.
    core::hint::black_box(difference) == 0
}

#[cfg(test)]
mod tests {
    use super::{copy, equal_in_constant_time, four_at, plain, position, slice_at, split_once, two_at, u16_at, u32_at, u64_at};

    /// Every byte at every place among every other byte.
    #[test]
    fn the_first_of_many() {
        for wanted in 0..=255u8 {
            for around in 0..=255u8 {
                let mut bytes = [around; 21];
                for at in 0..bytes.len() {
                    bytes = [around; 21];
                    bytes.iter_mut().skip(at).step_by(5).for_each(|byte| *byte = wanted);
                    assert_eq!(position(&bytes, wanted), bytes.iter().position(|byte| *byte == wanted), "{wanted} in {around}");
                    let is_plain = |byte: &u8| *byte >= 0x20 && !matches!(*byte, b'"' | b'\\');
                    let expected = bytes.iter().position(|byte| !is_plain(byte)).unwrap_or(bytes.len());
                    assert_eq!(plain(&bytes), expected, "{wanted} in {around}");
                }
                assert_eq!(position(&bytes, around.wrapping_add(1)), bytes.iter().position(|byte| *byte == around.wrapping_add(1)));
            }
        }
        assert_eq!((position(b"", 0), plain(b"")), (None, 0));
    }

    #[test]
    fn reading_out_of_range_gives_nothing() {
        assert_eq!(u32_at(&[1, 2, 3], 0), 0);
        assert_eq!(u32_at(&[1, 0, 0, 0], usize::MAX), 0);
        assert_eq!(u32_at(&[9, 1, 0, 0, 0], 1), 1);
        assert_eq!(four_at(&[7; 15], 0), [0; 4]);
        assert_eq!(four_at(&[1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0], 0), [1, 2, 3, 4]);
        assert_eq!(two_at(&[9, 1, 0, 0, 0, 2, 0, 0, 0], 1), [1, 2]);
        assert_eq!(two_at(&[1; 8], 1), [0; 2]);
        assert_eq!(two_at(&[1; 8], usize::MAX), [0; 2]);
        assert_eq!(u16_at(&[1], 0), 0);
        assert_eq!(u64_at(&[1; 7], 0), 0);
        assert!(slice_at(b"abc", 2, 2).is_empty());
        assert!(slice_at(b"abc", 2, usize::MAX).is_empty());
        assert_eq!(slice_at(b"abc", 1, 2), b"bc");
    }

    #[test]
    fn copies_what_fits() {
        let mut place = [0; 2];
        assert_eq!(copy(&mut place, b"abc"), 2);
        assert_eq!(&place, b"ab");
    }

    #[test]
    fn splits_at_the_first() {
        assert_eq!(split_once(b"a=b=c", b'='), Some((&b"a"[..], &b"b=c"[..])));
        assert_eq!(split_once(b"abc", b'='), None);
    }

    #[test]
    fn compares_secrets() {
        assert!(equal_in_constant_time(b"abc", b"abc"));
        assert!(!equal_in_constant_time(b"abc", b"abd"));
        assert!(!equal_in_constant_time(b"abc", b"ab"));
    }
}
