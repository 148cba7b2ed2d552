//! Tokens for random requests, signed beforehand with the secret `generated`: some good, some not in one way each.

use std::sync::OnceLock;

use portcullis::ir::hir::JwtAlgorithm;
use portcullis::lang::encoding;
use portcullis::tools::message::{Answer, Body, Headers};

use super::random::Random;
use crate::tokens;

/// Tokens; what is special about each stands beside it.
pub const TOKENS: &[&str] = &[
    // well
    "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJpc3N1ZXIiLCJhdWQiOiJ1cyIsImlhdCI6MTc2NzIyNTYwMCwiZXhwIjoxNzY3MzEyMDAwLCJrZXlfaWQiOiJhY21lIiwib24iOnRydWUsIm4iOjMsInciOiJhIGIgIGMiLCJ0aWVyIjoicHJvIn0.p-VMr4lvhdWvD7XI-KhHg44C-52rwsSwjrh3DJhTiuQ",
    // for another hash
    "eyJhbGciOiJIUzUxMiIsImtpZCI6IngifQ.eyJpc3MiOiJpc3N1ZXIiLCJhdWQiOiJ1cyIsImlhdCI6MTc2NzIyNTYwMCwiZXhwIjoxNzY3MzEyMDAwLCJrZXlfaWQiOiJhY21lIiwib24iOmZhbHNlLCJuIjotNywidyI6IiJ9.mOGR5MMkHnHr3zR_NynB92ci6PCmN7R2ObXQ0P73VzH68RSdUOYXjDbZBAVd_Ig6Ev_-REDHo9w0Fe4L2b84bg",
    // claims of other types
    "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJpc3N1ZXIiLCJhdWQiOiJ1cyIsImlhdCI6MTc2NzIyNTYwMCwiZXhwIjoxNzY3MzEyMDAwLCJrZXlfaWQiOiJhIiwib24iOiJ0cnVlIiwibiI6My41LCJ3IjpbImEiXSwidGllciI6ImdvbGQifQ.xCcg6IyzjKOjs07aVFcGd9YWoTE4lL-Xg-h6t1zVh0U",
    // no key_id
    "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJpc3N1ZXIiLCJhdWQiOiJ1cyIsImlhdCI6MTc2NzIyNTYwMCwiZXhwIjoxNzY3MzEyMDAwfQ.xZNqKknQG5P0-UGL0aPjVpsGlGDE3-41WxK1EgfK4NY",
    // a float and JSON
    "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJpc3N1ZXIiLCJhdWQiOiJ1cyIsImlhdCI6MTc2NzIyNTYwMCwiZXhwIjoxNzY3MzEyMDAwLCJrZXlfaWQiOiJhY21lIiwicmF0ZSI6MC41LCJ3aG8iOnsiYSI6WyJ4Iix7ImEgYiI6N31dLCJiIjoiYSIsIm4iOjFlMn19.KQkfQix2bfA4LnCuLafpZr5PChw6P8XXA9UMvDkbeeA",
    // a float that is none, and null
    "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJpc3N1ZXIiLCJhdWQiOiJ1cyIsImlhdCI6MTc2NzIyNTYwMCwiZXhwIjoxNzY3MzEyMDAwLCJrZXlfaWQiOiJhY21lIiwicmF0ZSI6MWU5OTksIndobyI6bnVsbCwibiI6MywidGllciI6InBybyIsIm9uIjpmYWxzZX0.uizC_JsaSO8nRNZLTULHR2PwjNGdLyhyBLAQePIZgW0",
    // a float with too many digits, an array
    "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJpc3N1ZXIiLCJhdWQiOiJ1cyIsImlhdCI6MTc2NzIyNTYwMCwiZXhwIjoxNzY3MzEyMDAwLCJrZXlfaWQiOiJhY21lIiwicmF0ZSI6MTIzNDU2Nzg5MDEyMzQ1NjcsIndobyI6W3RydWUsImEiLDAuNV0sInciOiJhIiwibGlzdCI6WyJ4IiwieSJdfQ.umUFsHIvcz2oUMlJuRf_J4Vcx0xDebQ2QrcMOWHEUrQ",
    // expires soon
    "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJpc3N1ZXIiLCJhdWQiOiJ1cyIsImlhdCI6MTc2NzIyNTYwMCwiZXhwIjoxNzY3MjI1NjAxLCJrZXlfaWQiOiJiIn0.e1iU9pPe-Snkf4AfbPl8r8wdhGABiGigcAZCVbQ2gtM",
    // begins soon
    "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJpc3N1ZXIiLCJhdWQiOlsidGhlbSIsInVzIl0sImlhdCI6MTc2NzIyNTYwMCwiZXhwIjoxNzY3MzEyMDAwLCJrZXlfaWQiOiJhY21lIiwibmJmIjoxNzY3MjI1NjA1fQ.wARiVEbJp0ruwHGceQg-ot9VLyewwFXFKe9lPEOU8HQ",
    // without times
    "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJpc3N1ZXIiLCJhdWQiOiJ1cyIsImtleV9pZCI6ImQifQ.ViO5pgVnnf4wLTuEMDVzDCHqd7MC3ovpEi9Ep_LA-WQ",
    // another issuer
    "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJvdGhlciIsImF1ZCI6InVzIiwiaWF0IjoxNzY3MjI1NjAwLCJleHAiOjE3NjczMTIwMDAsImtleV9pZCI6ImFjbWUifQ.3TWEPkx4Hz6wUikrSsjUJ3JOrC-fVH0jOMnEfUlvpdE",
    // another audience
    "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJpc3N1ZXIiLCJhdWQiOltdLCJpYXQiOjE3NjcyMjU2MDAsImV4cCI6MTc2NzMxMjAwMCwia2V5X2lkIjoiYWNtZSJ9.21-0gXnmTEyx6L136di2o_BONxv8khzXogKYmgBuUQY",
    // another secret
    "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJpc3N1ZXIiLCJhdWQiOiJ1cyIsImlhdCI6MTc2NzIyNTYwMCwiZXhwIjoxNzY3MzEyMDAwLCJrZXlfaWQiOiJhY21lIn0.JkqjNBLeXVyre0D9kVS3vAnNL4SOyO8_uQYdrUPaTDk",
    // unsigned
    "eyJhbGciOiJub25lIn0.eyJpc3MiOiJpc3N1ZXIiLCJhdWQiOiJ1cyIsImlhdCI6MTc2NzIyNTYwMCwiZXhwIjoxNzY3MzEyMDAwLCJrZXlfaWQiOiJhY21lIn0.",
    // critical
    "eyJhbGciOiJIUzI1NiIsImNyaXQiOltdfQ.eyJpc3MiOiJpc3N1ZXIiLCJhdWQiOiJ1cyIsImlhdCI6MTc2NzIyNTYwMCwiZXhwIjoxNzY3MzEyMDAwLCJrZXlfaWQiOiJhY21lIn0.M2vFXlRTwCCRsG3-rMkbVvaBmxHijFW5vHX7Sp9e2f0",
    // twice
    "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJpc3N1ZXIiLCJhdWQiOiJ1cyIsImlhdCI6MTc2NzIyNTYwMCwiZXhwIjoxNzY3MzEyMDAwLCJrZXlfaWQiOiJhY21lIiwia2V5X2lkIjoiYiJ9.aUQpklt3otsvsIoN_vKN25iWCyVp05fuOMASrp5MoSY",
    // broken
    "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJpc3N1ZXIiLCJhdWQiOiJ1cyIsImlhdCI6MTc2NzIyNTYwMCwiZXhwIjoxNzY3MzEyMDAwLCJrZXlfaWQiOiJhY21lIn0.m_1zFHxFAT1ywxwBLOTlj_kXxJGqNAS_ANKy0i-4",
];

