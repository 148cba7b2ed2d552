//! Paths, normalised once. In: `:path` as received. Out: the path to forward, the decoded one, the query; or malformed.

use super::utf8;
use crate::rt::arena::{Arena, Text};

/// A path that rules can trust.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Path<'a> {
    /// Normalised, still percent-encoded where that matters.
    pub normal: &'a [u8],
    /// `normal`, fully decoded: UTF-8.
    pub decoded: &'a [u8],
    /// What stands behind the first `?`.
    pub query: Option<&'a [u8]>,
    /// Whether `normal` differs from what was received.
    pub changed: bool,
}

/// Why there is no path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The request is malformed.
    Malformed,
    /// Memory is exhausted.
    Exhausted,
}

/// Normalises `:path`. Most paths are normal already: then nothing is copied.
pub fn parse<'a>(raw: &'a [u8], arena: &'a Arena) -> Result<Path<'a>, Refused> {
    let mut before = 0u8;
    let mut end = raw.len();
    let mut plain = true;
    for (at, &byte) in raw.iter().enumerate() {
        match byte {
            // Most bytes are letters and digits.
            b'0'..=b'>' | b'@'..=b'[' | b']'..=0x7f => {}
            b'?' => {
                end = at;
                break;
            }
            b'#' | b'\\' => return Err(Refused::Malformed),
            b'%' | 0x80..=0xff => plain = false,
            b'/' | b'.' if before == b'/' => plain = false,
            0..0x80 => {}
        }
        before = byte;
    }
    let path = crate::bytes::until(raw, end);
    let query = raw.get(end..).and_then(<[u8]>::split_first).map(|(_, query)| query);
    if path.first() != Some(&b'/') {
        return Err(Refused::Malformed);
    }
    if plain {
        return Ok(Path { normal: path, decoded: path, query, changed: false });
    }
    let resolved = resolve(unreserve(path, arena)?, arena)?;
    let decoded = decode(resolved, arena)?;
    if !utf8::is_valid(decoded) {
        return Err(Refused::Malformed);
    }
    Ok(Path { normal: resolved, decoded, query, changed: resolved != path })
}

/// The value of two hex digits.
pub fn hex_pair(high: u8, low: u8) -> Option<u8> {
    Some(hex_digit(high)? << 4 | hex_digit(low)?)
}

fn hex_digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte.wrapping_sub(b'0')),
        b'a'..=b'f' => Some(byte.wrapping_sub(b'a' - 10)),
        b'A'..=b'F' => Some(byte.wrapping_sub(b'A' - 10)),
        0..=0xff => None,
    }
}

/// RFC 3986 unreserved characters.
pub fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// Decodes unreserved characters, writes other encodings with upper-case digits, refuses ambiguous ones.
fn unreserve<'a>(path: &[u8], arena: &'a Arena) -> Result<&'a [u8], Refused> {
    let mut text = Text::new(arena);
    let mut rest = path;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'%' {
            text.push_byte(byte);
            continue;
        }
        let &[high, low, ref after @ ..] = after else { return Err(Refused::Malformed) };
        rest = after;
        match hex_pair(high, low).ok_or(Refused::Malformed)? {
            b'/' | b'\\' | 0 => return Err(Refused::Malformed),
            byte if is_unreserved(byte) => text.push_byte(byte),
            1..=0xff => text.push(&[b'%', high.to_ascii_uppercase(), low.to_ascii_uppercase()]),
        }
    }
    text.finish().ok_or(Refused::Exhausted)
}

/// Merges `//`, then resolves `.` and `..`; above the root is the root.
fn resolve<'a>(path: &[u8], arena: &'a Arena) -> Result<&'a [u8], Refused> {
    let mut text = Text::new(arena);
    let mut rest = path.split_first().map(|(_, rest)| rest);
    while let Some(here) = rest {
        let (segment, after) = match crate::bytes::split_once(here, b'/') {
            Some((segment, after)) => (segment, Some(after)),
            None => (here, None),
        };
        rest = after;
        match segment {
            b"" | b"." => {}
            b".." => {
                let parent = text.as_bytes().iter().rposition(|&byte| byte == b'/').unwrap_or(0);
                text.truncate(parent);
            }
            [..] => {
                text.push_byte(b'/');
                text.push(segment);
                continue;
            }
        }
        if after.is_none() {
            text.push_byte(b'/');
        }
    }
    text.finish().ok_or(Refused::Exhausted)
}

/// Decodes what [`unreserve`] left encoded.
fn decode<'a>(path: &'a [u8], arena: &'a Arena) -> Result<&'a [u8], Refused> {
    if crate::bytes::position(path, b'%').is_none() {
        return Ok(path);
    }
    let mut text = Text::new(arena);
    let mut rest = path;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match (byte, after) {
            (b'%', &[high, low, ref after @ ..]) => {
                text.push_byte(hex_pair(high, low).ok_or(Refused::Malformed)?);
                rest = after;
            }
            (_, [..]) => text.push_byte(byte),
        }
    }
    text.finish().ok_or(Refused::Exhausted)
}

