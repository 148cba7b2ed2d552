//! Envoy's own `jwt_authn` beside ours, in the same Envoy, on the same generated requests: who is let in, with which status not, and as
//! whom. They agree but for the differences that stand here with their reasons; each of them has to occur.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::collections::{BTreeMap, BTreeSet};
use std::time::{SystemTime, UNIX_EPOCH};

use portcullis::ir::hir::JwtAlgorithm;
use portcullis::tools::message::Request;
use portcullis_tests::differential::random::Random;
use portcullis_tests::envoy::bootstrap::filter;
use portcullis_tests::envoy::gate::{Gate, get, header};
use portcullis_tests::tokens::{self, AUDIENCE, ISSUER, SECRET};
use serde_json::{Value, json};

/// What both say of a request: the status, and who the upstream is told.
type Verdict = (u16, Option<String>);

/// How a token or a request is special, what Envoy's own filter says of it, what ours says, and why that is meant.
type Difference = (&'static str, u16, u16, &'static str);

const DIFFERENCES: &[Difference] = &[
    ("an algorithm that is not listed", 200, 401, "the filter takes what the keys can verify; a policy lists its algorithms"),
    ("crit", 200, 401, "RFC 7515, 4.1.11: what is critical and not understood refuses; the filter does not look"),
    (
        "where to get a key",
        200,
        401,
        "keys are the policy's business: a token that brings its own is an attack, even when it is not needed",
    ),
    ("where to get a certificate", 200, 401, "as `jku`"),
    ("a certificate", 200, 401, "as `jku`"),
    ("spare bits in the signature", 200, 401, "one token has one spelling: caches, logs and denylists see the same one"),
    ("padding", 200, 401, "as spare bits: RFC 7515, 2, has no padding (where the signature fills its last group, the filter overlooks it)"),
    ("more than 8 KiB", 200, 401, "what is verified is bounded"),
    ("issued in the future", 200, 401, "a token that is not issued yet is of a clock that nobody can trust"),
    ("no subject", 200, 401, "the policy declares the claim without `?`"),
    ("another audience", 403, 401, "RFC 6750, 3.1: a token for somebody else is an invalid token"),
    ("no audience", 403, 401, "as another audience"),
    ("no audience in a list", 403, 401, "as another audience"),
    ("two tokens", 200, 400, "two tokens are two callers: which of them is meant is not for us to guess"),
    ("two tokens, not both good", 401, 400, "as two good ones"),
    ("two bad tokens", 401, 400, "as two good ones"),
    ("scheme in small letters", 401, 200, "RFC 9110, 11.1: schemes ignore case"),
    ("another scheme before it", 200, 401, "`Bearer` in the middle of a value is no credential of ours"),
];

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

fn native(keys: &Value) -> Gate {
    let provider = json!({
        "issuer": ISSUER,
        "audiences": [AUDIENCE],
        "local_jwks": { "inline_string": keys.to_string() },
        "from_headers": [{ "name": "authorization", "value_prefix": "Bearer " }, { "name": "x-token" }],
        "from_params": ["t"],
        "from_cookies": ["session"],
        "clock_skew_seconds": 60,
        "require_expiration": true,
        "max_lifetime": "86400s",
        "claim_to_headers": [{ "header_name": "x-who", "claim_name": "sub" }],
    });
    let rules = json!([{ "match": { "prefix": "/" }, "requires": { "provider_name": "p" } }]);
    Gate::new(&[filter("jwt", "jwt_authn.v3.JwtAuthentication", json!({ "providers": { "p": provider }, "rules": rules }))]).unwrap()
}

fn ours(algorithms: &[JwtAlgorithm]) -> Gate {
    let names: Vec<&str> = algorithms.iter().map(|algorithm| algorithm.as_str()).collect();
    let secret = algorithms.iter().all(|algorithm| algorithm.is_hmac());
    let (config, keys) = if secret { ("config { key: secret }", "config.key") } else { ("", "file \"keys.json\"") };
    let policy = format!(
        "policy p {{ default = deny 403 }} {config}\n\
         jwt corp {{ issuer = \"{ISSUER}\" audiences = [\"{AUDIENCE}\"] algorithms = [{}] keys = {keys} max_lifetime = 24h\n\
         from = [bearer, header \"x-token\", query \"t\", cookie \"session\"] claims {{ sub: string }} }}\n\
         scope \"/**\" {{ authenticate corp  permit \"all\" {{}}  rewrite request \"who\" {{ set \"x-who\" = corp.sub }} }}",
        names.join(", ")
    );
    let configuration = if secret { json!({ "key": SECRET }).to_string() } else { String::new() };
    Gate::ours(&policy, &tokens::key_set().to_string(), &configuration).unwrap()
}

fn verdict(gate: &Gate, request: &Request) -> Verdict {
    let (status, received) = gate.ask(request).unwrap();
    (status, received.as_ref().and_then(|headers| header(headers, "x-who")))
}

/// A request with tokens in some of the places.
fn presenting(places: &[(&str, &str)]) -> Request {
    let (mut target, mut headers) = ("/a".to_owned(), Vec::new());
    for (place, token) in places {
        match *place {
            "bearer" => headers.push(("authorization", format!("Bearer {token}"))),
            "header" => headers.push(("x-token", (*token).to_owned())),
            "query" => target = format!("/a?x=1&t={token}"),
            _ => headers.push(("cookie", format!("a=b; session={token}"))),
        }
    }
    get(target, headers)
}

const PLACES: [&str; 4] = ["bearer", "header", "query", "cookie"];

