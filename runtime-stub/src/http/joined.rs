//! Lines that the host joined. In: the value of a header that has one line. Out: whether two lines may have become it.
//!
//! Envoy joins repeated lines of some headers with a comma before anybody sees them, so a comma is all that is left of a second line.

/// Whether two lines may have become this value. `with_parameters`: a comma before `name =` separates parameters of one line,
/// as in `Digest a="x", b="y"`.
pub fn looks_joined(value: &[u8], with_parameters: bool) -> bool {
    if crate::bytes::position(value, b',').is_none() {
        return false;
    }
    let (mut quoted, mut escaped) = (false, false);
    let mut rest = value;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if escaped {
            escaped = false;
        } else if quoted && byte == b'\\' {
            escaped = true;
        } else if byte == b'"' {
            quoted = !quoted;
        } else if byte == b',' && !quoted && !(with_parameters && begins_with_parameter(rest)) {
            return true;
        }
    }
    false
}

/// Whether a text begins with `token =`, blanks allowed.
fn begins_with_parameter(text: &[u8]) -> bool {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let mut rest = text.iter().skip_while(|byte| is_blank(byte)).peekable();
    let mut token = false;
    while rest.next_if(|byte| is_token(**byte)).is_some() {
        token = true;
    }
    token && rest.find(|byte| !is_blank(byte)) == Some(&b'=')
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^'..=b'`' | b'|' | b'~')
}

#[cfg(test)]
mod tests {
    use super::{is_token, looks_joined};

    #[test]
    fn commas_outside_of_quotes() {
        for (value, plain, with_parameters) in [
            ("a", false, false),
            ("a,b", true, true),
            ("text/plain; x=\"a,b\"", false, false),
            ("\"a\\\",b\"", false, false),
            ("\"a\\\\\",b", true, true),
            ("Digest a=\"x\", b=\"y\"", true, false),
            ("Digest a=1 ,\tb = 2", true, false),
            ("Bearer x, Bearer y", true, true),
            ("a,", true, true),
            ("a, =1", true, true),
        ] {
            assert_eq!((looks_joined(value.as_bytes(), false), looks_joined(value.as_bytes(), true)), (plain, with_parameters), "{value}");
        }
    }

    #[test]
    fn tokens() {
        for byte in 0..=255u8 {
            assert_eq!(is_token(byte), byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte), "{byte}");
        }
    }
}
