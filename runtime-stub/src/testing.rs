//! A host for unit tests. In: header lists, properties, buffers. Out: the same after edits, and a count of calls.

use std::collections::BTreeMap;

use crate::host::{Host, Status};
use crate::rt::arena::Arena;

/// A reply that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentReply {
    /// HTTP status.
    pub status: u32,
    /// Response code details.
    pub details: Vec<u8>,
    /// Body.
    pub body: Vec<u8>,
    /// Further headers, serialised.
    pub pairs: Vec<u8>,
}

/// Names and values.
pub type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

/// A host in memory.
#[derive(Default)]
pub struct FakeHost {
    /// Header maps by number.
    pub maps: BTreeMap<i32, Pairs>,
    /// When set, what `header_pairs` gives instead of a serialised map.
    pub raw_pairs: Option<Vec<u8>>,
    /// Properties by path.
    pub properties: BTreeMap<Vec<u8>, Vec<u8>>,
    /// Shared values with their numbers.
    pub shared: BTreeMap<Vec<u8>, (Vec<u8>, u32)>,
    /// Counters: names and values; an id is the index.
    pub metrics: Vec<(Vec<u8>, i64)>,
    /// Buffers by number.
    pub buffers: BTreeMap<i32, Vec<u8>>,
    /// What was logged.
    pub lines: Vec<(i32, Vec<u8>)>,
    /// Replies, in order.
    pub replies: Vec<SentReply>,
    /// Nanoseconds since 1970.
    pub now: u64,
    /// How often `shared_set` still answers with a mismatch.
    pub cas_misses: u32,
    /// Names of host calls that fail, with their status.
    pub failing: BTreeMap<&'static str, u32>,
    /// Answers of the host's own functions.
    pub foreign: BTreeMap<&'static str, Vec<u8>>,
    /// What they were given.
    pub foreign_arguments: Vec<Vec<u8>>,
    /// Calls to other servers: clusters. The number of a call is its place, from 1.
    pub http_calls: Vec<Vec<u8>>,
    /// How often the root context ticks, milliseconds.
    pub tick_period: u32,
    /// Host calls, in order.
    pub calls: Vec<&'static str>,
}

/// Writes pairs as a host does.
pub fn serialise(pairs: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    let size = |bytes: &Vec<u8>| u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes();
    let mut out = u32::try_from(pairs.len()).unwrap_or(u32::MAX).to_le_bytes().to_vec();
    for (name, value) in pairs {
        out.extend(size(name));
        out.extend(size(value));
    }
    for (name, value) in pairs {
        out.extend(name);
        out.push(0);
        out.extend(value);
        out.push(0);
    }
    out
}

impl FakeHost {
    /// One with these request headers.
    pub fn with_request(pairs: &[(&str, &str)]) -> FakeHost {
        let mut host = FakeHost::default();
        let mut all = owned(pairs);
        if !pairs.iter().any(|(name, _)| *name == ":method") {
            all.push((b":method".to_vec(), b"GET".to_vec()));
        }
        host.maps.insert(0, all);
        host
    }

    /// One with these response headers.
    pub fn with_response(pairs: &[(&str, &str)]) -> FakeHost {
        let mut host = FakeHost::default();
        let mut all = owned(pairs);
        if !pairs.iter().any(|(name, _)| *name == ":status") {
            all.push((b":status".to_vec(), b"200".to_vec()));
        }
        host.maps.insert(2, all);
        host
    }

    /// Values of a header, in order.
    pub fn header(&self, map: i32, name: &str) -> Vec<String> {
        let lines = self.maps.get(&map).into_iter().flatten().filter(|(n, _)| n == name.as_bytes());
        lines.map(|(_, value)| String::from_utf8_lossy(value).into_owned()).collect()
    }

    fn call(&mut self, name: &'static str) -> Result<(), Status> {
        self.calls.push(name);
        self.failing.get(name).map_or(Ok(()), |status| Err(Status(*status)))
    }
}

fn owned(pairs: &[(&str, &str)]) -> Vec<(Vec<u8>, Vec<u8>)> {
    pairs.iter().map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec())).collect()
}

fn placed<'a>(arena: &'a Arena, bytes: &[u8]) -> Result<&'a [u8], Status> {
    arena.copy(bytes).ok_or(Status::INVALID_MEMORY_ACCESS)
}

