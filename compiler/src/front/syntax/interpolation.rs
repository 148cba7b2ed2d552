//! The texts of strings: escapes, and where an interpolation or the string ends. The expressions between
//! `${` and `}` are lexed like any others; the lexer comes back here at the closing brace.
//! In: the file and where a text begins. Out: the decoded text and what ended it.

/// What ended a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// The closing quote.
    Quote,
    /// `${`
    Interpolation,
    /// The end of the line or file: the string is not closed.
    LineEnd,
}

/// A malformed escape: where, the label and the fix.
pub(super) struct BadEscape {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) label: String,
    pub(super) help: String,
}

/// A text of a string, up to what ended it.
pub(super) struct Piece {
    /// Decoded.
    pub(super) text: String,
    /// One past what ended it; before a line end.
    pub(super) end: usize,
    pub(super) stop: Stop,
    pub(super) bad: Vec<BadEscape>,
}

/// Reads the text that begins at `start`.
pub(super) fn piece(source: &str, start: usize) -> Piece {
    let mut piece = Piece { text: String::new(), end: start, stop: Stop::LineEnd, bad: Vec::new() };
    let mut rest = source.get(start..).unwrap_or_default();
    loop {
        let at = source.len() - rest.len();
        piece.end = at;
        let mut characters = rest.chars();
        match characters.next() {
            None | Some('\n') => return piece,
            // A carriage return belongs to the line end.
            Some('\r') if characters.as_str().is_empty() || characters.as_str().starts_with('\n') => return piece,
            Some('"') => {
                piece.end = at + 1;
                piece.stop = Stop::Quote;
                return piece;
            }
            Some('$') if characters.as_str().starts_with('{') => {
                piece.end = at + 2;
                piece.stop = Stop::Interpolation;
                return piece;
            }
            Some('\\') => rest = escape(at, characters.as_str(), &mut piece),
            Some(other) => {
                piece.text.push(other);
                rest = characters.as_str();
            }
        }
    }
}

/// Decodes what follows the backslash at `at` and returns what follows the escape.
fn escape<'a>(at: usize, after: &'a str, piece: &mut Piece) -> &'a str {
    let mut characters = after.chars();
    let Some(letter) = characters.next().filter(|c| *c != '\n' && *c != '\r') else {
        return after;
    };
    let plain = match letter {
        'n' => Some('\n'),
        't' => Some('\t'),
        'r' => Some('\r'),
        '"' | '\\' | '$' => Some(letter),
        _ => None,
    };
    if let Some(character) = plain {
        piece.text.push(character);
        return characters.as_str();
    }
    if letter == 'u' {
        return unicode(at, characters.as_str(), piece);
    }
    piece.bad.push(BadEscape {
        start: at,
        end: at + 1 + letter.len_utf8(),
        label: format!("`\\{letter}` is no escape"),
        help: "write `\\\\` for a backslash; the escapes are `\\n \\t \\r \\\" \\\\ \\$ \\u{…}`".to_owned(),
    });
    characters.as_str()
}

/// Decodes `{hex}` after `\u`.
fn unicode<'a>(at: usize, after: &'a str, piece: &mut Piece) -> &'a str {
    let digits = after.strip_prefix('{').map(|hex| {
        let end = hex.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(hex.len());
        hex.split_at_checked(end).unwrap_or((hex, ""))
    });
    let decoded = digits.and_then(|(hex, rest)| {
        let rest = rest.strip_prefix('}')?;
        let character = u32::from_str_radix(hex, 16).ok().and_then(char::from_u32)?;
        Some((character, rest))
    });
    if let Some((character, rest)) = decoded {
        piece.text.push(character);
        return rest;
    }
    let rest = digits.map_or(after, |(_, rest)| rest.strip_prefix('}').unwrap_or(rest));
    piece.bad.push(BadEscape {
        start: at,
        end: at + 2 + (after.len() - rest.len()),
        label: "no Unicode character".to_owned(),
        help: "write the code point in hexadecimal between braces, such as `\\u{20AC}`".to_owned(),
    });
    rest
}

#[cfg(test)]
mod tests {
    use super::{Stop, piece};

    #[test]
    fn escapes_are_decoded_up_to_the_quote() {
        let piece = piece(r#"a\n\"\\\$\u{20AC}$x" rest"#, 0);
        assert_eq!(piece.text, "a\n\"\\$\u{20AC}$x");
        assert_eq!((piece.stop, piece.end, piece.bad.len()), (Stop::Quote, 20, 0));
    }

    #[test]
    fn an_interpolation_ends_a_text() {
        let piece = piece("a ${b}", 0);
        assert_eq!((piece.text.as_str(), piece.stop, piece.end), ("a ", Stop::Interpolation, 4));
    }

    #[test]
    fn bad_escapes_are_found_and_skipped() {
        let found = piece("\\q\\u{110000}\\u{zz}\\uxx\"", 0);
        assert_eq!(found.bad.len(), 4);
        assert_eq!(found.stop, Stop::Quote);
        assert_eq!(piece("abc\\", 0).stop, Stop::LineEnd);
        assert_eq!(piece("abc\r\nd\"", 0).end, 3);
    }
}
