//! What callers sign (`hmac`): the value that is presented, the codes in it, when it was signed. In: places (`tables::credential`), texts,
//! the clock. Out: states (`contract::credential`), parts of the value. What is signed, and how, generated code says.

use super::api_key::{Found, find, presented, settle};
use crate::contract::credential;
use crate::frame::Frame;
use crate::host::Host;
use crate::http::utf8;
use crate::rt::arena::Exhausted;
use crate::values::encoding::{self, Alphabet};
use crate::values::number;

/// Most codes that one value may hold: a secret is rolled, not kept in dozens.
const MOST_PARTS: usize = 16;

/// The state of a credential, open when it is presented once and was not settled yet.
pub fn present(frame: &mut Frame<'_>, id: u32, from: &[u8]) -> i32 {
    if let Some(found) = find(frame, id) {
        return found.state;
    }
    let (state, name) = match presented(frame, from) {
        None => (credential::FAULT, &[][..]),
        Some((0, _)) => (credential::ABSENT, &[][..]),
        Some((1, value)) => (credential::OPEN, value),
        Some(_) => (credential::DOUBLED, &[][..]),
    };
    settle(frame, Found { id, state, name })
}

/// Settles what was open: the state.
pub fn close(frame: &mut Frame<'_>, id: u32, state: i32) -> i32 {
    for found in frame.credentials.as_mut_slice().iter_mut().filter(|found| found.id == id) {
        found.state = state;
    }
    state
}

/// What is presented.
pub fn value<'a>(frame: &Frame<'a>, id: u32) -> &'a [u8] {
    find(frame, id).map_or(&[], |found| found.name)
}

/// The parts between separators (0: there is one part) that begin so, without that beginning, each handed to `add`. None at all when
/// there are too many, or when the value is no text.
pub fn parts<'a>(value: &'a [u8], separator: u8, prefix: &[u8], mut add: impl FnMut(&'a [u8])) {
    let found = || value.split(move |byte| separator != 0 && *byte == separator).filter_map(|part| part.strip_prefix(prefix));
    if found().count() <= MOST_PARTS && utf8::is_valid(value) {
        found().for_each(&mut add);
    }
}

/// Whether seconds since 1970 lie no further from now than that: open, stale, malformed, or a fault without a clock.
pub fn fresh<H: Host>(frame: &mut Frame<'_>, host: &mut H, text: &[u8], tolerance: i64) -> i32 {
    let seconds = if text.first().is_some_and(u8::is_ascii_digit) { number::parse(text) } else { None };
    let Some(seconds) = seconds else { return credential::MALFORMED };
    near(frame, host, seconds.saturating_mul(1_000_000_000), tolerance)
}

/// Whether an instant lies no further from now than that: open, stale, or a fault without a clock.
pub fn near<H: Host>(frame: &mut Frame<'_>, host: &mut H, at: i64, tolerance: i64) -> i32 {
    let Some(now) = now(frame, host) else { return credential::FAULT };
    let distance = i64::try_from(now).unwrap_or(i64::MAX).abs_diff(at);
    if distance <= tolerance.unsigned_abs() { credential::OPEN } else { credential::STALE }
}

/// The clock, read once a callback; nothing and a fault when the host does not tell.
pub(super) fn now<H: Host>(frame: &mut Frame<'_>, host: &mut H) -> Option<u64> {
    if frame.limits.now.is_none() {
        frame.limits.now = host.time().ok();
        frame.fault |= frame.limits.now.is_none();
    }
    frame.limits.now
}

