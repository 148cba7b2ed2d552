//! What a module says of itself. In: the module. Out: how the host is to be set up for it.

use serde_json::Value;
use wasmparser::{Parser, Payload};

/// The number of proxies in front whose word about the client counts (Envoy's `xff_num_trusted_hops`).
pub fn trusted_hops(wasm: &[u8]) -> u8 {
    section(wasm).and_then(|about| u8::try_from(about.get("trusted_hops")?.as_u64()?).ok()).unwrap_or(0)
}

/// Whether headers are to be held while bodies come in (Envoy's `allow_on_headers_stop_iteration`).
pub(super) fn holds_headers(wasm: &[u8]) -> bool {
    needs(wasm, &["request_header_hold", "response_header_hold"])
}

/// Whether the module starts only where the host verifies signatures (Envoy's `verify_signature`).
pub(super) fn needs_verification(wasm: &[u8]) -> bool {
    needs(wasm, &["verify_signature"])
}

/// Whether it needs one of these of its host.
fn needs(wasm: &[u8], wanted: &[&str]) -> bool {
    let found = |about: Value| {
        let features = about.get("host_features")?.as_array()?;
        Some(features.iter().any(|feature| feature.as_str().is_some_and(|feature| wanted.contains(&feature))))
    };
    section(wasm).and_then(found).unwrap_or(false)
}

fn section(wasm: &[u8]) -> Option<Value> {
    let about = Parser::new(0).parse_all(wasm).find_map(|payload| match payload {
        Ok(Payload::CustomSection(section)) if section.name() == "portcullis" => Some(section.data().to_vec()),
        _ => None,
    });
    about.and_then(|data| serde_json::from_slice(&data).ok())
}
