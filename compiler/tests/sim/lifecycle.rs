//! VMs, contexts, configuration and its change, ticks.

use crate::support::{get, log, module, ok, send, start};
use portcullis::tools::engine::Engine;
use portcullis::tools::sim::Simulator;

/// Logs the configuration; refuses one that begins with `!` after a log line at level error.
const CONFIGURED: &str = r#"(data (i32.const 100) "key `a` is bad")
    (global $roots (mut i32) (i32.const 0))
    (func (export "proxy_on_configure") (param i32 i32) (result i32)
      (call $say (local.get 1))
      (if (i32.eqz (local.get 1)) (then (return (i32.const 1))))
      (drop (call $get_body (i32.const 7) (i32.const 0) (i32.const 99) (i32.const 0) (i32.const 4)))
      (call $tell)
      (if (i32.eq (i32.load8_u (i32.load (i32.const 0))) (i32.const 33))
        (then (drop (call $log (i32.const 4) (i32.const 100) (i32.const 14))) (return (i32.const 0))))
      (i32.const 1))
    (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
      (call $say (call $get_body (i32.const 7) (i32.const 0) (i32.const 99) (i32.const 0) (i32.const 4)))
      (i32.const 0))
    (func (export "proxy_on_context_create") (param i32 i32)
      (call $say (local.get 0)) (call $say (local.get 1)))"#;

#[test]
fn the_configuration_arrives_as_given_once_per_vm_and_canary() {
    let mut simulator = Simulator::new(&module(CONFIGURED)).unwrap();
    simulator.workers = 2;
    // What a google.protobuf.Struct looks like when Envoy hands it over: its own bytes, not JSON.
    simulator.start_with(b"\x0a\x0e{").unwrap();
    let lines: Vec<&str> = simulator.logs().iter().map(|(_, line)| line.as_str()).collect();
    assert_eq!(lines.concat(), "bad\u{a}\u{e}{".repeat(4), "canary, main thread, two workers");
    send(&mut simulator, &get(), &ok(b""));
    assert!(log(&simulator).ends_with(" c b b"), "context 2 under root 1, and no configuration to read any more");
}

#[test]
fn a_refused_configuration_names_what_the_module_logged() {
    let mut simulator = Simulator::new(&module(CONFIGURED)).unwrap();
    let error = simulator.start("!").unwrap_err();
    assert_eq!(error.0, "`proxy_on_configure` refused the configuration: key `a` is bad");
    assert!(simulator.request(&get(), &ok(b"")).is_err());
}

/// Tells the root of a stream in the response header `root`.
const ROOTS: &str = r#"(data (i32.const 100) "root")
    (func (export "proxy_on_context_create") (param i32 i32)
      (i32.store (i32.mul (local.get 0) (i32.const 1024)) (local.get 1)))
    (func (export "proxy_on_configure") (param i32 i32) (result i32) (i32.ne (local.get 1) (i32.const 1)))
    (func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32)
      (i32.store8 (i32.const 16) (i32.add (i32.const 97) (i32.load (i32.mul (local.get 0) (i32.const 1024)))))
      (drop (call $add (i32.const 2) (i32.const 100) (i32.const 4) (i32.const 16) (i32.const 1)))
      (i32.const 0))"#;

fn root(outcome: &portcullis::tools::message::Outcome) -> String {
    let value = portcullis::tools::message::header(&outcome.response.headers, "root").unwrap();
    String::from_utf8_lossy(value).into_owned()
}

#[test]
fn reconfiguring_adds_a_root_and_streams_keep_theirs() {
    let mut simulator = start(ROOTS);
    assert_eq!(root(&send(&mut simulator, &get(), &ok(b""))), "b");
    let pending = simulator.begin(&get()).unwrap();
    simulator.reconfigure("new").unwrap();
    assert_eq!(root(&send(&mut simulator, &get(), &ok(b""))), "e", "contexts 1 to 3 were taken, so the new root is 4");
    assert_eq!(root(&simulator.finish(pending, &ok(b"")).unwrap()), "b");
    simulator.reconfigure("x").unwrap_err();
    assert_eq!(root(&send(&mut simulator, &get(), &ok(b""))), "e");
}

#[test]
fn ticks_run_on_every_thread_that_asked() {
    let text = r#"(module
        (import "env" "proxy_set_tick_period_milliseconds" (func $period (param i32) (result i32)))
        (import "env" "proxy_log" (func $log (param i32 i32 i32) (result i32)))
        (memory (export "memory") 1) (data (i32.const 16) "tick")
        (func (export "proxy_abi_version_0_2_1"))
        (func (export "malloc") (param i32) (result i32) (i32.const 1024))
        (func (export "proxy_on_configure") (param i32 i32) (result i32)
          (i32.eqz (call $period (i32.const 1000))))
        (func (export "proxy_on_tick") (param i32)
          (drop (call $log (i32.const 2) (i32.const 16) (i32.const 4)))))"#;
    let mut simulator = Simulator::new(&wat::parse_str(text).unwrap()).unwrap();
    simulator.set_time(1_000_000_000_000_000_000).unwrap();
    simulator.start("").unwrap();
    simulator.set_time(1_000_000_000_000_000_000).unwrap();
    assert_eq!(log(&simulator), "", "no time has passed");
    simulator.set_time(1_000_000_000_100_000_000).unwrap();
    assert_eq!(log(&simulator), "tick tick", "main thread and one worker");
}

#[test]
fn a_stream_ends_with_log_then_done_then_delete() {
    let mut simulator = start(
        r#"(func (export "proxy_on_done") (param i32) (result i32) (call $say (i32.const 1)) (i32.const 1))
        (func (export "proxy_on_log") (param i32) (call $say (i32.const 0)))
        (func (export "proxy_on_delete") (param i32) (call $say (i32.const 2)))"#,
    );
    send(&mut simulator, &get(), &ok(b""));
    assert_eq!(log(&simulator), "a b c");
}
