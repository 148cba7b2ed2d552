//! The simulator on header maps: windows of access, duplicates, limits, order.

use crate::support::{get, log, ok, send, start};
use portcullis::tools::engine::Engine;
use portcullis::tools::message::{Decision, header};

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

#[test]
fn pairs_come_in_the_order_of_envoy() {
    let mut simulator = start(
        r#"(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
          (drop (call $get_pairs (i32.const 0) (i32.const 0) (i32.const 4)))
          (call $tell) (i32.const 0))"#,
    );
    send(&mut simulator, &get(), &ok(b""));
    let text = log(&simulator);
    assert!(text.starts_with('\u{8}'), "eight pairs");
    let order = [":authority\0", ":path\0", ":method\0", ":scheme\0", "x-m\0one", "x-m\0two", "x-forwarded-proto", "x-request-id"];
    let places: Vec<usize> = order.iter().map(|name| text.find(name).unwrap_or_else(|| panic!("{name}"))).collect();
    assert!(places.is_sorted(), "{places:?}");
    assert_eq!(simulator.last().host_calls.get("proxy_get_header_map_pairs"), Some(&1));
    assert!(simulator.last().fuel > 0 && simulator.last().memory_pages == 4);
}

#[test]
fn replace_removes_every_line_and_remove_too() {
    let mut simulator = start(
        r#"(data (i32.const 100) "X-Mvalueaddx-portcullis-clusterblue")
        (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
          (call $say (call $replace (i32.const 0) (i32.const 100) (i32.const 3) (i32.const 103) (i32.const 5)))
          (call $say (call $add (i32.const 0) (i32.const 108) (i32.const 3) (i32.const 103) (i32.const 5)))
          (call $say (call $add (i32.const 0) (i32.const 108) (i32.const 3) (i32.const 103) (i32.const 1)))
          (call $say (call $add (i32.const 0) (i32.const 111) (i32.const 20) (i32.const 131) (i32.const 4)))
          (call $say (call $add (i32.const 9) (i32.const 108) (i32.const 3) (i32.const 103) (i32.const 1)))
          (i32.const 0))
        (func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32)
          (call $say (call $add (i32.const 2) (i32.const 108) (i32.const 3) (i32.const 103) (i32.const 1)))
          (call $say (call $remove (i32.const 2) (i32.const 108) (i32.const 3)))
          (i32.const 0))"#,
    );
    let outcome = send(&mut simulator, &get(), &ok(b""));
    assert_eq!(log(&simulator), "a a a a c a a");
    let forwarded = outcome.forwarded.unwrap();
    let line = |name: &str, value: &str| (name.to_owned(), value.as_bytes().to_vec());
    assert_eq!(forwarded.headers, [line("x-m", "value"), line("add", "value"), line("add", "v"), line("x-portcullis-cluster", "blue")]);
    assert_eq!(forwarded.cluster.as_deref(), Some("blue"));
    assert_eq!(header(&outcome.response.headers, "add"), None);
}

#[test]
fn the_request_map_is_out_of_reach_in_the_response_phase() {
    let mut simulator = start(
        r#"(data (i32.const 100) "x-mrequest\00pathresponse\00code")
        (func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32)
          (call $say (call $get_value (i32.const 0) (i32.const 100) (i32.const 3) (i32.const 0) (i32.const 4)))
          (i32.store (i32.const 4) (i32.const 5))
          (call $say (call $get_pairs (i32.const 0) (i32.const 0) (i32.const 4)))
          (call $say (i32.load (i32.const 4)))
          (call $say (call $add (i32.const 0) (i32.const 100) (i32.const 3) (i32.const 103) (i32.const 1)))
          (call $say (call $get_property (i32.const 103) (i32.const 12) (i32.const 0) (i32.const 4)))
          (call $say (call $get_property (i32.const 115) (i32.const 13) (i32.const 0) (i32.const 4)))
          (call $say (i32.load (i32.const 4)))
          (i32.const 0))
        (func (export "proxy_on_log") (param i32)
          (call $say (call $get_pairs (i32.const 0) (i32.const 0) (i32.const 4)))
          (call $say (call $add (i32.const 0) (i32.const 100) (i32.const 3) (i32.const 103) (i32.const 1))))"#,
    );
    send(&mut simulator, &get(), &ok(b""));
    // The list of a map that is gone is empty, with OK; every other call says 2.
    assert_eq!(log(&simulator), "c a a c b a i a c");
}

