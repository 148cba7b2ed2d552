//! `request.host`. In: `:authority`. Out: lower case, without the port.

use super::utf8;
use crate::rt::arena::Arena;
use crate::tables::strings;

/// The host without `:port` (`:` and digits or nothing at the end), in lower case; nothing when memory is exhausted.
pub fn normal<'a>(authority: &'a [u8], arena: &'a Arena) -> Option<&'a [u8]> {
    let bare = without_port(authority);
    if !bare.iter().any(u8::is_ascii_uppercase) {
        return utf8::lossy(bare, arena);
    }
    let place = arena.alloc(bare.len())?;
    crate::bytes::copy(place, bare);
    place.make_ascii_lowercase();
    utf8::lossy(place, arena)
}

/// The name alone. The final dot of an absolute name goes too: it is the same host, and must not slip past `hosts`.
fn without_port(authority: &[u8]) -> &[u8] {
    let name = match authority.iter().rposition(|&byte| byte == b':') {
        Some(colon) if is_port(crate::bytes::from(authority, colon.wrapping_add(1))) => crate::bytes::until(authority, colon),
        Some(_) | None => authority,
    };
    name.strip_suffix(b".").unwrap_or(name)
}

/// Digits, or nothing: `example.com:` is `example.com` (RFC 3986 section 3.2.3).
fn is_port(text: &[u8]) -> bool {
    text.iter().all(u8::is_ascii_digit)
}

/// Whether a host is in a set, or has one or more labels in front of a name in the other set. Two hosts in one request
/// (joined with a comma) are nobody else's: such a request must not pass as one of others, and is refused as malformed.
pub fn is_in(host: &[u8], exact: &[u8], suffixes: &[u8]) -> bool {
    if strings::contains(exact, host) || crate::bytes::position(host, b',').is_some() {
        return true;
    }
    let mut rest = host;
    let mut first = true;
    while let Some(dot) = crate::bytes::position(rest, b'.') {
        rest = crate::bytes::from(rest, dot.wrapping_add(1));
        // A host that begins with a dot has no label in front.
        if !(first && dot == 0) && strings::contains(suffixes, rest) {
            return true;
        }
        first = false;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::{is_in, normal};
    use crate::rt::arena::Arena;
    use crate::tables::strings::encode_set;

    #[test]
    fn hosts_lose_case_and_port() {
        let arena = Arena::new();
        for (authority, host) in [
            ("API.Example.com:8443", "api.example.com"),
            ("a", "a"),
            ("a:", "a"),
            ("[::1]:80", "[::1]"),
            ("[::1]", "[::1]"),
            ("a.:1", "a"),
            ("a.", "a"),
            ("", ""),
            (":80", ""),
        ] {
            // `[::1]` ends in `]`, so its last colon begins no port.
            assert_eq!(normal(authority.as_bytes(), &arena), Some(host.as_bytes()), "{authority}");
        }
    }

    #[test]
    fn wildcards_need_a_label_in_front() {
        let (exact, suffixes) = (encode_set(&["a.com"]), encode_set(&["example.com"]));
        for (host, expected) in [
            ("a.com", true),
            ("b.example.com", true),
            ("c.b.example.com", true),
            ("example.com", false),
            (".example.com", false),
            ("xexample.com", false),
            ("x.a.com", false),
            ("", false),
        ] {
            assert_eq!(is_in(host.as_bytes(), &exact, &suffixes), expected, "{host}");
        }
        assert!(!is_in(&[b'.'; 100_000], &exact, &suffixes));
        assert!(is_in(b"www.example.org,www.example.org", &exact, &suffixes));
    }
}
