//! Algorithms of signatures, part of the border: their numbers; as bits they make sets. In: nothing. Out: numbers and names.

/// Their names (RFC 7518, RFC 8037), each at its number.
pub const NAMES: [&str; 12] = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA", "HS256", "HS384", "HS512"];
/// ECDSA on P-256.
pub const ES256: u32 = 6;
/// ECDSA on P-384.
pub const ES384: u32 = 7;
/// Ed25519.
pub const EDDSA: u32 = 8;
/// The first HMAC.
pub const HS256: u32 = 9;
