//! Known keys by their SHA-256. The compiler writes it for keys in the policy, the stub itself for keys in the configuration.
//! In: names and digests. Out: a blob; its reader.
//!
//! Layout: number of keys, number of buckets (a power of two), for each bucket and one more the first entry, then the
//! entries sorted by bucket (digest, name as offset and length), then names. The bucket is told by the first bytes of a digest.

use crate::bytes::{self, put_u32, slice_at, two_at, u32_at};

/// Bytes of an entry.
const ENTRY: usize = 40;
/// Most buckets.
const BUCKETS: usize = 1 << 16;

/// Bytes of a SHA-256.
pub type Digest = [u8; 32];

/// A key that is written.
#[derive(Clone, Copy)]
pub struct Key<'a> {
    /// Its name.
    pub name: &'a [u8],
    /// SHA-256 of the key.
    pub digest: Digest,
}

/// Writes the blob.
#[cfg(not(target_arch = "wasm32"))]
pub fn write(keys: &[(&str, Digest)]) -> Vec<u8> {
    let keys: Vec<Key<'_>> = keys.iter().map(|(name, digest)| Key { name: name.as_bytes(), digest: *digest }).collect();
    let mut blob = vec![0; size(&keys)];
    write_into(&mut blob, &keys);
    blob
}

/// Bytes of the blob for these keys, a multiple of four.
pub fn size(keys: &[Key<'_>]) -> usize {
    let count = keys.len();
    let mut names = 0usize;
    for key in keys {
        names = names.saturating_add(key.name.len());
    }
    entries_at(buckets(count)).saturating_add(count.saturating_mul(ENTRY)).saturating_add(names).saturating_add(3) & !3
}

/// Writes into zeroed bytes of that size.
pub fn write_into(blob: &mut [u8], keys: &[Key<'_>]) {
    let count = keys.len();
    let buckets = buckets(count);
    let entries = entries_at(buckets);
    put_u32(blob, 0, u32::try_from(count).unwrap_or(u32::MAX));
    put_u32(blob, 4, u32::try_from(buckets).unwrap_or(1));
    // Counting sort. Each bucket's word first counts its keys, then tells where its next key goes; at the end it is the
    // start of the bucket after it, so everything is kept one word further on.
    let word = |bucket: usize| 8usize.wrapping_add(bucket.wrapping_mul(4));
    for key in keys {
        let at = word(bucket(&key.digest, buckets).wrapping_add(1));
        let before = u32_at(blob, at);
        put_u32(blob, at, before.wrapping_add(1));
    }
    let mut start = 0u32;
    for bucket in 1..=buckets {
        let here = u32_at(blob, word(bucket));
        put_u32(blob, word(bucket), start);
        start = start.wrapping_add(here);
    }
    let mut name_at = entries.saturating_add(count.saturating_mul(ENTRY));
    for key in keys {
        let at = word(bucket(&key.digest, buckets).wrapping_add(1));
        let entry = u32_at(blob, at);
        put_u32(blob, at, entry.wrapping_add(1));
        let place = entries.saturating_add((entry as usize).saturating_mul(ENTRY));
        if let Some(bytes) = blob.get_mut(place..) {
            bytes::copy(bytes, &key.digest);
        }
        put_u32(blob, place.saturating_add(32), u32::try_from(name_at).unwrap_or(0));
        put_u32(blob, place.saturating_add(36), u32::try_from(key.name.len()).unwrap_or(0));
        if let Some(bytes) = blob.get_mut(name_at..) {
            bytes::copy(bytes, key.name);
        }
        name_at = name_at.saturating_add(key.name.len());
    }
}

/// The number of the entry with this digest. Compared in time that does not depend on how much agrees; the bucket is told by
/// a digest, of which an attacker learns nothing about a key.
pub fn find(table: &[u8], digest: &Digest) -> Option<u32> {
    let buckets = (u32_at(table, 4) as usize).clamp(1, BUCKETS);
    let word = 8usize.wrapping_add(bucket(digest, buckets).wrapping_mul(4));
    let (start, end) = (u32_at(table, word), u32_at(table, word.wrapping_add(4)));
    let mut found = None;
    let entries = bytes::from(table, entries_at(buckets));
    let from = (start as usize).saturating_mul(ENTRY);
    for (number, entry) in (start..end).zip(bytes::from(entries, from).chunks_exact(ENTRY)) {
        if bytes::equal_in_constant_time(bytes::until(entry, 32), digest) {
            found = Some(number);
        }
    }
    found
}

/// The name of an entry.
pub fn name(table: &[u8], entry: u32) -> &[u8] {
    let buckets = (u32_at(table, 4) as usize).clamp(1, BUCKETS);
    let at = (entry as usize).saturating_mul(ENTRY).saturating_add(entries_at(buckets)).saturating_add(32);
    let [start, len] = two_at(table, at);
    slice_at(table, start as usize, len as usize)
}

fn buckets(count: usize) -> usize {
    count.min(BUCKETS).next_power_of_two()
}

fn entries_at(buckets: usize) -> usize {
    buckets.wrapping_mul(4).wrapping_add(12)
}

fn bucket(digest: &Digest, buckets: usize) -> usize {
    u32_at(digest, 0) as usize & buckets.wrapping_sub(1)
}

#[cfg(test)]
#[allow(clippy::indexing_slicing)]
mod tests {
    use super::{Digest, find, name, write};

    fn digest(n: u32) -> Digest {
        let mut digest = [0; 32];
        digest[..4].copy_from_slice(&n.wrapping_mul(0x9e37_79b9).to_le_bytes());
        digest[28..].copy_from_slice(&n.to_le_bytes());
        digest
    }

    fn found<'t>(table: &'t [u8], digest: &Digest) -> Option<&'t [u8]> {
        find(table, digest).map(|entry| name(table, entry))
    }

    #[test]
    fn finds_each_key_and_no_other() {
        for count in [0u32, 1, 2, 3, 100, 1000] {
            let names: Vec<String> = (0..count).map(|n| format!("key{n}")).collect();
            let keys: Vec<(&str, Digest)> = names.iter().zip(0..).map(|(name, n)| (name.as_str(), digest(n))).collect();
            let table = write(&keys);
            assert_eq!(table.len() % 4, 0);
            for n in 0..count + 50 {
                let expected = (n < count).then(|| format!("key{n}"));
                assert_eq!(found(&table, &digest(n)), expected.as_deref().map(str::as_bytes));
            }
        }
    }

    #[test]
    fn keys_of_one_bucket_are_told_apart() {
        let mut a = [7; 32];
        let b = a;
        a[31] = 8;
        let table = write(&[("a", a), ("b", b)]);
        assert_eq!((found(&table, &a), found(&table, &b)), (Some(&b"a"[..]), Some(&b"b"[..])));
        assert_eq!(find(&table, &[0; 32]), None);
        assert_eq!(find(&[], &a), None);
        assert_eq!(find(&[0xff; 64], &a), None);
    }
}