/// The key that `whsec_BASE64` stands for; nothing for what is not written so, or empty.
pub fn key<'a>(frame: &mut Frame<'a>, secret: &[u8]) -> Option<&'a [u8]> {
    let written = secret.strip_prefix(b"whsec_").unwrap_or(secret);
    match encoding::from_base64(written, Alphabet::Standard, frame.arena) {
        Ok(key) => key.filter(|key| !key.is_empty()),
        Err(Exhausted) => {
            frame.fault = true;
            None
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{close, fresh, key, parts, present, value};
    use crate::contract::credential;
    use crate::frame::Frame;
    use crate::http::request;
    use crate::rt::arena::Arena;
    use crate::tables::credential::{Place, write};
    use crate::tables::slots;
    use crate::testing::FakeHost;

    fn found<'a>(value: &'a [u8], separator: u8, prefix: &[u8]) -> Vec<&'a [u8]> {
        let mut all = Vec::new();
        parts(value, separator, prefix, |part| all.push(part));
        all
    }

    #[test]
    fn what_is_presented_once_is_open_until_it_is_settled() {
        let arena = Arena::new();
        let slots = slots::encode(&["host", "content-type", "content-length", "authorization", "x-sig"]);
        for (lines, expected) in [(0, credential::ABSENT), (1, credential::OPEN), (2, credential::DOUBLED)] {
            let mut pairs = vec![(":path", "/"), (":authority", "a")];
            pairs.extend(std::iter::repeat_n(("x-sig", "ab"), lines));
            let mut host = FakeHost::with_request(&pairs);
            let mut frame = Frame::new(&arena);
            assert!(request::begin(&mut frame, &mut host, arena.copy(&slots).unwrap()));
            let from = write(&[Place::Header(b"x-sig")]);
            assert_eq!(present(&mut frame, 3, &from), expected);
            if lines == 1 {
                assert_eq!(value(&frame, 3), b"ab");
                assert_eq!(close(&mut frame, 3, credential::STALE), credential::STALE);
                assert_eq!(present(&mut frame, 3, &from), credential::STALE);
            }
        }
    }

    #[test]
    fn codes_stand_between_separators() {
        assert_eq!(found(b"t=1,v1=a,v0=b,v1=c", b',', b"v1="), [b"a", b"c"]);
        assert_eq!(found(b"sha256=a,b", 0, b"sha256="), [b"a,b"]);
        assert_eq!(found(b"", 0, b""), [b""]);
        assert!(found(b"v1=a,v1=\xff", b',', b"v1=").is_empty());
        assert_eq!(found(&b"v1=a,".repeat(16), b',', b"v1=").len(), 16);
        assert!(found(&b"v1=a,".repeat(17), b',', b"v1=").is_empty());
    }

    #[test]
    fn timestamps_are_good_for_a_while_on_both_sides() {
        let arena = Arena::new();
        let mut host = FakeHost { now: 1_000_500_000_000, ..FakeHost::default() };
        let state = |host: &mut FakeHost, text: &str| fresh(&mut Frame::new(&arena), host, text.as_bytes(), 10_000_000_000);
        for (text, expected) in [
            ("1000", credential::OPEN),
            ("1010", credential::OPEN),
            ("1011", credential::STALE),
            ("991", credential::OPEN),
            ("990", credential::STALE),
            ("0", credential::STALE),
            ("9223372036854775807", credential::STALE),
            ("9223372036854775808", credential::MALFORMED),
            ("+1000", credential::MALFORMED),
            ("-1000", credential::MALFORMED),
            ("1000 ", credential::MALFORMED),
            ("1e3", credential::MALFORMED),
            ("", credential::MALFORMED),
        ] {
            assert_eq!(state(&mut host, text), expected, "{text}");
        }
        host.failing.insert("time", 10);
        assert_eq!(state(&mut host, "1000"), credential::FAULT);
    }

    #[test]
    fn encoded_secrets() {
        let arena = Arena::new();
        let mut frame = Frame::new(&arena);
        assert_eq!(key(&mut frame, b"whsec_YWI="), Some(&b"ab"[..]));
        assert_eq!(key(&mut frame, b"YWI="), Some(&b"ab"[..]));
        for text in [&b"whsec_"[..], b"", b"whsec_YWI", b"whsec_whsec_YWI="] {
            assert_eq!(key(&mut frame, text), None);
        }
    }
}
