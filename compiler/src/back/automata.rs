//! Regexes to automata. In: a pattern and its flags. Out: the table that `dfa_matches` walks (`tables::dfa`).
//!
//! The question is only whether a match exists, so all matching states are one, and states that accept the same rests of a
//! text are one. That makes tables small without the cost of a general minimiser.

use std::collections::BTreeMap;

use portcullis_runtime::tables::dfa;
use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::nfa::thompson;
use regex_automata::util::{primitives::StateID, start};
use regex_automata::{Anchored, dfa::dense::DFA};
use regex_syntax::hir::{Dot, Hir, Look, Repetition};

use crate::base::{Code, Diagnostic, Span};
use crate::lang;

/// A table may have this many bytes.
const TABLE: usize = 1024 * 1024;
/// Memory for building: automata are larger before equal states are merged.
const BUILDING: usize = 16 * 1024 * 1024;
/// Rounds of merging; a table that has not settled by then stays as it is.
const ROUNDS: usize = 256;

/// The table of a pattern (with `\/` undone) under letters of `imsx`. One that is too large is refused at `span`.
pub fn table(pattern: &str, flags: &str, span: Span) -> Result<Vec<u8>, Diagnostic> {
    let hir = lang::regex::parse(pattern, flags)
        .map_err(|reason| Diagnostic::error(Code::BadRegex, span, format!("the regex `{pattern}` is refused: {reason}"), reason))?;
    let automaton = build(&hir).map_err(|_| too_large(pattern, span, None))?;
    let table = dfa::encode(&merge(&number(&automaton)?));
    if table.len() > TABLE {
        return Err(too_large(pattern, span, Some(table.len())));
    }
    Ok(table)
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

/// Determinises a search for the pattern.
fn build(hir: &Hir) -> Result<DFA<Vec<u32>>, Box<dyn std::error::Error>> {
    let properties = hir.properties();
    // `\B` holds between the bytes of one character. A match may not be there, and only an empty one could be: then
    // the search itself goes by characters instead of bytes, which is larger.
    let by_characters = properties.look_set().contains(Look::WordAsciiNegate) && properties.minimum_len() == Some(0);
    let searched = if by_characters {
        let skip = Repetition { min: 0, max: None, greedy: false, sub: Box::new(Hir::dot(Dot::AnyChar)) };
        Hir::concat(vec![Hir::repetition(skip), hir.clone()])
    } else {
        hir.clone()
    };
    let nfa = thompson::Config::new().nfa_size_limit(Some(BUILDING)).which_captures(thompson::WhichCaptures::None);
    let nfa = thompson::Compiler::new().configure(nfa).build_from_hir(&searched)?;
    let config = dense::Config::new()
        .start_kind(if by_characters { StartKind::Anchored } else { StartKind::Unanchored })
        .accelerate(false)
        .dfa_size_limit(Some(BUILDING))
        .determinize_size_limit(Some(BUILDING));
    Ok(dense::Builder::new().configure(config).build_from_nfa(&nfa)?)
}

/// An automaton with numbered states: rows of byte classes, and whether the text may end in a state.
struct Numbered {
    classes: [u8; 256],
    class_count: usize,
    /// By state and class. State 0 accepts everything; the start is 1.
    transitions: Vec<u32>,
    /// Whether a text that ends in this state matches.
    accepts: Vec<bool>,
}

impl Numbered {
    fn row(&self, state: usize) -> &[u32] {
        self.transitions.get(state * self.class_count..(state + 1) * self.class_count).unwrap_or(&[])
    }
}

/// Numbers the states that a text can reach, breadth first; all matching states become state 0.
fn number(automaton: &DFA<Vec<u32>>) -> Result<Numbered, Diagnostic> {
    let anchored = if automaton.start_kind() == StartKind::Anchored { Anchored::Yes } else { Anchored::No };
    let start = automaton
        .start_state(&start::Config::new().anchored(anchored))
        .map_err(|error| Diagnostic::internal(format!("an automaton has no start: {error}")))?;
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
    let class_count = representatives.len();
    let mut numbered = Numbered { classes, class_count, transitions: vec![0; class_count], accepts: vec![true] };
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
            numbered.transitions.push(target);
        }
        numbered.accepts.push(automaton.is_match_state(automaton.next_eoi_state(state)));
    }
    Ok(numbered)
}

