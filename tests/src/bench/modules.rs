//! Modules to compare ours with. In: nothing. Out: Wasm bytes: three written by hand, one built with the Rust SDK.

use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use portcullis::tools::engine::EngineError;
use serde_json::{Value, json};

use super::rules::{KEYS, client, key, template};
use crate::envoy::fault;
use crate::envoy::install::target_folder;

/// Enters the VM once a request and does nothing: the price of Wasm itself.
const NO_OP: &str = include_str!("modules/no_op.wat");

/// Fetches all headers in one call and replaces one: the least that a useful module does.
const MINIMAL: &str = include_str!("modules/minimal.wat");

/// Makes the host calls of the whole gateway and decides nothing: what no module with a shared limit goes below.
const FLOOR: &str = include_str!("modules/floor.wat");

pub(super) fn no_op() -> Result<Vec<u8>, EngineError> {
    wat::parse_str(NO_OP).map_err(fault("assembling the no-op module"))
}

pub(super) fn minimal() -> Result<Vec<u8>, EngineError> {
    wat::parse_str(MINIMAL).map_err(fault("assembling the minimal module"))
}

pub(super) fn floor() -> Result<Vec<u8>, EngineError> {
    wat::parse_str(FLOOR).map_err(fault("assembling the module of the gateway's host calls"))
}

/// Makes the host calls of a policy with one new RS256 token and decides nothing.
const TOKEN_FLOOR: &str = include_str!("modules/token_floor.wat");

/// That module, with a signature of this key that holds.
pub(super) fn token_floor(key: &[u8], message: &[u8], signature: &[u8]) -> Result<Vec<u8>, EngineError> {
    // Envoy's `VerifySignatureArguments`.
    let mut argument = Vec::new();
    for (tag, field) in [(0x0a_u8, &b"sha256"[..]), (0x12, key), (0x1a, signature), (0x22, message)] {
        argument.push(tag);
        let mut size = field.len();
        while size >= 0x80 {
            argument.push((size & 0x7f) as u8 | 0x80);
            size >>= 7;
        }
        argument.push(size as u8);
        argument.extend_from_slice(field);
    }
    let escaped = argument.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "\\{byte:02x}");
        text
    });
    let text = TOKEN_FLOOR.replace("\"ARGUMENT\"", &format!("\"{escaped}\"")).replace("SIZE", &argument.len().to_string());
    wat::parse_str(text).map_err(fault("assembling the module of a token's host calls"))
}

/// What keeps Envoy from verifying signatures for a module: it may call, and export, all but foreign functions.
pub(super) fn without_foreign_functions(wasm: &[u8]) -> Result<Value, EngineError> {
    let mut names = serde_json::Map::new();
    for payload in wasmparser::Parser::new(0).parse_all(wasm) {
        match payload.map_err(fault("reading a module"))? {
            wasmparser::Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    names.insert(import.map_err(fault("reading a module"))?.name.to_owned(), json!({}));
                }
            }
            wasmparser::Payload::ExportSection(exports) => {
                for export in exports {
                    names.insert(export.map_err(fault("reading a module"))?.name.to_owned(), json!({}));
                }
            }
            _ => {}
        }
    }
    names.remove("proxy_call_foreign_function");
    Ok(json!({ "allowed_capabilities": names }))
}

/// Builds `tests/sdk-filter`, a package outside of the workspace.
pub(super) fn sdk() -> Result<Vec<u8>, EngineError> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR")).join("sdk-filter");
    let target = target_folder()?.join("sdk-filter");
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["build", "--release", "--locked", "--target", "wasm32-unknown-unknown", "--target-dir"])
        .arg(&target)
        .current_dir(&package)
        .env_remove("RUSTFLAGS")
        .output()
        .map_err(fault("running cargo for the SDK filter"))?;
    if !output.status.success() {
        return Err(EngineError(format!("building the SDK filter failed\n{}", String::from_utf8_lossy(&output.stderr))));
    }
    let module = target.join("wasm32-unknown-unknown/release/sdk_filter.wasm");
    std::fs::read(&module).map_err(fault("reading the SDK filter"))
}

/// The SDK filter's configuration: a line for each rule, key and limit.
pub(super) fn sdk_configuration(rules: usize, per_minute: Option<u64>) -> String {
    let mut text = String::new();
    for rule in 0..rules {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "rule {}", template(rule));
    }
    if let Some(per_minute) = per_minute {
        let _ = writeln!(text, "limit {per_minute}");
        for number in 0..KEYS {
            let _ = writeln!(text, "key {} {}", key(number), client(number));
        }
    }
    text
}
