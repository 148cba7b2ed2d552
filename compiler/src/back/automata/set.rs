//! All patterns of one subject in as few automata as fit. In: patterns. Out: a table (`tables::dfa_set`).
//!
//! Automata of patterns together can be much larger than one by one. So each is built alone first; small ones are tried together, in
//! their order; a group that becomes too large is halved, down to single ones. The number of attempts is bounded by that of patterns.

use std::collections::BTreeMap;

use portcullis_runtime::tables::dfa;
use portcullis_runtime::tables::dfa_set::{self, Automaton as Written};
use regex_automata::MatchKind;
use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::util::primitives::StateID;
use regex_syntax::hir::Hir;

use super::{Numbered, by_characters, byte_classes, determinise, smallest, start_state};
use crate::base::{Diagnostic, Span};

/// So many patterns are tried together.
const GROUP: usize = 64;
/// A pattern whose own table is larger stays alone.
const SMALL: usize = 32 * 1024;
/// The table of a group has at most so many bytes.
const TABLE: usize = 256 * 1024;
/// Memory for building a group.
const GROUP_BUILDING: usize = 4 * 1024 * 1024;

/// A pattern of the set and its number.
struct Member {
    number: u32,
    hir: Hir,
    alone: Written,
}

/// The table of patterns (with their flags and places). One that is too large by itself is refused.
pub fn table(patterns: &[(String, String, Span)]) -> Result<Vec<u8>, Vec<Diagnostic>> {
    let mut findings = Vec::new();
    let mut automata = Vec::new();
    let mut small = Vec::new();
    for (number, (pattern, flags, span)) in patterns.iter().enumerate() {
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        let (hir, table) = match super::single(pattern, flags, *span) {
            Ok(built) => built,
            Err(finding) => {
                findings.push(finding);
                continue;
            }
        };
        let fits = table.len() <= SMALL && !by_characters(&hir);
        let alone = Written { table, patterns: vec![vec![number]] };
        if fits {
            small.push(Member { number, hir, alone });
        } else {
            automata.push(alone);
        }
    }
    for group in small.chunks(GROUP) {
        together(group, &mut automata);
    }
    if findings.is_empty() { Ok(dfa_set::encode(&automata)) } else { Err(findings) }
}

/// One automaton of a group, or several.
fn together(group: &[Member], automata: &mut Vec<Written>) {
    if let [member] = group {
        automata.push(member.alone.clone());
        return;
    }
    match joined(group) {
        Some(automaton) => automata.push(automaton),
        None => {
            let (before, behind) = group.split_at(group.len() / 2);
            together(before, automata);
            together(behind, automata);
        }
    }
}

/// One automaton of a group; nothing when it is too large.
fn joined(group: &[Member]) -> Option<Written> {
    let hirs: Vec<Hir> = group.iter().map(|member| member.hir.clone()).collect();
    let config = dense::Config::new().start_kind(StartKind::Unanchored).match_kind(MatchKind::All);
    let automaton = determinise(&hirs, config, GROUP_BUILDING).ok()?;
    let numbers: Vec<u32> = group.iter().map(|member| member.number).collect();
    let (numbered, lists) = number_all(&automaton, &numbers).ok()?;
    let (dfa, first) = smallest(&numbered);
    let kinds = first.iter().map(|state| numbered.kinds.get(*state).copied().unwrap_or(0) as usize);
    let patterns = kinds.filter(|kind| *kind > 0).map(|kind| lists.get(kind).cloned().unwrap_or_default()).collect();
    let table = dfa::encode(&dfa);
    (table.len() <= TABLE).then_some(Written { table, patterns })
}

