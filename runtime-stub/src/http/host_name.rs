//! `request.host`. In: `:authority`. Out: whether it names one host; lower case, without the port.

use super::{address, utf8};
use crate::contract::IP_SIZE;
use crate::rt::arena::{Arena, Text};
use crate::tables::strings;
use crate::values::text;

/// The host without `:port` (`:` and digits or nothing at the end), in lower case; an IPv6 address as RFC 5952 writes it, which has
/// many spellings. Nothing when memory is exhausted.
pub fn normal<'a>(authority: &'a [u8], arena: &'a Arena) -> Option<&'a [u8]> {
    let bare = without_port(authority);
    if let Some(ip) = address_in(bare) {
        let mut host = Text::new(arena);
        // An IPv4-mapped address is read as IPv4; as a host it is written as what it was.
        host.push(if ip.first() == Some(&4) { b"[::ffff:" } else { b"[" });
        text::ip(&mut host, &ip);
        host.push_byte(b']');
        return host.finish();
    }
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
    let mut front = authority;
    // Digits, or nothing: `example.com:` is `example.com` (RFC 3986 section 3.2.3).
    while let [rest @ .., b'0'..=b'9'] = front {
        front = rest;
    }
    let name = front.strip_suffix(b":").unwrap_or(authority);
    match name.strip_suffix(b".") {
        Some(bare) if !bare.is_empty() && !bare.ends_with(b"]") => bare,
        Some(_) | None => name,
    }
}

/// The IPv6 address of a host in brackets. Zones mean something to one machine alone, so no host has one.
fn address_in(name: &[u8]) -> Option<[u8; IP_SIZE]> {
    let inner = name.strip_prefix(b"[")?.strip_suffix(b"]")?;
    if crate::bytes::position(inner, b'%').is_some() { None } else { address::parse_v6(inner) }
}

/// Whether this is one host, with a port or without: labels of letters, digits, `-` and `_`, what an address is made of in brackets,
/// or nothing. Only who decides by hosts looks whether it is an address ([`is_address_or_name`]). What is none (`a..`, `a:80:90`, `a,b`, `%61`) may be anybody's to who reads it behind this host.
pub fn well_formed(authority: &[u8]) -> bool {
    is_name(without_port(authority))
}

fn is_name(name: &[u8]) -> bool {
    if let Some(address) = name.strip_prefix(b"[") {
        let inner = address.strip_suffix(b"]").unwrap_or(&[]);
        return !inner.is_empty() && inner.iter().all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.'));
    }
    let mut before = b'.';
    for &byte in name {
        let label = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if !(label || byte == b'.' && before != b'.') {
            return false;
        }
        before = byte;
    }
    name.is_empty() || before != b'.'
}

/// Whether brackets, if there are any, hold an IPv6 address.
pub fn is_address_or_name(host: &[u8]) -> bool {
    host.first() != Some(&b'[') || address_in(host).is_some()
}

/// Whether a host is in a set, or has one or more labels in front of a name in the other set. What is no host, or more than one
/// (joined with a comma), is nobody else's: such a request must not pass as one of others, and is refused as malformed.
pub fn is_in(host: &[u8], exact: &[u8], suffixes: &[u8]) -> bool {
    if strings::contains(exact, host) || !is_name(host) || !is_address_or_name(host) {
        return true;
    }
    let mut rest = host;
    while let Some(dot) = crate::bytes::position(rest, b'.') {
        rest = crate::bytes::from(rest, dot.wrapping_add(1));
        if strings::contains(suffixes, rest) {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::{is_address_or_name, is_in, normal, well_formed};
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
            ("[0:0:0:0:0:0:0:1]:443", "[::1]"),
            ("[2001:0DB8::1]", "[2001:db8::1]"),
            ("[::FFFF:102:304]", "[::ffff:1.2.3.4]"),
            ("[::ffff:1.2.3.4]", "[::ffff:1.2.3.4]"),
            ("[::1.2.3.4]", "[::102:304]"),
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
            ("xexample.com", false),
            ("x.a.com", false),
            ("[::1]", false),
            ("", false),
        ] {
            assert_eq!(is_in(host.as_bytes(), &exact, &suffixes), expected, "{host}");
        }
        for nobodys in
            ["www.example.org,www.example.org", ".example.com", "a.com.", "a.com:80", "a..com", "a com", "[a]", "[1.2.3.4]", "[::1%1]"]
        {
            assert!(is_in(nobodys.as_bytes(), &exact, &suffixes), "{nobodys}");
        }
        assert!(is_in(&[b'.'; 100_000], &exact, &suffixes));
    }

    #[test]
    fn brackets_hold_an_address_where_hosts_decide() {
        for host in ["", "a", "[::1]", "[1:2:3:4:5:6:7:8]", "[::ffff:1.2.3.4]"] {
            assert!(is_address_or_name(host.as_bytes()), "{host}");
        }
        for none in ["[.]", "[a]", "[1.2.3.4]", "[:::::]", "[1:2:3:4:5:6:7:8:9]", "[::1%1]", "[::1", "[]"] {
            assert!(!is_address_or_name(none.as_bytes()), "{none}");
        }
    }

    #[test]
    fn what_is_no_host() {
        for host in ["", "a", "A.b-c_d.e", "a.", "a:", "a:80", "a.:80", "[::1]", "[::1]:80", "[::ffff:1.2.3.4]", "10.0.0.1:1", ":80"] {
            assert!(well_formed(host.as_bytes()), "{host}");
        }
        for none in [
            "..",
            "a..",
            "a..:80",
            ".a",
            "a..b",
            "a:80:90",
            "a:b",
            "a,b",
            "a b",
            " a",
            "%61",
            "a@b",
            "a/b",
            "a\\b",
            "a\0",
            "\u{e4}",
            "[",
            "[]",
            "[]:80",
            "[::1",
            "[::1]a",
            "[v1.x]",
            "::1",
            ".",
            ".:80",
            "[::1].",
            "[::1].:80",
            "[fe80::1%25eth0]",
            "[fe80::1%eth0]",
            "[[::1]]",
            "[::1]]",
            "]",
            "].",
            "a?b",
            "a#b",
            "*",
        ] {
            assert!(!well_formed(none.as_bytes()), "{none}");
        }
    }
}
