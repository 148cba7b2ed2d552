//! Floats as they are read from text. In: text. Out: the nearest float.

/// A JSON number, or one with `+` or zeros before it, and nothing else; one that no float is near to (`1e400`) is none.
pub fn parse(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['-', '+']).unwrap_or(exponent))),
        None => (unsigned, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || fraction.is_some_and(|part| !digits(part)) || exponent.is_some_and(|part| !digits(part)) {
        return None;
    }
    text.parse::<f64>().ok().filter(|value| value.is_finite())
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn numbers_and_nothing_else() {
        for (text, expected) in [("1", 1.0), ("-0.5", -0.5), ("+1e3", 1000.0), ("007.50", 7.5), ("1E-2", 0.01), ("1e-400", 0.0)] {
            assert_eq!(parse(text), Some(expected), "{text}");
        }
        for bad in ["", "-", ".5", "5.", "1e", "1e+", "inf", "nan", "NaN", "0x1p3", "1_0", " 1", "1 ", "1e400", "-1e400", "1.5.2", "١"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
