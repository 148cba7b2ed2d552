//! The back end as a whole, with a tiny stub: what is exported, imported, carried and computed.

use portcullis_runtime::contract::{Mechanism, Policy, Val};

use super::{Options, emit, testing};
use crate::ir::lir::{BinaryOp, Content, Data, DataId, Expr, FunctionId, Local, Module, Stmt, UnaryOp};

fn build(module: &Module) -> Vec<u8> {
    let stub = testing::stub();
    emit(module, &Options { stub: &stub, simd: false }).unwrap().wasm
}

fn run(wasm: &[u8], function: &str, params: &[i32]) -> i32 {
    let engine = wasmi::Engine::default();
    let module = wasmi::Module::new(&engine, wasm).unwrap();
    let mut store = wasmi::Store::new(&engine, ());
    let mut linker = wasmi::Linker::new(&engine);
    linker.func_wrap("env", "proxy_log", |_: i32, _: i32, _: i32| 0i32).unwrap();
    let instance = linker.instantiate_and_start(&mut store, &module).unwrap();
    let params: Vec<wasmi::Val> = params.iter().map(|value| wasmi::Val::I32(*value)).collect();
    let mut results = [wasmi::Val::I32(0)];
    let function = instance.get_func(&store, function).unwrap();
    function.call(&mut store, &params, &mut results).unwrap();
    results[0].i32().unwrap()
}

fn text(wasm: &[u8]) -> String {
    wasmprinter::print_bytes(wasm).unwrap()
}

fn local(number: u32) -> Expr {
    Expr::Local(Local(number))
}

fn binary(op: BinaryOp, first: Expr, second: Expr) -> Expr {
    Expr::Binary(op, Box::new(first), Box::new(second))
}

#[test]
fn the_committed_stub_offers_every_mechanism_of_the_contract() {
    let mut module = testing::module();
    let offered = super::link::callbacks(super::STUB).unwrap();
    module.callbacks =
        super::abi::CALLBACKS.iter().map(|callback| callback.0).filter(|name| offered.contains(&(*name).to_owned())).collect();
    module.callbacks.sort_unstable();
    assert!(module.callbacks.contains(&"proxy_on_request_headers"));
    let body = Mechanism::ALL.iter().map(|mechanism| {
        let arguments = mechanism.signature().params.iter().map(|param| match param {
            Val::I32 => Expr::I32(0),
            Val::I64 => Expr::I64(0),
            Val::F64 => Expr::F64(0.0),
        });
        Stmt::Do(Expr::Call(*mechanism, arguments.collect()))
    });
    let body = body.chain([Stmt::Return(Some(Expr::I32(0)))]).collect();
    testing::implement(&mut module, Policy::OnRequestHeaders, &[], body);
    let output = emit(&module, &Options::default()).unwrap();
    assert_eq!(output.report.callbacks, module.callbacks);
    let mut headers_only = testing::module();
    headers_only.callbacks = vec!["proxy_on_configure", "proxy_on_request_headers"];
    let report = emit(&headers_only, &Options::default()).unwrap().report;
    assert!(report.total < output.report.total && report.memory_pages == 2, "{report}");
}

#[test]
fn only_what_the_policy_uses_stays() {
    let wat = text(&build(&testing::module()));
    assert!(wat.contains("(export \"proxy_on_request_headers\""), "{wat}");
    for gone in [
        "proxy_on_response_headers",
        "proxy_on_log",
        "proxy_log",
        "rt.",
        "policy\"",
        "__heap_base",
        "target_features",
        "producers",
        "walrus",
        "no condition",
    ] {
        assert!(!wat.contains(gone), "`{gone}` is left in\n{wat}");
    }
    assert!(wat.contains("(memory (;0;) 2)"), "{wat}");
}

#[test]
fn data_lies_above_the_stub_and_below_the_heap() {
    let mut module = testing::module();
    module.data.push(Data { name: "ids".into(), content: Content::Zero(100) });
    module.data.push(Data { name: "unused".into(), content: Content::Bytes(b"never read".to_vec()) });
    module.data.push(Data { name: "greeting".into(), content: Content::Bytes(b"hello".to_vec()) });
    // The address in the low half of the greeting plus the address of the ids.
    let greeting = Expr::Unary(UnaryOp::Wrap, Box::new(Expr::DataPart(DataId(2), 1, 4)));
    let sum = binary(BinaryOp::Add32, binary(BinaryOp::Multiply32, greeting, Expr::I32(10_000)), Expr::Address(DataId(0)));
    testing::implement(&mut module, Policy::OnRequestHeaders, &[], vec![Stmt::Return(Some(sum))]);
    let wasm = build(&module);
    assert_eq!(run(&wasm, "proxy_on_request_headers", &[1, 0, 0]), 4113 * 10_000 + 4128);
    assert_eq!(run(&wasm, "proxy_on_memory_allocate", &[1]), 4240);
    assert!(!text(&wasm).contains("never read"));
}

