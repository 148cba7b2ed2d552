//! Header names: what is one, and which a policy may not edit.

/// Whether the text is a header name (a token, RFC 9110 section 5.6.2).
pub fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// Why a header (lower case) cannot be edited; `None` when it can.
pub fn protected(name: &str) -> Option<&'static str> {
    match name {
        "host" => Some("the proxy needs it to route"),
        "content-length" | "transfer-encoding" => Some("the proxy frames messages with it"),
        "connection" => Some("it belongs to one connection, not to the message"),
        _ if name.starts_with(':') => Some("pseudo headers are not header fields"),
        _ if name.starts_with("x-portcullis-") => Some("it is reserved for the policy's own use"),
        _ => None,
    }
}
