//! The engine on a real Envoy. In: a module's bytes, the clusters it may name. Out: outcomes as from any engine.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use portcullis::tools::engine::{Engine, EngineError, Nanoseconds};
use portcullis::tools::message::{Answer, Decision, Forwarded, Headers, Outcome, Request, Response};
use portcullis::tools::sim::trusted_hops;
use portcullis::tools::test_runner::START;
use serde_json::Value;

use super::bootstrap::{CLUSTER_HEADER, DETAILS_HEADER, Routes, gateway, secure, wasm_filter};
use super::clock::Clock;
use super::process::{Envoy, run_folder};
use super::upstream::Upstream;
use super::{client, fault};

/// The cluster of requests whose policy names none.
const DEFAULT_CLUSTER: &str = "portcullis-tests-default";

/// How long a request that was answered may still be on its way to the upstream's record.
const RECORD: Duration = Duration::from_millis(500);

/// A module in Envoy 1.40 with one worker thread, between a client and an upstream.
#[derive(Debug)]
pub struct EnvoyEngine {
    module: Vec<u8>,
    hold: bool,
    upstream: Upstream,
    /// What the module itself calls.
    services: BTreeMap<String, Upstream>,
    clock: Option<Clock>,
    envoy: Option<Envoy>,
}

impl EnvoyEngine {
    /// An engine for a module; `clusters` are those that its policy may name, `hold` says whether response headers
    /// wait for the body (`allow_on_headers_stop_iteration`).
    ///
    /// # Errors
    /// When the upstream finds no port.
    pub fn new(module: Vec<u8>, clusters: &[String], hold: bool) -> Result<Self, EngineError> {
        let mut all = clusters.to_vec();
        all.push(DEFAULT_CLUSTER.to_owned());
        Ok(Self { module, hold, upstream: Upstream::start(&all)?, services: BTreeMap::new(), clock: None, envoy: None })
    }

    /// What Envoy and the module logged since `start`.
    #[must_use]
    pub fn log(&self) -> String {
        self.envoy.as_ref().map(Envoy::log).unwrap_or_default()
    }

    /// Where clients connect; a PROXY line comes first.
    ///
    /// # Errors
    /// Before `start`.
    pub fn port(&self) -> Result<u16, EngineError> {
        Ok(self.running()?.port())
    }

    fn running(&self) -> Result<&Envoy, EngineError> {
        self.envoy.as_ref().ok_or_else(|| EngineError("the engine has not been started".to_owned()))
    }
}

