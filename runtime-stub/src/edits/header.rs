//! Header edits. In: map, name in lower case, value. Out: one host call for each line that changes.

use crate::contract::map;
use crate::frame::Frame;
use crate::host::{Host, Status};
use crate::http::headers::Headers;
use crate::rt::arena::{Arena, Items};

fn note(frame: &mut Frame<'_>, done: Result<(), Status>) {
    frame.fault |= done.is_err();
}

/// A value that cannot begin a new header: control characters are spaces.
pub fn clean<'a>(value: &'a [u8], arena: &'a Arena) -> Option<&'a [u8]> {
    crate::values::string::mapped(value, |&byte| if (byte < 0x20 && byte != b'\t') || byte == 0x7f { b' ' } else { byte }, arena)
}

fn snapshot<'f, 'a>(frame: &'f Frame<'a>, map: i32) -> &'f Headers<'a> {
    if map == map::RESPONSE { &frame.response.headers } else { &frame.request.headers }
}

/// Replaces all lines.
pub fn set<'a, H: Host>(frame: &mut Frame<'a>, host: &mut H, map: i32, name: &'a [u8], value: &'a [u8]) {
    let done = clean(value, frame.arena).is_some_and(|value| host.header_replace(map, name, value).is_ok());
    write(frame, name, done);
}

/// Adds a line.
pub fn append<'a, H: Host>(frame: &mut Frame<'a>, host: &mut H, map: i32, name: &'a [u8], value: &'a [u8]) {
    let done = clean(value, frame.arena).is_some_and(|value| host.header_add(map, name, value).is_ok());
    write(frame, name, done);
}

fn write<'a>(frame: &mut Frame<'a>, name: &'a [u8], done: bool) {
    frame.written.push((name, true));
    frame.fault |= !done || frame.written.is_broken();
}

/// Whether the header is there after all that was done so far.
fn is_there(frame: &Frame<'_>, map: i32, name: &[u8]) -> bool {
    let last = frame.written.as_slice().iter().rev().find(|(written, _)| *written == name);
    last.map_or_else(|| snapshot(frame, map).has(name), |(_, there)| *there)
}

fn take<'a, H: Host>(frame: &mut Frame<'a>, host: &mut H, map: i32, name: &'a [u8]) {
    note(frame, host.header_remove(map, name));
    frame.written.push((name, false));
    frame.fault |= frame.written.is_broken();
}

/// Takes all lines: whether there was one. Without a line of this name the host is not asked.
pub fn remove<'a, H: Host>(frame: &mut Frame<'a>, host: &mut H, map: i32, name: &'a [u8]) -> bool {
    let there = is_there(frame, map, name);
    if there {
        take(frame, host, map, name);
    }
    there
}

/// Headers that no prefix reaches: what frames messages, and the policy's own.
fn is_spared(name: &[u8]) -> bool {
    name.first() == Some(&b':')
        || matches!(name, b"content-length" | b"transfer-encoding" | b"connection")
        || name.starts_with(b"x-portcullis-")
}

/// Takes all headers that begin so, but none that is spared: whether there was one.
pub fn remove_prefix<H: Host>(frame: &mut Frame<'_>, host: &mut H, map: i32, prefix: &[u8]) -> bool {
    let arena = frame.arena;
    let mut names: Items<'_, &[u8]> = Items::new(arena);
    let mut latest: &[u8] = &[];
    for (name, _) in snapshot(frame, map).pairs() {
        if name.starts_with(prefix) && !is_spared(name) && name != latest && is_there(frame, map, name) {
            names.push(name);
            latest = name;
        }
    }
    for (name, there) in frame.written.as_slice() {
        if *there && name.starts_with(prefix) && is_there(frame, map, name) {
            names.push(name);
        }
    }
    frame.fault |= names.is_broken();
    for &name in names.as_slice() {
        take(frame, host, map, name);
    }
    !names.as_slice().is_empty()
}

/// Names that were written or taken in this callback, each with whether it is there since.
pub type Written<'a> = Items<'a, (&'a [u8], bool)>;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{append, remove, remove_prefix, set};
    use crate::contract::map::REQUEST;
    use crate::frame::Frame;
    use crate::http::request::begin;
    use crate::rt::arena::Arena;
    use crate::tables::slots;
    use crate::testing::FakeHost;

    fn with(test: impl FnOnce(&mut Frame<'_>, &mut FakeHost)) {
        let (arena, table) = (Arena::new(), slots::encode(&["host"]));
        let mut host = FakeHost::with_request(&[(":path", "/"), ("x-a", "1"), ("x-a", "2"), ("x-b", "3")]);
        let mut frame = Frame::new(&arena);
        assert!(begin(&mut frame, &mut host, arena.copy(&table).unwrap()));
        host.calls.clear();
        test(&mut frame, &mut host);
    }

    #[test]
    fn edits_are_host_calls() {
        with(|frame, host| {
            set(frame, host, REQUEST, b"x-a", b"new");
            append(frame, host, REQUEST, b"x-a", b"more\r\nx-evil: 1\x7f\t");
            assert_eq!(host.header(0, "x-a"), ["new", "more  x-evil: 1 \t"]);
            assert_eq!(host.calls, ["header_replace", "header_add"]);
            assert!(!frame.fault);
        });
    }

    #[test]
    fn what_is_not_there_is_not_removed() {
        with(|frame, host| {
            assert!(!remove(frame, host, REQUEST, b"x-c"));
            assert!(host.calls.is_empty());
            set(frame, host, REQUEST, b"x-c", b"1");
            assert!(remove(frame, host, REQUEST, b"x-c") && remove(frame, host, REQUEST, b"x-a"));
            assert!(!remove(frame, host, REQUEST, b"x-a") && !remove_prefix(frame, host, REQUEST, b"x-a"));
            assert_eq!(host.calls, ["header_replace", "header_remove", "header_remove"]);
        });
    }

    #[test]
    fn prefixes() {
        with(|frame, host| {
            set(frame, host, REQUEST, b"x-new", b"1");
            assert!(remove_prefix(frame, host, REQUEST, b"x-"));
            // Two pseudo headers are left.
            assert_eq!(host.maps.get(&0).map(Vec::len), Some(2));
            assert_eq!(host.calls, ["header_replace", "header_remove", "header_remove", "header_remove"]);
            assert!(!remove_prefix(frame, host, REQUEST, b"y-"));
        });
    }

    #[test]
    fn a_prefix_spares_what_frames_messages() {
        let (arena, table) = (Arena::new(), slots::encode(&["host"]));
        let mut host = FakeHost::with_request(&[(":path", "/"), ("content-length", "3"), ("cookie", "a=1"), ("x-portcullis-cluster", "c")]);
        let mut frame = Frame::new(&arena);
        assert!(begin(&mut frame, &mut host, arena.copy(&table).unwrap()));
        assert!(remove_prefix(&mut frame, &mut host, REQUEST, b"c") && !remove_prefix(&mut frame, &mut host, REQUEST, b"x-"));
        assert_eq!(host.header(0, "content-length"), ["3"]);
        assert!(host.header(0, "cookie").is_empty() && !host.header(0, "x-portcullis-cluster").is_empty());
    }

    #[test]
    fn failing_calls_are_faults() {
        with(|frame, host| {
            host.failing.insert("header_replace", 2);
            set(frame, host, REQUEST, b"x-a", b"new");
            assert!(frame.fault);
        });
    }
}
