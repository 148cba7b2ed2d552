//! `basic` (RFC 7617): a user and a password in base64. In: places (`tables::credential`), digests of passwords by user.
//! Out: a state (`contract::credential`) and the name of the user, found once a request.
//!
//! Strict: canonical base64, one colon that splits, UTF-8, no control characters. A wrong password and an unknown user cost
//! the same digest, so that the time of an answer does not tell which names exist.

use super::api_key::{Found, LONGEST, Memory, find, presented, scheme, settle};
use crate::bytes;
use crate::config::index;
use crate::contract::credential;
use crate::digest::sha256;
use crate::frame::Frame;
use crate::host::Host;
use crate::http::utf8;
use crate::rt::arena::Arena;
use crate::tables::strings;

type Digest = [u8; 32];

/// Who is known.
#[derive(Clone, Copy)]
pub enum Users<'a> {
    /// Digests by user (`tables::strings`).
    Known(&'a [u8]),
    /// `{SHA256}BASE64` by user (`config::index`).
    Configured(&'a [u8]),
}

impl Users<'_> {
    fn digest(self, user: &[u8], arena: &Arena) -> Option<Digest> {
        match self {
            Users::Known(table) => strings::get(table, user)?.try_into().ok(),
            Users::Configured(map) => digest(index::get(map, user)?, arena),
        }
    }
}

/// The state of a credential.
pub fn check<'a, H: Host>(frame: &mut Frame<'a>, memory: &mut Memory<'_>, host: &mut H, id: u32, from: &[u8], users: Users<'_>) -> i32 {
    if let Some(found) = find(frame, id) {
        return found.state;
    }
    let (state, name) = match presented(frame, from) {
        None => (credential::FAULT, &[][..]),
        Some((0, _)) => (credential::ABSENT, &[][..]),
        Some((1, value)) => verify(frame, memory, host, id, value, users),
        Some(_) => (credential::DOUBLED, &[][..]),
    };
    settle(frame, Found { id, state, name })
}

fn verify<'a, H: Host>(
    frame: &Frame<'a>,
    memory: &mut Memory<'_>,
    host: &mut H,
    id: u32,
    value: &'a [u8],
    users: Users<'_>,
) -> (i32, &'a [u8]) {
    let Some((pair, (user, password))) = pair(scheme(value, b"basic").unwrap_or(value), frame.arena) else {
        return (credential::MALFORMED, &[]);
    };
    let tag = memory.verified.tag(host, frame.root, id, pair, LONGEST);
    if tag.and_then(|tag| memory.verified.find(tag)).is_some() {
        return (credential::VALID, user);
    }
    let (known, given) = (users.digest(user, frame.arena), sha256::digest(password));
    let same = bytes::equal_in_constant_time(&known.unwrap_or([0; 32]), &given);
    match known {
        None => (credential::INVALID, &[]),
        Some(_) if !same => (credential::SECRET, &[]),
        Some(_) => {
            if let Some(tag) = tag {
                memory.verified.keep(memory.heap, tag, 0);
            }
            (credential::VALID, user)
        }
    }
}

/// A whole text, and its parts before and behind the colon.
type Pair<'a> = (&'a [u8], (&'a [u8], &'a [u8]));

/// What is encoded, and the user and the password in it.
fn pair<'a>(encoded: &[u8], arena: &'a Arena) -> Option<Pair<'a>> {
    let pair = decode(encoded, arena)?;
    let is_control = |byte: &u8| *byte < 0x20 || *byte == 0x7f;
    if pair.iter().any(is_control) || !utf8::is_valid(pair) {
        return None;
    }
    Some((pair, bytes::split_once(pair, b':')?))
}

/// The digest that `{SHA256}BASE64` writes.
fn digest(written: &[u8], arena: &Arena) -> Option<Digest> {
    decode(written.strip_prefix(b"{SHA256}")?, arena)?.try_into().ok()
}

/// The first name of a configured map whose value is no digest.
pub fn wrong<'a>(map: &'a [u8], arena: &Arena) -> Option<&'a [u8]> {
    index::entries(map).find(|(_, written)| digest(written, arena).is_none()).map(|(name, _)| name)
}

/// Padded base64 with nothing left over.
fn decode<'a>(text: &[u8], arena: &'a Arena) -> Option<&'a [u8]> {
    let letters = text.strip_suffix(b"==").or_else(|| text.strip_suffix(b"=")).unwrap_or(text);
    if text.len() & 3 != 0 || letters.len() & 3 == 1 {
        return None;
    }
    let size = letters.len().checked_mul(3)? / 4;
    let place = arena.alloc(size)?;
    for (three, four) in place.chunks_mut(3).zip(letters.chunks(4)) {
        let mut group = 0u32;
        for n in 0..4usize {
            group = group << 6 | four.get(n).map_or(Some(0), |letter| value(*letter))?;
        }
        let [_, decoded @ ..] = group.to_be_bytes();
        let taken = bytes::copy(three, &decoded);
        if bytes::from(&decoded, taken).iter().any(|bits| *bits != 0) {
            return None;
        }
    }
    Some(place)
}

