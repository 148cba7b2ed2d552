//! Regexes to automata. In: patterns and their flags. Out: the table that `dfa_matches` walks (`tables::dfa`), or for all patterns of
//! one subject the set that `facts` walks (`tables::dfa_set`).
//!
//! The question is only whether a match exists, so all matching states are one, and states that accept the same rests of a
//! text are one: that makes tables small.

mod minimise;
mod set;

use std::collections::BTreeMap;

use portcullis_runtime::tables::dfa;
use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::nfa::thompson;
use regex_automata::util::{primitives::StateID, start};
use regex_automata::{Anchored, dfa::dense::DFA};
use regex_syntax::hir::{Dot, Hir, Look, Repetition};

use crate::base::{Code, Diagnostic, Span};
use crate::lang;

pub use set::table as set_table;

/// A table may have this many bytes.
const TABLE: usize = 1024 * 1024;
/// Memory for building: automata are larger before equal states are merged.
const BUILDING: usize = 16 * 1024 * 1024;

/// The table of a pattern (with `\/` undone) under letters of `imsx`. One that is too large is refused at `span`.
pub fn table(pattern: &str, flags: &str, span: Span) -> Result<Vec<u8>, Diagnostic> {
    single(pattern, flags, span).map(|(_, table)| table)
}

/// The tree and the table of a pattern.
fn single(pattern: &str, flags: &str, span: Span) -> Result<(Hir, Vec<u8>), Diagnostic> {
    let hir = lang::regex::parse(pattern, flags)
        .map_err(|reason| Diagnostic::error(Code::BadRegex, span, format!("the regex `{pattern}` is refused: {reason}"), reason))?;
    let automaton = build(&hir).map_err(|_| too_large(pattern, span, None))?;
    let table = dfa::encode(&smallest(&number(&automaton)?).0);
    if table.len() > TABLE {
        return Err(too_large(pattern, span, Some(table.len())));
    }
    Ok((hir, table))
}

fn too_large(pattern: &str, span: Span, bytes: Option<usize>) -> Diagnostic {
    let size = match bytes {
        Some(bytes) => format!("{} KiB", bytes.div_ceil(1024)),
        None => format!("more than {} MiB while it is built", BUILDING / (1024 * 1024)),
    };
    Diagnostic::error(
        Code::RegexTooLarge,
        span,
        format!("the automaton of `{pattern}` takes {size}, at most {} KiB are allowed", TABLE / 1024),
        "this regex becomes too large a table",
    )
    .help("lower counted repetitions such as `{1,200}`, write `[a-z]` for `\\p{L}`, or split the alternatives into several rules")
}

/// Whether the search has to go by characters. `\B` holds between the bytes of one character. A match may not be there, and only an
/// empty one could be: then the search goes by characters instead of bytes, which is larger.
fn by_characters(hir: &Hir) -> bool {
    let properties = hir.properties();
    properties.look_set().contains(Look::WordAsciiNegate) && properties.minimum_len() == Some(0)
}

/// Determinises a search for the pattern.
fn build(hir: &Hir) -> Result<DFA<Vec<u32>>, Box<dyn std::error::Error>> {
    let by_characters = by_characters(hir);
    let searched = if by_characters {
        let skip = Repetition { min: 0, max: None, greedy: false, sub: Box::new(Hir::dot(Dot::AnyChar)) };
        Hir::concat(vec![Hir::repetition(skip), hir.clone()])
    } else {
        hir.clone()
    };
    let config = dense::Config::new().start_kind(if by_characters { StartKind::Anchored } else { StartKind::Unanchored });
    determinise(&[searched], config, BUILDING)
}

/// Determinises within so many bytes.
fn determinise(patterns: &[Hir], config: dense::Config, limit: usize) -> Result<DFA<Vec<u32>>, Box<dyn std::error::Error>> {
    let nfa = thompson::Config::new().nfa_size_limit(Some(limit)).which_captures(thompson::WhichCaptures::None);
    let nfa = thompson::Compiler::new().configure(nfa).build_many_from_hir(patterns)?;
    let config = config.accelerate(false).dfa_size_limit(Some(limit)).determinize_size_limit(Some(limit));
    Ok(dense::Builder::new().configure(config).build_from_nfa(&nfa)?)
}

/// An automaton with numbered states; the end of the text is its last class.
struct Numbered {
    classes: [u8; 256],
    class_count: usize,
    /// By state and class.
    transitions: Vec<u32>,
    /// What tells states apart at once.
    kinds: Vec<u32>,
    /// States that match when they are reached.
    matches: Vec<bool>,
    start: u32,
}

