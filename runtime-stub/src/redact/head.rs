//! What response headers say about a body: type, charset, encoding, length.
//! In: header pairs, lower-case names. Out: whether the body can be read, and as what.

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
}

impl<'a> Head<'a> {
    /// Reads header pairs.
    pub fn read(pairs: impl Iterator<Item = (&'a [u8], &'a [u8])>) -> Head<'a> {
        let mut head = Head::default();
        for (name, value) in pairs {
            match name {
                b":status" => head.encoded |= value == b"206",
                b"content-type" => {
                    head.doubled |= head.content_type.is_some() || split(value, b',').count() > 1;
                    head.content_type = head.content_type.or(Some(value));
                }
                b"content-encoding" => {
                    let plain = |coding: &[u8]| coding.is_empty() || coding.eq_ignore_ascii_case(b"identity");
                    head.encoded |= !split(value, b',').all(|coding| plain(coding.trim_ascii()));
                }
                b"content-length" => head.length = number(value),
                _ => {}
            }
        }
        head
    }

    /// The types that may be meant: one, or several when there are several.
    pub fn media(&self) -> impl Iterator<Item = Media<'a>> {
        self.content_type.into_iter().flat_map(|value| split(value, b',')).filter_map(Media::read)
    }

    /// Whether the body's characters can be read.
    pub fn is_readable(&self) -> bool {
        !self.encoded && !self.doubled && self.media().all(|media| media.has_ascii)
    }

    /// Whether the body is JSON.
    pub fn is_json(&self) -> bool {
        self.media().next().is_some_and(|media| media.is_json())
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
    fn read(text: &'a [u8]) -> Option<Media<'a>> {
        let mut parts = split(text, b';');
        let essence = parts.next()?.trim_ascii();
        let (main, sub) = crate::bytes::split_once(essence, b'/').unwrap_or((essence, &[]));
        let mut has_ascii = true;
        for parameter in parts {
            let Some((name, value)) = crate::bytes::split_once(parameter.trim_ascii(), b'=') else { continue };
            if name.trim_ascii().eq_ignore_ascii_case(b"charset") {
                has_ascii &= is_superset_of_ascii(unquote(value.trim_ascii()));
            }
        }
        Some(Media { main, sub, has_ascii })
    }

    fn is_json(&self) -> bool {
        let ends_so = self.sub.get(self.sub.len().saturating_sub(5)..).unwrap_or(&[]).eq_ignore_ascii_case(b"+json");
        ends_so || (self.main.eq_ignore_ascii_case(b"application") && self.sub.eq_ignore_ascii_case(b"json"))
    }
}

/// Pieces between separators that stand outside of quotes.
fn split(text: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let mut quoted = false;
    let mut escaped = false;
    text.split(move |&byte| {
        let was_escaped = escaped;
        escaped = quoted && !was_escaped && byte == b'\\';
        if byte == b'"' && !was_escaped {
            quoted = !quoted;
        }
        byte == separator && !quoted
    })
}

fn unquote(text: &[u8]) -> &[u8] {
    match text {
        [b'"', inner @ .., b'"'] => inner,
        _ => text,
    }
}

fn is_superset_of_ascii(charset: &[u8]) -> bool {
    let begins = |start: &[u8]| charset.get(..start.len()).is_some_and(|found| found.eq_ignore_ascii_case(start));
    charset.eq_ignore_ascii_case(b"utf-8") || charset.eq_ignore_ascii_case(b"us-ascii") || begins(b"iso-8859-") || begins(b"windows-125")
}

fn number(text: &[u8]) -> Option<u64> {
    let mut value = 0u64;
    for &byte in text.trim_ascii() {
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
            ("text/plain,application/json", false, false),
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
        assert_eq!(head(&[]).media().count(), 0);
    }
}
