//! Which rules a matching template brings. Layout: number of accept ids, number of methods, offset of the method names (offset,
//! length each), offset of each kind (`contract::kind`, 0 for none), offset of the guarded rules of each kind (likewise). A kind:
//! `accepts + 1` entry numbers, then entries (order, id, mask of methods, condition plus one). Bit `n` of a mask is the `n`th method,
//! bit 31 all others. Guarded rules of a kind: edge mask, offset of buckets, of entries, then `accepts + 1` numbers and the subjects
//! that they delimit, buckets (accept, atom plus one, first entry, end; 0 instead of an atom is free), entries.
//!
//! A guarded rule counts only where one atom (`tables::facts`) holds for its subject, so it is found by what holds and not by trying.

use crate::bytes::{four_at, slice_at, two_at, u32_at};
use crate::contract::kind;
use crate::rt::arena::{Arena, Items};

const KINDS: usize = 12;
const GUARDED: usize = KINDS + kind::COUNT * 4;
const ENTRY: usize = 16;
const BUCKET: usize = 16;
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

/// Entries in the making.
struct Found<'a> {
    entries: Items<'a, Entry>,
    latest: Option<(u64, u32)>,
    sorted: bool,
}

impl<'a> Found<'a> {
    /// Takes those of a range of entries that take the method.
    fn take(&mut self, table: &[u8], entries: usize, [from, until]: [u32; 2], bit: u32) {
        for n in from..until {
            let [order, id, methods, condition] = four_at(table, (n as usize).saturating_mul(ENTRY).saturating_add(entries));
            if methods & bit == 0 {
                continue;
            }
            let entry = Entry { order, id, condition: condition.checked_sub(1) };
            // Several templates of one rule mostly come one after the other.
            let key = Some(entry.key());
            if self.latest != key {
                self.sorted &= self.latest < key;
                self.entries.push(entry);
                self.latest = key;
            }
        }
    }

    /// By order, each once.
    fn finish(mut self, arena: &'a Arena) -> Option<&'a [Entry]> {
        if self.entries.is_broken() {
            return None;
        }
        if self.sorted {
            return Some(self.entries.finish());
        }
        sort(self.entries.as_mut_slice());
        let mut unique = Items::new(arena);
        let mut latest = None;
        for &entry in self.entries.as_slice() {
            if latest != Some(entry.key()) {
                unique.push(entry);
                latest = Some(entry.key());
            }
        }
        if unique.is_broken() { None } else { Some(unique.finish()) }
    }
}

/// Where the part of a kind begins; 0 for none.
fn part(table: &[u8], parts: usize, of: i32) -> usize {
    match usize::try_from(of) {
        Ok(of) if of < kind::COUNT => u32_at(table, of.saturating_mul(4).saturating_add(parts)) as usize,
        Ok(_) | Err(_) => 0,
    }
}

/// Takes the rules without guards.
fn plain<'a>(table: &[u8], of: i32, accepts: &[u32], bit: u32, arena: &'a Arena) -> Found<'a> {
    let mut found = Found { entries: Items::new(arena), latest: None, sorted: true };
    let start = part(table, KINDS, of);
    let count = u32_at(table, 0) as usize;
    let entries = count.saturating_mul(4).saturating_add(start).saturating_add(4);
    for &accept in accepts {
        if start != 0 && (accept as usize) < count {
            found.take(table, entries, two_at(table, (accept as usize).saturating_mul(4).saturating_add(start)), bit);
        }
    }
    found
}

/// The rules of a kind that these accept ids and this method bring, by order, each once. Nothing when memory is exhausted.
pub fn candidates<'a>(table: &[u8], of: i32, accepts: &[u32], method: &[u8], arena: &'a Arena) -> Option<&'a [Entry]> {
    plain(table, of, accepts, method_bit(table, method), arena).finish(arena)
}

