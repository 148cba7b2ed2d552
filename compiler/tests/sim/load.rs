//! What is refused at load, and with which words.

use crate::support::{module, refused};
use portcullis::tools::engine::Engine;
use portcullis::tools::sim::Simulator;

const MARKER: &str = r#"(func (export "proxy_abi_version_0_2_1"))"#;
const MEMORY: &str = r#"(memory (export "memory") 2)"#;
const ALLOCATE: &str = r#"(func (export "malloc") (param i32) (result i32) i32.const 1024)"#;

fn refusal(parts: &[&str]) -> String {
    refused(&format!("(module {})", parts.join("\n")))
}

#[test]
fn the_smallest_module_loads() {
    let text = format!("(module {MARKER} {MEMORY} {ALLOCATE})");
    let mut simulator = Simulator::new(&wat::parse_str(text).unwrap()).unwrap();
    simulator.start("").unwrap();
}

#[test]
fn what_envoy_refuses() {
    assert_eq!(refusal(&[MEMORY, ALLOCATE]), "Missing or unknown Proxy-Wasm ABI version");
    assert_eq!(refusal(&[MARKER, MEMORY]), "Wasm module is missing malloc function.");
    assert_eq!(
        refusal(&[r#"(import "env" "proxy_nope" (func))"#, MARKER, MEMORY, ALLOCATE]),
        "Failed to load Wasm module due to a missing import: env.proxy_nope"
    );
    assert_eq!(
        refusal(&[r#"(import "env" "proxy_log" (func (param i32) (result i32)))"#, MARKER, MEMORY, ALLOCATE]),
        "Failed to load Wasm module due to an import type mismatch: env.proxy_log, want: i32 -> i32, but host exports: i32 i32 i32 -> i32"
    );
    assert_eq!(
        refusal(&[r#"(import "env" "g" (global i32))"#, MARKER, MEMORY, ALLOCATE]),
        "Failed to load Wasm module due to a missing import: env.g"
    );
    let callback = r#"(func (export "proxy_on_request_headers") (param i32 i32) (result i32) i32.const 0)"#;
    assert_eq!(refusal(&[MARKER, MEMORY, ALLOCATE, callback]), "Bad function signature for: proxy_on_request_headers");
    assert!(refusal(&[MARKER, MEMORY, ALLOCATE, "(func (result i32))"]).starts_with("failed to load Wasm bytecode"));
}

#[test]
fn what_would_kill_envoy_is_refused_too() {
    assert!(refusal(&[MARKER, ALLOCATE]).contains("segmentation fault"));
    let two = r#"(memory (export "memory") 1) (memory (export "other") 1)"#;
    assert!(refusal(&[MARKER, two, ALLOCATE]).contains("`other`"));
    let two = r#"(memory $m (export "memory") 1) (memory 1) (export "memory2" (memory $m))"#;
    assert!(refusal(&[MARKER, two, ALLOCATE]).contains("memory2"));
    for export in [
        r#"(func (export "f") (param v128))"#,
        r#"(func (export "f") (result v128) unreachable)"#,
        r#"(func (export "f") (param externref))"#,
        r#"(global (export "g") v128 (v128.const i64x2 0 0))"#,
        r#"(tag (export "t"))"#,
    ] {
        let message = refusal(&[MARKER, MEMORY, ALLOCATE, export]);
        assert!(message.contains("SIGTRAP"), "{export}: {message}");
    }
}

#[test]
fn simd_inside_functions_is_fine() {
    let text = module(
        r#"(func $inner (param v128) (result i32) (i8x16.bitmask (local.get 0)))
        (func (export "proxy_on_vm_start") (param i32 i32) (result i32)
          (i32.eqz (call $inner (v128.const i64x2 0 0))))"#,
    );
    Simulator::new(&text).unwrap().start("").unwrap();
}
