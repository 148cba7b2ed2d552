//! Networks as sorted, disjoint ranges. Layout: number of IPv4 ranges, number of IPv6 ranges, IPv4 ranges (first and last, big-endian
//! 4 bytes each), IPv6 ranges (16 bytes each).

use crate::bytes::{slice_at, u32_at};
use crate::contract::IP_SIZE;

/// Whether an address is in one of them.
pub fn contains(table: &[u8], ip: &[u8; IP_SIZE]) -> bool {
    let (v4, v6) = (u32_at(table, 0) as usize, u32_at(table, 4) as usize);
    match ip {
        [4, a, b, c, d, ..] => search(table, 8, v4, &[*a, *b, *c, *d]),
        [6, address @ ..] => search(table, v4.saturating_mul(8).saturating_add(8), v6, address),
        [_, ..] => false,
    }
}

fn search(table: &[u8], start: usize, count: usize, address: &[u8]) -> bool {
    let size = address.len();
    let (mut low, mut high) = (0usize, count);
    while low < high {
        let middle = low.wrapping_add(high.wrapping_sub(low) >> 1);
        let at = middle.saturating_mul(size).saturating_mul(2).saturating_add(start);
        let (first, last) = (slice_at(table, at, size), slice_at(table, at.saturating_add(size), size));
        if address < first {
            high = middle;
        } else if address > last {
            low = middle.wrapping_add(1);
        } else {
            return true;
        }
    }
    false
}

/// Writes them: address records (`contract::IP_SIZE`) and prefix lengths. Host bits are ignored.
#[cfg(not(target_arch = "wasm32"))]
pub fn encode(networks: &[([u8; IP_SIZE], u8)]) -> Vec<u8> {
    let mut blob = super::write::Blob::new();
    let families = [(4u8, 32u32), (6, 128)].map(|(family, bits)| {
        let members = networks.iter().filter(|(ip, _)| ip.first() == Some(&family));
        merged(members.map(|(ip, prefix)| range(ip, u32::from(*prefix), bits)).collect())
    });
    families.iter().for_each(|ranges| blob.size(ranges.len()));
    for (ranges, size) in families.iter().zip([4usize, 16]) {
        for bound in ranges.iter().flat_map(|(first, last)| [first, last]) {
            let bytes = bound.to_be_bytes();
            blob.put(bytes.get(16 - size..).unwrap_or(&[]));
        }
    }
    blob.bytes
}

#[cfg(not(target_arch = "wasm32"))]
fn range(ip: &[u8; IP_SIZE], prefix: u32, bits: u32) -> (u128, u128) {
    let [_, address @ ..] = ip;
    let address = u128::from_be_bytes(*address) >> (128 - bits);
    let host = 1u128.checked_shl(bits.saturating_sub(prefix)).map_or(u128::MAX, |size| size - 1);
    (address & !host, address | host)
}

#[cfg(not(target_arch = "wasm32"))]
fn merged(mut ranges: Vec<(u128, u128)>) -> Vec<(u128, u128)> {
    ranges.sort_unstable();
    let mut out: Vec<(u128, u128)> = Vec::new();
    for (first, last) in ranges {
        match out.last_mut() {
            Some(before) if first <= before.1.saturating_add(1) => before.1 = before.1.max(last),
            Some(_) | None => out.push((first, last)),
        }
    }
    out
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::{contains, encode};
    use crate::contract::IP_SIZE;
    use std::net::IpAddr;

    fn ip(text: &str) -> [u8; IP_SIZE] {
        let mut record = [0; IP_SIZE];
        match text.parse().unwrap() {
            IpAddr::V4(v4) => {
                record[0] = 4;
                record[1..5].copy_from_slice(&v4.octets());
            }
            IpAddr::V6(v6) => {
                record[0] = 6;
                record[1..].copy_from_slice(&v6.octets());
            }
        }
        record
    }

    #[test]
    fn finds_addresses_of_both_families() {
        let table = encode(&[
            (ip("10.0.0.0"), 8),
            (ip("10.1.0.0"), 16),
            (ip("192.0.2.7"), 32),
            (ip("192.0.2.8"), 32),
            (ip("2001:db8::"), 32),
            (ip("::1"), 128),
        ]);
        for inside in ["10.0.0.0", "10.255.255.255", "192.0.2.7", "192.0.2.8", "2001:db8:ffff::1", "::1"] {
            assert!(contains(&table, &ip(inside)), "{inside}");
        }
        for outside in ["9.255.255.255", "11.0.0.0", "192.0.2.6", "192.0.2.9", "2001:db9::", "::2", "::"] {
            assert!(!contains(&table, &ip(outside)), "{outside}");
        }
    }

    #[test]
    fn whole_families() {
        let table = encode(&[(ip("0.0.0.0"), 0)]);
        assert!(contains(&table, &ip("255.255.255.255")) && contains(&table, &ip("0.0.0.0")));
        assert!(!contains(&table, &ip("::")));
        let table = encode(&[(ip("::"), 0)]);
        assert!(contains(&table, &ip("ffff::")) && !contains(&table, &ip("1.2.3.4")));
        assert!(!contains(&[], &ip("1.2.3.4")));
    }
}
