//! How `basic` writes a password that it knows: `{SHA256}` and the padded base64 of the SHA-256, as in htpasswd's `{SHA}`.

/// The digest; nothing when it is written otherwise.
pub fn digest(text: &str) -> Option<[u8; 32]> {
    base64(text.strip_prefix("{SHA256}")?)?.try_into().ok()
}

/// Padded base64 with nothing left over (RFC 4648, sections 3.5 and 4).
pub fn base64(text: &str) -> Option<Vec<u8>> {
    let bare = text.trim_end_matches('=');
    if !text.len().is_multiple_of(4) || text.len() - bare.len() > 2 {
        return None;
    }
    let mut bits: Vec<u8> = Vec::new();
    for letter in bare.chars() {
        let value = match letter {
            'A'..='Z' => u32::from(letter) - u32::from('A'),
            'a'..='z' => u32::from(letter) - u32::from('a') + 26,
            '0'..='9' => u32::from(letter) - u32::from('0') + 52,
            '+' => 62,
            '/' => 63,
            _ => return None,
        };
        bits.extend((0..6).rev().map(|bit| u8::from(value >> bit & 1 == 1)));
    }
    let (bytes, rest) = bits.as_chunks::<8>();
    if rest.len() >= 6 || rest.contains(&1) {
        return None;
    }
    Some(bytes.iter().map(|byte| byte.iter().fold(0, |value, bit| value << 1 | bit)).collect())
}

#[cfg(test)]
mod tests {
    use super::{base64, digest};

    #[test]
    fn only_what_encoders_write_is_read() {
        assert_eq!(base64("Zm9vYg=="), Some(b"foob".to_vec()));
        assert_eq!(base64("Zm9v"), Some(b"foo".to_vec()));
        assert_eq!(base64(""), Some(Vec::new()));
        for text in ["Zm9vYg", "Zm9vYg=", "Zm9vYh==", "Zm9v====", "=", "====", "Z", "Zg=", "Z===", "Zm 9", "-_8=", "Zg==Zg=="] {
            assert_eq!(base64(text), None, "{text}");
        }
    }

    #[test]
    fn digests() {
        let zeros = format!("{}=", "A".repeat(43));
        assert_eq!(digest(&format!("{{SHA256}}{zeros}")), Some([0; 32]));
        for text in [zeros.clone(), format!("{{sha256}}{zeros}"), format!("{{SHA}}{zeros}"), "{SHA256}AAAA".to_owned()] {
            assert_eq!(digest(&text), None, "{text}");
        }
    }
}
