//! What response headers say about a body: type, charset, encoding, length.
//! In: header pairs, lower-case names. Out: whether the body can be read, and as what.

use crate::bytes::{equal_ignoring_case, from, split_once, until};

/// Headers that say something about a body.
const NAMES: [&[u8]; 7] =
    [b":status", b"content-type", b"content-encoding", b"content-length", b"trailer", b"transfer-encoding", b"connection"];

/// Facts about a body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Head<'a> {
    /// Content type. Envoy joins two lines with a comma; then this is the joined text.
    pub content_type: Option<&'a [u8]>,
    /// Whether there are two content types.
    pub doubled: bool,
    /// Whether a content coding other than `identity` or a part of the body (206) is sent.
    pub encoded: bool,
    /// Length in bytes, when it is told.
    pub length: Option<u64>,
    /// Whether trailers may end the body: they are announced, or nothing says that this is HTTP/1, where others are dropped.
    pub may_trail: bool,
}

impl<'a> Head<'a> {
    /// Reads header pairs.
    pub fn read(pairs: impl Iterator<Item = (&'a [u8], &'a [u8])>) -> Head<'a> {
        let mut head = Head::default();
        let (mut framed, mut announced) = (false, false);
        for (name, value) in pairs {
            // By number: a comparison in place for each name would be more code.
            match NAMES.iter().position(|known| *known == name) {
                Some(0) => head.encoded |= value == b"206",
                Some(1) => {
                    let mut rest = Some(value);
                    next_piece(&mut rest, b',');
                    head.doubled |= head.content_type.is_some() || rest.is_some();
                    head.content_type = head.content_type.or(Some(value));
                }
                Some(2) => {
                    let mut rest = Some(value);
                    while let Some(coding) = next_piece(&mut rest, b',') {
                        head.encoded |= !coding.is_empty() && !equal_ignoring_case(coding, b"identity");
                    }
                }
                Some(3) => {
                    head.length = number(value);
                    framed = true;
                }
                Some(4) => announced = true,
                Some(_) => framed = true,
                None => {}
            }
        }
        head.may_trail = announced || !framed;
        head
    }

    /// The type, or each of several.
    pub fn media(&self) -> MediaTypes<'a> {
        MediaTypes { rest: self.content_type }
    }

    /// Whether the body's characters can be read.
    pub fn is_readable(&self) -> bool {
        !self.encoded && !self.doubled && self.media().all(|media| media.has_ascii)
    }

    /// Whether the body is JSON.
    pub fn is_json(&self) -> bool {
        self.media().any(|media| media.is_json())
    }
}

/// Content types of a message.
pub struct MediaTypes<'a> {
    rest: Option<&'a [u8]>,
}

impl<'a> Iterator for MediaTypes<'a> {
    type Item = Media<'a>;
    #[inline(never)]
    fn next(&mut self) -> Option<Media<'a>> {
        next_piece(&mut self.rest, b',').map(Media::read)
    }
}

/// A content type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Media<'a> {
    /// Before the slash.
    pub main: &'a [u8],
    /// Behind the slash.
    pub sub: &'a [u8],
    /// Whether its charset is a superset of ASCII.
    pub has_ascii: bool,
}

