//! Records of streams: what the response phase needs of the request. In: context ids. Out: records, until the stream is deleted.

use crate::redact::body::Body;
use crate::rt::arena::Arena;
use crate::rt::heap::{Block, Heap, List, Owned};

/// What is known of a stream after its request headers.
pub struct Record {
    /// The stream.
    pub context: u32,
    /// The root context whose configuration it began with.
    pub root: u32,
    /// While the request, or the response, is held for its body: the most bytes that may have, and the instant by which the
    /// request was looked at.
    pub held: Option<(u64, Option<u64>)>,
    /// While the response is held for its body: what waits.
    pub waits: u32,
    /// While the response is held for its body: how much of it the host has buffered.
    pub buffered: usize,
    /// Kept ints; kept strings as index into `strings` plus one.
    cells: Block,
    strings: List<Block>,
    /// Kept ids of rules, four bytes each.
    selected: Block,
    /// The response's body, while it is inspected.
    body: Option<Owned<Body>>,
    /// Rate-limit headers for the response: length of the first, then both.
    limits: Block,
    next: Option<Owned<Record>>,
}

/// Records by context id.
pub struct Streams {
    buckets: List<Option<Owned<Record>>>,
    count: usize,
}

impl Streams {
    /// None.
    pub const fn new() -> Streams {
        Streams { buckets: List::new(), count: 0 }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.count
    }

    fn bucket(&mut self, context: u32) -> Option<&mut Option<Owned<Record>>> {
        // The number of buckets is a power of two; ids are dense.
        let mask = self.buckets.len().checked_sub(1)?;
        self.buckets.get_mut(context as usize & mask)
    }

    /// The record of a stream.
    pub fn find(&mut self, context: u32) -> Option<&mut Record> {
        let mut here = self.bucket(context)?.as_deref_mut();
        while let Some(record) = here {
            if record.context == context {
                return Some(record);
            }
            here = record.next.as_deref_mut();
        }
        None
    }

    /// Opens a record with so many cells; an older one of the stream is closed. False when there is no memory.
    pub fn open(&mut self, heap: &mut Heap, context: u32, root: u32, cells: usize) -> bool {
        self.close(heap, context);
        if self.count >= self.buckets.len() && !self.grow(heap) && self.buckets.is_empty() {
            return false;
        }
        let Some(cells) = cells.checked_mul(8).and_then(|size| heap.alloc(size)) else { return false };
        let record = Record {
            context,
            root,
            held: None,
            waits: 0,
            buffered: 0,
            cells,
            strings: List::new(),
            selected: Block::EMPTY,
            body: None,
            limits: Block::EMPTY,
            next: None,
        };
        let Some(mut record) = heap.own(record) else { return false };
        let Some(bucket) = self.bucket(context) else { return false };
        record.next = bucket.take();
        *bucket = Some(record);
        self.count = self.count.wrapping_add(1);
        true
    }

    fn grow(&mut self, heap: &mut Heap) -> bool {
        let wanted = self.buckets.len().saturating_mul(2).max(64);
        let mut new = List::new();
        while new.len() < wanted {
            if new.push(heap, None).is_err() {
                new.free(heap);
                return false;
            }
        }
        let mut old = core::mem::replace(&mut self.buckets, new);
        while let Some(chain) = old.pop() {
            let mut here = chain;
            while let Some(mut record) = here {
                here = record.next.take();
                if let Some(bucket) = self.bucket(record.context) {
                    record.next = bucket.take();
                    *bucket = Some(record);
                }
            }
        }
        old.free(heap);
        true
    }

    /// Takes a record out and frees all that it holds.
    pub fn close(&mut self, heap: &mut Heap, context: u32) {
        let Some(bucket) = self.bucket(context) else { return };
        let mut chain = bucket.take();
        let mut kept = None;
        let mut closed = None;
        while let Some(mut record) = chain {
            chain = record.next.take();
            if record.context == context {
                closed = Some(record);
            } else {
                record.next = kept;
                kept = Some(record);
            }
        }
        *bucket = kept;
        if let Some(record) = closed {
            heap.disown(record).free(heap);
            self.count = self.count.saturating_sub(1);
        }
    }
}

impl Record {
    fn free(mut self, heap: &mut Heap) {
        while let Some(string) = self.strings.pop() {
            heap.free(string);
        }
        self.strings.free(heap);
        heap.free(self.cells);
        heap.free(self.selected);
        heap.free(self.limits);
        if let Some(body) = self.body.take() {
            let _ = heap.disown(body);
        }
    }

    /// Begins the inspection of a body; false when there is no memory.
    pub fn inspect(&mut self, heap: &mut Heap, body: Body) -> bool {
        if let Some(before) = self.body.take() {
            let _ = heap.disown(before);
        }
        self.body = heap.own(body);
        self.body.is_some()
    }

    /// The body that is inspected.
    pub fn body(&mut self) -> Option<&mut Body> {
        self.body.as_deref_mut()
    }

    /// Keeps two header values; false when there is no memory.
    // One place in most modules: as code of its own it would cost them the call and its name.
    #[inline(always)]
    pub fn keep_limits(&mut self, heap: &mut Heap, (first, second): (&[u8], &[u8])) -> bool {
        let size = first.len().saturating_add(second.len()).saturating_add(4);
        if !heap.resize(&mut self.limits, size) {
            return false;
        }
        crate::bytes::put_u32(&mut self.limits, 0, u32::try_from(first.len()).unwrap_or(0));
        let mut at = 4usize;
        for part in [first, second] {
            if let Some(place) = self.limits.get_mut(at..) {
                at = at.saturating_add(crate::bytes::copy(place, part));
            }
        }
        true
    }

