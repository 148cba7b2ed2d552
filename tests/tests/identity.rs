//! What credentials cost, counted in the simulator: thousands of known keys and users cost what ten do; each refusal has its
//! reason for the operator and none for the caller.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use portcullis::Options;
use portcullis::tools::engine::Engine;
use portcullis::tools::message::{Answer, Decision, Request};
use portcullis::tools::sim::Simulator;
use portcullis_tests::differential::world::base64;
use sha2::{Digest, Sha256};

fn wasm(text: &str, file: &str) -> Vec<u8> {
    let checked = portcullis::check("identity.policy", text, &mut |_| Ok(file.to_owned()));
    assert!(checked.policy.is_some(), "{:?}", checked.diagnostics);
    portcullis::compile(&checked, &Options::default()).unwrap().output.wasm
}

fn get(headers: &[(&str, &str)]) -> Request {
    Request { headers: headers.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect(), ..Request::get("/") }
}

fn ok() -> Answer {
    Answer::ok()
}

fn key_digest(key: &str) -> String {
    format!("sha256:{}", Sha256::digest(key.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

fn password_digest(password: &str) -> String {
    format!("{{SHA256}}{}", base64(&Sha256::digest(password.as_bytes())))
}

/// Fuel of requests in turn: of the first use of a valid credential, of the second, of one that nobody has.
fn fuel(declaration: &str, digest: fn(&str) -> String, count: usize, configured: bool, present: fn(usize) -> (String, String)) -> Vec<u64> {
    let entries: Vec<String> = (0..count).map(|n| format!("\"caller-{n}\": \"{}\"", digest(&format!("secret-{n}")))).collect();
    let file = format!("{{{}}}", entries.join(","));
    let (source, config, start) = if configured {
        ("config.known", "config { known: map<string, string> }", format!("{{\"known\":{file}}}"))
    } else {
        ("file \"known.json\"", "", String::new())
    };
    let declaration = declaration.replace("KNOWN", source);
    let policy =
        format!("policy p {{ default = deny 403 }} {config} {declaration} scope \"/**\" {{ authenticate who permit \"all\" {{}} }}");
    let mut simulator = Simulator::new(&wasm(&policy, &file)).unwrap();
    simulator.start(&start).unwrap();
    let mut fuel = Vec::new();
    // One request before: counters are defined and memory for what was verified is taken.
    for (n, allowed) in [(0, true), (7, true), (7, true), (count, false)] {
        let (name, value) = present(n);
        let outcome = simulator.request(&get(&[(&name, &value)]), &ok()).unwrap();
        assert_eq!(outcome.decision == Decision::Allow, allowed, "{policy}");
        fuel.push(simulator.last().fuel);
    }
    fuel.split_off(1)
}

#[test]
fn ten_thousand_callers_cost_what_ten_do() {
    let keys: fn(usize) -> (String, String) = |n| ("x-key".to_owned(), format!("secret-{n}"));
    let users: fn(usize) -> (String, String) =
        |n| ("authorization".to_owned(), format!("Basic {}", base64(format!("caller-{n}:secret-{n}").as_bytes())));
    let api_key = "api_key who { from = [header \"x-key\"]  keys = KNOWN }";
    let basic = "basic who { users = KNOWN }";
    for (declaration, digest, present) in [(api_key, key_digest as fn(&str) -> String, keys), (basic, password_digest, users)] {
        for configured in [false, true] {
            let few = fuel(declaration, digest, 10, configured, present);
            let many = fuel(declaration, digest, 10_000, configured, present);
            for (few, many) in few.iter().zip(&many) {
                assert!(many * 10 <= few * 12, "{declaration}: {few} with ten, {many} with ten thousand");
            }
            assert!(many.get(1) < many.first(), "{declaration}: a digest is computed once: {many:?}");
        }
    }
}

#[test]
fn operators_learn_why_and_callers_do_not() {
    let policy = format!(
        "policy p {{ default = deny 403 }} api_key key {{ from = [header \"x-key\"] keys = {{ \"a\": \"{}\" }} }} \
         basic who {{ users = {{ \"a\": \"{}\" }} }} scope \"/**\" {{ authenticate who or key permit \"all\" {{}} }}",
        key_digest("k"),
        password_digest("p")
    );
    let mut simulator = Simulator::new(&wasm(&policy, "")).unwrap();
    simulator.start("").unwrap();
    let pair = |text: &str| format!("Basic {}", base64(text.as_bytes()));
    let cases = [
        (vec![], "who", "absent"),
        (vec![("authorization", "Basic a:p".to_owned())], "who", "malformed"),
        (vec![("authorization", pair("b:p"))], "who", "unknown_user"),
        (vec![("authorization", pair("a:q"))], "who", "wrong_password"),
        (vec![("x-key", "l".to_owned())], "key", "unknown_key"),
    ];
    let mut answers = Vec::new();
    for (headers, by, outcome) in &cases {
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let before = simulator.counters().unwrap();
        let response = simulator.request(&get(&headers), &ok()).unwrap().response;
        let after = simulator.counters().unwrap();
        let counted: Vec<_> = after.iter().filter(|counter| !before.contains(counter)).collect();
        assert_eq!(counted, [&((*by).to_owned(), (*outcome).to_owned(), 1)]);
        if *by == "who" {
            answers.push((response.status, response.headers, response.body));
        }
    }
    assert!(answers.windows(2).all(|pair| pair.first() == pair.last()), "the answers tell what is wrong: {answers:?}");
    let doubled = [("x-key", "k"), ("x-key", "k")];
    assert_eq!(simulator.request(&get(&doubled), &ok()).unwrap().response.status, 400);
    assert!(simulator.counters().unwrap().contains(&("key".to_owned(), "doubled".to_owned(), 1)));
}
