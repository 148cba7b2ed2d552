//! Steps of limits: alone, together, and with other workers in between.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::path::Path;

use super::headers;
use super::step::{self, Verdict};
use crate::frame::{Frame, Vm};
use crate::host::Host;
use crate::rt::arena::Arena;
use crate::tables::limit::{Limit, write};
use crate::testing::FakeHost;

const SECOND: u64 = 1_000_000_000;

fn limit(name: &'static str, shared: bool) -> Limit<'static> {
    Limit { policy: "p", name, period: 10 * SECOND, slack: SECOND, capacity: 1000, shared, headers: true }
}

/// One request that sees these limits: number, table, key, count, burst.
type Seen<'a> = (u32, &'a [u8], &'a [u8], i64, i64);

fn request<H: Host>(vm: &mut Vm, host: &mut H, limits: &[Seen<'_>]) -> Verdict {
    let arena = Arena::new();
    let mut frame = Frame::new(&arena);
    step::begin(&mut frame);
    for (id, table, key, count, burst) in limits {
        let table = arena.copy(table).unwrap();
        if step::check(&mut frame, vm, host, *id, table, key, (*count, *burst)) == Verdict::Fault {
            return Verdict::Fault;
        }
    }
    step::commit(&mut frame, host, &mut |put| vm.limits.put(&mut vm.heap, &put))
}

#[test]
fn bursts_then_the_rate() {
    for shared in [true, false] {
        let (mut vm, mut host) = (Vm::new(), FakeHost { now: 100 * SECOND, ..FakeHost::default() });
        let table = write(&limit("l", shared));
        let mut one = |host: &mut FakeHost, key: &[u8]| request(&mut vm, host, &[(4, &table, key, 10, 3)]);
        let first: Vec<Verdict> = (0..5).map(|_| one(&mut host, b"a")).collect();
        assert_eq!(first, [Verdict::Admitted, Verdict::Admitted, Verdict::Admitted, Verdict::Refused(4), Verdict::Refused(4)]);
        assert_eq!(one(&mut host, b"b"), Verdict::Admitted);
        host.now += SECOND;
        assert_eq!((one(&mut host, b"a"), one(&mut host, b"a")), (Verdict::Admitted, Verdict::Refused(4)));
        // The clock goes back: as if the burst were just spent.
        host.now = SECOND;
        assert_eq!((one(&mut host, b"a"), one(&mut host, b"a")), (Verdict::Admitted, Verdict::Refused(4)));
        host.now += SECOND;
        assert_eq!((one(&mut host, b"a"), one(&mut host, b"a")), (Verdict::Admitted, Verdict::Refused(4)));
    }
}

#[test]
fn an_admitted_request_needs_few_host_calls() {
    let (mut vm, mut host, table) = (Vm::new(), FakeHost::default(), write(&limit("l", true)));
    request(&mut vm, &mut host, &[(0, &table, b"k", 10, 10)]);
    host.calls.clear();
    request(&mut vm, &mut host, &[(0, &table, b"k", 10, 10)]);
    assert_eq!(host.calls, ["time", "shared_get", "shared_set"]);
}

#[test]
fn all_or_none() {
    for (a, b) in [(true, true), (true, false), (false, true), (false, false)] {
        let (mut vm, mut host) = (Vm::new(), FakeHost { now: 100 * SECOND, ..FakeHost::default() });
        let (first, second) = (write(&limit("a", a)), write(&limit("b", b)));
        let mut both = |host: &mut FakeHost| request(&mut vm, host, &[(0, &first, b"k", 10, 5), (1, &second, b"k", 10, 2)]);
        assert_eq!([both(&mut host), both(&mut host), both(&mut host), both(&mut host)][2..], [Verdict::Refused(1); 2]);
        // The first was spent twice only.
        let alone: Vec<Verdict> = (0..4).map(|_| request(&mut vm, &mut host, &[(0, &first, b"k", 10, 5)])).collect();
        assert_eq!(alone, [Verdict::Admitted, Verdict::Admitted, Verdict::Admitted, Verdict::Refused(0)]);
    }
}

/// Another worker writes just before one of our writes.
struct Busy {
    inner: FakeHost,
    /// What the other worker does before our next write of a key with this in it.
    intrude: Vec<(&'static str, Vec<Seen2>)>,
}

type Seen2 = (u32, Vec<u8>, Vec<u8>, i64, i64);

impl Host for Busy {
    fn header_pairs<'a>(&mut self, arena: &'a Arena, map: i32) -> Result<&'a [u8], crate::host::Status> {
        self.inner.header_pairs(arena, map)
    }
    fn header_add(&mut self, map: i32, name: &[u8], value: &[u8]) -> Result<(), crate::host::Status> {
        self.inner.header_add(map, name, value)
    }
    fn header_replace(&mut self, map: i32, name: &[u8], value: &[u8]) -> Result<(), crate::host::Status> {
        self.inner.header_replace(map, name, value)
    }
    fn header_remove(&mut self, map: i32, name: &[u8]) -> Result<(), crate::host::Status> {
        self.inner.header_remove(map, name)
    }
    fn send_local_response(&mut self, status: u32, details: &[u8], body: &[u8], pairs: &[u8]) -> Result<(), crate::host::Status> {
        self.inner.send_local_response(status, details, body, pairs)
    }
    fn property<'a>(&mut self, arena: &'a Arena, path: &[u8]) -> Result<&'a [u8], crate::host::Status> {
        self.inner.property(arena, path)
    }
    fn set_property(&mut self, path: &[u8], value: &[u8]) -> Result<(), crate::host::Status> {
        self.inner.set_property(path, value)
    }
    fn time(&mut self) -> Result<u64, crate::host::Status> {
        self.inner.time()
    }
    fn shared_get<'a>(&mut self, arena: &'a Arena, key: &[u8]) -> Result<(&'a [u8], u32), crate::host::Status> {
        self.inner.shared_get(arena, key)
    }
    fn shared_set(&mut self, key: &[u8], value: &[u8], cas: u32) -> Result<(), crate::host::Status> {
        let text = String::from_utf8_lossy(key).into_owned();
        if self.intrude.last().is_some_and(|(part, _)| text.contains(part)) {
            let (_, requests) = self.intrude.pop().unwrap();
            for (id, table, key, count, burst) in requests {
                request(&mut Vm::new(), &mut self.inner, &[(id, &table, &key, count, burst)]);
            }
        }
        self.inner.shared_set(key, value, cas)
    }
    fn metric_define_counter(&mut self, name: &[u8]) -> Result<u32, crate::host::Status> {
        self.inner.metric_define_counter(name)
    }
    fn metric_increment(&mut self, id: u32, by: i64) -> Result<(), crate::host::Status> {
        self.inner.metric_increment(id, by)
    }
    fn buffer<'a>(&mut self, arena: &'a Arena, buffer: i32, start: u32, size: u32) -> Result<&'a [u8], crate::host::Status> {
        self.inner.buffer(arena, buffer, start, size)
    }
    fn set_buffer(&mut self, buffer: i32, start: u32, size: u32, bytes: &[u8]) -> Result<(), crate::host::Status> {
        self.inner.set_buffer(buffer, start, size, bytes)
    }
    fn log(&mut self, level: i32, line: &[u8]) {
        self.inner.log(level, line);
    }
    fn http_call(&mut self, cluster: &[u8], headers: &[u8], timeout: u32) -> Result<u32, crate::host::Status> {
        self.inner.http_call(cluster, headers, timeout)
    }
    fn set_tick_period(&mut self, period: u32) {
        self.inner.set_tick_period(period);
    }
    fn set_effective_context(&mut self, context: u32) -> Result<(), crate::host::Status> {
        self.inner.set_effective_context(context)
    }
    fn continue_request(&mut self) {
        self.inner.continue_request();
    }
    fn foreign<'a>(&mut self, arena: &'a Arena, name: &[u8], argument: &[u8]) -> Result<&'a [u8], crate::host::Status> {
        self.inner.foreign(arena, name, argument)
    }

    fn random(&mut self, out: &mut [u8]) -> Result<(), crate::host::Status> {
        self.inner.random(out)
    }
}

