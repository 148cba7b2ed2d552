//! What a module says of itself. In: the module. Out: how the host is to be set up for it.

use wasmparser::{Parser, Payload};

/// The number of proxies in front whose word about the client counts (Envoy's `xff_num_trusted_hops`).
pub fn trusted_hops(wasm: &[u8]) -> u8 {
    let about = Parser::new(0).parse_all(wasm).find_map(|payload| match payload {
        Ok(Payload::CustomSection(section)) if section.name() == "portcullis" => Some(section.data().to_vec()),
        _ => None,
    });
    let about = about.and_then(|data| serde_json::from_slice::<serde_json::Value>(&data).ok());
    about.and_then(|about| u8::try_from(about.get("trusted_hops")?.as_u64()?).ok()).unwrap_or(0)
}
