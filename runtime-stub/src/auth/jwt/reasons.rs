//! Words for refusals of tokens, part of the border: what metrics call them. In: nothing. Out: words.

/// Why a token is refused, in the order in which it is looked at: numbers of `credential_reason`, words of metrics. None is refused when it is absent.
pub const REASONS: [&str; 14] = [
    "absent",
    "too_long",
    "malformed",
    "algorithm",
    "critical",
    "embedded_key",
    "unknown_key",
    "signature",
    "issuer",
    "audience",
    "expired",
    "not_yet_valid",
    "lifetime",
    "claim",
];