#[test]
fn workers_that_write_between_read_and_write_lose_nothing() {
    let table = write(&limit("l", true));
    let other = |n: usize| ("/l/", vec![(0, table.clone(), b"k".to_vec(), 10, 6); n]);
    // The other worker is first with the seed, makes the bucket, and writes between each of our reads and writes.
    let mut host = Busy { inner: FakeHost { now: 100 * SECOND, ..FakeHost::default() }, intrude: vec![other(1), other(2)] };
    let mut vm = Vm::new();
    let ours: Vec<Verdict> = (0..5).map(|_| request(&mut vm, &mut host, &[(0, &table, b"k", 10, 6)])).collect();
    // Six in all: three of the other worker, three of ours.
    assert_eq!(ours, [Verdict::Admitted, Verdict::Admitted, Verdict::Admitted, Verdict::Refused(0), Verdict::Refused(0)]);
    assert!(host.intrude.is_empty());
}

#[test]
fn what_was_spent_is_given_back_when_a_later_limit_is_lost_to_another_worker() {
    let (first, second) = (write(&limit("a", true)), write(&limit("b", true)));
    for first_shared in [true, false] {
        let first = if first_shared { first.clone() } else { write(&limit("a", false)) };
        let inner = FakeHost { now: 100 * SECOND, ..FakeHost::default() };
        let mut host = Busy { inner, intrude: vec![("/b/", vec![(1, second.clone(), b"k".to_vec(), 10, 1)])] };
        let mut vm = Vm::new();
        assert_eq!(request(&mut vm, &mut host, &[(0, &first, b"k", 10, 2), (1, &second, b"k", 10, 1)]), Verdict::Refused(1));
        let alone: Vec<Verdict> = (0..3).map(|_| request(&mut vm, &mut host, &[(0, &first, b"k", 10, 2)])).collect();
        assert_eq!(alone, [Verdict::Admitted, Verdict::Admitted, Verdict::Refused(0)]);
    }
}

