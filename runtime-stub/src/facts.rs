//! What is known about the subjects of a request: looked up once, when a rule first asks (`tables::facts`).
//! In: the value of a subject. Out: the atoms that hold for it, the patterns that match it.
//!
//! The table of all subjects: their number, then for each the offset and the length of its own table, 1 for addresses, 0.

use crate::bytes::{four_at, slice_at, u32_at};
use crate::contract::IP_SIZE;
use crate::frame::Frame;
use crate::rt::arena::Items;
use crate::tables::{dfa_set, facts};

const SUBJECTS: usize = 4;
const SUBJECT: usize = 16;

/// What is known about one subject.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    asked: bool,
    /// Atoms that hold, in no order.
    pub atoms: &'a [u32],
    /// Patterns that match, in no order.
    pub patterns: &'a [u32],
}

const UNKNOWN: Known<'static> = Known { asked: false, atoms: &[], patterns: &[] };

/// The value of a subject.
#[derive(Clone, Copy)]
pub enum Value<'a> {
    /// A text.
    Text(&'a [u8]),
    /// An address.
    Address(&'a [u8; IP_SIZE]),
    /// Absent: no atom holds.
    Absent,
}

fn place(subject: u32) -> usize {
    (subject as usize).saturating_mul(SUBJECT).saturating_add(SUBJECTS)
}

/// Whether a subject is an address.
pub fn is_address(table: &[u8], subject: u32) -> bool {
    let [_, _, address, _] = four_at(table, place(subject));
    address != 0
}

/// What is known, if the subject was asked for before in this callback.
pub fn known<'a>(frame: &Frame<'a>, subject: u32) -> Option<Known<'a>> {
    frame.facts.get(subject as usize).copied().filter(|known| known.asked)
}

/// Searches the text of a subject for patterns (`tables::dfa_set`): right before `keep`.
pub fn search<'a>(frame: &mut Frame<'a>, set: &[u8], text: &[u8]) {
    let mut found = Items::new(frame.arena);
    dfa_set::search(set, text, &mut found);
    frame.fault |= found.is_broken();
    frame.patterns = found.finish();
}

/// Looks a value up and keeps what is found.
pub fn keep<'a>(frame: &mut Frame<'a>, table: &[u8], subject: u32, value: Value<'_>) -> Known<'a> {
    let [at, len, _, _] = four_at(table, place(subject));
    let own = slice_at(table, at as usize, len as usize);
    let patterns = core::mem::take(&mut frame.patterns);
    let mut atoms = Items::new(frame.arena);
    match value {
        Value::Text(text) => facts::find_text(own, text, &mut atoms),
        Value::Address(ip) => facts::find_address(own, ip, &mut atoms),
        Value::Absent => {}
    }
    for &pattern in patterns {
        facts::find_pattern(own, pattern, &mut atoms);
    }
    frame.fault |= atoms.is_broken();
    let found = Known { asked: true, atoms: atoms.finish(), patterns };
    if frame.facts.is_empty() {
        match frame.arena.filled(u32_at(table, 0) as usize, UNKNOWN) {
            Some(facts) => frame.facts = facts,
            None => frame.fault = true,
        }
    }
    if let Some(place) = frame.facts.get_mut(subject as usize) {
        *place = found;
    }
    found
}

/// Writes the table of all subjects: whether each is an address, and its own table.
#[cfg(not(target_arch = "wasm32"))]
pub fn encode(subjects: &[(bool, Vec<u8>)]) -> Vec<u8> {
    let mut blob = crate::tables::write::Blob::new();
    blob.size(subjects.len());
    blob.bytes.resize(SUBJECTS + subjects.len() * SUBJECT, 0);
    for (n, (address, own)) in subjects.iter().enumerate() {
        blob.align();
        let at = blob.put(own);
        for (field, value) in [at, own.len(), usize::from(*address)].into_iter().enumerate() {
            blob.patch(SUBJECTS + n * SUBJECT + field * 4, value);
        }
    }
    blob.align();
    blob.bytes
}

/// The bit of a condition that many rules share: -1 not known yet, else a bool.
pub fn remembered(frame: &Frame<'_>, bit: u32) -> i32 {
    let mask = 1u64.wrapping_shl(bit);
    if frame.remembered & mask == 0 { -1 } else { i32::from(frame.memory & mask != 0) }
}

/// Keeps it, and gives it back.
pub fn remember(frame: &mut Frame<'_>, bit: u32, value: bool) -> bool {
    let mask = 1u64.wrapping_shl(bit);
    frame.remembered |= mask;
    if value {
        frame.memory |= mask;
    }
    value
}

#[cfg(test)]
mod tests {
    use super::{Value, encode, is_address, keep, known, remember, remembered, search};
    use crate::frame::Frame;
    use crate::rt::arena::Arena;
    use crate::tables::facts::{self, Key};

    #[test]
    fn each_subject_is_looked_up_once() {
        let arena = Arena::new();
        let mut frame = Frame::new(&arena);
        let texts = facts::encode(&[(Key::Whole(b"a".to_vec()), 3), (Key::Beginning(b"".to_vec()), 4)], &[vec![9]]);
        let addresses = facts::encode(&[(Key::Network(true, [0; 16], 0), 5)], &[]);
        let table = encode(&[(false, texts), (true, addresses)]);
        assert!(!is_address(&table, 0) && is_address(&table, 1));
        assert!(known(&frame, 0).is_none());
        search(&mut frame, &[], b"a");
        frame.patterns = &[0];
        let mut atoms = keep(&mut frame, &table, 0, Value::Text(b"a")).atoms.to_vec();
        atoms.sort_unstable();
        assert_eq!(atoms, [3, 4, 9]);
        assert_eq!(known(&frame, 0).map(|known| known.patterns.to_vec()), Some(vec![0]));
        assert!(known(&frame, 1).is_none());
        let mut ip = [0; crate::contract::IP_SIZE];
        if let Some(family) = ip.first_mut() {
            *family = 4;
        }
        assert_eq!(keep(&mut frame, &table, 1, Value::Address(&ip)).atoms, [5]);
        assert!(keep(&mut frame, &table, 1, Value::Absent).atoms.is_empty());
        assert!(!frame.fault);
    }

    #[test]
    fn bits_are_remembered() {
        let arena = Arena::new();
        let mut frame = Frame::new(&arena);
        assert_eq!(remembered(&frame, 63), -1);
        assert!(remember(&mut frame, 63, true) && !remember(&mut frame, 0, false));
        assert_eq!([63, 0, 1].map(|bit| remembered(&frame, bit)), [1, 0, -1]);
    }
}
