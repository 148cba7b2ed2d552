//! The bare signatures and codes of Wycheproof and of the JOSE cookbook in Wasm: the functions of the committed stub that modules are
//! linked with, called at their border. In: `../shared/corpora`. Out: the result that each vector says; exceptions have their reason.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used, missing_docs)]

use std::fs;
use std::path::Path;

use portcullis::back::STUB;
use portcullis_runtime::crypto::{ed25519_table, host, p256, p384};
use portcullis_runtime::digest::sha512;
use portcullis_runtime::rt::arena::Arena;
use portcullis_runtime::tables::jwks::{self, Key, Material};
use portcullis_runtime::values::encoding::{Alphabet, from_base64};
use serde_json::Value;
use wasmi::{Caller, Engine, Func, FuncType, Instance, Linker, Memory, Module, Store, Val, ValType};

/// Where inputs lie: above what the stub begins with.
const INPUTS: u32 = 4;
/// Pages for inputs, then for what the stub allocates.
const PAGES: u32 = 16;
const PAGE: u32 = 65_536;

/// The stub, without a policy and without a host that verifies.
struct Stub {
    store: Store<()>,
    instance: Instance,
    memory: Memory,
    /// Where the next input goes; constants stay below.
    free: u32,
}

impl Stub {
    fn new() -> Stub {
        let engine = Engine::default();
        let module = Module::new(&engine, STUB).unwrap();
        let mut store = Store::new(&engine, ());
        let mut linker = Linker::new(&engine);
        for import in module.imports() {
            let ty = import.ty().func().expect("the stub imports functions").clone();
            let (heap, host) = (import.name() == "heap_start", import.module() == "env");
            let answer = move |ty: &FuncType| match ty.results().first() {
                Some(ValType::I64) => Some(Val::I64(0)),
                // `NOT_FOUND` of every host call: nobody else verifies.
                Some(_) => Some(Val::I32(if heap { ((INPUTS + PAGES) * PAGE).cast_signed() } else { i32::from(host) })),
                None => None,
            };
            let given = answer(&ty);
            let func = Func::new(&mut store, ty, move |_: Caller<'_, ()>, _, results| {
                if let (Some(result), Some(given)) = (results.first_mut(), &given) {
                    *result = given.clone();
                }
                Ok(())
            });
            linker.define(import.module(), import.name(), func).unwrap();
        }
        let instance = linker.instantiate_and_start(&mut store, &module).unwrap();
        let memory = instance.get_memory(&store, "memory").unwrap();
        assert!(memory.size(&store) <= u64::from(INPUTS), "{} pages", memory.size(&store));
        let more = u64::from(INPUTS + 2 * PAGES) - memory.size(&store);
        memory.grow(&mut store, more).unwrap();
        Stub { store, instance, memory, free: INPUTS * PAGE }
    }

    /// Puts bytes into memory: a packed string.
    fn put(&mut self, bytes: &[u8]) -> Val {
        let at = self.free;
        let size = u32::try_from(bytes.len()).unwrap();
        self.free = (at + size + 7) & !7;
        assert!(self.free <= (INPUTS + PAGES) * PAGE);
        self.memory.write(&mut self.store, at as usize, bytes).unwrap();
        Val::I64((u64::from(size) << 32 | u64::from(at)).cast_signed())
    }

    /// The code of a message: constants, then key and message.
    fn code(&mut self, name: &str, constants: &[Val], inputs: [&[u8]; 2]) -> Vec<u8> {
        let result = self.call(name, constants, &inputs, Val::I64(0));
        let packed = result.i64().unwrap().cast_unsigned();
        let mut code = vec![0; (packed >> 32) as usize];
        self.memory.read(&self.store, (packed & 0xffff_ffff) as usize, &mut code).unwrap();
        code
    }

    /// Whether a signature holds: constants, then key, message and signature, which are forgotten.
    fn verify(&mut self, name: &str, constants: &[Val], inputs: [&[u8]; 3]) -> bool {
        self.call(name, constants, &inputs, Val::I32(0)).i32() == Some(1)
    }

    fn call(&mut self, name: &str, constants: &[Val], inputs: &[&[u8]], result: Val) -> Val {
        let before = self.free;
        let mut arguments = constants.to_vec();
        for input in inputs {
            arguments.push(self.put(input));
        }
        self.free = before;
        let func = self.instance.get_func(&self.store, &format!("rt.{name}")).unwrap();
        let mut results = [result];
        func.call(&mut self.store, &arguments, &mut results).unwrap_or_else(|trap| panic!("{name} traps: {trap}"));
        let [result] = results;
        result
    }
}

