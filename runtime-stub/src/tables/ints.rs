//! A sorted table of ints. Layout: count, a zero u32, then that many i64.

use crate::bytes::{u32_at, u64_at};

/// Whether the table has this value.
pub fn contains(table: &[u8], value: i64) -> bool {
    let (mut low, mut high) = (0usize, u32_at(table, 0) as usize);
    while low < high {
        let middle = low.wrapping_add(high.wrapping_sub(low) >> 1);
        let found = u64_at(table, middle.saturating_mul(8).saturating_add(8)).cast_signed();
        if found == value {
            return true;
        }
        if found < value {
            low = middle.wrapping_add(1);
        } else {
            high = middle;
        }
    }
    false
}

/// Writes it; the values need no order.
#[cfg(not(target_arch = "wasm32"))]
pub fn encode(values: &[i64]) -> Vec<u8> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    let mut blob = super::write::Blob::new();
    blob.size(sorted.len());
    blob.u32(0);
    sorted.iter().for_each(|value| blob.u64(value.cast_unsigned()));
    blob.bytes
}

#[cfg(test)]
mod tests {
    use super::{contains, encode};

    #[test]
    fn finds_what_is_in_it() {
        let table = encode(&[5, -5, i64::MAX, i64::MIN, 5]);
        for value in [5, -5, i64::MAX, i64::MIN] {
            assert!(contains(&table, value), "{value}");
        }
        for value in [0, 4, -6, i64::MAX - 1] {
            assert!(!contains(&table, value), "{value}");
        }
        assert!(!contains(&[], 0));
    }
}
