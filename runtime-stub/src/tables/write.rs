//! Helpers of the writers. In: values. Out: bytes of a blob.

/// A blob that grows.
#[derive(Default)]
pub struct Blob {
    /// What was written so far.
    pub bytes: Vec<u8>,
}

impl Blob {
    /// An empty one.
    pub fn new() -> Blob {
        Blob::default()
    }

    /// Adds a u32.
    pub fn u32(&mut self, value: u32) {
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    /// Adds a length or offset. Tables stay far below 4 GiB: a module has at most 1 GiB of memory.
    pub fn size(&mut self, value: usize) {
        self.u32(u32::try_from(value).unwrap_or(u32::MAX));
    }

    /// Adds a u16.
    pub fn u16(&mut self, value: u16) {
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    /// Adds a u64.
    pub fn u64(&mut self, value: u64) {
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    /// Adds bytes and gives their offset.
    pub fn put(&mut self, bytes: &[u8]) -> usize {
        let at = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        at
    }

    /// Adds zeros up to a multiple of four.
    pub fn align(&mut self) {
        while !self.bytes.len().is_multiple_of(4) {
            self.bytes.push(0);
        }
    }

    /// Overwrites the u32 at an offset that was written before.
    pub fn patch(&mut self, offset: usize, value: usize) {
        crate::bytes::put_u32(&mut self.bytes, offset, u32::try_from(value).unwrap_or(u32::MAX));
    }
}