/// Byte classes with a byte for each.
fn byte_classes(automaton: &DFA<Vec<u32>>) -> ([u8; 256], Vec<u8>) {
    let mut classes = [0; 256];
    let mut representatives = Vec::new();
    for byte in 0..=255u8 {
        let class = automaton.byte_classes().get(byte);
        if let Some(slot) = classes.get_mut(usize::from(byte)) {
            *slot = class;
        }
        if usize::from(class) == representatives.len() {
            representatives.push(byte);
        }
    }
    (classes, representatives)
}

fn start_state(automaton: &DFA<Vec<u32>>) -> Result<StateID, Diagnostic> {
    let anchored = if automaton.start_kind() == StartKind::Anchored { Anchored::Yes } else { Anchored::No };
    automaton
        .start_state(&start::Config::new().anchored(anchored))
        .map_err(|error| Diagnostic::internal(format!("an automaton has no start: {error}")))
}

/// Numbers the states that a text can reach, breadth first; all matching states become state 0, the start is 1.
fn number(automaton: &DFA<Vec<u32>>) -> Result<Numbered, Diagnostic> {
    let start = start_state(automaton)?;
    let (classes, representatives) = byte_classes(automaton);
    let class_count = representatives.len() + 1;
    let mut transitions = vec![0; class_count];
    let mut kinds = vec![0];
    let mut numbers: BTreeMap<StateID, u32> = BTreeMap::new();
    let mut states = vec![start];
    let mut next = 0;
    let mut number_of = |state: StateID, states: &mut Vec<StateID>| -> u32 {
        if automaton.is_match_state(state) {
            return 0;
        }
        *numbers.entry(state).or_insert_with(|| {
            if state != start {
                states.push(state);
            }
            // State 0 is the accepting one, so the first found state is 1.
            u32::try_from(states.len()).unwrap_or(u32::MAX)
        })
    };
    number_of(start, &mut states);
    while let Some(state) = states.get(next).copied() {
        next += 1;
        for byte in &representatives {
            let target = number_of(automaton.next_state(state, *byte), &mut states);
            transitions.push(target);
        }
        let accepts = automaton.is_match_state(automaton.next_eoi_state(state));
        transitions.push(if accepts { 0 } else { u32::try_from(next).unwrap_or(0) });
        kinds.push(u32::from(!accepts));
    }
    let matches = (0..kinds.len()).map(|state| state == 0).collect();
    Ok(Numbered { classes, class_count, transitions, kinds, matches, start: 1 })
}

