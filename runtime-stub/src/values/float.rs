//! Floats as text. In: text or a float. Out: the nearest float, or its shortest text.
//!
//! Both ways are exact arithmetic on large numbers: reading divides them bit by bit, writing is Steele and White's free-format
//! algorithm as Burger and Dybvig give it ("Printing floating-point numbers quickly and accurately", 1996). The faster known ways
//! need tables of powers that every module would carry.

use core::cmp::Ordering;

use crate::rt::arena::Text;

/// 780 digits times what brings them to the least float: 2,640 bits.
const WORDS: usize = 88;
/// Digits that can decide how a number is rounded (767), and some more.
const DIGITS: u32 = 780;
/// Bits of a float behind its leading one.
const MANTISSA: u32 = 52;
/// Exponent of the least normal float.
const LEAST: i32 = -1022;

/// A large natural number, the low word first.
#[derive(Clone, Copy)]
struct Big {
    words: [u32; WORDS],
    used: usize,
}

impl Big {
    fn new(value: u64) -> Big {
        let mut big = Big { words: [0; WORDS], used: 0 };
        big.words.iter_mut().zip([value as u32, (value >> 32) as u32]).for_each(|(word, half)| *word = half);
        big.trim(2);
        big
    }

    fn used(&self) -> &[u32] {
        self.words.get(..self.used).unwrap_or(&[])
    }

    /// Counts the words again, of which so many may be other than 0.
    fn trim(&mut self, most: usize) {
        let most = most.min(WORDS);
        let zeros = self.words.iter().take(most).rev().take_while(|word| **word == 0).count();
        self.used = most.saturating_sub(zeros);
    }

    /// `self * by + plus`.
    #[inline(never)]
    fn multiply(&mut self, by: u32, plus: u32) {
        let mut carry = u64::from(plus);
        for word in self.words.iter_mut().take(self.used.saturating_add(1)) {
            carry = carry.wrapping_add(u64::from(*word).wrapping_mul(u64::from(by)));
            *word = carry as u32;
            carry >>= 32;
        }
        self.trim(self.used.saturating_add(1));
    }

    /// Times a power; `nine` is the ninth power of `base`.
    fn scale(&mut self, base: u32, nine: u32, exponent: u32) {
        for _ in 0..exponent / 9 {
            self.multiply(nine, 0);
        }
        for _ in 0..exponent % 9 {
            self.multiply(base, 0);
        }
    }

    /// `self << bits`
    #[inline(never)]
    fn shift(&mut self, bits: u32) {
        let (whole, part) = ((bits / 32) as usize, bits % 32);
        let before = self.words;
        let at = |n: Option<usize>| n.and_then(|n| before.get(n)).copied().unwrap_or(0);
        for (n, word) in self.words.iter_mut().enumerate() {
            let (high, low) = (at(n.checked_sub(whole)), at(n.checked_sub(whole.saturating_add(1))));
            *word = ((u64::from(high) << 32 | u64::from(low)) << part >> 32) as u32;
        }
        self.trim(self.used.saturating_add(whole).saturating_add(1));
    }

    /// How many bits it has.
    fn bits(&self) -> u32 {
        let last = self.used().last().map_or(0, |word| word.leading_zeros());
        (self.used as u32).wrapping_mul(32).wrapping_sub(last)
    }

    #[inline(never)]
    fn compare(&self, other: &Big) -> Ordering {
        self.used.cmp(&other.used).then_with(|| self.used().iter().rev().cmp(other.used().iter().rev()))
    }

    /// `self + other`
    fn add(&mut self, other: &Big) {
        let mut carry = 0u64;
        for (word, more) in self.words.iter_mut().zip(&other.words) {
            carry = carry.wrapping_add(u64::from(*word)).wrapping_add(u64::from(*more));
            *word = carry as u32;
            carry >>= 32;
        }
        self.trim(self.used.max(other.used).saturating_add(1));
    }

    /// `self - other`, which is not larger.
    #[inline(never)]
    fn subtract(&mut self, other: &Big) {
        let mut borrow = 0i64;
        for (word, less) in self.words.iter_mut().zip(&other.words).take(self.used) {
            borrow = borrow.wrapping_add(i64::from(*word)).wrapping_sub(i64::from(*less));
            *word = borrow as u32;
            borrow >>= 32;
        }
        self.trim(self.used);
    }
}

