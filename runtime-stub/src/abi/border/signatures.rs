//! Signatures: one function for each algorithm, so that linking keeps what the policy names. RSA with PKCS #1 v1.5 and ECDSA go to
//! the host when it verifies them.

use super::rules;
use crate::abi::{Wasm, arena, vm};
use crate::bytes;
use crate::contract::UNANSWERED;
use crate::crypto::{curve, ecdsa, ed25519, host, rsa};
use crate::digest::sha256::Sha256;
use crate::digest::sha512::{Sha384, Sha512};
use crate::digest::{self, Algorithm, hmac};
use crate::host::{Host, level};
use crate::rt::pack;
use crate::tables::jwks;

#[unsafe(export_name = "rt.signatures_probe")]
extern "C" fn signatures_probe(names: i64, by_host: i32, own: i32) -> i32 {
    let offered = host::probe(&mut Wasm, &mut vm().host_verifies, arena(), pack::bytes(names));
    rules::count(if offered { by_host } else { own });
    1
}

#[unsafe(export_name = "rt.signatures_require")]
extern "C" fn signatures_require(names: i64, by_host: i32, refusal: i64) -> i32 {
    let offered = host::probe(&mut Wasm, &mut vm().host_verifies, arena(), pack::bytes(names));
    if offered {
        rules::count(by_host);
    } else {
        Wasm.log(level::ERROR, pack::bytes(refusal));
    }
    i32::from(offered)
}

/// What the host answered, where nothing else verifies.
fn answered(answer: Option<bool>) -> i32 {
    answer.map_or(UNANSWERED, i32::from)
}

#[unsafe(export_name = "rt.verify_host_rs")]
extern "C" fn verify_host_rs(names: i64, key: i64, message: i64, signature: i64) -> i32 {
    let (der, _) = jwks::forms(pack::bytes(key));
    let (names, message, signature) = (pack::bytes(names), pack::bytes(message), pack::bytes(signature));
    answered(host::verify(&mut Wasm, &mut vm().host_verifies, arena(), names, der, message, signature))
}

#[unsafe(export_name = "rt.verify_host_es")]
extern "C" fn verify_host_es(names: i64, size: i32, key: i64, message: i64, signature: i64) -> i32 {
    let (der, _) = jwks::forms(pack::bytes(key));
    let (names, message, signature) = (pack::bytes(names), pack::bytes(message), pack::bytes(signature));
    // The host's DER would hide a signature of another length.
    if signature.len() != size as usize {
        return 0;
    }
    answered(host::verify_ecdsa(&mut Wasm, &mut vm().host_verifies, arena(), names, der, message, signature))
}

/// RSA with PKCS #1 v1.5.
fn rs<A: Algorithm>(start: A, hash: rsa::Hash, names: i64, key: i64, message: i64, signature: i64) -> i32 {
    let (message, signature) = (pack::bytes(message), pack::bytes(signature));
    let (der, own) = jwks::forms(pack::bytes(key));
    let answer = host::verify(&mut Wasm, &mut vm().host_verifies, arena(), pack::bytes(names), der, message, signature);
    let holds = answer.unwrap_or_else(|| {
        let digest = digest::of(start, message);
        rsa::pkcs1(own, hash, bytes::until(&digest, A::SIZE), signature)
    });
    i32::from(holds)
}

/// RSA with PSS.
fn ps<A: Algorithm>(start: A, key: i64, message: i64, signature: i64) -> i32 {
    let digest = digest::of(start, pack::bytes(message));
    let (_, own) = jwks::forms(pack::bytes(key));
    i32::from(rsa::pss(start, own, bytes::until(&digest, A::SIZE), pack::bytes(signature)))
}

