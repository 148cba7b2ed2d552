//! What the decoders of the language accept (`docs/reference/semantics.md`): for literals and for the interpreter.

/// Pairs of hex digits of either case.
pub fn from_hex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect()
}

/// Base64 with `+` and `/`, padded.
pub fn from_base64(text: &str) -> Option<Vec<u8>> {
    let bare = text.trim_end_matches('=');
    let padding = [0, 3, 2, 1].get(bare.len() % 4)?;
    (text.len() - bare.len() == *padding).then(|| from_letters(bare, "+/"))?
}

/// Base64 with `-` and `_`, without padding.
pub fn from_base64url(text: &str) -> Option<Vec<u8>> {
    from_letters(text, "-_")
}

/// Six bits for each letter; whole bytes are taken, what is left over must be less than a letter, and zero.
fn from_letters(text: &str, last: &str) -> Option<Vec<u8>> {
    let alphabet: Vec<char> = ('A'..='Z').chain('a'..='z').chain('0'..='9').chain(last.chars()).collect();
    let mut bits: Vec<bool> = Vec::new();
    for letter in text.chars() {
        let value = alphabet.iter().position(|known| *known == letter)?;
        bits.extend((0..6).rev().map(|bit| value >> bit & 1 == 1));
    }
    let (bytes, rest) = bits.as_chunks::<8>();
    if rest.len() >= 6 || rest.contains(&true) {
        return None;
    }
    Some(bytes.iter().map(|byte| byte.iter().fold(0, |value, bit| value << 1 | u8::from(*bit))).collect())
}

/// Percent-encodings; `+` is a space.
pub fn from_percent(text: &str) -> Option<Vec<u8>> {
    let mut pieces = text.split('%');
    let plain = |piece: &str| piece.replace('+', " ").into_bytes();
    let mut bytes = plain(pieces.next()?);
    for piece in pieces {
        bytes.extend(from_hex(piece.get(..2)?)?);
        bytes.extend(plain(piece.get(2..)?));
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::{from_base64, from_base64url, from_hex, from_percent};

    #[test]
    fn only_what_encoders_write_is_read() {
        assert_eq!(from_base64("Zm9vYg=="), Some(b"foob".to_vec()));
        assert_eq!(from_base64(""), Some(Vec::new()));
        for text in ["Zm9vYg", "Zm9vYh==", "Zm9vYg=", "Zm9v====", "=", "====", "Z", "Zg=", "Z===", "Zm 9", "-_8=", "Zg==Zg=="] {
            assert_eq!(from_base64(text), None, "{text}");
        }
        assert_eq!(from_base64url("-_8"), Some(vec![0xfb, 0xff]));
        for text in ["Zg==", "Zh", "A", "+/8"] {
            assert_eq!(from_base64url(text), None, "{text}");
        }
        assert_eq!(from_hex("0aF0"), Some(vec![10, 240]));
        assert!(from_hex("0").is_none() && from_hex("+1").is_none() && from_hex("é").is_none());
        assert_eq!(from_percent("a+%c3%BC%"), None);
        assert_eq!(from_percent("a+%c3%BC"), Some("a ü".as_bytes().to_vec()));
        assert!(from_percent("%+1").is_none() && from_percent("%é").is_none() && from_percent("%1").is_none());
    }
}
