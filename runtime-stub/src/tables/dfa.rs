//! A deterministic automaton that searches a text. Layout: number of classes, start, first matching state, bytes per transition
//! (2 or 4), 256 class bytes, then transitions by state and class. State 0 is dead; matching states are the last ones; the last
//! class is the end of the text.

use crate::bytes::{u8_at, u16_at, u32_at};

const CLASSES: usize = 16;
const TRANSITIONS: usize = 272;

/// Whether the automaton finds a match.
pub fn matches(table: &[u8], text: &[u8]) -> bool {
    let classes = u32_at(table, 0) as usize;
    let (mut state, first_match, wide) = (u32_at(table, 4), u32_at(table, 8), u32_at(table, 12) == 4);
    if first_match == 0 {
        return false;
    }
    let step = |state: u32, class: usize| {
        let index = (state as usize).wrapping_mul(classes).wrapping_add(class);
        if wide {
            u32_at(table, index.wrapping_mul(4).wrapping_add(TRANSITIONS))
        } else {
            u32::from(u16_at(table, index.wrapping_mul(2).wrapping_add(TRANSITIONS)))
        }
    };
    for &byte in text {
        if state >= first_match {
            return true;
        }
        if state == 0 {
            return false;
        }
        state = step(state, usize::from(u8_at(table, usize::from(byte).wrapping_add(CLASSES))));
    }
    state >= first_match || (state != 0 && step(state, classes.wrapping_sub(1)) >= first_match)
}

/// An automaton as its builder knows it. Reaching a matching state, also by the end of the text, is a match.
#[cfg(not(target_arch = "wasm32"))]
#[derive(Clone, Debug)]
pub struct Dfa {
    /// The class of each byte, below `class_count - 1`.
    pub classes: [u8; 256],
    /// Number of classes with that of the end, which is the last.
    pub class_count: usize,
    /// Where each state goes, `class_count` for each state.
    pub transitions: Vec<u32>,
    /// The start at the beginning of a text.
    pub start: u32,
    /// Which states match.
    pub matches: Vec<bool>,
    /// A state that never leads to a match, if there is one.
    pub dead: Option<u32>,
}

/// Writes it, states renumbered: the dead one, those that do not match, those that do.
#[cfg(not(target_arch = "wasm32"))]
pub fn encode(dfa: &Dfa) -> Vec<u8> {
    let states = dfa.matches.len();
    let is_dead = |state: usize| dfa.dead.is_some_and(|dead| dead as usize == state);
    let is_match = |state: usize| dfa.matches.get(state).copied().unwrap_or(false);
    let plain = (0..states).filter(|state| !is_dead(*state) && !is_match(*state));
    let order: Vec<usize> = plain.chain((0..states).filter(|state| is_match(*state))).collect();
    let mut number = vec![0u32; states];
    for (new, old) in order.iter().enumerate() {
        if let Some(number) = number.get_mut(*old) {
            *number = u32::try_from(new + 1).unwrap_or(0);
        }
    }
    let renumbered = |state: u32| number.get(state as usize).copied().unwrap_or(0);
    let first_match = 1 + order.iter().filter(|state| !is_match(**state)).count();
    let wide = order.len() > usize::from(u16::MAX);
    let mut blob = super::write::Blob::new();
    blob.size(dfa.class_count);
    blob.u32(renumbered(dfa.start));
    blob.size(first_match);
    blob.u32(if wide { 4 } else { 2 });
    blob.put(&dfa.classes);
    let rows = order.iter().map(|old| dfa.transitions.get(old * dfa.class_count..(old + 1) * dfa.class_count));
    for target in std::iter::repeat_n(0, dfa.class_count).chain(rows.flat_map(|row| row.unwrap_or(&[]).iter().map(|t| renumbered(*t)))) {
        if wide {
            blob.u32(target);
        } else {
            blob.u16(u16::try_from(target).unwrap_or(0));
        }
    }
    blob.align();
    blob.bytes
}

#[cfg(test)]
#[allow(clippy::indexing_slicing)]
mod tests {
    use super::{Dfa, encode, matches};

    /// `ab$`, searched anywhere: 0 start, 1 after `a`, 2 after `ab`, 3 match.
    fn ends_in_ab() -> Dfa {
        let mut classes = [0; 256];
        classes[usize::from(b'a')] = 1;
        classes[usize::from(b'b')] = 2;
        let transitions = vec![0, 1, 0, 0, 0, 1, 2, 0, 0, 1, 0, 3, 3, 3, 3, 3];
        Dfa { classes, class_count: 4, transitions, start: 0, matches: vec![false, false, false, true], dead: None }
    }

    #[test]
    fn searches() {
        let table = encode(&ends_in_ab());
        for (text, expected) in [("ab", true), ("xxaab", true), ("abx", false), ("", false), ("abab", true), ("a", false)] {
            assert_eq!(matches(&table, text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn dead_states_and_large_automata() {
        // A chain of 70,000 states over `a`, then a match; anything else is dead (state 70,001).
        let count = 70_000u32;
        let mut classes = [0; 256];
        classes[usize::from(b'a')] = 1;
        let mut transitions = Vec::new();
        for state in 0..count {
            transitions.extend([count + 1, state + 1, count + 1]);
        }
        transitions.extend([count, count, count, count + 1, count + 1, count + 1]);
        let mut accepting = vec![false; count as usize + 2];
        accepting[count as usize] = true;
        let table = encode(&Dfa { classes, class_count: 3, transitions, start: 0, matches: accepting, dead: Some(count + 1) });
        assert!(matches(&table, &vec![b'a'; count as usize]));
        assert!(!matches(&table, &vec![b'a'; count as usize - 1]));
        assert!(!matches(&table, b"b"));
    }

    #[test]
    fn broken_tables_match_nothing() {
        assert!(!matches(&[], b"abc"));
        assert!(!matches(&[1, 0, 0, 0, 9, 0, 0, 0, 0xff, 0xff, 0, 0], b"abc"));
    }
}
