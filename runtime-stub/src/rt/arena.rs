//! The arena: everything that lives until the callback returns, also what the host hands over.
//! In: sizes. Out: slices; nothing once the cap is reached, which the host turns into a status.

use core::cell::Cell;
use core::marker::PhantomData;

use super::pages;

/// Most bytes that all chunks together may have.
const CAP: usize = 32 << 20;
/// Chunks beside the first: each at least twice the one before, so these suffice for the cap.
const CHUNKS: usize = 12;

/// The cap is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exhausted;

#[derive(Clone, Copy)]
struct Chunk {
    start: *mut u8,
    size: usize,
}

const NONE: Chunk = Chunk { start: core::ptr::null_mut(), size: 0 };

/// A bump allocator. Slices stay valid until [`Arena::reset`].
pub struct Arena {
    chunks: [Cell<Chunk>; CHUNKS],
    current: Cell<usize>,
    used: Cell<usize>,
    total: Cell<usize>,
}

impl Arena {
    /// One without memory; the first chunk comes with the first use.
    pub const fn new() -> Arena {
        Arena { chunks: [const { Cell::new(NONE) }; CHUNKS], current: Cell::new(0), used: Cell::new(0), total: Cell::new(0) }
    }

    /// Hands over the first chunk.
    ///
    /// # Safety
    /// Nobody else uses these bytes, and the arena has no chunk yet.
    #[cfg(target_arch = "wasm32")]
    pub(crate) unsafe fn begin_with(&self, start: *mut u8, size: usize) {
        if let Some(first) = self.chunks.first() {
            first.set(Chunk { start, size });
        }
        self.total.set(size);
    }

    /// Whether it has memory already.
    pub fn has_memory(&self) -> bool {
        self.total.get() > 0
    }

    /// Forgets all slices.
    ///
    /// # Safety
    /// No slice of this arena is used any more.
    pub unsafe fn reset(&self) {
        self.current.set(0);
        self.used.set(0);
    }

    /// So many bytes of any content, aligned to 8.
    #[allow(clippy::mut_from_ref)]
    pub fn alloc(&self, len: usize) -> Option<&mut [u8]> {
        let size = len.checked_add(7)? & !7;
        loop {
            let chunk = self.chunks.get(self.current.get())?.get();
            let used = self.used.get();
            if chunk.size.saturating_sub(used) >= size && !chunk.start.is_null() {
                self.used.set(used.wrapping_add(size));
                // SAFETY: inside the chunk, and the bump makes these bytes nobody else's until the reset.
                return Some(unsafe { core::slice::from_raw_parts_mut(chunk.start.wrapping_add(used), len) });
            }
            self.next_chunk(chunk.size, size)?;
        }
    }

    /// Moves to the next chunk and makes it when it is not there. A chunk that is too small is passed over.
    fn next_chunk(&self, before: usize, size: usize) -> Option<()> {
        let next = if self.total.get() == 0 { 0 } else { self.current.get().checked_add(1)? };
        let cell = self.chunks.get(next)?;
        if cell.get().start.is_null() {
            let left = CAP.saturating_sub(self.total.get());
            let wanted = size.max(before.saturating_mul(2)).max(pages::PAGE).min(left & !(pages::PAGE - 1));
            if wanted < size || wanted == 0 {
                return None;
            }
            let (start, size) = pages::grow(wanted)?;
            cell.set(Chunk { start, size });
            self.total.set(self.total.get().saturating_add(size));
        }
        self.current.set(next);
        self.used.set(0);
        Some(())
    }

    /// A copy.
    pub fn copy(&self, bytes: &[u8]) -> Option<&[u8]> {
        let place = self.alloc(bytes.len())?;
        crate::bytes::copy(place, bytes);
        Some(place)
    }

    /// So many values, all `value`. Only for values that need no drop and no more than 8-byte alignment.
    #[allow(clippy::mut_from_ref)]
    pub fn filled<T: Copy>(&self, len: usize, value: T) -> Option<&mut [T]> {
        const { assert!(align_of::<T>() <= 8) };
        let start: *mut T = self.alloc(len.checked_mul(size_of::<T>())?)?.as_mut_ptr().cast();
        let mut n = 0;
        while n < len {
            // SAFETY: `n < len`, and the memory for `len` values was just taken, aligned.
            unsafe { start.wrapping_add(n).write(value) };
            n = n.wrapping_add(1);
        }
        // SAFETY: all values are written.
        Some(unsafe { core::slice::from_raw_parts_mut(start, len) })
    }

