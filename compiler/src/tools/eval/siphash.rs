//! SipHash-1-3 with a zero key (Aumasson, Bernstein: SipHash, a fast short-input PRF): the hash that `split` goes by.

/// One round of the permutation.
fn round(state: &mut [u64; 4]) {
    let [a, b, c, d] = state;
    *a = a.wrapping_add(*b);
    *b = b.rotate_left(13) ^ *a;
    *a = a.rotate_left(32);
    *c = c.wrapping_add(*d);
    *d = d.rotate_left(16) ^ *c;
    *a = a.wrapping_add(*d);
    *d = d.rotate_left(21) ^ *a;
    *c = c.wrapping_add(*b);
    *b = b.rotate_left(17) ^ *c;
    *c = c.rotate_left(32);
}

/// The hash of some bytes.
pub(super) fn siphash_1_3(bytes: &[u8]) -> u64 {
    let mut state = [0x736f_6d65_7073_6575, 0x646f_7261_6e64_6f6d, 0x6c79_6765_6e65_7261, 0x7465_6462_7974_6573_u64];
    let (words, tail) = bytes.as_chunks::<8>();
    let mut last = [0; 8];
    last.iter_mut().zip(tail).for_each(|(to, from)| *to = *from);
    // The last word carries the length in its highest byte.
    let last = u64::from_le_bytes(last) | (bytes.len() as u64) << 56;
    for word in words.iter().map(|word| u64::from_le_bytes(*word)).chain([last]) {
        state[3] ^= word;
        round(&mut state);
        state[0] ^= word;
    }
    state[2] ^= 0xff;
    for _ in 0..3 {
        round(&mut state);
    }
    state.iter().fold(0, |hash, word| hash ^ word)
}

#[cfg(test)]
mod tests {
    use std::hash::Hasher;

    /// The standard library's default hasher is SipHash-1-3 with a zero key.
    #[test]
    #[allow(clippy::indexing_slicing)]
    fn agrees_with_the_standard_library() {
        let bytes: Vec<u8> = (0..100).collect();
        for length in 0..100 {
            let mut hasher = std::hash::DefaultHasher::new();
            hasher.write(&bytes[..length]);
            assert_eq!(super::siphash_1_3(&bytes[..length]), hasher.finish(), "{length}");
        }
    }
}
