//! Envoy's static configuration. In: a policy's needs, upstreams, a port. Out: the HTTP filter, or a bootstrap that
//! `envoy -c` runs as it is. Written for Envoy 1.40.

use std::net::IpAddr;

use serde_json::{Map, Value, json};

use super::{CLUSTER_HEADER, DECISION, LABELS};

/// An upstream of the bootstrap: a cluster of its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upstream {
    /// The cluster's name, as the policy's routes say it.
    pub name: String,
    /// An address or a name that DNS knows.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Whether it is spoken to by TLS: its certificate has to be for `host` and of an authority that the machine trusts.
    pub tls: bool,
}

/// What to generate for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EnvoyRequest {
    /// The policy's name.
    pub policy: String,
    /// Where Envoy finds the module.
    pub module_path: String,
    /// The policy's configuration as JSON text; empty for none.
    pub configuration: String,
    /// Exported callbacks.
    pub callbacks: Vec<String>,
    /// Imported host calls.
    pub host_calls: Vec<String>,
    /// Whether the policy routes.
    pub has_routes: bool,
    /// Whether response headers wait for what the policy finds in the body.
    pub holds_headers: bool,
    /// How many proxies in front are trusted to say who the client is.
    pub trusted_hops: u8,
    /// The most bytes of a request's body that the policy holds.
    pub body_limit: Option<u64>,
    /// Upstreams; the first is where requests go that the policy does not route.
    pub upstreams: Vec<Upstream>,
    /// Clusters that the module itself calls; no request goes there.
    pub services: Vec<Upstream>,
    /// The port to listen on, on all addresses.
    pub listen_port: u16,
    /// A port on loopback for Envoy's admin interface; none without.
    pub admin_port: Option<u16>,
}

/// The HTTP filter alone, to be put before the router of an existing configuration.
#[must_use]
pub fn filter(request: &EnvoyRequest) -> Value {
    // Least privilege: the module can do what it was compiled to do, and nothing else.
    let allowed: Map<String, Value> = {
        let mut names: Vec<&String> = request.callbacks.iter().chain(&request.host_calls).collect();
        names.sort_unstable();
        names.into_iter().map(|name| (name.clone(), json!({}))).collect()
    };
    let mut config = json!({
        "name": request.policy,
        "root_id": request.policy,
        "failure_policy": "FAIL_RELOAD",
        "vm_config": {
            // Modules with one id would share their counters.
            "vm_id": format!("portcullis.{}", request.policy),
            "runtime": "envoy.wasm.runtime.v8",
            "code": { "local": { "filename": request.module_path } },
            "capability_restriction_config": { "allowed_capabilities": allowed },
        },
    });
    if let Some(fields) = config.as_object_mut() {
        if !request.configuration.is_empty() {
            // A Struct would reach the module as protobuf; a StringValue arrives as text.
            fields.insert("configuration".to_owned(), string_value(&request.configuration));
        }
        if request.holds_headers {
            fields.insert("allow_on_headers_stop_iteration".to_owned(), json!(true));
        }
    }
    extension("portcullis", "envoy.extensions.filters.http.wasm.v3.Wasm", json!({ "config": config }))
}

/// What Envoy holds of a body unless it is told otherwise.
const BUFFER: u64 = 1 << 20;

/// A complete bootstrap.
#[must_use]
pub fn bootstrap(request: &EnvoyRequest) -> Value {
    let manager = json!({
        "stat_prefix": "portcullis",
        // `client.ip` is the address of the connection, or what trusted proxies say of it.
        "use_remote_address": true,
        "xff_num_trusted_hops": request.trusted_hops,
        // The policy decides about paths as they came, and forwards what it decided about.
        "normalize_path": false,
        "merge_slashes": false,
        "access_log": [access_log()],
        "http_filters": [
            filter(request),
            extension("envoy.filters.http.router", "envoy.extensions.filters.http.router.v3.Router", json!({})),
        ],
        "route_config": routes(request),
    });
    let manager = extension(
        "envoy.filters.network.http_connection_manager",
        "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        manager,
    );
    let mut bootstrap = json!({
        "static_resources": {
            "listeners": [{
                "name": "portcullis",
                "address": address("0.0.0.0", request.listen_port),
                "filter_chains": [{ "filters": [manager] }],
            }],
            "clusters": request.upstreams.iter().chain(&request.services).map(cluster).collect::<Vec<_>>(),
        },
        "stats_config": { "stats_tags": LABELS.iter().map(|label| tag(label)).collect::<Vec<_>>() },
    });
    // Envoy refuses by itself what it cannot hold, and holds 1 MiB unless it is told otherwise.
    if let Some(limit) = request.body_limit.filter(|limit| *limit > BUFFER)
        && let Some(listener) = bootstrap.pointer_mut("/static_resources/listeners/0").and_then(Value::as_object_mut)
    {
        listener.insert("per_connection_buffer_limit_bytes".to_owned(), json!(limit));
    }
    if let (Some(port), Some(fields)) = (request.admin_port, bootstrap.as_object_mut()) {
        fields.insert("admin".to_owned(), json!({ "address": address("127.0.0.1", port) }));
    }
    bootstrap
}

