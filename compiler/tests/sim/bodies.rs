//! The simulator on bodies: what callbacks see, what they may change, how streams end.

use crate::support::{body, get, log, module, ok, post, send, start};
use portcullis::tools::engine::Engine;
use portcullis::tools::message::Answer;
use portcullis::tools::sim::Simulator;

/// Logs size and end of every request body event and answers `action`; the last event gets `last`.
fn observer(action: u32, last: u32) -> String {
    format!(
        r#"(func (export "proxy_on_request_body") (param i32 i32 i32) (result i32)
          (call $say (local.get 1)) (call $say (local.get 2))
          (if (result i32) (local.get 2) (then (i32.const {last})) (else (i32.const {action}))))"#
    )
}

/// At the end of the request body (or in trailers) replaces all of it by `new`.
const REPLACE_AT_END: &str = r#"(data (i32.const 100) "new")
    (func (export "proxy_on_request_body") (param i32 i32 i32) (result i32)
      (if (i32.eqz (local.get 2)) (then (return (i32.const 1))))
      (call $say (call $set_body (i32.const 0) (i32.const 0) (local.get 1) (i32.const 100) (i32.const 3)))
      (i32.const 0))"#;

#[test]
fn streaming_sees_chunks_and_an_empty_end() {
    let mut simulator = start(&observer(0, 0));
    let outcome = send(&mut simulator, &post(b"abcdef", Some(3), &[]), &ok(b""));
    assert_eq!(log(&simulator), "d a d a a b");
    assert_eq!(outcome.forwarded.unwrap().body, b"abcdef");
}

#[test]
fn buffering_sees_the_total() {
    let mut simulator = start(&observer(1, 0));
    let outcome = send(&mut simulator, &post(b"abcdef", Some(3), &[]), &ok(b""));
    assert_eq!(log(&simulator), "d a g a g b");
    assert_eq!(outcome.forwarded.unwrap().body, b"abcdef");
}

#[test]
fn no_buffer_drops_the_chunk() {
    let mut simulator = start(&format!(
        r#"(data (i32.const 100) "content-length")
        (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
          (call $remove (i32.const 0) (i32.const 100) (i32.const 14)))
        {}"#,
        observer(3, 0)
    ));
    let outcome = send(&mut simulator, &post(b"abcdef", Some(3), &[]), &ok(b""));
    assert_eq!(outcome.forwarded.unwrap().body, b"");
}

#[test]
fn without_a_body_there_is_no_body_callback() {
    let mut simulator = start(&observer(1, 1));
    send(&mut simulator, &get(), &ok(b""));
    assert_eq!(log(&simulator), "");
}

#[test]
fn trailers_end_a_body_without_an_end_of_stream_event() {
    // The policy that replaces at the end of the body lets the original through.
    let mut simulator = start(REPLACE_AT_END);
    let outcome = send(&mut simulator, &post(b"secret", Some(3), &[("t", "1")]), &ok(b""));
    assert_eq!(log(&simulator), "");
    assert_eq!(outcome.forwarded.unwrap().body, b"secret");
}

#[test]
fn in_trailers_the_buffered_body_can_be_replaced_and_the_streamed_not() {
    let trailers = r#"(func (export "proxy_on_request_trailers") (param i32 i32) (result i32)
      (drop (call $body_status (i32.const 0) (i32.const 0) (i32.const 4)))
      (call $say (i32.load (i32.const 0)))
      (call $say (call $set_body (i32.const 0) (i32.const 0) (i32.const 99) (i32.const 100) (i32.const 3)))
      (i32.const 0))"#;
    let mut simulator = start(&format!("{REPLACE_AT_END}{trailers}"));
    let outcome = send(&mut simulator, &post(b"secret", Some(3), &[("t", "1")]), &ok(b""));
    assert_eq!(log(&simulator), "g a");
    assert_eq!(outcome.forwarded.unwrap().body, b"new");

    let mut simulator = start(&format!("{}{trailers}", observer(0, 0)));
    let outcome = send(&mut simulator, &post(b"secret", None, &[("t", "1")]), &ok(b""));
    assert_eq!(log(&simulator), "g a a c");
    assert_eq!(outcome.forwarded.unwrap().body, b"secret");
}

