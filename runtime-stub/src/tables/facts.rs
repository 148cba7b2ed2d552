//! What the value of one subject tells: the atoms (conditions of many rules) that hold for it. Layout: number of probes, edge mask,
//! offset of buckets, of patterns, of their number; probes (how, length); buckets (key offset, how and length, first atom, end;
//! end 0 is free); then for each pattern where its atoms begin (one more for the end), atoms, keys.
//!
//! A probe looks up the whole value, its first or last bytes, or the first bits of an address, by hash: the cost depends on how many
//! different lengths there are and not on how many keys.

use crate::bytes::{four_at, hash_more, slice_at, two_at, u32_at};
use crate::contract::IP_SIZE;
use crate::rt::arena::Items;

/// The whole text.
pub const WHOLE: u32 = 0;
/// Its beginning.
pub const BEGINNING: u32 = 1;
/// Its end.
pub const ENDING: u32 = 2;
/// The first bits of an IPv4 address.
pub const BITS4: u32 = 3;
/// The first bits of an IPv6 address.
pub const BITS6: u32 = 4;

const PROBES: usize = 20;
const BUCKET: usize = 16;
/// Where `how` begins in the word that holds it and a length.
const HOW: u32 = 28;
const BASIS: u32 = 0x811c_9dc5;

/// Adds the atoms that hold for a text.
pub fn find_text(table: &[u8], text: &[u8], atoms: &mut Items<'_, u32>) {
    let (mut state, mut hashed) = (BASIS, 0usize);
    for n in 0..(u32_at(table, 0) as usize).min(table.len() >> 3) {
        let [how, len] = two_at(table, n.wrapping_mul(8).wrapping_add(PROBES));
        let len = len as usize;
        if how == WHOLE {
            // The longest key: what the client makes longer is not hashed.
            if text.len() <= len {
                look(table, WHOLE, text, hash_more(BASIS, text), atoms);
            }
            continue;
        }
        if how == BEGINNING {
            // By length from the shortest: each hash continues the one before.
            let Some(start) = text.get(..len) else { continue };
            state = hash_more(state, start.get(hashed..).unwrap_or(&[]));
            hashed = len;
            look(table, BEGINNING, start, state, atoms);
            continue;
        }
        let Some(end) = text.len().checked_sub(len).and_then(|at| text.get(at..)) else { continue };
        look(table, how, end, hash_more(BASIS, end), atoms);
    }
}

/// Adds the atoms that hold for an address.
pub fn find_address(table: &[u8], ip: &[u8; IP_SIZE], atoms: &mut Items<'_, u32>) {
    let [family, address @ ..] = *ip;
    let of = if family == 4 { BITS4 } else { BITS6 };
    for n in 0..(u32_at(table, 0) as usize).min(table.len() >> 3) {
        let [how, bits] = two_at(table, n.wrapping_mul(8).wrapping_add(PROBES));
        if how == of {
            let masked = masked(&address, bits);
            look(table, how << 8 | bits, &masked, hash_more(BASIS ^ bits, &masked), atoms);
        }
    }
}

/// The first bits of an address; the others are zero.
fn masked(address: &[u8; 16], bits: u32) -> [u8; 16] {
    let mask = u128::MAX.checked_shl(128u32.saturating_sub(bits)).unwrap_or(0);
    (u128::from_be_bytes(*address) & mask).to_be_bytes()
}

/// Adds the atoms of a pattern.
pub fn find_pattern(table: &[u8], pattern: u32, atoms: &mut Items<'_, u32>) {
    if pattern < u32_at(table, 16) {
        let at = (pattern as usize).saturating_mul(4).saturating_add(u32_at(table, 12) as usize);
        let [from, until] = two_at(table, at);
        add(table, from, until, atoms);
    }
}

fn spread(how: u32, hash: u32) -> u32 {
    (hash ^ how.wrapping_mul(0x9e37_79b1)).wrapping_mul(0x85eb_ca6b).rotate_right(15)
}

fn look(table: &[u8], how: u32, key: &[u8], hash: u32, atoms: &mut Items<'_, u32>) {
    let [mask, buckets] = two_at(table, 4);
    let mut at = spread(how, hash) & mask;
    let mut tried = 0u32;
    while tried <= mask {
        let [start, tag, from, until] = four_at(table, (at as usize).saturating_mul(BUCKET).saturating_add(buckets as usize));
        if until == 0 {
            return;
        }
        if tag == tag_of(how, key.len()) && slice_at(table, start as usize, key.len()) == key {
            return add(table, from, until, atoms);
        }
        at = at.wrapping_add(1) & mask;
        tried = tried.wrapping_add(1);
    }
}