/// Numbers the states, told apart by the patterns that match when they are reached. The end of the text leads to states that only
/// stand for what matches there; state 0 is the dead one.
fn number_all(automaton: &dense::DFA<Vec<u32>>, numbers: &[u32]) -> Result<(Numbered, Vec<Vec<u32>>), Diagnostic> {
    let start = start_state(automaton)?;
    let (classes, representatives) = byte_classes(automaton);
    let class_count = representatives.len() + 1;
    let mut lists: Vec<Vec<u32>> = vec![Vec::new()];
    let mut kind_of: BTreeMap<Vec<u32>, u32> = BTreeMap::from([(Vec::new(), 0)]);
    let mut kind = |state: StateID| -> u32 {
        let mut list: Vec<u32> = Vec::new();
        if automaton.is_match_state(state) {
            let found = (0..automaton.match_len(state)).map(|index| automaton.match_pattern(state, index).as_usize());
            list.extend(found.filter_map(|pattern| numbers.get(pattern)));
        }
        list.sort_unstable();
        list.dedup();
        *kind_of.entry(list).or_insert_with_key(|list| {
            lists.push(list.clone());
            lists.len() as u32 - 1
        })
    };
    // Breadth first; the ends come last, when all states have numbers.
    let mut states = vec![start];
    let mut number: BTreeMap<StateID, u32> = BTreeMap::from([(start, 1)]);
    let mut transitions = vec![0; class_count];
    let mut kinds = vec![0];
    let mut ends = Vec::new();
    let mut next = 0;
    while let Some(state) = states.get(next).copied() {
        next += 1;
        for byte in &representatives {
            let target = automaton.next_state(state, *byte);
            let fresh = states.len() as u32 + 1;
            let target = *number.entry(target).or_insert_with(|| {
                states.push(target);
                fresh
            });
            transitions.push(target);
        }
        transitions.push(0);
        kinds.push(kind(state));
        ends.push(kind(automaton.next_eoi_state(state)));
    }
    let first_end = kinds.len() as u32;
    let mut end_of: BTreeMap<u32, u32> = BTreeMap::new();
    for (index, end) in ends.into_iter().enumerate() {
        let count = end_of.len() as u32;
        let target = if end == 0 { 0 } else { *end_of.entry(end).or_insert(first_end + count) };
        if let Some(place) = transitions.get_mut((index + 2) * class_count - 1) {
            *place = target;
        }
    }
    let mut ends: Vec<(u32, u32)> = end_of.into_iter().map(|(kind, state)| (state, kind)).collect();
    ends.sort_unstable();
    kinds.extend(ends.iter().map(|(_, kind)| *kind));
    transitions.resize(kinds.len() * class_count, 0);
    let matches = kinds.iter().map(|kind| *kind != 0).collect();
    Ok((Numbered { classes, class_count, transitions, kinds, matches, start: 1 }, lists))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use portcullis_runtime::rt::arena::{Arena, Items};
    use portcullis_runtime::tables::dfa_set;
    use regex_automata::meta::Regex;

    use super::{Member, Written, by_characters, table, together};
    use crate::base::Span;

    fn automata(patterns: &[String]) -> Vec<Written> {
        let group: Vec<Member> = patterns
            .iter()
            .zip(0..)
            .map(|(pattern, number)| {
                let (hir, table) = super::super::single(pattern, "", Span::default()).unwrap();
                assert!(table.len() <= super::SMALL && !by_characters(&hir), "{pattern}");
                Member { number, hir, alone: Written { table, patterns: vec![vec![number]] } }
            })
            .collect();
        let mut found = Vec::new();
        together(&group, &mut found);
        found
    }

    #[test]
    fn a_set_that_is_too_large_together_is_several_automata_and_finds_the_same() {
        // Each remembers which of the last letters were its own: together they remember all of them at once.
        let letters = "abcdefghij";
        let patterns: Vec<String> = letters.chars().map(|letter| format!("{letter}[a-j]{{5}}{letter}$")).collect();
        let split = automata(&patterns);
        assert!(split.len() > 1 && split.len() < patterns.len(), "{} automata", split.len());
        let mut numbers: Vec<u32> = split.iter().flat_map(|one| one.patterns.iter().flatten().copied()).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers, (0..10).collect::<Vec<u32>>());
        assert_eq!(automata(&["^/a".to_owned(), "^/b".to_owned(), "c$".to_owned()]).len(), 1);

        let places: Vec<(String, String, Span)> =
            patterns.iter().map(|pattern| (pattern.clone(), String::new(), Span::default())).collect();
        let table = table(&places).unwrap();
        let regexes: Vec<Regex> = patterns.iter().map(|pattern| Regex::new(pattern).unwrap()).collect();
        for text in ["abcdefa", "bbbbbbbbbb", "jabcdej", "xjabcdejx", "aaaaaaa", "abcdefb", "", "iabcdei ", "ghhhhhghhhhhg"] {
            let arena = Arena::new();
            let mut items = Items::new(&arena);
            dfa_set::search(&table, text.as_bytes(), &mut items);
            let mut found = items.finish().to_vec();
            found.sort_unstable();
            let expected: Vec<u32> =
                regexes.iter().zip(0..).filter(|(regex, _)| regex.is_match(text.as_bytes())).map(|(_, number)| number).collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}
