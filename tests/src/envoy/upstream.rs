//! The test upstream. In: for each request the answer to give. Out: what it received and on which cluster's port.
//! One request is under way at a time, so the next answer needs no key in the request.

use std::collections::BTreeMap;
use std::io::{BufReader, Read, Result, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use portcullis::tools::engine::EngineError;
use portcullis::tools::message::{Answer, Forwarded};

use super::fault;
use super::wire::{Head, framing, push_fields, read_head, read_tail, write_body};

/// Listens on one loopback port for each cluster. The threads end with the test process.
#[derive(Debug)]
pub struct Upstream {
    ports: BTreeMap<String, u16>,
    next: Arc<Mutex<Option<Answer>>>,
    delay: Arc<Mutex<Duration>>,
    records: Receiver<Forwarded>,
}

impl Upstream {
    /// Opens a port for each of `clusters`.
    ///
    /// # Errors
    /// When no port can be had.
    pub fn start(clusters: &[String]) -> std::result::Result<Self, EngineError> {
        let empty = Answer::ok();
        let next = Arc::new(Mutex::new(Some(empty)));
        let delay = Arc::new(Mutex::new(Duration::ZERO));
        let (sender, records) = channel();
        let mut ports = BTreeMap::new();
        for cluster in clusters {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(fault("opening an upstream port"))?;
            let port = listener.local_addr().map_err(fault("opening an upstream port"))?.port();
            ports.insert(cluster.clone(), port);
            let server = Server { cluster: cluster.clone(), next: Arc::clone(&next), delay: Arc::clone(&delay), records: sender.clone() };
            thread::spawn(move || server.accept(&listener));
        }
        Ok(Self { ports, next, delay, records })
    }

    /// The port of each cluster.
    #[must_use]
    pub fn ports(&self) -> &BTreeMap<String, u16> {
        &self.ports
    }

    /// Sets what the next requests are answered with and forgets records of earlier ones.
    pub fn expect(&self, answer: &Answer) {
        *self.next.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer.clone());
        while self.records.try_recv().is_ok() {}
    }

    /// From now on requests are taken and never answered.
    pub fn hang(&self) {
        *self.next.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// From now on each answer takes so long.
    pub fn delay(&self, by: Duration) {
        *self.delay.lock().unwrap_or_else(PoisonError::into_inner) = by;
    }

    /// What arrived since `expect`; waits for it at most so long.
    #[must_use]
    pub fn received(&self, within: Duration) -> Option<Forwarded> {
        self.records.recv_timeout(within).ok()
    }
}

/// What the threads of one port share.
#[derive(Clone)]
struct Server {
    cluster: String,
    next: Arc<Mutex<Option<Answer>>>,
    delay: Arc<Mutex<Duration>>,
    records: Sender<Forwarded>,
}

impl Server {
    fn accept(&self, listener: &TcpListener) {
        for stream in listener.incoming().flatten() {
            let server = self.clone();
            // A connection that breaks is Envoy's business: it closes them when a stream is reset.
            thread::spawn(move || drop(server.serve(&stream)));
        }
    }

    /// Requests of one connection, in turn.
    fn serve(&self, stream: &TcpStream) -> Result<()> {
        stream.set_nodelay(true)?;
        let mut reader = BufReader::new(stream);
        while let Some(head) = read_head(&mut reader)? {
            let tail = read_tail(&mut reader, &head.headers, true);
            let answer = self.next.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let method = self.record(head, tail.body);
            if !tail.complete {
                return Ok(());
            }
            let Some(answer) = answer else {
                // Until whoever asked has enough.
                reader.read_to_end(&mut Vec::new())?;
                return Ok(());
            };
            let delay = *self.delay.lock().unwrap_or_else(PoisonError::into_inner);
            thread::sleep(delay);
            respond(stream, &answer, method == "HEAD")?;
        }
        Ok(())
    }

    /// Hands a request to the test; gives back its method.
    fn record(&self, head: Head, body: Vec<u8>) -> String {
        let mut words = head.start.split(' ');
        let method = words.next().unwrap_or_default().to_owned();
        let target = words.next().unwrap_or_default().to_owned();
        let mut authority = String::new();
        let mut headers = head.headers;
        headers.retain(|(name, value)| {
            if name == "host" {
                authority = String::from_utf8_lossy(value).into_owned();
            }
            name != "host"
        });
        let cluster = Some(self.cluster.clone());
        // The receiver is gone when the test is over.
        drop(self.records.send(Forwarded { method: method.clone(), target, authority, headers, body, cluster }));
        method
    }
}

fn respond(mut stream: &TcpStream, answer: &Answer, head_request: bool) -> Result<()> {
    let silent = answer.status == 204 || answer.status == 304;
    let mut head = format!("HTTP/1.1 {} Answer\r\n", answer.status).into_bytes();
    push_fields(&mut head, &answer.headers);
    if !silent {
        head.extend_from_slice(framing(&answer.headers, answer.body.as_ref()).as_bytes());
        if answer.body.is_none() && !answer.headers.iter().any(|(name, _)| name == "content-length") {
            head.extend_from_slice(b"content-length: 0\r\n");
        }
    }
    head.extend_from_slice(b"\r\n");
    stream.write_all(&head)?;
    match &answer.body {
        Some(body) if !silent && !head_request => write_body(&mut stream, &answer.headers, body),
        Some(_) | None => Ok(()),
    }
}