impl Host for FakeHost {
    fn header_pairs<'a>(&mut self, arena: &'a Arena, map: i32) -> Result<&'a [u8], Status> {
        self.call("header_pairs")?;
        if let Some(raw) = &self.raw_pairs {
            return placed(arena, raw);
        }
        placed(arena, &serialise(self.maps.get(&map).ok_or(Status::BAD_ARGUMENT)?))
    }

    fn header_add(&mut self, map: i32, name: &[u8], value: &[u8]) -> Result<(), Status> {
        self.call("header_add")?;
        self.maps.get_mut(&map).ok_or(Status::BAD_ARGUMENT)?.push((name.to_vec(), value.to_vec()));
        Ok(())
    }

    fn header_replace(&mut self, map: i32, name: &[u8], value: &[u8]) -> Result<(), Status> {
        self.call("header_replace")?;
        let pairs = self.maps.get_mut(&map).ok_or(Status::BAD_ARGUMENT)?;
        pairs.retain(|(n, _)| n != name);
        pairs.push((name.to_vec(), value.to_vec()));
        Ok(())
    }

    fn header_remove(&mut self, map: i32, name: &[u8]) -> Result<(), Status> {
        self.call("header_remove")?;
        self.maps.get_mut(&map).ok_or(Status::BAD_ARGUMENT)?.retain(|(n, _)| n != name);
        Ok(())
    }

    fn send_local_response(&mut self, status: u32, details: &[u8], body: &[u8], pairs: &[u8]) -> Result<(), Status> {
        self.call("send_local_response")?;
        let (details, body, pairs) = (details.to_vec(), body.to_vec(), pairs.to_vec());
        self.replies.push(SentReply { status, details, body, pairs });
        Ok(())
    }

    fn property<'a>(&mut self, arena: &'a Arena, path: &[u8]) -> Result<&'a [u8], Status> {
        self.call("property")?;
        placed(arena, self.properties.get(path).ok_or(Status::NOT_FOUND)?)
    }

    fn set_property(&mut self, path: &[u8], value: &[u8]) -> Result<(), Status> {
        self.call("set_property")?;
        self.properties.insert(path.to_vec(), value.to_vec());
        Ok(())
    }

    fn time(&mut self) -> Result<u64, Status> {
        self.call("time")?;
        Ok(self.now)
    }

    fn shared_get<'a>(&mut self, arena: &'a Arena, key: &[u8]) -> Result<(&'a [u8], u32), Status> {
        self.call("shared_get")?;
        let (value, cas) = self.shared.get(key).ok_or(Status::NOT_FOUND)?;
        Ok((placed(arena, value)?, *cas))
    }

    fn shared_set(&mut self, key: &[u8], value: &[u8], cas: u32) -> Result<(), Status> {
        self.call("shared_set")?;
        let before = self.shared.get(key).map_or(0, |(_, cas)| *cas);
        if self.cas_misses > 0 {
            self.cas_misses -= 1;
            return Err(Status::CAS_MISMATCH);
        }
        // As in Envoy: a key that is not there yet takes any number.
        if before != 0 && cas != 0 && cas != before {
            return Err(Status::CAS_MISMATCH);
        }
        self.shared.insert(key.to_vec(), (value.to_vec(), before + 1));
        Ok(())
    }

    fn metric_define_counter(&mut self, name: &[u8]) -> Result<u32, Status> {
        self.call("metric_define_counter")?;
        self.metrics.push((name.to_vec(), 0));
        Ok(u32::try_from(self.metrics.len()).unwrap_or(u32::MAX) - 1)
    }

    fn metric_increment(&mut self, id: u32, by: i64) -> Result<(), Status> {
        self.call("metric_increment")?;
        self.metrics.get_mut(id as usize).ok_or(Status::NOT_FOUND)?.1 += by;
        Ok(())
    }

    fn buffer<'a>(&mut self, arena: &'a Arena, buffer: i32, start: u32, size: u32) -> Result<&'a [u8], Status> {
        self.call("buffer")?;
        let bytes = self.buffers.get(&buffer).ok_or(Status::NOT_FOUND)?;
        let start = (start as usize).min(bytes.len());
        let end = start.saturating_add(size as usize).min(bytes.len());
        placed(arena, bytes.get(start..end).unwrap_or(&[]))
    }

    fn set_buffer(&mut self, buffer: i32, start: u32, size: u32, bytes: &[u8]) -> Result<(), Status> {
        self.call("set_buffer")?;
        let body = self.buffers.get_mut(&buffer).ok_or(Status::BAD_ARGUMENT)?;
        if start == 0 {
            let end = (size as usize).min(body.len());
            body.splice(..end, bytes.iter().copied());
        } else if start as usize >= body.len() {
            body.extend_from_slice(bytes);
        } else {
            return Err(Status::BAD_ARGUMENT);
        }
        Ok(())
    }

    fn log(&mut self, level: i32, line: &[u8]) {
        self.calls.push("log");
        self.lines.push((level, line.to_vec()));
    }

    fn foreign<'a>(&mut self, arena: &'a Arena, name: &[u8], argument: &[u8]) -> Result<&'a [u8], Status> {
        self.call("foreign")?;
        self.foreign_arguments.push(argument.to_vec());
        let name = std::str::from_utf8(name).unwrap_or("");
        placed(arena, self.foreign.get(name).ok_or(Status::NOT_FOUND)?)
    }

    fn http_call(&mut self, cluster: &[u8], _headers: &[u8], _timeout: u32) -> Result<u32, Status> {
        self.call("http_call")?;
        self.http_calls.push(cluster.to_vec());
        u32::try_from(self.http_calls.len()).map_err(|_| Status::INTERNAL_FAILURE)
    }

    fn set_tick_period(&mut self, period: u32) {
        self.tick_period = period;
    }

    fn set_effective_context(&mut self, _context: u32) -> Result<(), Status> {
        self.call("set_effective_context")
    }

    fn continue_request(&mut self) {
        self.calls.push("continue_request");
    }

    fn random(&mut self, out: &mut [u8]) -> Result<(), Status> {
        self.call("random")?;
        out.fill(7);
        Ok(())
    }
}
