//! SHA-256 (FIPS 180-4), written for size as far as speed allows: one block is 16 times four rounds.

use super::{Algorithm, Digest, SIZE};
use crate::bytes;

/// Fractional parts of the cube roots of the first 64 primes.
const ROUNDS: [u32; 64] = [
    0x428a_2f98,
    0x7137_4491,
    0xb5c0_fbcf,
    0xe9b5_dba5,
    0x3956_c25b,
    0x59f1_11f1,
    0x923f_82a4,
    0xab1c_5ed5,
    0xd807_aa98,
    0x1283_5b01,
    0x2431_85be,
    0x550c_7dc3,
    0x72be_5d74,
    0x80de_b1fe,
    0x9bdc_06a7,
    0xc19b_f174,
    0xe49b_69c1,
    0xefbe_4786,
    0x0fc1_9dc6,
    0x240c_a1cc,
    0x2de9_2c6f,
    0x4a74_84aa,
    0x5cb0_a9dc,
    0x76f9_88da,
    0x983e_5152,
    0xa831_c66d,
    0xb003_27c8,
    0xbf59_7fc7,
    0xc6e0_0bf3,
    0xd5a7_9147,
    0x06ca_6351,
    0x1429_2967,
    0x27b7_0a85,
    0x2e1b_2138,
    0x4d2c_6dfc,
    0x5338_0d13,
    0x650a_7354,
    0x766a_0abb,
    0x81c2_c92e,
    0x9272_2c85,
    0xa2bf_e8a1,
    0xa81a_664b,
    0xc24b_8b70,
    0xc76c_51a3,
    0xd192_e819,
    0xd699_0624,
    0xf40e_3585,
    0x106a_a070,
    0x19a4_c116,
    0x1e37_6c08,
    0x2748_774c,
    0x34b0_bcb5,
    0x391c_0cb3,
    0x4ed8_aa4a,
    0x5b9c_ca4f,
    0x682e_6ff3,
    0x748f_82ee,
    0x78a5_636f,
    0x84c8_7814,
    0x8cc7_0208,
    0x90be_fffa,
    0xa450_6ceb,
    0xbef9_a3f7,
    0xc671_78f2,
];

/// Fractional parts of the square roots of the first 8 primes.
const START: [u32; 8] = [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// Its state.
#[derive(Clone, Copy)]
pub struct Sha256([u32; 8]);

impl Sha256 {
    /// Before the first block.
    pub const fn new() -> Sha256 {
        Sha256(START)
    }
}

impl Algorithm for Sha256 {
    const BLOCK: usize = 64;
    const SIZE: usize = 32;
    const LENGTH: usize = 8;

    /// Takes in 64 bytes. The schedule is a ring of 16 words, the rounds are written out four at a time: then the state changes
    /// places once for four of them.
    #[inline(never)]
    fn absorb(&mut self, block: &[u8]) {
        let mut ring = [0u32; 16];
        for (word, four) in ring.iter_mut().zip(block.as_chunks::<4>().0) {
            *word = u32::from_be_bytes(*four);
        }
        let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = self.0;
        let mut is_first = true;
        for constants in ROUNDS.as_chunks::<16>().0 {
            if !is_first {
                extend(&mut ring);
            }
            is_first = false;
            for (&[k0, k1, k2, k3], &[w0, w1, w2, w3]) in constants.as_chunks::<4>().0.iter().zip(ring.as_chunks::<4>().0) {
                (d, h) = round([a, b, c, d, e, f, g, h], k0.wrapping_add(w0));
                (c, g) = round([h, a, b, c, d, e, f, g], k1.wrapping_add(w1));
                (b, f) = round([g, h, a, b, c, d, e, f], k2.wrapping_add(w2));
                (a, e) = round([f, g, h, a, b, c, d, e], k3.wrapping_add(w3));
                (a, b, c, d, e, f, g, h) = (e, f, g, h, a, b, c, d);
            }
        }
        for (word, add) in self.0.iter_mut().zip([a, b, c, d, e, f, g, h]) {
            *word = word.wrapping_add(add);
        }
    }

    fn length(bits: u64) -> [u8; 8] {
        bits.to_be_bytes()
    }

    fn output(&self) -> Digest {
        words(&self.0)
    }
}

/// The next 16 words of the schedule.
#[allow(clippy::inline_always)]
#[inline(always)]
fn extend(ring: &mut [u32; 16]) {
    for n in 0..16usize {
        let at = |ahead: usize| ring.get(n.wrapping_add(ahead) & 15).copied().unwrap_or(0);
        let (x, y) = (at(1), at(14));
        let first = x.rotate_right(7) ^ x.rotate_right(18) ^ (x >> 3);
        let second = y.rotate_right(17) ^ y.rotate_right(19) ^ (y >> 10);
        let word = at(0).wrapping_add(first).wrapping_add(at(9)).wrapping_add(second);
        ring.get_mut(n).into_iter().for_each(|place| *place = word);
    }
}

/// One round: the new fourth and eighth words.
#[allow(clippy::inline_always)]
#[inline(always)]
fn round([a, b, c, d, e, f, g, h]: [u32; 8], word: u32) -> (u32, u32) {
    let choice = g ^ (e & (f ^ g));
    let majority = (a & b) | (c & (a | b));
    let one = e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25);
    let zero = a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22);
    let t = h.wrapping_add(one).wrapping_add(choice).wrapping_add(word);
    (d.wrapping_add(t), t.wrapping_add(zero).wrapping_add(majority))
}

/// Words as a digest, highest byte first.
pub(super) fn words(words: &[u32]) -> Digest {
    let mut digest = [0; SIZE];
    for (place, word) in digest.chunks_exact_mut(4).zip(words) {
        bytes::copy(place, &word.to_be_bytes());
    }
    digest
}

/// The digest of bytes that are all there.
#[inline(never)]
pub fn digest(message: &[u8]) -> [u8; 32] {
    let mut digest = [0; 32];
    bytes::copy(&mut digest, &super::of(Sha256::new(), message));
    digest
}