    /// A value that needs no drop.
    pub fn one<T>(&self, value: T) -> Option<&T> {
        const { assert!(align_of::<T>() <= 8 && !core::mem::needs_drop::<T>()) };
        let place: *mut T = self.alloc(size_of::<T>())?.as_mut_ptr().cast();
        // SAFETY: the memory was just taken, large enough and aligned.
        unsafe {
            place.write(value);
            Some(&*place)
        }
    }

    /// Grows a slice that [`Arena::alloc`] gave: in place when it is the latest, else by a copy.
    #[allow(clippy::mut_from_ref)]
    pub fn grow<'a>(&'a self, slice: &'a mut [u8], len: usize) -> Option<&'a mut [u8]> {
        let chunk = self.chunks.get(self.current.get())?.get();
        let start = slice.as_mut_ptr();
        let end = start.wrapping_add(slice.len().checked_add(7)? & !7);
        if !chunk.start.is_null() && end == chunk.start.wrapping_add(self.used.get()) && len >= slice.len() {
            let offset = (start as usize).wrapping_sub(chunk.start as usize);
            let used = offset.checked_add(len.checked_add(7)? & !7)?;
            if used <= chunk.size && offset <= self.used.get() && !slice.is_empty() {
                self.used.set(used);
                // SAFETY: the slice was the latest, so what follows it in the chunk is nobody's.
                return Some(unsafe { core::slice::from_raw_parts_mut(chunk.start.wrapping_add(offset), len) });
            }
        }
        let place = self.alloc(len)?;
        crate::bytes::copy(place, slice);
        Some(place)
    }
}

/// A text that grows at the end of the arena. Once memory is exhausted it is `broken` and stays so.
pub struct Text<'a> {
    arena: &'a Arena,
    place: &'a mut [u8],
    len: usize,
    broken: bool,
}

impl<'a> Text<'a> {
    /// An empty one.
    pub const fn new(arena: &'a Arena) -> Text<'a> {
        Text { arena, place: &mut [], len: 0, broken: false }
    }

    /// These one after the other; nothing once memory is exhausted.
    // Called in many places: as code of each it would cost them all.
    #[inline(never)]
    pub fn of(arena: &'a Arena, parts: &[&[u8]]) -> Option<&'a [u8]> {
        let mut text = Text::new(arena);
        for part in parts {
            text.push(part);
        }
        text.finish()
    }

    /// Adds bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        let Some(end) = self.len.checked_add(bytes.len()) else {
            self.broken = true;
            return;
        };
        if end > self.place.len() && !self.grow(end) {
            return;
        }
        if let Some(place) = self.place.get_mut(self.len..end) {
            crate::bytes::copy(place, bytes);
            self.len = end;
        }
    }

    /// Adds a byte.
    pub fn push_byte(&mut self, byte: u8) {
        self.push(&[byte]);
    }

    /// Makes room for so many bytes at once, for who knows how many will come.
    pub fn reserve(&mut self, len: usize) {
        if len > self.place.len() {
            self.grow(len);
        }
    }

    fn grow(&mut self, len: usize) -> bool {
        let wanted = len.max(self.place.len().saturating_mul(2)).max(64);
        let place = core::mem::take(&mut self.place);
        match self.arena.grow(place, wanted) {
            Some(place) => self.place = place,
            None => self.broken = true,
        }
        !self.broken
    }

    /// Bytes so far.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing was added.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// What is there so far.
    pub fn as_bytes(&self) -> &[u8] {
        self.place.get(..self.len).unwrap_or(&[])
    }

    /// What is there so far, to be changed in place.
    pub fn as_bytes_mut(&mut self) -> &mut [u8] {
        self.place.get_mut(..self.len).unwrap_or(&mut [])
    }

    /// Shortens it.
    pub fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    /// The text; nothing when memory was exhausted.
    pub fn finish(self) -> Option<&'a [u8]> {
        if self.broken {
            return None;
        }
        let place: &'a [u8] = self.place;
        Some(place.get(..self.len).unwrap_or(&[]))
    }
}

/// A list that grows in the arena. Once memory is exhausted it is `broken` and stays so.
pub struct Items<'a, T> {
    places: Places<'a>,
    values: PhantomData<&'a mut [T]>,
}

/// The places of a list, whatever is in them: one code for the lists of all types.
struct Places<'a> {
    arena: &'a Arena,
    start: *mut u8,
    /// How many values find room.
    room: usize,
    /// How many are written.
    len: usize,
    broken: bool,
}

