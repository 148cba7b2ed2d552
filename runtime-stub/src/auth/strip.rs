//! Takes credentials out of what is forwarded. In: places. Out: header edits; a query and cookies without them, all else as received.

use super::api_key::scheme;
use crate::contract::{map, slot};
use crate::edits::{forward, header};
use crate::frame::Frame;
use crate::host::Host;
use crate::http::cookie;
use crate::rt::arena::Text;
use crate::tables::credential::{Place, places};

/// Takes a credential out.
pub fn strip<'a, H: Host>(frame: &mut Frame<'a>, host: &mut H, from: &'a [u8]) {
    for place in places(from) {
        match place {
            Place::Bearer | Place::Basic => {
                if frame.request.headers.lines(slot::AUTHORIZATION as usize).any(|line| scheme(line, place.scheme()).is_some()) {
                    header::remove(frame, host, map::REQUEST, b"authorization");
                }
            }
            Place::Header(name) => {
                header::remove(frame, host, map::REQUEST, name);
            }
            Place::Query(key) => forward::strip_query(frame, key),
            Place::Cookie(name) => strip_cookie(frame, host, name),
        }
    }
}

/// Takes cookies of a name out; what stays becomes one line.
fn strip_cookie<H: Host>(frame: &mut Frame<'_>, host: &mut H, name: &[u8]) {
    let before = match frame.cookies {
        Some(line) => line,
        None => {
            let mut text = Text::new(frame.arena);
            for (_, line) in frame.request.headers.pairs().filter(|(found, _)| *found == b"cookie") {
                if !text.is_empty() {
                    text.push(b"; ");
                }
                text.push(line);
            }
            let Some(line) = text.finish() else {
                frame.fault = true;
                return;
            };
            line
        }
    };
    if cookie::values(before, name).next().is_none() {
        return;
    }
    let Some(after) = cookie::without(before, name, frame.arena) else {
        frame.fault = true;
        return;
    };
    frame.cookies = Some(after);
    let done =
        if after.is_empty() { host.header_remove(map::REQUEST, b"cookie") } else { host.header_replace(map::REQUEST, b"cookie", after) };
    frame.fault |= done.is_err();
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::strip;
    use crate::edits::forward;
    use crate::frame::Frame;
    use crate::http::request;
    use crate::rt::arena::Arena;
    use crate::tables::credential::{Place, write};
    use crate::tables::slots;
    use crate::testing::FakeHost;

    fn stripped(pairs: &[(&str, &str)], from: &[Place<'_>]) -> FakeHost {
        let arena = Arena::new();
        let mut host = FakeHost::with_request(pairs);
        let mut frame = Frame::new(&arena);
        let slots = slots::encode(&["host", "content-type", "content-length", "authorization"]);
        assert!(request::begin(&mut frame, &mut host, arena.copy(&slots).unwrap()));
        assert!(!request::check(&mut frame));
        host.calls.clear();
        for place in from {
            strip(&mut frame, &mut host, arena.copy(&write(&[*place])).unwrap());
        }
        forward::commit(&mut frame, &mut host);
        assert!(!frame.fault);
        host
    }

    #[test]
    fn everything_else_stays_as_received() {
        let pairs = [
            (":path", "/a?x=%41&key=1&y=+&&z"),
            ("authorization", "Bearer t"),
            ("x-api-key", "1"),
            ("x-api-key", "2"),
            ("cookie", "a=1; k=2;b=\"x y\""),
            ("cookie", "k=3; j=4; c"),
            ("other", "v"),
        ];
        let from = [Place::Bearer, Place::Header(b"x-api-key"), Place::Query(b"key"), Place::Cookie(b"k"), Place::Cookie(b"j")];
        let host = stripped(&pairs, &from);
        assert_eq!(host.header(0, ":path"), ["/a?x=%41&y=+&&z"]);
        assert!(host.header(0, "authorization").is_empty() && host.header(0, "x-api-key").is_empty());
        assert_eq!(host.header(0, "cookie"), ["a=1; b=\"x y\"; c"]);
        assert_eq!(host.header(0, "other"), ["v"]);
    }

    #[test]
    fn what_is_not_there_costs_no_host_call() {
        let pairs = [(":path", "/a?x=1"), ("authorization", "Basic t"), ("cookie", "a=1")];
        let host = stripped(&pairs, &[Place::Bearer, Place::Header(b"x-api-key"), Place::Query(b"key"), Place::Cookie(b"k")]);
        assert!(host.calls.is_empty());
        assert_eq!(host.header(0, "authorization"), ["Basic t"]);
    }

    #[test]
    fn a_line_that_loses_all_goes() {
        let host = stripped(&[(":path", "/?key=1"), ("cookie", "k=1")], &[Place::Query(b"key"), Place::Cookie(b"k")]);
        assert!(host.header(0, "cookie").is_empty());
        assert_eq!(host.header(0, ":path"), ["/"]);
    }
}
