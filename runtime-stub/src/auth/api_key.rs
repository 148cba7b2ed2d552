//! API keys: what a request presents, and whose it is. In: places (`tables::credential`), keys by digest (`tables::keys`).
//! Out: a state (`contract::credential`) and the name of the key, found once a request.

use super::verified::Verified;
use crate::bytes;
use crate::contract::credential;
use crate::digest::sha256;
use crate::frame::Frame;
use crate::host::Host;
use crate::http::{cookie, query};
use crate::rt::heap::Heap;
use crate::tables::credential::{Place, places};
use crate::tables::keys;

/// Longer values are not remembered: no issued key is that long, and hashing what is not would only cost time.
pub(super) const LONGEST: usize = 256;

/// What is known of a credential in this request.
#[derive(Clone, Copy)]
pub struct Found<'a> {
    /// Its number.
    pub id: u32,
    /// `contract::credential`
    pub state: i32,
    /// Name of the valid key.
    pub name: &'a [u8],
}

/// What the VM knows of keys, and its memory.
pub struct Memory<'v> {
    /// Values that were verified lately.
    pub verified: &'v mut Verified,
    /// Where they are kept.
    pub heap: &'v mut Heap,
}

/// The state of a credential; `table` holds its keys.
pub fn check<'a, H: Host>(frame: &mut Frame<'a>, memory: &mut Memory<'_>, host: &mut H, id: u32, from: &[u8], table: &'a [u8]) -> i32 {
    if let Some(found) = find(frame, id) {
        return found.state;
    }
    let (state, name) = match presented(frame, from) {
        None => (credential::FAULT, None),
        Some((0, _)) => (credential::ABSENT, None),
        Some((1, value)) => match verify(memory, host, (frame.root, id), value, table) {
            Some(entry) => (credential::VALID, Some(keys::name(table, entry))),
            None => (credential::INVALID, None),
        },
        Some(_) => (credential::DOUBLED, None),
    };
    settle(frame, Found { id, state, name: name.unwrap_or(&[]) })
}

/// Keeps what was found for the rest of the request: the state.
#[inline(never)]
pub(super) fn settle<'a>(frame: &mut Frame<'a>, found: Found<'a>) -> i32 {
    frame.credentials.push(found);
    if frame.credentials.is_broken() { credential::FAULT } else { found.state }
}

/// The entry of a value: as verified before, or by its digest.
fn verify<H: Host>(memory: &mut Memory<'_>, host: &mut H, (root, id): (u32, u32), value: &[u8], table: &[u8]) -> Option<u32> {
    let tag = memory.verified.tag(host, root, id, value, LONGEST);
    if let Some(kept) = tag.and_then(|tag| memory.verified.find(tag)) {
        return Some(kept.entry);
    }
    let entry = keys::find(table, &sha256::digest(value))?;
    if let Some(tag) = tag {
        memory.verified.keep(memory.heap, tag, entry);
    }
    Some(entry)
}

/// The name of the valid key of a credential that was checked.
pub fn key_id<'a>(frame: &Frame<'a>, id: u32) -> Option<&'a [u8]> {
    find(frame, id).filter(|found| found.state == credential::VALID).map(|found| found.name)
}

pub(super) fn find<'a>(frame: &Frame<'a>, id: u32) -> Option<Found<'a>> {
    frame.credentials.as_slice().iter().find(|found| found.id == id).copied()
}

/// How many values are presented in all places together, and the last one. Nothing when memory is exhausted.
#[inline(never)]
pub(super) fn presented<'a>(frame: &Frame<'a>, from: &[u8]) -> Option<(u32, &'a [u8])> {
    let mut count = 0u32;
    let mut last: &'a [u8] = &[];
    for place in places(from) {
        if let Place::Query(key) = place {
            for written in query::values(frame.request.path.query.unwrap_or(&[]), key) {
                count = count.saturating_add(1);
                last = query::decode(written, frame.arena)?;
            }
            continue;
        }
        let wanted = match place {
            Place::Bearer | Place::Basic => b"authorization",
            Place::Header(name) => name,
            Place::Cookie(_) | Place::Query(_) => b"cookie",
        };
        for (_, line) in frame.request.headers.pairs().filter(|(name, _)| *name == wanted) {
            if let Place::Cookie(name) = place {
                for value in cookie::values(line, name) {
                    count = count.saturating_add(1);
                    last = value;
                }
                continue;
            }
            let token = scheme(line, place.scheme());
            let value = match place {
                Place::Bearer => token,
                // With its scheme, which is taken off once, wherever the credential stands.
                Place::Basic => token.and(Some(line)),
                Place::Header(_) | Place::Query(_) | Place::Cookie(_) => Some(line),
            };
            if let Some(value) = value {
                count = count.saturating_add(1);
                last = value;
            }
        }
    }
    Some((count, last))
}