fn extension(name: &str, message: &str, config: Value) -> Value {
    let mut typed = Map::new();
    typed.insert("@type".to_owned(), json!(format!("type.googleapis.com/{message}")));
    if let Value::Object(fields) = config {
        typed.extend(fields);
    }
    json!({ "name": name, "typed_config": typed })
}

fn string_value(text: &str) -> Value {
    json!({ "@type": "type.googleapis.com/google.protobuf.StringValue", "value": text })
}

fn address(host: &str, port: u16) -> Value {
    json!({ "socket_address": { "address": host, "port_value": port } })
}

/// Takes `LABEL=.=VALUE;.;` out of a metric's name and makes it a label.
fn tag(label: &str) -> Value {
    json!({ "tag_name": label, "regex": format!("({label}=\\.=(.*?);\\.;)") })
}

/// One JSON object a request, on standard output. The query is left out: it may carry credentials.
fn access_log() -> Value {
    let format = json!({
        "time": "%START_TIME%",
        "method": "%REQ(:METHOD)%",
        "path": "%PATH(NQ:ORIG_OR_PATH)%",
        "status": "%RESPONSE_CODE%",
        "details": "%RESPONSE_CODE_DETAILS%",
        "decision": format!("%FILTER_STATE({DECISION}:PLAIN)%"),
        "cluster": "%UPSTREAM_CLUSTER%",
        "bytes": "%BYTES_SENT%",
        "milliseconds": "%DURATION%",
    });
    extension(
        "envoy.access_loggers.stdout",
        "envoy.extensions.access_loggers.stream.v3.StdoutAccessLog",
        json!({ "log_format": { "json_format": format } }),
    )
}

fn routes(request: &EnvoyRequest) -> Value {
    let mut routes = Vec::new();
    if request.has_routes {
        routes.push(json!({
            "match": { "prefix": "/", "headers": [{ "name": CLUSTER_HEADER, "present_match": true }] },
            "route": { "cluster_header": CLUSTER_HEADER },
        }));
    }
    routes.push(match request.upstreams.first() {
        Some(upstream) => json!({ "match": { "prefix": "/" }, "route": { "cluster": upstream.name } }),
        None => json!({
            "match": { "prefix": "/" },
            "direct_response": { "status": 503, "body": { "inline_string": "no upstream is configured\n" } },
        }),
    });
    let mut table = json!({
        "name": "portcullis",
        "virtual_hosts": [{ "name": "all", "domains": ["*"], "routes": routes }],
    });
    if let (true, Some(fields)) = (request.has_routes, table.as_object_mut()) {
        // The cluster's name is between policy and route table: clients cannot set it, upstreams do not see it.
        fields.insert("internal_only_headers".to_owned(), json!([CLUSTER_HEADER]));
        fields.insert("request_headers_to_remove".to_owned(), json!([CLUSTER_HEADER]));
    }
    table
}

fn cluster(upstream: &Upstream) -> Value {
    let endpoint = json!({ "endpoint": { "address": address(&upstream.host, upstream.port) } });
    let discovery = if upstream.host.parse::<IpAddr>().is_ok() { "STATIC" } else { "STRICT_DNS" };
    let mut cluster = json!({
        "name": upstream.name,
        "type": discovery,
        "connect_timeout": "5s",
        "load_assignment": {
            "cluster_name": upstream.name,
            "endpoints": [{ "lb_endpoints": [endpoint] }],
        },
    });
    if let (true, Some(fields)) = (upstream.tls, cluster.as_object_mut()) {
        fields.insert("transport_socket".to_owned(), tls(&upstream.host));
    }
    cluster
}

