//! Istio's resources. In: a policy's needs and where the module was published. Out: a `WasmPlugin`, which every Istio takes,
//! or the `TrafficExtension` that replaces it from 1.30 on. They are alternatives: applied together, a policy runs twice.

use std::fmt::Write;

use serde_json::{Map, Value, json};

use super::{LABELS, yaml};

/// Which of the two resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    /// `extensions.istio.io/v1alpha1 WasmPlugin`
    WasmPlugin,
    /// `extensions.istio.io/v1alpha1 TrafficExtension`
    TrafficExtension,
}

/// What to generate for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IstioRequest {
    /// The policy's name.
    pub policy: String,
    /// Namespace of the resource; none leaves it to `kubectl`.
    pub namespace: Option<String>,
    /// Where the module is: `oci://`, `https://`, `http://` or `file://`.
    pub url: String,
    /// For `oci://` the digest of the image's manifest, for `http(s)://` that of the module; hex.
    pub sha256: Option<String>,
    /// The policy's configuration.
    pub configuration: Map<String, Value>,
    /// Labels of the workloads to apply to; empty for all of the namespace.
    pub labels: Vec<(String, String)>,
    /// Whether response headers wait for what the policy finds in the body, which Istio's resources cannot allow.
    pub holds_headers: bool,
    /// How many proxies in front are trusted to say who the client is, which Istio's mesh configuration says.
    pub trusted_hops: u8,
    /// Whether the policy routes, which needs a route by header that Istio does not generate.
    pub has_routes: bool,
}

/// The resource as a value.
#[must_use]
pub fn document(request: &IstioRequest, resource: Resource) -> Value {
    let mut plugin = Map::new();
    plugin.insert("url".to_owned(), json!(request.url));
    if let Some(digest) = &request.sha256 {
        plugin.insert("sha256".to_owned(), json!(digest));
    }
    plugin.insert("pluginName".to_owned(), json!(request.policy));
    plugin.insert("failStrategy".to_owned(), json!("FAIL_RELOAD"));
    if !request.configuration.is_empty() {
        plugin.insert("pluginConfig".to_owned(), Value::Object(request.configuration.clone()));
    }

    let mut spec = Map::new();
    if !request.labels.is_empty() {
        let labels: Map<String, Value> = request.labels.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        spec.insert("selector".to_owned(), json!({ "matchLabels": labels }));
    }
    // Before Istio's own authentication and authorization: what the policy refuses costs nothing further.
    spec.insert("phase".to_owned(), json!("AUTHN"));
    let kind = match resource {
        Resource::WasmPlugin => {
            spec.extend(plugin);
            "WasmPlugin"
        }
        Resource::TrafficExtension => {
            spec.insert("wasm".to_owned(), Value::Object(plugin));
            "TrafficExtension"
        }
    };
    let mut metadata = Map::new();
    metadata.insert("name".to_owned(), json!(resource_name(&request.policy)));
    if let Some(namespace) = &request.namespace {
        metadata.insert("namespace".to_owned(), json!(namespace));
    }
    json!({ "apiVersion": "extensions.istio.io/v1alpha1", "kind": kind, "metadata": metadata, "spec": spec })
}

/// The resource as YAML, headed by what it cannot say.
#[must_use]
pub fn text(request: &IstioRequest, resource: Resource) -> String {
    let mut out = String::new();
    match resource {
        Resource::WasmPlugin => {
            out.push_str("# For every version of Istio; from 1.30 on a TrafficExtension can take its place. Apply one of the two.\n")
        }
        Resource::TrafficExtension => out.push_str("# For Istio 1.30 and later, in the place of a WasmPlugin. Apply one of the two.\n"),
    }
    let _ = writeln!(out, "# Labels of metrics need the pod annotation `sidecar.istio.io/extraStatTags: {}`.", LABELS.join(","));
    if request.url.starts_with("oci://") && request.sha256.is_none() {
        out.push_str("# Add `sha256` with the digest of the image once it is pushed.\n");
    }
    if request.holds_headers {
        out.push_str("# The policy holds response headers until it has seen the body: this needs `allow_on_headers_stop_iteration`, which\n# only an EnvoyFilter can set.\n");
    }
    if request.trusted_hops > 0 {
        let _ = writeln!(
            out,
            "# The policy trusts {} proxies about the client's address: the gateway needs the pod annotation\n# `proxy.istio.io/config: '{{\"gatewayTopology\": {{\"numTrustedProxies\": {}}}}}'`.",
            request.trusted_hops, request.trusted_hops
        );
    }
    if request.has_routes {
        out.push_str("# The policy routes by the header `x-portcullis-cluster`: routes with `cluster_header` need an EnvoyFilter.\n");
    }
    out.push_str(&yaml::text(&document(request, resource)));
    out
}

/// A policy's name as Kubernetes accepts it: lower case letters, digits and `-`, no `-` at the ends, 63 characters at most.
fn resource_name(policy: &str) -> String {
    let name: String =
        policy.chars().map(|char| if char.is_ascii_alphanumeric() { char.to_ascii_lowercase() } else { '-' }).take(63).collect();
    let name = name.trim_matches('-');
    if name.is_empty() { "policy".to_owned() } else { name.to_owned() }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing)]
mod tests {
    use serde_json::json;

    use super::{IstioRequest, Resource, document, text};

    fn request() -> IstioRequest {
        let mut request = IstioRequest {
            policy: "Order_API".into(),
            url: "oci://registry.example/orders:1".into(),
            labels: vec![("app".into(), "gateway".into())],
            ..IstioRequest::default()
        };
        request.configuration.insert("issuer".into(), json!("https://login.example"));
        request
    }

    #[test]
    fn both_resources_say_the_same() {
        let plugin = document(&request(), Resource::WasmPlugin);
        let extension = document(&request(), Resource::TrafficExtension);
        assert_eq!(plugin["metadata"]["name"], "order-api");
        assert_eq!(plugin["kind"], "WasmPlugin");
        assert_eq!(extension["kind"], "TrafficExtension");
        for field in ["url", "pluginName", "failStrategy", "pluginConfig"] {
            assert_eq!(plugin["spec"][field], extension["spec"]["wasm"][field], "{field}");
            assert!(!plugin["spec"][field].is_null(), "{field}");
        }
        assert_eq!(plugin["spec"]["selector"], extension["spec"]["selector"]);
    }

    #[test]
    fn what_istio_cannot_say_is_said_in_comments() {
        let quiet = text(&request(), Resource::WasmPlugin);
        assert!(quiet.contains("digest of the image") && !quiet.contains("EnvoyFilter"), "{quiet}");
        let loud = IstioRequest { holds_headers: true, has_routes: true, sha256: Some("ab".repeat(32)), ..request() };
        let loud = text(&loud, Resource::TrafficExtension);
        assert_eq!(loud.matches("EnvoyFilter").count(), 2, "{loud}");
        assert!(!loud.contains("digest of the image"), "{loud}");
    }
}
