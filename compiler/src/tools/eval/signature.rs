//! Signatures, by the RustCrypto crates: the module has its own code. In: keys, messages, signatures. Out: whether one holds.

use hmac::{Hmac, KeyInit, Mac};
use sha2_for_signatures::{Sha256, Sha384, Sha512};

use crate::ir::hir::{JwkMaterial, JwtAlgorithm};

/// Whether a signature holds under a public key; not when the key is of another kind.
pub(super) fn verify(algorithm: JwtAlgorithm, key: &JwkMaterial, message: &[u8], signature: &[u8]) -> bool {
    match key {
        JwkMaterial::Rsa { n, e } => {
            let number = rsa::BigUint::from_bytes_be;
            rsa::RsaPublicKey::new(number(n), number(e)).is_ok_and(|key| verify_rsa(algorithm, key, message, signature))
        }
        JwkMaterial::P256 { x, y } => {
            use p256::ecdsa::signature::Verifier;
            let point = [&[4][..], x, y].concat();
            let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(&point);
            let signature = p256::ecdsa::Signature::from_slice(signature);
            algorithm == JwtAlgorithm::Es256
                && key.is_ok_and(|key| signature.is_ok_and(|signature| key.verify(message, &signature).is_ok()))
        }
        JwkMaterial::P384 { x, y } => {
            use p384::ecdsa::signature::Verifier;
            let point = [&[4][..], x, y].concat();
            let key = p384::ecdsa::VerifyingKey::from_sec1_bytes(&point);
            let signature = p384::ecdsa::Signature::from_slice(signature);
            algorithm == JwtAlgorithm::Es384
                && key.is_ok_and(|key| signature.is_ok_and(|signature| key.verify(message, &signature).is_ok()))
        }
        JwkMaterial::Ed25519(key) => {
            use ed25519_dalek::Verifier;
            let key = <[u8; 32]>::try_from(key.as_slice()).ok().and_then(|key| ed25519_dalek::VerifyingKey::from_bytes(&key).ok());
            let signature = ed25519_dalek::Signature::from_slice(signature);
            algorithm == JwtAlgorithm::EdDsa
                && key.is_some_and(|key| signature.is_ok_and(|signature| key.verify(message, &signature).is_ok()))
        }
    }
}

fn verify_rsa(algorithm: JwtAlgorithm, key: rsa::RsaPublicKey, message: &[u8], signature: &[u8]) -> bool {
    use rsa::signature::Verifier;
    let plain = || rsa::pkcs1v15::Signature::try_from(signature);
    let salted = || rsa::pss::Signature::try_from(signature);
    match algorithm {
        JwtAlgorithm::Rs256 => plain().is_ok_and(|it| rsa::pkcs1v15::VerifyingKey::<Sha256>::new(key).verify(message, &it).is_ok()),
        JwtAlgorithm::Rs384 => plain().is_ok_and(|it| rsa::pkcs1v15::VerifyingKey::<Sha384>::new(key).verify(message, &it).is_ok()),
        JwtAlgorithm::Rs512 => plain().is_ok_and(|it| rsa::pkcs1v15::VerifyingKey::<Sha512>::new(key).verify(message, &it).is_ok()),
        JwtAlgorithm::Ps256 => salted().is_ok_and(|it| rsa::pss::VerifyingKey::<Sha256>::new(key).verify(message, &it).is_ok()),
        JwtAlgorithm::Ps384 => salted().is_ok_and(|it| rsa::pss::VerifyingKey::<Sha384>::new(key).verify(message, &it).is_ok()),
        JwtAlgorithm::Ps512 => salted().is_ok_and(|it| rsa::pss::VerifyingKey::<Sha512>::new(key).verify(message, &it).is_ok()),
        JwtAlgorithm::Es256
        | JwtAlgorithm::Es384
        | JwtAlgorithm::EdDsa
        | JwtAlgorithm::Hs256
        | JwtAlgorithm::Hs384
        | JwtAlgorithm::Hs512 => false,
    }
}

/// Whether a code holds under a secret.
pub(super) fn verify_code(algorithm: JwtAlgorithm, secret: &[u8], message: &[u8], code: &[u8]) -> bool {
    match algorithm {
        JwtAlgorithm::Hs256 => {
            Hmac::<sha2::Sha256>::new_from_slice(secret).is_ok_and(|mac| mac.chain_update(message).verify_slice(code).is_ok())
        }
        JwtAlgorithm::Hs384 => {
            Hmac::<sha2::Sha384>::new_from_slice(secret).is_ok_and(|mac| mac.chain_update(message).verify_slice(code).is_ok())
        }
        JwtAlgorithm::Hs512 => {
            Hmac::<sha2::Sha512>::new_from_slice(secret).is_ok_and(|mac| mac.chain_update(message).verify_slice(code).is_ok())
        }
        JwtAlgorithm::Rs256
        | JwtAlgorithm::Rs384
        | JwtAlgorithm::Rs512
        | JwtAlgorithm::Ps256
        | JwtAlgorithm::Ps384
        | JwtAlgorithm::Ps512
        | JwtAlgorithm::Es256
        | JwtAlgorithm::Es384
        | JwtAlgorithm::EdDsa => false,
    }
}
