//! Properties (Envoy attributes) as a guest reads them: raw strings, 8-byte integers, 1-byte booleans.

use super::abi::{MapKind, Status};
use super::header_map::HeaderMap;
use super::host::Host;
use super::stream::Stream;

/// The listener that the simulated proxy has.
const LISTENER_ADDRESS: &str = "127.0.0.1:10000";
const LISTENER_PORT: u64 = 10000;

/// The value at a path of segments joined by NUL. Absent is 1, a bare namespace is 3.
pub(crate) fn get(host: &mut Host, path: &[u8]) -> Result<Vec<u8>, Status> {
    let segments: Vec<&[u8]> = path.split(|byte| *byte == 0).collect();
    let names: Vec<&str> = segments.iter().map(|segment| std::str::from_utf8(segment).unwrap_or("\u{fffd}")).collect();
    let context = host.context();
    let root = host.stream().map_or(context, |stream| stream.root);
    match names.as_slice() {
        ["plugin_name"] => return Ok(b"portcullis".to_vec()),
        ["plugin_root_id"] => return Ok(host.roots.get(&root).cloned().unwrap_or_default().into_bytes()),
        ["plugin_vm_id"] => return Ok(Vec::new()),
        ["xds", "node", "id"] => return Ok(b"simulator".to_vec()),
        ["xds", "listener_direction"] => return Ok(integer(0)),
        _ => {}
    }
    let stream = host.stream().ok_or(Status::NotFound)?;
    match names.as_slice() {
        ["request" | "response" | "source" | "destination" | "connection" | "upstream" | "filter_state" | "xds"] => {
            Err(Status::SerializationFailure)
        }
        ["request", rest @ ..] => request(stream, rest),
        ["response", rest @ ..] => response(stream, rest),
        ["source", "address"] => Ok(stream.client.to_string().into_bytes()),
        ["source", "port"] => Ok(integer(stream.client.port().into())),
        ["destination", "address"] => Ok(LISTENER_ADDRESS.into()),
        ["destination", "port"] => Ok(integer(LISTENER_PORT)),
        ["connection", "id"] | ["connection_id"] => Ok(integer(stream.connection)),
        [
            "connection",
            rest @ ("mtls" | "tls_version" | "subject_peer_certificate" | "uri_san_peer_certificate" | "dns_san_peer_certificate"),
        ] => connection(stream, rest),
        ["connection", "requested_server_name"] => Ok(Vec::new()),
        ["upstream", "num_endpoints"] => Ok(integer(1)),
        ["xds", "cluster_name"] => Ok(b"upstream".to_vec()),
        ["xds", "route_name" | "filter_chain_name"] => Ok(Vec::new()),
        ["xds", "virtual_host_name"] => Ok(b"all".to_vec()),
        ["filter_state", key] => match key.strip_prefix("wasm.") {
            Some(name) => stream.filter_state.get(name.as_bytes()).cloned().ok_or(Status::NotFound),
            None => Err(Status::NotFound),
        },
        _ => match segments.as_slice() {
            // A name that Envoy does not know is looked up in what `proxy_set_property` stored; the first segment
            // alone is the key.
            [name] => stream.filter_state.get(*name).cloned().ok_or(Status::NotFound),
            _ => Err(Status::NotFound),
        },
    }
}

/// What is known of the connection's security. Without TLS there is no version, and nobody is known.
fn connection(stream: &Stream, name: &str) -> Result<Vec<u8>, Status> {
    let certificate = stream.tls.as_ref().and_then(|tls| tls.certificate.as_ref());
    let text = match name {
        "mtls" => return Ok(vec![u8::from(certificate.is_some())]),
        "tls_version" => return stream.tls.as_ref().map(|_| b"TLSv1.3".to_vec()).ok_or(Status::NotFound),
        "subject_peer_certificate" => certificate.map(|certificate| certificate.subject.clone()),
        "uri_san_peer_certificate" => certificate.and_then(|certificate| certificate.uris.first().cloned()),
        "dns_san_peer_certificate" => certificate.and_then(|certificate| certificate.dns.first().cloned()),
        _ => None,
    };
    text.map(String::into_bytes).ok_or(Status::NotFound)
}

/// `request.*`. What comes from the header map is gone with it; the rest is known in every phase.
fn request(stream: &mut Stream, path: &[&str]) -> Result<Vec<u8>, Status> {
    match path {
        ["time"] => return Ok(integer(stream.started)),
        ["protocol"] => return Ok(b"HTTP/1.1".to_vec()),
        ["size"] => return Ok(integer(stream.request_size)),
        ["total_size"] => return Ok(integer(stream.request_header_bytes + stream.request_size)),
        ["headers_bytes"] => return Ok(integer(stream.request_header_bytes)),
        _ => {}
    }
    let map = stream.readable(MapKind::RequestHeaders);
    if path == ["headers"] {
        // Gone, it is a map of no entries, which a property spells as its count.
        return Ok(map.map_or_else(|| vec![0; 4], HeaderMap::encode));
    }
    let map = map.ok_or(Status::NotFound)?;
    let path_and_query = map.text(":path");
    let header = |name: &str| map.first(name.as_bytes()).map(<[u8]>::to_vec).ok_or(Status::NotFound);
    match path {
        ["path"] => header(":path"),
        ["url_path"] => Ok(path_and_query.split_once('?').map_or(path_and_query, |(path, _)| path).into()),
        ["query"] => Ok(path_and_query.split_once('?').map_or("", |(_, query)| query).into()),
        ["host"] => header(":authority"),
        ["method"] => header(":method"),
        ["scheme"] => header(":scheme"),
        ["id"] => header("x-request-id"),
        ["referer"] => header("referer"),
        ["useragent"] => header("user-agent"),
        ["headers", name] => map.joined(name.as_bytes()).ok_or(Status::NotFound),
        _ => Err(Status::NotFound),
    }
}

/// `response.*`.
fn response(stream: &mut Stream, path: &[&str]) -> Result<Vec<u8>, Status> {
    match path {
        ["flags"] => Ok(integer(0)),
        ["code"] => stream.response_status.map(|status| integer(status.into())).ok_or(Status::NotFound),
        ["code_details"] => stream.response_details.clone().map(String::into_bytes).ok_or(Status::NotFound),
        ["headers", name] => {
            let map = stream.readable(MapKind::ResponseHeaders).ok_or(Status::NotFound)?;
            map.joined(name.as_bytes()).ok_or(Status::NotFound)
        }
        ["trailers", name] => {
            let map = stream.readable(MapKind::ResponseTrailers).ok_or(Status::NotFound)?;
            map.joined(name.as_bytes()).ok_or(Status::NotFound)
        }
        _ => Err(Status::NotFound),
    }
}

fn integer(value: u64) -> Vec<u8> {
    value.to_le_bytes().to_vec()
}
