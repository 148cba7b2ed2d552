//! What Envoy's own filters need to do the same. In: how many rules, which limit. Out: filters as JSON.

use portcullis::ir::hir::JwtAlgorithm;
use serde_json::{Map, Value, json};

use super::rules::{GATEWAY_RULES, KEYS, client, key, prefix};
use crate::envoy::bootstrap::{filter, set};
use crate::tokens::{AUDIENCE, ISSUER, key_set_for};

/// RBAC with one policy per rule, tried in turn.
pub(super) fn rbac_list(count: usize) -> Value {
    let policies: Map<String, Value> = (0..count)
        .map(|rule| {
            let permission = json!({ "url_path": { "path": { "prefix": prefix(rule) } } });
            (format!("r{rule:05}"), json!({ "permissions": [permission], "principals": [{ "any": true }] }))
        })
        .collect();
    filter("rbac", "rbac.v3.RBAC", json!({ "rules": { "action": "ALLOW", "policies": policies } }))
}

/// RBAC with a tree over prefixes.
pub(super) fn rbac_tree(count: usize) -> Value {
    let action = |name: &str, action: &str| {
        let config = json!({ "@type": "type.googleapis.com/envoy.config.rbac.v3.Action", "name": name, "action": action });
        json!({ "action": { "name": "action", "typed_config": config } })
    };
    let map: Map<String, Value> = (0..count).map(|rule| (prefix(rule), action(&format!("r{rule:05}"), "ALLOW"))).collect();
    let input = json!({
        "@type": "type.googleapis.com/envoy.type.matcher.v3.HttpRequestHeaderMatchInput",
        "header_name": ":path",
    });
    let tree = json!({ "input": { "name": "path", "typed_config": input }, "prefix_match_map": { "map": map } });
    let matcher = json!({ "matcher_tree": tree, "on_no_match": action("default", "DENY") });
    filter("rbac", "rbac.v3.RBAC", json!({ "matcher": matcher }))
}

/// So many API keys.
pub(super) fn api_keys(count: usize) -> Value {
    let credentials: Vec<Value> = (0..count).map(|number| json!({ "key": key(number), "client": client(number) })).collect();
    let keys = json!({
        "credentials": credentials,
        "key_sources": [{ "header": "x-api-key" }],
        "forwarding": { "header": "x-client", "hide_credentials": true },
    });
    filter("keys", "api_key_auth.v3.ApiKeyAuth", keys)
}

/// Tokens; with a cache of those seen before, or without.
pub(super) fn tokens(algorithm: JwtAlgorithm, cached: bool) -> Value {
    let mut provider = json!({
        "issuer": ISSUER,
        "audiences": [AUDIENCE],
        "local_jwks": { "inline_string": key_set_for(algorithm).to_string() },
        "claim_to_headers": [{ "header_name": "x-client", "claim_name": "sub" }],
    });
    if cached {
        set(&mut provider, "jwt_cache_config", json!({ "jwt_cache_size": 512 }));
    }
    let rule = json!({ "match": { "prefix": "/" }, "requires": { "provider_name": "issuer" } });
    filter("tokens", "jwt_authn.v3.JwtAuthentication", json!({ "providers": { "issuer": provider }, "rules": [rule] }))
}

/// The gateway as a chain of filters.
pub(super) fn gateway(per_minute: u64) -> Vec<Value> {
    let credentials: Vec<Value> = (0..KEYS).map(|number| json!({ "key": key(number), "client": client(number) })).collect();
    let keys = json!({
        "credentials": credentials,
        "key_sources": [{ "header": "x-api-key" }],
        "forwarding": { "header": "x-client" },
    });
    let bucket = json!({ "max_tokens": per_minute, "tokens_per_fill": per_minute, "fill_interval": "60s" });
    let everything = json!({ "default_value": { "numerator": 100, "denominator": "HUNDRED" } });
    let limit = json!({
        "stat_prefix": "clients",
        "filter_enabled": everything,
        "filter_enforced": everything,
        "token_bucket": { "max_tokens": 4_000_000_000_u32, "tokens_per_fill": 4_000_000_000_u32, "fill_interval": "1s" },
        "descriptors": [{ "entries": [{ "key": "client" }], "token_bucket": bucket }],
        "max_dynamic_descriptors": 2 * KEYS,
        "rate_limits": [{
            "actions": [{ "request_headers": { "header_name": "x-client", "descriptor_key": "client" } }],
        }],
    });
    let set = json!({
        "append": {
            "header": { "key": "x-gateway", "value": "portcullis" },
            "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
        },
    });
    let edits = json!({ "mutations": { "request_mutations": [set, { "remove": "x-api-key" }] } });
    vec![
        filter("keys", "api_key_auth.v3.ApiKeyAuth", keys),
        filter("limit", "local_ratelimit.v3.LocalRateLimit", limit),
        rbac_tree(GATEWAY_RULES),
        filter("edits", "header_mutation.v3.HeaderMutation", edits),
    ]
}