fn hex(text: &Value) -> Vec<u8> {
    let text = text.as_str().unwrap();
    (0..text.len() / 2).map(|n| u8::from_str_radix(&text[2 * n..2 * n + 2], 16).unwrap()).collect()
}

/// Both forms of a key.
fn key(material: Material<'_>) -> Vec<u8> {
    let table = jwks::write(&[Key { id: None, algorithms: u32::MAX, material }]);
    jwks::entries(&table).next().expect("a usable key").key.to_vec()
}

/// Runs all tests of a file: group, test, message, signature or tag.
fn run(file: &str, field: &str, mut holds: impl FnMut(&Value, &Value, &[u8], &[u8]) -> bool) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpora/wycheproof/testvectors_v1").join(file);
    let Ok(text) = fs::read_to_string(&path) else {
        println!("skipped: no corpus {}", path.display());
        return;
    };
    let text: Value = serde_json::from_str(&text).unwrap();
    let (mut count, mut wrong) = (0, Vec::new());
    for group in text["testGroups"].as_array().unwrap() {
        for test in group["tests"].as_array().unwrap() {
            // `acceptable` is only for a `DigestInfo` without parameters, which JWS does not have: it is refused.
            assert!(test["result"] != "acceptable" || test["flags"] == serde_json::json!(["MissingNull"]), "{file} {}", test["tcId"]);
            if holds(group, test, &hex(&test["msg"]), &hex(&test[field])) != (test["result"] == "valid") {
                wrong.push(format!("{} {} {}", test["tcId"], test["comment"], test["flags"]));
            }
            count += 1;
        }
    }
    assert!(wrong.is_empty(), "{file}: {wrong:#?}");
    assert_eq!(Some(count), text["numberOfTests"].as_u64(), "{file}");
    println!("{file}: {count} vectors");
}

/// Signatures with the keys of their groups.
fn signatures(file: &str, function: &str, constants: &[&[u8]], prepare: fn(&Value) -> Vec<u8>) {
    let mut stub = Stub::new();
    let constants: Vec<Val> = constants.iter().map(|constant| stub.put(constant)).collect();
    run(file, "sig", |group, _, message, signature| stub.verify(function, &constants, [&prepare(group), message, signature]));
}

fn rsa(group: &Value) -> Vec<u8> {
    key(Material::Rsa(&hex(&group["publicKey"]["modulus"]), &hex(&group["publicKey"]["publicExponent"])))
}

fn point(group: &Value) -> Vec<u8> {
    let point = hex(&group["publicKey"]["uncompressed"]);
    let (x, y) = point[1..].split_at((point.len() - 1) / 2);
    key(if x.len() == 32 { Material::P256(x, y) } else { Material::P384(x, y) })
}

fn edwards(group: &Value) -> Vec<u8> {
    key(Material::Ed25519(&hex(&group["publicKey"]["pk"])))
}

#[test]
fn rsa_pkcs1_in_wasm() {
    let rounds = sha512::constants();
    signatures("rsa_signature_2048_sha256_test.json", "verify_rs256", &[&host::names("sha256")], rsa);
    signatures("rsa_signature_3072_sha384_test.json", "verify_rs384", &[&host::names("sha384"), &rounds], rsa);
    signatures("rsa_signature_4096_sha512_test.json", "verify_rs512", &[&host::names("sha512"), &rounds], rsa);
}

#[test]
fn rsa_pss_in_wasm() {
    let rounds = sha512::constants();
    signatures("rsa_pss_2048_sha256_mgf1_32_test.json", "verify_ps256", &[], rsa);
    signatures("rsa_pss_4096_sha384_mgf1_48_test.json", "verify_ps384", &[&rounds], rsa);
    signatures("rsa_pss_4096_sha512_mgf1_64_test.json", "verify_ps512", &[&rounds], rsa);
}

