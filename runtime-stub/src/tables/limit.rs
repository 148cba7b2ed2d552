//! A limit: where it counts, how much it holds, what it is called.
//! In: plain values of the compiler. Out: a blob; its reader.
//!
//! Layout: period in nanoseconds (u64), capacity, flags (bit 0: shared by all workers, bit 1: headers), name (offset,
//! length), start of its shared-data keys (offset, length), slack in nanoseconds (u64).

use crate::bytes::{slice_at, u32_at, u64_at};

/// A limit of the GCRA kind.
#[cfg(not(target_arch = "wasm32"))]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit<'a> {
    /// Name of the policy, which separates the shared data of policies.
    pub policy: &'a str,
    /// Name of the limit.
    pub name: &'a str,
    /// Period of the rate, nanoseconds.
    pub period: u64,
    /// How far beyond the tolerance of this rate an arrival time may lie, nanoseconds: workers read their clocks in turn, and
    /// the limit may have other rates.
    pub slack: u64,
    /// Keys that it holds.
    pub capacity: u32,
    /// Counts over all worker threads.
    pub shared: bool,
    /// Whether replies and responses carry its state.
    pub headers: bool,
}

/// Writes the blob.
#[cfg(not(target_arch = "wasm32"))]
pub fn write(limit: &Limit<'_>) -> Vec<u8> {
    let mut blob = super::write::Blob::new();
    let prefix = format!("portcullis/{}/{}/", limit.policy, limit.name);
    blob.u64(limit.period);
    blob.u32(limit.capacity);
    blob.u32(u32::from(limit.shared) | u32::from(limit.headers) << 1);
    blob.size(40);
    blob.size(limit.name.len());
    blob.size(40 + limit.name.len());
    blob.size(prefix.len());
    blob.u64(limit.slack);
    blob.put(limit.name.as_bytes());
    blob.put(prefix.as_bytes());
    blob.align();
    blob.bytes
}

/// A blob that is read.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    table: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Reads a blob.
    pub fn new(table: &'a [u8]) -> Reader<'a> {
        Reader { table }
    }

    /// Period in nanoseconds.
    pub fn period(&self) -> u64 {
        u64_at(self.table, 0)
    }

    /// How far beyond the tolerance an arrival time may lie.
    pub fn slack(&self) -> u64 {
        u64_at(self.table, 32)
    }

    /// Keys that it holds.
    pub fn capacity(&self) -> u32 {
        u32_at(self.table, 8)
    }

    /// Whether it counts over all worker threads.
    pub fn is_shared(&self) -> bool {
        u32_at(self.table, 12) & 1 != 0
    }

    /// Whether it has headers.
    pub fn has_headers(&self) -> bool {
        u32_at(self.table, 12) & 2 != 0
    }

    /// Its name.
    pub fn name(&self) -> &'a [u8] {
        slice_at(self.table, u32_at(self.table, 16) as usize, u32_at(self.table, 20) as usize)
    }

    /// What its shared-data keys begin with.
    pub fn prefix(&self) -> &'a [u8] {
        slice_at(self.table, u32_at(self.table, 24) as usize, u32_at(self.table, 28) as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::{Limit, Reader, write};

    #[test]
    fn reads_what_was_written() {
        let limit =
            Limit { policy: "orders", name: "per_user", period: 60_000_000_000, slack: 7, capacity: 1000, shared: true, headers: false };
        let blob = write(&limit);
        let reader = Reader::new(&blob);
        assert_eq!((reader.period(), reader.capacity(), reader.is_shared(), reader.has_headers()), (60_000_000_000, 1000, true, false));
        assert_eq!(reader.slack(), 7);
        assert_eq!((reader.name(), reader.prefix()), (&b"per_user"[..], &b"portcullis/orders/per_user/"[..]));
        let worker = write(&Limit { shared: false, headers: true, ..limit });
        assert!(!Reader::new(&worker).is_shared() && Reader::new(&worker).has_headers());
        assert_eq!(Reader::new(&[]).name(), b"");
    }
}