/// ECDSA.
fn es<A: Algorithm, const N: usize>(start: A, curve: i64, names: i64, key: i64, message: i64, signature: i64) -> i32 {
    let (message, signature) = (pack::bytes(message), pack::bytes(signature));
    let (der, own) = jwks::forms(pack::bytes(key));
    // The host's DER would hide a signature of another length.
    if signature.len() != N.wrapping_mul(8) {
        return 0;
    }
    let answer = host::verify_ecdsa(&mut Wasm, &mut vm().host_verifies, arena(), pack::bytes(names), der, message, signature);
    let holds = answer.unwrap_or_else(|| {
        let digest = digest::of(start, message);
        ecdsa::verify(&curve::read::<N>(pack::bytes(curve)), own, bytes::until(&digest, A::SIZE), signature)
    });
    i32::from(holds)
}

/// HMAC.
fn hs<A: Algorithm>(start: A, key: i64, message: i64, signature: i64) -> i32 {
    let code = hmac::of(start, pack::bytes(key), pack::bytes(message));
    i32::from(bytes::equal_in_constant_time(bytes::until(&code, A::SIZE), pack::bytes(signature)))
}

#[unsafe(export_name = "rt.verify_rs256")]
extern "C" fn verify_rs256(names: i64, key: i64, message: i64, signature: i64) -> i32 {
    rs(Sha256::new(), rsa::Hash::Sha256, names, key, message, signature)
}

#[unsafe(export_name = "rt.verify_rs384")]
extern "C" fn verify_rs384(names: i64, rounds: i64, key: i64, message: i64, signature: i64) -> i32 {
    rs(Sha384::new(pack::bytes(rounds)), rsa::Hash::Sha384, names, key, message, signature)
}

#[unsafe(export_name = "rt.verify_rs512")]
extern "C" fn verify_rs512(names: i64, rounds: i64, key: i64, message: i64, signature: i64) -> i32 {
    rs(Sha512::new(pack::bytes(rounds)), rsa::Hash::Sha512, names, key, message, signature)
}

#[unsafe(export_name = "rt.verify_ps256")]
extern "C" fn verify_ps256(key: i64, message: i64, signature: i64) -> i32 {
    ps(Sha256::new(), key, message, signature)
}

#[unsafe(export_name = "rt.verify_ps384")]
extern "C" fn verify_ps384(rounds: i64, key: i64, message: i64, signature: i64) -> i32 {
    ps(Sha384::new(pack::bytes(rounds)), key, message, signature)
}

#[unsafe(export_name = "rt.verify_ps512")]
extern "C" fn verify_ps512(rounds: i64, key: i64, message: i64, signature: i64) -> i32 {
    ps(Sha512::new(pack::bytes(rounds)), key, message, signature)
}

#[unsafe(export_name = "rt.verify_es256")]
extern "C" fn verify_es256(names: i64, curve: i64, key: i64, message: i64, signature: i64) -> i32 {
    es::<_, 8>(Sha256::new(), curve, names, key, message, signature)
}

#[unsafe(export_name = "rt.verify_es384")]
extern "C" fn verify_es384(names: i64, curve: i64, rounds: i64, key: i64, message: i64, signature: i64) -> i32 {
    es::<_, 12>(Sha384::new(pack::bytes(rounds)), curve, names, key, message, signature)
}

#[unsafe(export_name = "rt.verify_eddsa")]
extern "C" fn verify_eddsa(curve: i64, rounds: i64, key: i64, message: i64, signature: i64) -> i32 {
    let (_, own) = jwks::forms(pack::bytes(key));
    i32::from(ed25519::verify(pack::bytes(curve), pack::bytes(rounds), own, pack::bytes(message), pack::bytes(signature)))
}

#[unsafe(export_name = "rt.verify_hs256")]
extern "C" fn verify_hs256(key: i64, message: i64, signature: i64) -> i32 {
    hs(Sha256::new(), key, message, signature)
}

#[unsafe(export_name = "rt.verify_hs384")]
extern "C" fn verify_hs384(rounds: i64, key: i64, message: i64, signature: i64) -> i32 {
    hs(Sha384::new(pack::bytes(rounds)), key, message, signature)
}

#[unsafe(export_name = "rt.verify_hs512")]
extern "C" fn verify_hs512(rounds: i64, key: i64, message: i64, signature: i64) -> i32 {
    hs(Sha512::new(pack::bytes(rounds)), key, message, signature)
}
