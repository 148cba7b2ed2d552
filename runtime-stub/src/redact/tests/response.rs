//! Whole responses through the callbacks, on a host that buffers as Envoy does.

use super::super::body::{Body, Deny, KEPT, Verdict};
use super::super::head::Head;
use super::super::response::{Choice, Start, remove_stale};
use super::{MASK, Random, naive};
use crate::frame::Frame;
use crate::rt::arena::Arena;
use crate::tables::redact::{MediaRange, Redaction, write};
use crate::testing::FakeHost;

fn redaction() -> Redaction<'static> {
    Redaction {
        types: vec![MediaRange { main: "application", sub: "json" }, MediaRange { main: "text", sub: "*" }],
        max_body: None,
        on_oversize: None,
        on_encoded: Some(3),
        deny_metric: 9,
        keep_first: 0,
        keep_last: 4,
        with: '*',
    }
}

fn start(redactions: &[Redaction<'_>], pairs: &[(&str, &str)]) -> Start {
    let mut choice = Choice::new();
    for (redaction, metric) in redactions.iter().zip(0..) {
        assert!(choice.add(Vec::leak(write(redaction)), metric));
    }
    choice.start(&Head::read(pairs.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()))), false)
}

struct Run {
    sent: Vec<u8>,
    counted: Vec<u32>,
    verdict: Verdict,
    /// Most bytes that the host had buffered.
    buffered: usize,
    sets: usize,
}

/// Envoy's filter manager: buffers on 1, sends on 0; with trailers there is no last body call.
fn run<'b>(body: &mut Body, chunks: impl Iterator<Item = &'b [u8]>, trailers: bool) -> Run {
    let mut host = FakeHost::default();
    let mut run = Run { sent: Vec::new(), counted: Vec::new(), verdict: Verdict::Go(0), buffered: 0, sets: 0 };
    let arena = Arena::new();
    let mut chunks: Vec<&[u8]> = chunks.collect();
    if !trailers {
        chunks.push(b"");
    }
    host.buffers.insert(1, Vec::new());
    for (n, chunk) in chunks.iter().enumerate() {
        // SAFETY: nothing of the arena is kept.
        unsafe { arena.reset() };
        host.buffers.get_mut(&1).unwrap().extend_from_slice(chunk);
        let size = host.buffers[&1].len();
        let eos = !trailers && n + 1 == chunks.len();
        run.verdict = body.on_body(&mut host, &arena, size, eos, &mut |metric| run.counted.push(metric));
        run.buffered = run.buffered.max(host.buffers[&1].len());
        match run.verdict {
            Verdict::Go(0) => run.sent.append(host.buffers.get_mut(&1).unwrap()),
            Verdict::Go(1) if !eos => {}
            Verdict::Go(_) | Verdict::Deny(_) | Verdict::Fault => return run,
        }
    }
    if trailers {
        let open = matches!(run.verdict, Verdict::Go(1));
        if !open {
            // As observed: after Continue nothing more can be written.
            host.failing.insert("set_buffer", 2);
        }
        run.verdict = body.on_trailers(&mut host, &arena, 0, &mut |metric| run.counted.push(metric));
        if run.verdict == Verdict::Go(0) {
            run.sent.append(host.buffers.get_mut(&1).unwrap());
        }
    }
    run.sets = host.calls.iter().filter(|call| **call == "set_buffer").count();
    run
}

