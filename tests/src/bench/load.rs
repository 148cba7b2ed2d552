//! Load for one Envoy, in slices. In: a running Envoy. Out: its processor time per request, one number a slice.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::thread::sleep;
use std::time::Duration;

use portcullis::tools::engine::EngineError;

use super::rules::{SPREAD, key, path};
use super::tokens;
use super::variants::Job;
use crate::envoy::fault;
use crate::envoy::process::Envoy;

/// So many requests a slice: few enough that neighbours on the machine spoil only some slices.
const REQUESTS: usize = 1_000;

/// Processor time above which a slice has fewer requests; only what costs more than 40 µs a request reaches it.
const SLICE: Duration = Duration::from_millis(40);

/// What happens after the last response (logs, deferred deletion) belongs to the requests too.
const SETTLE: Duration = Duration::from_millis(3);

/// So many requests before anything is measured.
const WARM_UP: usize = 300;

/// An Envoy, a connection to it that stays open, and what was measured so far.
pub(super) struct Turn {
    envoy: Envoy,
    connection: TcpStream,
    requests: Vec<Vec<u8>>,
    /// The request that comes next; all have their turn.
    next: usize,
    per_slice: usize,
    /// Nanoseconds of processor time per request, a number for each slice.
    pub(super) costs: Vec<f64>,
    /// How many requests those slices had in all.
    pub(super) sent: usize,
}

impl Turn {
    /// Connects, warms up with these requests, all of which are allowed, and finds out how many make a slice.
    pub(super) fn new(envoy: Envoy, requests: Vec<Vec<u8>>) -> Result<Self, EngineError> {
        let connection = TcpStream::connect((Ipv4Addr::LOCALHOST, envoy.port())).map_err(fault("connecting to Envoy"))?;
        connection.set_nodelay(true).map_err(fault("setting up the load's socket"))?;
        connection.set_read_timeout(Some(Duration::from_secs(10))).map_err(fault("setting up the load's socket"))?;
        let mut turn = Self { envoy, connection, requests, next: 0, per_slice: 0, costs: Vec::new(), sent: 0 };
        turn.send(WARM_UP)?;
        // Not by the time that passes: on a busy machine that would make slices too short.
        let before = turn.envoy.processor_time()?;
        turn.send(WARM_UP)?;
        let spent = u128::from(turn.envoy.processor_time()?.saturating_sub(before)).max(1);
        let fitting = SLICE.as_nanos() * WARM_UP as u128 / spent;
        turn.per_slice = usize::try_from(fitting).unwrap_or(SPREAD).clamp(SPREAD, REQUESTS);
        Ok(turn)
    }

    /// One slice: exactly so many requests, and what they cost.
    pub(super) fn slice(&mut self) -> Result<(), EngineError> {
        let before = self.envoy.processor_time()?;
        self.send(self.per_slice)?;
        sleep(SETTLE);
        let spent = self.envoy.processor_time()?.saturating_sub(before);
        #[expect(clippy::cast_precision_loss, reason = "a slice's nanoseconds have far fewer than 52 bits")]
        self.costs.push(spent as f64 / self.per_slice as f64);
        self.sent += self.per_slice;
        Ok(())
    }

    /// One request after the other on the same connection.
    fn send(&mut self, count: usize) -> Result<(), EngineError> {
        let mut buffer = [0; 4096];
        for _ in 0..count {
            let Some(request) = self.requests.get(self.next) else {
                return Err(EngineError("the load has no requests".to_owned()));
            };
            self.next = (self.next + 1) % self.requests.len();
            self.connection.write_all(request).map_err(fault("sending load"))?;
            let mut filled = 0;
            loop {
                let rest = buffer.get_mut(filled..).unwrap_or_default();
                let read = self.connection.read(rest).map_err(fault("reading the response to load"))?;
                filled += read;
                let response = buffer.get(..filled).unwrap_or_default();
                if read == 0 || !response.starts_with(b"HTTP/1.1 200") {
                    let text = String::from_utf8_lossy(response);
                    return Err(EngineError(format!("load was answered with `{text}`\n{}", self.envoy.log())));
                }
                // The direct response has no body.
                if response.ends_with(b"\r\n\r\n") {
                    break;
                }
            }
        }
        Ok(())
    }
}

/// What a job is asked, in turn.
pub(super) fn requests(job: Job) -> Vec<Vec<u8>> {
    match job {
        Job::Token(algorithm, seen) => {
            let tokens = tokens::presented(algorithm, seen);
            tokens.iter().map(|token| request(0, &format!("authorization: Bearer {token}"))).collect()
        }
        Job::Pass | Job::Decide(_) | Job::DecideAndEdit(_) | Job::Keys(_) | Job::Gateway => {
            let last = job.rules().saturating_sub(1);
            let keys = job.keys();
            (0..SPREAD).map(|number| request(number * last / (SPREAD - 1), &format!("x-api-key: {}", key(number * 61 % keys)))).collect()
        }
    }
}

/// A request as an ordinary client sends it.
fn request(rule: usize, credential: &str) -> Vec<u8> {
    format!(
        "GET {} HTTP/1.1\r\nhost: api.example.com\r\nuser-agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0\r\n\
         accept: application/json\r\naccept-language: en-US,en;q=0.5\r\naccept-encoding: gzip, deflate, br\r\n\
         {credential}\r\ncookie: session=0123456789abcdef; theme=dark\r\nreferer: https://www.example.com/\r\n\r\n",
        path(rule),
    )
    .into_bytes()
}
