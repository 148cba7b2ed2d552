//! Envoy's bootstrap for tests, as JSON. In: HTTP filters, clusters. Out: a complete static configuration.

use std::collections::BTreeMap;
use std::path::Path;

use portcullis::tools::engine::EngineError;
use serde_json::{Value, json};

use super::tls::Authority;

/// The request header by which a policy names a cluster.
pub const CLUSTER_HEADER: &str = "x-portcullis-cluster";

/// The response header that carries the response code details of replies that Envoy or a filter made.
pub const DETAILS_HEADER: &str = "x-case-details";

/// What the routes lead to.
#[derive(Clone, Copy, Debug)]
pub enum Routes<'a> {
    /// Clusters by name with their loopback ports; the one named first is where requests go that name none.
    Clusters {
        /// The cluster of requests that name none.
        default: &'a str,
        /// All clusters.
        ports: &'a BTreeMap<String, u16>,
    },
    /// Envoy answers 200 itself: nothing but the filters costs.
    Direct,
}

/// A filter that loads a module. `configuration` is JSON text, empty for none; `hold` lets headers wait for bodies.
#[must_use]
pub fn wasm_filter(module: &Path, configuration: &str, hold: bool) -> Value {
    let mut config = json!({
        "name": "policy",
        "root_id": "policy",
        "failure_policy": "FAIL_RELOAD",
        "allow_on_headers_stop_iteration": hold,
        "vm_config": {
            "vm_id": "policy",
            "runtime": "envoy.wasm.runtime.v8",
            "code": { "local": { "filename": module } },
        },
    });
    if let (false, Some(fields)) = (configuration.is_empty(), config.as_object_mut()) {
        // A Struct would reach the module as protobuf; a StringValue arrives as text.
        let value = json!({ "@type": "type.googleapis.com/google.protobuf.StringValue", "value": configuration });
        fields.insert("configuration".to_owned(), value);
    }
    filter("wasm", "wasm.v3.Wasm", json!({ "config": config }))
}

/// Adds a member to an object.
pub fn set(object: &mut Value, name: &str, value: Value) {
    if let Some(members) = object.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
}

/// An HTTP filter; `message` is its type below `envoy.extensions.filters.http`.
#[must_use]
pub fn filter(name: &str, message: &str, config: Value) -> Value {
    json!({ "name": name, "typed_config": typed(&format!("envoy.extensions.filters.http.{message}"), config) })
}

fn typed(message: &str, config: Value) -> Value {
    let mut fields = serde_json::Map::new();
    fields.insert("@type".to_owned(), Value::String(format!("type.googleapis.com/{message}")));
    if let Value::Object(more) = config {
        fields.extend(more);
    }
    Value::Object(fields)
}

/// A bootstrap for behaviour tests: clients speak PROXY, then HTTP or TLS (`secure`), replies carry their details, trailers pass
/// both ways.
#[must_use]
pub fn gateway(filters: &[Value], routes: Routes<'_>, trusted_hops: u8, secure: Option<&Value>) -> Value {
    let any_status = json!({
        "status_code_filter": {
            "comparison": { "op": "GE", "value": { "default_value": 100, "runtime_key": "portcullis.any_status" } },
        },
    });
    let details = json!({
        "header": { "key": DETAILS_HEADER, "value": "%RESPONSE_CODE_DETAILS%" },
        "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
    });
    let more = json!({
        "local_reply_config": { "mappers": [{ "filter": any_status, "headers_to_add": [details] }] },
        "use_remote_address": true,
        "xff_num_trusted_hops": trusted_hops,
        "skip_xff_append": true,
        "generate_request_id": false,
        "server_header_transformation": "PASS_THROUGH",
        "http_protocol_options": { "enable_trailers": true },
        // More than 1,024 pairs and more than 1 MiB of them: where the interface has limits in one direction.
        "common_http_protocol_options": { "max_headers_count": 4000 },
        "max_request_headers_kb": 4096,
    });
    let listener_filter = |name: &str, message: &str| {
        let message = format!("envoy.extensions.filters.listener.{message}");
        json!({ "name": name, "typed_config": typed(&message, json!({})) })
    };
    let mut listener_filters = vec![listener_filter("proxy_protocol", "proxy_protocol.v3.ProxyProtocol")];
    listener_filters.extend(secure.map(|_| listener_filter("tls_inspector", "tls_inspector.v3.TlsInspector")));
    build(filters, routes, &more, &Value::Array(listener_filters), secure)
}

