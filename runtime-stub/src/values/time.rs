//! Times: nanoseconds since 1970. In: text or times. Out: times or their parts; nothing traps.

use super::number;
use crate::rt::arena::{Arena, Text};

/// Nanoseconds of a second.
const SECOND: i64 = 1_000_000_000;

/// `time(s)`: a time of RFC 3339 and nothing else, within 64 bits. Digits of a second behind the ninth do not count.
pub fn parse(text: &[u8]) -> Option<i64> {
    let [y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1, b'T' | b't', h0, h1, b':', i0, i1, b':', s0, s1, rest @ ..] = text else {
        return None;
    };
    let year = two(y0, y1)?.wrapping_mul(100).wrapping_add(two(y2, y3)?);
    let (month, day) = (two(m0, m1)?, two(d0, d1)?);
    let (hour, minute, second) = (two(h0, h1)?, two(i0, i1)?, two(s0, s1)?);
    if !(1..=12).contains(&month) || day < 1 || day > length(year, month) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let (nanoseconds, zone) = fraction(rest)?;
    let clock = hour.wrapping_mul(3600).wrapping_add(minute.wrapping_mul(60)).wrapping_add(second);
    let seconds = days(year, month, day).wrapping_mul(86_400).wrapping_add(clock).wrapping_sub(offset(zone)?);
    // The last nanoseconds of a negative second may be in reach although the second itself is not.
    let (seconds, nanoseconds) =
        if seconds < 0 { (seconds.wrapping_add(1), nanoseconds.wrapping_sub(SECOND)) } else { (seconds, nanoseconds) };
    seconds.checked_mul(SECOND)?.checked_add(nanoseconds)
}

/// Two digits.
fn two(tens: &u8, ones: &u8) -> Option<i64> {
    Some(digit(tens)?.wrapping_mul(10).wrapping_add(digit(ones)?))
}

fn digit(byte: &u8) -> Option<i64> {
    if byte.is_ascii_digit() { Some(i64::from(byte & 15)) } else { None }
}

fn is_leap(year: i64) -> bool {
    year & 3 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// Days of a month.
fn length(year: i64, month: i64) -> i64 {
    match month {
        2 => 28i64.wrapping_add(i64::from(is_leap(year))),
        // From August on the long months are the even ones.
        _ => 30i64.wrapping_add(month.wrapping_add(month >> 3) & 1),
    }
}

/// Days since 1970-01-01.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let before = year.wrapping_sub(1);
    let leaps = before.div_euclid(4).wrapping_sub(before.div_euclid(100)).wrapping_add(before.div_euclid(400));
    let mut days = before.wrapping_mul(365).wrapping_add(leaps).wrapping_add(day).wrapping_sub(1);
    let mut earlier = 1i64;
    while earlier < month {
        days = days.wrapping_add(length(year, earlier));
        earlier = earlier.wrapping_add(1);
    }
    days.wrapping_sub(719_162)
}

/// Nanoseconds of a fraction, and what follows it.
fn fraction(text: &[u8]) -> Option<(i64, &[u8])> {
    let Some(digits) = text.strip_prefix(b".") else { return Some((0, text)) };
    let (mut nanoseconds, mut unit, mut rest) = (0i64, SECOND / 10, digits);
    while let [byte, behind @ ..] = rest {
        let Some(digit) = digit(byte) else { break };
        nanoseconds = nanoseconds.wrapping_add(digit.wrapping_mul(unit));
        unit /= 10;
        rest = behind;
    }
    if rest.len() == digits.len() { None } else { Some((nanoseconds, rest)) }
}

/// Seconds that a zone is ahead of UTC.
fn offset(zone: &[u8]) -> Option<i64> {
    let (ahead, [h0, h1, b':', m0, m1]) = (match zone {
        [b'Z' | b'z'] => return Some(0),
        [b'+', digits @ ..] => (true, digits),
        [b'-', digits @ ..] => (false, digits),
        [..] => return None,
    }) else {
        return None;
    };
    let (hours, minutes) = (two(h0, h1)?, two(m0, m1)?);
    if hours > 23 || minutes > 59 {
        return None;
    }
    let seconds = hours.wrapping_mul(3600).wrapping_add(minutes.wrapping_mul(60));
    Some(if ahead { seconds } else { seconds.wrapping_neg() })
}

/// A duration as it is written: a whole number, maybe with `-` before it, and a unit.
pub fn duration(text: &[u8]) -> Option<i64> {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    let count = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(digits.len()).saturating_add(count))?;
    let length = match unit {
        b"ms" => SECOND / 1000,
        b"s" => SECOND,
        b"m" => 60 * SECOND,
        b"h" => 3600 * SECOND,
        b"d" => 86_400 * SECOND,
        _ => return None,
    };
    number::parse(number)?.checked_mul(length)
}

/// `unix(t)`: whole seconds, rounded down.
pub fn unix(time: i64) -> i64 {
    time.div_euclid(SECOND)
}

