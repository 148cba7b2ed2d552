//! Header lists as the ABI serialises them: count, sizes, then keys and values with a NUL after each.

use super::abi::{MAX_PAIRS, MAX_PAIRS_BYTES};

/// A decoded list.
pub(crate) type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

/// Serialises; an empty list is no bytes at all, as Envoy returns it.
pub(crate) fn encode<'a>(pairs: impl ExactSizeIterator<Item = (&'a [u8], &'a [u8])> + Clone) -> Vec<u8> {
    let mut out = Vec::new();
    if pairs.len() == 0 {
        return out;
    }
    out.extend(word(pairs.len()));
    for (key, value) in pairs.clone() {
        out.extend(word(key.len()));
        out.extend(word(value.len()));
    }
    for (key, value) in pairs {
        out.extend(key);
        out.push(0);
        out.extend(value);
        out.push(0);
    }
    out
}

/// Decodes as Envoy does: whatever is malformed or over a limit is silently the empty list.
pub(crate) fn decode(bytes: &[u8]) -> Pairs {
    if bytes.len() > MAX_PAIRS_BYTES {
        return Vec::new();
    }
    strict(bytes).unwrap_or_default()
}

fn strict(bytes: &[u8]) -> Option<Pairs> {
    let count = read_word(bytes, 0)?;
    if count > MAX_PAIRS {
        return None;
    }
    let mut at = 4 + count * 8;
    let mut pairs = Vec::with_capacity(count);
    for index in 0..count {
        let key = text(bytes, &mut at, read_word(bytes, 4 + index * 8)?)?;
        let value = text(bytes, &mut at, read_word(bytes, 8 + index * 8)?)?;
        pairs.push((key, value));
    }
    (at == bytes.len()).then_some(pairs)
}

fn text(bytes: &[u8], at: &mut usize, size: usize) -> Option<Vec<u8>> {
    let end = at.checked_add(size)?;
    let text = bytes.get(*at..end)?.to_vec();
    if bytes.get(end) != Some(&0) {
        return None;
    }
    *at = end + 1;
    Some(text)
}

fn read_word(bytes: &[u8], at: usize) -> Option<usize> {
    let word: [u8; 4] = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
    usize::try_from(u32::from_le_bytes(word)).ok()
}

fn word(size: usize) -> [u8; 4] {
    u32::try_from(size).unwrap_or(u32::MAX).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::{decode, encode};

    #[test]
    fn round_trip_and_limits() {
        let pairs = [(b"a".as_slice(), b"1".as_slice()), (b"bc", b"")];
        let bytes = encode(pairs.iter().copied());
        assert_eq!(bytes.len(), 4 + 16 + 1 + 1 + 1 + 1 + 2 + 1 + 1);
        assert_eq!(decode(&bytes), vec![(b"a".to_vec(), b"1".to_vec()), (b"bc".to_vec(), Vec::new())]);
        let mut longer = bytes;
        longer.push(0);
        assert!(decode(&longer).is_empty());
        assert!(encode([].into_iter()).is_empty());
        let many: Vec<_> = (0..1025).map(|_| (b"k".as_slice(), b"v".as_slice())).collect();
        assert!(decode(&encode(many.iter().copied())).is_empty());
        assert_eq!(decode(&encode(many.iter().copied().take(1024))).len(), 1024);
    }
}