/// Good in one of many ways.
fn good(random: &mut Random, algorithm: JwtAlgorithm) -> String {
    let now = now();
    let (mut header, mut claims) = (tokens::header(algorithm), tokens::claims(now));
    if random.chance(30) {
        header.remove("kid");
    }
    if random.chance(30) {
        header.insert("typ".to_owned(), json!("JWT"));
    }
    let mut claim = |name: &str, value: Value| claims.insert(name.to_owned(), value);
    match random.below(8) {
        0 => drop(claim("aud", json!(["other", AUDIENCE]))),
        1 => drop(claim("nbf", json!(now - 5))),
        // Within the skew.
        2 => drop(claim("nbf", json!(now + 30))),
        3 => drop(claim("exp", json!(now - 30))),
        4 => drop(claim("iat", json!(now - 3600))),
        5 => drop(claim("sub", json!("jörg, \"the\" ünique"))),
        6 => drop(claim("nested", json!({ "a": [1, 2.5, null, { "b": true }] }))),
        _ => {}
    }
    tokens::with(algorithm, &header, &claims)
}

/// Broken tokens by algorithm, not older than some seconds: the time goes on while they are tried.
#[derive(Default)]
struct Tokens(BTreeMap<&'static str, (u64, Vec<tokens::Broken>)>);

impl Tokens {
    fn broken(&mut self, algorithm: JwtAlgorithm) -> &[tokens::Broken] {
        let now = now();
        let (made, all) = self.0.entry(algorithm.as_str()).or_default();
        if now - *made > 15 {
            (*made, *all) = (now, tokens::broken(algorithm, now));
        }
        all
    }
}

/// Every way of being special, for one algorithm.
fn systematic(algorithm: JwtAlgorithm) -> Vec<(Request, &'static str)> {
    let mut all: Vec<(Request, &'static str)> = Vec::new();
    for broken in tokens::broken(algorithm, now()) {
        all.push((presenting(&[("bearer", &broken.token)]), broken.how));
    }
    let token = tokens::good(algorithm, now());
    let bearer = |value: String| get("/a".to_owned(), vec![("authorization", value)]);
    all.push((bearer(format!("bearer {token}")), "scheme in small letters"));
    all.push((bearer(format!("Basic Bearer {token}")), "another scheme before it"));
    all.push((bearer(format!("Bearer{token}")), "no blank behind the scheme"));
    all.push((bearer(format!("Basic {token}")), "another scheme"));
    all.push((bearer("Bearer ".to_owned()), "no token behind the scheme"));
    all.push((presenting(&[]), "nothing"));
    all
}

/// One token somewhere, or two.
fn random_request(random: &mut Random, algorithms: &[JwtAlgorithm], made: &mut Tokens) -> (Request, &'static str) {
    let algorithm = *random.pick(algorithms);
    let (place, another) = (*random.pick(&PLACES), *random.pick(&PLACES));
    if another != place && random.chance(50) {
        let bad = tokens::others(algorithm, now());
        let (first, second) = (good(random, algorithm), good(random, algorithm));
        let (first, second, how) = match random.below(4) {
            0 => (bad, second, "two tokens, not both good"),
            1 => (first, bad, "two tokens, not both good"),
            2 => (bad.clone(), bad, "two bad tokens"),
            _ => (first, second, "two tokens"),
        };
        return (presenting(&[(place, &first), (another, &second)]), how);
    }
    if random.chance(60) {
        return (presenting(&[(place, &good(random, algorithm))]), "good");
    }
    let broken = random.pick(made.broken(algorithm)).clone();
    (presenting(&[(place, &broken.token)]), broken.how)
}

/// What came of a comparison.
#[derive(Default)]
struct Found {
    occurred: BTreeSet<&'static str>,
    unexpected: BTreeMap<String, usize>,
    admitted: usize,
    refused: usize,
}

impl Found {
    /// Asks both.
    fn compare(&mut self, (native, ours): (&Gate, &Gate), (request, how): (Request, &'static str)) {
        let (theirs, own) = (verdict(native, &request), verdict(ours, &request));
        if theirs == own && (how != "good" || own.0 == 200) {
            *(if own.0 == 200 { &mut self.admitted } else { &mut self.refused }) += 1;
            return;
        }
        match DIFFERENCES.iter().find(|(known, ..)| *known == how) {
            Some((_, native, ours, _)) if (theirs.0, own.0) == (*native, *ours) => drop(self.occurred.insert(how)),
            Some(_) | None => *self.unexpected.entry(format!("{how}: native {theirs:?}, ours {own:?}")).or_default() += 1,
        }
    }
}

/// Keys that everybody may know, with all algorithms but one, which the policy does not list; then a secret.
#[test]
fn tokens_as_envoys_own_filter_takes_them() {
    let public: Vec<JwtAlgorithm> = JwtAlgorithm::ALL.into_iter().filter(|it| !it.is_hmac() && *it != JwtAlgorithm::Rs512).collect();
    let (mut random, mut found, mut made) = (Random::new(21), Found::default(), Tokens::default());
    for (keys, algorithms) in [(tokens::key_set(), public), (tokens::secret_set(), vec![JwtAlgorithm::Hs256])] {
        let gates = (&native(&keys), &ours(&algorithms));
        for algorithm in &algorithms {
            systematic(*algorithm).into_iter().for_each(|request| found.compare(gates, request));
        }
        for _ in 0..200 {
            let request = random_request(&mut random, &algorithms, &mut made);
            found.compare(gates, request);
        }
    }
    assert!(found.unexpected.is_empty(), "{:#?}", found.unexpected);
    assert!(found.admitted >= 100 && found.refused >= 200, "{} admitted, {} refused", found.admitted, found.refused);
    let known: BTreeSet<&str> = DIFFERENCES.iter().map(|(how, ..)| *how).collect();
    assert_eq!(found.occurred, known, "the differences that occur");
}
