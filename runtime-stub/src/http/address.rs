//! Addresses of clients as text. In: what the host reports. Out: `ip` records (`contract::IP_SIZE`) and ports.

use crate::contract::IP_SIZE;

/// Reads `192.0.2.1:80`, `[2001:db8::1]:80` or either without a port. IPv4-mapped IPv6 is IPv4.
pub fn parse(text: &[u8]) -> Option<([u8; IP_SIZE], u16)> {
    match text {
        [b'[', rest @ ..] => {
            let (address, after) = crate::bytes::split_once(rest, b']')?;
            let port = if after.is_empty() { 0 } else { parse_port(after.strip_prefix(b":")?)? };
            Some((parse_v6(address)?, port))
        }
        [..] => match crate::bytes::split_once(text, b':') {
            Some((address, port)) if crate::bytes::position(port, b':').is_none() => Some((parse_v4(address)?, parse_port(port)?)),
            Some(_) => Some((parse_v6(text)?, 0)),
            None => Some((parse_v4(text)?, 0)),
        },
    }
}

fn parse_port(text: &[u8]) -> Option<u16> {
    number(text, 10, 5).and_then(|port| u16::try_from(port).ok())
}

/// An unsigned number of at most `longest` digits.
fn number(text: &[u8], base: u32, longest: usize) -> Option<u32> {
    if text.is_empty() || text.len() > longest {
        return None;
    }
    let mut value = 0u32;
    for &byte in text {
        value = value.wrapping_mul(base).wrapping_add(char::from(byte).to_digit(base)?);
    }
    Some(value)
}

/// Four numbers. A leading zero would be octal to some and decimal to others, so no address has one.
fn octets(text: &[u8]) -> Option<[u8; 4]> {
    let mut octets = [0u8; 4];
    let mut parts = text.split(|&byte| byte == b'.');
    for octet in &mut octets {
        let part = parts.next()?;
        if part.len() > 1 && part.first() == Some(&b'0') {
            return None;
        }
        *octet = number(part, 10, 3).and_then(|value| u8::try_from(value).ok())?;
    }
    parts.next().is_none().then_some(octets)
}