/// The smallest automaton that does the same, and for each of its states the first that it stands for. Byte classes that no
/// state tells apart become one.
fn smallest(numbered: &Numbered) -> (dfa::Dfa, Vec<usize>) {
    let graph = minimise::Graph { class_count: numbered.class_count, transitions: &numbered.transitions, kinds: &numbered.kinds };
    let (block, count) = minimise::blocks(&graph);
    let mut first = vec![None; count];
    for (state, own) in block.iter().enumerate() {
        if let Some(slot) = first.get_mut(*own as usize) {
            slot.get_or_insert(state);
        }
    }
    let first: Vec<usize> = first.into_iter().map(|state| state.unwrap_or(0)).collect();
    let target = |state: usize, class: usize| {
        let to = numbered.transitions.get(state * numbered.class_count + class);
        to.and_then(|to| block.get(*to as usize)).copied().unwrap_or(0)
    };
    let end = numbered.class_count - 1;
    let mut columns: BTreeMap<Vec<u32>, u8> = BTreeMap::new();
    let mut kept = Vec::new();
    let mut merged = Vec::new();
    for class in 0..end {
        let column = first.iter().map(|state| target(*state, class)).collect();
        let next = u8::try_from(kept.len()).unwrap_or(u8::MAX);
        let index = *columns.entry(column).or_insert(next);
        if usize::from(index) == kept.len() {
            kept.push(class);
        }
        merged.push(index);
    }
    let classes = numbered.classes.map(|class| merged.get(usize::from(class)).copied().unwrap_or(0));
    let is_match = |state: usize| numbered.matches.get(state).copied().unwrap_or(false);
    let mut transitions = Vec::with_capacity(count * (kept.len() + 1));
    let mut dead = None;
    for (own, state) in first.iter().enumerate() {
        let own = u32::try_from(own).unwrap_or(u32::MAX);
        let row = kept.iter().chain([&end]).map(|class| target(*state, *class));
        if !is_match(*state) && row.clone().all(|to| to == own) {
            dead = Some(own);
        }
        transitions.extend(row);
    }
    let matches = first.iter().map(|state| is_match(*state)).collect();
    let start = block.get(numbered.start as usize).copied().unwrap_or(0);
    (dfa::Dfa { classes, class_count: kept.len() + 1, transitions, start, matches, dead }, first)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use portcullis_runtime::tables::dfa;
    use regex_automata::meta::Regex;

    use super::table;
    use crate::base::Span;
    use crate::lang;

    fn agree(pattern: &str, flags: &str, texts: &[String]) {
        let table = table(pattern, flags, Span::default()).unwrap();
        // `find`, since `is_match` of this crate misses matches of `\B|\W` behind the middle of a character.
        let oracle = Regex::builder().build_from_hir(&lang::regex::parse(pattern, flags).unwrap()).unwrap();
        for text in texts {
            assert_eq!(dfa::matches(&table, text.as_bytes()), oracle.find(text).is_some(), "/{pattern}/{flags} on {text:?}");
        }
    }

    /// A small generator with a fixed seed (xorshift), so that failures repeat.
    struct Random(u64);

    impl Random {
        fn below(&mut self, bound: usize) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            usize::try_from(self.0 % bound as u64).unwrap()
        }

        fn pick<'a>(&mut self, items: &[&'a str]) -> &'a str {
            items[self.below(items.len())]
        }

        fn text(&mut self) -> String {
            let pieces = ["a", "b", "A", "_", " ", "\n", "1", "é", "𝄞", "x", "\r", "-", "k", "K", "\u{212a}"];
            (0..self.below(9)).map(|_| self.pick(&pieces)).collect()
        }

        fn pattern(&mut self, depth: usize) -> String {
            if depth == 0 {
                let leaves = [
                    "a", "b", ".", r"\d", r"\w", r"\W", r"\s", r"\S", r"\b", r"\B", "^", "$", "[a-c]", "[^a]", "é", "k", r"\n", " ", "x",
                    "",
                ];
                return self.pick(&leaves).to_owned();
            }
            let (first, second) = (self.pattern(depth - 1), self.pattern(depth - 1));
            match self.below(6) {
                0 | 1 => format!("{first}{second}"),
                2 => format!("(?:{first}|{second})"),
                3 => format!("(?:{first})*{second}"),
                4 => format!("(?:{first})?{second}"),
                _ => format!("(?:{first}){{1,3}}{second}"),
            }
        }
    }

    #[test]
    fn our_tables_agree_with_the_regex_crate() {
        let mut random = Random(0x9e37_79b9_7f4a_7c15);
        let texts: Vec<String> = (0..200).map(|_| random.text()).chain([String::new()]).collect();
        for _ in 0..400 {
            let depth = 1 + random.below(3);
            let pattern = random.pattern(depth);
            let flags: String = ["i", "m", "s", "x"].into_iter().filter(|_| random.below(3) == 0).collect();
            agree(&pattern, &flags, &texts);
        }
    }

    #[test]
    fn boundaries_look_at_both_ends_of_the_text() {
        let texts: Vec<String> = ["", "a", "ab", " ab ", "ab\n", "\nab", "x\nab\ny", "_ab", "éab", "aéb"].map(String::from).to_vec();
        for pattern in [r"^ab$", r"\bab\b", r"\Aab\z", "", "^$", r"^", r"$", r"\b", r"\B", r"\Bb", r"a\B"] {
            for flags in ["", "m", "i", "s", "x"] {
                agree(pattern, flags, &texts);
            }
        }
    }

    #[test]
    fn one_accepting_and_one_dead_state_are_enough() {
        // `^abc`: start, after a, after ab, accepting; the dead state is not stored as a row of its own but as state 0.
        let blob = table("^abc", "", Span::default()).unwrap();
        let classes = usize::from(blob[0]);
        // `a`, `b`, `c`, all others, the end.
        assert_eq!(classes, 5);
        assert_eq!(blob.len(), 272 + (5 * classes * 2usize).next_multiple_of(4));
    }

    #[test]
    fn a_large_regex_is_refused_with_its_size_and_a_way_out() {
        let finding = table(r"(?:a|b)*a(?:a|b){20}", "", Span::default()).unwrap_err();
        assert_eq!(finding.code.text(), "P0502");
        assert!(finding.message.contains("MiB") || finding.message.contains("KiB"), "{}", finding.message);
        assert!(finding.help.unwrap().starts_with("lower"));
    }
}
