//! Generated Envoy configuration in a real Envoy: it is accepted, as JSON and as YAML, and does what it says.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use portcullis::deploy::{EnvoyRequest, Upstream, envoy, yaml};
use portcullis_tests::envoy::install;
use portcullis_tests::envoy::process::{Envoy, run_folder};
use serde_json::{Value, json};

/// Accepts a configuration that says `ok`, sends paths that begin with `/g` to `green`, counts every request and leaves a decision.
const MODULE: &str = r#"(module
  (import "env" "proxy_get_buffer_bytes" (func $buffer (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_get_header_map_value" (func $get (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_replace_header_map_value" (func $replace (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_set_property" (func $set_property (param i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_define_metric" (func $define (param i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_increment_metric" (func $increment (param i32 i64) (result i32)))
  (memory (export "memory") 2)
  (data (i32.const 16) "x-portcullis-cluster")
  (data (i32.const 64) "green")
  (data (i32.const 80) ":path")
  (data (i32.const 96) "portcullis.decision")
  (data (i32.const 128) "deny geo")
  (data (i32.const 144) "policy=.=orders;.;rule=.=r 1;.;outcome=.=deny;.;portcullis_rule_total")
  (func (export "proxy_abi_version_0_2_1"))
  (func (export "proxy_on_memory_allocate") (param i32) (result i32) (i32.const 4096))
  (func (export "proxy_on_configure") (param i32 i32) (result i32)
    (drop (call $define (i32.const 0) (i32.const 144) (i32.const 69) (i32.const 8)))
    (drop (call $buffer (i32.const 7) (i32.const 0) (local.get 1) (i32.const 0) (i32.const 4)))
    (i32.eq (i32.load16_u (i32.const 4096)) (i32.const 0x6b6f)))
  (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
    (drop (call $increment (i32.load (i32.const 8)) (i64.const 1)))
    (drop (call $set_property (i32.const 96) (i32.const 19) (i32.const 128) (i32.const 8)))
    (drop (call $get (i32.const 0) (i32.const 80) (i32.const 5) (i32.const 0) (i32.const 4)))
    (if (i32.eq (i32.load8_u (i32.const 4097)) (i32.const 0x67)) (then
      (drop (call $replace (i32.const 0) (i32.const 16) (i32.const 20) (i32.const 64) (i32.const 5)))))
    (i32.const 0)))"#;

fn request(module: String, upstreams: Vec<Upstream>) -> EnvoyRequest {
    let names = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect();
    EnvoyRequest {
        policy: "orders".to_owned(),
        module_path: module,
        configuration: "ok: a text with \"quotes\"\nand two lines".to_owned(),
        callbacks: names(&["proxy_on_configure", "proxy_on_request_headers"]),
        host_calls: names(&[
            "proxy_get_buffer_bytes",
            "proxy_get_header_map_value",
            "proxy_replace_header_map_value",
            "proxy_set_property",
            "proxy_define_metric",
            "proxy_increment_metric",
        ]),
        has_routes: true,
        holds_headers: true,
        body_limit: Some(4 << 20),
        trusted_hops: 0,
        upstreams,
        services: Vec::new(),
        listen_port: 0,
        admin_port: Some(0),
    }
}

/// The bootstrap with its listener on loopback: tests open no port to others.
fn bootstrap(request: &EnvoyRequest) -> Value {
    let mut bootstrap = envoy::bootstrap(request);
    let address = &mut bootstrap["static_resources"]["listeners"][0]["address"]["socket_address"]["address"];
    assert_eq!(*address, "0.0.0.0");
    *address = json!("127.0.0.1");
    bootstrap
}

/// Answers every request with the upstream's name and the head that it received.
fn upstream(name: &str) -> Upstream {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let answer = name.to_owned();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let head = read_head(&mut stream);
            let body = format!("{answer}\n{head}");
            let _ = write!(stream, "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        }
    });
    Upstream { name: name.to_owned(), host: "127.0.0.1".to_owned(), port, tls: false }
}

fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|count| count == 1) {
        head.push(byte[0]);
    }
    String::from_utf8(head).unwrap()
}

fn get(port: u16, path: &str, headers: &str) -> String {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{headers}\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn envoy_accepts_the_yaml() {
    let folder = run_folder().unwrap();
    let module = folder.join("module.wasm");
    fs::write(&module, wat::parse_str(MODULE).unwrap()).unwrap();
    let named = Upstream { name: "blue".to_owned(), host: "blue.example".to_owned(), port: 80, tls: false };
    let secure = Upstream { name: "green".to_owned(), host: "green.example".to_owned(), port: 443, tls: true };
    for (number, upstreams) in [vec![], vec![named, secure]].into_iter().enumerate() {
        let request = request(module.display().to_string(), upstreams);
        let file = folder.join(format!("{number}.yaml"));
        fs::write(&file, yaml::text(&bootstrap(&request))).unwrap();
        let output = Command::new(install::envoy().unwrap())
            .args(["--mode", "validate", "--use-dynamic-base-id", "-l", "warning", "-c"])
            .arg(&file)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let log = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{log}");
        assert!(!log.contains("restricted") && !log.contains("deprecated"), "{log}");
    }
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn requests_go_where_the_policy_says_and_never_where_a_client_says() {
    let folder = run_folder().unwrap();
    let module = folder.join("module.wasm");
    fs::write(&module, wat::parse_str(MODULE).unwrap()).unwrap();
    let request = request(module.display().to_string(), vec![upstream("blue"), upstream("green")]);
    let envoy = Envoy::start(&bootstrap(&request), 1, folder).unwrap();

    let routed = get(envoy.port(), "/green", "");
    assert!(routed.contains("\r\n\r\ngreen\n"), "{routed}");
    assert!(!routed.contains("x-portcullis-cluster"), "upstreams see no header of ours: {routed}");
    let forged = get(envoy.port(), "/other", "x-portcullis-cluster: green\r\n");
    assert!(forged.contains("\r\n\r\nblue\n"), "{forged}");
    let kept = get(envoy.port(), "//x/../y?key=1", "");
    assert!(kept.contains("\r\n\r\nblue\nGET //x/../y?key=1 "), "the path goes on as it came: {kept}");

    // Labels come out of the metric's name; nothing that the module calls is restricted.
    let metrics = envoy.admin("/stats/prometheus").unwrap();

    let counted = metrics.lines().any(|line| line.starts_with("portcullis_rule_total{") && line.ends_with(" 3"));
    assert!(counted, "{metrics}");
    for label in ["policy=\"orders\"", "rule=\"r 1\"", "outcome=\"deny\""] {
        assert!(metrics.lines().any(|line| line.starts_with("portcullis_rule_total{") && line.contains(label)), "{label}");
    }
    assert!(!envoy.log().contains("restricted"), "{}", envoy.log());
}

/// A policy that fetches its keys: the clusters of its services, the callbacks and calls that this takes, and nothing that holds it up.
#[test]
fn a_policy_that_calls_a_service_runs_as_it_is_deployed() {
    use portcullis::ir::hir::JwtAlgorithm;
    use portcullis_tests::tokens;
    let policy = "policy deployed { default = deny 403 } service identity { cluster = \"keys\" timeout = 10s }\n\
                  jwt corp { algorithms = [ES256] keys = fetch { service = identity, path = \"/jwks\" } claims { sub: string } }\n\
                  scope \"/**\" { authenticate corp  permit \"all\" {} }";
    let checked = portcullis::check("deployed.policy", policy, &mut |_| Err("there is no file".to_owned()));
    let compiled = portcullis::compile(&checked, &portcullis::Options::default()).unwrap();
    let folder = run_folder().unwrap();
    let module = folder.join("module.wasm");
    fs::write(&module, &compiled.output.wasm).unwrap();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    // Making keys takes longer than a service may.
    let body = tokens::key_set().to_string();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            assert!(read_head(&mut stream).starts_with("GET /jwks HTTP/1.1"));
            let _ = write!(stream, "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        }
    });
    let request = EnvoyRequest {
        policy: "deployed".to_owned(),
        configuration: String::new(),
        callbacks: compiled.output.report.callbacks.clone(),
        host_calls: compiled.output.report.host_calls.clone(),
        has_routes: false,
        holds_headers: false,
        body_limit: None,
        services: vec![Upstream { name: "keys".to_owned(), host: "127.0.0.1".to_owned(), port, tls: false }],
        ..request(module.display().to_string(), vec![upstream("blue")])
    };
    let envoy = Envoy::start(&bootstrap(&request), 2, folder).unwrap();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let bearer = |token: &str| format!("authorization: Bearer {token}\r\n");
    let answer = get(envoy.port(), "/a", &bearer(&tokens::good(JwtAlgorithm::Es256, now)));
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("blue"), "{answer}\n{}", envoy.log());
    let answer = get(envoy.port(), "/a", &bearer(&tokens::others(JwtAlgorithm::Es256, now)));
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    assert!(!envoy.log().contains("restricted"), "{}", envoy.log());
}
