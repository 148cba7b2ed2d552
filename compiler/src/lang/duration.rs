//! Durations as they are written: a whole number and a unit. In: text, nanoseconds. Out: the other.

use super::time::{DAY, HOUR, MINUTE, SECOND};

/// Units, the longest first.
const UNITS: [(&str, i64); 5] = [("d", DAY), ("h", HOUR), ("m", MINUTE), ("s", SECOND), ("ms", SECOND / 1000)];

/// `250ms`, `30s`, `5m`, `1h`, `7d`, also with `-` before it; nothing else, and within 64 bits of nanoseconds.
pub fn parse(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let end = digits.find(|letter: char| !letter.is_ascii_digit())?;
    let (number, unit) = text.split_at(text.len() - digits.len() + end);
    let (_, nanoseconds) = UNITS.iter().find(|(name, _)| *name == unit)?;
    if end == 0 { None } else { number.parse::<i64>().ok()?.checked_mul(*nanoseconds) }
}

/// The shortest text of a whole number of milliseconds.
pub fn text(nanoseconds: i64) -> String {
    let unit = UNITS.iter().find(|(_, length)| nanoseconds % length == 0).or(UNITS.last());
    unit.map_or_else(String::new, |(name, length)| format!("{}{name}", nanoseconds / length))
}

#[cfg(test)]
mod tests {
    use super::{parse, text};

    #[test]
    fn durations() {
        for (written, expected) in [("250ms", 250_000_000), ("30s", 30_000_000_000), ("-5m", -300_000_000_000), ("7d", 604_800_000_000_000)]
        {
            assert_eq!(parse(written), Some(expected));
            assert_eq!(text(expected), written);
        }
        assert_eq!((parse("0s"), parse("007s"), parse("106751d").is_some()), (Some(0), Some(7_000_000_000), true));
        for bad in
            ["", "s", "-", "-s", "5", "5 s", " 5s", "5s ", "1.5s", "+5s", "1h30m", "5S", "106752d", "99999999999999999999ms", "٣s", "1_0s"]
        {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
