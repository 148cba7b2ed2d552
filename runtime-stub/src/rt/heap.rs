//! The heap: what outlives a callback (stream records, configuration, carried bytes).
//! In: sizes. Out: blocks, or nothing once the cap is reached. Freed blocks are used again; nothing is freed by itself.

use core::ops::{Deref, DerefMut};

use super::pages;

/// Most bytes that all blocks together may have.
const CAP: usize = 64 << 20;
/// Sizes of blocks are powers of two from this one on.
const SMALLEST: u32 = 5;
/// How many sizes there are: up to the cap.
const CLASSES: usize = 22;

/// Bytes of the heap. Not freed by itself: hand it to [`Heap::free`].
pub struct Block {
    start: *mut u8,
    len: usize,
    class: u8,
}

impl Block {
    /// One without bytes, which needs no memory.
    pub const EMPTY: Block = Block { start: core::ptr::null_mut(), len: 0, class: 0 };
}

impl Deref for Block {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        if self.start.is_null() {
            return &[];
        }
        // SAFETY: the block owns these bytes, and they were zeroed or written before.
        unsafe { core::slice::from_raw_parts(self.start, self.len) }
    }
}

impl DerefMut for Block {
    fn deref_mut(&mut self) -> &mut [u8] {
        if self.start.is_null() {
            return &mut [];
        }
        // SAFETY: as above, and `&mut self` makes it the only view.
        unsafe { core::slice::from_raw_parts_mut(self.start, self.len) }
    }
}

/// Power-of-two blocks with a free list for each size.
pub struct Heap {
    free: [*mut u8; CLASSES],
    /// Pages that are not cut into blocks yet.
    rest: *mut u8,
    rest_size: usize,
    total: usize,
}

impl Heap {
    /// One without memory.
    pub const fn new() -> Heap {
        Heap { free: [core::ptr::null_mut(); CLASSES], rest: core::ptr::null_mut(), rest_size: 0, total: 0 }
    }

    /// So many zero bytes.
    pub fn alloc(&mut self, len: usize) -> Option<Block> {
        if len == 0 {
            return Some(Block::EMPTY);
        }
        if len > CAP {
            return None;
        }
        let class = usize::BITS.wrapping_sub(len.wrapping_sub(1).leading_zeros()).saturating_sub(SMALLEST) as usize;
        let start = self.take(class)?;
        let mut block = Block { start, len, class: u8::try_from(class).ok()? };
        block.fill(0);
        Some(block)
    }

    /// A copy.
    pub fn alloc_copy(&mut self, bytes: &[u8]) -> Option<Block> {
        let mut block = self.alloc(bytes.len())?;
        crate::bytes::copy(&mut block, bytes);
        Some(block)
    }

    /// Makes a block longer or shorter; new bytes are zero. The old block is freed only when this succeeds.
    pub fn resize(&mut self, block: &mut Block, len: usize) -> bool {
        let capacity = if block.start.is_null() { 0 } else { size_of_class(block.class as usize) };
        if len <= capacity {
            let before = block.len;
            block.len = len;
            if let Some(new) = block.get_mut(before..) {
                new.fill(0);
            }
            return true;
        }
        let Some(mut larger) = self.alloc(len) else { return false };
        crate::bytes::copy(&mut larger, block);
        self.free(core::mem::replace(block, larger));
        true
    }

    /// Gives a block back.
    pub fn free(&mut self, block: Block) {
        if let (false, Some(head)) = (block.start.is_null(), self.free.get_mut(block.class as usize)) {
            // SAFETY: a block has at least 32 bytes, aligned to 32, and belongs to nobody else any more.
            unsafe { block.start.cast::<*mut u8>().write(*head) };
            *head = block.start;
        }
    }

    /// A value of its own.
    pub fn own<T>(&mut self, value: T) -> Option<Owned<T>> {
        const { assert!(align_of::<T>() <= 32) };
        let block = self.alloc(size_of::<T>().max(1))?;
        let place: *mut T = block.start.cast();
        // SAFETY: the block is large enough, aligned, and nobody else's.
        unsafe { place.write(value) };
        Some(Owned { place, block })
    }

    /// Gives the memory of a value back; what the value itself holds is returned to be freed.
    pub fn disown<T>(&mut self, owned: Owned<T>) -> T {
        // SAFETY: `owned` is consumed, so nobody reads the place again.
        let value = unsafe { owned.place.read() };
        self.free(owned.block);
        value
    }

    fn take(&mut self, class: usize) -> Option<*mut u8> {
        let head = self.free.get_mut(class)?;
        if !head.is_null() {
            let start = *head;
            // SAFETY: every block in the list holds the address of the next one.
            *head = unsafe { start.cast::<*mut u8>().read() };
            return Some(start);
        }
        let size = size_of_class(class);
        if self.rest_size < size {
            self.refill(size)?;
        }
        let start = self.rest;
        self.rest = start.wrapping_add(size);
        self.rest_size = self.rest_size.wrapping_sub(size);
        Some(start)
    }

