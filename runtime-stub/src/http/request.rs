//! The request, fetched with one host call. In: header pairs, the slot table. Out: what `request.*` and `client.*` name.
//! Exhausted memory and host calls that fail set the frame's fault; the value is then absent.

use super::headers::Headers;
use super::path::{self, Path, Refused};
use super::{address, cookie, host_name, query, utf8};
use crate::contract::{IP_SIZE, map};
use crate::frame::Frame;
use crate::host::{Host, Status};
use crate::rt::arena::{Arena, Exhausted};
use crate::tables::template::Segments;

/// The request of a callback.
pub struct Request<'a> {
    /// Its headers by slot.
    pub headers: Headers<'a>,
    /// `:method` as received.
    pub method: &'a [u8],
    /// `:scheme` as received.
    pub scheme: &'a [u8],
    /// `:authority` as received.
    pub authority: &'a [u8],
    /// `:path` as received.
    pub raw_path: Option<&'a [u8]>,
    /// The normalised path, once checked.
    pub path: Path<'a>,
    /// The slot of `cookie`, if the policy reads cookies.
    pub cookie_slot: Option<usize>,
    host: Option<&'a [u8]>,
    address: Option<&'a Address>,
}

/// The client's address and port.
pub struct Address {
    /// An `ip` record.
    pub ip: [u8; IP_SIZE],
    /// Its port; 0 when unknown.
    pub port: u16,
}

impl Request<'_> {
    /// Before anything was fetched.
    pub const fn empty() -> Self {
        let path = Path { normal: &[], decoded: &[], query: None, changed: false };
        Request {
            headers: Headers::empty(),
            method: &[],
            scheme: &[],
            authority: &[],
            raw_path: None,
            path,
            cookie_slot: None,
            host: None,
            address: None,
        }
    }
}

/// Fetches and indexes the headers; false for a fault.
pub fn begin<'a, H: Host>(frame: &mut Frame<'a>, host: &mut H, slots: &'a [u8]) -> bool {
    let fetched = host.header_pairs(frame.arena, map::REQUEST).ok();
    let request = &mut frame.request;
    let headers = fetched.and_then(|bytes| {
        Headers::index(bytes, slots, frame.arena, |(name, value)| match name {
            b"method" => request.method = value,
            b"scheme" => request.scheme = value,
            b"authority" => request.authority = value,
            b"path" => request.raw_path = Some(value),
            [..] => {}
        })
    });
    match headers {
        Some(headers) => request.headers = headers,
        None => frame.fault = true,
    }
    // A host that cannot hand over the pairs may say that there are none (the ABI's own decoder does, above 1,024 of them). Nothing may
    // be decided from those: the request would be nobody's, and pass.
    frame.fault |= request.method.is_empty();
    request.cookie_slot = crate::tables::slots::find(slots, b"cookie");
    !frame.fault
}

/// Checks and normalises; true for a malformed request.
pub fn check(frame: &mut Frame<'_>) -> bool {
    if frame.request.headers.any_ambiguous() {
        return true;
    }
    match path::parse(frame.request.raw_path.unwrap_or(&[]), frame.arena) {
        Ok(path) => {
            frame.request.path = path;
            false
        }
        Err(Refused::Malformed) => true,
        Err(Refused::Exhausted) => {
            frame.fault = true;
            false
        }
    }
}

/// Notes a fault when there is no value.
pub(crate) fn or_fault<T: Default>(value: Option<T>, fault: &mut bool) -> T {
    value.unwrap_or_else(|| {
        *fault = true;
        T::default()
    })
}

/// `request.host`
pub fn host<'a>(frame: &mut Frame<'a>) -> &'a [u8] {
    if let Some(host) = frame.request.host {
        return host;
    }
    let host = or_fault(host_name::normal(frame.request.authority, frame.arena), &mut frame.fault);
    frame.request.host = Some(host);
    host
}

/// Bytes of the request as text.
pub fn text<'a>(frame: &mut Frame<'a>, bytes: &'a [u8]) -> &'a [u8] {
    or_fault(utf8::lossy(bytes, frame.arena), &mut frame.fault)
}

/// The value of a slot.
pub fn header<'a>(frame: &mut Frame<'a>, slot: usize) -> Option<&'a [u8]> {
    frame.request.headers.value(slot, frame.arena).unwrap_or_else(|Exhausted| {
        frame.fault = true;
        None
    })
}

/// The first value of a query key, decoded.
pub fn query_value<'a>(frame: &mut Frame<'a>, key: &[u8]) -> Option<&'a [u8]> {
    let written = query::values(frame.request.path.query?, key).next()?;
    Some(query_text(frame, written))
}

/// A query value as text, decoded.
pub fn query_text<'a>(frame: &mut Frame<'a>, written: &'a [u8]) -> &'a [u8] {
    or_fault(query::decode(written, frame.arena), &mut frame.fault)
}

/// A property as text; a fault when the host does not tell.
pub fn property<'a, H: Host>(frame: &mut Frame<'a>, host: &mut H, path: &[u8]) -> &'a [u8] {
    let value = or_fault(host.property(frame.arena, path).ok(), &mut frame.fault);
    text(frame, value)
}

/// `client.tls.present`: whether the host knows a TLS version of the connection.
pub fn client_tls<H: Host>(frame: &mut Frame<'_>, host: &mut H) -> bool {
    match host.property(frame.arena, b"connection\0tls_version") {
        Ok(version) => !version.is_empty(),
        Err(Status::NOT_FOUND) => false,
        Err(_) => {
            frame.fault = true;
            false
        }
    }
}

