//! SipHash-1-3. With a zero key it tells which cluster of a split a key goes to: stable over workers, restarts and versions.
//! With a random one it places the keys of limits. SipHash-2-4 with 128 bits is the tag of verified API keys.
//! Aumasson, Bernstein: SipHash, a fast short-input PRF (2012).

/// The hash of these bytes under the zero key.
pub fn hash(bytes: &[u8]) -> u64 {
    keyed([0; 2], bytes)
}

/// The hash of these bytes under a key: who does not know it cannot choose bytes that fall together.
pub fn keyed([k0, k1]: [u64; 2], bytes: &[u8]) -> u64 {
    let mut state = State::new([k0, k1]);
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        state.absorb::<1>(u64::from_le_bytes(*word));
    }
    state.absorb::<1>(last(bytes.len(), rest));
    state.v2 ^= 0xff;
    state.rounds::<3>();
    state.output()
}

/// SipHash-2-4-128 of a word and the bytes behind it, under a key.
pub fn tag(key: [u64; 2], word: u64, bytes: &[u8]) -> [u64; 2] {
    let mut state = State::new(key);
    state.v1 ^= 0xee;
    state.absorb::<2>(word);
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        state.absorb::<2>(u64::from_le_bytes(*word));
    }
    state.absorb::<2>(last(bytes.len().wrapping_add(8), rest));
    state.v2 ^= 0xee;
    state.rounds::<4>();
    let first = state.output();
    state.v1 ^= 0xdd;
    state.rounds::<4>();
    [first, state.output()]
}

/// The last word: what is left of the message, and its length.
fn last(len: usize, rest: &[u8]) -> u64 {
    let mut last = (len as u64) << 56;
    for (n, &byte) in rest.iter().enumerate() {
        last |= u64::from(byte).wrapping_shl((n as u32).wrapping_mul(8));
    }
    last
}

struct State {
    v0: u64,
    v1: u64,
    v2: u64,
    v3: u64,
}

impl State {
    fn new([k0, k1]: [u64; 2]) -> State {
        State {
            v0: k0 ^ 0x736f_6d65_7073_6575,
            v1: k1 ^ 0x646f_7261_6e64_6f6d,
            v2: k0 ^ 0x6c79_6765_6e65_7261,
            v3: k1 ^ 0x7465_6462_7974_6573,
        }
    }

    fn absorb<const ROUNDS: u32>(&mut self, word: u64) {
        self.v3 ^= word;
        self.rounds::<ROUNDS>();
        self.v0 ^= word;
    }

    fn rounds<const ROUNDS: u32>(&mut self) {
        for _ in 0..ROUNDS {
            self.round();
        }
    }

    fn output(&self) -> u64 {
        self.v0 ^ self.v1 ^ self.v2 ^ self.v3
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
    use super::{hash, tag};
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

    #[test]
    fn tags_are_those_of_the_reference() {
        // The reference's test vectors: key 00…0f, messages 00, 01, 02, … of 8 and more bytes, the first of which are our word.
        let key = [0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908];
        let expected = [
            (8, [0x3b, 0x62, 0xa9, 0xba, 0x62, 0x58, 0xf5, 0x61, 0x0f, 0x83, 0xe2, 0x64, 0xf3, 0x14, 0x97, 0xb4]),
            (9, [0x26, 0x44, 0x99, 0x06, 0x0a, 0xd9, 0xba, 0xab, 0xc4, 0x7f, 0x8b, 0x02, 0xbb, 0x6d, 0x71, 0xed]),
        ];
        for (len, bytes) in expected {
            let rest: Vec<u8> = (8..len).collect();
            let [first, second] = tag(key, key[0], &rest);
            assert_eq!([first.to_le_bytes(), second.to_le_bytes()].concat(), bytes, "{len}");
        }
    }
}