#[test]
fn faults_are_faults() {
    let table = write(&limit("l", true));
    for call in ["time", "shared_get", "shared_set", "random"] {
        let mut host = FakeHost::default();
        host.failing.insert(call, 10);
        assert_eq!(request(&mut Vm::new(), &mut host, &[(0, &table, b"k", 10, 1)]), Verdict::Fault, "{call}");
    }
    let mut vm = Vm::new();
    let mut host = FakeHost::default();
    request(&mut vm, &mut host, &[(0, &table, b"k", 10, 5)]);
    host.cas_misses = 1000;
    assert_eq!(request(&mut vm, &mut host, &[(0, &table, b"k", 10, 5)]), Verdict::Fault);
    host.cas_misses = 5;
    assert_eq!(request(&mut vm, &mut host, &[(0, &table, b"k", 10, 5)]), Verdict::Admitted);
}

#[test]
fn a_spray_of_keys_needs_bounded_memory_and_does_not_block_others() {
    for shared in [true, false] {
        let table = write(&Limit { capacity: 64, ..limit("l", shared) });
        let (mut vm, mut host) = (Vm::new(), FakeHost { now: 100 * SECOND, ..FakeHost::default() });
        for n in 0..5000u32 {
            assert_eq!(request(&mut vm, &mut host, &[(0, &table, &n.to_le_bytes(), 10, 1)]), Verdict::Admitted);
        }
        assert!(host.shared.len() <= 9);
        assert!(host.shared.values().all(|(value, _)| value.len() <= 128));
        assert_eq!(request(&mut vm, &mut host, &[(0, &table, b"fresh", 10, 1)]), Verdict::Admitted);
        assert_eq!(request(&mut vm, &mut host, &[(0, &table, b"fresh", 10, 1)]), Verdict::Refused(0));
    }
}

#[test]
fn a_table_that_is_not_full_forgets_nobody() {
    let table = write(&Limit { capacity: 4000, ..limit("l", true) });
    let (mut vm, mut host) = (Vm::new(), FakeHost { now: 100 * SECOND, ..FakeHost::default() });
    // An eighth of the capacity: no bucket overflows.
    for round in 0..2 {
        for n in 0..500u32 {
            let expected = if round == 0 { Verdict::Admitted } else { Verdict::Refused(0) };
            assert_eq!(request(&mut vm, &mut host, &[(0, &table, &n.to_le_bytes(), 10, 1)]), expected);
        }
    }
}