/// A TLS socket that asks clients for a certificate, and takes none that the trusted authority has not signed.
///
/// # Errors
/// When no certificate can be made.
pub fn secure() -> Result<Value, EngineError> {
    let authority = Authority::trusted()?;
    let (certificate, key) = authority.server()?;
    Ok(json!({
        "name": "tls",
        "typed_config": typed("envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext", json!({
            "common_tls_context": {
                "tls_certificates": [{
                    "certificate_chain": { "inline_string": certificate },
                    "private_key": { "inline_string": key },
                }],
                "validation_context": { "trusted_ca": { "inline_string": authority.pem() } },
            },
        })),
    }))
}

/// A bootstrap for timing: plain connections, a route that answers by itself, nothing beside the filters.
#[must_use]
pub fn plain(filters: &[Value]) -> Value {
    build(filters, Routes::Direct, &json!({ "generate_request_id": false }), &json!([]), None)
}

fn build(filters: &[Value], routes: Routes<'_>, more: &Value, listener_filters: &Value, secure: Option<&Value>) -> Value {
    let mut filters = filters.to_vec();
    filters.push(filter("router", "router.v3.Router", json!({ "suppress_envoy_headers": true })));
    let mut manager = json!({
        "stat_prefix": "tests",
        "route_config": { "virtual_hosts": [{ "name": "all", "domains": ["*"], "routes": route_table(routes) }] },
        "http_filters": filters,
    });
    if let (Some(fields), Some(more)) = (manager.as_object_mut(), more.as_object()) {
        fields.extend(more.clone());
    }
    let manager = typed("envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager", manager);
    let http = json!([{ "name": "http", "typed_config": manager }]);
    let mut chains = Vec::new();
    if let Some(secure) = secure {
        let by_tls = json!({ "transport_protocol": "tls" });
        chains.push(json!({ "filter_chain_match": by_tls, "transport_socket": secure, "filters": http }));
    }
    chains.push(json!({ "filters": http }));
    json!({
        "admin": { "address": address(0) },
        "static_resources": {
            "listeners": [{
                "name": "clients",
                "address": address(0),
                "listener_filters": listener_filters,
                "filter_chains": chains,
            }],
            "clusters": clusters(routes),
        },
    })
}

fn route_table(routes: Routes<'_>) -> Value {
    match routes {
        Routes::Direct => json!([{ "match": { "prefix": "/" }, "direct_response": { "status": 200 } }]),
        Routes::Clusters { default, .. } => {
            let named = json!({ "prefix": "/", "headers": [{ "name": CLUSTER_HEADER, "present_match": true }] });
            json!([
                { "match": named, "route": { "cluster_header": CLUSTER_HEADER, "timeout": "20s" } },
                { "match": { "prefix": "/" }, "route": { "cluster": default, "timeout": "20s" } },
            ])
        }
    }
}

fn clusters(routes: Routes<'_>) -> Vec<Value> {
    let Routes::Clusters { ports, .. } = routes else {
        return Vec::new();
    };
    let protocol = typed(
        "envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        json!({
            "common_http_protocol_options": { "max_headers_count": 4000 },
            "explicit_http_config": { "http_protocol_options": { "enable_trailers": true } },
        }),
    );
    let cluster = |(name, port): (&String, &u16)| {
        let endpoint = json!({ "endpoint": { "address": address(*port) } });
        json!({
            "name": name,
            "type": "STATIC",
            "load_assignment": { "cluster_name": name, "endpoints": [{ "lb_endpoints": [endpoint] }] },
            "typed_extension_protocol_options": { "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": protocol },
        })
    };
    ports.iter().map(cluster).collect()
}

fn address(port: u16) -> Value {
    json!({ "socket_address": { "address": "127.0.0.1", "port_value": port } })
}
