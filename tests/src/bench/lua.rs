//! The same jobs as Lua scripts. In: how many rules, which limit. Out: a filter as JSON.

use std::fmt::Write;

use serde_json::{Value, json};

use super::rules::{GATEWAY_RULES, KEYS, client, key, prefix};
use crate::envoy::bootstrap::filter;

/// Looks the path's prefix up in a table, sets a header.
pub(super) fn paths(count: usize) -> Value {
    let mut code = table(count);
    code.push_str(
        r#"
function envoy_on_request(handle)
  local headers = handle:headers()
  local path = headers:get(":path")
  local prefix = path:match("^(/api/v1/[^/]+/items/)[^/?]+$")
  if prefix == nil or not allowed[prefix] then
    handle:respond({[":status"] = "403"}, "forbidden")
    return
  end
  headers:replace("x-gateway", "portcullis")
end
"#,
    );
    script(&code)
}

/// The gateway: keys, a limit per client (GCRA in a table of the worker), rules, edits.
pub(super) fn gateway(per_minute: u64) -> Value {
    let mut code = table(GATEWAY_RULES);
    code.push_str("local clients = {\n");
    for number in 0..KEYS {
        // Writing to a string cannot fail.
        let _ = writeln!(code, "  [\"{}\"] = \"{}\",", key(number), client(number));
    }
    let _ = writeln!(code, "}}\nlocal period = 60000\nlocal step = period / {per_minute}");
    code.push_str(
        r#"local arrival = {}

function envoy_on_request(handle)
  local headers = handle:headers()
  local client = clients[headers:get("x-api-key") or ""]
  if client == nil then
    handle:respond({[":status"] = "401"}, "unauthorized")
    return
  end
  local now = handle:timestamp()
  local due = math.max(arrival[client] or now, now)
  if due - now > period - step then
    handle:respond({[":status"] = "429"}, "too many requests")
    return
  end
  arrival[client] = due + step
  local path = headers:get(":path")
  local prefix = path:match("^(/api/v1/[^/]+/items/)[^/?]+$")
  if prefix == nil or not allowed[prefix] then
    handle:respond({[":status"] = "403"}, "forbidden")
    return
  end
  headers:remove("x-api-key")
  headers:replace("x-client", client)
  headers:replace("x-gateway", "portcullis")
end
"#,
    );
    script(&code)
}

fn table(count: usize) -> String {
    let mut code = String::from("local allowed = {\n");
    for rule in 0..count {
        let _ = writeln!(code, "  [\"{}\"] = true,", prefix(rule));
    }
    code.push_str("}\n");
    code
}

fn script(code: &str) -> Value {
    filter("lua", "lua.v3.Lua", json!({ "default_source_code": { "inline_string": code } }))
}
