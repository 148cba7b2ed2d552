//! Arithmetic modulo an odd number of `N` 32-bit digits (lowest first) in Montgomery form: a value `a` is held as `a · 2^(32N)`.
//! In: numbers below the modulus. Out: numbers below the modulus. Times depend on the numbers: they are public.
//!
//! 32-bit digits, because Wasm multiplies to 64 bits at most.

/// A number of `N` digits.
pub type Number<const N: usize> = [u32; N];

/// A modulus with what Montgomery's multiplication needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Modulus<const N: usize> {
    /// The modulus; odd.
    pub n: Number<N>,
    /// 1 in Montgomery form.
    pub one: Number<N>,
    /// The square of 2^(32N).
    pub square: Number<N>,
    /// The number that makes `n · inverse` end in -1.
    pub inverse: u32,
}

fn digit<const N: usize>(number: &Number<N>, at: usize) -> u64 {
    u64::from(number.get(at).copied().unwrap_or(0))
}

impl<const N: usize> Modulus<N> {
    /// `a · b / 2^(32N)`: the product of two values in Montgomery form. One of them may be any number of `N` digits.
    #[inline(never)]
    pub fn multiply(&self, a: &Number<N>, b: &Number<N>) -> Number<N> {
        let mut t = [0u32; N];
        let mut top = 0u64;
        for &a in a {
            let a = u64::from(a);
            let sum = digit(&t, 0).wrapping_add(a.wrapping_mul(digit(b, 0)));
            // The multiple of the modulus that makes the lowest digit zero, which then goes.
            let factor = u64::from((sum as u32).wrapping_mul(self.inverse));
            let mut carry = sum >> 32;
            let mut more = u64::from(sum as u32).wrapping_add(factor.wrapping_mul(digit(&self.n, 0))) >> 32;
            for j in 1..N {
                let sum = digit(&t, j).wrapping_add(a.wrapping_mul(digit(b, j))).wrapping_add(carry);
                carry = sum >> 32;
                let sum = u64::from(sum as u32).wrapping_add(factor.wrapping_mul(digit(&self.n, j))).wrapping_add(more);
                more = sum >> 32;
                if let Some(place) = t.get_mut(j.wrapping_sub(1)) {
                    *place = sum as u32;
                }
            }
            let sum = top.wrapping_add(carry).wrapping_add(more);
            if let Some(place) = t.last_mut() {
                *place = sum as u32;
            }
            top = sum >> 32;
        }
        self.once(t, top as u32)
    }

    /// The square.
    pub fn squared(&self, a: &Number<N>) -> Number<N> {
        self.multiply(a, a)
    }

    /// The sum.
    #[inline(never)]
    pub fn add(&self, a: &Number<N>, b: &Number<N>) -> Number<N> {
        let (sum, carry) = sum(a, b);
        self.once(sum, carry)
    }

    /// The difference.
    #[inline(never)]
    pub fn subtract(&self, a: &Number<N>, b: &Number<N>) -> Number<N> {
        let (difference, borrow) = difference(a, b);
        if borrow == 0 { difference } else { sum(&difference, &self.n).0 }
    }

    /// What makes it zero.
    pub fn negated(&self, a: &Number<N>) -> Number<N> {
        self.once(difference(&self.n, a).0, 0)
    }

    /// Takes the modulus off once, if that leaves something: `top` is the digit above.
    fn once(&self, number: Number<N>, top: u32) -> Number<N> {
        let (less, borrow) = difference(&number, &self.n);
        if top == 0 && borrow != 0 { number } else { less }
    }

    /// Into Montgomery form; any number of `N` digits.
    pub fn enter(&self, number: &Number<N>) -> Number<N> {
        self.multiply(number, &self.square)
    }

    /// Out of it.
    pub fn leave(&self, number: &Number<N>) -> Number<N> {
        let mut one = [0; N];
        if let Some(low) = one.first_mut() {
            *low = 1;
        }
        self.multiply(number, &one)
    }

    /// A power.
    #[inline(never)]
    pub fn power(&self, base: &Number<N>, exponent: &[u32]) -> Number<N> {
        let mut result = self.one;
        let mut begun = false;
        for word in exponent.iter().rev() {
            for bit in (0..32).rev() {
                if begun {
                    result = self.squared(&result);
                }
                if word >> bit & 1 == 1 {
                    result = if begun { self.multiply(&result, base) } else { *base };
                    begun = true;
                }
            }
        }
        result
    }

    /// The inverse modulo a prime, by Fermat; of 0 it is 0.
    pub fn inverted(&self, number: &Number<N>) -> Number<N> {
        let mut two = [0; N];
        if let Some(low) = two.first_mut() {
            *low = 2;
        }
        self.power(number, &difference(&self.n, &two).0)
    }

    /// Whether a number is below the modulus.
    pub fn contains(&self, number: &Number<N>) -> bool {
        difference(number, &self.n).1 != 0
    }
}

/// Whether a number is zero.
pub fn is_zero(number: &[u32]) -> bool {
    number.iter().all(|&digit| digit == 0)
}

/// A sum, and what goes beyond.
pub fn sum<const N: usize>(a: &Number<N>, b: &Number<N>) -> (Number<N>, u32) {
    let mut out = [0; N];
    let mut carry = 0u64;
    for ((place, &a), &b) in out.iter_mut().zip(a).zip(b) {
        carry = carry.wrapping_add(u64::from(a)).wrapping_add(u64::from(b));
        *place = carry as u32;
        carry >>= 32;
    }
    (out, carry as u32)
}

/// A difference, and 1 when it is negative.
pub fn difference<const N: usize>(a: &Number<N>, b: &Number<N>) -> (Number<N>, u32) {
    let mut out = [0; N];
    let mut borrow = 0u64;
    for ((place, &a), &b) in out.iter_mut().zip(a).zip(b) {
        let digit = u64::from(a).wrapping_sub(u64::from(b)).wrapping_sub(borrow);
        *place = digit as u32;
        borrow = digit >> 63;
    }
    (out, borrow as u32)
}

/// A number from bytes, highest first; what is too long is cut off above.
pub fn from_bytes<const N: usize>(bytes: &[u8]) -> Number<N> {
    let mut number = [0; N];
    for (place, four) in number.iter_mut().zip(bytes.rchunks(4)) {
        *place = four.iter().fold(0u32, |digit, &byte| digit.wrapping_shl(8) | u32::from(byte));
    }
    number
}

/// The bytes of a number, highest first.
pub fn to_bytes(number: &[u32], out: &mut [u8]) {
    for (four, digit) in out.rchunks_mut(4).zip(number) {
        let mut digit = *digit;
        for byte in four.iter_mut().rev() {
            *byte = digit as u8;
            digit = digit.wrapping_shr(8);
        }
    }
}