#[test]
fn headers_tell_the_state() {
    let arena = Arena::new();
    let (mut vm, mut host) = (Vm::new(), FakeHost { now: 100 * SECOND, ..FakeHost::default() });
    let tables = [write(&limit("a", true)), write(&Limit { headers: false, ..limit("b", true) }), write(&limit("c", false))];
    let mut frame = Frame::new(&arena);
    for ids in [[2u32].as_slice(), &[0, 1]] {
        step::begin(&mut frame);
        for id in ids {
            let table = arena.copy(&tables[*id as usize]).unwrap();
            assert_eq!(step::check(&mut frame, &mut vm, &mut host, *id, table, b"k", (4, 2)), Verdict::Admitted);
        }
        assert_eq!(step::commit(&mut frame, &mut host, &mut |put| vm.limits.put(&mut vm.heap, &put)), Verdict::Admitted);
    }
    let (state, policy) = headers::admission(&frame.limits, &arena).unwrap();
    assert_eq!(String::from_utf8_lossy(state), "\"a\";r=1;t=3, \"c\";r=1;t=3");
    assert_eq!(String::from_utf8_lossy(policy), "\"a\";q=4;w=10;burst=2, \"c\";q=4;w=10;burst=2");
    assert_eq!(host.calls.iter().filter(|call| **call == "time").count(), 1);

    let refusing = arena.copy(&tables[0]).unwrap();
    let mut frame = Frame::new(&arena);
    let mut verdict = Verdict::Admitted;
    for _ in 0..2 {
        step::begin(&mut frame);
        step::check(&mut frame, &mut vm, &mut host, 0, refusing, b"k", (4, 2));
        verdict = step::commit(&mut frame, &mut host, &mut |put| vm.limits.put(&mut vm.heap, &put));
    }
    assert_eq!(verdict, Verdict::Refused(0));
    crate::reply::begin(&mut frame, 429);
    headers::refusal(&mut frame);
    crate::reply::send(&mut frame, &mut host, (b"a", b"deny"));
    let pairs = String::from_utf8_lossy(&host.replies[0].pairs).into_owned();
    assert!(pairs.contains("ratelimit\0\"a\";r=0;t=3\0ratelimit-policy\0\"a\";q=4;w=10;burst=2\0retry-after\x003\0"), "{pairs:?}");
}

/// A member of a JSON object that holds a number, as written in the corpus.
fn number(line: &str, member: &str) -> Option<u64> {
    let rest = &line[line.find(&format!("\"{member}\":"))? + member.len() + 3..];
    let digits: String = rest.trim_start().chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// The access log of a real site against the decisions of a textbook token bucket: GCRA with the same rate and burst.
#[test]
fn a_real_trace_agrees_with_a_token_bucket() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpora/access-log-trace");
    let (Ok(trace), Ok(oracles)) =
        (std::fs::read_to_string(folder.join("trace.jsonl")), std::fs::read_to_string(folder.join("oracles.json")))
    else {
        eprintln!("no corpus at {}: nothing to compare", folder.display());
        return;
    };
    let oracle = &oracles[oracles.find("token_bucket rate=1/1 burst=10").unwrap()..];
    let lines = &oracle[oracle.find("denied_lines").unwrap()..];
    let lines = &lines[lines.find('[').unwrap() + 1..lines.find(']').unwrap()];
    let denied: Vec<usize> = lines.split(',').map(|line| line.trim().parse().unwrap()).collect();
    assert!(!denied.is_empty());
    for shared in [false, true] {
        let table = write(&Limit { capacity: 100_000, period: SECOND, ..limit("l", shared) });
        let (mut vm, mut host) = (Vm::new(), FakeHost::default());
        let mut found = Vec::new();
        for (n, line) in trace.lines().enumerate() {
            let client = line.split('"').find(|part| part.starts_with("198.")).unwrap();
            host.now = (1000 + number(line, "t").unwrap()) * SECOND;
            if request(&mut vm, &mut host, &[(0, &table, client.as_bytes(), 1, 10)]) != Verdict::Admitted {
                found.push(n);
            }
            host.calls.clear();
        }
        assert_eq!(found, denied);
    }
}
