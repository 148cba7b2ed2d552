//! An Envoy with some filters before one upstream: filters of Envoy's own and ours side by side. In: filters, requests. Out: what the
//! client gets and what the upstream does.

use std::fs;
use std::time::Duration;

use portcullis::Options;
use portcullis::tools::engine::EngineError;
use portcullis::tools::message::{Answer, Headers, Request};
use serde_json::Value;

use super::bootstrap::{Routes, gateway, wasm_filter};
use super::process::{Envoy, run_folder};
use super::upstream::Upstream;
use super::{client, fault};

/// An Envoy with one filter, and what stands behind it.
pub struct Gate {
    /// The proxy.
    pub envoy: Envoy,
    upstream: Upstream,
}

impl Gate {
    /// With these filters before the upstream.
    ///
    /// # Errors
    /// When something does not start.
    pub fn new(filters: &[Value]) -> Result<Gate, EngineError> {
        let upstream = Upstream::start(&["upstream".to_owned()])?;
        let routes = Routes::Clusters { default: "upstream", ports: upstream.ports() };
        let envoy = Envoy::start(&gateway(filters, routes, 0, None), 1, run_folder()?)?;
        Ok(Gate { envoy, upstream })
    }

    /// With the module of a policy; `file` stands for every file that it names.
    ///
    /// # Errors
    /// When the policy is refused, or something does not start.
    pub fn ours(policy: &str, file: &str, configuration: &str) -> Result<Gate, EngineError> {
        let checked = portcullis::check("gate.policy", policy, &mut |_| Ok(file.to_owned()));
        let compiled = portcullis::compile(&checked, &Options::default());
        let compiled = compiled.map_err(|refused| EngineError(format!("{refused:?}")))?;
        let module = run_folder()?.join("module.wasm");
        fs::write(&module, compiled.output.wasm).map_err(fault("writing the module"))?;
        Gate::new(&[wasm_filter(&module, configuration, false)])
    }

    /// The status, and what the upstream received.
    ///
    /// # Errors
    /// When Envoy does not answer.
    pub fn ask(&self, request: &Request) -> Result<(u16, Option<Headers>), EngineError> {
        self.upstream.expect(&Answer::ok());
        let response = client::send(self.envoy.port(), request)?;
        let wait = Duration::from_millis(if response.status == 200 { 500 } else { 5 });
        Ok((response.status, self.upstream.received(wait).map(|forwarded| forwarded.headers)))
    }
}

/// A `GET` of a client.
#[must_use]
pub fn get(target: String, headers: Vec<(&str, String)>) -> Request {
    Request { headers: headers.into_iter().map(|(name, value)| (name.to_owned(), value.into_bytes())).collect(), ..Request::get(target) }
}

/// The first line of a header.
#[must_use]
pub fn header(headers: &Headers, name: &str) -> Option<String> {
    headers.iter().find(|(known, _)| known == name).map(|(_, value)| String::from_utf8_lossy(value).into_owned())
}