/// The same tokens for keys that are fetched: with the id of the key, without, with one that no set has, one that another set has.
pub fn for_fetched() -> &'static [String] {
    static TOKENS_FOR_FETCHED: OnceLock<Vec<String>> = OnceLock::new();
    TOKENS_FOR_FETCHED.get_or_init(|| {
        let mut all = Vec::new();
        for (number, token) in TOKENS.iter().enumerate() {
            let Some(payload) = token.split('.').nth(1).and_then(encoding::from_base64url) else { continue };
            let header = match number % 6 {
                3 => r#"{"alg":"ES256"}"#.to_owned(),
                4 => format!(r#"{{"alg":"ES256","kid":"nobody {}"}}"#, number / 12),
                5 => r#"{"alg":"ES256","kid":"p384"}"#.to_owned(),
                _ => r#"{"alg":"ES256","kid":"p256"}"#.to_owned(),
            };
            all.push(tokens::signed(JwtAlgorithm::Es256, header.as_bytes(), &payload));
        }
        all
    })
}

/// Services that bring key sets, by cluster: one that does, one of another issuer, and some that do not.
pub fn services() -> Vec<(&'static str, Option<Answer>)> {
    let answer = |status, text: String| {
        let body = Some(Body { bytes: text.into_bytes(), split: None, trailers: Vec::new() });
        Some(Answer { status, headers: Headers::new(), body })
    };
    vec![
        ("keys", answer(200, tokens::key_set().to_string())),
        ("other", answer(200, tokens::other_key_set().to_string())),
        ("down", answer(503, String::new())),
        ("html", answer(200, "<html>".to_owned())),
        ("slow", None),
    ]
}

/// A condition on what a token says.
pub fn condition(random: &mut Random, name: &str) -> String {
    let equal = *random.pick::<&str>(&["==", "!="]);
    match random.below(10) {
        0 => format!("\"a\" in {name}.w"),
        1 => format!("{name}.list contains \"x\""),
        2 => format!("{name}.n == 3"),
        3 => format!("{name}.on {equal} true"),
        4 => format!("{name}.tier == \"pro\""),
        5 => format!("{name}.rate {} 1", random.pick::<&str>(&["<", "==", ">"])),
        6 => format!("{name}.who.a[0] {equal} \"x\""),
        7 => format!("({name}.who[\"n\"] ?? 7) == 100"),
        8 => format!("{name}.who {equal} null"),
        _ => format!("{name}.w is present"),
    }
}