/// A number as it is written: digits without leading zeros, and the power of ten behind them.
struct Written {
    digits: Big,
    power: i64,
    /// Digits that were left out are other than 0.
    more: bool,
}

/// `float(s)`: a JSON number, or one with `+` or zeros before it, and nothing else. One that no float is near to is none.
pub fn parse(text: &[u8]) -> Option<f64> {
    let (negative, text) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        [..] => (false, text),
    };
    let magnitude = nearest(written(text)?)?;
    Some(if negative { -magnitude } else { magnitude })
}

fn written(text: &[u8]) -> Option<Written> {
    let mut number = Written { digits: Big::new(0), power: 0, more: false };
    let (mut count, mut rest) = (0u32, text);
    for fraction in [false, true] {
        let before = rest.len();
        while let [byte @ b'0'..=b'9', behind @ ..] = rest {
            let digit = u32::from(byte & 15);
            if count < DIGITS {
                number.digits.multiply(10, digit);
                count = count.saturating_add(u32::from(number.digits.used > 0));
                number.power = number.power.saturating_sub(i64::from(fraction));
            } else {
                number.more |= digit != 0;
                number.power = number.power.saturating_add(i64::from(!fraction));
            }
            rest = behind;
        }
        if rest.len() == before {
            return None;
        }
        match rest {
            [b'.', behind @ ..] if !fraction => rest = behind,
            [..] => break,
        }
    }
    let exponent = match rest {
        [] => 0,
        [b'e' | b'E', exponent @ ..] => self::exponent(exponent)?,
        [..] => return None,
    };
    number.power = number.power.saturating_add(exponent);
    Some(number)
}

/// The digits behind `e`; beyond a million it does not matter how many.
fn exponent(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        [..] => (false, text),
    };
    let mut value = 0i64;
    for byte in digits {
        if !byte.is_ascii_digit() {
            return None;
        }
        value = value.wrapping_mul(10).wrapping_add(i64::from(byte & 15)).min(1 << 40);
    }
    if digits.is_empty() { None } else { Some(if negative { value.wrapping_neg() } else { value }) }
}

/// The nearest float; of two the one with the even mantissa. Nothing when it is too large.
fn nearest(number: Written) -> Option<f64> {
    let Written { digits: mut above, power, more } = number;
    // 780 digits are less than the least float, one digit is more than the largest.
    if above.used == 0 || power < -1140 {
        return Some(0.0);
    }
    if power > 310 {
        return None;
    }
    let power = power as i32;
    // Ten is five times two: the twos go to the exponent.
    let mut below = Big::new(1);
    let place = if power < 0 { &mut below } else { &mut above };
    place.scale(5, 1_953_125, power.unsigned_abs());
    // The quotient is brought between 1 and 2.
    let (long, wide) = (above.bits(), below.bits());
    above.shift(wide.saturating_sub(long));
    below.shift(long.saturating_sub(wide));
    let mut exponent = power.wrapping_add(long as i32).wrapping_sub(wide as i32);
    if above.compare(&below) == Ordering::Less {
        above.shift(1);
        exponent = exponent.wrapping_sub(1);
    }
    if exponent > 1023 {
        return None;
    }
    // Below the least normal float there are fewer bits.
    let bits = exponent.saturating_sub(LEAST).min(0).saturating_add(MANTISSA as i32 + 1);
    if bits < 0 {
        return Some(0.0);
    }
    let mut mantissa = 0u64;
    for _ in 0..bits {
        mantissa <<= 1;
        if above.compare(&below) != Ordering::Less {
            above.subtract(&below);
            mantissa |= 1;
        }
        above.shift(1);
    }
    let up = match above.compare(&below) {
        Ordering::Less => false,
        Ordering::Equal => more || mantissa & 1 == 1,
        Ordering::Greater => true,
    };
    mantissa = mantissa.wrapping_add(u64::from(up));
    // A mantissa that rounding made longer carries into the exponent, as it should.
    let field = exponent.saturating_sub(LEAST).max(0) as u64;
    let value = f64::from_bits((field << MANTISSA).wrapping_add(mantissa));
    if value.is_finite() { Some(value) } else { None }
}

