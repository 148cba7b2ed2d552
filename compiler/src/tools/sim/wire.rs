//! Between messages on the wire and header maps in the filter: what Envoy adds on the way in, what it drops on the
//! way out, and how a body relates to its `content-length`.

use std::net::SocketAddr;

use super::flow::{Event, events};
use super::header_map::HeaderMap;
use super::stream::Reply;
use crate::tools::message::{Answer, Body, Forwarded, Headers, Request, Response};

/// The request header that names the cluster of a route.
const CLUSTER_HEADER: &str = "x-portcullis-cluster";

/// Headers that Envoy takes from requests of clients outside, where it trusts nobody.
const SANITISED: &[&str] = &[
    "x-envoy-decorator-operation",
    "x-envoy-downstream-service-cluster",
    "x-envoy-downstream-service-node",
    "x-envoy-expected-rq-timeout-ms",
    "x-envoy-force-trace",
    "x-envoy-hedge-on-per-try-timeout",
    "x-envoy-internal",
    "x-envoy-ip-tags",
    "x-envoy-max-retries",
    "x-envoy-original-url",
    "x-envoy-retriable-header-names",
    "x-envoy-retriable-status-codes",
    "x-envoy-retry-grpc-on",
    "x-envoy-retry-on",
    "x-envoy-upstream-alt-stat-name",
    "x-envoy-upstream-rq-per-try-timeout-ms",
    "x-envoy-upstream-rq-timeout-alt-response",
    "x-envoy-upstream-rq-timeout-ms",
    "x-forwarded-client-cert",
];

/// The address that the filter is told of: Envoy with `use_remote_address` takes the `hops`th entry of the list from the right,
/// and who connects when there is none or it is no address (`Utility::getLastAddressFromXFF`).
pub(crate) fn client(request: &Request, hops: u8) -> SocketAddr {
    let peer = SocketAddr::new(request.client, request.client_port);
    let lines: Vec<&[u8]> =
        request.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("x-forwarded-for")).map(|(_, line)| line.as_slice()).collect();
    // Envoy joins the lines of this header without a space, and leaves out those that are empty.
    let lines: Vec<&[u8]> = lines.into_iter().filter(|line| !line.trim_ascii().is_empty()).collect();
    let Ok(mut list) = String::from_utf8(lines.join(&b","[..])) else { return peer };
    for _ in 1..hops {
        let Some(comma) = list.rfind(',') else { return peer };
        list.truncate(comma);
    }
    let entry = match list.rfind(',') {
        // A comma at the end is taken for a part of the address, which is none then.
        Some(comma) if comma + 1 < list.len() => list.get(comma + 1..).unwrap_or_default(),
        Some(_) | None => list.as_str(),
    };
    match entry.trim_ascii().parse() {
        Ok(address) if hops > 0 => SocketAddr::new(address, 0),
        Ok(_) | Err(_) => peer,
    }
}

/// The request headers as the filter first sees them, in Envoy's order.
pub(crate) fn request_map(request: &Request, number: u64, hops: u8) -> HeaderMap {
    // With `use_remote_address` Envoy believes only trusted proxies about the scheme, and overwrites what others say.
    let proto = match header_any_case(&request.headers, "x-forwarded-proto") {
        Some(b"https") if hops > 0 => "https",
        Some(_) | None => "http",
    };
    let mut map = HeaderMap::default();
    for (name, value) in
        [(":authority", request.authority.as_str()), (":path", &request.target), (":method", &request.method), (":scheme", proto)]
    {
        map.add(name.as_bytes(), value.as_bytes());
    }
    let nominated = header_any_case(&request.headers, "connection").unwrap_or_default().to_ascii_lowercase();
    let nominated: Vec<&[u8]> = nominated.split(|byte| *byte == b',').map(<[u8]>::trim_ascii).collect();
    for (name, value) in &request.headers {
        let name = name.to_ascii_lowercase();
        let taken = hop_by_hop(&name)
            || SANITISED.contains(&name.as_str())
            || nominated.contains(&name.as_bytes())
            || (name == "te" && value != b"trailers");
        if name == "x-forwarded-proto" && hops == 0 {
            map.add(name.as_bytes(), proto.as_bytes());
        } else if !taken {
            map.add(name.as_bytes(), value);
        }
    }
    if let Some(body) = &request.body
        && !chunked(&request.headers, body)
        && map.first(b"content-length").is_none()
    {
        map.add(b"content-length", body.bytes.len().to_string().as_bytes());
    }
    if map.first(b"x-forwarded-proto").is_none() {
        map.add(b"x-forwarded-proto", proto.as_bytes());
    }
    if map.first(b"x-request-id").is_none() {
        map.add(b"x-request-id", format!("00000000-0000-4000-8000-{number:012x}").as_bytes());
    }
    map
}

/// The events after the request headers; none when the headers end the request.
pub(crate) fn request_events(request: &Request) -> Vec<Event> {
    body_events(request.body.as_ref(), &request.headers)
}

/// The response headers as the filter first sees them.
pub(crate) fn response_map(answer: &Answer, has_body: bool) -> HeaderMap {
    let mut map = HeaderMap::default();
    map.add(b":status", answer.status.to_string().as_bytes());
    for (name, value) in &answer.headers {
        map.add(name.as_bytes(), value);
    }
    if let Some(body) = &answer.body
        && header_any_case(&answer.headers, "content-length").is_none()
    {
        if !chunked(&answer.headers, body) {
            map.add(b"content-length", body.bytes.len().to_string().as_bytes());
        } else if has_body && header_any_case(&answer.headers, "transfer-encoding").is_none() {
            map.add(b"transfer-encoding", b"chunked");
        }
    }
    map.add(b"x-envoy-upstream-service-time", b"0");
    map
}

