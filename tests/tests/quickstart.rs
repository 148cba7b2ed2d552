//! The quickstart as a user runs it: `build`, `deploy envoy`, a real Envoy with that very file, real requests.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use portcullis_tests::command::{free_port, head, portcullis, start};
use portcullis_tests::envoy::process::run_folder;

fn quickstart() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("examples/quickstart/quickstart.policy")
}

/// An upstream that answers with its name, and a card number cut into chunks of three bytes.
fn upstream(name: &'static str) -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            stream.set_nodelay(true).unwrap();
            let head = head(&mut stream);
            let body = r#"{"card":"4111 1111 1111 1111","order":4111111111111112}"#;
            let partner = head.lines().find_map(|line| line.strip_prefix("x-partner: ")).unwrap_or("none").trim().to_owned();
            let told = head.contains("acme-key");
            let begin = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-upstream: {name}\r\nx-saw-partner: {partner}\r\nx-saw-key: {told}\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n"
            );
            stream.write_all(begin.as_bytes()).unwrap();
            for piece in body.as_bytes().chunks(3) {
                write!(stream, "{:x}\r\n", piece.len()).unwrap();
                stream.write_all(piece).unwrap();
                stream.write_all(b"\r\n").unwrap();
                stream.flush().unwrap();
                thread::sleep(Duration::from_millis(2));
            }
            stream.write_all(b"0\r\n\r\n").unwrap();
        }
    });
    port
}

/// Status, header lines in lower case, body without chunk framing.
fn get(port: u16, path: &str, headers: &str) -> (u16, String, String) {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{headers}\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, rest) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let head = head.to_ascii_lowercase();
    let body = if head.contains("transfer-encoding: chunked") { unchunked(rest) } else { rest.to_owned() };
    (status, head, body)
}

fn unchunked(mut rest: &str) -> String {
    let mut body = String::new();
    while let Some((size, after)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size.trim(), 16).unwrap();
        body.push_str(&after[..size]);
        if size == 0 {
            break;
        }
        rest = &after[size + 2..];
    }
    body
}

const KEY: &str = "x-api-key: acme-key\r\n";

