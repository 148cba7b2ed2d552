//! Local replies in each phase.

use crate::support::{get, log, ok, post, send, start};
use portcullis::tools::message::{Decision, header};

/// `$deny status`: a reply with details `portcullis{a rule}`, body `no`, header `x-a: 1`.
const DENY: &str = r#"(data (i32.const 100) "portcullis{a rule}no")
    (data (i32.const 128) "\01\00\00\00\03\00\00\00\01\00\00\00x-a\001\00")
    (func $deny (param i32) (result i32)
      (call $reply (local.get 0) (i32.const 100) (i32.const 18) (i32.const 118) (i32.const 2)
        (i32.const 128) (i32.const 18) (i32.const -1)))"#;

#[test]
fn a_reply_in_the_request_phase_passes_the_own_response_callbacks() {
    let mut simulator = start(&format!(
        r#"{DENY}
        (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
          (call $say (call $deny (i32.const 403))) (i32.const 0))
        (func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32)
          (call $say (local.get 1)) (i32.const 0))
        (func (export "proxy_on_response_body") (param i32 i32 i32) (result i32)
          (call $say (local.get 1)) (call $say (local.get 2)) (i32.const 0))"#
    ));
    let outcome = send(&mut simulator, &get(), &ok(b"upstream"));
    assert_eq!(outcome.decision, Decision::deny(403, "a_rule"));
    assert!(outcome.forwarded.is_none());
    assert_eq!(outcome.response.status, 403);
    assert_eq!(outcome.response.body, b"no");
    assert_eq!(header(&outcome.response.headers, "x-a"), Some(b"1".as_slice()));
    assert_eq!(header(&outcome.response.headers, "content-type"), Some(b"text/plain".as_slice()));
    assert_eq!(header(&outcome.response.headers, "content-length"), Some(b"2".as_slice()));
    assert_eq!(log(&simulator), "a e c b", "four headers, then the body as one last event");
}

#[test]
fn of_two_replies_the_first_wins() {
    let mut simulator = start(&format!(
        r#"{DENY}
        (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
          (call $say (call $deny (i32.const 401))) (call $say (call $deny (i32.const 403))) (i32.const 0))"#
    ));
    assert_eq!(send(&mut simulator, &get(), &ok(b"")).response.status, 401);
    assert_eq!(log(&simulator), "a a");
}

#[test]
fn a_reply_from_the_request_body_still_answers() {
    let mut simulator = start(&format!(
        r#"{DENY}
        (func (export "proxy_on_request_body") (param i32 i32 i32) (result i32) (call $deny (i32.const 422)))"#
    ));
    let outcome = send(&mut simulator, &post(b"abc", None, &[]), &ok(b""));
    assert_eq!((outcome.response.status, outcome.forwarded), (422, None));
}

#[test]
fn a_reply_from_response_headers_replaces_the_response_without_coming_back() {
    let mut simulator = start(&format!(
        r#"{DENY}
        (func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32)
          (call $say (call $deny (i32.const 502))) (i32.const 0))"#
    ));
    let outcome = send(&mut simulator, &get(), &ok(b"upstream"));
    assert!(matches!(outcome.decision, Decision::Deny { status: 502, .. }), "{:?}", outcome.decision);
    assert!(outcome.forwarded.is_some());
    assert_eq!((outcome.response.status, outcome.response.body.as_slice()), (502, b"no".as_slice()));
    assert_eq!(log(&simulator), "a");
}

#[test]
fn a_reply_from_the_response_body_cuts_the_stream() {
    let mut simulator = start(&format!(
        r#"{DENY}
        (func (export "proxy_on_response_body") (param i32 i32 i32) (result i32) (call $deny (i32.const 502)))"#
    ));
    let response = send(&mut simulator, &get(), &ok(b"upstream")).response;
    assert_eq!((response.status, response.complete), (200, false));
    assert!(response.body.is_empty());
}

#[test]
fn a_grpc_request_gets_a_grpc_answer() {
    let mut simulator = start(&format!(
        r#"{DENY}
        (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) (call $deny (i32.const 403)))"#
    ));
    let mut request = get();
    request.headers.push(("content-type".to_owned(), b"application/grpc".to_vec()));
    let response = send(&mut simulator, &request, &ok(b"")).response;
    assert_eq!(response.status, 200);
    assert_eq!(header(&response.headers, "grpc-status"), Some(b"7".as_slice()));
    assert_eq!(header(&response.headers, "grpc-message"), Some(b"no".as_slice()));
    assert!(response.body.is_empty());
}

#[test]
fn during_an_own_reply_the_request_is_still_in_reach_and_a_second_reply_replaces_it() {
    let mut simulator = start(&format!(
        r#"{DENY} (data (i32.const 160) "x-m")
        (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) (call $deny (i32.const 403)))
        (func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32)
          (call $say (call $get_value (i32.const 0) (i32.const 160) (i32.const 3) (i32.const 0) (i32.const 4)))
          (call $tell)
          (call $deny (i32.const 502)))
        (func (export "proxy_on_response_body") (param i32 i32 i32) (result i32) (unreachable))"#
    ));
    let outcome = send(&mut simulator, &get(), &ok(b""));
    assert_eq!((outcome.response.status, outcome.response.body.as_slice()), (502, b"no".as_slice()));
    assert_eq!(log(&simulator), "a one");
}