#[test]
fn data_that_only_unexported_callbacks_read_is_dropped() {
    let mut module = testing::module();
    module.data.push(Data { name: "answer".into(), content: Content::Bytes(b"for responses".to_vec()) });
    let read = Expr::Unary(UnaryOp::Wrap, Box::new(Expr::Data(DataId(0))));
    testing::implement(&mut module, Policy::OnResponseHeaders, &[], vec![Stmt::Return(Some(read))]);
    assert!(!text(&build(&module)).contains("for responses"));
    module.callbacks.push("proxy_on_response_headers");
    assert!(text(&build(&module)).contains("for responses"));
}

#[test]
fn every_statement_and_operation_runs() {
    let mut module = testing::module();
    // for i below 10 { if i == 3 { skip } else { sum += i } ; switch i { case 0: sum += 100; case 1: sum += 1000 } otherwise {} }
    let (i, sum) = (Local(1), Local(2));
    let add = |value: Expr| Stmt::Set(sum, binary(BinaryOp::Add32, local(2), value));
    let body = vec![
        Stmt::If(binary(BinaryOp::Equal32, local(1), Expr::I32(3)), vec![], vec![add(local(1))]),
        Stmt::Switch(local(1), vec![vec![add(Expr::I32(100))], vec![add(Expr::I32(1000))]], vec![add(Expr::I32(10_000))]),
    ];
    let list = vec![
        Stmt::Count(i, Expr::I32(10), body),
        Stmt::Do(Expr::Call(Mechanism::Count, vec![Expr::I32(0)])),
        Stmt::Do(Expr::Call(Mechanism::RequestPath, vec![])),
        Stmt::If(
            Expr::Call(Mechanism::StrEqual, vec![Expr::Call(Mechanism::RequestPath, vec![]), Expr::I64(42)]),
            vec![add(Expr::I32(1))],
            vec![],
        ),
        Stmt::Return(Some(Expr::If(
            Val::I32,
            Box::new(Expr::Unary(UnaryOp::Not, Box::new(local(0)))),
            Box::new(Expr::Block(vec![add(Expr::I32(1_000_000))], Box::new(local(2)))),
            Box::new(local(2)),
        ))),
    ];
    testing::implement(&mut module, Policy::OnRequestHeaders, &[Val::I32, Val::I32], list);
    let wasm = build(&module);
    let expected = 45 - 3 + 100 + 1000 + 8 * 10_000 + 1;
    assert_eq!(run(&wasm, "proxy_on_request_headers", &[1, 0, 1]), expected);
    assert_eq!(run(&wasm, "proxy_on_request_headers", &[1, 0, 0]), expected + 1_000_000);
    assert!(text(&wasm).contains("my on_request_headers"));
}

#[test]
fn large_switches_become_chunks() {
    let mut module = testing::module();
    let arms = (0..1000).map(|number| vec![Stmt::Return(Some(Expr::I32(number * 7)))]).collect();
    let switch = Stmt::Switch(local(0), arms, vec![Stmt::Return(Some(Expr::I32(-1)))]);
    testing::implement(&mut module, Policy::OnRequestHeaders, &[], vec![switch]);
    let wasm = build(&module);
    for number in [0, 1, 255, 256, 511, 999] {
        assert_eq!(run(&wasm, "proxy_on_request_headers", &[1, 0, number]), number * 7);
    }
    for number in [-1, 1000, i32::MIN, i32::MAX] {
        assert_eq!(run(&wasm, "proxy_on_request_headers", &[1, 0, number]), -1);
    }
    assert!(text(&wasm).contains("my on_request_headers 256..512"));
}

#[test]
fn chunks_of_arms_that_come_back_keep_what_follows() {
    let mut module = testing::module();
    let arms = (0..600)
        .map(|number| {
            vec![Stmt::If(
                binary(BinaryOp::Equal32, local(0), Expr::I32(number)),
                vec![Stmt::Do(Expr::Call(Mechanism::Count, vec![local(1)]))],
                vec![],
            )]
        })
        .collect();
    let body = vec![
        Stmt::Set(Local(1), Expr::I32(5)),
        Stmt::Count(Local(2), Expr::I32(3), vec![Stmt::Switch(local(2), arms, vec![])]),
        Stmt::Return(Some(local(1))),
    ];
    testing::implement(&mut module, Policy::OnRequestHeaders, &[Val::I32, Val::I32], body);
    let wasm = build(&module);
    assert_eq!(run(&wasm, "proxy_on_request_headers", &[1, 0, 2]), 5);
    assert!(text(&wasm).contains("my on_request_headers 512..600"));
}

