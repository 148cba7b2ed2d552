//! Numbers with their units. In: the digits and letters of one number. Out: its value, or what is wrong with it.

use super::token::Token;

/// Why a number is none: what stands at its place, and how to mend it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BadNumber {
    /// The sentence.
    pub(super) message: String,
    /// The label at the number.
    pub(super) label: String,
    /// The fix.
    pub(super) help: String,
}

/// Nanoseconds of each unit of time.
const DURATIONS: [(&str, i64); 5] =
    [("ms", 1_000_000), ("s", 1_000_000_000), ("m", 60_000_000_000), ("h", 3_600_000_000_000), ("d", 86_400_000_000_000)];

/// Bytes of each unit of size.
const SIZES: [(&str, i64); 4] = [("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];

/// The token that a number with its unit is.
pub(super) fn number(text: &str) -> Result<Token, BadNumber> {
    let end_of_digits = text.find(|c: char| !(c.is_ascii_digit() || c == '_' || c == '.')).unwrap_or(text.len());
    let (digits, unit) = text.split_at_checked(end_of_digits).unwrap_or((text, ""));
    if digits.ends_with('_') {
        return Err(bad(text, "`_` stands between digits", format!("write `{}{unit}`", digits.trim_end_matches('_'))));
    }
    let plain = digits.replace('_', "");
    if plain.contains('.') {
        return fraction(text, &plain, unit);
    }
    let Ok(value) = plain.parse::<i64>() else {
        let least = if plain == "9223372036854775808" { ", and `-9223372036854775807 - 1` for the least" } else { "" };
        return Err(bad(text, "larger than an `int` can be", format!("use at most `{}`{least}", i64::MAX)));
    };
    if unit.is_empty() {
        return Ok(Token::Int(value));
    }
    if unit == "%" {
        return percent(text, value.checked_mul(100));
    }
    if let Some((_, nanoseconds)) = DURATIONS.iter().find(|(name, _)| *name == unit) {
        let longest = i64::MAX / nanoseconds;
        return value
            .checked_mul(*nanoseconds)
            .map(Token::Duration)
            .ok_or_else(|| bad(text, "longer than a duration can be", format!("use at most `{longest}{unit}`")));
    }
    if let Some((_, bytes)) = SIZES.iter().find(|(name, _)| *name == unit) {
        let largest = i64::MAX / bytes;
        return value
            .checked_mul(*bytes)
            .map(Token::Size)
            .ok_or_else(|| bad(text, "larger than a size can be", format!("use at most `{largest}{unit}`")));
    }
    Err(bad(text, format!("`{unit}` is no unit"), unit_help(&plain, unit)))
}

/// `0.5` and `2.5%`; only these have a fraction.
fn fraction(text: &str, digits: &str, unit: &str) -> Result<Token, BadNumber> {
    if unit == "%" {
        let hundredths = digits.split_once('.').filter(|(_, after)| after.len() <= 2).and_then(|(before, after)| {
            let after = format!("{after:0<2}").parse::<i64>().ok()?;
            before.parse::<i64>().ok()?.checked_mul(100)?.checked_add(after)
        });
        return percent(text, hundredths);
    }
    if !unit.is_empty() {
        let help = "use a whole number of a smaller unit, such as `1500ms` for 1.5 s";
        return Err(bad(text, "a number with a unit is a whole number", help));
    }
    match digits.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(Token::Float(value)),
        Ok(_) | Err(_) => Err(bad(text, "larger than a `float` can be", "use a smaller number")),
    }
}

fn percent(text: &str, hundredths: Option<i64>) -> Result<Token, BadNumber> {
    hundredths
        .and_then(|value| u32::try_from(value).ok())
        .filter(|value| *value <= 10_000)
        .map(Token::Percent)
        .ok_or_else(|| bad(text, "no percentage", "use `0%` to `100%`, with at most two digits after the point"))
}

/// The unit that was probably meant.
fn unit_help(digits: &str, unit: &str) -> String {
    let meant = match unit.to_ascii_lowercase().as_str() {
        "sec" | "secs" | "second" | "seconds" => Some("s"),
        "min" | "mins" | "minute" | "minutes" => Some("m"),
        "hr" | "hrs" | "hour" | "hours" => Some("h"),
        "day" | "days" => Some("d"),
        "msec" | "millis" => Some("ms"),
        "b" | "byte" | "bytes" => Some("B"),
        "k" | "kb" | "kib" => Some("KiB"),
        "mb" | "mib" => Some("MiB"),
        "g" | "gb" | "gib" => Some("GiB"),
        _ => None,
    };
    let period = match unit.to_ascii_lowercase().as_str() {
        "rps" | "qps" | "tps" => Some("1s"),
        "rpm" | "qpm" => Some("1m"),
        "rph" => Some("1h"),
        "rpd" => Some("1d"),
        _ => None,
    };
    if let Some(period) = period {
        return format!("write `{digits} per {period}` for a rate");
    }
    match meant {
        Some(meant) => format!("write `{digits}{meant}`"),
        None => "use a duration (`ms s m h d`), a size (`B KiB MiB GiB`), `%` or no unit".to_owned(),
    }
}

fn bad(text: &str, label: impl Into<String>, help: impl Into<String>) -> BadNumber {
    BadNumber { message: format!("`{text}` is not a valid number"), label: label.into(), help: help.into() }
}

#[cfg(test)]
mod tests {
    use super::{Token, number};

    #[test]
    fn numbers_have_values() {
        assert_eq!(number("1_000"), Ok(Token::Int(1000)));
        assert_eq!(number("0.5"), Ok(Token::Float(0.5)));
        assert_eq!(number("250ms"), Ok(Token::Duration(250_000_000)));
        assert_eq!(number("7d"), Ok(Token::Duration(7 * 86_400_000_000_000)));
        assert_eq!(number("8MiB"), Ok(Token::Size(8 << 20)));
        assert_eq!(number("512B"), Ok(Token::Size(512)));
        assert_eq!(number("5%"), Ok(Token::Percent(500)));
        assert_eq!(number("2.5%"), Ok(Token::Percent(250)));
        assert_eq!(number("0.05%"), Ok(Token::Percent(5)));
        assert_eq!(number("9223372036854775807"), Ok(Token::Int(i64::MAX)));
    }

    #[test]
    fn others_are_refused() {
        for text in ["9223372036854775808", "1_", "5x", "1e5", "1.5h", "101%", "1.001%", "999999999d", "9999999999GiB", "10kb"] {
            assert!(number(text).is_err(), "{text}");
        }
    }
}
