//! Which rules a matching template brings. Layout: number of accept ids, number of methods, offset of the method names (offset,
//! length each), offset of each kind (`contract::kind`, 0 for none). A kind: `accepts + 1` entry numbers, then entries (order,
//! id, mask of methods, condition plus one). Bit `n` of a mask is the `n`th method, bit 31 all others.

use crate::bytes::{four_at, slice_at, two_at, u32_at};
use crate::contract::kind;
use crate::rt::arena::{Arena, Items};

const KINDS: usize = 12;
const ENTRY: usize = 16;
/// The bit of methods that no rule names.
const OTHER: u32 = 1 << 31;

/// A rule whose template matches and that takes the method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// Where it stands among its kind.
    pub order: u32,
    /// The rule.
    pub id: u32,
    /// Its condition, if it has one.
    pub condition: Option<u32>,
}

fn method_bit(table: &[u8], method: &[u8]) -> u32 {
    let mut at = u32_at(table, 8) as usize;
    for n in 0..u32_at(table, 4).min(31) {
        let [start, len] = two_at(table, at);
        if slice_at(table, start as usize, len as usize) == method {
            return 1u32.wrapping_shl(n);
        }
        at = at.saturating_add(8);
    }
    OTHER
}

impl Entry {
    /// What entries are sorted by and told apart by: order and rule in one word, then the condition. A rule may stand several
    /// times at one place under different conditions.
    fn key(&self) -> (u64, u32) {
        let place = u64::from(self.order) << 32 | u64::from(self.id);
        (place, self.condition.map_or(0, |condition| condition.wrapping_add(1)))
    }
}

/// The rules of a kind that these accept ids and this method bring, by order, each once. Nothing when memory is exhausted.
pub fn candidates<'a>(table: &[u8], of: i32, accepts: &[u32], method: &[u8], arena: &'a Arena) -> Option<&'a [Entry]> {
    let Ok(of) = usize::try_from(of) else { return Some(&[]) };
    let start = if of < kind::COUNT { u32_at(table, of.saturating_mul(4).saturating_add(KINDS)) as usize } else { 0 };
    if start == 0 {
        return Some(&[]);
    }
    let count = u32_at(table, 0) as usize;
    let entries = count.saturating_mul(4).saturating_add(start).saturating_add(4);
    let bit = method_bit(table, method);
    let mut found = Items::new(arena);
    let mut latest = None;
    let mut sorted = true;
    for &accept in accepts {
        if accept as usize >= count {
            continue;
        }
        let [from, until] = two_at(table, (accept as usize).saturating_mul(4).saturating_add(start));
        for n in from..until {
            let [order, id, methods, condition] = four_at(table, (n as usize).saturating_mul(ENTRY).saturating_add(entries));
            if methods & bit == 0 {
                continue;
            }
            let entry = Entry { order, id, condition: condition.checked_sub(1) };
            // Several templates of one rule mostly come one after the other.
            let key = Some(entry.key());
            if latest != key {
                sorted &= latest < key;
                found.push(entry);
                latest = key;
            }
        }
    }
    if found.is_broken() {
        return None;
    }
    if sorted {
        return Some(found.finish());
    }
    sort(found.as_mut_slice());
    let mut unique = Items::new(arena);
    let mut latest = None;
    for &entry in found.as_slice() {
        if latest != Some(entry.key()) {
            unique.push(entry);
            latest = Some(entry.key());
        }
    }
    if unique.is_broken() { None } else { Some(unique.finish()) }
}

/// Heap sort: no recursion, no memory, no worst case; the standard sorts are many times its size.
fn sort(entries: &mut [Entry]) {
    let mut end = entries.len();
    for root in (0..end >> 1).rev() {
        sift(entries, root, end);
    }
    while end > 1 {
        end = end.wrapping_sub(1);
        swap(entries, 0, end);
        sift(entries, 0, end);
    }
}

fn sift(entries: &mut [Entry], mut root: usize, end: usize) {
    loop {
        let left = root.wrapping_mul(2).wrapping_add(1);
        let right = left.wrapping_add(1);
        if left >= end {
            return;
        }
        let key = |at: usize| entries.get(at).map(Entry::key);
        let larger = if right < end && key(left) < key(right) { right } else { left };
        if key(root) >= key(larger) {
            return;
        }
        swap(entries, root, larger);
        root = larger;
    }
}

fn swap(entries: &mut [Entry], a: usize, b: usize) {
    if a < entries.len() && b < entries.len() {
        entries.swap(a, b);
    }
}

/// What the compiler knows of an entry.
#[cfg(not(target_arch = "wasm32"))]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The template that brings it.
    pub accept: u32,
    /// Its kind (`contract::kind`).
    pub kind: i32,
    /// Where it stands among its kind.
    pub order: u32,
    /// The rule.
    pub id: u32,
    /// Methods that it takes; empty for all.
    pub methods: Vec<String>,
    /// Its condition, if it has one.
    pub condition: Option<u32>,
}