#[test]
fn set_buffer_bytes_replaces_from_zero_appends_at_the_end_and_refuses_the_middle() {
    let mut simulator = start(
        r#"(data (i32.const 100) "xyz")
        (func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32)
          (call $say (call $set_body (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 100) (i32.const 3)))
          (i32.const 0))
        (func (export "proxy_on_response_body") (param i32 i32 i32) (result i32)
          (if (local.get 2) (then (return (i32.const 0))))
          (call $say (call $set_body (i32.const 1) (i32.const 2) (i32.const 3) (i32.const 100) (i32.const 3)))
          (call $say (call $set_body (i32.const 1) (i32.const 0) (i32.const 3) (i32.const 100) (i32.const 3)))
          (call $say (call $set_body (i32.const 1) (i32.const -1) (i32.const 0) (i32.const 100) (i32.const 3)))
          (call $say (call $set_body (i32.const 9) (i32.const 0) (i32.const 0) (i32.const 100) (i32.const 3)))
          (call $say (call $get_body (i32.const 1) (i32.const 4) (i32.const 99) (i32.const 0) (i32.const 4)))
          (call $tell)
          (i32.const 0))"#,
    );
    let answer = Answer {
        status: 200,
        headers: vec![("transfer-encoding".to_owned(), b"chunked".to_vec())],
        body: Some(body(b"abcdef", None, &[])),
    };
    let outcome = send(&mut simulator, &get(), &answer);
    assert_eq!(log(&simulator), "c c a a c a efxyz");
    assert_eq!(outcome.response.body, b"xyzdefxyz");
    assert!(outcome.response.complete);
}

#[test]
fn content_length_is_not_mended() {
    let shorten = |map: u32, kind: &str| {
        format!(
            r#"(data (i32.const 100) "content-length")
            (func (export "proxy_on_{kind}_body") (param i32 i32 i32) (result i32)
              (if (i32.eqz (local.get 2))
                (then (drop (call $set_body (i32.const {map}) (i32.const 0) (i32.const 4) (i32.const 100) (i32.const 1)))))
              (i32.const 0))"#
        )
    };
    let mut simulator = start(&shorten(1, "response"));
    let response = send(&mut simulator, &get(), &ok(b"abcdef")).response;
    assert_eq!((response.body.as_slice(), response.complete), (b"cef".as_slice(), false));

    let mut simulator = start(&shorten(0, "request"));
    let error = simulator.request(&post(b"abcdef", None, &[]), &ok(b"")).unwrap_err();
    assert!(error.0.contains("hangs"), "{error}");
}

/// Pauses on headers, whatever they are.
const HOLD: &str = r#"(data (i32.const 100) "late")
    (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) (i32.const 1))
    (func (export "proxy_on_request_body") (param i32 i32 i32) (result i32)
      (call $say (call $add (i32.const 0) (i32.const 100) (i32.const 4) (i32.const 100) (i32.const 1)))
      (i32.eqz (local.get 2)))"#;

#[test]
fn holding_headers_needs_the_switch_and_a_body() {
    let mut simulator = start(HOLD);
    let error = simulator.request(&post(b"abc", None, &[]), &ok(b"")).unwrap_err();
    assert!(error.0.contains("hangs"), "{error}");

    let mut simulator = start(HOLD);
    simulator.allow_on_headers_stop_iteration = true;
    let outcome = send(&mut simulator, &post(b"abc", None, &[]), &ok(b""));
    assert_eq!(log(&simulator), "a a");
    assert_eq!(outcome.forwarded.unwrap().headers.iter().filter(|(name, _)| name == "late").count(), 2);

    // With end of stream on the headers no body callback will ever release them.
    let error = simulator.request(&get(), &ok(b"")).unwrap_err();
    assert!(error.0.contains("hangs"), "{error}");
}

#[test]
fn released_headers_cannot_be_changed_from_the_body() {
    let mut simulator = start(
        r#"(func (export "proxy_on_request_body") (param i32 i32 i32) (result i32)
          (call $say (call $add (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 1)))
          (i32.const 0))"#,
    );
    let outcome = send(&mut simulator, &post(b"abc", None, &[]), &ok(b""));
    assert_eq!(log(&simulator), "c c");
    assert_eq!(outcome.forwarded.unwrap().headers.len(), 3);
}

