//! HTTP messages as the engines exchange them: what a client sends, what an upstream answers, what became of both.

use std::net::{IpAddr, Ipv4Addr};

/// Where clients come from that tests say nothing of (RFC 5737).
pub const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
/// Their port.
pub const CLIENT_PORT: u16 = 40_000;

/// A header list in the order sent; names in lower case, values as bytes.
pub type Headers = Vec<(String, Vec<u8>)>;

/// What a client sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `POST`, …
    pub method: String,
    /// Path and query, as on the request line.
    pub target: String,
    /// The `host` header (`:authority`).
    pub authority: String,
    /// All other headers.
    pub headers: Headers,
    /// The body; `None` sends a request that ends with its headers.
    pub body: Option<Body>,
    /// The address that the client connects from.
    pub client: IpAddr,
    /// The port that the client connects from.
    pub client_port: u16,
    /// How it connects by TLS; `None`: without.
    pub tls: Option<Tls>,
}

impl Request {
    /// A `GET` without headers and body, as tests in policies send it when they say no more: to `localhost`, from 192.0.2.1.
    #[must_use]
    pub fn get(target: impl Into<String>) -> Request {
        Request {
            method: "GET".to_owned(),
            target: target.into(),
            authority: "localhost".to_owned(),
            headers: Headers::new(),
            body: None,
            client: CLIENT,
            client_port: CLIENT_PORT,
            tls: None,
        }
    }
}

/// The TLS connection of a client.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tls {
    /// Its certificate, verified by the host.
    pub certificate: Option<Certificate>,
}

/// What a certificate says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Certificate {
    /// The subject (RFC 2253).
    pub subject: String,
    /// URIs among the alternative names.
    pub uris: Vec<String>,
    /// DNS names among them.
    pub dns: Vec<String>,
}

/// What the upstream answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Headers other than `:status`. `content-length` is written by the engine for a body that is not `chunked`.
    pub headers: Headers,
    /// The body; `None` ends the response with its headers.
    pub body: Option<Body>,
}

impl Answer {
    /// `200` without headers and body.
    #[must_use]
    pub fn ok() -> Answer {
        Answer { status: 200, headers: Headers::new(), body: None }
    }
}

/// A message body and how it arrives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Body {
    /// All bytes.
    pub bytes: Vec<u8>,
    /// Chunk size in bytes; `None` sends one chunk. Never 0.
    pub split: Option<usize>,
    /// Trailers that end the body; empty for none.
    pub trailers: Headers,
}

/// What the upstream received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forwarded {
    /// The method.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// `:authority`.
    pub authority: String,
    /// All other headers, lower case.
    pub headers: Headers,
    /// The body.
    pub body: Vec<u8>,
    /// The cluster that the route named; `None` when the policy kept the route.
    pub cluster: Option<String>,
}

/// What the client received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Headers other than `:status`, lower case.
    pub headers: Headers,
    /// The body as far as it arrived.
    pub body: Vec<u8>,
    /// Trailers after the body.
    pub trailers: Headers,
    /// Whether the body ended as its framing says; `false` when the stream was cut.
    pub complete: bool,
}

/// The policy's decision about a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It went on to the upstream.
    Allow,
    /// The policy answered itself: instead of the upstream, or (then the request was forwarded) in place of its response.
    /// A response that had begun and was cut is `Allow` with an incomplete response.
    Deny {
        /// The status of the reply.
        status: u16,
        /// The rule that the response code details name (`portcullis{rule}`), spaces as `_` as Envoy writes them.
        by: String,
        /// Why a credential is refused (`portcullis{credential}{why}`); empty for everything else.
        why: String,
    },
}

impl Decision {
    /// A denial by a rule.
    pub fn deny(status: u16, by: &str) -> Decision {
        Decision::refuse(status, by, "")
    }

    /// A refusal of a credential.
    pub fn refuse(status: u16, by: &str, why: &str) -> Decision {
        Decision::Deny { status, by: by.to_owned(), why: why.to_owned() }
    }

    /// What response code details tell: `portcullis{rule}`, `portcullis{credential}{why}`, or all of them for what is not the policy's.
    pub fn of_details(status: u16, details: &str) -> Decision {
        let named = details.split_once("portcullis{").and_then(|(_, rest)| rest.rsplit_once('}'));
        let Some((named, _)) = named else { return Decision::deny(status, details) };
        let word = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        match named.split_once("}{") {
            Some((by, why)) if word(by) && word(why) => Decision::refuse(status, by, why),
            Some(_) | None => Decision::deny(status, named),
        }
    }
}

/// Everything that can be seen of one request from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The decision on the request.
    pub decision: Decision,
    /// What the upstream received; `None` when it was not reached.
    pub forwarded: Option<Forwarded>,
    /// What the client received.
    pub response: Response,
}

/// Headers of which Envoy keeps one line: a second value joins the first with a comma. Measured on 1.40 are those
/// from `accept` to `x-forwarded-host` that clients send; `cookie`, `etag`, `range`, `accept-language` and names that
/// Envoy does not know stay as they came.
pub const JOINED_BY_ENVOY: &[&str] = &[
    ":authority",
    ":method",
    ":path",
    ":protocol",
    ":scheme",
    ":status",
    "accept",
    "accept-encoding",
    "access-control-request-headers",
    "access-control-request-method",
    "authorization",
    "cache-control",
    "connection",
    "content-length",
    "content-type",
    "date",
    "expect",
    "grpc-message",
    "grpc-status",
    "grpc-timeout",
    "host",
    "if-none-match",
    "keep-alive",
    "origin",
    "pragma",
    "proxy-connection",
    "proxy-status",
    "referer",
    "server",
    "te",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "vary",
    "via",
    "x-client-trace-id",
    "x-forwarded-client-cert",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-proto",
    "x-request-id",
];

/// Headers as a filter receives them: lines that the host joins are joined.
pub fn as_received(headers: &Headers) -> Headers {
    let mut received: Headers = Vec::with_capacity(headers.len());
    for (name, value) in headers {
        let first = if JOINED_BY_ENVOY.contains(&name.as_str()) { received.iter_mut().find(|(known, _)| known == name) } else { None };
        match first {
            // Envoy adds nothing for an empty value, and no comma to an empty line.
            Some((_, line)) => {
                if !line.is_empty() && !value.is_empty() {
                    line.push(b',');
                }
                line.extend_from_slice(value);
            }
            None => received.push((name.clone(), value.clone())),
        }
    }
    received
}

/// The first line's value of a header.
pub fn header<'a>(headers: &'a Headers, name: &str) -> Option<&'a [u8]> {
    headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_slice())
}
