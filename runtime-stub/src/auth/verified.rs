//! Credentials that were verified lately, so that their digest or signature need not be computed again. In: presented values.
//! Out: entries of the key table (`tables::keys`). Why this is safe: docs/decisions/0004-verified-keys.md.
//!
//! A tag names a pair of slots, so that two values which meet in one do not push each other out in turn: of three, the one
//! that was not asked for last goes. A slot holds a keyed tag of root context, credential and value, never the value. Only
//! successes are kept, so guessing neither fills nor empties anything.

use crate::bytes::{put_u32, put_u64, u32_at, u64_at};
use crate::host::Host;
use crate::rt::heap::{Block, Heap};
use crate::values::siphash;

/// How many values are kept, each in one of the two slots that its tag names: a power of two.
pub const SLOTS: usize = 512;
/// Bytes of a slot: tag (two u64), number of the entry plus one, in the first of a pair which of them was asked for last.
const SLOT: usize = 24;
const ENTRY: usize = 16;
const LAST: usize = 20;

/// A keyed hash that nobody finds a second value for who does not know the seed.
#[derive(Clone, Copy)]
pub struct Tag([u64; 2]);

impl Tag {
    /// The first slot of the pair that it names.
    pub fn pair(self) -> usize {
        self.0[0] as usize & SLOTS.wrapping_sub(2)
    }
}

/// What is kept of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The slot that it is in.
    pub slot: usize,
    /// The entry that it was found at.
    pub entry: u32,
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

    /// This value, if it was found before. Tags are compared as a whole, whatever part of them agrees.
    pub fn find(&mut self, tag: Tag) -> Option<Kept> {
        let kept = self.kept(tag)?;
        self.asked(kept.slot);
        Some(kept)
    }

    fn kept(&self, tag: Tag) -> Option<Kept> {
        let first = tag.pair();
        self.at(first, tag).or_else(|| self.at(first | 1, tag))
    }

    fn at(&self, slot: usize, Tag([first, second]): Tag) -> Option<Kept> {
        let at = place(slot);
        let difference = (u64_at(&self.slots, at) ^ first) | (u64_at(&self.slots, at.saturating_add(8)) ^ second);
        let entry = u32_at(&self.slots, at.saturating_add(ENTRY));
        if difference == 0 { entry.checked_sub(1).map(|entry| Kept { slot, entry }) } else { None }
    }

    fn asked(&mut self, slot: usize) {
        put_u32(&mut self.slots, place(slot & !1).saturating_add(LAST), (slot & 1) as u32);
    }

    /// Keeps a value that was found; without memory it is not kept.
    pub fn keep(&mut self, heap: &mut Heap, tag: Tag, entry: u32) {
        if self.slots.is_empty() {
            let Some(slots) = heap.alloc(SLOTS.saturating_mul(SLOT)) else { return };
            self.slots = slots;
        }
        let (pair, Tag([first, second])) = (tag.pair(), tag);
        let last = u32_at(&self.slots, place(pair).saturating_add(LAST));
        let slot = self.kept(tag).map_or(pair | (last == 0) as usize, |kept| kept.slot);
        let at = place(slot);
        put_u64(&mut self.slots, at, first);
        put_u64(&mut self.slots, at.saturating_add(8), second);
        put_u32(&mut self.slots, at.saturating_add(ENTRY), entry.saturating_add(1));
        self.asked(slot);
    }

    /// Forgets all: the keys of a root context are others from now on.
    pub fn clear(&mut self) {
        self.slots.fill(0);
    }
}

/// Where a slot begins.
fn place(slot: usize) -> usize {
    slot.wrapping_mul(SLOT)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{Kept, Tag, Verified};
    use crate::rt::heap::Heap;
    use crate::testing::FakeHost;

    #[test]
    fn only_what_was_kept_is_found() {
        let (mut verified, mut heap, mut host) = (Verified::new(), Heap::new(), FakeHost::default());
        let tag = verified.tag(&mut host, 1, 2, b"key", 256).unwrap();
        assert_eq!(verified.find(tag), None);
        verified.keep(&mut heap, tag, 0);
        assert_eq!(verified.find(tag).map(|kept| kept.entry), Some(0));
        for (root, credential, value) in [(2, 2, &b"key"[..]), (1, 3, b"key"), (1, 2, b"kez"), (1, 2, b"key\0"), (1, 2, b"")] {
            let other = verified.tag(&mut host, root, credential, value, 256).unwrap();
            assert_eq!(verified.find(other), None, "{root} {credential} {value:?}");
        }
        verified.clear();
        assert_eq!(verified.find(tag), None);
        assert_eq!(host.calls.iter().filter(|call| **call == "random").count(), 1);
    }

    #[test]
    fn of_three_in_a_pair_the_one_that_was_not_asked_for_goes() {
        let (mut verified, mut heap) = (Verified::new(), Heap::new());
        let [a, b, c, elsewhere] = [Tag([4, 1]), Tag([5, 2]), Tag([4, 3]), Tag([6, 1])];
        assert_eq!((a.pair(), b.pair(), elsewhere.pair()), (4, 4, 6));
        let entries = |verified: &mut Verified| [a, b, c, elsewhere].map(|tag| verified.at(4, tag).or(verified.at(5, tag)).is_some());
        verified.keep(&mut heap, a, 7);
        verified.keep(&mut heap, b, 8);
        for _ in 0..3 {
            assert!(matches!(verified.find(b), Some(Kept { entry: 8, .. })) && matches!(verified.find(a), Some(Kept { entry: 7, .. })));
        }
        verified.keep(&mut heap, c, 9);
        verified.keep(&mut heap, elsewhere, 1);
        assert_eq!(entries(&mut verified), [true, false, true, false]);
        verified.find(a).unwrap();
        // What is there is kept anew where it is.
        verified.keep(&mut heap, a, 2);
        assert_eq!(entries(&mut verified), [true, false, true, false]);
        verified.keep(&mut heap, b, 8);
        assert_eq!(entries(&mut verified), [true, true, false, false]);
        assert_eq!(verified.find(a).map(|kept| kept.entry), Some(2));
    }

    #[test]
    fn memory_is_bounded_and_the_latest_of_a_slot_stays() {
        let (mut verified, mut heap, mut host) = (Verified::new(), Heap::new(), FakeHost::default());
        for n in 0..5000u32 {
            let tag = verified.tag(&mut host, 1, 1, &n.to_le_bytes(), 256).unwrap();
            verified.keep(&mut heap, tag, n);
            assert_eq!(verified.find(tag).map(|kept| kept.entry), Some(n));
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
