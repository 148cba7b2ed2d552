//! Configuration that deploys a module. In: what a policy needs of its host. Out: documents for Envoy and Istio, as JSON
//! values and as YAML. No files here; module and configuration are named or given as text.

pub mod envoy;
pub mod istio;
pub mod yaml;

pub use envoy::{EnvoyRequest, Upstream};
pub use istio::{IstioRequest, Resource};

/// The request header by which a policy names a cluster; never taken from clients.
pub const CLUSTER_HEADER: &str = "x-portcullis-cluster";
/// Where a module leaves its decision: `deny RULE`, for access logs and spans.
pub const DECISION: &str = "wasm.portcullis.decision";
/// Labels of the metric `portcullis_rule_total`, in the tag format `LABEL=.=VALUE;.;`.
pub const LABELS: [&str; 3] = ["policy", "rule", "outcome"];