/// The first value of a cookie over all lines, as text.
pub fn cookie_value<'a>(frame: &mut Frame<'a>, name: &[u8]) -> Option<&'a [u8]> {
    let slot = frame.request.cookie_slot?;
    let written = frame.request.headers.lines(slot).find_map(|line| cookie::values(line, name).next())?;
    Some(text(frame, written))
}

/// A segment of the path.
pub fn segment<'a>(frame: &Frame<'a>, n: usize) -> Option<&'a [u8]> {
    Segments::of(frame.request.path.decoded).nth(n)
}

/// `client.ip` and `client.port`: fetched once. Nothing and a fault when the host does not tell.
pub fn client<'a, H: Host>(frame: &mut Frame<'a>, host: &mut H) -> Option<&'a Address> {
    if frame.request.address.is_none() {
        let property = host.property(frame.arena, b"source\0address").unwrap_or(&[]);
        let address = address::parse(property);
        let kept = address.and_then(|address| keep(frame.arena, address));
        frame.fault |= kept.is_none();
        frame.request.address = kept;
    }
    frame.request.address
}

fn keep(arena: &Arena, (ip, port): ([u8; IP_SIZE], u16)) -> Option<&Address> {
    arena.one(Address { ip, port })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{begin, check, client, client_tls, cookie_value, header, host, property, query_value, segment};
    use crate::frame::Frame;
    use crate::rt::arena::Arena;
    use crate::tables::slots;
    use crate::testing::FakeHost;

    const NAMES: [&str; 6] = ["host", "content-type", "content-length", "authorization", "cookie", "x-a"];

    fn with<R>(pairs: &[(&str, &str)], test: impl FnOnce(&mut Frame<'_>, &mut FakeHost) -> R) -> R {
        let (arena, table) = (Arena::new(), slots::encode(&NAMES));
        let mut host = FakeHost::with_request(pairs);
        let mut frame = Frame::new(&arena);
        assert!(begin(&mut frame, &mut host, arena.copy(&table).unwrap()));
        test(&mut frame, &mut host)
    }

    #[test]
    fn one_host_call_reads_everything() {
        let pairs = [
            (":method", "GET"),
            (":authority", "A.example:80"),
            (":path", "/a%20b/c?k=v+w"),
            ("cookie", "x=1"),
            ("cookie", "s=2; x=3"),
            ("x-a", "1"),
        ];
        with(&pairs, |frame, fake| {
            assert!(!check(frame));
            assert_eq!(frame.request.method, b"GET");
            assert_eq!(host(frame), b"a.example");
            assert_eq!(query_value(frame, b"k"), Some(&b"v w"[..]));
            assert_eq!(cookie_value(frame, b"x"), Some(&b"1"[..]));
            assert_eq!(cookie_value(frame, b"s"), Some(&b"2"[..]));
            assert_eq!(cookie_value(frame, b"y"), None);
            assert_eq!((segment(frame, 0), segment(frame, 1), segment(frame, 2)), (Some(&b"a b"[..]), Some(&b"c"[..]), None));
            assert_eq!(header(frame, 5), Some(&b"1"[..]));
            assert_eq!(frame.request.headers.count, 3);
            assert_eq!(fake.calls, ["header_pairs"]);
            assert!(!frame.fault);
        });
    }

    #[test]
    fn malformed_requests() {
        assert!(with(&[(":path", "/"), ("authorization", "a"), ("authorization", "b")], |frame, _| check(frame)));
        assert!(with(&[(":method", "GET")], |frame, _| check(frame)));
        assert!(with(&[(":path", "/%2f")], |frame, _| check(frame)));
        assert!(!with(&[(":path", "/")], |frame, _| check(frame)));
    }

    #[test]
    fn failing_hosts_are_faults() {
        let arena = Arena::new();
        // An empty list is none that could be decided from.
        for raw in [Some(vec![5, 0, 0, 0, 1]), Some(vec![0; 4]), Some(Vec::new()), None] {
            let mut host = FakeHost { raw_pairs: raw, ..FakeHost::default() };
            let mut frame = Frame::new(&arena);
            assert!(!begin(&mut frame, &mut host, &[]) && frame.fault);
        }
    }

    #[test]
    fn properties() {
        with(&[], |frame, fake| {
            assert!(!client_tls(frame, fake) && !frame.fault);
            fake.properties.insert(b"connection\0tls_version".to_vec(), b"TLSv1.3".to_vec());
            assert!(client_tls(frame, fake));
            fake.properties.insert(b"request\0protocol".to_vec(), b"HTTP/2".to_vec());
            assert_eq!(property(frame, fake, b"request\0protocol"), b"HTTP/2");
            assert!(!frame.fault);
            assert_eq!(property(frame, fake, b"x"), b"");
            assert!(frame.fault);
            fake.failing.insert("property", 10);
            frame.fault = false;
            assert!(!client_tls(frame, fake) && frame.fault);
        });
    }

    #[test]
    fn clients_are_fetched_once() {
        with(&[], |frame, fake| {
            fake.properties.insert(b"source\0address".to_vec(), b"[::ffff:192.0.2.1]:443".to_vec());
            assert_eq!(client(frame, fake).map(|a| (a.ip[..5].to_vec(), a.port)), Some((vec![4, 192, 0, 2, 1], 443)));
            assert!(client(frame, fake).is_some() && !frame.fault);
            assert_eq!(fake.calls, ["header_pairs", "property"]);
        });
        with(&[], |frame, fake| assert!(client(frame, fake).is_none() && frame.fault));
    }
}
