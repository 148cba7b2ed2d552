//! What a token costs, counted in the simulator: host calls and fuel of one that came before and of a new one, beside a policy that
//! reads headers and sets one.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::collections::BTreeMap;

use portcullis::Options;
use portcullis::ir::hir::JwtAlgorithm;
use portcullis::tools::engine::Engine;
use portcullis::tools::message::{Answer, Decision, Request};
use portcullis::tools::sim::Simulator;
use portcullis_tests::bench::{rules, tokens};

fn simulator(policy: &str, file: &str, configuration: &str) -> Simulator {
    let checked = portcullis::check("costs.policy", policy, &mut |_| Ok(file.to_owned()));
    let mut simulator = Simulator::deployed(&portcullis::compile(&checked, &Options::default()).unwrap().output.wasm).unwrap();
    simulator.verifies_signatures = true;
    simulator.start(configuration).unwrap();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    simulator.set_time(u64::try_from(now.as_nanos()).unwrap()).unwrap();
    simulator
}

/// Fuel and host calls of a request that is let in.
fn cost(simulator: &mut Simulator, request: &Request) -> (u64, BTreeMap<String, u64>) {
    let outcome = simulator.request(request, &Answer::ok()).unwrap();
    assert_eq!(outcome.decision, Decision::Allow);
    let calls = simulator.last().host_calls.iter().map(|(name, count)| ((*name).to_string(), *count)).collect();
    (simulator.last().fuel, calls)
}

#[test]
fn tokens() {
    let mut headers_only = simulator(&rules::path_policy(10), "", "");
    let request = |token: Option<&str>| {
        let mut request = Request::get("/");
        for (name, value) in [("user-agent", "curl/8.5.0"), ("accept", "*/*"), ("x-request-id", "2f3a77b1-9d3e-4c4e-8a46-7b0c2f6a7f10")] {
            request.headers.push((name.to_owned(), value.as_bytes().to_vec()));
        }
        if let Some(token) = token {
            request.headers.push(("authorization".to_owned(), format!("Bearer {token}").into_bytes()));
        }
        request
    };
    let plain = Request { target: rules::template(3).replace("{id}", "7").replace("**", "7"), ..request(None) };
    cost(&mut headers_only, &plain);
    let (plain, calls) = cost(&mut headers_only, &plain);
    println!("headers only: {plain} {calls:?}");
    for algorithm in [JwtAlgorithm::Rs256, JwtAlgorithm::Es256, JwtAlgorithm::Hs256] {
        let set = portcullis_tests::tokens::key_set_for(algorithm).to_string();
        let mut simulator = simulator(&tokens::policy(algorithm), &set, &tokens::configuration(algorithm));
        cost(&mut simulator, &request(Some(&tokens::token(algorithm, 0, 3600))));
        let token = tokens::token(algorithm, 1, 3600);
        let (new, new_calls) = cost(&mut simulator, &request(Some(&token)));
        let (seen, seen_calls) = cost(&mut simulator, &request(Some(&token)));
        println!("{algorithm:?}: {} letters, new {new} {new_calls:?}, seen {seen} {seen_calls:?}", token.len());
        let by_host = algorithm != JwtAlgorithm::Hs256;
        // The clock, the token removed, the subject set; two rules count.
        let mut expected: BTreeMap<String, u64> = [
            ("proxy_get_header_map_pairs", 1),
            ("proxy_get_current_time_nanoseconds", 1),
            ("proxy_remove_header_map_value", 1),
            ("proxy_replace_header_map_value", 1),
            ("proxy_increment_metric", 2),
        ]
        .map(|(name, count)| (name.to_owned(), count))
        .into();
        assert_eq!(seen_calls, expected, "{algorithm:?}");
        if by_host {
            expected.insert("proxy_call_foreign_function".to_owned(), 1);
        }
        assert_eq!(new_calls, expected, "{algorithm:?}");
        // In tenths of what the headers alone cost.
        assert!(seen * 10 <= plain * 23, "{algorithm:?}: {seen} beside {plain}");
        assert!(new * 10 <= plain * if by_host { 65 } else { 95 }, "{algorithm:?}: {new} beside {plain}");
    }
}
