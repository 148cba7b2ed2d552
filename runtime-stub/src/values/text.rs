//! Parts of texts that generated code builds. In: values. Out: bytes at the end of a [`Text`].

use super::number;
use crate::contract::IP_SIZE;
use crate::rt::arena::Text;

/// Adds an int in decimal.
pub fn int(text: &mut Text<'_>, value: i64) {
    text.push(number::digits(value, &mut [0; 20]));
}

/// Adds a JSON string; absent adds `null`.
pub fn json(text: &mut Text<'_>, value: Option<&[u8]>) {
    let Some(value) = value else { return text.push(b"null") };
    text.push_byte(b'"');
    for &byte in value {
        match byte {
            b'"' | b'\\' => text.push(&[b'\\', byte]),
            b'\n' => text.push(b"\\n"),
            b'\r' => text.push(b"\\r"),
            b'\t' => text.push(b"\\t"),
            0..=0x1f => {
                let digit = |value: u8| if value < 10 { b'0'.wrapping_add(value) } else { b'a'.wrapping_add(value).wrapping_sub(10) };
                text.push(&[b'\\', b'u', b'0', b'0', digit(byte >> 4), digit(byte & 15)]);
            }
            0x20..=0xff => text.push_byte(byte),
        }
    }
    text.push_byte(b'"');
}

/// Adds an address: IPv4 in dots, IPv6 as RFC 5952 writes it.
pub fn ip(text: &mut Text<'_>, ip: &[u8; IP_SIZE]) {
    match ip {
        [4, octets @ ..] => {
            for (n, octet) in octets.iter().take(4).enumerate() {
                if n > 0 {
                    text.push_byte(b'.');
                }
                int(text, i64::from(*octet));
            }
        }
        [_, address @ ..] => v6(text, address),
    }
}

fn v6(text: &mut Text<'_>, address: &[u8; 16]) {
    let group = |n: usize| {
        let at = n.wrapping_mul(2);
        u16::from(crate::bytes::u8_at(address, at)) << 8 | u16::from(crate::bytes::u8_at(address, at.wrapping_add(1)))
    };
    // The first longest run of at least two zero groups is written `::`.
    let (mut gap, mut gap_len) = (8usize, 1usize);
    let (mut start, mut len) = (0usize, 0usize);
    for n in 0..8usize {
        if group(n) == 0 {
            if len == 0 {
                start = n;
            }
            len = len.wrapping_add(1);
            if len > gap_len {
                (gap, gap_len) = (start, len);
            }
        } else {
            len = 0;
        }
    }
    for n in 0..8usize {
        if n == gap {
            text.push(b"::");
        }
        if n >= gap && n < gap.wrapping_add(gap_len) && gap < 8 {
            continue;
        }
        if n > 0 && !(gap < 8 && n == gap.wrapping_add(gap_len)) {
            text.push_byte(b':');
        }
        let value = group(n);
        let mut begun = false;
        for shift in [12u32, 8, 4, 0] {
            let digit = u8::try_from(value.wrapping_shr(shift) & 15).unwrap_or(0);
            if digit != 0 || begun || shift == 0 {
                begun = true;
                text.push_byte(if digit < 10 { b'0'.wrapping_add(digit) } else { b'a'.wrapping_add(digit).wrapping_sub(10) });
            }
        }
    }
}

/// Adds a part of a limit's key: its length plus one, then itself; 0 for an absent one. No two lists of parts write the same.
pub fn key(text: &mut Text<'_>, part: Option<&[u8]>) {
    let len = part.map_or(0, |part| u32::try_from(part.len()).unwrap_or(u32::MAX).saturating_add(1));
    text.push(&len.to_le_bytes());
    text.push(part.unwrap_or(&[]));
}

/// Adds an address as a part of a limit's key; IPv6 by its /64.
pub fn key_ip(text: &mut Text<'_>, ip: Option<&[u8; IP_SIZE]>) {
    let part = ip.map(|ip| match ip {
        [4, ..] => crate::bytes::until(ip, 5),
        [..] => crate::bytes::until(ip, 9),
    });
    key(text, part);
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{int, ip, json, key, key_ip};
    use crate::http::address::{parse_v4, parse_v6};
    use crate::rt::arena::{Arena, Text};
    use std::net::Ipv6Addr;

    fn written(write: impl FnOnce(&mut Text<'_>)) -> Vec<u8> {
        let arena = Arena::new();
        let mut text = Text::new(&arena);
        write(&mut text);
        text.finish().unwrap().to_vec()
    }

    #[test]
    fn numbers_and_json() {
        assert_eq!(written(|text| int(text, -42)), b"-42");
        assert_eq!(written(|text| json(text, Some("a\"\\\n\u{1}\u{1f}ü".as_bytes()))), "\"a\\\"\\\\\\n\\u0001\\u001fü\"".as_bytes());
        assert_eq!(written(|text| json(text, None)), b"null");
    }

    #[test]
    fn addresses_are_written_as_in_the_standard_library() {
        for address in [
            "::",
            "::1",
            "1::",
            "2001:db8::1",
            "1:0:0:2:0:0:0:3",
            "1:0:2:3:4:5:6:7",
            "0:1:2:3:4:5:6:7",
            "1:2:3:4:5:6:0:0",
            "fe80::abcd:0:12",
        ] {
            let record = parse_v6(address.as_bytes()).unwrap();
            assert_eq!(written(|text| ip(text, &record)), address.parse::<Ipv6Addr>().unwrap().to_string().as_bytes());
        }
        let record = parse_v4(b"192.0.2.10").unwrap();
        assert_eq!(written(|text| ip(text, &record)), b"192.0.2.10");
    }

    #[test]
    fn keys_of_different_parts_differ() {
        let of = |parts: &[Option<&str>]| written(|text| parts.iter().for_each(|part| key(text, part.map(str::as_bytes))));
        let lists: [&[Option<&str>]; 6] =
            [&[Some("a"), Some("b")], &[Some("ab")], &[Some("ab"), None], &[None], &[Some("")], &[None, Some("ab")]];
        for (n, one) in lists.iter().enumerate() {
            assert!(lists.iter().skip(n + 1).all(|other| of(one) != of(other)));
        }
        let of = |address: &str| written(|text| key_ip(text, parse_v6(address.as_bytes()).as_ref()));
        assert_eq!(of("2001:db8::1"), of("2001:db8::2"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
    }
}
