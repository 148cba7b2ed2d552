//! Scalars in signed windows (width-5 NAF): between two digits that are not zero are at least four zeros.
//! In: a number. Out: odd digits from -15 to 15, lowest first.

use super::modulus::Number;

/// Most digits: 384 bits and one.
pub(super) const DIGITS: usize = 385;
/// Digits, lowest first.
pub(super) type Digits = [i8; DIGITS];

/// The digits of a number of at most 384 bits.
#[inline(never)]
pub(super) fn digits<const N: usize>(number: &Number<N>) -> Digits {
    let mut digits = [0i8; DIGITS];
    let bit = |at: usize| number.get(at / 32).map_or(0, |word| word >> (at & 31) & 1);
    // What the digits so far were above the bits that they stand for.
    let mut carry = 0u32;
    let mut at = 0usize;
    while at < DIGITS {
        if bit(at) == carry {
            at = at.saturating_add(1);
            continue;
        }
        let five = (0..5usize).fold(0u32, |window, n| window | bit(at.saturating_add(n)) << n).wrapping_add(carry) & 31;
        carry = five >> 4;
        if let Some(place) = digits.get_mut(at) {
            *place = (five as i8).wrapping_sub((carry as i8).wrapping_mul(32));
        }
        at = at.saturating_add(5);
    }
    digits
}

/// The entry of a table of odd multiples for a digit that is not zero, and whether it is to be negated.
pub(super) fn entry<T>(table: &[T; 8], digit: i8) -> Option<(&T, bool)> {
    if digit == 0 {
        return None;
    }
    table.get(usize::from(digit.unsigned_abs() / 2)).map(|entry| (entry, digit < 0))
}

#[cfg(test)]
mod tests {
    use super::digits;

    #[test]
    fn digits_sum_up_to_the_number() {
        for seed in 0..2000u64 {
            let low =
                seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(seed as u32 % 64) | if seed % 3 == 0 { u64::MAX << 20 } else { 0 };
            let number = [low as u32, (low >> 32) as u32, if seed % 2 == 0 { u32::MAX } else { 0 }];
            let expected = u128::from(low) | u128::from(number[2]) << 64;
            let mut value = 0i128;
            for digit in digits(&number).iter().take(110).rev() {
                value = value * 2 + i128::from(*digit);
                assert!(*digit == 0 || digit % 2 != 0);
            }
            assert_eq!(value as u128, expected);
        }
    }
}
