//! Tables of numbers: little-endian digits, one number after the other. In: bytes. Out: numbers; zeros where there are no more.

use super::modulus::{Modulus, Number};
use crate::bytes;

/// Reads numbers in order.
pub struct Words<'t> {
    rest: &'t [u8],
}

impl<'t> Words<'t> {
    /// From the start of a table.
    pub const fn new(table: &'t [u8]) -> Words<'t> {
        Words { rest: table }
    }

    /// The next number.
    #[inline(never)]
    pub fn number<const N: usize>(&mut self) -> Number<N> {
        let mut number = [0; N];
        for (place, four) in number.iter_mut().zip(self.rest.chunks_exact(4)) {
            *place = bytes::u32_at(four, 0);
        }
        self.rest = bytes::from(self.rest, N.wrapping_mul(4));
        number
    }

    /// The next modulus.
    pub fn modulus<const N: usize>(&mut self) -> Modulus<N> {
        Modulus { n: self.number(), one: self.number(), square: self.number(), inverse: self.number::<1>()[0] }
    }
}

/// Writes a number.
#[cfg(not(target_arch = "wasm32"))]
pub fn put(table: &mut Vec<u8>, number: &[u32]) {
    table.extend(number.iter().flat_map(|digit| digit.to_le_bytes()));
}

/// Writes a modulus.
#[cfg(not(target_arch = "wasm32"))]
pub fn put_modulus<const N: usize>(table: &mut Vec<u8>, modulus: &Modulus<N>) {
    for number in [&modulus.n, &modulus.one, &modulus.square] {
        put(table, number);
    }
    put(table, &[modulus.inverse]);
}
