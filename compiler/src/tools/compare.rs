//! What of an outcome engines must agree about. In: an outcome. Out: the same without what differs between proxies
//! that do the same: the order of different headers, blanks around values, lines that an Envoy joins, framing, and headers
//! that an Envoy adds itself.

use super::message::{Forwarded, Headers, JOINED_BY_ENVOY, Outcome, Response, as_received};

/// The outcome in the form in which two engines' outcomes are equal or one of them is wrong.
#[must_use]
pub fn comparable(outcome: &Outcome) -> Outcome {
    let forwarded = outcome.forwarded.as_ref().map(|forwarded| Forwarded { headers: headers(&forwarded.headers), ..forwarded.clone() });
    let mut response = Response { headers: headers(&outcome.response.headers), ..outcome.response.clone() };
    if !response.complete {
        // How much arrives before a cut depends on timing.
        response.body.clear();
        response.trailers.clear();
    }
    Outcome { decision: outcome.decision.clone(), forwarded, response }
}

/// Headers by name; lines of one header keep their order.
fn headers(headers: &Headers) -> Headers {
    let kept: Headers = headers
        .iter()
        .filter(|(name, value)| !is_added(name) && (name != "content-length" || value != b"0"))
        .map(|(name, value)| (name.clone(), value.trim_ascii().to_vec()))
        .collect();
    let mut joined = as_received(&kept);
    // Lines are joined before anybody trims them: blanks around the commas are the lines' own.
    for (_, value) in joined.iter_mut().filter(|(name, _)| JOINED_BY_ENVOY.contains(&name.as_str())) {
        let pieces: Vec<&[u8]> = value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii).collect();
        *value = pieces.join(b",".as_slice());
    }
    joined.sort_by(|(first, _), (second, _)| first.cmp(second));
    joined
}

/// What a proxy writes itself, and what describes a connection only. The cluster has its own field.
fn is_added(name: &str) -> bool {
    name.starts_with("x-envoy-")
        || matches!(
            name,
            "server"
                | "date"
                | "x-request-id"
                | "x-forwarded-for"
                | "x-forwarded-proto"
                | "x-portcullis-cluster"
                | "connection"
                | "keep-alive"
                | "proxy-connection"
                | "transfer-encoding"
                | "upgrade"
        )
}
