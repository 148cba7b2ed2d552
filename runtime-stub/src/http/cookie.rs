//! Cookies. In: lines of `cookie`. Out: values by name, as written; a piece without `=` is no cookie.

/// Spaces and tabs at both ends.
#[inline(never)]
fn trimmed(mut piece: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = piece {
        piece = rest;
    }
    while let [rest @ .., b' ' | b'\t'] = piece {
        piece = rest;
    }
    piece
}

/// Name and value of a piece, spaces and tabs around both taken away.
fn pair(piece: &[u8]) -> Option<(&[u8], &[u8])> {
    crate::bytes::split_once(piece, b'=').map(|(name, value)| (trimmed(name), trimmed(value)))
}

/// Values of a name in one line, in order.
pub fn values<'l>(line: &'l [u8], name: &[u8]) -> impl Iterator<Item = &'l [u8]> {
    let mut rest = Some(line);
    core::iter::from_fn(move || next(&mut rest, name))
}

/// The next value of a name; `rest` becomes what follows it. A function of its own, because many places look for cookies.
#[inline(never)]
fn next<'l>(rest: &mut Option<&'l [u8]>, name: &[u8]) -> Option<&'l [u8]> {
    while let Some(line) = *rest {
        let (piece, after) = crate::bytes::split_once(line, b';').map_or((line, None), |(piece, after)| (piece, Some(after)));
        *rest = after;
        if let Some((_, value)) = pair(piece).filter(|(found, _)| *found == name) {
            return Some(value);
        }
    }
    None
}

/// The line without the cookies of a name; nothing when memory is exhausted. Empty when no cookie is left.
pub fn without<'a>(line: &[u8], name: &[u8], arena: &'a crate::rt::arena::Arena) -> Option<&'a [u8]> {
    let mut text = crate::rt::arena::Text::new(arena);
    for piece in line.split(|&byte| byte == b';').map(trimmed) {
        if piece.is_empty() || pair(piece).is_some_and(|(found, _)| found == name) {
            continue;
        }
        if !text.is_empty() {
            text.push(b"; ");
        }
        text.push(piece);
    }
    text.finish()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{values, without};
    use crate::rt::arena::Arena;

    #[test]
    fn values_are_as_written() {
        let line = b" a=1;b=\"x y\"\t; c ;a=2;; d= e =f";
        let of = |name: &'static str| values(line, name.as_bytes()).collect::<Vec<_>>();
        assert_eq!(of("a"), [&b"1"[..], b"2"]);
        assert_eq!(of("b"), [&b"\"x y\""[..]]);
        assert!(of("c").is_empty());
        assert_eq!(of("d"), [&b"e =f"[..]]);
    }

    #[test]
    fn cookies_can_be_taken_out() {
        let arena = Arena::new();
        for (line, expected) in [("a=1", ""), ("b=2; a=1; c", "b=2; c"), ("a=1;a=2", ""), ("aa=1", "aa=1"), (" a\t=1;b", "b")] {
            assert_eq!(without(line.as_bytes(), b"a", &arena).unwrap(), expected.as_bytes());
        }
    }
}
