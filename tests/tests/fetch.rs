//! Keys that are fetched: the issuer is down, slow, rotates, talks nonsense. One policy with its tests, on the interpreter and on
//! proxies with one worker and with three; in the tests a request for `/-/STATE` changes what the issuer answers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use portcullis::Options;
use portcullis::ir::hir;
use portcullis::tools::engine::{Engine, EngineError, Nanoseconds};
use portcullis::tools::eval::Interpreter;
use portcullis::tools::message::{Answer, Body, Outcome, Request};
use portcullis::tools::sim::Simulator;
use portcullis::tools::test_runner::run_one;
use portcullis_tests::cases;
use portcullis_tests::envoy::engine::EnvoyEngine;
use portcullis_tests::tokens::STRANGER as OTHER;

const POLICY: &str = r#"
policy fetched { default = deny 403 }
service identity { cluster = "identity"  authority = "id.example.com" }
jwt corp {
  algorithms = [ES256]
  keys = fetch { service = identity, path = "/jwks", refresh = 10m, stale = 24h }
  clock_skew = 48h
  claims { sub: string }
}
scope "/v1" { authenticate corp  permit "v1" { on GET "/v1" } }
permit "open" { on GET "/open" }
"#;

fn answer(status: u16, text: &str) -> Answer {
    Answer { status, headers: Vec::new(), body: Some(Body { bytes: text.as_bytes().to_vec(), split: None, trailers: Vec::new() }) }
}

/// An engine whose issuer answers by the script.
struct Scripted<E> {
    inner: E,
    good: Option<Answer>,
    state: String,
}

