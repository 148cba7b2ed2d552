//! Envoy's `verify_signature`, by the RustCrypto crates. In: a protobuf message of hash (1), key as SubjectPublicKeyInfo in DER (2),
//! signature (3; ECDSA in DER) and text (4). Out: one with the result (1) and, where that is false, an error (2).

use rsa::pkcs1::DecodeRsaPublicKey;
use rsa::pkcs8::spki::SubjectPublicKeyInfoRef;
use rsa::pkcs8::{AssociatedOid, ObjectIdentifier};
use rsa::signature::Verifier;
use rsa::signature::hazmat::PrehashVerifier;
use sha2_for_signatures::{Digest, Sha256, Sha384, Sha512};

const RSA: &str = "1.2.840.113549.1.1.1";
const EC: &str = "1.2.840.10045.2.1";
const P256: &str = "1.2.840.10045.3.1.7";
const P384: &str = "1.3.132.0.34";

/// The answer to a call.
pub(super) fn answer(argument: &[u8]) -> Vec<u8> {
    let [hash, key, signature, text] = fields(argument).unwrap_or_default();
    let holds = match hash {
        b"sha256" => verify::<Sha256>(key, signature, text),
        b"sha384" => verify::<Sha384>(key, signature, text),
        b"sha512" => verify::<Sha512>(key, signature, text),
        _ => None,
    };
    if holds.is_some() { vec![0x08, 0x01] } else { [&[0x12, 5][..], b"false"].concat() }
}

/// Fields 1 to 4, each with its length; nothing for what is no such message.
fn fields(mut rest: &[u8]) -> Option<[&[u8]; 4]> {
    let mut found = [&[][..]; 4];
    while let [tag, after @ ..] = rest {
        let place = found.get_mut(usize::from(tag >> 3).checked_sub(1)?).filter(|_| tag & 7 == 2)?;
        let (mut size, mut shift) = (0_usize, 0);
        let mut digits = after;
        loop {
            let (digit, more) = digits.split_first()?;
            size |= usize::from(digit & 0x7f).checked_shl(shift)?;
            (digits, shift) = (more, shift + 7);
            if digit & 0x80 == 0 {
                break;
            }
        }
        (*place, rest) = digits.split_at_checked(size)?;
    }
    Some(found)
}

fn verify<D>(key: &[u8], signature: &[u8], text: &[u8]) -> Option<()>
where
    D: Digest + AssociatedOid + rsa::signature::digest::FixedOutputReset,
{
    let key = SubjectPublicKeyInfoRef::try_from(key).ok()?;
    let point = key.subject_public_key.as_bytes()?;
    let named = |text: &str| ObjectIdentifier::new(text).ok();
    let algorithm = Some(key.algorithm.oid);
    let digest = D::digest(text);
    if algorithm == named(RSA) {
        let key = rsa::pkcs1v15::VerifyingKey::<D>::new(rsa::RsaPublicKey::from_pkcs1_der(point).ok()?);
        return key.verify(text, &rsa::pkcs1v15::Signature::try_from(signature).ok()?).ok();
    }
    let curve = key.algorithm.parameters_oid().ok().filter(|_| algorithm == named(EC));
    if curve.is_some() && curve == named(P256) {
        let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(point).ok()?;
        return key.verify_prehash(&digest, &p256::ecdsa::Signature::from_der(signature).ok()?).ok();
    }
    if curve.is_some() && curve == named(P384) {
        let key = p384::ecdsa::VerifyingKey::from_sec1_bytes(point).ok()?;
        return key.verify_prehash(&digest, &p384::ecdsa::Signature::from_der(signature).ok()?).ok();
    }
    None
}