/// A time of UTC as RFC 3339 writes it, to be read by [`parse`]: without a fraction where the second is whole, else with three, six
/// or nine digits. Nothing when memory is exhausted.
pub fn text(time: i64, arena: &Arena) -> Option<&[u8]> {
    let second = unix(time);
    let (mut day, clock) = (second.div_euclid(86_400), second.rem_euclid(86_400));
    // No year has more than 366 days: this one is not too late, and few before the right one.
    let mut year = day.div_euclid(366).wrapping_add(1968);
    while days(year.wrapping_add(1), 1, 1) <= day {
        year = year.wrapping_add(1);
    }
    day = day.wrapping_sub(days(year, 1, 1));
    let mut month = 1i64;
    while month < 12 && day >= length(year, month) {
        day = day.wrapping_sub(length(year, month));
        month = month.wrapping_add(1);
    }
    let mut text = Text::new(arena);
    let parts = [
        (year, 1000, b'-'),
        (month, 10, b'-'),
        (day.wrapping_add(1), 10, b'T'),
        (clock / 3600, 10, b':'),
        (clock / 60 % 60, 10, b':'),
        (clock % 60, 10, b'.'),
    ];
    for (value, highest, behind) in parts {
        digits(&mut text, value, highest);
        text.push_byte(behind);
    }
    let nanoseconds = time.rem_euclid(SECOND);
    let (value, highest) = match (nanoseconds % 1_000_000, nanoseconds % 1000) {
        (0, _) => (nanoseconds / 1_000_000, 100),
        (_, 0) => (nanoseconds / 1000, 100_000),
        _ => (nanoseconds, 100_000_000),
    };
    if nanoseconds == 0 {
        text.truncate(text.len().saturating_sub(1));
    } else {
        digits(&mut text, value, highest);
    }
    text.push_byte(b'Z');
    text.finish()
}

/// All digits of a number, the highest of this worth.
fn digits(text: &mut Text<'_>, value: i64, highest: i64) {
    let mut worth = highest;
    while worth > 0 {
        text.push_byte(b'0'.wrapping_add(u8::try_from(value / worth % 10).unwrap_or(0)));
        worth /= 10;
    }
}

/// How many whole units a time counts, within a cycle of so many; 0 where one of them is.
pub fn part(time: i64, unit: i64, cycle: i64) -> i64 {
    time.checked_div_euclid(unit).and_then(|units| units.checked_rem_euclid(cycle)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{duration, parse, part, text, unix};
    use crate::rt::arena::Arena;

    #[test]
    fn times() {
        for (text, expected) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2026-01-05T10:00:00Z", 1_767_607_200_000_000_000),
            ("2026-01-05t12:00:00.5+02:00", 1_767_607_200_500_000_000),
            ("2024-02-29T00:00:00z", 1_709_164_800_000_000_000),
            ("2000-12-31T23:59:59-01:30", 978_312_599_000_000_000),
            ("1969-12-31T23:59:59.999999999-00:00", -1),
            ("2262-04-11T23:47:16.854775807Z", i64::MAX),
            ("1677-09-21T00:12:43.145224192Z", i64::MIN),
            ("1970-01-01T00:00:00.0000000019999999999999999999999Z", 1),
        ] {
            assert_eq!(parse(text.as_bytes()), Some(expected), "{text}");
        }
        for bad in [
            "2025-02-29T00:00:00Z",
            "1900-02-29T00:00:00Z",
            "2026-04-31T00:00:00Z",
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
            "0000-01-01T00:00:00Z",
            "9999-12-31T23:59:59Z",
            "é",
            "",
        ] {
            assert_eq!(parse(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn texts_are_read_back() {
        let written = |time: i64| text(time, &Arena::new()).map(|text| String::from_utf8_lossy(text).into_owned());
        for (time, expected) in [
            (0, "1970-01-01T00:00:00Z"),
            (1_767_607_200_000_000_000, "2026-01-05T10:00:00Z"),
            (1_767_607_200_500_000_000, "2026-01-05T10:00:00.500Z"),
            (1_767_607_200_000_001_000, "2026-01-05T10:00:00.000001Z"),
            (951_782_400_000_000_001, "2000-02-29T00:00:00.000000001Z"),
            (-1, "1969-12-31T23:59:59.999999999Z"),
            (i64::MAX, "2262-04-11T23:47:16.854775807Z"),
            (i64::MIN, "1677-09-21T00:12:43.145224192Z"),
        ] {
            assert_eq!(written(time).as_deref(), Some(expected));
        }
        for day in -106_751i64..=106_751 {
            for time in [day * 86_400_000_000_000, day * 86_400_000_000_000 - 1_000_000] {
                assert_eq!(written(time).and_then(|text| parse(text.as_bytes())), Some(time), "{time}");
            }
        }
    }

    #[test]
    fn every_day_follows_the_one_before() {
        let mut expected = 0i64;
        for year in 1970..2262i64 {
            for month in 1..=12i64 {
                for day in 1..=31i64 {
                    if let Some(time) = parse(format!("{year:04}-{month:02}-{day:02}T00:00:00Z").as_bytes()) {
                        assert_eq!(time, expected);
                        expected += 86_400_000_000_000;
                    }
                }
            }
        }
        assert_eq!(expected / 86_400_000_000_000, 106_651);
    }

    #[test]
    fn durations() {
        for (text, expected) in [("250ms", 250_000_000), ("30s", 30_000_000_000), ("-5m", -300_000_000_000), ("7d", 604_800_000_000_000)] {
            assert_eq!(duration(text.as_bytes()), Some(expected), "{text}");
        }
        for bad in ["", "s", "-", "-s", "5", "5 s", " 5s", "5s ", "1.5s", "+5s", "1h30m", "5S", "106752d", "99999999999999999999ms"] {
            assert_eq!(duration(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn parts() {
        assert_eq!((unix(-1), unix(1_999_999_999), unix(i64::MIN)), (-1, 1, -9_223_372_037));
        assert_eq!((part(-1, 60, 60), part(7200, 3600, 24), part(5, 0, 1), part(5, 1, 0), part(i64::MIN, -1, 7)), (59, 2, 0, 0, 0));
    }
}
