//! Header names that a policy reads, numbered. Layout: number of slots, mask, bitmap of name lengths (u64, the last bit for 63
//! and more), names by slot (offset, length), then `mask + 1` buckets (slot plus one; 0 is a free one).

use crate::bytes::{four_at, hash, slice_at, two_at, u32_at};

const NAMES: usize = 16;

/// How many slots there are.
pub fn count(table: &[u8]) -> usize {
    u32_at(table, 0) as usize
}

/// The name of a slot.
pub fn name(table: &[u8], slot: usize) -> &[u8] {
    let at = slot.saturating_mul(8).saturating_add(NAMES);
    let [start, len] = two_at(table, at);
    slice_at(table, start as usize, len as usize)
}

/// The slot of a name in lower case. Most names are refused by their length.
#[inline]
pub fn find(table: &[u8], wanted: &[u8]) -> Option<usize> {
    let [count, mask, short, long] = four_at(table, 0);
    let lengths = u64::from(long) << 32 | u64::from(short);
    if lengths & (1 << wanted.len().min(63)) == 0 {
        return None;
    }
    let buckets = (count as usize).saturating_mul(8).saturating_add(NAMES);
    let mut at = hash(wanted) & mask;
    let mut tried = 0u32;
    while tried <= mask {
        let slot = u32_at(table, (at as usize).wrapping_mul(4).saturating_add(buckets)).checked_sub(1)? as usize;
        if name(table, slot) == wanted {
            return Some(slot);
        }
        at = at.wrapping_add(1) & mask;
        tried = tried.wrapping_add(1);
    }
    None
}

/// Writes it: the names of all slots in order, those of `contract::slot` first (`host` for slot 0).
#[cfg(not(target_arch = "wasm32"))]
pub fn encode<N: AsRef<[u8]>>(names: &[N]) -> Vec<u8> {
    let buckets = names.len().saturating_mul(4).next_power_of_two();
    let buckets_at = NAMES + names.len() * 8;
    let mut blob = super::write::Blob::new();
    blob.size(names.len());
    blob.size(buckets - 1);
    blob.u64(names.iter().fold(0, |bits, name| bits | 1 << name.as_ref().len().min(63)));
    blob.bytes.resize(buckets_at + buckets * 4, 0);
    for (slot, name) in names.iter().enumerate() {
        let name = name.as_ref();
        let name_at = blob.put(name);
        blob.patch(NAMES + slot * 8, name_at);
        blob.patch(NAMES + slot * 8 + 4, name.len());
        let mut at = hash(name) as usize & (buckets - 1);
        while u32_at(&blob.bytes, buckets_at + at * 4) != 0 {
            at = (at + 1) & (buckets - 1);
        }
        blob.patch(buckets_at + at * 4, slot + 1);
    }
    blob.bytes
}

#[cfg(test)]
mod tests {
    use super::{count, encode, find, name};

    #[test]
    fn names_find_their_slots() {
        let names: Vec<String> = ["host", "content-type"].map(String::from).into_iter().chain((0..300).map(|n| format!("x-{n}"))).collect();
        let table = encode(&names);
        assert_eq!(count(&table), 302);
        for (slot, text) in names.iter().enumerate() {
            assert_eq!(find(&table, text.as_bytes()), Some(slot), "{text}");
            assert_eq!(name(&table, slot), text.as_bytes());
        }
        for absent in ["", "x-300", "accept", "content-typf"] {
            assert_eq!(find(&table, absent.as_bytes()), None, "{absent}");
        }
        assert_eq!(find(&[], b"host"), None);
        assert_eq!(find(&[0xff; 64], b"host"), None);
    }
}
