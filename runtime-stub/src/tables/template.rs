//! One path template. Layout: number of segments, then for each (kind, offset, length); kinds are those of [`Segment`].

use crate::bytes::{slice_at, u32_at};

const LITERAL: u32 = 0;
const ANY: u32 = 1;
const REST: u32 = 2;

/// A segment of a template.
#[cfg(not(target_arch = "wasm32"))]
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Segment {
    /// This decoded text; also the empty one behind a final `/`.
    Literal(Vec<u8>),
    /// One segment that is not empty: `{name}` or `*`.
    Any,
    /// Any rest, including none: `**`. Only as the last.
    Rest,
}

/// The segments of a decoded path: what stands between slashes.
#[derive(Clone)]
pub struct Segments<'a> {
    rest: Option<&'a [u8]>,
}

impl<'a> Segments<'a> {
    /// Of a path, which begins with `/`.
    pub fn of(path: &'a [u8]) -> Segments<'a> {
        Segments { rest: path.split_first().map(|(_, rest)| rest) }
    }
}

impl<'a> Iterator for Segments<'a> {
    type Item = &'a [u8];
    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = self.rest?;
        match crate::bytes::split_once(rest, b'/') {
            Some((segment, after)) => {
                self.rest = Some(after);
                Some(segment)
            }
            None => {
                self.rest = None;
                Some(rest)
            }
        }
    }
}

/// Whether a decoded path matches.
pub fn matches(table: &[u8], path: &[u8]) -> bool {
    let mut segments = Segments::of(path);
    let mut at = 4usize;
    for _ in 0..u32_at(table, 0) {
        let kind = u32_at(table, at);
        if kind == REST {
            return true;
        }
        let Some(segment) = segments.next() else { return false };
        let literal = slice_at(table, u32_at(table, at.saturating_add(4)) as usize, u32_at(table, at.saturating_add(8)) as usize);
        if (kind == ANY && segment.is_empty()) || (kind == LITERAL && segment != literal) {
            return false;
        }
        at = at.saturating_add(12);
    }
    segments.next().is_none()
}

/// Writes it.
#[cfg(not(target_arch = "wasm32"))]
pub fn encode(template: &[Segment]) -> Vec<u8> {
    let mut blob = super::write::Blob::new();
    blob.size(template.len());
    blob.bytes.resize(4 + template.len() * 12, 0);
    for (n, segment) in template.iter().enumerate() {
        let (kind, text) = match segment {
            Segment::Literal(text) => (LITERAL, text.as_slice()),
            Segment::Any => (ANY, &b""[..]),
            Segment::Rest => (REST, &b""[..]),
        };
        let text_at = blob.put(text);
        for (field, value) in [kind as usize, text_at, text.len()].into_iter().enumerate() {
            blob.patch(4 + n * 12 + field * 4, value);
        }
    }
    blob.bytes
}

/// Reads `/a/{x}/*/**`: what tests write.
#[cfg(test)]
pub(crate) fn parse(text: &str) -> Vec<Segment> {
    let segments = text.strip_prefix('/').into_iter().flat_map(|rest| rest.split('/'));
    segments
        .map(|segment| match segment {
            "**" => Segment::Rest,
            "*" => Segment::Any,
            name if name.starts_with('{') => Segment::Any,
            literal => Segment::Literal(literal.as_bytes().to_vec()),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Segments, encode, matches, parse};

    #[test]
    fn segments_stand_between_slashes() {
        let of = |path: &'static str| Segments::of(path.as_bytes()).collect::<Vec<_>>();
        assert_eq!(of("/a/"), [&b"a"[..], b""]);
        assert_eq!(of("/"), [&b""[..]]);
        assert_eq!(of("/a/b"), [&b"a"[..], b"b"]);
    }

    #[test]
    fn templates_match() {
        for (template, path, expected) in [
            ("/a", "/a", true),
            ("/a", "/a/", false),
            ("/a/", "/a/", true),
            ("/a/**", "/a", true),
            ("/a/**", "/a/", true),
            ("/a/**", "/a/b/c", true),
            ("/a/**", "/ab", false),
            ("/**", "/", true),
            ("/", "/", true),
            ("/*", "/", false),
            ("/{x}/b", "/a/b", true),
            ("/{x}/b", "//b", false),
            ("/a/{x}", "/a/", false),
            ("/a/{x}", "/a/b/c", false),
            ("/a/*/**", "/a", false),
        ] {
            assert_eq!(matches(&encode(&parse(template)), path.as_bytes()), expected, "{template} {path}");
        }
    }
}
