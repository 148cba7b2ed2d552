//! A sorted list of ids. Layout: count, then that many u32.

use crate::bytes::u32_at;

/// Whether the list has this id.
pub fn contains(table: &[u8], id: u32) -> bool {
    let (mut low, mut high) = (0usize, u32_at(table, 0) as usize);
    while low < high {
        let middle = low.wrapping_add(high.wrapping_sub(low) >> 1);
        let found = u32_at(table, middle.saturating_mul(4).saturating_add(4));
        if found == id {
            return true;
        }
        if found < id {
            low = middle.wrapping_add(1);
        } else {
            high = middle;
        }
    }
    false
}

/// Writes it; the ids need no order.
#[cfg(not(target_arch = "wasm32"))]
pub fn encode(ids: &[u32]) -> Vec<u8> {
    let mut sorted = ids.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    let mut blob = super::write::Blob::new();
    blob.size(sorted.len());
    sorted.iter().for_each(|id| blob.u32(*id));
    blob.bytes
}

#[cfg(test)]
mod tests {
    use super::{contains, encode};

    #[test]
    fn finds_what_is_in_it() {
        let table = encode(&[7, 3, 3, 900, 0]);
        for id in 0..1000 {
            assert_eq!(contains(&table, id), [0, 3, 7, 900].contains(&id), "{id}");
        }
        assert!(!contains(&encode(&[]), 0));
        assert!(!contains(&[], 0));
        assert!(!contains(&u32::MAX.to_le_bytes(), 5));
    }
}