/// secp521r1 (ES512) is no algorithm of the language.
#[test]
fn ecdsa_on_p256_in_wasm() {
    signatures("ecdsa_secp256r1_sha256_p1363_test.json", "verify_es256", &[&host::names("sha256"), &p256::table()], point);
}

#[test]
fn ecdsa_on_p384_in_wasm() {
    let constants = [&host::names("sha384")[..], &p384::table(), &sha512::constants()];
    signatures("ecdsa_secp384r1_sha384_p1363_test.json", "verify_es384", &constants, point);
}

#[test]
fn ed25519_in_wasm() {
    signatures("ed25519_test.json", "verify_eddsa", &[&ed25519_table::table(), &sha512::constants()], edwards);
}

/// Codes of JWS, which are compared whole: tags that are cut short are refused, also those that a vector calls valid.
#[test]
fn hmac_of_tokens_in_wasm() {
    let rounds = sha512::constants();
    for (bits, constants) in [(256, vec![]), (384, vec![&rounds]), (512, vec![&rounds])] {
        let mut stub = Stub::new();
        let constants: Vec<Val> = constants.into_iter().map(|constant| stub.put(constant)).collect();
        run(&format!("hmac_sha{bits}_test.json"), "tag", |group, test, message, tag| {
            let found = stub.verify(&format!("verify_hs{bits}"), &constants, [&hex(&test["key"]), message, tag]);
            let cut = group["tagSize"].as_u64() != Some(bits);
            assert!(!(cut && found), "{bits} {}", test["tcId"]);
            if cut { test["result"] == "valid" } else { found }
        });
    }
}

/// Tokens of Wycheproof by secrets that are no text, which no configuration can carry: what is signed, and the code.
#[test]
fn secrets_that_are_no_text_in_wasm() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpora/wycheproof/testvectors_v1");
    let arena = Arena::new();
    let decode = |text: &str| from_base64(text.as_bytes(), Alphabet::Url, &arena).ok().flatten().map(<[u8]>::to_vec);
    let mut stub = Stub::new();
    let (mut valid, mut refused) = (0, 0);
    for file in ["json_web_signature_test.json", "json_web_crypto_test.json"] {
        let Ok(text) = fs::read_to_string(folder.join(file)) else {
            println!("skipped: no corpus {}", folder.display());
            return;
        };
        let text: Value = serde_json::from_str(&text).unwrap();
        let of_text = |group: &&Value| {
            let key = &group["private"];
            let secret = key["k"].as_str().filter(|_| key["kty"] == "oct" && key["alg"] == "HS256").and_then(decode);
            secret.is_some_and(|secret| String::from_utf8(secret).is_err())
        };
        for group in text["testGroups"].as_array().unwrap().iter().filter(of_text) {
            let secret = decode(group["private"]["k"].as_str().unwrap()).unwrap();
            for test in group["tests"].as_array().unwrap() {
                // What is no compact token has no code; what is malformed otherwise is the reader's, natively (`auth/jwt/corpora.rs`).
                let parts = test["jws"].as_str().and_then(|token| token.rsplit_once('.'));
                let code = parts.and_then(|(message, code)| Some((message, decode(code)?)));
                let found = code.is_some_and(|(message, code)| stub.verify("verify_hs256", &[], [&secret, message.as_bytes(), &code]));
                assert!(found || test["result"] != "valid", "{file} {} {}", test["tcId"], test["comment"]);
                if found { valid += 1 } else { refused += 1 }
            }
        }
    }
    assert_eq!((valid, refused), (4, 32));
}

/// The cases of RFC 4231 in the corpus of webhooks, whose keys are no text.
#[test]
fn rfc_4231_in_wasm() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpora/webhook-hmac/cases.json");
    let Ok(text) = fs::read_to_string(&path) else {
        println!("skipped: no corpus {}", path.display());
        return;
    };
    let mut stub = Stub::new();
    let cases: Vec<Value> = serde_json::from_str(&text).unwrap();
    let of_rfc = cases.iter().filter(|case| case["src"] == "RFC 4231");
    let found: Vec<bool> = of_rfc
        .map(|case| stub.code("hmac_sha256", &[], [&hex(&case["key_hex"]), &hex(&case["data_hex"])]) == hex(&case["mac_hex"]))
        .collect();
    assert_eq!(found, [true; 5]);
}

