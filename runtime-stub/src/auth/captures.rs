//! The parts of home-grown tokens (`token`). In: a text, the texts before, between and behind its captures. Out: the captures.

use crate::bytes;
use crate::http::utf8;

/// Hands over each capture: it ends where the next text begins first, the last one where the token does; none is empty. Nothing when the
/// text is not written so.
pub fn take<'a, 'l>(text: &'a [u8], mut literals: impl Iterator<Item = &'l [u8]>, mut add: impl FnMut(&'a [u8])) -> Option<()> {
    let mut rest = text.strip_prefix(literals.next()?)?;
    let mut literals = literals.peekable();
    while let Some(literal) = literals.next() {
        let (part, behind) = if literals.peek().is_none() {
            (rest.strip_suffix(literal)?, &[][..])
        } else {
            let at = rest.windows(literal.len().max(1)).position(|window| window == literal)?;
            (bytes::until(rest, at), bytes::from(rest, at.wrapping_add(literal.len())))
        };
        if part.is_empty() {
            return None;
        }
        add(part);
        rest = behind;
    }
    utf8::is_valid(text).then_some(())
}

#[cfg(test)]
mod tests {
    use super::take;

    fn parts<'a>(text: &'a [u8], literals: &[&str]) -> Option<Vec<&'a [u8]>> {
        let mut found = Vec::new();
        take(text, literals.iter().map(|literal| literal.as_bytes()), |part| found.push(part)).map(|()| found)
    }

    #[test]
    fn captures_end_where_the_next_text_begins() {
        assert_eq!(parts(b"a.7.mac", &["", ".", ".", ""]), Some(vec![&b"a"[..], b"7", b"mac"]));
        assert_eq!(parts(b"a.7.mac.x", &["", ".", ".", ""]), Some(vec![&b"a"[..], b"7", b"mac.x"]));
        assert_eq!(parts(b"v1:a--b;", &["v1:", "--", ";"]), Some(vec![&b"a"[..], b"b"]));
        assert_eq!(parts(b"v1:a--b;;", &["v1:", "--", ";"]), Some(vec![&b"a"[..], b"b;"]));
        for text in [&b""[..], b"a.7", b".7.mac", b"a..mac", b"a.7.", b"a.7.\xff"] {
            assert_eq!(parts(text, &["", ".", ".", ""]), None, "{text:?}");
        }
        for text in [&b"a--b;"[..], b"v1:a--b", b"v1:ab;", b"v2:a--b;"] {
            assert_eq!(parts(text, &["v1:", "--", ";"]), None, "{text:?}");
        }
    }
}
