//! What rules read of one request and its response. In: messages. Out: facts, or that the request is malformed.

use std::net::IpAddr;

use super::authenticate::Presented;
use super::body::BodyFacts;
use super::bytes::{query_decode, text, trim};
use super::path::{self, Path};
use crate::ir::hir;
use crate::tools::message::{Certificate, Headers, Request, Tls, as_received};

/// The facts of one request.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    pub(super) method: String,
    /// `:authority` as received.
    pub(super) authority: String,
    /// Lower case, without port.
    pub(super) host: String,
    /// Path and query as received.
    pub(super) raw_path: String,
    /// The path without query.
    pub(super) path: Path,
    /// Behind the first `?`.
    pub(super) query: Option<String>,
    /// All headers but the pseudo headers.
    pub(super) headers: Headers,
    pub(super) client: IpAddr,
    pub(super) client_port: u16,
    pub(super) tls: Option<Tls>,
    /// By credential id: what was presented.
    pub(super) credentials: Vec<Presented>,
    /// When the request came, nanoseconds since 1970.
    pub(super) now: i64,
    /// Once it is in.
    pub(super) body: Option<BodyFacts>,
    /// The body of the response, when rules waited for it.
    pub(super) response_body: Option<BodyFacts>,
    /// In response rules only.
    pub(super) response: Option<ResponseFacts>,
}

/// The facts of a response.
#[derive(Clone, Debug)]
pub(super) struct ResponseFacts {
    pub(super) status: u16,
    pub(super) headers: Headers,
}

/// Header fields that have one line; two of them make the request ambiguous.
const SINGLE: [&str; 4] = ["host", "content-type", "content-length", "authorization"];

/// Whether two lines may have become this value by joining them with a comma.
fn looks_joined(name: &str, value: &[u8]) -> bool {
    let mut quoted = false;
    let mut escaped = false;
    for (place, byte) in value.iter().enumerate() {
        if escaped {
            escaped = false;
        } else if quoted && *byte == b'\\' {
            escaped = true;
        } else if *byte == b'"' {
            quoted = !quoted;
        } else if *byte == b',' && !quoted {
            let rest = value.get(place + 1..).unwrap_or_default();
            // `Digest a="x", b="y"` is one line: a parameter follows the comma.
            if name != "authorization" || !begins_with_parameter(rest) {
                return true;
            }
        }
    }
    false
}

/// Whether a text begins with `token =`, blanks allowed.
fn begins_with_parameter(text: &[u8]) -> bool {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let text: Vec<u8> = text.iter().copied().skip_while(blank).collect();
    let token = text.iter().take_while(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte)).count();
    token > 0 && text.iter().skip(token).copied().find(|byte| !blank(byte)) == Some(b'=')
}

