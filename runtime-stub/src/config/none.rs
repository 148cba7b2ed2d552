//! The configuration of a policy that declares none. In: what the host hands over. Out: whether it is empty.
//!
//! Reading it as JSON would cost a third of the module for a policy that has nothing to read.

/// What is logged when it is not.
pub const REFUSAL: &[u8] = b"portcullis: the policy declares no configuration, so it must be empty or {}";

/// Whether these bytes are blank or an empty object.
pub fn is_empty(text: &[u8]) -> bool {
    match text.trim_ascii() {
        b"" => true,
        [b'{', inner @ .., b'}'] => inner.trim_ascii().is_empty(),
        [..] => false,
    }
}

#[cfg(test)]
mod tests {
    use super::is_empty;

    #[test]
    fn only_blank_and_empty_objects() {
        for (text, expected) in [
            ("", true),
            (" \n", true),
            ("{}", true),
            (" { \n} ", true),
            ("{\"a\":1}", false),
            ("[]", false),
            ("{", false),
            ("}", false),
            ("null", false),
        ] {
            assert_eq!(is_empty(text.as_bytes()), expected, "{text}");
        }
    }
}
