//! The clusters of a split. Layout: count, then for each (end of its share in ten-thousandths, name offset, name length).

use crate::bytes::{slice_at, u32_at};

/// The cluster whose share a number below 10,000 falls into; the last one beyond all shares.
pub fn pick(table: &[u8], share: u32) -> &[u8] {
    let count = u32_at(table, 0) as usize;
    let mut name: &[u8] = &[];
    for n in 0..count {
        let at = n.saturating_mul(12).saturating_add(4);
        if at >= table.len() {
            break;
        }
        name = slice_at(table, u32_at(table, at.saturating_add(4)) as usize, u32_at(table, at.saturating_add(8)) as usize);
        if share < u32_at(table, at) {
            break;
        }
    }
    name
}

/// Writes it: clusters and their weights in ten-thousandths, in file order.
#[cfg(not(target_arch = "wasm32"))]
pub fn encode<N: AsRef<[u8]>>(weights: &[(N, u32)]) -> Vec<u8> {
    let mut blob = super::write::Blob::new();
    blob.size(weights.len());
    blob.bytes.resize(4 + weights.len() * 12, 0);
    let mut end = 0usize;
    for (n, (name, weight)) in weights.iter().enumerate() {
        end = end.saturating_add(*weight as usize);
        let name_at = blob.put(name.as_ref());
        blob.patch(n * 12 + 4, end);
        blob.patch(n * 12 + 8, name_at);
        blob.patch(n * 12 + 12, name.as_ref().len());
    }
    blob.bytes
}

#[cfg(test)]
mod tests {
    use super::{encode, pick};

    #[test]
    fn shares_are_counted_in_order() {
        let table = encode(&[("canary", 500), ("none", 0), ("stable", 9500)]);
        assert_eq!(pick(&table, 0), b"canary");
        assert_eq!(pick(&table, 499), b"canary");
        assert_eq!(pick(&table, 500), b"stable");
        assert_eq!(pick(&table, 9999), b"stable");
        assert_eq!(pick(&table, 10_000), b"stable");
        assert_eq!(pick(&[], 1), b"");
    }
}
