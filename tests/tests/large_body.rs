//! A response of 100 MiB through a redaction in a real Envoy: every card masked, every other byte as it was, and the
//! process no larger than a small response leaves it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use portcullis_tests::command::{Running, free_port, head, portcullis, start};
use portcullis_tests::envoy::process::run_folder;

const LINE: &[u8; 64] = b"order 471, paid with 4111 1111 1111 1111, shipped on 2026-01-05\n";
const MASKED: &[u8; 64] = b"order 471, paid with **** **** **** 1111, shipped on 2026-01-05\n";
const LINES: usize = 100 * 1024 * 1024 / 64;
/// What streaming may cost: buffers of both connections, the host's 64 KiB, V8's housekeeping. A body held would be 100 MiB.
const ROOM: u64 = 48 * 1024;

const POLICY: &str = "policy large { default = allow }\nredact response \"cards\" { any builtin.card -> mask(keep_last = 4) }\n";

/// The process that [`burst`] halts.
static HALTED: AtomicU32 = AtomicU32::new(0);

/// Begins a body of so many lines and stops inside a card number; then the proxy is halted until megabytes wait in its
/// socket, so that it reads them as one chunk of its whole buffer limit.
fn burst(stream: &mut TcpStream, lines: usize, framing: &str) {
    let size = lines * LINE.len();
    let (framing, begin, end) = match framing {
        "length" => (format!("content-length: {size}"), String::new(), ""),
        "chunked" => ("transfer-encoding: chunked".to_owned(), format!("{size:x}\r\n"), "\r\n0\r\n\r\n"),
        "close" => ("connection: close".to_owned(), String::new(), ""),
        other => panic!("{other}"),
    };
    let body = LINE.repeat(lines);
    // Inside `4111 1111 …`.
    let (first, rest) = body.split_at(LINE.len() * 10 + 30);
    write!(stream, "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n{framing}\r\n\r\n{begin}").unwrap();
    stream.write_all(first).unwrap();
    thread::sleep(Duration::from_millis(300));
    signal("-STOP");
    thread::scope(|scope| {
        scope.spawn(|| {
            stream.write_all(rest).unwrap();
            stream.write_all(end.as_bytes()).unwrap();
        });
        thread::sleep(Duration::from_millis(300));
        signal("-CONT");
    });
}

fn signal(name: &str) {
    let process = HALTED.load(Ordering::SeqCst);
    assert!(process != 0 && Command::new("kill").args([name, &process.to_string()]).status().unwrap().success());
}

/// Sends as many lines as the path says, in writes that cut lines anywhere.
fn upstream() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let head = head(&mut stream);
            let path = head.split(' ').nth(1).unwrap().trim_start_matches('/');
            if let Some((lines, framing)) = path.split_once('/') {
                burst(&mut stream, lines.parse().unwrap(), framing);
                continue;
            }
            let lines: usize = path.parse().unwrap();
            let begin = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                lines * LINE.len()
            );
            stream.write_all(begin.as_bytes()).unwrap();
            let block = LINE.repeat(1000);
            let mut left = lines * LINE.len();
            let mut at = 0;
            while left > 0 {
                let size = left.min(block.len() - at).min(40_009);
                if stream.write_all(&block[at..at + size]).is_err() {
                    break;
                }
                left -= size;
                at = (at + size) % block.len();
            }
        }
    });
    port
}

/// Fetches so many lines and checks each one; the body is never held whole.
fn fetch(port: u16, lines: usize, path: &str) {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").unwrap();
    let answer = head(&mut stream).to_ascii_lowercase();
    assert!(answer.starts_with("http/1.1 200") && answer.contains("transfer-encoding: chunked"), "{answer}");
    let mut reader = BufReader::with_capacity(1 << 16, stream);
    let (mut pending, mut seen) = (Vec::new(), 0);
    loop {
        let mut size = String::new();
        reader.read_line(&mut size).unwrap();
        let size = usize::from_str_radix(size.trim(), 16).unwrap();
        if size == 0 {
            break;
        }
        let begin = pending.len();
        pending.resize(begin + size, 0);
        reader.read_exact(&mut pending[begin..]).unwrap();
        let mut end = [0; 2];
        reader.read_exact(&mut end).unwrap();
        let whole = pending.len() / MASKED.len() * MASKED.len();
        for line in pending[..whole].chunks_exact(MASKED.len()) {
            assert!(line == MASKED, "line {seen}: {}", String::from_utf8_lossy(line));
            seen += 1;
        }
        pending.drain(..whole);
    }
    assert_eq!((seen, pending.len()), (lines, 0));
}

/// The most memory that a process ever had, in KiB.
fn peak(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").trim().parse().unwrap()
}

/// An Envoy with the policy before the upstream; the folder of the run, the process, its port.
fn envoy() -> (PathBuf, Running, u16) {
    let folder = run_folder().unwrap();
    let policy = folder.join("large.policy");
    fs::write(&policy, POLICY).unwrap();
    let module = folder.join("large.wasm");
    let (policy, module) = (policy.display().to_string(), module.display().to_string());
    assert_eq!(portcullis(&["build", &policy, "-o", &module]).0, 0);
    let (port, upstream) = (free_port(), format!("all=127.0.0.1:{}", upstream()));
    let args = ["deploy", "envoy", &policy, "--module", &module, "--upstream", &upstream, "--listen", &port.to_string()];
    let (code, bootstrap, err) = portcullis(&args);
    assert_eq!((code, err.as_str()), (0, ""));
    let file = folder.join("envoy.yaml");
    fs::write(&file, bootstrap.replace("0.0.0.0", "127.0.0.1")).unwrap();
    let running = start(&file, &folder.join("log"), port);
    (folder, running, port)
}

#[test]
fn a_hundred_mebibytes_are_redacted_in_constant_memory() {
    let (folder, running, port) = envoy();
    // Both workers get warm first.
    for _ in 0..8 {
        fetch(port, 20_000, "/20000");
    }
    let before = peak(running.0.id());
    fetch(port, LINES, &format!("/{LINES}"));
    let after = peak(running.0.id());
    assert!(after - before < ROOM, "{before} KiB before, {after} KiB after");
    println!("{} MiB: peak {before} KiB before, {after} KiB after", LINES * LINE.len() / (1024 * 1024));
    drop(running);
    fs::remove_dir_all(folder).unwrap();
}

/// Bytes that wait in the host's buffer and a chunk as large as that buffer are more than it holds: the stream would end.
#[test]
fn a_burst_behind_held_bytes_is_not_cut() {
    let (folder, running, port) = envoy();
    HALTED.store(running.0.id(), Ordering::SeqCst);
    for framing in ["length", "chunked", "close"] {
        fetch(port, 100_000, &format!("/100000/{framing}"));
    }
    drop(running);
    fs::remove_dir_all(folder).unwrap();
}