impl<E: Engine> Scripted<E> {
    fn answer(&self) -> Option<Answer> {
        match self.state.as_str() {
            "good" => self.good.clone(),
            "slow" => None,
            "down" => Some(answer(503, "upstream connect error")),
            "other" => Some(answer(200, OTHER)),
            "html" => Some(answer(200, "<html>we are sorry</html>")),
            "empty" => Some(answer(200, r#"{"keys":[]}"#)),
            "private" => Some(answer(200, &OTHER.replace("\"kid\"", "\"d\":\"AAAA\",\"kid\""))),
            "twice" => Some(answer(200, &OTHER.replace("\"kid\"", "\"kty\":\"EC\",\"kid\""))),
            "huge" => Some(answer(200, &format!("{OTHER}{}", " ".repeat(300_000)))),
            "moved" => Some(Answer { status: 302, ..self.good.clone().unwrap() }),
            state => panic!("no state {state}"),
        }
    }
}

impl<E: Engine> Engine for Scripted<E> {
    fn name(&self) -> &'static str {
        self.inner.name()
    }
    fn start(&mut self, configuration: &str) -> Result<(), EngineError> {
        self.inner.start(configuration)
    }
    fn set_time(&mut self, at: Nanoseconds) -> Result<(), EngineError> {
        self.inner.set_time(at)
    }
    fn service(&mut self, cluster: &str, answer: Option<Answer>) -> Result<(), EngineError> {
        self.good = answer;
        self.inner.service(cluster, self.answer())
    }
    fn request(&mut self, request: &Request, answer: &Answer) -> Result<Outcome, EngineError> {
        if let Some(state) = request.target.strip_prefix("/-/") {
            self.state = state.to_owned();
            self.inner.service("identity", self.answer())?;
        }
        self.inner.request(request, answer)
    }
    fn counters(&mut self) -> Result<Vec<(String, String, u64)>, EngineError> {
        self.inner.counters()
    }
}

/// A token with a key id that nobody has.
fn unknown(kid: &str) -> String {
    let text = format!(r#"{{"alg":"ES256","kid":"{kid}"}}"#);
    let base = portcullis_tests::differential::world::base64(text.as_bytes()).replace('+', "-").replace('/', "_").replace('=', "");
    format!("{base}.e30.{}", "A".repeat(86))
}

/// The policy with a test of these steps, and its module.
fn compiled(policy: &str, steps: &str) -> (hir::Policy, Vec<u8>) {
    let text = format!("{policy}\ntest \"it\" {{ {steps} }}");
    let checked = portcullis::check("fetch.policy", &text, &mut |_| Err("there is no file".to_owned()));
    let policy = checked.policy.clone().unwrap_or_else(|| panic!("{:?}", checked.diagnostics));
    (policy, portcullis::compile(&checked, &Options::default()).unwrap().output.wasm)
}

/// Runs test steps on all engines; `first` is what the issuer answers at start. Gives how often the service counted each outcome.
fn run(first: &str, steps: &str) -> Vec<[u64; 2]> {
    run_policy(POLICY, first, steps)
}

fn run_policy(policy: &str, first: &str, steps: &str) -> Vec<[u64; 2]> {
    let (policy, wasm) = compiled(policy, steps);
    let simulator = |workers| {
        let mut simulator = Simulator::deployed(&wasm).unwrap();
        simulator.workers = workers;
        simulator
    };
    let mut counts = vec![one(&policy, Interpreter::new(policy.clone()), first)];
    for workers in [1, 3] {
        counts.push(one(&policy, simulator(workers), first));
    }
    counts
}

fn one<E: Engine>(policy: &hir::Policy, inner: E, first: &str) -> [u64; 2] {
    let mut engine = Scripted { inner, good: None, state: first.to_owned() };
    let test = policy.tests.first().unwrap();
    let (result, _) = run_one(policy, test, &mut engine);
    assert!(result.passed, "{}: {:?}", engine.name(), result.failure);
    let counters = engine.counters().unwrap();
    ["fetched", "fetch_failed"]
        .map(|wanted| counters.iter().filter(|(name, outcome, _)| name == "identity" && outcome == wanted).map(|(_, _, count)| count).sum())
}

const VALID: &str = r#"request GET "/v1" { token corp { sub: "c" } }"#;

#[test]
fn one_fetch_per_proxy_before_the_first_request() {
    let counts = run("good", &format!("{VALID} expect allow {VALID} expect allow {VALID} expect allow {VALID} expect allow"));
    assert_eq!(counts, [[1, 0]; 3]);
}

#[test]
fn keys_are_refreshed_in_the_background_by_one() {
    let counts = run("good", &format!("wait 11m {VALID} expect allow {VALID} expect allow wait 11m {VALID} expect allow"));
    assert_eq!(counts, [[3, 0]; 3]);
}

#[test]
fn without_any_keys_requests_that_need_them_are_a_fault_and_others_are_not() {
    for state in ["down", "slow", "html", "empty", "private", "twice", "huge", "moved"] {
        let steps = format!(
            r#"{VALID} expect deny 503 by "fault" request GET "/open" expect allow request GET "/v1" expect deny 401 by "corp"
               request GET "/-/good" wait 2s {VALID} expect allow"#
        );
        let counts = run(state, &steps);
        assert!(counts.iter().all(|[fetched, _]| *fetched == 1), "{state}: {counts:?}");
    }
}

#[test]
fn keys_outlast_an_issuer_that_is_down_until_they_are_stale() {
    for state in ["down", "slow", "html", "empty"] {
        let steps = format!(
            r#"request GET "/-/{state}" wait 11m {VALID} expect allow wait 23h {VALID} expect allow
               wait 2h {VALID} expect deny 503 by "fault" request GET "/-/good" wait 6s {VALID} expect allow"#
        );
        run("good", &steps);
    }
}

#[test]
fn an_unknown_key_is_asked_for_once_and_the_request_waits_for_it() {
    let steps = format!(r#"request GET "/-/good" {VALID} expect allow {VALID} expect allow"#);
    assert_eq!(run("other", &steps), [[2, 0]; 3]);
}

#[test]
fn unknown_keys_cost_one_fetch_in_half_a_minute_whoever_sends_how_many() {
    let guess =
        |kid: &str| format!(r#"request GET "/v1" {{ header "authorization" = "Bearer {}" }} expect deny 401 by "corp" "#, unknown(kid));
    let many: String = (0..20).map(|n| guess(&format!("k{n}"))).collect();
    assert_eq!(run("good", &many), [[2, 0]; 3]);
    let later = format!("{many} wait 31s {many}");
    assert_eq!(run("good", &later), [[3, 0]; 3]);
    // One that was not there is not asked for again for five minutes.
    let same = format!("{} wait 31s {} wait 31s {}", guess("a"), guess("a"), guess("a"));
    assert_eq!(run("good", &same), [[2, 0]; 3]);
    let much_later = format!("{} wait 6m {}", guess("a"), guess("a"));
    assert_eq!(run("good", &much_later), [[3, 0]; 3]);
}

/// A key id that could not be asked for, because another one had been, is not taken for one that is not there.
#[test]
fn a_key_that_nobody_could_ask_for_is_asked_for_when_its_time_comes() {
    let guess = format!(r#"request GET "/v1" {{ header "authorization" = "Bearer {}" }} expect deny 401 by "corp" "#, unknown("a"));
    let steps = format!(
        r#"{guess} request GET "/-/good" wait 10s {VALID} expect deny 401 by "corp" {VALID} expect deny 401 by "corp"
           wait 21s {VALID} expect allow {VALID} expect allow"#
    );
    assert_eq!(run("other", &steps), [[3, 0]; 3]);
}

#[test]
fn an_issuer_that_fails_to_answer_for_an_unknown_key_harms_nobody_else() {
    for state in ["down", "slow", "html"] {
        let guess = format!(r#"request GET "/v1" {{ header "authorization" = "Bearer {}" }} expect deny 401 by "corp" "#, unknown("x"));
        run("good", &format!(r#"request GET "/-/{state}" {guess} {VALID} expect allow {guess} {VALID} expect allow"#));
    }
}

#[test]
fn rotated_keys_end_what_was_verified_with_the_old_ones() {
    let steps = format!(r#"{VALID} expect allow request GET "/-/other" wait 11m {VALID} expect deny 401 by "corp""#);
    run("good", &steps);
}

/// In Envoy the first request comes before the first answer, so it waits.
#[test]
fn envoy_fetches_waits_and_outlasts() {
    let guess = format!(r#"request GET "/v1" {{ header "authorization" = "Bearer {}" }} expect deny 401 by "corp" "#, unknown("x"));
    let open = r#"request GET "/open" expect allow request GET "/v1" expect deny 401 by "corp" "#;
    for (first, steps) in [
        ("good", format!("{VALID} expect allow {open} {guess} {VALID} expect allow")),
        ("good", format!(r#"{VALID} expect allow request GET "/-/down" {guess} {VALID} expect allow"#)),
        ("other", format!(r#"{guess} request GET "/-/good" wait 31s {VALID} expect allow"#)),
        ("down", format!(r#"{VALID} expect deny 503 by "fault" {open} request GET "/-/good" wait 2s {VALID} expect allow"#)),
        ("slow", format!(r#"{VALID} expect deny 503 by "fault" {open} request GET "/-/good" wait 2s {VALID} expect allow"#)),
        ("good", format!(r#"{VALID} expect allow request GET "/-/slow" {guess} {VALID} expect allow"#)),
        ("html", format!(r#"{VALID} expect deny 503 by "fault" request GET "/-/good" wait 2s {VALID} expect allow"#)),
        ("good", format!(r#"{VALID} expect allow request GET "/-/empty" wait 20m {VALID} expect allow wait 25h {VALID} expect deny 503"#)),
    ] {
        let (policy, wasm) = compiled(POLICY, &steps);
        one(&policy, EnvoyEngine::new(wasm, &[], false).unwrap(), first);
    }
}

/// What nothing can verify is a fault, and a fault takes the outcome that the policy declares: the request goes on as it came, its token
/// too. Everything that can be told without keys is told all the same.
#[test]
fn without_any_keys_requests_go_on_only_where_faults_are_allowed() {
    let policy = POLICY.replace("default = deny 403", "default = deny 403  on_fault = allow");
    for state in ["down", "slow", "html"] {
        let steps = format!(
            r#"{VALID} expect allow expect upstream header "authorization" is present expect count "fault" == 1
               request GET "/v1" expect deny 401 by "corp"
               request GET "/v1" {{ header "authorization" = "Bearer a.b.c" }} expect deny 401 by "corp"
               request GET "/v1" {{ header "authorization" = "Bearer {}" }} expect allow expect count "fault" == 2
               request GET "/-/good" wait 2s {VALID} expect allow expect upstream header "authorization" is absent
               request GET "/v1" {{ header "authorization" = "Bearer {}" }} expect deny 401 by "corp" expect count "fault" == 2"#,
            unknown("x"),
            unknown("x")
        );
        run_policy(&policy, state, &steps);
        if state == "down" {
            let (policy, wasm) = compiled(&policy, &steps);
            one(&policy, EnvoyEngine::new(wasm, &[], false).unwrap(), state);
        }
    }
}

/// A scope in shadow refuses nobody for want of keys, and counts nobody: nothing was found out about the credential.
#[test]
fn scopes_in_shadow_refuse_nobody_for_want_of_keys() {
    let policy =
        POLICY.replace(r#"scope "/v1" { authenticate corp"#, r#"permit "all" { on "/v1" } scope "/v1" { mode = shadow  authenticate corp"#);
    for state in ["down", "slow", "html"] {
        let steps = format!(
            r#"{VALID} expect allow expect count "corp" == 0 expect count "fault" == 0 request GET "/v1" expect allow expect count "corp" == 1
               request GET "/-/good" wait 2s {VALID} expect allow expect count "corp" == 1
               request GET "/v1" {{ header "authorization" = "Bearer {}" }} expect allow expect count "corp" == 2"#,
            unknown("x")
        );
        run_policy(&policy, state, &steps);
    }
}

#[test]
fn envoy_runs_the_cases_of_fetched_keys() {
    let case = cases::load_file(&cases::folder().join("jwt-fetched.policy")).unwrap_or_else(|diagnostics| panic!("{diagnostics}"));
    let wasm = cases::module(&case, true).unwrap();
    let mut engine = EnvoyEngine::new(wasm, &[], true).unwrap();
    for test in &case.policy.tests {
        let (result, _) = run_one(&case.policy, test, &mut engine);
        assert!(result.passed, "{:?}", result.failure);
    }
}
