//! Ten thousand rules cost a request what ten do, whatever their conditions compare: fuel, counted in the simulator.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use portcullis::Options;
use portcullis::tools::engine::Engine;
use portcullis::tools::message::{Answer, Decision, Request};
use portcullis::tools::sim::Simulator;

const FEW: usize = 10;
const MANY: usize = 10_000;

fn request(target: &str) -> Request {
    Request::get(target)
}

fn with_header(name: &str, value: &str) -> Request {
    Request { headers: vec![(name.to_owned(), value.as_bytes().to_vec())], ..request("/") }
}

fn started(text: &str) -> Simulator {
    let checked = portcullis::check("many.policy", text, &mut |_| Err("there are no files".to_owned()));
    assert!(checked.policy.is_some(), "{:?}", checked.diagnostics);
    let compiled = portcullis::compile(&checked, &Options::default()).unwrap();
    let mut simulator = Simulator::new(&compiled.output.wasm).unwrap();
    simulator.start("").unwrap();
    simulator
}

/// The fuel of a request that a rule permits, and of one that none does.
fn fuel(rules: usize, rule: &dyn Fn(usize) -> String, hit: &Request, miss: &Request) -> [u64; 2] {
    let mut text = "policy p { default = deny 403 }\n".to_owned();
    (0..rules).for_each(|number| text.push_str(&format!("permit \"r{number}\" {{ {} }}\n", rule(number))));
    let mut simulator = started(&text);
    let answer = Answer::ok();
    [(hit, true), (miss, false)].map(|(request, allowed)| {
        // The first request defines metrics.
        simulator.request(request, &answer).unwrap();
        let outcome = simulator.request(request, &answer).unwrap();
        assert_eq!(outcome.decision == Decision::Allow, allowed, "{outcome:?}");
        simulator.last().fuel
    })
}

/// Rule 7 is met in both policies.
fn constant(kind: &str, rule: &dyn Fn(usize) -> String, hit: &Request, miss: &Request) {
    let few = fuel(FEW, rule, hit, miss);
    let many = fuel(MANY, rule, hit, miss);
    println!("{kind}: {few:?} with {FEW} rules, {many:?} with {MANY}");
    for (few, many) in few.into_iter().zip(many) {
        assert!(many * 10 <= few * 12, "{kind}: {few} with {FEW} rules, {many} with {MANY}");
    }
}

#[test]
fn equality_of_a_header() {
    let rule = |number: usize| format!("when request.headers[\"x-tenant\"] == \"tenant-{number}\"");
    constant("header", &rule, &with_header("x-tenant", "tenant-7"), &with_header("x-tenant", "tenant-x"));
}

#[test]
fn equality_of_a_query_key_and_the_method() {
    let rule = |number: usize| format!("when request.query[\"key\"] == \"k{number}\" and request.method == \"GET\"");
    constant("query", &rule, &request("/?key=k7"), &request("/?key=kx"));
    let rule = |number: usize| format!("when request.method == \"M{number}\"");
    constant("method", &rule, &Request { method: "M7".to_owned(), ..request("/") }, &request("/"));
}

#[test]
fn cookies_lists_and_what_an_edge_reads_besides() {
    let rule = |number: usize| format!("when request.cookies[\"plan\"] == \"c{number}\"");
    constant("cookie", &rule, &with_header("cookie", "a=1; plan=c7"), &with_header("cookie", "a=1; plan=cx"));
    let rule = |number: usize| format!("when request.headers[\"x-tenant\"] in [\"a{number}\", \"b{number}\", \"c{number}\"]");
    constant("list", &rule, &with_header("x-tenant", "c7"), &with_header("x-tenant", "cx"));
    let rule = |number: usize| format!("when request.scheme == \"http\" and request.raw_path == \"/raw{number}?a\"");
    constant("raw path", &rule, &request("/raw7?a"), &request("/rawx?a"));
    let rule = |number: usize| format!("when request.headers[\"x-agent\"] starts_with \"agent-{number:05}-\"");
    constant("beginning of a header", &rule, &with_header("x-agent", "agent-00007-x"), &with_header("x-agent", "agent-x"));
}