/// The events after the response headers; none for HEAD, 204 and 304.
pub(crate) fn response_events(answer: &Answer, head: bool) -> Vec<Event> {
    if head || bodiless(answer.status) {
        return Vec::new();
    }
    body_events(answer.body.as_ref(), &answer.headers)
}

fn body_events(body: Option<&Body>, headers: &Headers) -> Vec<Event> {
    match body {
        // An empty body that is announced as such ends with its headers.
        Some(body) if !body.bytes.is_empty() || chunked(headers, body) => events(body),
        Some(_) | None => Vec::new(),
    }
}

fn chunked(headers: &Headers, body: &Body) -> bool {
    !body.trailers.is_empty() || header_any_case(headers, "transfer-encoding").is_some()
}

fn header_any_case<'a>(headers: &'a Headers, name: &str) -> Option<&'a [u8]> {
    headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_slice())
}

fn bodiless(status: u16) -> bool {
    status < 200 || status == 204 || status == 304
}

/// The headers of a reply that the guest made: as given, then length and type; gRPC requests get a gRPC answer.
pub(crate) fn reply_map(reply: &Reply, grpc: bool) -> (HeaderMap, Vec<u8>) {
    let mut map = HeaderMap::default();
    let status = if grpc { 200 } else { reply.status };
    map.add(b":status", status.to_string().as_bytes());
    for (name, value) in &reply.headers {
        map.add(name, value);
    }
    if grpc {
        map.replace(b"content-type", b"application/grpc");
        let code = reply.grpc_status.unwrap_or_else(|| grpc_status(reply.status));
        map.replace(b"grpc-status", code.to_string().as_bytes());
        if !reply.body.is_empty() {
            map.replace(b"grpc-message", &percent_encoded(&reply.body));
        }
        map.remove(b"content-length");
        return (map, Vec::new());
    }
    if reply.body.is_empty() {
        map.remove(b"content-length");
        map.remove(b"content-type");
    } else {
        map.replace(b"content-length", reply.body.len().to_string().as_bytes());
        if map.first(b"content-type").is_none() {
            map.add(b"content-type", b"text/plain");
        }
    }
    (map, reply.body.clone())
}

/// The gRPC status that Envoy derives from an HTTP status.
fn grpc_status(status: u16) -> u32 {
    match status {
        400 => 13,
        401 => 16,
        403 => 7,
        404 => 12,
        429 | 502 | 503 | 504 => 14,
        _ => 2,
    }
}

fn percent_encoded(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for byte in text {
        if (b' '..=b'~').contains(byte) && *byte != b'%' {
            out.push(*byte);
        } else {
            out.extend(format!("%{byte:02X}").into_bytes());
        }
    }
    out
}

/// What the upstream receives. Left out: hop-by-hop headers and what Envoy itself adds. `None` when the body falls
/// short of its `content-length`: the upstream then waits for ever.
pub(crate) fn forwarded(map: &HeaderMap, body: Vec<u8>) -> Option<Forwarded> {
    let length = map.text("content-length").parse::<usize>().ok();
    if length.is_some_and(|length| length > body.len()) {
        return None;
    }
    let mut body = body;
    if let Some(length) = length {
        body.truncate(length);
    }
    let mut headers: Headers =
        map.lines().iter().filter(|(name, _)| !name.starts_with(':') && !hop_by_hop(name) && !added_by_envoy(name)).cloned().collect();
    let method = map.text(":method").to_owned();
    let announces_nothing = body.is_empty() && length.is_none();
    if announces_nothing && matches!(method.as_str(), "POST" | "PUT" | "PATCH") {
        headers.push(("content-length".to_owned(), b"0".to_vec()));
    }
    let cluster = map.text(CLUSTER_HEADER);
    Some(Forwarded {
        target: map.text(":path").to_owned(),
        authority: map.text(":authority").to_owned(),
        cluster: (!cluster.is_empty()).then(|| cluster.to_owned()),
        method,
        headers,
        body,
    })
}

/// How a response ended, for the framing on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ending {
    /// No body event followed the headers.
    pub(crate) headers_only: bool,
    /// The stream was reset before its end.
    pub(crate) cut: bool,
    /// The request was HEAD: no body goes out.
    pub(crate) head: bool,
}

/// What the client receives. Left out: hop-by-hop headers and what Envoy writes into every response.
pub(crate) fn received(map: &HeaderMap, body: Vec<u8>, trailers: Headers, ending: Ending) -> Response {
    let status = map.text(":status").parse().unwrap_or(0);
    let mut headers: Headers = map
        .lines()
        .iter()
        .filter(|(name, _)| !name.starts_with(':') && !hop_by_hop(name) && !added_by_envoy(name) && name != "server" && name != "date")
        .cloned()
        .collect();
    let length = map.text("content-length").parse::<usize>().ok();
    let silent = ending.head || bodiless(status);
    let mut body = if silent { Vec::new() } else { body };
    let short = !silent && length.is_some_and(|length| length > body.len());
    if let Some(length) = length {
        // The client stops reading where `content-length` says.
        body.truncate(length);
    }
    if !silent && ending.headers_only && !ending.cut && length.is_none() {
        headers.push(("content-length".to_owned(), b"0".to_vec()));
    }
    Response { status, headers, body, trailers, complete: !ending.cut && !short }
}

fn hop_by_hop(name: &str) -> bool {
    matches!(name, "connection" | "keep-alive" | "proxy-connection" | "transfer-encoding" | "upgrade")
}

fn added_by_envoy(name: &str) -> bool {
    name.starts_with("x-envoy-") || name == "x-request-id" || name == "x-forwarded-proto"
}
