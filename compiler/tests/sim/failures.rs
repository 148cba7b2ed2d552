//! Traps, failing allocation, restricted calls, endless loops.

use crate::support::{get, log, module, ok, send, start};
use portcullis::tools::engine::Engine;
use portcullis::tools::message::{Decision, header};
use portcullis::tools::sim::{FailurePolicy, Simulator};

/// Traps on requests with an `x-trap` header; counts requests in linear memory and logs the count.
const TRAP: &str = r#"(data (i32.const 100) "x-trap")
    (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
      (i32.store (i32.const 200) (i32.add (i32.load (i32.const 200)) (i32.const 1)))
      (call $say (i32.load (i32.const 200)))
      (if (i32.eqz (call $get_value (i32.const 0) (i32.const 100) (i32.const 6) (i32.const 0) (i32.const 4)))
        (then (unreachable)))
      (i32.const 0))"#;

#[test]
fn a_trap_is_503_and_then_a_fresh_vm_or_503_for_ever() {
    let mut trap = get();
    trap.headers.push(("x-trap".to_owned(), b"1".to_vec()));
    let mut simulator = start(TRAP);
    let outcome = send(&mut simulator, &trap, &ok(b""));
    assert_eq!(outcome.response.status, 503);
    assert_eq!(outcome.decision, Decision::deny(503, "wasm_fail_stream"));
    assert_eq!(send(&mut simulator, &get(), &ok(b"")).response.status, 200);
    let text = log(&simulator);
    assert!(text.contains("Function: proxy_on_request_headers failed: "), "{text}");
    assert!(text.ends_with(" b"), "the fresh VM counts from one again: {text}");

    let mut simulator = Simulator::new(&module(TRAP)).unwrap();
    simulator.failure_policy = FailurePolicy::FailClosed;
    simulator.start("").unwrap();
    for request in [&trap, &get(), &get()] {
        assert_eq!(send(&mut simulator, request, &ok(b"")).response.status, 503);
    }
}

#[test]
fn a_trap_on_one_worker_leaves_the_other_alone() {
    let mut trap = get();
    trap.headers.push(("x-trap".to_owned(), b"1".to_vec()));
    let mut simulator = Simulator::new(&module(TRAP)).unwrap();
    simulator.failure_policy = FailurePolicy::FailClosed;
    simulator.workers = 2;
    simulator.start("").unwrap();
    let statuses: Vec<u16> =
        [&trap, &get(), &get(), &get()].iter().map(|request| send(&mut simulator, request, &ok(b"")).response.status).collect();
    assert_eq!(statuses, [503, 200, 503, 200]);
}