/// Likewise, with the guarded rules: `atoms` tells which atoms hold for a subject.
pub fn guarded<'a>(
    table: &[u8],
    of: i32,
    accepts: &[u32],
    method: &[u8],
    arena: &'a Arena,
    mut atoms: impl FnMut(u32) -> &'a [u32],
) -> Option<&'a [Entry]> {
    let bit = method_bit(table, method);
    let mut found = plain(table, of, accepts, bit, arena);
    let start = part(table, GUARDED, of);
    let count = u32_at(table, 0) as usize;
    if start == 0 {
        return found.finish(arena);
    }
    let [mask, buckets, entries, _] = four_at(table, start);
    let numbers = start.saturating_add(12);
    let subjects = count.saturating_mul(4).saturating_add(numbers).saturating_add(4);
    for &accept in accepts {
        if accept as usize >= count {
            continue;
        }
        let [from, until] = two_at(table, (accept as usize).saturating_mul(4).saturating_add(numbers));
        for n in from..until {
            for &atom in atoms(u32_at(table, (n as usize).saturating_mul(4).saturating_add(subjects))) {
                let range = guarded_by(table, [mask, buckets], accept, atom.wrapping_add(1));
                found.take(table, entries as usize, range, bit);
            }
        }
    }
    found.finish(arena)
}

fn pair_hash(accept: u32, atom: u32) -> u32 {
    (atom ^ accept.wrapping_mul(0x9e37_79b1)).wrapping_mul(0x85eb_ca6b).rotate_right(15)
}

/// The range of entries below an accept id that an atom guards.
fn guarded_by(table: &[u8], [mask, buckets]: [u32; 2], accept: u32, atom: u32) -> [u32; 2] {
    let mut at = pair_hash(accept, atom) & mask;
    let mut tried = 0u32;
    while tried <= mask {
        let [of, by, from, until] = four_at(table, (at as usize).saturating_mul(BUCKET).saturating_add(buckets as usize));
        if by == 0 {
            break;
        }
        if of == accept && by == atom {
            return [from, until];
        }
        at = at.wrapping_add(1) & mask;
        tried = tried.wrapping_add(1);
    }
    [0, 0]
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
    /// The subject and the atom that guard it, if any do.
    pub guard: Option<(u32, u32)>,
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
    let names_at = GUARDED + kind::COUNT * 4;
    blob.size(names_at);
    blob.bytes.resize(names_at + bits.len() * 8, 0);
    for (n, method) in bits.keys().enumerate() {
        let at = blob.put(method.as_bytes());
        blob.patch(names_at + n * 8, at);
        blob.patch(names_at + n * 8 + 4, method.len());
    }
    blob.align();
    let entry = |blob: &mut super::write::Blob, rule: &Rule| {
        let mask = rule.methods.iter().filter_map(|method| bits.get(method.as_str())).fold(0, |mask, bit| mask | 1 << bit);
        blob.u32(rule.order);
        blob.u32(rule.id);
        blob.u32(if rule.methods.is_empty() { u32::MAX } else { mask });
        blob.u32(rule.condition.map_or(0, |condition| condition + 1));
    };
    for kind in 0..kind::COUNT {
        let of_kind = || rules.iter().filter(move |rule| usize::try_from(rule.kind) == Ok(kind));
        let mut members: Vec<&Rule> = of_kind().filter(|rule| rule.guard.is_none()).collect();
        members.sort_by_key(|rule| (rule.accept, rule.order, rule.id));
        if !members.is_empty() {
            let at = blob.bytes.len();
            blob.patch(KINDS + kind * 4, at);
            numbers(&mut blob, accepts, members.iter().map(|rule| rule.accept));
            members.iter().for_each(|rule| entry(&mut blob, rule));
        }
        let mut members: Vec<(u32, u32, u32, &Rule)> =
            of_kind().filter_map(|rule| rule.guard.map(|(subject, atom)| (rule.accept, subject, atom, rule))).collect();
        members.sort_by_key(|(accept, subject, atom, rule)| (*accept, *subject, *atom, rule.order, rule.id));
        if members.is_empty() {
            continue;
        }
        let at = blob.bytes.len();
        blob.patch(GUARDED + kind * 4, at);
        let mut ranges: std::collections::BTreeMap<(u32, u32), (usize, usize)> = std::collections::BTreeMap::new();
        for (n, (accept, _, atom, _)) in members.iter().enumerate() {
            ranges.entry((*accept, *atom)).or_insert((n, n)).1 = n + 1;
        }
        let subjects: std::collections::BTreeSet<(u32, u32)> = members.iter().map(|(accept, subject, _, _)| (*accept, *subject)).collect();
        let buckets = ranges.len().saturating_mul(2).next_power_of_two();
        blob.size(buckets - 1);
        blob.size(0);
        blob.size(0);
        numbers(&mut blob, accepts, subjects.iter().map(|(accept, _)| *accept));
        subjects.iter().for_each(|(_, subject)| blob.u32(*subject));
        let buckets_at = blob.bytes.len();
        blob.patch(at + 4, buckets_at);
        blob.bytes.resize(buckets_at + buckets * BUCKET, 0);
        for ((accept, atom), (from, until)) in ranges {
            let mut place = pair_hash(accept, atom + 1) as usize & (buckets - 1);
            while u32_at(&blob.bytes, buckets_at + place * BUCKET + 4) != 0 {
                place = (place + 1) & (buckets - 1);
            }
            for (n, field) in [accept as usize, atom as usize + 1, from, until].into_iter().enumerate() {
                blob.patch(buckets_at + place * BUCKET + n * 4, field);
            }
        }
        let entries_at = blob.bytes.len();
        blob.patch(at + 8, entries_at);
        members.iter().for_each(|(_, _, _, rule)| entry(&mut blob, rule));
    }
    Some(blob.bytes)
}