/// One word for how a key is looked up and its length; of addresses the number of bits counts instead, as part of `how`.
fn tag_of(how: u32, len: usize) -> u32 {
    let network = how >> 8;
    if network == 0 { how << HOW | (len as u32 & 0x0fff_ffff) } else { network << HOW | (how & 0xff) }
}

fn add(table: &[u8], from: u32, until: u32, atoms: &mut Items<'_, u32>) {
    let mut at = from;
    while at < until {
        atoms.push(u32_at(table, at as usize));
        at = at.saturating_add(4);
    }
}

#[cfg(not(target_arch = "wasm32"))]
pub use writer::{Key, encode};

#[cfg(not(target_arch = "wasm32"))]
mod writer {
    use std::collections::{BTreeMap, BTreeSet};

    use super::{BASIS, BEGINNING, BITS4, BITS6, BUCKET, ENDING, PROBES, WHOLE, masked, spread, tag_of};
    use crate::bytes::{hash_more, u32_at};
    use crate::tables::write::Blob;

    /// What an atom holds for.
    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
    pub enum Key {
        /// The whole text.
        Whole(Vec<u8>),
        /// Texts that begin so.
        Beginning(Vec<u8>),
        /// Texts that end so.
        Ending(Vec<u8>),
        /// Addresses of a network: whether it is IPv4, its address (IPv4 in the first four bytes), its bits.
        Network(bool, [u8; 16], u8),
    }

    impl Key {
        /// How it is looked up, the length of its probe, its bytes, their hash.
        fn parts(&self) -> (u32, u32, Vec<u8>, u32) {
            let text = |how: u32, text: &Vec<u8>| (how, text.len() as u32, text.clone(), hash_more(BASIS, text));
            match self {
                Key::Whole(bytes) => text(WHOLE, bytes),
                Key::Beginning(bytes) => text(BEGINNING, bytes),
                Key::Ending(bytes) => text(ENDING, bytes),
                Key::Network(v4, address, bits) => {
                    let bits = u32::from(*bits);
                    let masked = masked(address, bits);
                    (if *v4 { BITS4 } else { BITS6 }, bits, masked.to_vec(), hash_more(BASIS ^ bits, &masked))
                }
            }
        }
    }

