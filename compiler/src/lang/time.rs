//! Times of RFC 3339 as nanoseconds since 1970. In: text. Out: a number.

/// Nanoseconds of a second.
pub const SECOND: i64 = 1_000_000_000;
/// Nanoseconds of a minute.
pub const MINUTE: i64 = 60 * SECOND;
/// Nanoseconds of an hour.
pub const HOUR: i64 = 60 * MINUTE;
/// Nanoseconds of a day.
pub const DAY: i64 = 24 * HOUR;

/// A time as RFC 3339 writes it, with nothing before or behind: `2026-01-05T10:00:00.5+02:00`. Digits of a second behind the
/// ninth do not count. Nothing for what is no such time, and for times that 64 bits of nanoseconds do not reach.
pub fn parse(text: &str) -> Option<i64> {
    let number = |range: std::ops::Range<usize>| {
        let digits = text.get(range)?;
        digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse::<i64>().ok()).flatten()
    };
    let at = |index: usize| text.as_bytes().get(index).copied();
    let punctuated = at(4) == Some(b'-') && at(7) == Some(b'-') && at(13) == Some(b':') && at(16) == Some(b':');
    if !punctuated || !matches!(at(10), Some(b'T' | b't')) {
        return None;
    }
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
    let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let length = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=length).contains(&day) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let mut rest = text.get(19..)?;
    let mut nanoseconds = 0_i64;
    if let Some(fraction) = rest.strip_prefix('.') {
        let digits = fraction.len() - fraction.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let padded = format!("{:0<9}", fraction.get(..digits.min(9))?);
        nanoseconds = if digits == 0 { return None } else { padded.parse().ok()? };
        rest = fraction.get(digits..)?;
    }
    let seconds = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset(rest)?;
    i64::try_from(i128::from(seconds) * i128::from(SECOND) + i128::from(nanoseconds)).ok()
}

/// Seconds that a zone is ahead of UTC.
fn offset(zone: &str) -> Option<i64> {
    if matches!(zone, "Z" | "z") {
        return Some(0);
    }
    let [sign @ (b'+' | b'-'), digits @ ..] = zone.as_bytes() else { return None };
    let [h1, h2, b':', m1, m2] = digits else { return None };
    let digit = |byte: &u8| byte.is_ascii_digit().then(|| i64::from(*byte) - 48);
    let (hours, minutes) = (digit(h1)? * 10 + digit(h2)?, digit(m1)? * 10 + digit(m2)?);
    let ahead = hours * 3600 + minutes * 60;
    (hours < 24 && minutes < 60).then_some(if *sign == b'-' { -ahead } else { ahead })
}

/// A time of UTC as RFC 3339 writes it: without a fraction where the second is whole, else with three, six or nine digits.
pub fn text(time: i64) -> String {
    let (second, nanoseconds) = (time.div_euclid(SECOND), time.rem_euclid(SECOND));
    let clock = second.rem_euclid(86_400);
    // Counted from the first of March of the year 0, in cycles of 400 years.
    let day = second.div_euclid(86_400) + 719_468;
    let (cycle, day) = (day.div_euclid(146_097), day.rem_euclid(146_097));
    let before = |year: i64| year * 365 + year / 4 - year / 100 + year / 400;
    let guess = day / 365;
    let year = if before(guess) > day { guess - 1 } else { guess };
    let day = day - before(year);
    let since_march = (0..12).rev().find(|month| (month * 153 + 2) / 5 <= day).unwrap_or(0);
    let day = day - (since_march * 153 + 2) / 5 + 1;
    let month = (since_march + 2) % 12 + 1;
    let year = cycle * 400 + year + i64::from(month <= 2);
    let fraction = match nanoseconds {
        0 => String::new(),
        _ if nanoseconds % 1_000_000 == 0 => format!(".{:03}", nanoseconds / 1_000_000),
        _ if nanoseconds % 1000 == 0 => format!(".{:06}", nanoseconds / 1000),
        _ => format!(".{nanoseconds:09}"),
    };
    let (hour, minute, second) = (clock / 3600, clock / 60 % 60, clock % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z")
}

/// Days from 1970-01-01 to a date of the Gregorian calendar; the year is counted from March so that the leap day is last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let since_march = (month + 9) % 12;
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leap_days + (since_march * 153 + 2) / 5 + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use super::{parse, text};

    #[test]
    fn texts_are_read_back() {
        for (time, expected) in [
            (0, "1970-01-01T00:00:00Z"),
            (1_767_607_200_500_000_000, "2026-01-05T10:00:00.500Z"),
            (1_767_607_200_000_001_000, "2026-01-05T10:00:00.000001Z"),
            (i64::MAX, "2262-04-11T23:47:16.854775807Z"),
            (i64::MIN, "1677-09-21T00:12:43.145224192Z"),
        ] {
            assert_eq!(text(time), expected);
        }
        for day in -106_751..=106_751 {
            let time = day * super::DAY - 1;
            assert_eq!(parse(&text(time)), Some(time));
        }
    }

    #[test]
    fn times() {
        for (text, expected) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2026-01-05T10:00:00Z", 1_767_607_200_000_000_000),
            ("2026-01-05t12:00:00.5+02:00", 1_767_607_200_500_000_000),
            ("2024-02-29T00:00:00z", 1_709_164_800_000_000_000),
            ("1969-12-31T23:59:59.999999999-00:00", -1),
            ("2262-04-11T23:47:16.854775807Z", i64::MAX),
            ("1677-09-21T00:12:43.145224192Z", i64::MIN),
            ("1970-01-01T00:00:00.0000000019Z", 1),
        ] {
            assert_eq!(parse(text), Some(expected), "{text}");
        }
        for bad in [
            "2025-02-29T00:00:00Z",
            "1900-02-29T00:00:00Z",
            "2026-01-05",
            "2026-01-05T10:00:00",
            "2026-01-05 10:00:00Z",
            "2026-13-05T10:00:00Z",
            "2026-00-05T10:00:00Z",
            "2026-01-00T10:00:00Z",
            "2026-01-05T24:00:00Z",
            "2026-01-05T23:60:00Z",
            "2016-12-31T23:59:60Z",
            "2026-01-05T10:00:00.Z",
            "2026-01-05T10:00:00+24:00",
            "2026-01-05T10:00:00+0+:30",
            "2026-01-05T10:00:00+0100",
            "2026-01-05T10:00:00Z ",
            "+026-01-05T10:00:00Z",
            "2262-04-11T23:47:16.854775808Z",
            "1677-09-21T00:12:43.145224191Z",
            "9999-12-31T23:59:59Z",
            "é",
            "",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
