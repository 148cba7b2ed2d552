//! Tokens that are taken, and why others are not; with HMAC, so that anything can be signed here.

#![allow(clippy::unwrap_used)]

use super::remembered::Remembered;
use super::{Claim, Known, Step, Verdict, begin, candidates, claim, finish, reason};
use crate::auth::verified::Verified;
use crate::contract::{REASONS, credential};
use crate::digest::hmac;
use crate::digest::sha256::Sha256;
use crate::frame::Frame;
use crate::http::request;
use crate::rt::arena::Arena;
use crate::rt::heap::Heap;
use crate::tables::credential::{Place, write};
use crate::tables::jwt::{self, Demands, Kind};
use crate::tables::slots;
use crate::testing::FakeHost;
use crate::values::encoding::{Alphabet, base64};

const SECRET: &[u8] = b"a secret of the tests";
const NOW: u64 = 1_767_225_600;

fn encoded(text: &[u8]) -> String {
    String::from_utf8(base64(text, Alphabet::Url, &Arena::new()).unwrap().to_vec()).unwrap()
}

fn token(header: &str, payload: &str) -> String {
    let message = format!("{}.{}", encoded(header.as_bytes()), encoded(payload.as_bytes()));
    let code = hmac::of(Sha256::new(), SECRET, message.as_bytes());
    format!("{message}.{}", encoded(code.get(..32).unwrap()))
}

fn demands() -> Demands {
    Demands {
        algorithms: 1 << 9,
        secret: true,
        issuer: Some("https://id".into()),
        audiences: vec!["api".into(), "other".into()],
        skew: 60_000_000_000,
        expiration: true,
        lifetime: Some(3_600_000_000_000),
        claims: vec![
            one("sub", Kind::String, false, None),
            one("n", Kind::Int, true, None),
            one("scope", Kind::Words, true, None),
            one("roles", Kind::List, true, Some("[\"none\"]")),
            jwt::Claim { values: vec!["free".into(), "pro".into()], ..one("tier", Kind::Enum, true, Some("\"free\"")) },
            one("admin", Kind::Bool, true, Some("false")),
        ],
    }
}

fn one(name: &str, kind: Kind, optional: bool, default: Option<&str>) -> jwt::Claim {
    jwt::Claim { name: name.into(), kind, optional, default: default.map(str::to_owned), values: Vec::new() }
}