fn inspected(redactions: &[Redaction<'_>], content_type: &str) -> Body {
    match start(redactions, &[("content-type", content_type)]) {
        Start::Inspect(body) => body,
        Start::Pass | Start::Reply(_) => panic!("not inspected"),
    }
}

#[test]
fn every_cut_gives_the_same_body_with_and_without_trailers() {
    let body = br#"{"a":"4111 1111 1111 1111","n":4111111111111111,"t":"x 5500-0000-0000-0004"}"#;
    let expected = naive::json(body, &MASK);
    for a in 0..=body.len() {
        for b in a..=body.len() {
            for trailers in [false, true] {
                let mut record = inspected(&[redaction()], "application/json");
                let run = run(&mut record, [&body[..a], &body[a..b], &body[b..]].into_iter(), trailers);
                assert_eq!(run.verdict, Verdict::Go(0));
                assert_eq!(String::from_utf8_lossy(&run.sent), String::from_utf8_lossy(&expected), "{a} {b} {trailers}");
                assert_eq!(run.counted, [0]);
            }
        }
    }
}

#[test]
fn random_texts_in_random_chunks() {
    let mut random = Random(7);
    for _ in 0..2000 {
        let body: Vec<u8> = (0..random.below(200)).map(|_| *random.pick(b"4411111111111111 --x,")).collect();
        let expected = naive::text(&body, &MASK);
        let trailers = random.below(2) == 0;
        let mut chunks = Vec::new();
        let mut rest = &body[..];
        while !rest.is_empty() {
            let (chunk, later) = rest.split_at(random.below(rest.len().min(40) + 1));
            chunks.push(chunk);
            rest = later;
        }
        let mut record = inspected(&[redaction()], "text/plain");
        let run = run(&mut record, chunks.into_iter(), trailers);
        assert_eq!(String::from_utf8_lossy(&run.sent), String::from_utf8_lossy(&expected));
    }
}

#[test]
fn what_does_not_change_is_not_written() {
    let body = b"{\"a\":\"no card here, but 12 numbers\", \"b\": [1, 2, 3]}".repeat(50);
    let mut record = inspected(&[redaction()], "text/plain");
    let run = run(&mut record, body.chunks(9), false);
    assert_eq!((run.sent, run.sets, run.counted), (body, 0, vec![]));
}

#[test]
fn little_is_left_in_the_buffer_and_nothing_is_lost_silently() {
    // Every chunk ends inside of what may be a card.
    let chunk = [&b" ".repeat(30_000)[..], b"4111 1111 1111 1111 4111 11"].concat();
    let body: Vec<u8> = chunk.repeat(20);
    let expected = naive::text(&body, &MASK);
    let mut record = inspected(&[redaction()], "text/plain");
    let done = run(&mut record, body.chunks(chunk.len()), false);
    assert!(done.sent == expected);
    assert!(done.buffered <= KEPT + chunk.len());
    // Held in the guest only: with trailers it cannot be sent, so the stream is cut.
    let large = [&b" ".repeat(KEPT)[..], b"4111 11"].concat();
    let mut record = inspected(&[redaction()], "text/plain");
    let cut = run(&mut record, [&large[..]].into_iter(), true);
    assert_eq!(cut.verdict, Verdict::Fault);
    let mut record = inspected(&[redaction()], "text/plain");
    let whole = run(&mut record, [&large[..]].into_iter(), false);
    assert_eq!(whole.sent, large);
}

/// A chunk as large as the host's buffer behind held bytes would end the stream.
#[test]
fn where_no_trailers_may_come_nothing_waits_in_the_hosts_buffer() {
    let body = b"4111 1111 1111 1111 4111 11".repeat(40);
    let expected = naive::text(&body, &MASK);
    for framing in [("content-length", "1080"), ("transfer-encoding", "chunked"), ("connection", "close")] {
        for size in 1..40 {
            let Start::Inspect(mut record) = start(&[redaction()], &[("content-type", "text/plain"), framing]) else {
                panic!("not inspected")
            };
            let run = run(&mut record, body.chunks(size), false);
            assert!(run.sent == expected && run.buffered <= size + 64, "{framing:?} {size} {}", run.buffered);
        }
    }
}

#[test]
fn long_bodies_need_constant_memory() {
    let chunk = [&b"{\"card\": \"4111 1111 1111 1111\"}".repeat(500)[..], b"41"].concat();
    let mut record = inspected(&[redaction()], "text/plain");
    let mut host = FakeHost::default();
    let arena = Arena::new();
    host.buffers.insert(1, Vec::new());
    let mut total = 0;
    while total < 3 << 20 {
        // SAFETY: nothing of the arena is kept.
        unsafe { arena.reset() };
        host.buffers.get_mut(&1).unwrap().extend_from_slice(&chunk);
        let size = host.buffers[&1].len();
        assert!(size <= KEPT + chunk.len());
        let verdict = record.on_body(&mut host, &arena, size, false, &mut |_| {});
        if verdict == Verdict::Go(0) {
            host.buffers.get_mut(&1).unwrap().clear();
        }
        host.calls.clear();
        total += chunk.len();
    }
    assert!(size_of::<Body>() < 1200);
}

#[test]
fn too_large_bodies_are_denied_or_pass() {
    let card = b"4111 1111 1111 1111 ".repeat(10);
    let deny = Redaction { max_body: Some(100), on_oversize: Some(5), ..redaction() };
    let known = start(std::slice::from_ref(&deny), &[("content-type", "text/plain"), ("content-length", "101")]);
    assert!(matches!(known, Start::Reply(Deny { reply: 5, metric: 9 })));
    let mut record = inspected(&[deny], "text/plain");
    let cut = run(&mut record, card.chunks(30), false);
    assert_eq!(cut.verdict, Verdict::Deny(Deny { reply: 5, metric: 9 }));
    assert_eq!(record.on_body(&mut FakeHost::default(), &Arena::new(), 7, true, &mut |_| {}), Verdict::Go(3));

    let pass = Redaction { max_body: Some(100), ..redaction() };
    let expected = [&naive::text(&card[..100], &MASK)[..], &card[100..]].concat();
    for size in 1..=card.len() {
        let mut record = inspected(std::slice::from_ref(&pass), "text/plain");
        assert_eq!(run(&mut record, card.chunks(size), size % 2 == 0).sent, expected);
    }
    // The second redaction goes on where the first one ends.
    let mut second = redaction();
    second.with = '#';
    for size in 1..=card.len() {
        let mut record = inspected(&[pass.clone(), second.clone()], "text/plain");
        let run = run(&mut record, card.chunks(size), false);
        assert_eq!(run.counted, [0, 1]);
        assert_eq!(String::from_utf8(run.sent).unwrap(), "**** **** **** 1111 ".repeat(5) + &"#### #### #### 1111 ".repeat(5));
    }
}

#[test]
fn what_cannot_be_read_is_denied_and_other_types_pass() {
    let is = |start: Start| match start {
        Start::Pass => "pass",
        Start::Reply(Deny { reply: 3, .. }) => "reply",
        Start::Reply(_) => "another reply",
        Start::Inspect(_) => "inspect",
    };
    let gzip = [("content-type", "text/plain"), ("content-encoding", "gzip")];
    assert_eq!(is(start(&[redaction()], &gzip)), "reply");
    assert_eq!(is(start(&[Redaction { on_encoded: None, ..redaction() }], &gzip)), "pass");
    assert_eq!(is(start(&[redaction()], &[("content-type", "text/a"), ("content-type", "text/b")])), "reply");
    assert_eq!(is(start(&[redaction()], &[("content-type", "image/png"), ("content-encoding", "gzip")])), "pass");
    assert_eq!(is(start(&[redaction()], &[])), "pass");
    assert_eq!(is(start(&[], &[("content-type", "text/a")])), "pass");
}

#[test]
fn headers_that_no_longer_hold_go() {
    let arena = Arena::new();
    let mut host = FakeHost::with_response(&[(":status", "200"), ("etag", "x"), ("content-length", "5"), ("server", "s")]);
    let mut frame = Frame::new(&arena);
    assert!(crate::http::response::begin(&mut frame, &mut host, &[]));
    remove_stale(&mut frame, &mut host);
    assert_eq!(host.calls, ["header_pairs", "header_remove", "header_remove"]);
    assert!(host.header(2, "etag").is_empty() && host.header(2, "content-length").is_empty());
}