/// Codes of the functions, of which a vector may show the beginning only. SHA-384 is there for tokens alone.
#[test]
fn hmac_functions_in_wasm() {
    let rounds = sha512::constants();
    for (bits, constants) in [(1, vec![]), (256, vec![]), (512, vec![&rounds])] {
        let mut stub = Stub::new();
        let constants: Vec<Val> = constants.into_iter().map(|constant| stub.put(constant)).collect();
        run(&format!("hmac_sha{bits}_test.json"), "tag", |group, test, message, tag| {
            let code = stub.code(&format!("hmac_sha{bits}"), &constants, [&hex(&test["key"]), message]);
            let size = usize::try_from(group["tagSize"].as_u64().unwrap() / 8).unwrap();
            code.get(..size) == Some(tag)
        });
    }
}

/// The cookbook's signatures (RFC 7520, 7797, 8037), of its JSON serialisations too; each with every bit of the first and the last byte
/// changed.
#[test]
fn the_cookbook_in_wasm() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpora/jose-cookbook");
    let arena = Arena::new();
    let decode = |text: &Value| from_base64(text.as_str().unwrap().as_bytes(), Alphabet::Url, &arena).unwrap().unwrap().to_vec();
    let all = |value: &Value| value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
    let mut stub = Stub::new();
    let (names, rounds, table) = (host::names("sha256"), sha512::constants(), ed25519_table::table());
    let [names, rounds, table] = [&names, &rounds, &table].map(|constant| stub.put(constant));
    let mut held = 0;
    for (file, signatures) in [
        ("jws/4_1.rsa_v15_signature.json", 1),
        ("jws/4_2.rsa-pss_signature.json", 1),
        ("jws/4_4.hmac-sha2_integrity_protection.json", 1),
        ("jws/4_5.signature_with_detached_content.json", 1),
        ("jws/4_6.protecting_specific_header_fields.json", 1),
        ("jws/4_7.protecting_content_only.json", 1),
        // ES512 of P-521, of which 4_3 is one as well, is no algorithm of the language: there is no primitive.
        ("jws/4_8.multiple_signatures.json", 2),
        ("curve25519/jws.json", 1),
        ("rfc7797/4.2.hmac-sha2_b64_false.json", 1),
        ("rfc7797/hmac-sha2_b64_false.json", 1),
    ] {
        let Ok(text) = fs::read_to_string(folder.join(file)) else {
            println!("skipped: no corpus {}", folder.display());
            return;
        };
        let case: Value = serde_json::from_str(&text).unwrap();
        let (keys, algorithms, signed) = (all(&case["input"]["key"]), all(&case["input"]["alg"]), all(&case["signing"]));
        let mut found = 0;
        for ((jwk, algorithm), signed) in keys.iter().zip(&algorithms).zip(&signed) {
            // The last file's `signing` is that of another example; its compact token is RFC 7797's.
            let compact = case["output"]["compact"].as_str().filter(|_| file == "rfc7797/hmac-sha2_b64_false.json");
            let (message, code) = match compact.map(|token| token.rsplit_once('.').unwrap()) {
                Some((message, code)) => (message.as_bytes(), Value::from(code)),
                None => (signed["sig-input"].as_str().unwrap().as_bytes(), signed["sig"].clone()),
            };
            let rsa = || key(Material::Rsa(&decode(&jwk["n"]), &decode(&jwk["e"])));
            let (function, constants, key) = match algorithm.as_str().unwrap() {
                "RS256" => ("verify_rs256", vec![names.clone()], rsa()),
                "PS384" => ("verify_ps384", vec![rounds.clone()], rsa()),
                "HS256" => ("verify_hs256", vec![], decode(&jwk["k"])),
                "EdDSA" => ("verify_eddsa", vec![table.clone(), rounds.clone()], key(Material::Ed25519(&decode(&jwk["x"])))),
                "ES512" => continue,
                other => panic!("{other}"),
            };
            let signature = decode(&code);
            let mut verify = |message: &[u8], signature: &[u8]| stub.verify(function, &constants, [&key, message, signature]);
            assert!(verify(message, &signature), "{file} {algorithm}");
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
            found += 1;
        }
        assert_eq!(found, signatures, "{file}");
        held += found;
    }
    assert_eq!(held, 11);
}
