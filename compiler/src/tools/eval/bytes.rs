//! Bytes of messages as text and back. In: header values, queries, values of expressions. Out: text, encoded or cleaned bytes.

/// Bytes as text; what is not UTF-8 reads as U+FFFD.
pub(super) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The value of `%XY` at the beginning, if it is one.
pub(super) fn percent_encoded(bytes: &[u8]) -> Option<u8> {
    match bytes {
        [b'%', high, low, ..] => {
            let digit = |byte: &u8| char::from(*byte).to_digit(16);
            u8::try_from(digit(high)? * 16 + digit(low)?).ok()
        }
        _ => None,
    }
}

/// Undoes `+` and percent-encodings of a query; an invalid encoding stays as written.
pub(super) fn query_decode(mut bytes: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::new();
    while let [first, rest @ ..] = bytes {
        if let Some(byte) = percent_encoded(bytes) {
            decoded.push(byte);
            bytes = bytes.get(3..).unwrap_or(&[]);
        } else {
            decoded.push(if *first == b'+' { b' ' } else { *first });
            bytes = rest;
        }
    }
    decoded
}

/// A value as it may stand in a header: control characters become spaces, so that no value begins a new header.
pub(super) fn header_value(value: &str) -> Vec<u8> {
    value.bytes().map(|byte| if (byte < 0x20 && byte != b'\t') || byte == 0x7f { b' ' } else { byte }).collect()
}

/// Without spaces and tabs at both ends.
pub(super) fn trim(bytes: &[u8]) -> &[u8] {
    let blank = |byte: &u8| *byte == b' ' || *byte == b'\t';
    let Some(start) = bytes.iter().position(|byte| !blank(byte)) else { return &[] };
    let end = bytes.iter().rposition(|byte| !blank(byte)).map_or(start, |last| last + 1);
    bytes.get(start..end).unwrap_or(&[])
}

#[cfg(test)]
mod tests {
    use super::{header_value, query_decode, trim};

    #[test]
    fn queries_decode_and_keep_what_is_invalid() {
        assert_eq!(query_decode(b"a+b%20c%2"), b"a b c%2");
        assert_eq!(query_decode(b"%zz%C3%A9%"), b"%zz\xc3\xa9%");
    }

    #[test]
    fn no_value_begins_a_header() {
        assert_eq!(header_value("a\r\nx: y\t\u{7f}é"), "a  x: y\t é".as_bytes());
    }

    #[test]
    fn trimming() {
        assert_eq!(trim(b" \ta b\t "), b"a b");
        assert_eq!(trim(b"  "), b"");
    }
}
