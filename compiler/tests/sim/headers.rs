//! The simulator on header maps: windows of access, duplicates, limits, order.


use portcullis::tools::engine::Engine;
use portcullis::tools::message::{Decision, header};
use crate::support::{get, log, ok, send, start};

#[test]
fn a_module_without_callbacks_changes_nothing() {
    let mut simulator = start("");
    let outcome = send(&mut simulator, &get(), &ok(b"hello"));
    assert_eq!(outcome.decision, Decision::Allow);
    let forwarded = outcome.forwarded.unwrap();
    assert_eq!((forwarded.method.as_str(), forwarded.target.as_str()), ("GET", "/a?b=c"));
    assert_eq!(forwarded.authority, "example.test");
    assert_eq!(forwarded.headers.len(), 2);
    assert_eq!(forwarded.cluster, None);
    assert_eq!((outcome.response.status, outcome.response.complete), (200, true));
    assert_eq!(outcome.response.body, b"hello");
    assert_eq!(header(&outcome.response.headers, "content-length"), Some(b"5".as_slice()));
    assert_eq!(simulator.last().total_host_calls(), 0);
    assert_eq!(simulator.name(), "simulator");
}

#[test]
fn of_duplicate_headers_the_value_call_gives_the_first_and_the_property_all() {
    let mut simulator = start(
        r#"(data (i32.const 100) "x-m") (data (i32.const 110) "request\00headers\00X-M")
        (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
          (call $say (call $get_value (i32.const 0) (i32.const 100) (i32.const 3) (i32.const 0) (i32.const 4)))
          (call $tell)
          (call $say (call $get_property (i32.const 110) (i32.const 19) (i32.const 0) (i32.const 4)))
          (call $tell)
          (i32.const 0))"#,
    );
    send(&mut simulator, &get(), &ok(b""));
    assert_eq!(log(&simulator), "a one a one,two");
}