    /// Writes the table: each key with the atom that holds for it, and for each pattern the atoms that hold where it matches.
    pub fn encode(keys: &[(Key, u32)], patterns: &[Vec<u32>]) -> Vec<u8> {
        let mut by_key: BTreeMap<&Key, BTreeSet<u32>> = BTreeMap::new();
        for (key, atom) in keys {
            by_key.entry(key).or_default().insert(*atom);
        }
        let mut probes: BTreeSet<(u32, u32)> = BTreeSet::new();
        let mut longest = None;
        for key in by_key.keys() {
            let (how, len, _, _) = key.parts();
            if how == WHOLE {
                longest = longest.max(Some(len));
            } else {
                probes.insert((how, len));
            }
        }
        probes.extend(longest.map(|longest| (WHOLE, longest)));
        let buckets = by_key.len().saturating_mul(2).next_power_of_two();
        let buckets_at = PROBES + probes.len() * 8;
        let patterns_at = buckets_at + buckets * BUCKET;
        let mut blob = Blob::new();
        for size in [probes.len(), buckets - 1, buckets_at, patterns_at, patterns.len()] {
            blob.size(size);
        }
        for (how, len) in &probes {
            blob.u32(*how);
            blob.u32(*len);
        }
        blob.bytes.resize(patterns_at + (patterns.len() + 1) * 4, 0);
        for (number, atoms) in patterns.iter().enumerate() {
            let at = blob.bytes.len();
            blob.patch(patterns_at + number * 4, at);
            atoms.iter().for_each(|atom| blob.u32(*atom));
        }
        let end = blob.bytes.len();
        blob.patch(patterns_at + patterns.len() * 4, end);
        let mut lists: BTreeMap<&BTreeSet<u32>, (usize, usize)> = BTreeMap::new();
        for atoms in by_key.values() {
            if !lists.contains_key(atoms) {
                let from = blob.bytes.len();
                atoms.iter().for_each(|atom| blob.u32(*atom));
                lists.insert(atoms, (from, blob.bytes.len()));
            }
        }
        for (key, atoms) in &by_key {
            let (how, len, bytes, hash) = key.parts();
            let how = if matches!(key, Key::Network(..)) { how << 8 | len } else { how };
            let start = blob.put(&bytes);
            let mut at = spread(how, hash) as usize & (buckets - 1);
            while u32_at(&blob.bytes, buckets_at + at * BUCKET + 12) != 0 {
                at = (at + 1) & (buckets - 1);
            }
            let (from, until) = lists.get(atoms).copied().unwrap_or((0, 0));
            for (n, field) in [start, tag_of(how, bytes.len()) as usize, from, until].into_iter().enumerate() {
                blob.patch(buckets_at + at * BUCKET + n * 4, field);
            }
        }
        blob.align();
        blob.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::{Key, encode, find_address, find_pattern, find_text};
    use crate::contract::IP_SIZE;
    use crate::rt::arena::{Arena, Items};

    fn text(table: &[u8], text: &str) -> Vec<u32> {
        let arena = Arena::new();
        let mut atoms = Items::new(&arena);
        find_text(table, text.as_bytes(), &mut atoms);
        let mut atoms = atoms.as_slice().to_vec();
        atoms.sort_unstable();
        atoms
    }

    fn address(table: &[u8], ip: &str) -> Vec<u32> {
        let mut record = [0; IP_SIZE];
        let (family, octets) = match ip.parse() {
            Ok(std::net::IpAddr::V4(ip)) => (4, ip.octets().to_vec()),
            Ok(std::net::IpAddr::V6(ip)) => (6, ip.octets().to_vec()),
            Err(_) => return vec![],
        };
        for (place, byte) in record.iter_mut().zip(std::iter::once(family).chain(octets)) {
            *place = byte;
        }
        let arena = Arena::new();
        let mut atoms = Items::new(&arena);
        find_address(table, &record, &mut atoms);
        let mut atoms = atoms.as_slice().to_vec();
        atoms.sort_unstable();
        atoms
    }

    #[test]
    fn texts_are_found_whole_by_beginning_and_by_end() {
        let key = |kind: fn(Vec<u8>) -> Key, text: &str| kind(text.as_bytes().to_vec());
        let mut keys = vec![
            (key(Key::Whole, "ab"), 1),
            (key(Key::Whole, ""), 2),
            (key(Key::Beginning, "a"), 3),
            (key(Key::Beginning, "ab"), 4),
            (key(Key::Beginning, "abc"), 5),
            (key(Key::Ending, "b"), 6),
            (key(Key::Ending, "ab"), 7),
            (key(Key::Whole, "ab"), 8),
            (key(Key::Beginning, ""), 9),
        ];
        for number in 0..3000 {
            keys.push((key(Key::Whole, &format!("key-{number}")), 100 + number));
        }
        let table = encode(&keys, &[vec![7, 9], vec![], vec![1]]);
        assert_eq!(text(&table, "ab"), [1, 3, 4, 6, 7, 8, 9]);
        assert_eq!(text(&table, ""), [2, 9]);
        assert_eq!(text(&table, "abcd"), [3, 4, 5, 9]);
        assert_eq!(text(&table, "xab"), [6, 7, 9]);
        assert_eq!(text(&table, "key-2999"), [9, 3099]);
        assert_eq!(text(&table, "key-3000"), [9]);
        let arena = Arena::new();
        let mut atoms = Items::new(&arena);
        for pattern in [0, 1, 2, 3, u32::MAX] {
            find_pattern(&table, pattern, &mut atoms);
        }
        assert_eq!(atoms.as_slice(), [7, 9, 1]);
    }

    #[test]
    fn addresses_are_found_by_their_networks() {
        let v4 = |text: &str, bits| {
            let mut bytes = [0; 16];
            if let (Ok(ip), Some(place)) = (text.parse::<std::net::Ipv4Addr>(), bytes.get_mut(..4)) {
                place.copy_from_slice(&ip.octets());
            }
            Key::Network(true, bytes, bits)
        };
        let v6 = |text: &str, bits| Key::Network(false, text.parse::<std::net::Ipv6Addr>().map(|ip| ip.octets()).unwrap_or_default(), bits);
        let keys = [
            (v4("10.0.0.0", 8), 1),
            (v4("10.1.0.0", 16), 2),
            (v4("0.0.0.0", 0), 3),
            (v4("10.1.2.3", 32), 4),
            (v6("2001:db8::", 32), 5),
            (v6("::", 0), 6),
            (v6("::1", 128), 7),
        ];
        let table = encode(&keys, &[]);
        assert_eq!(address(&table, "10.1.2.3"), [1, 2, 3, 4]);
        assert_eq!(address(&table, "10.2.2.3"), [1, 3]);
        assert_eq!(address(&table, "11.1.2.3"), [3]);
        assert_eq!(address(&table, "2001:db8::7"), [5, 6]);
        assert_eq!(address(&table, "::1"), [6, 7]);
    }

    #[test]
    fn empty_and_broken_tables_tell_nothing() {
        assert!(text(&encode(&[], &[]), "a").is_empty());
        assert!(text(&[], "a").is_empty() && address(&[], "1.2.3.4").is_empty());
        assert!(text(&[0xff; 64], "a").is_empty());
    }
}
