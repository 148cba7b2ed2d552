//! A tiny stub for the back end's own tests. In: nothing. Out: its bytes: it imports two policy functions, offers some
//! mechanisms and the callbacks of a headers-only policy, and carries what a toolchain leaves behind.

use portcullis_runtime::contract::{Policy, Val};

use crate::ir::lir;

/// The stub's text.
const STUB: &str = r#"(module
  (import "env" "proxy_log" (func $log (param i32 i32 i32) (result i32)))
  (import "env" "proxy_get_current_time_nanoseconds" (func $time (param i32) (result i32)))
  (import "env" "proxy_set_effective_context" (func $unused (param i32) (result i32)))
  (import "policy" "on_request_headers" (func $decide (param i32) (result i32)))
  (import "policy" "on_response_headers" (func $answer (param i32) (result i32)))
  (import "policy" "condition" (func $condition (param i32) (result i32)))
  (import "policy" "heap_start" (func $heap_start (result i32)))
  (memory (export "memory") 17)
  (global $heap (mut i32) (i32.const 0))
  (global (export "__heap_base") i32 (i32.const 4100))
  (global (export "__data_end") i32 (i32.const 4096))
  (data (i32.const 4096) "stub")
  (func (export "proxy_abi_version_0_2_1"))
  (func (export "proxy_on_memory_allocate") (param i32) (result i32)
    (if (i32.eqz (global.get $heap)) (then (global.set $heap (call $heap_start))))
    (global.get $heap))
  (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) (call $decide (local.get 2)))
  (func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32) (call $answer (local.get 2)))
  (func (export "proxy_on_log") (param i32) (drop (call $unused (local.get 0))))
  (func $equal (export "rt.str_equal") (param i64 i64) (result i32) (i64.eq (local.get 0) (local.get 1)))
  (func $path (export "rt.request_path") (result i64) (i64.const 42))
  (func $first (export "rt.rules_first") (param i64 i32) (result i32) (call $condition (local.get 1)))
  (func $count (export "rt.count") (param i32) (drop (call $log (i32.const 2) (i32.const 4096) (i32.const 4))))
  (@custom "target_features" "\00")
  (@producers (language "Rust" "1"))
)"#;

/// The stub's bytes.
pub(crate) fn stub() -> Vec<u8> {
    wat::parse_str(STUB).unwrap()
}

/// A function that returns 0 or nothing.
pub(crate) fn nothing(policy: Policy) -> lir::Function {
    let signature = policy.signature();
    let zero = signature.result.map(|val| match val {
        Val::I32 => lir::Expr::I32(0),
        Val::I64 => lir::Expr::I64(0),
        Val::F64 => lir::Expr::F64(0.0),
    });
    lir::Function {
        name: format!("no {}", signature.name),
        params: signature.params.to_vec(),
        locals: Vec::new(),
        result: signature.result,
        body: vec![lir::Stmt::Return(zero)],
    }
}

/// A module in which every policy function does nothing.
pub(crate) fn module() -> lir::Module {
    let mut module = lir::Module { callbacks: vec!["proxy_on_request_headers"], ..lir::Module::default() };
    for policy in Policy::ALL.iter().copied().filter(|policy| *policy != Policy::HeapStart) {
        module.implements.push((policy, lir::FunctionId(u32::try_from(module.functions.len()).unwrap())));
        module.functions.push(nothing(policy));
    }
    module
}

/// Replaces what implements a policy function.
pub(crate) fn implement(module: &mut lir::Module, policy: Policy, locals: &[Val], body: Vec<lir::Stmt>) {
    let (_, id) = *module.implements.iter().find(|(which, _)| *which == policy).unwrap();
    let function = &mut module.functions[id.0 as usize];
    function.name = format!("my {}", policy.signature().name);
    function.locals = locals.to_vec();
    function.body = body;
}