/// Adds a float: the fewest digits that read back as it, nearest to it, without exponent.
pub fn write(text: &mut Text<'_>, value: f64) {
    if value.is_sign_negative() {
        text.push_byte(b'-');
    }
    let (digits, count, point) = shortest(value.to_bits() & (u64::MAX >> 1));
    let digits = crate::bytes::until(&digits, count);
    if point <= 0 {
        text.push(b"0");
    }
    if count == 0 {
        return;
    }
    if point <= 0 {
        text.push_byte(b'.');
        for _ in point..0 {
            text.push_byte(b'0');
        }
    }
    for (n, digit) in (0i32..).zip(digits) {
        if n == point && n > 0 {
            text.push_byte(b'.');
        }
        text.push_byte(*digit);
    }
    for _ in count as i32..point {
        text.push_byte(b'0');
    }
}

/// The digits of a float (of its bits without sign), how many they are, and where the point is.
fn shortest(bits: u64) -> ([u8; 18], usize, i32) {
    let mut digits = [b'0'; 18];
    let field = (bits >> MANTISSA) as i32;
    let fraction = bits & ((1 << MANTISSA) - 1);
    if bits == 0 {
        return (digits, 0, 0);
    }
    let (mantissa, exponent) = if field == 0 { (fraction, 1) } else { (fraction | 1 << MANTISSA, field) };
    let exponent = exponent.wrapping_add(LEAST).wrapping_sub(1).wrapping_sub(MANTISSA as i32);
    let even = mantissa & 1 == 0;
    // Below a power of two the next float is half as far away as above.
    let uneven = fraction == 0 && field > 1;
    // value = above / below; what reads back as it lies within `gap / below` below it, and one or two of that above.
    let mut above = Big::new(mantissa);
    let (mut below, mut gap) = (Big::new(1), Big::new(1));
    above.shift(exponent.max(0).unsigned_abs().wrapping_add(1).wrapping_add(u32::from(uneven)));
    gap.shift(exponent.max(0).unsigned_abs());
    below.shift(exponent.min(0).unsigned_abs().wrapping_add(1).wrapping_add(u32::from(uneven)));
    let reaches = |above: &Big, below: &Big, gap: &Big| {
        let mut high = *above;
        high.add(gap);
        if uneven {
            high.add(gap);
        }
        match high.compare(below) {
            Ordering::Less => false,
            Ordering::Equal => even,
            Ordering::Greater => true,
        }
    };
    // Near the logarithm of the value (30103 / 100000 is that of 2), then exactly.
    let length = 63i32.wrapping_sub(mantissa.leading_zeros() as i32).wrapping_add(exponent);
    let mut point = length.wrapping_mul(30_103).div_euclid(100_000);
    if point > 0 {
        below.scale(10, 1_000_000_000, point.unsigned_abs());
    } else {
        above.scale(10, 1_000_000_000, point.unsigned_abs());
        gap.scale(10, 1_000_000_000, point.unsigned_abs());
    }
    for _ in 0..3 {
        if reaches(&above, &below, &gap) {
            below.multiply(10, 0);
            point = point.wrapping_add(1);
        }
    }
    let mut count = 0usize;
    for place in &mut digits {
        above.multiply(10, 0);
        gap.multiply(10, 0);
        let mut digit = b'0';
        while above.compare(&below) != Ordering::Less && digit < b'9' {
            above.subtract(&below);
            digit = digit.wrapping_add(1);
        }
        count = count.wrapping_add(1);
        let low = match above.compare(&gap) {
            Ordering::Less => true,
            Ordering::Equal => even,
            Ordering::Greater => false,
        };
        let high = reaches(&above, &below, &gap);
        if high {
            let mut twice = above;
            twice.multiply(2, 0);
            digit = digit.wrapping_add(u8::from(!low || twice.compare(&below) != Ordering::Less));
        }
        *place = digit;
        if low || high {
            break;
        }
    }
    (digits, count, point)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{parse, write};
    use crate::rt::arena::{Arena, Text};

    fn written(value: f64) -> String {
        let arena = Arena::new();
        let mut text = Text::new(&arena);
        write(&mut text, value);
        String::from_utf8(text.finish().unwrap().to_vec()).unwrap()
    }

    fn same(text: &str) {
        let expected = text.parse::<f64>().unwrap();
        let found = parse(text.as_bytes());
        assert_eq!(found.map(f64::to_bits), Some(expected).filter(|value| value.is_finite()).map(f64::to_bits), "{text}");
    }

    #[test]
    fn hard_numbers_are_read_as_the_standard_library_reads_them() {
        for text in [
            "0",
            "-0",
            "0.0e99",
            "1",
            "0.1",
            "123456789012345678901234567890",
            "9007199254740993",
            "9007199254740992.999999999999999999999999999999999999",
            "9007199254740993.000000000000000000000000000000000001",
            "1.7976931348623157e308",
            "1.7976931348623158e308",
            "1.7976931348623159e308",
            "179769313486231580793728971405303415079934132710037826936173778980444968292764750946649017977587207096330286416692887910946555547851940402630657488671505820681908902000708383676273854845817711531764475730270069855571366959622842914819860834936475292719074168444365510704342711559699508093042880",
            "2.2250738585072014e-308",
            "2.2250738585072011e-308",
            "4.9e-324",
            "2.4703282292062327e-324",
            "2.4703282292062328e-324",
            "1e-400",
            "1e400",
            "1e999999999999999999999",
            "1e-999999999999999999999",
            "0e999999999999999999999",
            "6.929001713869936e236",
            "7.2057594037927933e16",
            "1e23",
            "8.5e22",
            "5e-324",
            "3e-324",
        ] {
            same(text);
        }
        // Half between two floats, to the last digit, and next to it.
        let tie = format!("{:.1074}", f64::from_bits(1)).replace("49406", "24703");
        for digits in [1, 10, 300, 700, 1100] {
            same(&format!("1{}", "0".repeat(digits % 309)));
            same(&format!("0.{}1", "0".repeat(digits)));
            same(&format!("{}.5", "9".repeat(digits % 309)));
            same(&format!("{}e-{digits}", "7".repeat(digits)));
        }
        same(&tie);
        let half = "9007199254740993";
        for tail in ["", ".", ".0", ".00000001"] {
            let text = format!("{half}{tail}{}", if tail == "." { "0" } else { "" });
            same(&text);
            same(&format!("{text}{}1", if tail.is_empty() { "." } else { "" }.to_owned() + &"0".repeat(900)));
        }
    }

    #[test]
    fn random_floats_go_there_and_back() {
        let mut seed = 7u64;
        for round in 0..4_000u32 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let bits = match round % 4 {
                0 => seed,
                1 => seed & !0 << 40,
                2 => seed >> 12,
                _ => ((seed % 4_000_000) as f64 / 100.0).to_bits(),
            };
            let value = f64::from_bits(bits);
            if !value.is_finite() {
                continue;
            }
            let text = written(value);
            assert_eq!(text, value.to_string(), "{bits:x}");
            assert_eq!(parse(text.as_bytes()).map(f64::to_bits), Some(bits), "{text}");
            same(&format!("{value:e}"));
            same(&format!("{value:.3e}"));
        }
        for exponent in (0..2046u64).step_by(7) {
            let value = f64::from_bits(exponent << 52);
            assert_eq!(written(value), value.to_string());
            same(&value.to_string());
        }
    }

    #[test]
    fn texts() {
        for (value, expected) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (5.0, "5"),
            (0.5, "0.5"),
            (-1.25, "-1.25"),
            (1e21, "1000000000000000000000"),
            (9.999_999_999_999_998, "9.999999999999998"),
            (0.000_001, "0.000001"),
        ] {
            assert_eq!(written(value), expected);
        }
    }

    #[test]
    fn what_is_no_number_is_none() {
        for bad in [
            "", "-", "+", ".5", "5.", "1e", "1e+", "e5", "inf", "nan", "NaN", "0x1p3", "1_0", " 1", "1 ", "1.5.2", "1e5.0", "--1", "1,5",
            "\u{661}",
        ] {
            assert_eq!(parse(bad.as_bytes()), None, "{bad}");
        }
        assert_eq!((parse(b"+007.50"), parse(b"1E+2"), parse(b"-0.0").map(f64::to_bits)), (Some(7.5), Some(100.0), Some(1 << 63)));
    }
}
