//! Tokens of Wycheproof whose HMAC secrets are no text, so that no configuration holds them: from header to signature, natively.
//! In: `../shared/corpora/wycheproof`. Out: agreement. All other tokens run through modules (`tests/tests/jose.rs`).

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::{Reason, Stop, candidates, read};
use crate::contract::algorithm;
use crate::digest::hmac;
use crate::digest::sha256::Sha256;
use crate::rt::arena::Arena;
use crate::tables::jwt::{self, Demands, Reader};
use crate::values::encoding::{Alphabet, from_base64};

#[test]
fn secrets_that_are_no_text() {
    let demands = Demands {
        algorithms: 1 << algorithm::HS256,
        secret: true,
        issuer: None,
        audiences: Vec::new(),
        skew: 0,
        expiration: false,
        lifetime: None,
        claims: Vec::new(),
    };
    let demands = jwt::write(&demands);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpora/wycheproof/testvectors_v1");
    let (mut valid, mut refused) = (0, 0);
    for file in ["json_web_signature_test.json", "json_web_crypto_test.json"] {
        let Ok(text) = fs::read_to_string(folder.join(file)) else {
            eprintln!("no corpus: {}", folder.display());
            return;
        };
        let text: Value = serde_json::from_str(&text).unwrap();
        for group in text["testGroups"].as_array().unwrap() {
            let arena = Arena::new();
            let key = &group["private"];
            if key["kty"] != "oct" || key["alg"] != "HS256" {
                continue;
            }
            let secret = from_base64(key["k"].as_str().unwrap().as_bytes(), Alphabet::Url, &arena).unwrap().unwrap();
            if std::str::from_utf8(secret).is_ok() {
                continue;
            }
            for test in group["tests"].as_array().unwrap() {
                // Tokens of Wycheproof in JSON serialisation are objects there; as texts they are none.
                let written = test["jws"].to_string();
                let token = test["jws"].as_str().unwrap_or(&written);
                let holds = match read(token.as_bytes(), Reader(&demands), &arena) {
                    Ok(signed) => {
                        let [key, none, ..] = candidates(&signed, &demands, secret);
                        assert_eq!(none, None);
                        hmac::of(Sha256::new(), key.unwrap(), signed.message).get(..32) == Some(signed.signature)
                    }
                    Err(stop) => {
                        assert!(matches!(stop, Stop::Refused(Reason::Malformed | Reason::Algorithm)), "{file} {}", test["tcId"]);
                        false
                    }
                };
                assert_eq!(holds, test["result"] == "valid", "{file} {} {}", test["tcId"], test["comment"]);
                if holds { valid += 1 } else { refused += 1 }
            }
        }
    }
    assert_eq!((valid, refused), (4, 32));
}
