//! Every signature of Wycheproof that these primitives can see, with the result that it must have.
//! In: `../shared/corpora/wycheproof`. Out: agreement; exceptions are listed with their reason.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::{curve, ecdsa, ed25519, ed25519_table, p256, p384, rsa};
use crate::digest::{self, Algorithm, hmac, sha1::Sha1, sha256::Sha256, sha512};
use crate::rt::arena::Arena;
use crate::values::encoding::{Alphabet, from_base64};

fn hex(text: &Value) -> Vec<u8> {
    let text = text.as_str().unwrap();
    (0..text.len() / 2).map(|n| u8::from_str_radix(&text[2 * n..2 * n + 2], 16).unwrap()).collect()
}

/// Runs all tests of a file; counts them. `prepare` makes the key of a group; `verify`: key, test, message, signature (or tag).
fn run<K>(file: &str, field: &str, prepare: impl Fn(&Value) -> K, verify: impl Fn(&K, &Value, &[u8], &[u8]) -> bool) -> usize {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpora/wycheproof/testvectors_v1");
    let Ok(text) = fs::read_to_string(folder.join(file)) else {
        eprintln!("no corpus: {}", folder.display());
        return 0;
    };
    let text: Value = serde_json::from_str(&text).unwrap();
    let mut count = 0;
    let mut wrong = Vec::new();
    for group in text["testGroups"].as_array().unwrap() {
        let key = prepare(group);
        for test in group["tests"].as_array().unwrap() {
            let found = verify(&key, test, &hex(&test["msg"]), &hex(&test[field]));
            // `acceptable` leaves the answer open: it is only for a `DigestInfo` without parameters, which RFC 8017 tells
            // verifiers to accept for old signers; JWS has none, and it is refused here.
            let expected = test["result"] == "valid";
            assert!(test["result"] != "acceptable" || test["flags"] == serde_json::json!(["MissingNull"]), "{file} {}", test["tcId"]);
            if found != expected {
                wrong.push(format!("{} {} {}", test["tcId"], test["comment"], test["flags"]));
            }
            count += 1;
        }
    }
    assert!(wrong.is_empty(), "{file}: {wrong:#?}");
    assert_eq!(count as u64, text["numberOfTests"].as_u64().unwrap());
    count
}

fn rsa_key(group: &Value) -> Vec<u8> {
    let (n, e) = (hex(&group["publicKey"]["modulus"]), hex(&group["publicKey"]["publicExponent"]));
    let mut key = vec![0; rsa::prepared_size(&n, &e).unwrap()];
    rsa::prepare(&mut key, &n, &e);
    key
}

fn of<A: Algorithm>(start: A, message: &[u8]) -> Vec<u8> {
    digest::of(start, message)[..A::SIZE].to_vec()
}

#[test]
fn rsa_pkcs1() {
    let rounds = sha512::constants();
    let check = |file: &str, hash: rsa::Hash, digest: &dyn Fn(&[u8]) -> Vec<u8>| {
        run(file, "sig", rsa_key, |key, _, message, signature| rsa::pkcs1(key, hash, &digest(message), signature))
    };
    let mut count = check("rsa_signature_2048_sha256_test.json", rsa::Hash::Sha256, &|message| of(Sha256::new(), message));
    count += check("rsa_signature_3072_sha384_test.json", rsa::Hash::Sha384, &|message| of(sha512::Sha384::new(&rounds), message));
    count += check("rsa_signature_4096_sha512_test.json", rsa::Hash::Sha512, &|message| of(sha512::Sha512::new(&rounds), message));
    eprintln!("{count} vectors");
}

#[test]
fn rsa_pss() {
    let rounds = sha512::constants();
    fn one<A: Algorithm>(file: &str, start: A) -> usize {
        run(file, "sig", rsa_key, |key, _, message, signature| rsa::pss(start, key, &of(start, message), signature))
    }
    let mut count = one("rsa_pss_2048_sha256_mgf1_32_test.json", Sha256::new());
    count += one("rsa_pss_4096_sha384_mgf1_48_test.json", sha512::Sha384::new(&rounds));
    count += one("rsa_pss_4096_sha512_mgf1_64_test.json", sha512::Sha512::new(&rounds));
    eprintln!("{count} vectors");
}

/// x and y without the byte that says uncompressed.
fn point(group: &Value) -> Vec<u8> {
    hex(&group["publicKey"]["uncompressed"])[1..].to_vec()
}

#[test]
fn ecdsa_on_both_curves() {
    // secp521r1 (ES512) is no algorithm of the language.
    let rounds = sha512::constants();
    let (short, long) = (p256::table(), p384::table());
    run("ecdsa_secp256r1_sha256_p1363_test.json", "sig", point, |key, _, message, signature| {
        ecdsa::verify(&curve::read::<8>(&short), key, &of(Sha256::new(), message), signature)
    });
    run("ecdsa_secp384r1_sha384_p1363_test.json", "sig", point, |key, _, message, signature| {
        ecdsa::verify(&curve::read::<12>(&long), key, &of(sha512::Sha384::new(&rounds), message), signature)
    });
}

