//! MD5 (RFC 1321): for what speaks it still; it protects nothing.

use super::{Algorithm, Digest, SIZE};
use crate::bytes;

/// Its state, and the constants of its rounds ([`rounds`]).
#[derive(Clone, Copy)]
pub struct Md5<'t> {
    state: [u32; 4],
    rounds: &'t [u8],
}

impl<'t> Md5<'t> {
    /// Before the first block.
    pub const fn new(rounds: &'t [u8]) -> Md5<'t> {
        Md5 { state: [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476], rounds }
    }
}

/// By how much the four steps of each round rotate.
const SHIFTS: [[u32; 4]; 4] = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];

impl Algorithm for Md5<'_> {
    const BLOCK: usize = 64;
    const SIZE: usize = 16;
    const LENGTH: usize = 8;

    #[inline(never)]
    fn absorb(&mut self, block: &[u8]) {
        let [mut a, mut b, mut c, mut d] = self.state;
        for n in 0..64usize {
            let (mixed, word) = match n / 16 {
                0 => ((b & c) | (!b & d), n),
                1 => ((d & b) | (!d & c), n.wrapping_mul(5).wrapping_add(1)),
                2 => (b ^ c ^ d, n.wrapping_mul(3).wrapping_add(5)),
                _ => (c ^ (b | !d), n.wrapping_mul(7)),
            };
            let word = bytes::u32_at(block, (word & 15).wrapping_mul(4));
            let constant = bytes::u32_at(self.rounds, n.wrapping_mul(4));
            let shift = SHIFTS.get(n / 16).and_then(|row| row.get(n & 3)).copied().unwrap_or(0);
            let sum = a.wrapping_add(mixed).wrapping_add(constant).wrapping_add(word);
            (a, d, c, b) = (d, c, b, b.wrapping_add(sum.rotate_left(shift)));
        }
        for (word, add) in self.state.iter_mut().zip([a, b, c, d]) {
            *word = word.wrapping_add(add);
        }
    }

    fn length(bits: u64) -> [u8; 8] {
        bits.to_le_bytes()
    }

    fn output(&self) -> Digest {
        let mut digest = [0; SIZE];
        for (place, word) in digest.chunks_exact_mut(4).zip(self.state) {
            bytes::copy(place, &word.to_le_bytes());
        }
        digest
    }
}

/// The constants of the rounds, for the policy's data.
#[cfg(not(target_arch = "wasm32"))]
pub fn rounds() -> Vec<u8> {
    ROUNDS.iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// The whole parts of `|sin(n)| * 2^32`, n from 1.
#[cfg(not(target_arch = "wasm32"))]
const ROUNDS: [u32; 64] = [
    0xd76a_a478,
    0xe8c7_b756,
    0x2420_70db,
    0xc1bd_ceee,
    0xf57c_0faf,
    0x4787_c62a,
    0xa830_4613,
    0xfd46_9501,
    0x6980_98d8,
    0x8b44_f7af,
    0xffff_5bb1,
    0x895c_d7be,
    0x6b90_1122,
    0xfd98_7193,
    0xa679_438e,
    0x49b4_0821,
    0xf61e_2562,
    0xc040_b340,
    0x265e_5a51,
    0xe9b6_c7aa,
    0xd62f_105d,
    0x0244_1453,
    0xd8a1_e681,
    0xe7d3_fbc8,
    0x21e1_cde6,
    0xc337_07d6,
    0xf4d5_0d87,
    0x455a_14ed,
    0xa9e3_e905,
    0xfcef_a3f8,
    0x676f_02d9,
    0x8d2a_4c8a,
    0xfffa_3942,
    0x8771_f681,
    0x6d9d_6122,
    0xfde5_380c,
    0xa4be_ea44,
    0x4bde_cfa9,
    0xf6bb_4b60,
    0xbebf_bc70,
    0x289b_7ec6,
    0xeaa1_27fa,
    0xd4ef_3085,
    0x0488_1d05,
    0xd9d4_d039,
    0xe6db_99e5,
    0x1fa2_7cf8,
    0xc4ac_5665,
    0xf429_2244,
    0x432a_ff97,
    0xab94_23a7,
    0xfc93_a039,
    0x655b_59c3,
    0x8f0c_cc92,
    0xffef_f47d,
    0x8584_5dd1,
    0x6fa8_7e4f,
    0xfe2c_e6e0,
    0xa301_4314,
    0x4e08_11a1,
    0xf753_7e82,
    0xbd3a_f235,
    0x2ad7_d2bb,
    0xeb86_d391,
];