impl Engine for EnvoyEngine {
    fn name(&self) -> &'static str {
        "envoy"
    }

    fn start(&mut self, configuration: &str) -> Result<(), EngineError> {
        self.envoy = None;
        self.clock = None;
        let folder = run_folder()?;
        let module = folder.join("module.wasm");
        fs::write(&module, &self.module).map_err(fault("writing the module"))?;
        let filter = wasm_filter(&module, configuration, self.hold);
        let mut ports = self.upstream.ports().clone();
        ports.extend(self.services.values().flat_map(|service| service.ports().clone()));
        let routes = Routes::Clusters { default: DEFAULT_CLUSTER, ports: &ports };
        let clock = Clock::new(&folder)?;
        // Tests begin then; what Envoy does before they say so must not happen by another clock.
        clock.set(START)?;
        self.envoy = Some(Envoy::start_with(&gateway(&[filter], routes, trusted_hops(&self.module), Some(&secure()?)), 1, &clock, folder)?);
        self.clock = Some(clock);
        Ok(())
    }

    fn set_time(&mut self, at: Nanoseconds) -> Result<(), EngineError> {
        let clock = self.clock.as_ref().ok_or_else(|| EngineError("the engine has not been started".to_owned()))?;
        clock.set(at)
    }

    fn service(&mut self, cluster: &str, answer: Option<Answer>) -> Result<(), EngineError> {
        if !self.services.contains_key(cluster) {
            self.services.insert(cluster.to_owned(), Upstream::start(&[cluster.to_owned()])?);
        }
        if let Some(service) = self.services.get(cluster) {
            match answer {
                Some(answer) => service.expect(&answer),
                None => service.hang(),
            }
        }
        Ok(())
    }

    fn request(&mut self, request: &Request, answer: &Answer) -> Result<Outcome, EngineError> {
        self.upstream.expect(answer);
        let envoy = self.running()?;
        let mut response =
            client::send(envoy.port(), request).map_err(|EngineError(text)| EngineError(format!("{text}\n{}", envoy.log())))?;
        let details = take(&mut response.headers, DETAILS_HEADER);
        // A reply of the request phase is whole before anything could have reached the upstream.
        let wait = if details.is_some() { Duration::from_millis(5) } else { RECORD };
        let forwarded = self.upstream.received(wait).map(seen_by_upstream);
        let decision = match (&forwarded, details) {
            // The policy replaced what the upstream answered.
            (Some(_), Some(details)) if details.contains("portcullis{") => Decision::of_details(response.status, &details),
            (Some(_), _) => Decision::Allow,
            (None, Some(details)) => Decision::of_details(response.status, &details),
            (None, None) => {
                return Err(EngineError(format!("status {} from nowhere\n{}", response.status, envoy.log())));
            }
        };
        Ok(Outcome { decision, forwarded, response: seen_by_client(response) })
    }

    fn counters(&mut self) -> Result<Vec<(String, String, u64)>, EngineError> {
        let text = self.running()?.admin("/stats?format=json&filter=^wasmcustom%5C.")?;
        let stats: Value = serde_json::from_str(&text).map_err(fault("reading Envoy's counters"))?;
        let mut sums: BTreeMap<(String, String), u64> = BTreeMap::new();
        for stat in stats.get("stats").and_then(Value::as_array).into_iter().flatten() {
            let name = stat.get("name").and_then(Value::as_str).and_then(|name| name.strip_prefix("wasmcustom."));
            let value = stat.get("value").and_then(Value::as_u64);
            if let (Some(labels), Some(value)) = (name.and_then(labels), value) {
                *sums.entry(labels).or_default() += value;
            }
        }
        Ok(sums.into_iter().map(|((rule, outcome), value)| (rule, outcome, value)).collect())
    }
}

/// Rule and outcome from `rule=.=NAME;.;outcome=.=WORD;.;portcullis_rule_total`, in any order of labels.
fn labels(name: &str) -> Option<(String, String)> {
    let labels = name.strip_suffix(";.;portcullis_rule_total")?;
    let find = |key: &str| {
        let found = labels.split(";.;").find_map(|label| label.split_once("=.=").filter(|(name, _)| *name == key));
        found.map(|(_, value)| value.to_owned())
    };
    Some((find("rule")?, find("outcome")?))
}

fn take(headers: &mut Headers, name: &str) -> Option<String> {
    let at = headers.iter().position(|(key, _)| key == name)?;
    Some(String::from_utf8_lossy(&headers.remove(at).1).into_owned())
}

/// Headers that Envoy writes itself or that only frame a message: left out so that engines can be compared. The
/// cluster has a field of its own.
fn added(name: &str) -> bool {
    name.starts_with("x-envoy-")
        || matches!(name, "x-request-id" | "x-forwarded-for" | "x-forwarded-proto" | "transfer-encoding")
        || name == CLUSTER_HEADER
}

fn seen_by_upstream(mut forwarded: Forwarded) -> Forwarded {
    forwarded.headers.retain(|(name, _)| !added(name));
    forwarded.cluster = forwarded.cluster.filter(|cluster| cluster != DEFAULT_CLUSTER);
    forwarded
}

fn seen_by_client(mut response: Response) -> Response {
    response.headers.retain(|(name, _)| !added(name) && !matches!(name.as_str(), "server" | "date" | "connection"));
    response
}