/// Encodes a decoded path: a missing leading `/` is added; bytes other than unreserved, sub-delims, `:`, `@` and `/` are encoded.
pub fn encode<'a>(path: &[u8], arena: &'a Arena) -> Option<&'a [u8]> {
    let mut text = Text::new(arena);
    if path.first() != Some(&b'/') {
        text.push_byte(b'/');
    }
    for &byte in path {
        if is_unreserved(byte)
            || matches!(byte, b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=' | b':' | b'@' | b'/')
        {
            text.push_byte(byte);
        } else {
            let digit = |value: u8| if value < 10 { b'0'.wrapping_add(value) } else { b'A'.wrapping_add(value).wrapping_sub(10) };
            text.push(&[b'%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
    text.finish()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{Refused, encode, parse};
    use crate::rt::arena::Arena;

    #[test]
    fn normal_paths_are_not_copied() {
        let arena = Arena::new();
        for (raw, path, query) in
            [("/", "/", None), ("/a/b.c?x=%2f#", "/a/b.c", Some("x=%2f#")), ("/a./b/?", "/a./b/", Some("")), ("/...", "/...", None)]
        {
            let parsed = parse(raw.as_bytes(), &arena).unwrap();
            assert_eq!((parsed.normal, parsed.decoded, parsed.changed), (path.as_bytes(), path.as_bytes(), false), "{raw}");
            assert_eq!(parsed.query, query.map(str::as_bytes), "{raw}");
        }
    }

    #[test]
    fn paths_are_normalised() {
        let arena = Arena::new();
        for (raw, normal, decoded) in [
            ("/%61%2D%7e", "/a-~", "/a-~"),
            ("/a%20b%c3%BC", "/a%20b%C3%BC", "/a bü"),
            ("//a///b//", "/a/b/", "/a/b/"),
            ("/a/./b/../c", "/a/c", "/a/c"),
            ("/../../a", "/a", "/a"),
            ("/a/..", "/", "/"),
            ("/a/b/..", "/a/", "/a/"),
            ("/a/.", "/a/", "/a/"),
            ("/%2e%2E/a", "/a", "/a"),
            ("/a/%2e%2e/b", "/b", "/b"),
            ("/a//../b", "/b", "/b"),
            ("/.", "/", "/"),
            ("/..", "/", "/"),
            ("//", "/", "/"),
            ("/%25", "/%25", "/%"),
            ("/%252e", "/%252e", "/%2e"),
            ("/.a/..b", "/.a/..b", "/.a/..b"),
            ("/ü", "/ü", "/ü"),
            ("/a/../", "/", "/"),
            ("/%3F", "/%3F", "/?"),
        ] {
            let parsed = parse(raw.as_bytes(), &arena).unwrap();
            let shown = (String::from_utf8_lossy(parsed.normal), String::from_utf8_lossy(parsed.decoded));
            assert_eq!(shown, (normal.into(), decoded.into()), "{raw}");
            assert_eq!(parsed.changed, raw != normal, "{raw}");
            let again = parse(parsed.normal, &arena).unwrap();
            assert_eq!((again.normal, again.changed), (parsed.normal, false), "{raw}");
        }
    }

    #[test]
    fn ambiguous_paths_are_malformed() {
        let arena = Arena::new();
        for raw in [
            "",
            "a",
            "*",
            "http://a/b",
            "/%",
            "/%2",
            "/%zz",
            "/%2f",
            "/%2F..",
            "/%5c",
            "/%5C",
            "/%00",
            "/a\\b",
            "/a#b",
            "/#",
            "/%ff",
            "/%c3",
            "/%c3%28",
            "/%ed%a0%80",
            "?a",
            "/%c0%af",
        ] {
            assert_eq!(parse(raw.as_bytes(), &arena), Err(Refused::Malformed), "{raw}");
        }
        assert_eq!(parse(b"/\xff", &arena), Err(Refused::Malformed));
    }

    #[test]
    fn long_paths_stay_linear() {
        let arena = Arena::new();
        let dots = "/a/..".repeat(200_000);
        assert_eq!(parse(dots.as_bytes(), &arena).unwrap().normal, b"/");
        let slashes = "/".repeat(1_000_000);
        assert_eq!(parse(slashes.as_bytes(), &arena).unwrap().normal, b"/");
    }

    #[test]
    fn decoded_paths_are_encoded_for_forwarding() {
        let arena = Arena::new();
        for (path, expected) in [
            ("", "/"),
            ("a", "/a"),
            ("/a b?c#d%", "/a%20b%3Fc%23d%25"),
            ("/ü/:@!$&'()*+,;=~", "/%C3%BC/:@!$&'()*+,;=~"),
            ("/\r\n", "/%0D%0A"),
        ] {
            assert_eq!(encode(path.as_bytes(), &arena).unwrap(), expected.as_bytes());
        }
    }
}