fn value(letter: u8) -> Option<u32> {
    let value = match letter {
        b'A'..=b'Z' => letter.wrapping_sub(b'A'),
        b'a'..=b'z' => letter.wrapping_sub(b'a').wrapping_add(26),
        b'0'..=b'9' => letter.wrapping_sub(b'0').wrapping_add(52),
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(u32::from(value))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{Users, check, decode, pair, wrong};
    use crate::auth::api_key::{Memory, key_id};
    use crate::auth::verified::Verified;
    use crate::contract::credential;
    use crate::digest::sha256::digest as sha256;
    use crate::frame::Frame;
    use crate::http::request;
    use crate::rt::arena::Arena;
    use crate::rt::heap::Heap;
    use crate::tables::credential::{Place, write};
    use crate::tables::{slots, strings};
    use crate::testing::FakeHost;

    fn state(value: &str) -> (i32, Option<String>) {
        let arena = Arena::new();
        let mut host = FakeHost::with_request(&[(":path", "/"), (":authority", "a"), ("authorization", value)]);
        let mut frame = Frame::new(&arena);
        let slots = slots::encode(&["host", "content-type", "content-length", "authorization"]);
        assert!(request::begin(&mut frame, &mut host, arena.copy(&slots).unwrap()));
        let table = strings::encode_map(&[("alice", sha256(b"s3cret")), ("b", sha256(b"a:b")), ("c", sha256(b""))]);
        let (mut verified, mut heap) = (Verified::new(), Heap::new());
        let mut memory = Memory { verified: &mut verified, heap: &mut heap };
        let from = write(&[Place::Basic]);
        let found = check(&mut frame, &mut memory, &mut host, 7, &from, Users::Known(&table));
        let name = key_id(&frame, 7).map(|name| String::from_utf8(name.to_vec()).unwrap());
        // The next request with the same value needs no digest, and the outcome is the same: even without the table.
        frame.credentials.clear();
        let table = if found == credential::VALID { Vec::new() } else { table };
        assert_eq!(check(&mut frame, &mut memory, &mut host, 7, &from, Users::Known(&table)), found);
        assert_eq!(key_id(&frame, 7).map(<[u8]>::to_vec), name.clone().map(String::into_bytes));
        (found, name)
    }

    #[test]
    fn users_and_passwords() {
        let valid = |name: &str| (credential::VALID, Some(name.to_owned()));
        assert_eq!(state("Basic YWxpY2U6czNjcmV0"), valid("alice"));
        assert_eq!(state("bASIC   YWxpY2U6czNjcmV0 "), valid("alice"));
        assert_eq!(state("Basic YjphOmI="), valid("b"), "the first colon splits");
        assert_eq!(state("Basic Yzo="), valid("c"), "an empty password");
        assert_eq!(state("Basic YWxpY2U6czNjcmVU"), (credential::SECRET, None));
        assert_eq!(state("Basic Ym9iOnMzY3JldA=="), (credential::INVALID, None));
        assert_eq!(state("Bearer YWxpY2U6czNjcmV0"), (credential::ABSENT, None));
    }

    #[test]
    fn what_is_not_written_so_is_malformed() {
        for value in [
            "Basic",
            "Basic YWxpY2U",
            "Basic YWxpY2U6czNjcmV0=",
            "Basic YWxpY2U6 czNjcmV0",
            "Basic Yzp=",
            "Basic Y29sb24=",
            "Basic Yzo",
            "Basic _zo=",
            "Basic Yzr/",
            "Basic YwA6",
            "Basic YWxpY2U6czNjcmV0Cg==",
            "Basic YWxpY2U6czNjcmV0,YWxpY2U6czNjcmV0",
        ] {
            assert_eq!(state(value), (credential::MALFORMED, None), "{value}");
        }
    }

    #[test]
    fn base64_is_canonical() {
        let arena = Arena::new();
        assert_eq!(decode(b"Zm9vYg==", &arena), Some(&b"foob"[..]));
        assert_eq!(decode(b"", &arena), Some(&b""[..]));
        for text in ["Zm9vYh==", "Zm9v====", "=", "====", "Z===", "Zg=", "Zg==Zg==", "Zm9\n"] {
            assert_eq!(decode(text.as_bytes(), &arena), None, "{text}");
        }
        assert_eq!(pair(b"w7w6w7w=", &arena), Some(("ü:ü".as_bytes(), ("ü".as_bytes(), "ü".as_bytes()))));
    }

    #[test]
    fn configured_digests_are_checked() {
        let arena = Arena::new();
        let right = format!("{{SHA256}}{}=", "A".repeat(43));
        let block = |value: &str| {
            let entries: [&[u8]; 4] = [b"a", right.as_bytes(), b"b", value.as_bytes()];
            let mut block = vec![0; crate::config::index::size(&entries)];
            crate::config::index::write(&mut block, &entries).unwrap();
            block
        };
        assert_eq!(wrong(&block(&right), &arena), None);
        for value in ["", "{SHA256}", "{SHA}AAAA", "{SHA256}AAAA"] {
            assert_eq!(wrong(&block(value), &arena), Some(&b"b"[..]));
        }
    }
}