#[test]
fn more_than_1024_pairs_delete_every_header_with_ok() {
    let set = |count: u32| {
        // The first pair is `:status: 200`, all others are `x: v`.
        let pairs = 4 + count * 8;
        start(&format!(
            r#"(data (i32.const 100) ":status\00200\00")
            (func $fill (local i32)
              (i32.store (i32.const 131072) (i32.const {count}))
              (loop $more
                (i32.store (i32.add (i32.const 131076) (i32.mul (local.get 0) (i32.const 8))) (i32.const 1))
                (i32.store (i32.add (i32.const 131080) (i32.mul (local.get 0) (i32.const 8))) (i32.const 1))
                (i32.store (i32.add (i32.const {texts}) (i32.mul (local.get 0) (i32.const 4))) (i32.const 0x00760078))
                (local.set 0 (i32.add (local.get 0) (i32.const 1)))
                (br_if $more (i32.lt_u (local.get 0) (i32.const {count})))))
            (func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32)
              (call $fill)
              (i32.store (i32.const 131076) (i32.const 7))
              (i32.store (i32.const 131080) (i32.const 3))
              (memory.copy (i32.const {first}) (i32.const 100) (i32.const 12))
              (call $say (call $set_pairs (i32.const 2) (i32.const 131072) (i32.const {size})))
              (i32.const 0))"#,
            first = 131_072 + pairs,
            // Twelve bytes for the first pair, which the loop writes to the wrong place and the copy mends.
            texts = 131_072 + pairs + 8,
            size = pairs + 12 + (count - 1) * 4,
        ))
    };
    let taken = |count: u32| {
        let mut simulator = set(count);
        let outcome = send(&mut simulator, &get(), &ok(b"hello"));
        assert_eq!(log(&simulator), "a", "the call says OK both times");
        outcome.response
    };
    // The list brings a new :status, so its going shows what became of the map.
    let response = taken(1024);
    assert_eq!((response.status, response.headers.len()), (200, 1023));
    let response = taken(1025);
    assert_eq!(response.status, 502, "even :status is gone");
    assert!(response.headers.iter().all(|(name, _)| name != "x"));
}

#[test]
fn pointers_out_of_bounds_are_status_6() {
    let mut simulator = start(
        r#"(data (i32.const 100) "x-m")
        (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
          (call $say (call $get_value (i32.const 0) (i32.const -1) (i32.const 3) (i32.const 0) (i32.const 4)))
          (call $say (call $get_value (i32.const 0) (i32.const 100) (i32.const 3) (i32.const -4) (i32.const 4)))
          (call $say (call $log (i32.const 6) (i32.const 0) (i32.const 0)))
          (i32.const 0))"#,
    );
    assert_eq!(send(&mut simulator, &get(), &ok(b"")).response.status, 200);
    assert_eq!(log(&simulator), "g g c");
}

#[test]
fn some_duplicates_arrive_as_one_line_and_some_as_they_came() {
    let mut request = get();
    request.headers.clear();
    for name in ["authorization", "cookie", "accept", "accept-language", "x-envoy-retry-on", "te"] {
        for value in ["1", "2"] {
            request.headers.push((name.to_owned(), value.as_bytes().to_vec()));
        }
    }
    let forwarded = send(&mut start(""), &request, &ok(b"")).forwarded.unwrap();
    let lines: Vec<String> = forwarded.headers.iter().map(|(name, value)| format!("{name}={}", String::from_utf8_lossy(value))).collect();
    assert_eq!(lines, ["authorization=1,2", "cookie=1", "cookie=2", "accept=1,2", "accept-language=1", "accept-language=2"]);
}

#[test]
fn hop_by_hop_headers_and_those_that_connection_names_do_not_pass() {
    let mut request = get();
    request.headers = ["connection: close, X-Hop", "x-hop: 1", "keep-alive: 1", "x-forwarded-proto: https"]
        .iter()
        .map(|line| line.split_once(": ").unwrap())
        .map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()))
        .collect();
    let mut simulator = start(
        r#"(data (i32.const 100) ":scheme")
        (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
          (drop (call $get_value (i32.const 0) (i32.const 100) (i32.const 7) (i32.const 0) (i32.const 4)))
          (call $tell) (i32.const 0))"#,
    );
    assert!(send(&mut simulator, &request, &ok(b"")).forwarded.unwrap().headers.is_empty());
    assert_eq!(log(&simulator), "http", "not the scheme that the client claims");
    simulator.trusted_hops = 1;
    send(&mut simulator, &request, &ok(b""));
    assert!(log(&simulator).ends_with("https"), "the scheme that a trusted proxy tells");
}