    /// Gets new pages; what is left of the old ones becomes free blocks.
    fn refill(&mut self, size: usize) -> Option<()> {
        if self.total.saturating_add(size.max(pages::PAGE)) > CAP {
            return None;
        }
        let (start, got) = pages::grow(size)?;
        let mut class = CLASSES;
        while class > 0 {
            class = class.wrapping_sub(1);
            let size = size_of_class(class);
            if self.rest_size >= size {
                let block = Block { start: self.rest, len: size, class: u8::try_from(class).unwrap_or(0) };
                self.rest = self.rest.wrapping_add(size);
                self.rest_size = self.rest_size.wrapping_sub(size);
                self.free(block);
            }
        }
        self.rest = start;
        self.rest_size = got;
        self.total = self.total.saturating_add(got);
        Some(())
    }
}

fn size_of_class(class: usize) -> usize {
    let shift = u32::try_from(class).unwrap_or(0).saturating_add(SMALLEST);
    1usize.checked_shl(shift).unwrap_or(usize::MAX)
}

/// A value of the heap, such as a stream's record. Not freed by itself: hand it to [`Heap::disown`].
pub struct Owned<T> {
    place: *mut T,
    block: Block,
}

impl<T> Deref for Owned<T> {
    type Target = T;
    fn deref(&self) -> &T {
        // SAFETY: written by `own`, and only `disown` ends it.
        unsafe { &*self.place }
    }
}

impl<T> DerefMut for Owned<T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as above, and `&mut self` makes it the only view.
        unsafe { &mut *self.place }
    }
}

/// A growing list of the heap. Not freed by itself: hand it to [`List::free`].
pub struct List<T> {
    block: Block,
    len: usize,
    of: core::marker::PhantomData<T>,
}

impl<T> List<T> {
    /// An empty one.
    pub const fn new() -> List<T> {
        List { block: Block::EMPTY, len: 0, of: core::marker::PhantomData }
    }

    /// Adds a value at the end; gives it back when there is no memory.
    pub fn push(&mut self, heap: &mut Heap, value: T) -> Result<(), T> {
        const { assert!(align_of::<T>() <= 32 && size_of::<T>() > 0) };
        let needed = self.len.saturating_add(1).saturating_mul(size_of::<T>());
        let wanted = needed.max(self.block.len().saturating_mul(2));
        if needed > self.block.len() && !heap.resize(&mut self.block, wanted) {
            return Err(value);
        }
        // SAFETY: the block has room for one more value behind the `len` that are there, and is aligned.
        unsafe { self.block.start.cast::<T>().wrapping_add(self.len).write(value) };
        self.len = self.len.wrapping_add(1);
        Ok(())
    }

    /// Takes the last value.
    pub fn pop(&mut self) -> Option<T> {
        self.len = self.len.checked_sub(1)?;
        // SAFETY: the value at `len` was written by `push` and is out of reach from now on.
        Some(unsafe { self.block.start.cast::<T>().wrapping_add(self.len).read() })
    }

    /// Gives the memory back; values that hold memory are taken out before.
    pub fn free(self, heap: &mut Heap) {
        heap.free(self.block);
    }
}

impl<T> Deref for List<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        if self.len == 0 {
            return &[];
        }
        // SAFETY: `len` values are written and aligned.
        unsafe { core::slice::from_raw_parts(self.block.start.cast(), self.len) }
    }
}

impl<T> DerefMut for List<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        if self.len == 0 {
            return &mut [];
        }
        // SAFETY: as above, and `&mut self` makes it the only view.
        unsafe { core::slice::from_raw_parts_mut(self.block.start.cast(), self.len) }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::{Block, CAP, Heap, List};

    #[test]
    fn blocks_are_zero_disjoint_and_used_again() {
        let mut heap = Heap::new();
        for _ in 0..2000 {
            let mut a = heap.alloc(33).unwrap();
            let b = heap.alloc_copy(b"hello").unwrap();
            assert!(a.iter().all(|&byte| byte == 0));
            a.fill(0xaa);
            assert_eq!(&*b, b"hello");
            heap.free(a);
            heap.free(b);
        }
        assert_eq!(heap.total, 0x1_0000);
    }

    #[test]
    fn the_cap_holds() {
        let mut heap = Heap::new();
        assert!(heap.alloc(CAP + 1).is_none());
        assert!(heap.alloc(usize::MAX).is_none());
        let mut blocks = 0;
        while heap.alloc(1 << 20).is_some() {
            blocks += 1;
        }
        assert_eq!(blocks, 64);
        assert!(heap.alloc(1).is_none());
    }

    #[test]
    fn resizing_keeps_bytes_and_zeroes_new_ones() {
        let mut heap = Heap::new();
        let mut block = heap.alloc_copy(b"abc").unwrap();
        assert!(heap.resize(&mut block, 5));
        assert_eq!(&*block, b"abc\0\0");
        assert!(heap.resize(&mut block, 1));
        assert!(heap.resize(&mut block, 100));
        assert_eq!(block[..3], *b"a\0\0");
        let mut empty = Block::EMPTY;
        assert!(heap.resize(&mut empty, 40));
        assert_eq!(empty.len(), 40);
    }

    #[test]
    fn lists_grow() {
        let mut heap = Heap::new();
        let mut list = List::new();
        for n in 0..1000u64 {
            assert!(list.push(&mut heap, n).is_ok());
        }
        assert_eq!(list.len(), 1000);
        assert_eq!(list[999], 999);
        assert_eq!(list.pop(), Some(999));
        list.free(&mut heap);
        let owned = heap.own([1u64; 4]).unwrap();
        assert_eq!(owned[3], 1);
        assert_eq!(heap.disown(owned), [1; 4]);
    }
}