/// Merges states that accept the same rests of a text (Moore's refinement: blocks of states are split until all states of a
/// block go to the same blocks), and writes the end of the text as a class of its own.
fn merge(numbered: &Numbered) -> dfa::Dfa {
    let states = numbered.accepts.len();
    let mut block: Vec<u32> = numbered.accepts.iter().map(|accepts| u32::from(!accepts)).collect();
    let mut count = 0;
    for _ in 0..ROUNDS {
        let mut found: BTreeMap<Vec<u32>, u32> = BTreeMap::new();
        let refined: Vec<u32> = (0..states)
            .map(|state| {
                let own = block.get(state).copied().unwrap_or(0);
                let targets = numbered.row(state).iter().map(|to| block.get(*to as usize).copied().unwrap_or(0));
                let next = u32::try_from(found.len()).unwrap_or(u32::MAX);
                *found.entry(std::iter::once(own).chain(targets).collect()).or_insert(next)
            })
            .collect();
        let settled = found.len() == count;
        count = found.len();
        block = refined;
        if settled {
            break;
        }
    }
    if !is_stable(numbered, &block) {
        block = (0..u32::try_from(states).unwrap_or(u32::MAX)).collect();
        count = states;
    }
    write(numbered, &block, count)
}

/// Whether states of one block go to the same blocks and accept alike.
fn is_stable(numbered: &Numbered, block: &[u32]) -> bool {
    let mut first: BTreeMap<u32, usize> = BTreeMap::new();
    (0..numbered.accepts.len()).all(|state| {
        let own = block.get(state).copied().unwrap_or(0);
        let same = *first.entry(own).or_insert(state);
        let blocks = |state: usize| numbered.row(state).iter().map(|to| block.get(*to as usize));
        numbered.accepts.get(state) == numbered.accepts.get(same) && blocks(state).eq(blocks(same))
    })
}

/// The automaton of blocks. Blocks are numbered by their first state, so block 0 is the accepting one. Byte classes that no
/// block tells apart become one.
fn write(numbered: &Numbered, block: &[u32], count: usize) -> dfa::Dfa {
    let mut first = vec![None; count];
    for (state, own) in block.iter().enumerate() {
        if let Some(slot) = first.get_mut(*own as usize) {
            slot.get_or_insert(state);
        }
    }
    let first: Vec<usize> = first.into_iter().map(|state| state.unwrap_or(0)).collect();
    let target = |state: usize, class: usize| numbered.row(state).get(class).and_then(|to| block.get(*to as usize)).copied().unwrap_or(0);
    let mut columns: BTreeMap<Vec<u32>, u8> = BTreeMap::new();
    let mut kept = Vec::new();
    let mut merged = Vec::new();
    for class in 0..numbered.class_count {
        let column = first.iter().map(|state| target(*state, class)).collect();
        let next = u8::try_from(kept.len()).unwrap_or(u8::MAX);
        let index = *columns.entry(column).or_insert(next);
        if usize::from(index) == kept.len() {
            kept.push(class);
        }
        merged.push(index);
    }
    let classes = numbered.classes.map(|class| merged.get(usize::from(class)).copied().unwrap_or(0));

    let mut transitions = Vec::with_capacity(count * (kept.len() + 1));
    let mut dead = None;
    for (own, state) in first.iter().enumerate() {
        let own = u32::try_from(own).unwrap_or(u32::MAX);
        let row = kept.iter().map(|class| target(*state, *class));
        let accepts = numbered.accepts.get(*state).copied().unwrap_or(false);
        if !accepts && row.clone().all(|to| to == own) {
            dead = Some(own);
        }
        transitions.extend(row);
        transitions.push(if accepts { 0 } else { own });
    }
    let matches = (0..count).map(|own| own == 0).collect();
    let start = block.get(1).copied().unwrap_or(0);
    dfa::Dfa { classes, class_count: kept.len() + 1, transitions, start, matches, dead }
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