impl<'a> Media<'a> {
    fn read(text: &'a [u8]) -> Media<'a> {
        let mut rest = Some(text);
        let essence = next_piece(&mut rest, b';').unwrap_or(&[]);
        let (main, sub) = split_once(essence, b'/').unwrap_or((essence, &[]));
        let mut has_ascii = true;
        while let Some(parameter) = next_piece(&mut rest, b';') {
            if let Some((name, value)) = split_once(parameter, b'=')
                && equal_ignoring_case(trim(name), b"charset")
            {
                has_ascii &= is_superset_of_ascii(unquote(trim(value)));
            }
        }
        Media { main, sub, has_ascii }
    }

    fn is_json(&self) -> bool {
        let end = from(self.sub, self.sub.len().saturating_sub(5));
        equal_ignoring_case(end, b"+json") || (equal_ignoring_case(self.main, b"application") && equal_ignoring_case(self.sub, b"json"))
    }
}

#[inline(never)]
fn trim(text: &[u8]) -> &[u8] {
    text.trim_ascii()
}

/// Takes the piece before the next separator that stands outside of quotes, without white space at its ends.
#[inline(never)]
fn next_piece<'a>(rest: &mut Option<&'a [u8]>, separator: u8) -> Option<&'a [u8]> {
    let text = (*rest)?;
    let (mut quoted, mut escaped) = (false, false);
    for (at, &byte) in text.iter().enumerate() {
        let was_escaped = escaped;
        escaped = quoted && !was_escaped && byte == b'\\';
        if byte == b'"' && !was_escaped {
            quoted = !quoted;
        }
        if byte == separator && !quoted {
            *rest = Some(from(text, at.saturating_add(1)));
            return Some(trim(until(text, at)));
        }
    }
    *rest = None;
    Some(trim(text))
}

fn unquote(text: &[u8]) -> &[u8] {
    match text {
        [b'"', inner @ .., b'"'] => inner,
        _ => text,
    }
}

fn is_superset_of_ascii(charset: &[u8]) -> bool {
    let begins = |start: &[u8]| equal_ignoring_case(until(charset, start.len()), start);
    equal_ignoring_case(charset, b"utf-8") || equal_ignoring_case(charset, b"us-ascii") || begins(b"iso-8859-") || begins(b"windows-125")
}

fn number(text: &[u8]) -> Option<u64> {
    let mut value = 0u64;
    for &byte in trim(text) {
        let digit = char::from(byte).to_digit(10)?;
        value = value.checked_mul(10)?.checked_add(u64::from(digit))?;
    }
    (!text.is_empty()).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::Head;

    fn head<'a>(pairs: &[(&'a str, &'a str)]) -> Head<'a> {
        Head::read(pairs.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())))
    }

    #[test]
    fn knows_what_can_be_read() {
        for (value, readable, json) in [
            ("application/json", true, true),
            ("Application/JSON; Charset=\"UTF-8\"", true, true),
            ("application/vnd.api+json;charset=us-ascii", true, true),
            ("text/html; charset=ISO-8859-15", true, false),
            ("text/html; charset=windows-1252", true, false),
            ("text/html; charset=utf-16", false, false),
            ("text/html; charset=utf-8; charset=utf-16", false, false),
            ("application/json; charset=utf-16le", false, true),
            ("text/plain,text/html", false, false),
            ("multipart/mixed; boundary=\"a,b\\\",;\"", true, false),
            ("application/jsonp", true, false),
        ] {
            let head = head(&[(":status", "200"), ("content-type", value)]);
            assert_eq!((head.is_readable(), head.is_json()), (readable, json), "{value}");
        }
    }

    #[test]
    fn knows_encodings_parts_and_lengths() {
        assert!(!head(&[("content-encoding", "gzip")]).is_readable());
        assert!(!head(&[("content-encoding", "identity"), ("content-encoding", "br")]).is_readable());
        assert!(head(&[("content-encoding", "Identity, identity")]).is_readable());
        assert!(!head(&[(":status", "206")]).is_readable());
        assert!(!head(&[("content-type", "text/a"), ("content-type", "text/a")]).is_readable());
        assert_eq!(head(&[("content-length", "123")]).length, Some(123));
        assert_eq!(head(&[("content-length", "1,2")]).length, None);
        assert!(head(&[]).media().next().is_none());
    }

    #[test]
    fn knows_where_trailers_may_come() {
        for (pairs, may_trail) in [
            (&[(":status", "200")][..], true),
            (&[("content-length", "5")], false),
            (&[("transfer-encoding", "chunked")], false),
            (&[("connection", "close")], false),
            (&[("transfer-encoding", "chunked"), ("trailer", "x-checksum")], true),
        ] {
            assert_eq!(head(pairs).may_trail, may_trail, "{pairs:?}");
        }
    }
}
