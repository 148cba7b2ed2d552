//! Shared data, metrics, properties, filter state, clock, randomness, foreign functions.

use crate::support::{get, log, module, ok, send, start};
use portcullis::tools::engine::Engine;
use portcullis::tools::sim::Simulator;

#[test]
fn shared_data_takes_any_cas_for_an_absent_key_and_is_gone_after_a_new_start() {
    let mut simulator = start(
        r#"(data (i32.const 100) "keyvalue")
        (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
          (call $say (call $get_shared (i32.const 100) (i32.const 3) (i32.const 0) (i32.const 4) (i32.const 8)))
          (call $say (call $set_shared (i32.const 100) (i32.const 3) (i32.const 103) (i32.const 5) (i32.const 77)))
          (call $say (call $set_shared (i32.const 100) (i32.const 3) (i32.const 103) (i32.const 5) (i32.const 77)))
          (call $say (call $get_shared (i32.const 100) (i32.const 3) (i32.const 0) (i32.const 4) (i32.const 8)))
          (call $say (call $set_shared (i32.const 100) (i32.const 3) (i32.const 103) (i32.const 4) (i32.load (i32.const 8))))
          (call $say (call $set_shared (i32.const 100) (i32.const 3) (i32.const 103) (i32.const 3) (i32.const 0)))
          (i32.const 0))"#,
    );
    send(&mut simulator, &get(), &ok(b""));
    assert_eq!(log(&simulator), "b a i a a a");
    assert_eq!(simulator.shared_data(b"key").as_deref(), Some(b"val".as_slice()));
    simulator.start("").unwrap();
    assert_eq!(simulator.shared_data(b"key"), None);
}

#[test]
fn workers_share_data_and_counters_but_not_memory() {
    let name = "policy=.=p;.;rule=.=r1;.;outcome=.=denied;.;portcullis_rule_total";
    let text = format!(
        r#"(module
        (import "env" "proxy_define_metric" (func $define (param i32 i32 i32 i32) (result i32)))
        (import "env" "proxy_increment_metric" (func $increment (param i32 i64) (result i32)))
        (memory (export "memory") 1) (data (i32.const 16) "{name}")
        (func (export "proxy_abi_version_0_2_1"))
        (func (export "malloc") (param i32) (result i32) (i32.const 1024))
        (func (export "proxy_on_configure") (param i32 i32) (result i32)
          (drop (call $define (i32.const 0) (i32.const 16) (i32.const {size}) (i32.const 0)))
          (i32.eqz (call $define (i32.const 0) (i32.const 16) (i32.const {size}) (i32.const 4))))
        (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
          (drop (call $increment (i32.load (i32.const 0)) (i64.const 1)))
          (drop (call $increment (i32.load (i32.const 4)) (i64.const 10)))
          (i32.eq (i32.load (i32.const 0)) (i32.load (i32.const 4)))))"#,
        size = name.len(),
    );
    let mut simulator = Simulator::new(&wat::parse_str(text).unwrap()).unwrap().with_name("optimised module");
    simulator.workers = 2;
    simulator.start("").unwrap();
    for _ in 0..3 {
        send(&mut simulator, &get(), &ok(b""));
    }
    assert_eq!(simulator.counters().unwrap(), [("r1".to_owned(), "denied".to_owned(), 33)]);
    assert_eq!(simulator.name(), "optimised module");
    assert_eq!(simulator.last().host_calls.get("proxy_increment_metric"), Some(&2));
}

