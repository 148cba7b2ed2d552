//! Numbers of JSON, compared by value: `1.0`, `1` and `10e-1` are equal, however many digits they have.
//! In: a number as it is written, checked. Out: its value as digits and exponent.

/// A number: 0.DIGITS times ten to the power of `exponent`, where the first and last of the digits are not 0.
#[derive(Clone, Copy, Debug)]
pub struct Number<'a> {
    negative: bool,
    /// Digits as written, a point may stand among them; neither the first nor the last is a 0.
    digits: &'a [u8],
    exponent: i64,
}

impl<'a> Number<'a> {
    /// Reads a number.
    pub fn read(written: &'a [u8]) -> Number<'a> {
        let (negative, text) = match written.split_first() {
            Some((b'-', rest)) => (true, rest),
            Some(_) | None => (false, written),
        };
        let split = text.iter().position(|byte| matches!(byte, b'e' | b'E')).unwrap_or(text.len());
        let (mantissa, power) = text.split_at_checked(split).unwrap_or((text, &[]));
        let power = power.get(1..).unwrap_or(&[]);
        let whole = mantissa.iter().position(|byte| *byte == b'.').unwrap_or(mantissa.len());
        let significant = |byte: &u8| (b'1'..=b'9').contains(byte);
        let (Some(first), Some(last)) = (mantissa.iter().position(significant), mantissa.iter().rposition(significant)) else {
            // Every zero is the same, `-0` too.
            return Number { negative: false, digits: &[], exponent: 0 };
        };
        // Digits before the point count up, zeros behind it down.
        let place = if first < whole { distance(whole, first) } else { distance(whole, first).saturating_add(1) };
        let digits = mantissa.get(first..=last).unwrap_or(&[]);
        Number { negative, digits, exponent: place.saturating_add(self::power(power)) }
    }

    fn each(&self) -> impl Iterator<Item = u8> + use<'a> {
        self.digits.iter().copied().filter(|byte| *byte != b'.').map(|byte| byte.wrapping_sub(b'0'))
    }

    /// Whether both are the same number.
    pub fn equals(&self, other: &Number<'_>) -> bool {
        self.negative == other.negative && self.exponent == other.exponent && self.each().eq(other.each())
    }

    /// Its value, if it is an int that fits.
    pub fn int(&self) -> Option<i64> {
        if self.digits.is_empty() {
            return Some(0);
        }
        if !(1..=19).contains(&self.exponent) {
            return None;
        }
        let mut value = 0i128;
        let mut left = self.exponent;
        for digit in self.each() {
            left = left.saturating_sub(1);
            if left < 0 {
                return None;
            }
            value = value.saturating_mul(10).saturating_add(i128::from(digit));
        }
        for _ in 0..left {
            value = value.saturating_mul(10);
        }
        i64::try_from(if self.negative { value.saturating_neg() } else { value }).ok()
    }
}

fn distance(end: usize, start: usize) -> i64 {
    i64::try_from(end).unwrap_or(i64::MAX).saturating_sub(i64::try_from(start).unwrap_or(i64::MAX))
}

/// The number behind `e`. What does not fit becomes the outermost: no body has so many digits that it could matter.
fn power(written: &[u8]) -> i64 {
    let (negative, digits) = match written.split_first() {
        Some((b'-', rest)) => (true, rest),
        Some((b'+', rest)) => (false, rest),
        Some(_) | None => (false, written),
    };
    const MOST: i64 = 1 << 60;
    let value =
        digits.iter().fold(0i64, |value, digit| value.saturating_mul(10).saturating_add(i64::from(digit.wrapping_sub(b'0'))).min(MOST));
    if negative { value.saturating_neg() } else { value }
}

#[cfg(test)]
mod tests {
    use super::Number;

    #[test]
    fn numbers_are_equal_by_value() {
        for same in [
            &["1", "1.0", "10e-1", "0.1e1", "1E0", "0.001e3", "1.000e+0", "100e-2"][..],
            &["0", "-0", "0.00", "0e99", "-0.0e-5"],
            &["120", "1.2e2", "12e1", "120.0"],
            &["-5.5", "-55e-1"],
        ] {
            for a in same {
                for b in same {
                    assert!(Number::read(a.as_bytes()).equals(&Number::read(b.as_bytes())), "{a} {b}");
                }
            }
        }
        for (a, b) in [
            ("1", "-1"),
            ("1", "10"),
            ("1.1", "1.10001"),
            ("9007199254740993", "9007199254740992"),
            ("0.1", "0.01"),
            ("1e400", "1e401"),
            ("12", "1.2"),
        ] {
            assert!(!Number::read(a.as_bytes()).equals(&Number::read(b.as_bytes())), "{a} {b}");
        }
    }

    #[test]
    fn ints() {
        for (text, value) in [
            ("1.0", Some(1)),
            ("1e2", Some(100)),
            ("-0", Some(0)),
            ("1.5", None),
            ("9223372036854775807", Some(i64::MAX)),
            ("-9223372036854775808", Some(i64::MIN)),
            ("9223372036854775808", None),
            ("1e18", Some(1_000_000_000_000_000_000)),
            ("1e19", None),
            ("123e-1", None),
            ("1230e-1", Some(123)),
            ("0.5", None),
            ("1e-99999999999999999999999", None),
            ("1e99999999999999999999999", None),
        ] {
            assert_eq!(Number::read(text.as_bytes()).int(), value, "{text}");
        }
    }
}
