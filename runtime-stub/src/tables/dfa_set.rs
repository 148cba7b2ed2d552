//! Automata that search one text for many patterns at once. Layout: number of automata, then the offset of each. An automaton is one
//! of `tables::dfa` with the offset of its lists in front: for each matching state (and one more) where its patterns begin, patterns.
//!
//! Unlike a single search, one for many goes on after a match: the end of the text or the dead state ends it.

use crate::bytes::{u8_at, u16_at, u32_at};
use crate::rt::arena::Items;

/// Adds the patterns that match, each at least once.
pub fn search(table: &[u8], text: &[u8], patterns: &mut Items<'_, u32>) {
    for n in 0..(u32_at(table, 0) as usize).min(table.len() >> 2) {
        let at = u32_at(table, n.saturating_mul(4).saturating_add(4)) as usize;
        search_one(table.get(at..).unwrap_or(&[]), text, patterns);
    }
}

fn search_one(table: &[u8], text: &[u8], patterns: &mut Items<'_, u32>) {
    let lists = u32_at(table, 0) as usize;
    let dfa = table.get(4..).unwrap_or(&[]);
    let classes = u32_at(dfa, 0) as usize;
    let (mut state, first_match, wide) = (u32_at(dfa, 4), u32_at(dfa, 8), u32_at(dfa, 12) == 4);
    let step = |state: u32, class: usize| {
        let index = (state as usize).wrapping_mul(classes).wrapping_add(class);
        if wide {
            u32_at(dfa, index.wrapping_mul(4).wrapping_add(272))
        } else {
            u32::from(u16_at(dfa, index.wrapping_mul(2).wrapping_add(272)))
        }
    };
    // A state that was looked at last tells nothing new.
    let mut told = 0;
    let mut tell = |state: u32| {
        if state >= first_match && state != told {
            told = state;
            let at = (state.wrapping_sub(first_match) as usize).saturating_mul(4).saturating_add(lists);
            let (mut from, until) = (u32_at(table, at), u32_at(table, at.saturating_add(4)));
            while from < until {
                patterns.push(u32_at(table, from as usize));
                from = from.saturating_add(4);
            }
        }
    };
    for &byte in text {
        if state == 0 {
            return;
        }
        state = step(state, usize::from(u8_at(dfa, usize::from(byte).wrapping_add(16))));
        tell(state);
    }
    if state != 0 {
        tell(step(state, classes.wrapping_sub(1)));
    }
}

/// One automaton: the table of `tables::dfa` with its first matching state, and the patterns of each matching state from there on.
#[cfg(not(target_arch = "wasm32"))]
#[derive(Clone, Debug)]
pub struct Automaton {
    /// What `dfa::encode` wrote.
    pub table: Vec<u8>,
    /// For each matching state the patterns that have just matched.
    pub patterns: Vec<Vec<u32>>,
}

/// Writes the set.
#[cfg(not(target_arch = "wasm32"))]
pub fn encode(automata: &[Automaton]) -> Vec<u8> {
    let mut blob = super::write::Blob::new();
    blob.size(automata.len());
    blob.bytes.resize(4 + automata.len() * 4, 0);
    for (n, automaton) in automata.iter().enumerate() {
        blob.align();
        let at = blob.bytes.len();
        blob.patch(4 + n * 4, at);
        blob.size(0);
        blob.put(&automaton.table);
        blob.align();
        let lists = blob.bytes.len() - at;
        blob.patch(at, lists);
        blob.bytes.resize(at + lists + (automaton.patterns.len() + 1) * 4, 0);
        for (state, patterns) in automaton.patterns.iter().enumerate() {
            // INVARIANT: lists stand one behind the other, since a list ends where the next begins.
            let place = blob.bytes.len() - at;
            blob.patch(at + lists + state * 4, place);
            patterns.iter().for_each(|pattern| blob.u32(*pattern));
        }
        let end = blob.bytes.len() - at;
        blob.patch(at + lists + automaton.patterns.len() * 4, end);
    }
    blob.align();
    blob.bytes
}

#[cfg(test)]
#[allow(clippy::indexing_slicing)]
mod tests {
    use super::{Automaton, encode, search};
    use crate::rt::arena::{Arena, Items};
    use crate::tables::dfa::{self, Dfa};

    /// `a` (pattern 4) and `b` at the end (pattern 9): 0 start, 1 after an `a`, 2 after a `b`, 3 a match of 9.
    fn automaton() -> Automaton {
        let mut classes = [0; 256];
        classes[usize::from(b'a')] = 1;
        classes[usize::from(b'b')] = 2;
        let transitions = vec![0, 1, 2, 0, 0, 1, 2, 0, 0, 1, 2, 3, 3, 3, 3, 3];
        let table =
            dfa::encode(&Dfa { classes, class_count: 4, transitions, start: 0, matches: vec![false, true, false, true], dead: None });
        Automaton { table, patterns: vec![vec![4], vec![9]] }
    }

    fn found(table: &[u8], text: &str) -> Vec<u32> {
        let arena = Arena::new();
        let mut patterns = Items::new(&arena);
        search(table, text.as_bytes(), &mut patterns);
        patterns.as_slice().to_vec()
    }

    #[test]
    fn all_patterns_are_told_also_after_a_match() {
        let table = encode(&[automaton()]);
        for (text, expected) in [("xax", vec![4]), ("ab", vec![4, 9]), ("b", vec![9]), ("bx", vec![]), ("", vec![])] {
            assert_eq!(found(&table, text), expected, "{text}");
        }
        let two = encode(&[automaton(), automaton()]);
        assert_eq!(found(&two, "ab"), [4, 9, 4, 9]);
    }

    #[test]
    fn broken_tables_tell_nothing() {
        assert!(found(&[], "ab").is_empty());
        assert!(found(&[1, 0, 0, 0, 0xff, 0xff, 0, 0], "ab").is_empty());
    }
}
