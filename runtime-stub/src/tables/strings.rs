//! Sets and maps of byte strings: open addressing. Layout: mask, longest key, then a bitmap of key lengths (u64, the last bit
//! for 63 and more), then `mask + 1` buckets (key offset, key length, value offset, value length; offset 0 is a free one).

use crate::bytes::{hash, slice_at, u32_at, u64_at};

const BUCKETS: usize = 16;
const BUCKET: usize = 16;

/// Whether the set has this string.
pub fn contains(table: &[u8], key: &[u8]) -> bool {
    find(table, key).is_some()
}

/// The value of a key.
pub fn get<'a>(table: &'a [u8], key: &[u8]) -> Option<&'a [u8]> {
    let bucket = find(table, key)?;
    Some(slice_at(table, u32_at(table, bucket.wrapping_add(8)) as usize, u32_at(table, bucket.wrapping_add(12)) as usize))
}

fn find(table: &[u8], key: &[u8]) -> Option<usize> {
    // Hashing is linear in the key, which the client may choose: longer keys than any of ours are not looked at.
    if key.len() > u32_at(table, 4) as usize || u64_at(table, 8) & (1 << key.len().min(63)) == 0 {
        return None;
    }
    let mask = u32_at(table, 0);
    let mut at = hash(key) & mask;
    let mut tried = 0u32;
    while tried <= mask {
        let bucket = BUCKETS.wrapping_add((at as usize).wrapping_mul(BUCKET));
        let offset = u32_at(table, bucket);
        if offset == 0 {
            return None;
        }
        let len = u32_at(table, bucket.wrapping_add(4)) as usize;
        if len == key.len() && slice_at(table, offset as usize, len) == key {
            return Some(bucket);
        }
        at = at.wrapping_add(1) & mask;
        tried = tried.wrapping_add(1);
    }
    None
}

/// Writes a set.
#[cfg(not(target_arch = "wasm32"))]
pub fn encode_set<K: AsRef<[u8]>>(keys: &[K]) -> Vec<u8> {
    let pairs: Vec<(&[u8], &[u8])> = keys.iter().map(|key| (key.as_ref(), &b""[..])).collect();
    encode_map(&pairs)
}

/// Writes a map; of equal keys the first counts.
#[cfg(not(target_arch = "wasm32"))]
pub fn encode_map<K: AsRef<[u8]>, V: AsRef<[u8]>>(pairs: &[(K, V)]) -> Vec<u8> {
    let mut unique = std::collections::BTreeMap::new();
    for (key, value) in pairs {
        unique.entry(key.as_ref()).or_insert(value.as_ref());
    }
    let buckets = unique.len().saturating_mul(2).next_power_of_two();
    let mask = buckets - 1;
    let mut blob = super::write::Blob::new();
    blob.size(mask);
    blob.size(unique.keys().map(|key| key.len()).max().unwrap_or(0));
    blob.u64(unique.keys().fold(0, |bits, key| bits | 1 << key.len().min(63)));
    blob.bytes.resize(BUCKETS + buckets * BUCKET, 0);
    for (key, value) in unique {
        let mut at = hash(key) as usize & mask;
        while u32_at(&blob.bytes, BUCKETS + at * BUCKET) != 0 {
            at = (at + 1) & mask;
        }
        let (key_at, value_at) = (blob.put(key), blob.put(value));
        for (n, field) in [key_at, key.len(), value_at, value.len()].into_iter().enumerate() {
            blob.patch(BUCKETS + at * BUCKET + n * 4, field);
        }
    }
    blob.bytes
}

#[cfg(test)]
mod tests {
    use super::{contains, encode_map, encode_set, get};

    #[test]
    fn a_set_has_what_was_put_in() {
        let keys: Vec<String> = (0..1000).map(|n| format!("key-{n}")).collect();
        let set = encode_set(&keys);
        assert!(keys.iter().all(|key| contains(&set, key.as_bytes())));
        assert!((1000..3000).all(|n| !contains(&set, format!("key-{n}").as_bytes())));
        assert!(!contains(&set, b""));
        assert!(!contains(&set, &[b'k'; 100_000]));
    }

    #[test]
    fn a_map_gives_first_values_and_empty_ones() {
        let map = encode_map(&[("a", "1"), ("", "empty"), ("b", ""), ("a", "2")]);
        assert_eq!(get(&map, b"a"), Some(&b"1"[..]));
        assert_eq!(get(&map, b""), Some(&b"empty"[..]));
        assert_eq!(get(&map, b"b"), Some(&b""[..]));
        assert_eq!(get(&map, b"c"), None);
    }

    #[test]
    fn empty_and_broken_tables_have_nothing() {
        let empty: [&str; 0] = [];
        assert!(!contains(&encode_set(&empty), b""));
        assert!(!contains(&[], b"a"));
        assert!(!contains(&[0xff; 40], b"a"));
    }
}
