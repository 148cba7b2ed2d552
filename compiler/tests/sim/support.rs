//! What the simulator tests share: a module skeleton in text, plain requests and answers.

use portcullis::tools::engine::{Engine, EngineError};
use portcullis::tools::message::{Answer, Body, Outcome, Request};
use portcullis::tools::sim::Simulator;

/// Imports that the tests use, each as `$name`.
const IMPORTS: &[(&str, &str)] = &[
    ("log", "proxy_log"),
    ("get_pairs", "proxy_get_header_map_pairs"),
    ("set_pairs", "proxy_set_header_map_pairs"),
    ("get_value", "proxy_get_header_map_value"),
    ("add", "proxy_add_header_map_value"),
    ("replace", "proxy_replace_header_map_value"),
    ("remove", "proxy_remove_header_map_value"),
    ("get_body", "proxy_get_buffer_bytes"),
    ("set_body", "proxy_set_buffer_bytes"),
    ("body_status", "proxy_get_buffer_status"),
    ("reply", "proxy_send_local_response"),
    ("get_property", "proxy_get_property"),
    ("set_property", "proxy_set_property"),
    ("get_shared", "proxy_get_shared_data"),
    ("set_shared", "proxy_set_shared_data"),
    ("define_metric", "proxy_define_metric"),
    ("foreign", "proxy_call_foreign_function"),
    ("http_call", "proxy_http_call"),
];

fn parameters(import: &str) -> usize {
    match import {
        "remove" | "log" | "get_pairs" | "set_pairs" | "body_status" => 3,
        "get_property" | "set_property" | "define_metric" => 4,
        "reply" => 8,
        "foreign" => 6,
        "http_call" => 10,
        _ => 5,
    }
}

/// A whole module around callbacks and data: one memory, the marker, an arena at 65536, `$say` that logs a number as
/// one letter (`a` is 0), `$tell` that logs what lies at the pointer and size in 0 and 4.
pub(crate) fn module(body: &str) -> Vec<u8> {
    let mut text = String::from("(module\n");
    for (short, name) in IMPORTS {
        let list = "i32 ".repeat(parameters(short));
        text += &format!("(import \"env\" \"{name}\" (func ${short} (param {list}) (result i32)))\n");
    }
    text += r#"(memory (export "memory") 4)
        (func (export "proxy_abi_version_0_2_1"))
        (global $arena (mut i32) (i32.const 65536))
        (func (export "proxy_on_memory_allocate") (param i32) (result i32)
          (global.get $arena) (global.set $arena (i32.add (global.get $arena) (local.get 0))))
        (func $say (param i32)
          (i32.store8 (i32.const 16) (i32.add (i32.const 97) (local.get 0)))
          (drop (call $log (i32.const 2) (i32.const 16) (i32.const 1))))
        (func $tell (drop (call $log (i32.const 2) (i32.load (i32.const 0)) (i32.load (i32.const 4)))))
    "#;
    text += body;
    text += ")";
    wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}"))
}

/// A started simulator.
pub(crate) fn start(body: &str) -> Simulator {
    let mut simulator = Simulator::new(&module(body)).unwrap();
    simulator.start("").unwrap();
    simulator
}

/// Why a module is refused at load.
pub(crate) fn refused(text: &str) -> String {
    match Simulator::new(&wat::parse_str(text).unwrap()) {
        Ok(_) => panic!("the module was taken"),
        Err(EngineError(message)) => message,
    }
}

/// `GET /a?b=c` with two `x-m` lines.
pub(crate) fn get() -> Request {
    Request {
        method: "GET".to_owned(),
        target: "/a?b=c".to_owned(),
        authority: "example.test".to_owned(),
        headers: vec![("x-m".to_owned(), b"one".to_vec()), ("X-M".to_owned(), b"two".to_vec())],
        body: None,
        client: "192.0.2.7".parse().unwrap(),
        client_port: 4711,
        tls: None,
    }
}

/// A POST with this body in chunks.
pub(crate) fn post(bytes: &[u8], split: Option<usize>, trailers: &[(&str, &str)]) -> Request {
    Request { method: "POST".to_owned(), body: Some(body(bytes, split, trailers)), ..get() }
}

/// A body.
pub(crate) fn body(bytes: &[u8], split: Option<usize>, trailers: &[(&str, &str)]) -> Body {
    let trailers = trailers.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect();
    Body { bytes: bytes.to_vec(), split, trailers }
}

/// 200 with this body.
pub(crate) fn ok(bytes: &[u8]) -> Answer {
    Answer { status: 200, headers: Vec::new(), body: Some(body(bytes, None, &[])) }
}

/// One request.
pub(crate) fn send(simulator: &mut Simulator, request: &Request, answer: &Answer) -> Outcome {
    simulator.request(request, answer).unwrap_or_else(|error| panic!("{error}"))
}

/// The lines logged so far, joined with a space, and forgotten up to `from`.
pub(crate) fn log(simulator: &Simulator) -> String {
    let lines: Vec<&str> = simulator.logs().iter().map(|(_, line)| line.as_str()).collect();
    lines.join(" ")
}