#[test]
fn the_description_lists_host_calls_and_bytes_repeat() {
    let mut module = testing::module();
    module.sections.push(("portcullis".into(), br#"{"policy":"gate"}"#.to_vec()));
    let call = vec![Stmt::Do(Expr::Call(Mechanism::Count, vec![Expr::I32(0)])), Stmt::Return(Some(Expr::I32(0)))];
    testing::implement(&mut module, Policy::OnRequestHeaders, &[], call);
    let wasm = build(&module);
    assert_eq!(wasm, build(&module));
    let wanted = br#"{"policy":"gate","host_calls":["proxy_log"]}"#;
    assert!(wasm.windows(wanted.len()).any(|window| window == wanted));
}

#[test]
fn malformed_lir_is_an_internal_error() {
    let cases: Vec<(&str, Vec<Stmt>)> = vec![
        ("a path ends without a result", vec![Stmt::If(local(0), vec![Stmt::Return(Some(local(0)))], vec![])]),
        ("the result is I64 where I32 is due", vec![Stmt::Return(Some(Expr::I64(1)))]),
        ("there is no local 9", vec![Stmt::Return(Some(local(9)))]),
        ("there is no region 0", vec![Stmt::Return(Some(Expr::Address(DataId(0))))]),
        ("there is no function 99", vec![Stmt::Return(Some(Expr::Apply(FunctionId(99), vec![])))]),
        ("`count` is called with 0 arguments, it has 1", vec![Stmt::Do(Expr::Call(Mechanism::Count, vec![]))]),
    ];
    for (wanted, body) in cases {
        let mut module = testing::module();
        testing::implement(&mut module, Policy::OnRequestHeaders, &[], body);
        let stub = testing::stub();
        let findings = emit(&module, &Options { stub: &stub, simd: false }).unwrap_err();
        let finding = findings.iter().next().unwrap();
        assert_eq!(finding.code.text(), "P0999");
        assert!(finding.message.contains(wanted), "{}", finding.message);
    }
}

#[test]
fn the_report_says_what_was_built() {
    let mut module = testing::module();
    let call = vec![Stmt::Do(Expr::Call(Mechanism::Count, vec![Expr::I32(0)])), Stmt::Return(Some(Expr::I32(0)))];
    testing::implement(&mut module, Policy::OnRequestHeaders, &[], call);
    let stub = testing::stub();
    let output = emit(&module, &Options { stub: &stub, simd: false }).unwrap();
    let report = output.report;
    assert_eq!(report.total, output.wasm.len());
    assert_eq!(report.callbacks, ["proxy_on_request_headers"]);
    assert_eq!(report.host_calls, ["proxy_log"]);
    assert_eq!((report.memory_pages, report.functions), (2, 6));
    assert!(report.code > 0 && report.data >= 4 && report.custom > 0);
    assert!(report.to_string().contains("host calls  proxy_log\nmemory      2 pages"));
}

#[test]
fn a_module_over_the_hosts_memory_is_refused() {
    let mut module = testing::module();
    module.data.push(Data { name: "huge".into(), content: Content::Zero(1 << 30) });
    testing::implement(&mut module, Policy::OnRequestHeaders, &[], vec![Stmt::Return(Some(Expr::Address(DataId(0))))]);
    let stub = testing::stub();
    let findings = emit(&module, &Options { stub: &stub, simd: false }).unwrap_err();
    let finding = findings.iter().next().unwrap();
    assert_eq!(finding.code.text(), "P0601");
    assert!(finding.message.contains("16386 pages") && finding.message.contains("128 KiB too many"), "{}", finding.message);
}

#[test]
fn no_function_of_many_rules_is_large() {
    let mut module = testing::module();
    let weigh = |number: i32| (0..50).fold(local(0), |sum, step| binary(BinaryOp::Add32, sum, Expr::I32(number + step)));
    let arms = (0..2000).map(|number| vec![Stmt::Return(Some(weigh(number)))]).collect();
    let switch = Stmt::Switch(local(0), arms, vec![Stmt::Return(Some(Expr::I32(0)))]);
    testing::implement(&mut module, Policy::OnRequestHeaders, &[], vec![switch]);
    let output = emit(&module, &Options::default()).unwrap();
    assert!(output.report.code > 256 * 1024, "the case is not large: {}", output.report);
    assert!(output.report.largest_function < 64 * 1024, "{}", output.report);
}

#[test]
fn arms_with_locals_of_their_own_do_not_make_wide_chunks() {
    let mut module = testing::module();
    // Every arm has a local of its own and reads one that was set before: hosts allow 1,000 parameters.
    let arms = (0..3000u32)
        .map(|number| {
            let own = Local(2 + number);
            let sum = binary(BinaryOp::Add32, local(1), Expr::I32(number.cast_signed()));
            vec![Stmt::Set(own, sum), Stmt::Return(Some(Expr::Local(own)))]
        })
        .collect();
    let body = vec![Stmt::Set(Local(1), Expr::I32(7)), Stmt::Switch(local(0), arms, vec![Stmt::Return(Some(Expr::I32(-1)))])];
    testing::implement(&mut module, Policy::OnRequestHeaders, &[Val::I32; 3001], body);
    let wasm = build(&module);
    for number in [0, 256, 2999] {
        assert_eq!(run(&wasm, "proxy_on_request_headers", &[1, 0, number]), number + 7);
    }
    assert_eq!(run(&wasm, "proxy_on_request_headers", &[1, 0, 3000]), -1);
}