/// Where Debian, Ubuntu and Envoy's own images keep the authorities that they trust.
const AUTHORITIES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// TLS to a host, which has to prove its name.
fn tls(host: &str) -> Value {
    let is_address = host.parse::<IpAddr>().is_ok();
    let kind = if is_address { "IP_ADDRESS" } else { "DNS" };
    let mut context = json!({
        "common_tls_context": {
            "validation_context": {
                "trusted_ca": { "filename": AUTHORITIES },
                "match_typed_subject_alt_names": [{ "san_type": kind, "matcher": { "exact": host } }],
            },
        },
    });
    if let (false, Some(fields)) = (is_address, context.as_object_mut()) {
        fields.insert("sni".to_owned(), json!(host));
    }
    extension("envoy.transport_sockets.tls", "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext", context)
}

#[cfg(test)]
#[allow(clippy::indexing_slicing)]
mod tests {
    use serde_json::json;

    use super::{EnvoyRequest, Upstream, bootstrap, filter};

    fn request() -> EnvoyRequest {
        EnvoyRequest {
            policy: "orders".into(),
            module_path: "/etc/envoy/orders.wasm".into(),
            callbacks: vec!["proxy_on_request_headers".into()],
            host_calls: vec!["proxy_log".into(), "proxy_get_header_map_pairs".into()],
            upstreams: vec![Upstream { name: "blue".into(), host: "127.0.0.1".into(), port: 8080, tls: false }],
            listen_port: 10_000,
            ..EnvoyRequest::default()
        }
    }

    #[test]
    fn the_filter_allows_what_the_module_uses_and_nothing_else() {
        let config = filter(&request())["typed_config"]["config"].clone();
        let allowed = &config["vm_config"]["capability_restriction_config"]["allowed_capabilities"];
        assert_eq!(*allowed, json!({ "proxy_get_header_map_pairs": {}, "proxy_log": {}, "proxy_on_request_headers": {} }));
        assert_eq!(config["failure_policy"], "FAIL_RELOAD");
        assert_eq!(config.get("configuration"), None);
        assert_eq!(config.get("allow_on_headers_stop_iteration"), None);
        let more = EnvoyRequest { configuration: "{\"a\":1}".into(), holds_headers: true, ..request() };
        let config = filter(&more)["typed_config"]["config"].clone();
        assert_eq!(config["configuration"]["value"], "{\"a\":1}");
        assert_eq!(config["allow_on_headers_stop_iteration"], true);
    }

    #[test]
    fn services_are_clusters_and_no_routes() {
        let identity = Upstream { name: "identity".into(), host: "id.example.com".into(), port: 443, tls: true };
        let bootstrap = bootstrap(&EnvoyRequest { services: vec![identity], upstreams: Vec::new(), ..request() });
        let cluster = &bootstrap["static_resources"]["clusters"][0];
        assert_eq!((&cluster["name"], &cluster["type"]), (&json!("identity"), &json!("STRICT_DNS")));
        let context = &cluster["transport_socket"]["typed_config"];
        assert_eq!(context["sni"], "id.example.com");
        let names = &context["common_tls_context"]["validation_context"]["match_typed_subject_alt_names"];
        assert_eq!(*names, json!([{ "san_type": "DNS", "matcher": { "exact": "id.example.com" } }]));
        let manager = &bootstrap["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"];
        let routes = manager["route_config"].to_string();
        assert!(routes.contains("direct_response") && !routes.contains("cluster"), "no request goes to a service: {routes}");
    }

    #[test]
    fn only_routing_policies_get_a_route_by_header() {
        let routes = |request: &EnvoyRequest| {
            let manager = bootstrap(request)["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0].clone();
            manager["typed_config"]["route_config"].clone()
        };
        let table = routes(&request());
        assert_eq!(table["virtual_hosts"][0]["routes"].as_array().map(Vec::len), Some(1));
        assert_eq!(table.get("request_headers_to_remove"), None);
        let table = routes(&EnvoyRequest { has_routes: true, ..request() });
        assert_eq!(table["virtual_hosts"][0]["routes"][0]["route"]["cluster_header"], "x-portcullis-cluster");
        assert_eq!(table["virtual_hosts"][0]["routes"][1]["route"]["cluster"], "blue");
    }

    #[test]
    fn names_are_resolved_and_addresses_are_not() {
        let named = Upstream { name: "green".into(), host: "green.example".into(), port: 80, tls: false };
        let with = EnvoyRequest { upstreams: vec![request().upstreams[0].clone(), named], ..request() };
        let clusters = bootstrap(&with)["static_resources"]["clusters"].clone();
        assert_eq!((&clusters[0]["type"], &clusters[1]["type"]), (&json!("STATIC"), &json!("STRICT_DNS")));
    }
}