#[test]
fn a_trap_in_the_response_answers_503_before_the_headers_and_cuts_after() {
    let mut simulator = start(r#"(func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32) (unreachable))"#);
    let outcome = send(&mut simulator, &get(), &ok(b"abc"));
    assert_eq!((outcome.response.status, outcome.decision), (503, Decision::Allow));
    let mut simulator = start(r#"(func (export "proxy_on_response_body") (param i32 i32 i32) (result i32) (unreachable))"#);
    let response = send(&mut simulator, &get(), &ok(b"abc")).response;
    assert_eq!((response.status, response.complete), (200, false));
}

#[test]
fn a_trap_in_the_log_callback_costs_the_vm_but_not_the_response() {
    let mut simulator = Simulator::new(&module(r#"(func (export "proxy_on_log") (param i32) (unreachable))"#)).unwrap();
    simulator.failure_policy = FailurePolicy::FailClosed;
    simulator.start("").unwrap();
    assert_eq!(send(&mut simulator, &get(), &ok(b"")).response.status, 200);
    assert_eq!(send(&mut simulator, &get(), &ok(b"")).response.status, 503);
}

/// A module with its own allocation body, which logs the status of one value call.
fn allocating(body: &str) -> Vec<u8> {
    wat::parse_str(format!(
        r#"(module
        (import "env" "proxy_log" (func $log (param i32 i32 i32) (result i32)))
        (import "env" "proxy_get_header_map_value" (func $get_value (param i32 i32 i32 i32 i32) (result i32)))
        (import "env" "proxy_add_header_map_value" (func $add (param i32 i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 2) (data (i32.const 100) "x-m")
        (func (export "proxy_abi_version_0_2_1"))
        (func (export "proxy_on_memory_allocate") (param i32) (result i32) {body})
        (func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32)
          (i32.store8 (i32.const 16) (i32.add (i32.const 97)
            (call $get_value (i32.const 2) (i32.const 100) (i32.const 3) (i32.const 0) (i32.const 4))))
          (drop (call $add (i32.const 2) (i32.const 100) (i32.const 3) (i32.const 16) (i32.const 1)))
          (i32.const 0)))"#
    ))
    .unwrap()
}

#[test]
fn allocation_that_gives_nothing_is_status_6_and_a_trap_in_it_ends_the_vm() {
    let run = |body: &str| {
        let mut simulator = Simulator::new(&allocating(body)).unwrap();
        simulator.start("").unwrap();
        let mut answer = ok(b"");
        answer.headers.push(("x-m".to_owned(), b"v".to_vec()));
        let response = send(&mut simulator, &get(), &answer).response;
        let values: Vec<Vec<u8>> = response.headers.iter().filter(|(name, _)| name == "x-m").map(|(_, value)| value.clone()).collect();
        (response.status, values, log(&simulator))
    };
    let both = |status: &[u8]| vec![b"v".to_vec(), status.to_vec()];
    assert_eq!(run("(i32.const 1024)").1, both(b"a"));
    assert_eq!(run("(i32.const 0)").1, both(b"g"));
    assert_eq!(run("(i32.const -8)").1, both(b"g"));
    let (status, _, text) = run("(unreachable)");
    assert_eq!(status, 503);
    assert!(text.contains("allocation"), "{text}");
    // Logging is allowed while allocating, other calls are not.
    assert_eq!(run("(drop (call $log (i32.const 2) (i32.const 100) (i32.const 3))) (i32.const 1024)").2, "x-m");
    let (status, _, text) =
        run("(drop (call $add (i32.const 2) (i32.const 100) (i32.const 3) (i32.const 100) (i32.const 1))) (i32.const 1024)");
    assert_eq!(status, 503);
    assert!(text.contains("restricted_callback"), "{text}");
}

#[test]
fn malloc_goes_before_the_other_name() {
    let text = r#"(module
        (import "env" "proxy_get_header_map_value" (func $get_value (param i32 i32 i32 i32 i32) (result i32)))
        (import "env" "proxy_add_header_map_value" (func $add (param i32 i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 2) (data (i32.const 100) "x-m")
        (func (export "proxy_abi_version_0_2_1"))
        (func (export "proxy_on_memory_allocate") (param i32) (result i32) (unreachable))
        (func (export "malloc") (param i32) (result i32) (i32.const 1024))
        (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
          (call $get_value (i32.const 0) (i32.const 100) (i32.const 3) (i32.const 0) (i32.const 4))))"#;
    let mut simulator = Simulator::new(
        &wat::parse_str(
            text.replace("(import \"env\" \"proxy_add_header_map_value\" (func $add (param i32 i32 i32 i32 i32) (result i32)))", ""),
        )
        .unwrap(),
    )
    .unwrap();
    simulator.start("").unwrap();
    assert_eq!(send(&mut simulator, &get(), &ok(b"")).response.status, 200);
}

#[test]
fn while_starting_only_logging_is_allowed() {
    let start = |call: &str| Simulator::new(&module(&format!(r#"(func (export "_initialize") {call})"#))).unwrap().start("");
    start("(call $say (i32.const 0))").unwrap();
    let error = start("(drop (call $get_pairs (i32.const 0) (i32.const 0) (i32.const 4)))").unwrap_err();
    assert!(error.0.contains("restricted_callback"), "{error}");
}

#[test]
fn an_endless_loop_is_an_error_of_the_engine() {
    let text = r#"(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) (loop $l (br $l)) (i32.const 0))"#;
    let mut simulator = Simulator::new(&module(text)).unwrap();
    simulator.fuel_per_callback = Some(1_000_000);
    simulator.start("").unwrap();
    let error = simulator.request(&get(), &ok(b"")).unwrap_err();
    assert!(error.0.contains("`proxy_on_request_headers` hangs"), "{error}");
}

#[test]
fn an_endless_stack_is_a_trap() {
    let mut simulator = start(
        r#"(func $f (param i32) (result i32) (i32.add (i32.const 1) (call $f (local.get 0))))
        (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) (call $f (i32.const 0)))"#,
    );
    let response = send(&mut simulator, &get(), &ok(b"")).response;
    assert_eq!(response.status, 503);
    assert_eq!(header(&response.headers, "content-length"), Some(b"0".as_slice()));
}
