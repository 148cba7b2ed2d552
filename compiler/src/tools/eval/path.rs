//! Request paths: normalisation, templates, encoding. In: `:path` as received and templates. Out: normalised and decoded paths.

use super::bytes::percent_encoded;
use crate::ir::hir;

/// A path that was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Path {
    /// Normalised, still encoded, without query: what the upstream receives.
    pub(super) normalised: String,
    /// Normalised and fully decoded: what rules read.
    pub(super) decoded: String,
}

/// Normalises a path (without query). `None`: malformed.
pub(super) fn normalise(received: &str) -> Option<Path> {
    if !received.starts_with('/') {
        return None;
    }
    let normalised = resolve(&decode_unreserved(received.as_bytes())?);
    let decoded = String::from_utf8(decode(normalised.as_bytes())).ok()?;
    Some(Path { normalised, decoded })
}

/// Decodes encoded unreserved characters and writes other encodings with upper-case digits.
/// `None` for what must not be in a path.
fn decode_unreserved(mut bytes: &[u8]) -> Option<String> {
    let mut decoded = Vec::new();
    while let [first, rest @ ..] = bytes {
        match first {
            b'%' => {
                let byte = percent_encoded(bytes)?;
                match byte {
                    b'/' | b'\\' | 0 => return None,
                    _ if is_unreserved(byte) => decoded.push(byte),
                    _ => decoded.extend(format!("%{byte:02X}").bytes()),
                }
                bytes = bytes.get(3..).unwrap_or(&[]);
            }
            b'\\' | b'#' | 0 => return None,
            _ => {
                decoded.push(*first);
                bytes = rest;
            }
        }
    }
    String::from_utf8(decoded).ok()
}

/// Merges slashes, then resolves `.` and `..`; above the root is the root.
fn resolve(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut ends_in_slash = false;
    for segment in path.split('/') {
        ends_in_slash = matches!(segment, "" | "." | "..");
        match segment {
            "" | "." => {}
            ".." => {
                kept.pop();
            }
            _ => kept.push(segment),
        }
    }
    match (kept.is_empty(), ends_in_slash) {
        (true, _) => "/".to_owned(),
        (false, true) => format!("/{}/", kept.join("/")),
        (false, false) => format!("/{}", kept.join("/")),
    }
}

/// Undoes all percent-encodings of a path.
fn decode(mut bytes: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::new();
    while let [first, rest @ ..] = bytes {
        if let Some(byte) = percent_encoded(bytes) {
            decoded.push(byte);
            bytes = bytes.get(3..).unwrap_or(&[]);
        } else {
            decoded.push(*first);
            bytes = rest;
        }
    }
    decoded
}

