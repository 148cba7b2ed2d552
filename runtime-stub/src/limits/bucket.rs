//! A bucket of a limit's table: a few keys with their arrival times.
//! In: fingerprints, the clock. Out: arrival times; the bucket with one of them changed.
//!
//! Layout: [`ENTRIES`] times fingerprint and arrival time (u64). An arrival time that is past needs no entry, so such entries
//! are free; when none is, the entry that would be free first gives way.

use crate::bytes::{put_u64, u64_at};

/// Keys of a bucket.
pub const ENTRIES: usize = 8;
/// Bytes of an entry.
const ENTRY: usize = 16;
/// Bytes of a bucket.
pub const SIZE: usize = ENTRIES * ENTRY;

/// Where a key lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Which bucket.
    pub bucket: u32,
    /// The key's fingerprint, never 0.
    pub fingerprint: u64,
}

/// Number of buckets for so many keys: a power of two, at least one.
pub fn buckets(capacity: u32) -> u32 {
    capacity.div_ceil(ENTRIES as u32).clamp(1, 1 << 20).next_power_of_two()
}

/// Where a key lives in so many buckets.
pub fn place(seed: [u64; 2], key: &[u8], buckets: u32) -> Place {
    let hash = crate::values::siphash::keyed(seed, key);
    let bucket = (hash >> 32) as u32 & buckets.wrapping_sub(1);
    Place { bucket, fingerprint: hash.max(1) }
}

/// The arrival time of a key; 0 when the bucket does not know it. A bucket of another size knows none.
pub fn find(bucket: &[u8], fingerprint: u64) -> u64 {
    let mut at = 0usize;
    while at < SIZE {
        if u64_at(bucket, at) == fingerprint {
            return u64_at(bucket, at.wrapping_add(8));
        }
        at = at.wrapping_add(ENTRY);
    }
    0
}

/// Writes the arrival time of a key.
pub fn put(bucket: &mut [u8], fingerprint: u64, arrival: u64, now: u64) {
    let (mut at, mut best, mut best_arrival) = (0usize, 0usize, u64::MAX);
    while at < SIZE {
        let known = u64_at(bucket, at);
        if known == fingerprint {
            best = at;
            break;
        }
        // Entries that are past are equally free: the first of them is taken.
        let until = u64_at(bucket, at.wrapping_add(8));
        let until = if known == 0 || until <= now { 0 } else { until };
        if until < best_arrival {
            best_arrival = until;
            best = at;
        }
        at = at.wrapping_add(ENTRY);
    }
    put_u64(bucket, best, fingerprint);
    put_u64(bucket, best.wrapping_add(8), arrival);
}

/// Whether every entry still counts.
pub fn is_full(bucket: &[u8], now: u64) -> bool {
    bucket.chunks(ENTRY).all(|entry| u64_at(entry, 0) != 0 && u64_at(entry, 8) > now)
}

#[cfg(test)]
mod tests {
    use super::{ENTRIES, SIZE, buckets, find, is_full, place, put};

    #[test]
    fn free_entries_are_used_first_and_the_one_that_frees_first_gives_way() {
        let mut bucket = [0; SIZE];
        for n in 1..=ENTRIES as u64 {
            put(&mut bucket, n, 1000 + n, 10);
        }
        assert!((1..=8).all(|n| find(&bucket, n) == 1000 + n));
        assert!(is_full(&bucket, 1000) && !is_full(&bucket, 1001) && !is_full(&[0; SIZE], 0));
        put(&mut bucket, 3, 5000, 10);
        assert_eq!(find(&bucket, 3), 5000);
        put(&mut bucket, 9, 2000, 10);
        assert_eq!((find(&bucket, 9), find(&bucket, 1), find(&bucket, 2)), (2000, 0, 1002));
        // At 1004 the keys 2 and 4 are past; both are free.
        put(&mut bucket, 10, 3000, 1004);
        put(&mut bucket, 11, 3000, 1004);
        assert_eq!((find(&bucket, 2), find(&bucket, 4), find(&bucket, 5)), (0, 0, 1005));
    }

    #[test]
    fn sizes() {
        for (capacity, expected) in [(0, 1), (1, 1), (8, 1), (9, 2), (100_000, 16_384), (u32::MAX, 1 << 20)] {
            assert_eq!(buckets(capacity), expected);
            assert!(place([1, 2], b"key", expected).bucket < expected);
        }
        assert_eq!(find(&[], 5), 0);
        put(&mut [0; 3], 5, 5, 5);
    }

    #[test]
    fn seeds_scatter() {
        let hit: std::collections::BTreeSet<u32> = (0..64u32).map(|n| place([9, 9], &n.to_le_bytes(), 1024).bucket).collect();
        assert!(hit.len() > 50);
        assert_ne!(place([1, 1], b"k", 1024), place([1, 2], b"k", 1024));
    }
}