#[test]
fn properties_of_a_request() {
    let paths = [
        ("source\\00address", 14, "192.0.2.7:4711"),
        ("source\\00port", 11, "g\u{12}\0\0\0\0\0\0"),
        ("request\\00url_path", 16, "/a"),
        ("request\\00query", 13, "b=c"),
        ("request\\00host", 12, "example.test"),
        ("connection\\00mtls", 15, "\0"),
        ("plugin_root_id", 14, "portcullis"),
    ];
    let mut text = String::new();
    let mut calls = String::new();
    for (index, (path, size, _)) in paths.iter().enumerate() {
        let at = 1024 + index * 64;
        text += &format!("(data (i32.const {at}) \"{path}\")\n");
        calls += &format!("(drop (call $get_property (i32.const {at}) (i32.const {size}) (i32.const 0) (i32.const 4))) (call $tell)\n");
    }
    text += "(data (i32.const 100) \"requestcluster_name\")";
    text += &format!(
        r#"(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
          {calls}
          (call $say (call $get_property (i32.const 100) (i32.const 7) (i32.const 0) (i32.const 4)))
          (call $say (call $get_property (i32.const 107) (i32.const 12) (i32.const 0) (i32.const 4)))
          (i32.const 0))"#
    );
    let mut simulator = start(&text);
    send(&mut simulator, &get(), &ok(b""));
    let lines: Vec<&str> = simulator.logs().iter().map(|(_, line)| line.as_str()).collect();
    let mut expected: Vec<&str> = paths.iter().map(|(_, _, value)| *value).collect();
    expected.extend(["d", "b"]);
    assert_eq!(lines, expected);
}

#[test]
fn what_is_set_can_be_read_back_and_seen() {
    let mut simulator = start(
        r#"(data (i32.const 100) "tiergold")
        (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
          (call $say (call $get_property (i32.const 100) (i32.const 4) (i32.const 0) (i32.const 4)))
          (call $say (call $set_property (i32.const 100) (i32.const 4) (i32.const 104) (i32.const 4)))
          (i32.const 0))
        (func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32)
          (drop (call $get_property (i32.const 100) (i32.const 4) (i32.const 0) (i32.const 4)))
          (call $tell) (i32.const 0))"#,
    );
    send(&mut simulator, &get(), &ok(b""));
    assert_eq!(log(&simulator), "b a gold");
    assert_eq!(simulator.filter_state().get(b"tier".as_slice()).map(Vec::as_slice), Some(b"gold".as_slice()));
}

#[test]
fn foreign_functions_and_calls_to_unknown_clusters() {
    let mut simulator = start(
        r#"(data (i32.const 100) "clear_route_cachenope")
        (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
          (call $say (call $foreign (i32.const 100) (i32.const 17) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 4)))
          (call $say (call $foreign (i32.const 117) (i32.const 4) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 4)))
          (call $say (call $http_call (i32.const 117) (i32.const 4) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
            (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 8)))
          (i32.const 0))"#,
    );
    send(&mut simulator, &get(), &ok(b""));
    assert_eq!(log(&simulator), "a b c");
}

#[test]
fn wasi_clock_randomness_and_output() {
    let text = r#"(module
        (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
        (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
        (import "wasi_unstable" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 2)
        (data (i32.const 8) "\10\00\00\00\03\00\00\00hi\0a")
        (func (export "proxy_abi_version_0_2_1"))
        (func (export "malloc") (param i32) (result i32) (i32.const 1024))
        (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
          (drop (call $write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 64)))
          (if (i32.ne (call $random (i32.const 128) (i32.const 65537)) (i32.const 28)) (then (unreachable)))
          (if (call $random (i32.const 128) (i32.const 8)) (then (unreachable)))
          (if (i64.eqz (i64.load (i32.const 128))) (then (unreachable)))
          (if (call $clock (i32.const 0) (i64.const 0) (i32.const 72)) (then (unreachable)))
          (if (i64.ne (i64.load (i32.const 72)) (i64.const 5)) (then (unreachable)))
          (i32.const 0)))"#;
    let mut simulator = Simulator::new(&wat::parse_str(text).unwrap()).unwrap();
    simulator.start("").unwrap();
    simulator.set_time(5).unwrap();
    assert_eq!(send(&mut simulator, &get(), &ok(b"")).response.status, 200, "{}", log(&simulator));
    assert_eq!(log(&simulator), "hi");
}

#[test]
fn the_same_run_costs_the_same() {
    let run = || {
        let text = r#"(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
            (call $get_pairs (i32.const 0) (i32.const 0) (i32.const 4)))"#;
        let mut simulator = Simulator::new(&module(text)).unwrap();
        simulator.start("").unwrap();
        send(&mut simulator, &get(), &ok(b""));
        simulator.last().clone()
    };
    assert_eq!(run(), run());
}
