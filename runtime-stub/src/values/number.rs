//! Numbers. In: text or ints. Out: ints; nothing traps.

/// `int(s)`: an optional sign and decimal digits, nothing else, within 64 bits.
pub fn parse(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        [..] => (false, text),
    };
    if digits.is_empty() {
        return None;
    }
    let mut value = 0i64;
    for &byte in digits {
        if !byte.is_ascii_digit() {
            return None;
        }
        let digit = i64::from(byte.wrapping_sub(b'0'));
        value = value.checked_mul(10)?;
        value = if negative { value.checked_sub(digit)? } else { value.checked_add(digit)? };
    }
    Some(value)
}

/// The digits of an int, at the end of `place`.
pub fn digits(value: i64, place: &mut [u8; 20]) -> &[u8] {
    let mut rest = value.unsigned_abs();
    let mut start = place.len();
    for (at, byte) in place.iter_mut().enumerate().rev() {
        *byte = b'0'.wrapping_add(u8::try_from(rest % 10).unwrap_or(0));
        rest /= 10;
        start = at;
        if rest == 0 {
            break;
        }
    }
    if value < 0 {
        start = start.saturating_sub(1);
        if let Some(byte) = place.get_mut(start) {
            *byte = b'-';
        }
    }
    place.get(start..).unwrap_or(&[])
}

/// Remainder with the sign of the first; 0 when the second is 0.
pub fn remainder(a: i64, b: i64) -> i64 {
    a.checked_rem(b).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{digits, parse, remainder};

    #[test]
    fn round_trip() {
        for value in [0, 7, -7, 10, i64::MAX, i64::MIN, 1_000_000_007] {
            let mut place = [0; 20];
            assert_eq!(digits(value, &mut place), value.to_string().as_bytes());
            assert_eq!(parse(value.to_string().as_bytes()), Some(value));
        }
    }

    #[test]
    fn what_is_no_int_is_none() {
        for text in ["", "-", "+", "1 ", " 1", "1.0", "0x1", "9223372036854775808", "-9223372036854775809", "--1", "1_0", "\u{661}"] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
        assert_eq!(parse(b"+007"), Some(7));
    }

    #[test]
    fn remainders_never_trap() {
        assert_eq!((remainder(7, 0), remainder(i64::MIN, -1), remainder(-7, 3), remainder(7, -3)), (0, 0, -1, 1));
    }
}