/// Writes the table for `accepts` accept ids; nothing when the rules name more than 31 different methods.
#[cfg(not(target_arch = "wasm32"))]
pub fn encode(accepts: u32, rules: &[Rule]) -> Option<Vec<u8>> {
    let methods: std::collections::BTreeSet<&str> = rules.iter().flat_map(|rule| rule.methods.iter().map(String::as_str)).collect();
    let bits: std::collections::BTreeMap<&str, u32> = methods.into_iter().zip(0..).collect();
    if bits.len() > 31 {
        return None;
    }
    let mut blob = super::write::Blob::new();
    blob.u32(accepts);
    blob.size(bits.len());
    let names_at = KINDS + kind::COUNT * 4;
    blob.size(names_at);
    blob.bytes.resize(names_at + bits.len() * 8, 0);
    for (n, method) in bits.keys().enumerate() {
        let at = blob.put(method.as_bytes());
        blob.patch(names_at + n * 8, at);
        blob.patch(names_at + n * 8 + 4, method.len());
    }
    blob.align();
    for kind in 0..kind::COUNT {
        let mut members: Vec<&Rule> = rules.iter().filter(|rule| usize::try_from(rule.kind) == Ok(kind)).collect();
        if members.is_empty() {
            continue;
        }
        members.sort_by_key(|rule| (rule.accept, rule.order, rule.id));
        let at = blob.bytes.len();
        blob.patch(KINDS + kind * 4, at);
        let mut next = 0usize;
        for accept in 0..=accepts {
            while members.get(next).is_some_and(|rule| rule.accept < accept) {
                next += 1;
            }
            blob.size(next);
        }
        for rule in members {
            let mask = rule.methods.iter().filter_map(|method| bits.get(method.as_str())).fold(0, |mask, bit| mask | 1 << bit);
            blob.u32(rule.order);
            blob.u32(rule.id);
            blob.u32(if rule.methods.is_empty() { u32::MAX } else { mask });
            blob.u32(rule.condition.map_or(0, |condition| condition + 1));
        }
    }
    Some(blob.bytes)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{Entry, Rule, candidates, encode, sort};
    use crate::contract::kind;
    use crate::rt::arena::Arena;

    fn rule(accept: u32, order: u32, methods: &[&str]) -> Rule {
        let methods = methods.iter().map(|m| (*m).to_owned()).collect();
        Rule { accept, kind: kind::PERMIT, order, id: order + 100, methods, condition: (order == 2).then_some(9) }
    }

    fn found(table: &[u8], of: i32, accepts: &[u32], method: &str) -> Vec<(u32, u32, Option<u32>)> {
        let arena = Arena::new();
        candidates(table, of, accepts, method.as_bytes(), &arena).unwrap().iter().map(|e| (e.order, e.id, e.condition)).collect()
    }

    #[test]
    fn rules_come_by_order_each_once() {
        let table = encode(3, &[rule(2, 1, &[]), rule(0, 2, &["GET"]), rule(1, 1, &[]), rule(1, 3, &["GET", "PUT"])]).unwrap();
        assert_eq!(found(&table, kind::PERMIT, &[0, 1, 2], "GET"), [(1, 101, None), (2, 102, Some(9)), (3, 103, None)]);
        assert_eq!(found(&table, kind::PERMIT, &[2, 1], "PATCH"), [(1, 101, None)]);
        assert_eq!(found(&table, kind::PERMIT, &[0], "PUT"), []);
        assert_eq!(found(&table, kind::FORBID, &[0, 1, 2], "GET"), []);
        assert_eq!(found(&table, 99, &[0], "GET"), []);
        assert_eq!(found(&table, -1, &[0], "GET"), []);
        assert_eq!(found(&table, kind::PERMIT, &[77], "GET"), []);
        assert_eq!(found(&[], kind::PERMIT, &[0], "GET"), []);
    }

    #[test]
    fn too_many_methods_are_refused() {
        let rules: Vec<Rule> = (0..32).map(|n| rule(0, n, &[format!("M{n}").as_str()])).collect();
        assert!(encode(1, &rules).is_none());
        assert!(encode(1, rules.get(1..).unwrap()).is_some());
    }

    #[test]
    fn sorting_sorts() {
        let mut entries: Vec<Entry> = (0..1000u32).map(|n| Entry { order: n.wrapping_mul(7919) % 997, id: n, condition: None }).collect();
        let mut expected = entries.clone();
        expected.sort_unstable();
        sort(&mut entries);
        assert_eq!(entries, expected);
    }
}
