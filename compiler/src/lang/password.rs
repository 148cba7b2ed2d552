//! How `basic` writes a password that it knows: `{SHA256}` and the padded base64 of the SHA-256, as in htpasswd's `{SHA}`.

use super::encoding::from_base64;

/// The digest; nothing when it is written otherwise.
pub fn digest(text: &str) -> Option<[u8; 32]> {
    from_base64(text.strip_prefix("{SHA256}")?)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::digest;

    #[test]
    fn digests() {
        let zeros = format!("{}=", "A".repeat(43));
        assert_eq!(digest(&format!("{{SHA256}}{zeros}")), Some([0; 32]));
        for text in [zeros.clone(), format!("{{sha256}}{zeros}"), format!("{{SHA}}{zeros}"), "{SHA256}AAAA".to_owned()] {
            assert_eq!(digest(&text), None, "{text}");
        }
    }
}