impl Facts {
    /// `http` or `https`: the connection's own, or what is believed about it.
    pub(super) fn scheme(&self) -> &'static str {
        let forwarded = self.header_lines("x-forwarded-proto");
        let secure = forwarded.first().map_or(self.tls.is_some(), |line| line == b"https");
        if secure { "https" } else { "http" }
    }

    /// Reads a request. `None`: it is malformed.
    pub(super) fn of(request: &Request, trusted_hops: u8) -> Option<Facts> {
        let mut headers = as_received(&request.headers);
        if trusted_hops == 0 {
            // Nobody in front is believed about the scheme: the host writes down its own connection's.
            let own: &[u8] = if request.tls.is_some() { b"https" } else { b"http" };
            headers.iter_mut().filter(|(name, _)| name == "x-forwarded-proto").for_each(|(_, value)| *value = own.to_vec());
        }
        for name in SINGLE {
            let lines: Vec<&[u8]> = lines(&headers, name).chain((name == "host").then_some(request.authority.as_bytes())).collect();
            if lines.len() > 1 || lines.iter().any(|line| looks_joined(name, line)) {
                return None;
            }
        }
        let host = host(&request.authority);
        if !names_a_host(&host) {
            return None;
        }
        let (path, query) = match request.target.split_once('?') {
            Some((path, query)) => (path, Some(query.to_owned())),
            None => (request.target.as_str(), None),
        };
        let (client, client_port) = client(request, trusted_hops);
        Some(Facts {
            method: request.method.clone(),
            authority: request.authority.clone(),
            host,
            raw_path: request.target.clone(),
            path: path::normalise(path)?,
            query,
            headers,
            client,
            client_port,
            tls: request.tls.clone(),
            credentials: Vec::new(),
            now: 0,
            body: None,
            response_body: None,
            response: None,
        })
    }

    /// What the certificate says that the host verified.
    pub(super) fn certificate(&self) -> Option<&Certificate> {
        self.tls.as_ref()?.certificate.as_ref()
    }

    /// A part of it, as far as hosts tell: of alternative names the first of each kind.
    pub(super) fn certificate_part(&self, part: hir::CertificatePart) -> Option<String> {
        let certificate = self.certificate()?;
        match part {
            hir::CertificatePart::Uri => certificate.uris.first().cloned(),
            hir::CertificatePart::Dns => certificate.dns.first().cloned(),
            hir::CertificatePart::Subject => Some(certificate.subject.clone()).filter(|subject| !subject.is_empty()),
        }
    }

    /// All lines of a request header; `host` is `:authority`.
    pub(super) fn header_lines(&self, name: &str) -> Vec<Vec<u8>> {
        if name == "host" {
            return vec![self.authority.clone().into_bytes()];
        }
        lines(&self.headers, name).map(<[u8]>::to_vec).collect()
    }

    /// All values of a query key, decoded.
    pub(super) fn query_values(&self, key: &str) -> Vec<Vec<u8>> {
        self.query_pieces().iter().map(|piece| pair(piece)).filter(|(name, _)| text(name) == key).map(|(_, value)| value).collect()
    }

    /// The pieces of the query that are not empty, as written.
    pub(super) fn query_pieces(&self) -> Vec<&str> {
        self.query.as_deref().unwrap_or("").split('&').filter(|piece| !piece.is_empty()).collect()
    }

    /// All values of a cookie, in the order received.
    pub(super) fn cookie_values(&self, name: &str) -> Vec<Vec<u8>> {
        let mut values = Vec::new();
        for piece in self.cookie_pieces() {
            if let Some((key, value)) = cookie(&piece)
                && text(key) == name
            {
                values.push(value.to_vec());
            }
        }
        values
    }

    /// The pieces of all cookie lines that are not empty, trimmed.
    pub(super) fn cookie_pieces(&self) -> Vec<Vec<u8>> {
        lines(&self.headers, "cookie")
            .flat_map(|line| line.split(|byte| *byte == b';'))
            .map(|piece| trim(piece).to_vec())
            .filter(|piece| !piece.is_empty())
            .collect()
    }
}

/// The client: who connects, or the address that the `hops`th proxy from here says it saw. What such a proxy cannot have
/// written, or a list that is too short, tells nothing: then it is who connects. An address in a list has no port.
fn client(request: &Request, hops: u8) -> (IpAddr, u16) {
    let listed: Vec<Vec<u8>> = lines(&request.headers, "x-forwarded-for").map(<[u8]>::to_vec).collect();
    let listed = text(&listed.join(b",".as_slice()));
    let entry = usize::from(hops).checked_sub(1).and_then(|at| listed.rsplit(',').nth(at));
    match entry.and_then(|entry| entry.trim_ascii().parse::<IpAddr>().ok()) {
        Some(address) => (address.to_canonical(), 0),
        None => (request.client.to_canonical(), request.client_port),
    }
}

/// The lines of a header.
pub(super) fn lines<'a>(headers: &'a Headers, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
    headers.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_slice())
}

/// Lines as one value, if there are any.
pub(super) fn joined(lines: &[Vec<u8>]) -> Option<String> {
    (!lines.is_empty()).then(|| text(&lines.join(b", ".as_slice())))
}

/// A host in lower case without port; an IPv6 address in the one spelling of RFC 5952.
pub(super) fn host(authority: &str) -> String {
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        Some(_) | None => authority,
    };
    // `api.example.com.` is the same host, and must not slip past `hosts`.
    let absolute = host.strip_suffix('.').filter(|name| !name.is_empty() && !name.ends_with(']'));
    let host = absolute.unwrap_or(host).to_ascii_lowercase();
    address_in(&host).map_or(host, |address| format!("[{address}]"))
}

/// The address of a host in brackets.
fn address_in(host: &str) -> Option<std::net::Ipv6Addr> {
    host.strip_prefix('[')?.strip_suffix(']')?.parse().ok()
}