#[test]
fn ed25519_signatures() {
    let (rounds, table) = (sha512::constants(), ed25519_table::table());
    run(
        "ed25519_test.json",
        "sig",
        |group| hex(&group["publicKey"]["pk"]),
        |key, _, message, signature| ed25519::verify(&table, &rounds, key, message, signature),
    );
}

#[test]
fn hmac_tags() {
    let rounds = sha512::constants();
    fn one<A: Algorithm>(file: &str, start: A) {
        run(
            file,
            "tag",
            |group| usize::try_from(group["tagSize"].as_u64().unwrap() / 8).unwrap(),
            |&size, test, message, tag| {
                // Tags that are cut short are a case of their own; JWS has none.
                hmac::of(start, &hex(&test["key"]), message).get(..size) == Some(tag)
            },
        );
    }
    one("hmac_sha1_test.json", Sha1::new());
    one("hmac_sha256_test.json", Sha256::new());
    one("hmac_sha384_test.json", sha512::Sha384::new(&rounds));
    one("hmac_sha512_test.json", sha512::Sha512::new(&rounds));
}

/// The cookbook's signatures (RFC 7520, 7797, 8037), JSON serialisations too; each with every bit of the first and the last byte changed.
#[test]
fn the_cookbook() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpora/jose-cookbook");
    let rounds = sha512::constants();
    let arena = Arena::new();
    let decode = |text: &Value| from_base64(text.as_str().unwrap().as_bytes(), Alphabet::Url, &arena).unwrap().unwrap().to_vec();
    let mut found = Vec::new();
    for (file, signatures) in [
        ("jws/4_1.rsa_v15_signature.json", 1),
        ("jws/4_2.rsa-pss_signature.json", 1),
        ("jws/4_3.ecdsa_signature.json", 1),
        ("jws/4_4.hmac-sha2_integrity_protection.json", 1),
        ("jws/4_5.signature_with_detached_content.json", 1),
        ("jws/4_6.protecting_specific_header_fields.json", 1),
        ("jws/4_7.protecting_content_only.json", 1),
        ("jws/4_8.multiple_signatures.json", 3),
        ("curve25519/jws.json", 1),
        ("rfc7797/4.2.hmac-sha2_b64_false.json", 1),
        ("rfc7797/hmac-sha2_b64_false.json", 1),
    ] {
        let Ok(text) = fs::read_to_string(folder.join(file)) else {
            eprintln!("no corpus: {}", folder.display());
            return;
        };
        let case: Value = serde_json::from_str(&text).unwrap();
        let all = |value: &Value| value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
        let (keys, algorithms, signed) = (all(&case["input"]["key"]), all(&case["input"]["alg"]), all(&case["signing"]));
        assert_eq!(signed.len(), signatures, "{file}");
        for ((key, algorithm), signed) in keys.iter().zip(&algorithms).zip(&signed) {
            // The last file's `signing` is that of another example; its compact token is RFC 7797's.
            let compact = case["output"]["compact"].as_str().filter(|_| file == "rfc7797/hmac-sha2_b64_false.json");
            let (message, code) = match compact.map(|token| token.rsplit_once('.').unwrap()) {
                Some((message, code)) => (message.as_bytes(), Value::from(code)),
                None => (signed["sig-input"].as_str().unwrap().as_bytes(), signed["sig"].clone()),
            };
            let rsa_key = || {
                let (n, e) = (decode(&key["n"]), decode(&key["e"]));
                let mut prepared = vec![0; rsa::prepared_size(&n, &e).unwrap()];
                rsa::prepare(&mut prepared, &n, &e);
                prepared
            };
            let verify = |message: &[u8], signature: &[u8]| match algorithm.as_str().unwrap() {
                "RS256" => rsa::pkcs1(&rsa_key(), rsa::Hash::Sha256, &of(Sha256::new(), message), signature),
                "PS384" => rsa::pss(sha512::Sha384::new(&rounds), &rsa_key(), &of(sha512::Sha384::new(&rounds), message), signature),
                "HS256" => hmac::of(Sha256::new(), &decode(&key["k"]), message)[..32] == *signature,
                "EdDSA" => ed25519::verify(&ed25519_table::table(), &rounds, &decode(&key["x"]), message, signature),
                // P-521 is no curve of the language: there is no primitive.
                "ES512" => false,
                other => panic!("{other}"),
            };
            let signature = decode(&code);
            let holds = verify(message, &signature);
            for bit in 0..8 {
                let change = |bytes: &[u8], at: usize| {
                    let mut changed = bytes.to_vec();
                    changed[at] ^= 1 << bit;
                    changed
                };
                assert!(!verify(message, &change(&signature, 0)), "{file}");
                assert!(!verify(message, &change(&signature, signature.len() - 1)), "{file}");
                assert!(!verify(&change(message, 0), &signature), "{file}");
                assert!(!verify(&change(message, message.len() - 1), &signature), "{file}");
            }
            assert_eq!(holds, algorithm != "ES512", "{file} {algorithm}");
            found.push(holds);
        }
    }
    assert_eq!((found.len(), found.iter().filter(|holds| **holds).count()), (13, 11));
}
