//! What may come once only (`dedupe`): a bounded table of nonces in the host's shared data, exact over all workers.
//! In: the start of its keys, a nonce, how long it is remembered. Out: a state (`contract::credential`).
//!
//! Buckets are those of limits: an entry holds until when a nonce is remembered. Unlike a limit's, a bucket that is full of nonces that
//! still count takes no more: to forget one would let it come again, so that is a fault.

use super::signed;
use crate::bytes;
use crate::contract::credential;
use crate::frame::{Frame, Vm};
use crate::host::{Host, Status};
use crate::limits::bucket::{self, SIZE};
use crate::limits::store;
use crate::rt::arena::Text;
use crate::values::text::int;

/// Nonces that the table holds.
const CAPACITY: u32 = 100_000;
/// How often a bucket is tried that others write at the same time.
const TRIES: u32 = 32;

/// Remembers a nonce: valid when it was not remembered before.
pub fn spend<H: Host>(frame: &mut Frame<'_>, vm: &mut Vm, host: &mut H, prefix: &[u8], nonce: &[u8], window: i64) -> i32 {
    if frame.body.was_held && !frame.body.unverified {
        // It was spent when the headers came.
        return credential::VALID;
    }
    attempt(frame, vm, host, prefix, nonce, window).unwrap_or(credential::FAULT)
}

fn attempt<H: Host>(frame: &mut Frame<'_>, vm: &mut Vm, host: &mut H, prefix: &[u8], nonce: &[u8], window: i64) -> Option<i32> {
    let now = signed::now(frame, host)?;
    let seed = vm.limits.seed(host, frame.arena).ok()?;
    let place = bucket::place(seed, nonce, bucket::buckets(CAPACITY));
    let mut key = Text::new(frame.arena);
    key.push(prefix);
    int(&mut key, i64::from(place.bucket));
    let key = key.finish()?;
    for _ in 0..TRIES {
        let (known, cas) = store::shared(host, frame.arena, key).ok()?;
        if bucket::find(known, place.fingerprint) > now {
            return Some(credential::REPLAYED);
        }
        let mut new = [0; SIZE];
        bytes::copy(&mut new, known);
        if bucket::is_full(&new, now) {
            return None;
        }
        bucket::put(&mut new, place.fingerprint, now.saturating_add(window.unsigned_abs()), now);
        match host.shared_set(key, &new, cas) {
            Ok(()) => return Some(credential::VALID),
            Err(Status::CAS_MISMATCH) => {}
            Err(_) => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::spend;
    use crate::contract::credential::{FAULT, REPLAYED, VALID};
    use crate::frame::{Frame, Vm};
    use crate::rt::arena::Arena;
    use crate::testing::FakeHost;

    const WINDOW: i64 = 600;

    fn once(host: &mut FakeHost, vm: &mut Vm, nonce: &str) -> i32 {
        let arena = Arena::new();
        spend(&mut Frame::new(&arena), vm, host, b"portcullis/p/hook/", nonce.as_bytes(), WINDOW)
    }

    #[test]
    fn a_nonce_comes_once_in_a_while_whichever_worker_sees_it() {
        let (mut host, mut a, mut b) = (FakeHost { now: 1000, ..FakeHost::default() }, Vm::new(), Vm::new());
        assert_eq!(once(&mut host, &mut a, "n1"), VALID);
        assert_eq!(
            (once(&mut host, &mut a, "n1"), once(&mut host, &mut b, "n1"), once(&mut host, &mut b, "n2")),
            (REPLAYED, REPLAYED, VALID)
        );
        host.now = 1599;
        assert_eq!(once(&mut host, &mut b, "n1"), REPLAYED);
        host.now = 1600;
        assert_eq!((once(&mut host, &mut b, "n1"), once(&mut host, &mut a, "n1")), (VALID, REPLAYED));
    }

    #[test]
    fn another_worker_that_was_faster_counts() {
        let (mut host, mut vm) = (FakeHost { now: 1000, ..FakeHost::default() }, Vm::new());
        assert_eq!(once(&mut host, &mut vm, "seed"), VALID);
        host.cas_misses = 31;
        assert_eq!(once(&mut host, &mut vm, "n1"), VALID);
        host.cas_misses = 32;
        assert_eq!(once(&mut host, &mut vm, "n2"), FAULT);
    }

    #[test]
    fn nothing_is_forgotten_for_want_of_room() {
        let (mut host, mut vm) = (FakeHost { now: 1000, ..FakeHost::default() }, Vm::new());
        let mut states = [0u32; 2];
        for n in 0..200_000 {
            match once(&mut host, &mut vm, &n.to_string()) {
                VALID => states[0] += 1,
                FAULT => states[1] += 1,
                other => assert_eq!(other, VALID),
            }
        }
        // Full buckets refuse; whatever was taken is still known.
        assert!(states[0] > 100_000 && states[1] > 0, "{states:?}");
        for n in 0..1000 {
            let again = once(&mut host, &mut vm, &n.to_string());
            assert!(again == REPLAYED || again == FAULT, "{n}: {again}");
        }
    }

    #[test]
    fn hosts_that_fail_are_faults() {
        for call in ["time", "shared_get", "shared_set", "random"] {
            let mut host = FakeHost::default();
            host.failing.insert(call, 10);
            assert_eq!(once(&mut host, &mut Vm::new(), "n"), FAULT, "{call}");
        }
    }

    #[test]
    fn what_was_verified_with_the_headers_is_not_spent_again() {
        let (arena, mut host, mut vm) = (Arena::new(), FakeHost { now: 1000, ..FakeHost::default() }, Vm::new());
        assert_eq!(once(&mut host, &mut vm, "n"), VALID);
        let mut frame = Frame::new(&arena);
        frame.body.was_held = true;
        assert_eq!(spend(&mut frame, &mut vm, &mut host, b"portcullis/p/hook/", b"n", WINDOW), VALID);
        frame.body.unverified = true;
        assert_eq!(spend(&mut frame, &mut vm, &mut host, b"portcullis/p/hook/", b"n", WINDOW), REPLAYED);
    }
}