fn v4(octets: [u8; 4]) -> [u8; IP_SIZE] {
    let [a, b, c, d] = octets;
    [4, a, b, c, d, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
}

/// Reads an IPv4 address.
pub fn parse_v4(text: &[u8]) -> Option<[u8; IP_SIZE]> {
    octets(text).map(v4)
}

/// `ip(s)`: an address and nothing else, no zone and no port. IPv4-mapped IPv6 is IPv4.
pub fn parse_ip(text: &[u8]) -> Option<[u8; IP_SIZE]> {
    if crate::bytes::position(text, b'%').is_some() {
        return None;
    }
    if crate::bytes::position(text, b':').is_some() { parse_v6(text) } else { parse_v4(text) }
}

/// Reads an IPv6 address, a zone behind `%` ignored.
#[inline(never)]
pub fn parse_v6(text: &[u8]) -> Option<[u8; IP_SIZE]> {
    let text = crate::bytes::split_once(text, b'%').map_or(text, |(address, _)| address);
    let gap = text.windows(2).position(|pair| pair == b"::");
    let (front, back) = match gap {
        Some(at) => (crate::bytes::until(text, at), crate::bytes::from(text, at.saturating_add(2))),
        None => (text, &b""[..]),
    };
    let (mut first, mut last) = ([0u8; 16], [0u8; 16]);
    let in_front = groups(front, gap.is_none(), &mut first)?;
    let behind = groups(back, true, &mut last)?;
    let total = in_front.wrapping_add(behind);
    if (gap.is_some() && total > 14) || (gap.is_none() && total != 16) {
        return None;
    }
    let mut record = [0u8; IP_SIZE];
    let [family, address @ ..] = &mut record;
    *family = 6;
    crate::bytes::copy(address, &first);
    if let (Some(place), Some(tail)) = (address.get_mut(16usize.wrapping_sub(behind)..), last.get(..behind)) {
        crate::bytes::copy(place, tail);
    }
    match record {
        [6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d] => Some(v4([a, b, c, d])),
        [..] => Some(record),
    }
}

/// Writes groups between colons, the last of which may be an IPv4 address where the whole address ends: how many bytes.
fn groups(text: &[u8], at_end: bool, out: &mut [u8; 16]) -> Option<usize> {
    if text.is_empty() {
        return Some(0);
    }
    let mut len = 0usize;
    let mut rest = Some(text);
    while let Some(here) = rest {
        let (group, after) = match crate::bytes::split_once(here, b':') {
            Some((group, after)) => (group, Some(after)),
            None => (here, None),
        };
        rest = after;
        if at_end && after.is_none() && crate::bytes::position(group, b'.').is_some() {
            let place = out.get_mut(len..)?.get_mut(..4)?;
            len = len.wrapping_add(crate::bytes::copy(place, &octets(group)?));
        } else {
            let value = number(group, 16, 4).and_then(|value| u16::try_from(value).ok())?;
            let place = out.get_mut(len..)?.get_mut(..2)?;
            len = len.wrapping_add(crate::bytes::copy(place, &value.to_be_bytes()));
        }
    }
    Some(len)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::{parse, parse_ip};
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

    /// Random texts of what addresses are made of: exactly those are read that the standard library reads.
    #[test]
    fn texts_read_like_the_standard_library() {
        const PARTS: [&str; 20] =
            ["0", "1", "9", "25", "255", "256", "00", "01", ".", ".", ".", ":", ":", "::", "f", "ffff", "fffff", "1.2.3.4", "%", "g"];
        let mut state = 7u64;
        let mut read = 0;
        for _ in 0..200_000 {
            let mut text = String::new();
            for _ in 0..=(state >> 33) % 9 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                text.push_str(PARTS[(state >> 33) as usize % PARTS.len()]);
            }
            let expected = text.parse::<IpAddr>().ok().map(|ip| match ip.to_canonical() {
                IpAddr::V4(v4) => super::v4(v4.octets()),
                IpAddr::V6(v6) => {
                    let mut record = [6; super::IP_SIZE];
                    record[1..].copy_from_slice(&v6.octets());
                    record
                }
            });
            read += usize::from(expected.is_some());
            assert_eq!(parse_ip(text.as_bytes()), expected, "{text}");
        }
        assert!(read > 1000, "{read}");
        assert!(parse_ip(b"1.2.3.4:80").is_none() && parse_ip(b"fe80::1%eth0").is_none() && parse_ip(b"[::1]").is_none());
        assert!(parse_ip(b"010.0.0.1").is_none() && parse_ip(b" 1.2.3.4").is_none() && parse_ip(b"127.1").is_none());
    }

    #[test]
    fn addresses_read_like_the_standard_library() {
        for text in ["1.2.3.4", "255.255.255.255", "0.0.0.0"] {
            let octets = text.parse::<Ipv4Addr>().unwrap().octets();
            assert_eq!(parse(format!("{text}:65535").as_bytes()).unwrap(), (super::v4(octets), 65535));
        }
        for text in [
            "::",
            "::1",
            "1::",
            "2001:db8::1",
            "1:2:3:4:5:6:7:8",
            "1:2:3:4:5:6:1.2.3.4",
            "fe80::1:2",
            "64:ff9b::1.2.3.4",
            "1:2:3:4:5:6:7::",
        ] {
            let (record, port) = parse(format!("[{text}]:1").as_bytes()).unwrap();
            assert_eq!((record[1..].to_vec(), port), (text.parse::<Ipv6Addr>().unwrap().octets().to_vec(), 1), "{text}");
            assert_eq!(parse(text.as_bytes()).unwrap().0, record);
        }
        for text in [
            "",
            "1.2.3",
            "1.2.3.4.5",
            "256.1.1.1",
            "1.2.3.4:",
            "1.2.3.4:65536",
            "a.b.c.d",
            ":",
            "[::1",
            "[]",
            "1:2",
            "1:2:3:4:5:6:7:8:9",
            "::1::",
            "12345::",
            "[::1]x",
            "[::1]:x",
            "1:2:3:4:5:6:7:8::",
            "+1.2.3.4",
        ] {
            assert!(parse(text.as_bytes()).is_none(), "{text}");
        }
    }
}