/// Twice used, once compiled.
#[inline(never)]
fn trim(bytes: &[u8]) -> &[u8] {
    bytes.trim_ascii()
}

/// The token of `Bearer TOKEN`; the scheme ignores case. Another scheme presents nothing.
#[inline(never)]
pub(super) fn scheme<'a>(line: &'a [u8], wanted: &[u8]) -> Option<&'a [u8]> {
    let (scheme, token) = trim(line).split_at_checked(wanted.len())?;
    let separate = matches!(token.first(), None | Some(b' ' | b'\t'));
    (bytes::equal_ignoring_case(scheme, wanted) && separate).then(|| trim(token))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{Memory, check, key_id, scheme};
    use crate::auth::verified::Verified;
    use crate::contract::credential;
    use crate::digest::sha256::digest as sha256;
    use crate::frame::Frame;
    use crate::http::request;
    use crate::rt::arena::Arena;
    use crate::rt::heap::Heap;
    use crate::tables::credential::{Place, write};
    use crate::tables::{keys, slots};
    use crate::testing::FakeHost;

    fn state(path: &str, headers: &[(&str, &str)]) -> (i32, Option<String>) {
        let arena = Arena::new();
        let pairs: Vec<(&str, &str)> = [(":path", path), (":authority", "a")].into_iter().chain(headers.iter().copied()).collect();
        let mut host = FakeHost::with_request(&pairs);
        let mut frame = Frame::new(&arena);
        let slots = slots::encode(&["host", "content-type", "content-length", "authorization"]);
        assert!(request::begin(&mut frame, &mut host, arena.copy(&slots).unwrap()));
        assert!(!request::check(&mut frame));
        let from = write(&[Place::Bearer, Place::Header(b"x-api-key"), Place::Query(b"key"), Place::Cookie(b"k")]);
        let table = arena.copy(&keys::write(&[("alice", sha256(b"s3cret")), ("bob", sha256(b"a b")), ("nobody", sha256(b""))])).unwrap();
        let (mut verified, mut heap) = (Verified::new(), Heap::new());
        let mut memory = Memory { verified: &mut verified, heap: &mut heap };
        let found = check(&mut frame, &mut memory, &mut host, 7, &from, table);
        assert_eq!(check(&mut frame, &mut memory, &mut host, 7, &[], &[]), found, "checked once");
        // The next request with the same value needs no digest, and the outcome is the same.
        let name = key_id(&frame, 7);
        frame.credentials.clear();
        assert_eq!(check(&mut frame, &mut memory, &mut host, 7, &from, table), found);
        assert_eq!(key_id(&frame, 7), name);
        (found, key_id(&frame, 7).map(|name| String::from_utf8(name.to_vec()).unwrap()))
    }

    #[test]
    fn keys_are_found_in_every_place() {
        let alice = (credential::VALID, Some("alice".to_owned()));
        assert_eq!(state("/", &[("authorization", "Bearer s3cret")]), alice);
        assert_eq!(state("/", &[("authorization", "  bEARER \t s3cret ")]), alice);
        assert_eq!(state("/", &[("x-api-key", "s3cret")]), alice);
        assert_eq!(state("/?a=1&key=s3cret", &[]), alice);
        assert_eq!(state("/?%6bey=a+b", &[]), (credential::VALID, Some("bob".to_owned())));
        assert_eq!(state("/", &[("cookie", "a=b; k=s3cret")]), alice);
    }

    #[test]
    fn absent_invalid_doubled() {
        assert_eq!(state("/", &[]), (credential::ABSENT, None));
        assert_eq!(state("/", &[("authorization", "Basic s3cret")]), (credential::ABSENT, None));
        assert_eq!(state("/", &[("authorization", "Bearers3cret")]), (credential::ABSENT, None));
        assert_eq!(state("/", &[("x-api-key", "S3cret")]), (credential::INVALID, None));
        assert_eq!(state("/", &[("x-api-key", "")]), (credential::VALID, Some("nobody".to_owned())));
        assert_eq!(state("/?key", &[]).0, credential::VALID);
        assert_eq!(state("/", &[("x-api-key", "s3cret"), ("x-api-key", "s3cret")]), (credential::DOUBLED, None));
        assert_eq!(state("/?key=s3cret", &[("authorization", "Bearer s3cret")]), (credential::DOUBLED, None));
        assert_eq!(state("/", &[("cookie", "k=s3cret"), ("cookie", "k=x")]), (credential::DOUBLED, None));
        assert_eq!(state("/?key=x&key=s3cret", &[]), (credential::DOUBLED, None));
    }

    #[test]
    fn bearer_tokens() {
        assert_eq!(scheme(b"Bearer", b"bearer"), Some(&b""[..]));
        assert_eq!(scheme(b"Bearer a b", b"bearer"), Some(&b"a b"[..]));
        assert_eq!(scheme(b"Bear", b"bearer"), None);
        assert_eq!(scheme(b"", b"bearer"), None);
    }
}