impl Places<'_> {
    /// Doubles the room for values of this size.
    #[inline(never)]
    fn grow(&mut self, size: usize) -> bool {
        let room = self.len.saturating_mul(2).max(8);
        match self.arena.alloc(room.saturating_mul(size)) {
            Some(place) => {
                let written = self.len.saturating_mul(size);
                // SAFETY: `len` values of this size are written at `start`, the new place has room for more than twice as many, and
                // it was just taken, so it is apart.
                unsafe { core::ptr::copy_nonoverlapping(self.start, place.as_mut_ptr(), written) };
                self.start = place.as_mut_ptr();
                self.room = room;
                true
            }
            None => {
                self.broken = true;
                false
            }
        }
    }
}

impl<'a, T: Copy> Items<'a, T> {
    /// An empty one.
    pub const fn new(arena: &'a Arena) -> Items<'a, T> {
        const { assert!(align_of::<T>() <= 8) };
        let start = core::ptr::NonNull::<T>::dangling().as_ptr().cast();
        Items { places: Places { arena, start, room: 0, len: 0, broken: false }, values: PhantomData }
    }

    fn start(&self) -> *mut T {
        self.places.start.cast()
    }

    /// Adds a value.
    pub fn push(&mut self, value: T) {
        if self.places.len == self.places.room && !self.places.grow(size_of::<T>()) {
            return;
        }
        // SAFETY: `len < room`, and there is aligned room for so many values that is this list's alone.
        unsafe { self.start().wrapping_add(self.places.len).write(value) };
        self.places.len = self.places.len.wrapping_add(1);
    }

    /// Whether a value could not be added.
    pub fn is_broken(&self) -> bool {
        self.places.broken
    }

    /// What is in it.
    pub fn as_slice(&self) -> &[T] {
        // SAFETY: the first `len` places are written, and there are as many.
        unsafe { core::slice::from_raw_parts(self.start(), self.places.len) }
    }

    /// What is in it, to be changed in place.
    pub fn as_mut_slice(&mut self) -> &mut [T] {
        // SAFETY: as above, and `&mut self` makes it the only view.
        unsafe { core::slice::from_raw_parts_mut(self.start(), self.places.len) }
    }

    /// Takes out what stands behind the first `len`.
    pub fn truncate(&mut self, len: usize) {
        self.places.len = self.places.len.min(len);
    }

    /// Takes everything out.
    pub fn clear(&mut self) {
        self.places.len = 0;
    }

    /// The list for the rest of the callback.
    pub fn finish(self) -> &'a [T] {
        // SAFETY: as above; the places stay the list's until the arena is reset.
        unsafe { core::slice::from_raw_parts(self.start(), self.places.len) }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::{Arena, CAP, Text};

    #[test]
    fn slices_do_not_overlap() {
        let arena = Arena::new();
        let a = arena.alloc(3).unwrap();
        let b = arena.alloc(5).unwrap();
        a.fill(1);
        b.fill(2);
        assert_eq!((&*a, &*b), (&[1; 3][..], &[2; 5][..]));
        let big = arena.alloc(300_000).unwrap();
        big.fill(3);
        assert_eq!((&*a, &*b), (&[1; 3][..], &[2; 5][..]));
    }

    #[test]
    fn beyond_the_cap_there_is_nothing_and_chunks_are_used_again() {
        let arena = Arena::new();
        assert!(arena.alloc(CAP + 1).is_none());
        assert!(arena.alloc(usize::MAX).is_none());
        for _ in 0..50 {
            assert!(arena.alloc(10 << 20).is_some());
            // SAFETY: nothing is kept.
            unsafe { arena.reset() };
        }
        let mut taken = 0;
        while arena.alloc(1000).is_some() {
            taken += 1000;
        }
        assert!(taken > CAP / 2 && taken <= CAP);
    }

    #[test]
    fn texts_grow_and_survive_other_allocations() {
        let arena = Arena::new();
        let mut text = Text::new(&arena);
        for n in 0..10_000u32 {
            text.push(&n.to_le_bytes());
            if n % 100 == 0 {
                arena.alloc(9).unwrap().fill(0xff);
            }
        }
        let bytes = text.finish().unwrap();
        for n in 0..10_000u32 {
            assert_eq!(bytes[n as usize * 4..][..4], n.to_le_bytes());
        }
        assert_eq!(Text::new(&arena).finish(), Some(&b""[..]));
    }

    #[test]
    fn filled_slices_are_aligned() {
        let arena = Arena::new();
        arena.alloc(1).unwrap();
        let values = arena.filled(3, 7u64).unwrap();
        assert_eq!(values, [7; 3]);
        assert_eq!(values.as_ptr() as usize % 8, 0);
    }
}