/// Whether brackets, if there are any, hold an IPv6 address.
pub(super) fn is_address_or_name(host: &str) -> bool {
    !host.starts_with('[') || address_in(host).is_some()
}

/// Whether a host without port and final dot may be one: labels, what an address is made of in brackets, or nothing.
pub(super) fn names_a_host(host: &str) -> bool {
    if let Some(address) = host.strip_prefix('[') {
        let inner = address.strip_suffix(']').unwrap_or_default();
        return !inner.is_empty() && inner.chars().all(|c| c.is_ascii_hexdigit() || c == ':' || c == '.');
    }
    let label = |label: &str| !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    host.is_empty() || host.split('.').all(label)
}

/// Key and value of a piece of a query, decoded.
pub(super) fn pair(piece: &str) -> (Vec<u8>, Vec<u8>) {
    let (key, value) = piece.split_once('=').unwrap_or((piece, ""));
    (query_decode(key.as_bytes()), query_decode(value.as_bytes()))
}

/// Name and value of a piece of a cookie line; a piece without `=` is none.
pub(super) fn cookie(piece: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = piece.iter().position(|byte| *byte == b'=')?;
    Some((trim(piece.get(..at)?), trim(piece.get(at + 1..)?)))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub(super) mod tests {
    use super::{Facts, host, is_address_or_name, names_a_host};
    use crate::tools::message::Request;

    /// A request with these headers.
    pub(in crate::tools::eval) fn request(target: &str, headers: &[(&str, &str)]) -> Request {
        Request {
            headers: headers.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect(),
            ..Request::get(target)
        }
    }

    #[test]
    fn queries() {
        let facts = Facts::of(&request("/?a=1&&b&a=2&c+d=%26&%61=3&e==f?&x=%zz", &[]), 0).unwrap();
        let values = |key: &str| facts.query_values(key).iter().map(|value| super::text(value)).collect::<Vec<_>>();
        assert_eq!(values("a"), ["1", "2", "3"]);
        assert_eq!(values("b"), [""]);
        assert_eq!(values("c d"), ["&"]);
        assert_eq!(values("e"), ["=f?"]);
        assert_eq!(values("x"), ["%zz"]);
        assert!(values("none").is_empty());
        assert_eq!(facts.query_pieces().len(), 7);
    }

    #[test]
    fn cookies() {
        let facts = Facts::of(&request("/", &[("cookie", "a=1; b = \"q\" ;c"), ("cookie", ";a=2;=3;d=x=y")]), 0).unwrap();
        let values = |key: &str| facts.cookie_values(key).iter().map(|value| super::text(value)).collect::<Vec<_>>();
        assert_eq!(values("a"), ["1", "2"]);
        assert_eq!(values("b"), ["\"q\""]);
        assert!(values("c").is_empty());
        assert_eq!(values(""), ["3"]);
        assert_eq!(values("d"), ["x=y"]);
    }

    #[test]
    fn hosts() {
        for (authority, expected) in [
            ("API.Example.com:8080", "api.example.com"),
            ("a.", "a"),
            ("a.:80", "a"),
            ("[::1]:80", "[::1]"),
            ("[::1]", "[::1]"),
            ("a:", "a"),
            ("[0:0::0:1]:443", "[::1]"),
            ("[::ffff:102:304]", "[::ffff:1.2.3.4]"),
        ] {
            assert_eq!(host(authority), expected);
            assert!(names_a_host(expected), "{expected}");
        }
        for none in ["a..", "a:80:90", "a:b", "[::1", "..", ".a", "a,b", "%61", ".", ".:80", "[::1].", "[fe80::1%1]"] {
            assert!(!names_a_host(&host(none)), "{none}");
        }
        for no_address in ["[.]", "[a]", "[1.2.3.4]", "[:::::]"] {
            assert!(names_a_host(&host(no_address)) && !is_address_or_name(&host(no_address)), "{no_address}");
        }
    }

    #[test]
    fn ambiguous_requests_are_malformed() {
        assert!(Facts::of(&request("/", &[("host", "other")]), 0).is_none());
        assert!(Facts::of(&request("/", &[("authorization", "a"), ("authorization", "b")]), 0).is_none());
        assert!(Facts::of(&request("/", &[("accept", "a"), ("accept", "b")]), 0).is_some());
        assert!(Facts::of(&request("*", &[]), 0).is_none());
    }
}
