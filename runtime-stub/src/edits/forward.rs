//! The forwarded request line. In: the checked path, credentials taken out of the query, `path =`. Out: at most one `:path` written.

use crate::contract::map;
use crate::frame::Frame;
use crate::host::Host;
use crate::http::{path, query};
use crate::rt::arena::Text;

/// What is forwarded instead of what came.
#[derive(Clone, Copy, Default)]
pub struct Forward<'a> {
    /// Encoded path of `path =`.
    path: Option<&'a [u8]>,
    /// The query, when a credential was taken out of it.
    query: Option<Option<&'a [u8]>>,
}

impl Forward<'_> {
    /// Nothing but what came.
    pub const fn empty() -> Self {
        Forward { path: None, query: None }
    }
}

/// `path = …`
pub fn set_path(frame: &mut Frame<'_>, decoded: &[u8]) {
    match path::encode(decoded, frame.arena) {
        Some(path) => frame.forward.path = Some(path),
        None => frame.fault = true,
    }
}

/// Forwards the path as it came: what is normalised was for the rules only.
pub fn as_received(frame: &mut Frame<'_>) {
    let raw = frame.request.raw_path.unwrap_or(&[]);
    let end = crate::bytes::position(raw, b'?').unwrap_or(raw.len());
    frame.request.path.normal = crate::bytes::until(raw, end);
    frame.request.path.changed = false;
}

/// Takes a key out of the query.
pub fn strip_query(frame: &mut Frame<'_>, key: &[u8]) {
    let Some(before) = frame.forward.query.unwrap_or(frame.request.path.query) else { return };
    if query::values(before, key).next().is_none() {
        return;
    }
    match query::without(before, key, frame.arena) {
        Some(after) => frame.forward.query = Some(if after.is_empty() { None } else { Some(after) }),
        None => frame.fault = true,
    }
}

/// `host = …`
pub fn set_host<'a, H: Host>(frame: &mut Frame<'a>, host: &mut H, name: &'a [u8]) {
    super::header::set(frame, host, map::REQUEST, b":authority", name);
}

/// Writes `:path` when it is not what came.
pub fn commit<H: Host>(frame: &mut Frame<'_>, host: &mut H) {
    let forward = frame.forward;
    if !frame.request.path.changed && forward.path.is_none() && forward.query.is_none() {
        return;
    }
    let mut text = Text::new(frame.arena);
    text.push(forward.path.unwrap_or(frame.request.path.normal));
    if let Some(query) = forward.query.unwrap_or(frame.request.path.query) {
        text.push_byte(b'?');
        text.push(query);
    }
    let done = text.finish().is_some_and(|path| host.header_replace(map::REQUEST, b":path", path).is_ok());
    frame.fault |= !done;
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{as_received, commit, set_host, set_path, strip_query};
    use crate::frame::Frame;
    use crate::http::request::{begin, check};
    use crate::rt::arena::Arena;
    use crate::testing::FakeHost;

    fn forwarded(path: &str, edit: impl FnOnce(&mut Frame<'_>)) -> (Vec<String>, usize) {
        let arena = Arena::new();
        let mut host = FakeHost::with_request(&[(":path", path), (":authority", "a")]);
        let mut frame = Frame::new(&arena);
        assert!(begin(&mut frame, &mut host, &[]) && !check(&mut frame));
        edit(&mut frame);
        commit(&mut frame, &mut host);
        assert!(!frame.fault);
        (host.header(0, ":path"), host.calls.len() - 1)
    }

    #[test]
    fn an_unchanged_path_is_not_written() {
        assert_eq!(forwarded("/a?b", |_| ()), (vec!["/a?b".into()], 0));
        assert_eq!(forwarded("/a?b", |frame| strip_query(frame, b"k")), (vec!["/a?b".into()], 0));
    }

    #[test]
    fn changes_are_written_once() {
        assert_eq!(forwarded("/a/../b?x=/..//", |_| ()), (vec!["/b?x=/..//".into()], 1));
        assert_eq!(forwarded("/a?key=s&b=1", |frame| strip_query(frame, b"key")), (vec!["/a?b=1".into()], 1));
        assert_eq!(forwarded("/a?key=s", |frame| strip_query(frame, b"key")), (vec!["/a".into()], 1));
        assert_eq!(forwarded("/a?q", |frame| set_path(frame, b"new/\xc3\xbc?")), (vec!["/new/%C3%BC%3F?q".into()], 1));
        assert_eq!(forwarded("//a?", |_| ()), (vec!["/a?".into()], 1));
    }

    #[test]
    fn a_path_can_be_forwarded_as_it_came() {
        assert_eq!(forwarded("/a/../%62?x", as_received), (vec!["/a/../%62?x".into()], 0));
        let stripped = forwarded("//a?key=s&b", |frame| {
            strip_query(frame, b"key");
            as_received(frame);
        });
        assert_eq!(stripped, (vec!["//a?b".into()], 1));
        let set = forwarded("//a?q", |frame| {
            set_path(frame, b"/new");
            as_received(frame);
        });
        assert_eq!(set, (vec!["/new?q".into()], 1));
    }

    #[test]
    fn hosts() {
        let arena = Arena::new();
        let mut host = FakeHost::with_request(&[(":authority", "a")]);
        set_host(&mut Frame::new(&arena), &mut host, b"b");
        assert_eq!(host.header(0, ":authority"), ["b"]);
    }
}