/// What a check comes to: the state or the reason, and the claims.
type Checked = (Result<i32, &'static str>, Vec<String>);

/// A VM in which tokens are checked.
struct Checker {
    verified: Verified,
    remembered: Remembered,
    heap: Heap,
    /// Whether the last check was spared by what is remembered.
    recalled: bool,
    /// Whether signatures count as verified before.
    already: bool,
}

impl Checker {
    fn new() -> Checker {
        Checker { verified: Verified::new(), remembered: Remembered::new(), heap: Heap::new(), recalled: false, already: false }
    }

    /// Checks a token at a time in seconds. `recall`: with the claims that are remembered.
    fn check(&mut self, token: &str, demands: &Demands, now: u64, recall: bool) -> Checked {
        let arena = Arena::new();
        let line = format!("Bearer {token}");
        let mut host = FakeHost::with_request(&[(":path", "/"), (":authority", "a"), ("authorization", &line)]);
        host.now = now * 1_000_000_000;
        let mut frame = Frame::new(&arena);
        let slots = slots::encode(&["host", "content-type", "content-length", "authorization"]);
        assert!(request::begin(&mut frame, &mut host, arena.copy(&slots).unwrap()));
        assert!(!request::check(&mut frame));
        let table = arena.copy(&jwt::write(demands)).unwrap();
        let from = write(&[Place::Bearer]);
        let known = Known { verified: &mut self.verified, remembered: &mut self.remembered };
        self.recalled = false;
        let state = match begin(&mut frame, known, &mut host, 3, (&from, table), recall) {
            Step::Done(state) => {
                self.recalled = state == credential::VALID;
                state
            }
            Step::Verify(mut signed) => {
                signed.is_known |= self.already;
                let keys = candidates(&signed, table, SECRET);
                let code = hmac::of(Sha256::new(), keys.first().unwrap().unwrap(), signed.message);
                let holds = signed.is_known || code.get(..32) == Some(signed.signature);
                let known = Known { verified: &mut self.verified, remembered: &mut self.remembered };
                finish(
                    &mut frame,
                    (known, &mut self.heap),
                    &mut host,
                    3,
                    table,
                    &signed,
                    if holds { Verdict::Holds } else { Verdict::Broken },
                )
            }
        };
        let why = REASONS.get(usize::from(reason(&frame, 3))).copied().unwrap();
        let claims = (0..demands.claims.len()).map(|n| match claim(&frame, 3, n) {
            Claim::Absent => "-".to_owned(),
            Claim::Text(text) => String::from_utf8_lossy(text).into_owned(),
            Claim::Number(number) => number.to_string(),
            Claim::List(items) => items.iter().map(|item| String::from_utf8_lossy(item)).collect::<Vec<_>>().join("|"),
        });
        assert_eq!(state == credential::INVALID, why != "absent");
        (if why == "absent" { Ok(state) } else { Err(why) }, claims.collect::<Vec<_>>())
    }
}

/// Checks a token with nothing known, with what was remembered, and with what is left when its claims are not.
fn check(token: &str, demands: &Demands) -> Checked {
    let mut checker = Checker::new();
    let first = checker.check(token, demands, NOW, true);
    assert!(!checker.recalled);
    for recall in [true, false] {
        assert_eq!(checker.check(token, demands, NOW, recall), first, "what was remembered makes no difference");
        assert_eq!(checker.recalled, recall && first.0 == Ok(credential::VALID), "valid tokens are remembered");
    }
    first
}

#[test]
fn what_is_remembered_ends_with_the_token() {
    let (mut checker, demands) = (Checker::new(), demands());
    // Skew of the demands: a minute.
    let token = token(HEADER, &payload(&format!(r#","nbf":{}"#, NOW + 10)));
    for (now, expected, recalled) in [
        (NOW, Ok(credential::VALID), false),
        (NOW + 659, Ok(credential::VALID), true),
        (NOW + 660, Err("expired"), false),
        (NOW - 50, Ok(credential::VALID), true),
        (NOW - 51, Err("not_yet_valid"), false),
        (NOW, Ok(credential::VALID), true),
    ] {
        assert_eq!((checker.check(&token, &demands, now, true).0, checker.recalled), (expected, recalled), "{now}");
    }
    // Keys that are others: all is forgotten.
    checker.verified.clear();
    assert_eq!((checker.check(&token, &demands, NOW, true).0, checker.recalled), (Ok(credential::VALID), false));
}

#[test]
fn no_token_is_taken_for_another() {
    let (mut checker, demands) = (Checker::new(), demands());
    let tokens: Vec<String> = (0..3000).map(|n| token(HEADER, &payload(&format!(r#","n":{n}"#)))).collect();
    let mut recalled = 0;
    for round in 0..2 {
        for (n, token) in tokens.iter().enumerate() {
            let (state, claims) = checker.check(token, &demands, NOW, true);
            assert_eq!((state, claims.get(1)), (Ok(credential::VALID), Some(&n.to_string())), "{round}");
            recalled += usize::from(checker.recalled);
        }
        // The last ones are still there.
        for (n, token) in tokens.iter().enumerate().rev().take(50) {
            assert_eq!(checker.check(token, &demands, NOW, true).1.get(1), Some(&n.to_string()));
            recalled += usize::from(checker.recalled);
        }
    }
    assert!(recalled > 50, "{recalled}");
}

#[test]
fn claims_are_kept_beside_the_token_that_is_in_the_slot_only() {
    let (mut checker, demands) = (Checker::new(), demands());
    let numbered = |n: u32| token(HEADER, &payload(&format!(r#","n":{n}"#)));
    let slot = |checker: &mut Checker, token: &str| {
        let mut host = FakeHost::default();
        checker.verified.tag(&mut host, 0, 3, token.as_bytes(), 8192).unwrap().pair()
    };
    let one = numbered(0);
    let place = slot(&mut checker, &one);
    let [other, third] = {
        let mut same = (1..).map(numbered).filter(|other| slot(&mut Checker::new(), other) == place);
        [same.next().unwrap(), same.next().unwrap()]
    };
    // Both slots of the pair are others'.
    assert_eq!(checker.check(&third, &demands, NOW, true).0, Ok(credential::VALID));
    assert_eq!(checker.check(&other, &demands, NOW, true).1.get(1), checker.check(&other, &demands, NOW, true).1.get(1));
    assert!(checker.recalled);
    // One is finished that was verified before, while the other is in its slot: as after a wait for a body.
    checker.already = true;
    assert_eq!(checker.check(&one, &demands, NOW, true).1.get(1).map(String::as_str), Some("0"));
    checker.already = false;
    let (state, claims) = checker.check(&other, &demands, NOW, true);
    assert!(checker.recalled && state == Ok(credential::VALID) && claims.get(1).map(String::as_str) != Some("0"), "{claims:?}");
}

fn payload(more: &str) -> String {
    format!(r#"{{"iss":"https://id","aud":"api","sub":"c-1","iat":{NOW},"exp":{}{more}}}"#, NOW + 600)
}

const HEADER: &str = r#"{"alg":"HS256","typ":"JWT","kid":"any"}"#;

#[test]
fn claims_are_read_by_their_type() {
    let (state, claims) = check(&token(HEADER, &payload("")), &demands());
    assert_eq!((state, claims.join(",")), (Ok(credential::VALID), "c-1,-,-,none,free,0".to_owned()));
    let more = r#","n":-7,"scope":" a  b ","roles":["x","y"],"tier":"pro","admin":true"#;
    assert_eq!(check(&token(HEADER, &payload(more)), &demands()).1.join(","), "c-1,-7,a|b,x|y,pro,1");
    // Another type is as good as none: the default, or absent.
    let more = r#","n":"7","scope":["a"],"roles":["x",1],"tier":"gold","admin":"true""#;
    assert_eq!(check(&token(HEADER, &payload(more)), &demands()).1.join(","), "c-1,-,-,none,free,0");
    assert_eq!(check(&token(HEADER, &payload(r#","n":7.0,"roles":null"#)), &demands()).1.join(","), "c-1,-,-,none,free,0");
}

#[test]
fn every_refusal_has_its_reason() {
    let with = |old: &str, new: &str| token(HEADER, &payload("").replace(old, new));
    let header = |text: &str| token(text, &payload(""));
    let expires = |at: u64| payload("").replace(&(NOW + 600).to_string(), &at.to_string());
    let good = header(HEADER);
    let mut cut = good.clone();
    cut.pop();
    for (token, expected) in [
        (format!("{good}{}", "A".repeat(9000)), "too_long"),
        (String::new(), "malformed"),
        ("a.b".to_owned(), "malformed"),
        (format!("{good}.x"), "malformed"),
        (format!("{good}="), "malformed"),
        (cut, "malformed"),
        (good.replacen('e', "+", 1), "malformed"),
        (header("[]"), "malformed"),
        (header(r#"{"alg":"HS256","alg":"HS256"}"#), "malformed"),
        (header(r#"{"alg":"HS256","kid":7}"#), "malformed"),
        (header(r#"{"alg":"none"}"#), "algorithm"),
        (header(r#"{"typ":"JWT"}"#), "algorithm"),
        (header(r#"{"alg":"HS512"}"#), "algorithm"),
        (header(r#"{"alg":"RS256"}"#), "algorithm"),
        (header(r#"{"alg":"HS256","crit":["exp"],"exp":1}"#), "critical"),
        (header(r#"{"alg":"HS256","jwk":{}}"#), "embedded_key"),
        (header(r#"{"alg":"HS256","jku":"https://evil"}"#), "embedded_key"),
        (header(r#"{"alg":"HS256","x5u":"https://evil"}"#), "embedded_key"),
        (good.replacen('.', ".e30", 1), "malformed"),
        (format!("{}.e30.{}", good.split('.').next().unwrap(), good.split('.').nth(2).unwrap()), "signature"),
        (format!("{}A", good.strip_suffix(|_: char| true).unwrap()), "signature"),
        (with("https://id", "https://id/"), "issuer"),
        (with(r#""iss":"https://id","#, ""), "issuer"),
        (with(r#""api""#, r#""apis""#), "audience"),
        (with(r#""api""#, r#"["x",7]"#), "audience"),
        (with(r#""api""#, "{}"), "audience"),
        (token(HEADER, &expires(NOW - 60)), "expired"),
        (token(HEADER, &format!(r#"{{"iss":"https://id","aud":"api","sub":"x","iat":{NOW}}}"#)), "expired"),
        (token(HEADER, &payload(&format!(r#","nbf":{}"#, NOW + 61))), "not_yet_valid"),
        (with(&format!(r#""iat":{NOW}"#), &format!(r#""iat":{}"#, NOW + 61)), "not_yet_valid"),
        (token(HEADER, &expires(NOW + 3601)), "lifetime"),
        (with(&format!(r#""iat":{NOW},"#), ""), "lifetime"),
        (with(r#""sub":"c-1""#, r#""sub":1"#), "claim"),
        (with(r#""sub":"c-1","#, ""), "claim"),
        (with(&format!(r#""iat":{NOW}"#), r#""iat":"1""#), "malformed"),
        (with(&format!(r#""iat":{NOW}"#), r#""iat":1e9"#), "malformed"),
        (token(HEADER, &payload(r#","sub":"twice""#)), "malformed"),
        (token(HEADER, &payload(r#","x":{"a":1,"a":2}"#)), "malformed"),
        (token(HEADER, "{"), "malformed"),
    ] {
        let got = check(&token, &demands()).0;
        // What cuts or breaks base64 differently is refused as what it then is.
        let as_expected = got == Err(expected) || (expected == "malformed" && got == Err("signature"));
        assert!(as_expected, "{token}: {got:?}, not {expected}");
    }
}

#[test]
fn borders_of_time() {
    let at = |name: &str, offset: i64| {
        let mut text = format!(r#"{{"iss":"https://id","aud":["x","api"],"sub":"x","iat":{NOW}"#);
        if name != "exp" {
            text.push_str(&format!(r#","exp":{}"#, NOW + 60));
        }
        check(&token(HEADER, &format!(r#"{text},"{name}":{}}}"#, NOW as i64 + offset)), &demands()).0
    };
    assert_eq!((at("exp", -59), at("exp", -60)), (Ok(credential::VALID), Err("expired")));
    assert_eq!((at("nbf", 60), at("nbf", 61)), (Ok(credential::VALID), Err("not_yet_valid")));
    let fraction = payload("").replace(&format!("\"exp\":{}", NOW + 600), &format!("\"exp\":{}.75", NOW - 60));
    assert_eq!(check(&token(HEADER, &fraction), &demands()).0, Err("expired"));
}
