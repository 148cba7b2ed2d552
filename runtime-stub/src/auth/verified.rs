//! Credentials that were verified lately, so that their digest or signature need not be computed again. In: presented values.
//! Out: entries of the key table (`tables::keys`). Why this is safe: docs/decisions/0004-verified-keys.md.
//!
//! A slot holds a keyed tag of root context, credential and value, never the value. Only successes are kept, so guessing
//! neither fills nor empties anything.

use crate::bytes::{put_u32, put_u64, u32_at, u64_at};
use crate::host::Host;
use crate::rt::heap::{Block, Heap};
use crate::values::siphash;

/// How many values are kept, each in the one slot that its tag names: a power of two.
pub const SLOTS: usize = 512;
/// Bytes of a slot: tag (two u64), number of the entry plus one.
const SLOT: usize = 24;

/// A keyed hash that nobody finds a second value for who does not know the seed.
#[derive(Clone, Copy)]
pub struct Tag([u64; 2]);

impl Tag {
    /// The slot that it names.
    pub fn slot(self) -> usize {
        self.0[0] as usize & SLOTS.wrapping_sub(1)
    }
}

/// The values of one VM.
pub struct Verified {
    seed: Option<[u64; 2]>,
    slots: Block,
}

impl Verified {
    /// None yet; memory comes with the first one.
    pub const fn new() -> Verified {
        Verified { seed: None, slots: Block::EMPTY }
    }

    /// The tag of a value; nothing when it is too long to be kept or the host has no random numbers.
    #[inline(always)]
    pub fn tag<H: Host>(&mut self, host: &mut H, root: u32, credential: u32, value: &[u8], longest: usize) -> Option<Tag> {
        if value.len() > longest {
            return None;
        }
        let seed = match self.seed {
            Some(seed) => seed,
            None => {
                let mut random = [0; 16];
                host.random(&mut random).ok()?;
                *self.seed.insert([u64_at(&random, 0), u64_at(&random, 8)])
            }
        };
        Some(Tag(siphash::tag(seed, u64::from(root) << 32 | u64::from(credential), value)))
    }

    /// The entry that this value was found at before. Tags are compared as a whole, whatever part of them agrees.
    #[inline(always)]
    pub fn find(&self, tag: Tag) -> Option<u32> {
        let (at, Tag([first, second])) = (place(tag), tag);
        let difference = (u64_at(&self.slots, at) ^ first) | (u64_at(&self.slots, at.saturating_add(8)) ^ second);
        let entry = u32_at(&self.slots, at.saturating_add(16));
        if difference == 0 { entry.checked_sub(1) } else { None }
    }

    /// Keeps a value that was found; without memory it is not kept.
    #[inline(always)]
    pub fn keep(&mut self, heap: &mut Heap, tag: Tag, entry: u32) {
        if self.slots.is_empty() {
            let Some(slots) = heap.alloc(SLOTS.saturating_mul(SLOT)) else { return };
            self.slots = slots;
        }
        let (at, Tag([first, second])) = (place(tag), tag);
        put_u64(&mut self.slots, at, first);
        put_u64(&mut self.slots, at.saturating_add(8), second);
        put_u32(&mut self.slots, at.saturating_add(16), entry.saturating_add(1));
    }

    /// Forgets all: the keys of a root context are others from now on.
    pub fn clear(&mut self) {
        self.slots.fill(0);
    }
}

/// Where the slot of a tag begins.
fn place(tag: Tag) -> usize {
    tag.slot().wrapping_mul(SLOT)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::Verified;
    use crate::rt::heap::Heap;
    use crate::testing::FakeHost;

    #[test]
    fn only_what_was_kept_is_found() {
        let (mut verified, mut heap, mut host) = (Verified::new(), Heap::new(), FakeHost::default());
        let tag = verified.tag(&mut host, 1, 2, b"key", 256).unwrap();
        assert_eq!(verified.find(tag), None);
        verified.keep(&mut heap, tag, 0);
        assert_eq!(verified.find(tag), Some(0));
        for (root, credential, value) in [(2, 2, &b"key"[..]), (1, 3, b"key"), (1, 2, b"kez"), (1, 2, b"key\0"), (1, 2, b"")] {
            let other = verified.tag(&mut host, root, credential, value, 256).unwrap();
            assert_eq!(verified.find(other), None, "{root} {credential} {value:?}");
        }
        verified.clear();
        assert_eq!(verified.find(tag), None);
        assert_eq!(host.calls.iter().filter(|call| **call == "random").count(), 1);
    }

    #[test]
    fn memory_is_bounded_and_the_latest_of_a_slot_stays() {
        let (mut verified, mut heap, mut host) = (Verified::new(), Heap::new(), FakeHost::default());
        for n in 0..5000u32 {
            let tag = verified.tag(&mut host, 1, 1, &n.to_le_bytes(), 256).unwrap();
            verified.keep(&mut heap, tag, n);
            assert_eq!(verified.find(tag), Some(n));
        }
        assert_eq!(verified.slots.len(), super::SLOTS * super::SLOT);
    }

    #[test]
    fn without_random_numbers_memory_or_a_short_value_nothing_is_kept() {
        let (mut verified, mut heap, mut host) = (Verified::new(), Heap::new(), FakeHost::default());
        host.failing.insert("random", 10);
        assert!(verified.tag(&mut host, 1, 1, b"key", 256).is_none());
        host.failing.clear();
        assert!(verified.tag(&mut host, 1, 1, &[b'k'; 257], 256).is_none());
        let tag = verified.tag(&mut host, 1, 1, b"key", 256).unwrap();
        while heap.alloc(1 << 12).is_some() {}
        verified.keep(&mut heap, tag, 1);
        assert_eq!(verified.find(tag), None);
    }
}