#[test]
fn unknown_header_actions_stop_everything_and_2_continues() {
    let returning =
        |value: i32| start(&format!(r#"(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) (i32.const {value}))"#));
    assert_eq!(send(&mut returning(2), &get(), &ok(b"")).response.status, 200);
    for value in [99, -1, 3, 4] {
        assert!(returning(value).request(&get(), &ok(b"")).is_err(), "{value}");
    }
}

#[test]
fn the_buffer_limit_answers_413_and_500_or_cuts() {
    let limit = |text: &str, hold: bool| {
        let mut simulator = Simulator::new(&module(text)).unwrap();
        simulator.buffer_limit = 4;
        simulator.allow_on_headers_stop_iteration = hold;
        simulator.start("").unwrap();
        simulator
    };
    let outcome = send(&mut limit(&observer(1, 0), false), &post(b"abcdef", Some(3), &[]), &ok(b""));
    assert_eq!((outcome.response.status, outcome.response.body.as_slice()), (413, b"Payload Too Large".as_slice()));
    assert!(outcome.forwarded.is_none());

    let hold = r#"(func (export "proxy_on_response_body") (param i32 i32 i32) (result i32) (i32.eqz (local.get 2)))"#;
    let response = send(&mut limit(hold, false), &get(), &ok(b"abcdef")).response;
    assert_eq!((response.status, response.complete), (200, false));
    assert!(response.body.is_empty());

    let hold = r#"(func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32) (i32.const 1))
        (func (export "proxy_on_response_body") (param i32 i32 i32) (result i32) (i32.eqz (local.get 2)))"#;
    let response = send(&mut limit(hold, true), &get(), &ok(b"abcdef")).response;
    assert_eq!((response.status, response.complete), (500, true));
}

#[test]
fn after_a_hold_the_request_map_stays_in_reach_but_changes_come_too_late() {
    let mut simulator = Simulator::new(&module(
        r#"(data (i32.const 100) "late")
        (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) (i32.const 1))
        (func (export "proxy_on_request_body") (param i32 i32 i32) (result i32)
          (call $say (call $add (i32.const 0) (i32.const 100) (i32.const 4) (i32.const 100) (i32.const 1)))
          (i32.const 0))
        (func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32)
          (call $say (call $get_value (i32.const 0) (i32.const 100) (i32.const 4) (i32.const 0) (i32.const 4)))
          (i32.const 0))"#,
    ))
    .unwrap();
    simulator.allow_on_headers_stop_iteration = true;
    simulator.start("").unwrap();
    let outcome = send(&mut simulator, &post(b"abcdef", Some(3), &[]), &ok(b""));
    assert_eq!(log(&simulator), "a a a a");
    let late = outcome.forwarded.unwrap().headers.iter().filter(|(name, _)| name == "late").count();
    assert_eq!(late, 1, "only what was added before the first Continue");
}

#[test]
fn reading_where_nothing_is_gives_size_zero_with_ok() {
    let mut simulator = start(
        r#"(func $read (param i32 i32 i32)
          (i32.store (i32.const 4) (i32.const 9))
          (call $say (call $get_body (local.get 0) (local.get 1) (local.get 2) (i32.const 0) (i32.const 4)))
          (call $say (i32.load (i32.const 4))))
        (func (export "proxy_on_response_body") (param i32 i32 i32) (result i32)
          (if (local.get 2) (then (return (i32.const 0))))
          (call $read (i32.const 1) (i32.const 100) (i32.const 10))
          (call $read (i32.const 1) (i32.const 5) (i32.const 10))
          (call $read (i32.const 1) (i32.const 2) (i32.const -1))
          (call $read (i32.const 0) (i32.const 0) (i32.const 10))
          (call $say (call $get_body (i32.const 7) (i32.const 0) (i32.const 10) (i32.const 0) (i32.const 4)))
          (i32.const 0))"#,
    );
    send(&mut simulator, &get(), &ok(b"hello"));
    assert_eq!(log(&simulator), "a a a a a d a a b");
}