#[test]
fn templates() {
    let rule = |number: usize| format!("on GET \"/v1/tenants{number}/{{id}}/orders\"");
    constant("template", &rule, &request("/v1/tenants7/a/orders"), &request("/v1/tenantsx/a/orders"));
    let rule = |number: usize| format!("on GET \"/{{region}}/p{number}/**\"");
    constant("template with a capture first", &rule, &request("/eu/p7/a/b"), &request("/eu/px/a/b"));
}

#[test]
fn equality_of_the_host_and_hosts_of_scopes() {
    let rule = |number: usize| format!("when request.host in [\"h{number}.example.com\", \"h{number}.example.net\"]");
    let host = |name: &str| Request { authority: name.to_owned(), ..request("/") };
    constant("host", &rule, &host("h7.example.net"), &host("hx.example.net"));
    let mut fuels = Vec::new();
    for scopes in [FEW, MANY / 10] {
        let mut text = "policy p { default = deny 403 }\n".to_owned();
        (0..scopes).for_each(|number| {
            text.push_str(&format!("scope \"/**\" {{ hosts = [\"*.h{number}.example.com\"] permit \"r{number}\" {{ on \"/a\" }} }}\n"));
        });
        let mut simulator = started(&text);
        let answer = Answer::ok();
        let request = Request { authority: "x.h7.example.com".to_owned(), ..request("/a") };
        simulator.request(&request, &answer).unwrap();
        assert_eq!(simulator.request(&request, &answer).unwrap().decision, Decision::Allow);
        fuels.push(simulator.last().fuel);
    }
    println!("scopes: {fuels:?}");
    assert!(fuels[1] * 10 <= fuels[0] * 12, "{fuels:?}");
}

#[test]
fn addresses_in_networks() {
    let rule = |number: usize| format!("when client.ip in \"10.{}.{}.0/24\"", number / 250, number % 250);
    let from = |address: &str| Request { client: address.parse().unwrap(), ..request("/") };
    constant("network", &rule, &from("10.0.7.9"), &from("10.255.7.9"));
    let rule = |number: usize| format!("when client.ip == \"10.0.{}.{}\"", number / 250, number % 250);
    constant("address", &rule, &from("10.0.0.7"), &from("10.255.7.9"));
    let rule = |number: usize| format!("when client.ip in [\"10.{0}.{1}.0/24\", \"2001:db8:{0}:{1}::/64\"]", number / 250, number % 250);
    constant("list of networks", &rule, &from("2001:db8:0:7::1"), &from("2001:db8:ff:7::1"));
}

#[test]
fn beginnings_and_ends_of_a_path() {
    let rule = |number: usize| format!("when request.path starts_with \"/p{number:05}/\"");
    constant("beginning", &rule, &request("/p00007/x"), &request("/pxxxxx/x"));
    let rule = |number: usize| format!("when request.path ends_with \"/p{number:05}\"");
    constant("end", &rule, &request("/x/p00007"), &request("/x/pxxxxx"));
}

#[test]
fn regexes_on_one_subject() {
    let rule = |number: usize| format!("when request.path matches /^\\/r{number:05}\\/[0-9]+$/");
    constant("regex", &rule, &request("/r00007/42"), &request("/rxxxxx/42"));
}

#[test]
fn rules_with_one_template_and_a_second_condition() {
    // The guard is what fewest rules share; the rest is tried.
    let rule = |number: usize| {
        format!(
            "on GET \"/v1/{{id}}\" when request.headers[\"x-plan\"] == \"gold\" when path.id == \"id{number}\" when request.query[\"a\"] is present"
        )
    };
    let hit = Request { headers: vec![("x-plan".to_owned(), b"gold".to_vec())], ..request("/v1/id7?a=1") };
    constant("capture", &rule, &hit, &Request { target: "/v1/idx?a=1".to_owned(), ..hit.clone() });
}