/// A decoded path as it can be sent: begins with `/`, everything encoded that has to be.
pub(super) fn encode(decoded: &str) -> String {
    let mut encoded = String::new();
    if !decoded.starts_with('/') {
        encoded.push('/');
    }
    for byte in decoded.bytes() {
        if is_unreserved(byte) || b"!$&'()*+,;=:@/".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

/// The segments of a decoded path: `/a/` has `a` and an empty one.
fn segments(decoded: &str) -> Vec<&str> {
    decoded.strip_prefix('/').unwrap_or(decoded).split('/').collect()
}

/// Whether a template matches a decoded path.
pub(super) fn matches(template: &hir::Template, decoded: &str) -> bool {
    let segments = segments(decoded);
    let fits = |(expected, actual): (&hir::Segment, &&str)| match expected {
        hir::Segment::Literal(text) => text == actual,
        hir::Segment::Capture(_) | hir::Segment::Any => !actual.is_empty(),
    };
    // `/a/**` matches `/a` and `/a/`; `/**` matches `/`.
    (segments.len() == template.segments.len() || (template.rest && segments.len() > template.segments.len()))
        && template.segments.iter().zip(&segments).all(fits)
}

/// A captured segment: the first template that matches says where it stands.
pub(super) fn capture(places: &[(hir::Template, u32)], decoded: &str) -> Option<String> {
    let (_, index) = places.iter().find(|(template, _)| matches(template, decoded))?;
    segments(decoded).get(usize::try_from(*index).ok()?).map(|segment| (*segment).to_owned())
}

/// How specific a template is: the smaller of two that match the same path is the more specific one.
pub(super) fn specificity(template: &hir::Template) -> Vec<u8> {
    let mut ranks: Vec<u8> = template
        .segments
        .iter()
        .map(|segment| match segment {
            hir::Segment::Literal(_) => 0,
            hir::Segment::Capture(_) | hir::Segment::Any => 1,
        })
        .collect();
    if template.rest {
        ranks.push(2);
    }
    ranks
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{capture, encode, matches, normalise, specificity};
    use crate::ir::hir::{Segment, Template};

    fn template(text: &str) -> Template {
        let mut segments: Vec<&str> = text.strip_prefix('/').unwrap().split('/').collect();
        let rest = segments.last() == Some(&"**");
        if rest {
            segments.pop();
        }
        let segment = |text: &str| match text {
            "*" => Segment::Any,
            _ => match text.strip_prefix('{') {
                Some(name) => Segment::Capture(name.trim_end_matches('}').to_owned()),
                None => Segment::Literal(text.to_owned()),
            },
        };
        Template { segments: segments.into_iter().map(segment).collect(), rest }
    }

    #[test]
    fn normalised_paths() {
        // The tables of Envoy's own tests where the language agrees with them, and what is the language's own.
        for (received, expected) in [
            ("/xyz", "/xyz"),
            ("/x/y/z", "/x/y/z"),
            ("/a/b/../c", "/a/c"),
            ("/a/b/./c", "/a/b/c"),
            ("/a/b/../../../../c", "/c"),
            ("/a/b/%2E%2E/c", "/a/c"),
            ("/a/b/%2E./c", "/a/c"),
            ("/a/b/%2E/c", "/a/b/c"),
            ("/a/b/%2e%2e/c", "/a/c"),
            ("/../a/b", "/a/b"),
            ("/./a/b", "/a/b"),
            ("/A/B/C", "/A/B/C"),
            ("/a//b/c/", "/a/b/c/"),
            ("//a/b/c", "/a/b/c"),
            ("/a/b/c//", "/a/b/c/"),
            ("/a////b/c", "/a/b/c"),
            ("/", "/"),
            ("//", "/"),
            ("/.", "/"),
            ("/..", "/"),
            ("/a/.", "/a/"),
            ("/a/b/..", "/a/"),
            ("/a/..", "/"),
            ("/a//../b", "/b"),
            ("/a/...", "/a/..."),
            ("/%41%7e%2D", "/A~-"),
            ("/%3a%c3%a9", "/%3A%C3%A9"),
            ("/%252e%252e/a", "/%252e%252e/a"),
            ("/a;b=1/c", "/a;b=1/c"),
        ] {
            assert_eq!(normalise(received).unwrap().normalised, expected, "{received}");
        }
    }

    #[test]
    fn malformed_paths() {
        for received in [
            "",
            "a",
            "*",
            "..",
            "/a%2fb",
            "/a%2Fb",
            "/a%5cb",
            "/a\\b",
            "/a%00",
            "/a%",
            "/a%4",
            "/a%zz",
            "/a#b",
            "/%c0%af",
            "/%ff",
            "/%ed%a0%80",
            "/xyz/.%00../abc",
            "/xyz/AAAAA%%0000/abc",
            "http://host/",
        ] {
            assert_eq!(normalise(received), None, "{received}");
        }
    }

    #[test]
    fn decoded_paths() {
        assert_eq!(normalise("/%25%3F%20/%C3%A9").unwrap().decoded, "/%? /é");
        assert_eq!(normalise("/%252e").unwrap().decoded, "/%2e");
    }

    #[test]
    fn encoding_undoes_decoding() {
        assert_eq!(encode(""), "/");
        assert_eq!(encode("a b"), "/a%20b");
        assert_eq!(encode("/é?#%\\\r\n:@!"), "/%C3%A9%3F%23%25%5C%0D%0A:@!");
    }

    #[test]
    fn templates() {
        for (pattern, path, expected) in [
            ("/a/**", "/a", true),
            ("/a/**", "/a/", true),
            ("/a/**", "/a/b/c", true),
            ("/a/**", "/ab", false),
            ("/**", "/", true),
            ("/a", "/a/", false),
            ("/a/", "/a/", true),
            ("/a/", "/a", false),
            ("/a/{x}", "/a/", false),
            ("/a/{x}", "/a/b", true),
            ("/a/{x}", "/a/b/", false),
            ("/*/b", "/a/b", true),
            ("/*", "/", false),
            ("/", "/", true),
            ("/a", "/A", false),
        ] {
            assert_eq!(matches(&template(pattern), path), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn captures_come_from_the_first_template_that_matches() {
        let places = [(template("/a/{x}/c"), 1), (template("/{x}/**"), 0)];
        assert_eq!(capture(&places, "/a/b/c").as_deref(), Some("b"));
        assert_eq!(capture(&places, "/a/b").as_deref(), Some("a"));
        assert_eq!(capture(&places, "/"), None);
    }

    #[test]
    fn specific_templates_come_first() {
        for (first, second) in [("/a/b", "/a/{x}"), ("/a/{x}", "/a/**"), ("/a", "/a/**"), ("/a/**", "/{x}/b"), ("/{x}/b", "/**")] {
            assert!(specificity(&template(first)) < specificity(&template(second)), "{first} {second}");
        }
    }
}
