//! SHA-1 (FIPS 180-4): for what signs with it still; nothing new should.

use super::{Algorithm, Digest};
use crate::bytes;

/// Its state.
#[derive(Clone, Copy)]
pub struct Sha1([u32; 5]);

impl Sha1 {
    /// Before the first block.
    pub const fn new() -> Sha1 {
        Sha1([0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0])
    }
}

impl Algorithm for Sha1 {
    const BLOCK: usize = 64;
    const SIZE: usize = 20;
    const LENGTH: usize = 8;

    #[inline(never)]
    fn absorb(&mut self, block: &[u8]) {
        let mut ring = [0u32; 16];
        for (word, four) in ring.iter_mut().zip(block.chunks_exact(4)) {
            *word = bytes::u32_at(four, 0).swap_bytes();
        }
        let [mut a, mut b, mut c, mut d, mut e] = self.0;
        for n in 0..80usize {
            let at = |back: usize| ring.get(n.wrapping_sub(back) & 15).copied().unwrap_or(0);
            let word = if n < 16 { at(0) } else { (at(3) ^ at(8) ^ at(14) ^ at(16)).rotate_left(1) };
            if let Some(place) = ring.get_mut(n & 15) {
                *place = word;
            }
            let (mixed, constant) = match n / 20 {
                0 => ((b & c) | (!b & d), 0x5a82_7999u32),
                1 => (b ^ c ^ d, 0x6ed9_eba1),
                2 => ((b & c) | (b & d) | (c & d), 0x8f1b_bcdc),
                _ => (b ^ c ^ d, 0xca62_c1d6),
            };
            let next = a.rotate_left(5).wrapping_add(mixed).wrapping_add(e).wrapping_add(constant).wrapping_add(word);
            (e, d, c, b, a) = (d, c, b.rotate_left(30), a, next);
        }
        for (word, add) in self.0.iter_mut().zip([a, b, c, d, e]) {
            *word = word.wrapping_add(add);
        }
    }

    fn length(bits: u64) -> [u8; 8] {
        bits.to_be_bytes()
    }

    fn output(&self) -> Digest {
        super::sha256::words(&self.0)
    }
}