/// For each accept id the number of members before it, and the number of all: members are sorted by accept id.
#[cfg(not(target_arch = "wasm32"))]
fn numbers(blob: &mut super::write::Blob, accepts: u32, members: impl Iterator<Item = u32>) {
    let mut members = members.peekable();
    let mut next = 0usize;
    for accept in 0..=accepts {
        while members.next_if(|member| *member < accept).is_some() {
            next += 1;
        }
        blob.size(next);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{Entry, Rule, candidates, encode, guarded, sort};
    use crate::contract::kind;
    use crate::rt::arena::Arena;

    fn rule(accept: u32, order: u32, methods: &[&str]) -> Rule {
        let methods = methods.iter().map(|m| (*m).to_owned()).collect();
        Rule { accept, kind: kind::PERMIT, order, id: order + 100, methods, condition: (order == 2).then_some(9), guard: None }
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
    fn guarded_rules_come_where_their_atom_holds() {
        let under = |rule: Rule, subject, atom| Rule { guard: Some((subject, atom)), ..rule };
        let mut rules =
            vec![rule(0, 5, &[]), under(rule(0, 3, &[]), 1, 7), under(rule(0, 4, &["GET"]), 1, 7), under(rule(1, 1, &[]), 0, 2)];
        // A rule whose atom is told by two keys, and thousands that are not asked for.
        rules.push(under(rule(0, 6, &[]), 0, 2));
        rules.push(under(rule(1, 6, &[]), 0, 2));
        rules.extend((0..5000).map(|n| under(rule(0, 100 + n, &[]), 1, 100 + n)));
        let table = encode(2, &rules).unwrap();
        let orders = |accepts: &[u32], method: &str, holding: [&'static [u32]; 2]| -> Vec<u32> {
            let arena = Arena::new();
            let mut asked = Vec::new();
            let atoms = |subject: u32| {
                asked.push(subject);
                holding.get(subject as usize).copied().unwrap_or(&[])
            };
            // SAFETY of lifetimes: `holding` is static, the arena lives until the end of this closure.
            guarded(&table, kind::PERMIT, accepts, method.as_bytes(), &arena, atoms).unwrap().iter().map(|entry| entry.order).collect()
        };
        assert_eq!(orders(&[0], "GET", [&[], &[]]), [5]);
        assert_eq!(orders(&[0], "GET", [&[], &[7]]), [3, 4, 5]);
        assert_eq!(orders(&[0], "PUT", [&[2, 7], &[9, 7, 4321]]), [3, 5, 6, 4321]);
        assert_eq!(orders(&[1, 0], "PUT", [&[2], &[]]), [1, 5, 6]);
        assert!(orders(&[1], "PUT", [&[], &[7]]).is_empty());
        assert!(orders(&[9], "PUT", [&[2], &[7]]).is_empty());
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
