//! Verification of signatures: RSA (PKCS #1 v1.5 and PSS), ECDSA on P-256 and P-384, Ed25519. In: keys, messages, signatures.
//! Out: whether one belongs to the others. Why this is our own and not a crate: docs/decisions/0006-signatures.md.
//!
//! All inputs are public, so nothing here hides what it computes by its timing; nothing here signs or holds a private key.
//! What a policy's algorithms do not need is not linked: each is reached through a mechanism of its own, and the constants of
//! curves come as tables from the policy.

pub mod algorithm;
pub mod curve;
pub mod der;
pub mod ecdsa;
pub mod ed25519;
#[cfg(not(target_arch = "wasm32"))]
pub mod ed25519_table;
pub mod host;
pub mod modulus;
#[cfg(not(target_arch = "wasm32"))]
pub mod p256;
#[cfg(not(target_arch = "wasm32"))]
pub mod p384;
pub mod rsa;
#[cfg(test)]
mod tests;
mod window;
pub mod words;
