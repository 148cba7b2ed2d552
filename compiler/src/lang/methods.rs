//! Request methods. Any token is one; these are those that requests have.

/// Methods of RFC 9110 (section 9) and RFC 5789.
pub const METHODS: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT"];
