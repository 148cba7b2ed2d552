//! How a key set is fetched. In: plain values of the compiler. Out: a blob; its reader.
//!
//! Layout: refresh and stale (u64, nanoseconds), timeout (milliseconds), numbers of the metrics of success and failure, then offset and
//! length of cluster, headers of the call (serialised), key of shared data, key of the lease, the line to log when no
//! key set came.

use crate::bytes::{slice_at, two_at, u32_at, u64_at};

/// Where the texts are told.
const TEXTS: usize = 32;

/// What is written.
#[cfg(not(target_arch = "wasm32"))]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fetch {
    /// Nanoseconds after which keys are fetched anew.
    pub refresh: u64,
    /// Nanoseconds after which keys that could not be fetched anew are not used any more.
    pub stale: u64,
    /// Milliseconds that an answer may take.
    pub timeout: u32,
    /// Number of the metric of a fetch that brought keys.
    pub fetched: u32,
    /// Number of the metric of one that did not.
    pub failed: u32,
    /// Of the host.
    pub cluster: String,
    /// Headers of the call.
    pub headers: Vec<(String, String)>,
    /// What is said to answer in the log.
    pub name: String,
    /// What workers share the keys under.
    pub key: String,
}

/// Writes the blob.
#[cfg(not(target_arch = "wasm32"))]
pub fn write(fetch: &Fetch) -> Vec<u8> {
    let mut headers = u32::try_from(fetch.headers.len()).unwrap_or(0).to_le_bytes().to_vec();
    for text in fetch.headers.iter().flat_map(|(name, value)| [name, value]) {
        headers.extend(u32::try_from(text.len()).unwrap_or(0).to_le_bytes());
    }
    for text in fetch.headers.iter().flat_map(|(name, value)| [name, value]) {
        headers.extend(text.as_bytes());
        headers.push(0);
    }
    let lease = format!("{}/lease", fetch.key);
    let complaint = format!("portcullis: `{}` answers with no key set", fetch.name);
    let texts = [fetch.cluster.as_bytes(), &headers, fetch.key.as_bytes(), lease.as_bytes(), complaint.as_bytes()];
    let mut blob = super::write::Blob::new();
    blob.u64(fetch.refresh);
    blob.u64(fetch.stale);
    for number in [fetch.timeout, fetch.fetched, fetch.failed, 0] {
        blob.u32(number);
    }
    let mut at = TEXTS + texts.len() * 8;
    for text in texts {
        blob.size(at);
        blob.size(text.len());
        at += text.len();
    }
    for text in texts {
        blob.put(text);
    }
    blob.align();
    blob.bytes
}

/// Reads the blob.
#[derive(Clone, Copy)]
pub struct Reader<'t>(pub &'t [u8]);

impl<'t> Reader<'t> {
    fn text(self, number: usize) -> &'t [u8] {
        let [start, len] = two_at(self.0, TEXTS.saturating_add(number.saturating_mul(8)));
        slice_at(self.0, start as usize, len as usize)
    }

    /// Nanoseconds.
    pub fn refresh(self) -> u64 {
        u64_at(self.0, 0)
    }

    /// Nanoseconds.
    pub fn stale(self) -> u64 {
        u64_at(self.0, 8)
    }

    /// Milliseconds.
    pub fn timeout(self) -> u32 {
        u32_at(self.0, 16)
    }

    /// Number of a metric: of a fetch that brought keys, or of one that did not.
    pub fn metric(self, brought: bool) -> usize {
        u32_at(self.0, if brought { 20 } else { 24 }) as usize
    }

    /// Of the host.
    pub fn cluster(self) -> &'t [u8] {
        self.text(0)
    }

    /// Serialised.
    pub fn headers(self) -> &'t [u8] {
        self.text(1)
    }

    /// Of shared data.
    pub fn key(self) -> &'t [u8] {
        self.text(2)
    }

    /// The line to log when no key set came.
    pub fn complaint(self) -> &'t [u8] {
        self.text(4)
    }

    /// Of shared data.
    pub fn lease(self) -> &'t [u8] {
        self.text(3)
    }
}

#[cfg(test)]
mod tests {
    use super::{Fetch, Reader, write};

    #[test]
    fn reads_what_was_written() {
        let headers = vec![(":method".to_owned(), "GET".to_owned())];
        let table = write(&Fetch {
            refresh: 5,
            stale: 6,
            timeout: 7,
            fetched: 8,
            failed: 9,
            cluster: "idp".to_owned(),
            headers,
            name: "n".to_owned(),
            key: "k".to_owned(),
        });
        let reader = Reader(&table);
        assert_eq!((reader.refresh(), reader.stale(), reader.timeout()), (5, 6, 7));
        assert_eq!((reader.metric(true), reader.metric(false)), (8, 9));
        assert_eq!((reader.cluster(), reader.key(), reader.lease()), (&b"idp"[..], &b"k"[..], &b"k/lease"[..]));
        assert_eq!(reader.complaint(), b"portcullis: `n` answers with no key set");
        assert_eq!(reader.headers(), b"\x01\0\0\0\x07\0\0\0\x03\0\0\0:method\0GET\0");
    }
}
