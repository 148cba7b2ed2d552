//! SipHash-1-3. With a zero key it tells which cluster of a split a key goes to: stable over workers, restarts and versions.
//! With a random one it places the keys of limits.
//! Aumasson, Bernstein: SipHash, a fast short-input PRF (2012).

/// The hash of these bytes under the zero key.
pub fn hash(bytes: &[u8]) -> u64 {
    keyed([0; 2], bytes)
}

/// The hash of these bytes under a key: who does not know it cannot choose bytes that fall together.
pub fn keyed([k0, k1]: [u64; 2], bytes: &[u8]) -> u64 {
    let mut state = State {
        v0: k0 ^ 0x736f_6d65_7073_6575,
        v1: k1 ^ 0x646f_7261_6e64_6f6d,
        v2: k0 ^ 0x6c79_6765_6e65_7261,
        v3: k1 ^ 0x7465_6462_7974_6573,
    };
    let mut at = 0usize;
    while at.saturating_add(8) <= bytes.len() {
        state.absorb(crate::bytes::u64_at(bytes, at));
        at = at.wrapping_add(8);
    }
    let mut last = (bytes.len() as u64) << 56;
    for (n, &byte) in crate::bytes::from(bytes, at).iter().enumerate() {
        last |= u64::from(byte).wrapping_shl((n as u32).wrapping_mul(8));
    }
    state.absorb(last);
    state.v2 ^= 0xff;
    for _ in 0..3 {
        state.round();
    }
    state.v0 ^ state.v1 ^ state.v2 ^ state.v3
}

struct State {
    v0: u64,
    v1: u64,
    v2: u64,
    v3: u64,
}

impl State {
    fn absorb(&mut self, word: u64) {
        self.v3 ^= word;
        self.round();
        self.v0 ^= word;
    }

    fn round(&mut self) {
        self.v0 = self.v0.wrapping_add(self.v1);
        self.v1 = self.v1.rotate_left(13) ^ self.v0;
        self.v0 = self.v0.rotate_left(32);
        self.v2 = self.v2.wrapping_add(self.v3);
        self.v3 = self.v3.rotate_left(16) ^ self.v2;
        self.v0 = self.v0.wrapping_add(self.v3);
        self.v3 = self.v3.rotate_left(21) ^ self.v0;
        self.v2 = self.v2.wrapping_add(self.v1);
        self.v1 = self.v1.rotate_left(17) ^ self.v2;
        self.v2 = self.v2.rotate_left(32);
    }
}

#[cfg(test)]
#[allow(deprecated)]
mod tests {
    use super::hash;
    use std::hash::{DefaultHasher, Hasher};

    #[test]
    fn agrees_with_the_standard_librarys_hasher() {
        // `DefaultHasher` is SipHash-1-3 with a zero key.
        for len in 0..40usize {
            let bytes: Vec<u8> = (0..len).map(|n| u8::try_from(n * 7 % 256).unwrap_or(0)).collect();
            let mut hasher = DefaultHasher::new();
            hasher.write(&bytes);
            assert_eq!(hash(&bytes), hasher.finish(), "{len}");
        }
    }
}