    /// The kept header values, copied.
    // One place in most modules: as code of its own it would cost them the call and its name.
    #[inline(always)]
    pub fn limits<'a>(&self, arena: &'a Arena) -> Option<(&'a [u8], &'a [u8])> {
        let len = crate::bytes::u32_at(&self.limits, 0) as usize;
        arena.copy(self.limits.get(4..)?)?.split_at_checked(len)
    }

    /// Keeps an int in a cell.
    pub fn keep_int(&mut self, cell: usize, value: i64) {
        crate::bytes::put_u64(&mut self.cells, cell.saturating_mul(8), value.cast_unsigned());
    }

    /// A kept int; 0 when nothing was kept.
    pub fn int(&self, cell: usize) -> i64 {
        crate::bytes::u64_at(&self.cells, cell.saturating_mul(8)).cast_signed()
    }

    /// Keeps a copy of a string; false when there is no memory.
    pub fn keep_string(&mut self, heap: &mut Heap, cell: usize, value: Option<&[u8]>) -> bool {
        let Some(value) = value else {
            self.keep_int(cell, 0);
            return true;
        };
        let Some(block) = heap.alloc_copy(value) else { return false };
        if let Err(block) = self.strings.push(heap, block) {
            heap.free(block);
            return false;
        }
        self.keep_int(cell, i64::try_from(self.strings.len()).unwrap_or(0));
        true
    }

    /// A kept string.
    pub fn string(&self, cell: usize) -> Option<&[u8]> {
        let index = usize::try_from(self.int(cell)).ok()?.checked_sub(1)?;
        self.strings.get(index).map(|block| &**block)
    }

    /// Keeps selected ids; false when there is no memory.
    // One place in most modules: as code of its own it would cost them the call and its name.
    #[inline(always)]
    pub fn keep_selected(&mut self, heap: &mut Heap, ids: &[u32]) -> bool {
        if !heap.resize(&mut self.selected, ids.len().saturating_mul(4)) {
            return false;
        }
        for (n, id) in ids.iter().enumerate() {
            crate::bytes::put_u32(&mut self.selected, n.saturating_mul(4), *id);
        }
        true
    }

    /// Number of kept ids.
    pub fn selected_count(&self) -> usize {
        self.selected.len() >> 2
    }

    /// A kept id.
    pub fn selected(&self, n: usize) -> u32 {
        crate::bytes::u32_at(&self.selected, n.saturating_mul(4))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::Streams;
    use crate::rt::heap::Heap;

    #[test]
    fn records_keep_values_until_they_are_closed() {
        let (mut heap, mut streams) = (Heap::new(), Streams::new());
        assert!(streams.find(7).is_none());
        assert!(streams.open(&mut heap, 7, 2, 3));
        let record = streams.find(7).unwrap();
        assert!(
            record.keep_string(&mut heap, 0, Some(b"user"))
                && record.keep_string(&mut heap, 1, None)
                && record.keep_selected(&mut heap, &[4, 9])
        );
        record.keep_int(2, -5);
        record.keep_int(99, 1);
        assert_eq!((record.string(0), record.string(1), record.int(2), record.root), (Some(&b"user"[..]), None, -5, 2));
        assert_eq!((record.selected_count(), record.selected(1)), (2, 9));
        assert!(record.keep_string(&mut heap, 1, Some(b"")));
        assert_eq!(record.string(1), Some(&b""[..]));
        let arena = crate::rt::arena::Arena::new();
        assert_eq!(record.limits(&arena), None);
        assert!(record.keep_limits(&mut heap, (b"first", b"2nd")));
        assert_eq!(record.limits(&arena), Some((&b"first"[..], &b"2nd"[..])));
        streams.close(&mut heap, 7);
        assert!(streams.find(7).is_none() && streams.count() == 0);
        streams.close(&mut heap, 7);
    }

    #[test]
    fn many_streams_come_and_go_in_constant_memory() {
        let (mut heap, mut streams) = (Heap::new(), Streams::new());
        for round in 0..50u32 {
            for n in 0..2000u32 {
                let context = round * 2000 + n;
                assert!(streams.open(&mut heap, context, 1, 4));
                assert!(streams.find(context).unwrap().keep_string(&mut heap, 0, Some(&context.to_le_bytes())));
            }
            assert_eq!(streams.count(), 2000);
            for n in 0..2000u32 {
                let context = round * 2000 + n;
                assert_eq!(streams.find(context).unwrap().string(0).unwrap(), context.to_le_bytes());
                streams.close(&mut heap, context);
            }
        }
        // 2,000 records with their blocks need far less than this; 100,000 would not fit.
        let mut left = 0;
        while heap.alloc(1 << 20).is_some() {
            left += 1;
        }
        assert!(left >= 60, "{left}");
    }

    #[test]
    fn without_memory_nothing_opens() {
        let (mut heap, mut streams) = (Heap::new(), Streams::new());
        while heap.alloc(1 << 20).is_some() {}
        while heap.alloc(32).is_some() {}
        assert!(!streams.open(&mut heap, 1, 1, 4));
        assert!(streams.find(1).is_none());
    }
}