#[test]
fn what_the_readme_says_envoy_does() {
    let folder = run_folder().unwrap();
    let module = folder.join("quickstart.wasm");
    let policy = quickstart().display().to_string();
    let (code, out, err) = portcullis(&["build", &policy, "-o", module.to_str().unwrap()]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    for part in ["size", "callbacks", "host calls", "memory"] {
        assert!(out.contains(part), "{out}");
    }
    let (port, admin) = (free_port(), free_port());
    let upstreams: Vec<String> =
        ["default", "orders", "orders_canary"].into_iter().map(|name| format!("{name}=127.0.0.1:{}", upstream(name))).collect();
    let mut args = vec!["deploy", "envoy", &policy, "--module", module.to_str().unwrap()];
    for upstream in &upstreams {
        args.extend(["--upstream", upstream]);
    }
    let (listen, admin_text) = (port.to_string(), admin.to_string());
    args.extend(["--listen", &listen, "--admin", &admin_text]);
    let (code, bootstrap, err) = portcullis(&args);
    assert_eq!((code, err.as_str()), (0, ""));
    // Tests open no port to others.
    assert!(bootstrap.contains("0.0.0.0"));
    let file = folder.join("envoy.yaml");
    fs::write(&file, bootstrap.replace("0.0.0.0", "127.0.0.1")).unwrap();
    let log = folder.join("log");
    let running = start(&file, &log, port);

    let (status, head, _) = get(port, "/orders/7", "");
    assert_eq!(status, 401, "{head}");
    assert!(head.contains("www-authenticate: apikey realm=\"quickstart\""), "{head}");
    let (status, head, body) = get(port, "/orders/7/draft", KEY);
    assert_eq!((status, body.as_str()), (403, r#"{"error":"draft","order":"7"}"#), "{head}");

    let (status, head, body) = get(port, "/orders/7", KEY);
    assert_eq!(status, 200, "{head}");
    for line in ["x-upstream: orders", "x-saw-partner: acme", "x-saw-key: false", "ratelimit-policy: \"per_partner\";q=60;w=60;burst=5"] {
        assert!(head.lines().any(|other| other.trim() == line), "{line}: {head}");
    }
    assert_eq!(body, r#"{"card":"**** **** **** 1111","order":4111111111111112}"#);
    let (_, head, _) = get(port, "/orders/7", &format!("{KEY}x-canary: always\r\nx-portcullis-cluster: default\r\n"));
    assert!(head.contains("x-upstream: orders_canary"), "{head}");

    // Five at once; two workers share what is left.
    let mut statuses: Vec<u16> = Vec::new();
    let mut refusal = String::new();
    for _ in 0..6 {
        let (status, head, _) = get(port, "/orders/7", KEY);
        statuses.push(status);
        if status == 429 {
            refusal = head;
        }
    }
    assert!(statuses.contains(&429), "{statuses:?}");
    assert!(refusal.contains("retry-after: 1"), "{refusal}");

    let (_, _, stats) = get(admin, "/stats/prometheus?filter=portcullis", "");
    for line in [
        r#"portcullis_rule_total{policy="quickstart",rule="partner",outcome="absent"} 1"#,
        r#"portcullis_rule_total{policy="quickstart",rule="drafts",outcome="deny"} 1"#,
    ] {
        assert!(stats.contains(line), "{line}\n{stats}");
    }
    // A process that is killed keeps what it has not logged yet.
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, admin)).unwrap();
    write!(stream, "POST /quitquitquit HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
    let begun = Instant::now();
    let mut running = running;
    while running.0.try_wait().unwrap().is_none() {
        assert!(begun.elapsed() < Duration::from_secs(30), "Envoy does not end");
        thread::sleep(Duration::from_millis(20));
    }
    let log = fs::read_to_string(&log).unwrap();
    assert!(log.contains(r#""details":"portcullis{drafts}""#) && log.contains(r#""decision":"deny drafts""#), "{log}");
    // Why a credential is refused, too.
    assert!(log.contains(r#""details":"portcullis{partner}{absent}""#) && log.contains(r#""decision":"deny partner absent""#), "{log}");
    assert!(!log.contains("restricted"), "the capability list is too short:\n{log}");
    fs::remove_dir_all(folder).unwrap();
}

const WITH_CONFIG: &str = r#"policy reload { default = allow }
config { word: string }
forbid "word" { when request.headers["x-word"] == config.word }
"#;

/// A listener as a file that Envoy watches.
fn listener(folder: &Path, module: &Path, port: u16, configuration: &str) {
    let config = folder.join("config.json");
    fs::write(&config, configuration).unwrap();
    let policy = folder.join("reload.policy");
    fs::write(&policy, WITH_CONFIG).unwrap();
    let request = portcullis::deploy::EnvoyRequest {
        policy: "reload".into(),
        module_path: module.display().to_string(),
        configuration: configuration.into(),
        callbacks: ["proxy_on_configure", "proxy_on_context_create", "proxy_on_request_headers"].map(String::from).to_vec(),
        host_calls: report(&policy, module),
        listen_port: port,
        ..portcullis::deploy::EnvoyRequest::default()
    };
    let mut bootstrap = portcullis::deploy::envoy::bootstrap(&request);
    let mut listener = bootstrap["static_resources"]["listeners"][0].take();
    listener["address"]["socket_address"]["address"] = "127.0.0.1".into();
    listener["@type"] = "type.googleapis.com/envoy.config.listener.v3.Listener".into();
    let resources = serde_json::json!({ "version_info": configuration, "resources": [listener] });
    fs::write(folder.join("new.json"), resources.to_string()).unwrap();
    fs::rename(folder.join("new.json"), folder.join("listeners.json")).unwrap();
}

/// The host calls of a module, as `build` prints them.
fn report(policy: &Path, module: &Path) -> Vec<String> {
    let (code, out, err) = portcullis(&["build", policy.to_str().unwrap(), "-o", module.to_str().unwrap()]);
    assert_eq!(code, 0, "{err}");
    let line = out.lines().find_map(|line| line.strip_prefix("host calls  ")).unwrap();
    line.split(", ").map(str::to_owned).collect()
}

#[test]
fn a_bad_configuration_is_refused_by_its_key_and_a_running_envoy_keeps_the_old() {
    let folder = run_folder().unwrap();
    let module = folder.join("reload.wasm");
    let (port, admin) = (free_port(), free_port());
    listener(&folder, &module, port, r#"{"word":"alpha"}"#);
    let bootstrap = serde_json::json!({
        "admin": { "address": { "socket_address": { "address": "127.0.0.1", "port_value": admin } } },
        "node": { "id": "test", "cluster": "test" },
        "dynamic_resources": { "lds_config": { "path_config_source": { "path": folder.join("listeners.json") } } },
    });
    let file = folder.join("envoy.json");
    fs::write(&file, bootstrap.to_string()).unwrap();
    let log = folder.join("log");
    let running = start(&file, &log, port);
    let status = |word: &str| get(port, "/", &format!("x-word: {word}\r\n")).0;
    // Without an upstream an allowed request is answered 503 by the route table.
    assert_eq!((status("alpha"), status("beta")), (403, 503));

    for (number, bad) in [r#"{"word":7}"#, r#"{"wrod":"beta"}"#, r#"{"word":"beta","word":"gamma"}"#, "{"].into_iter().enumerate() {
        listener(&folder, &module, port, bad);
        let rejected = format!("lds.update_rejected: {}", number + 1);
        let begun = Instant::now();
        while !get(admin, "/stats?filter=update_rejected", "").2.contains(&rejected) {
            assert!(begun.elapsed() < Duration::from_secs(20), "{bad}: {}", fs::read_to_string(&log).unwrap());
            thread::sleep(Duration::from_millis(20));
        }
        assert_eq!((status("alpha"), status("beta")), (403, 503), "{bad}");
    }
    let said = fs::read_to_string(&log).unwrap();
    for message in ["configuration key `word` must be", "configuration key `wrod` is unknown", "configuration key `word` appears twice"] {
        assert!(said.contains(message), "{message}\n{said}");
    }

    listener(&folder, &module, port, r#"{"word":"beta"}"#);
    let begun = Instant::now();
    while (status("alpha"), status("beta")) != (503, 403) {
        assert!(begun.elapsed() < Duration::from_secs(20), "{}", fs::read_to_string(&log).unwrap());
        thread::sleep(Duration::from_millis(20));
    }
    drop(running);
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_call_that_the_host_refuses_is_a_fault_with_its_outcome() {
    for (outcome, status) in [("deny 503", 503), ("deny 500 \"closed\"", 500), ("allow", 200)] {
        let folder = run_folder().unwrap();
        let (policy, module) = (folder.join("fault.policy"), folder.join("fault.wasm"));
        fs::write(&policy, format!("policy fault {{ default = deny 403  on_fault = {outcome} }}\n")).unwrap();
        let (policy, module) = (policy.display().to_string(), module.display().to_string());
        assert_eq!(portcullis(&["build", &policy, "-o", &module]).0, 0);
        let (port, upstream) = (free_port(), format!("all=127.0.0.1:{}", upstream("all")));
        let args = ["deploy", "envoy", &policy, "--module", &module, "--upstream", &upstream, "--listen", &port.to_string()];
        let (code, bootstrap, err) = portcullis(&args);
        assert_eq!((code, err.as_str()), (0, ""));
        // Envoy answers a call that is not on the list with a status, and the VM lives on.
        let list: Vec<&str> = bootstrap.lines().filter(|line| !line.contains("proxy_get_header_map_pairs")).collect();
        assert!(list.len() + 1 == bootstrap.lines().count(), "{bootstrap}");
        let file = folder.join("envoy.yaml");
        fs::write(&file, list.join("\n").replace("0.0.0.0", "127.0.0.1")).unwrap();
        let running = start(&file, &folder.join("log"), port);
        for _ in 0..2 {
            assert_eq!(get(port, "/", "").0, status, "{outcome}: {}", fs::read_to_string(folder.join("log")).unwrap());
        }
        drop(running);
        fs::remove_dir_all(folder).unwrap();
    }
}
