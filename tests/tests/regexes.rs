//! Regexes of other projects: the `regex` crate's own tests, and 872 patterns from firewalls and secret scanners.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::collections::BTreeMap;

use portcullis::back::automata;
use portcullis::base::{Severity, Span};
use portcullis::lang;
use portcullis_tests::regexes::{Engines, checked, corpus, real_world, rust_regex, sample};

/// How many patterns share one policy.
const SET: usize = 120;

/// Why a pattern is refused; `None` when it is taken.
fn refusal(pattern: &str, flags: &str) -> Option<String> {
    if pattern.contains('\n') || pattern.contains('\r') {
        return Some("a line end in the literal".to_owned());
    }
    if let Err(reason) = lang::regex::parse(pattern, flags) {
        return Some(reason);
    }
    let early =
        checked(&[(pattern.to_owned(), flags.to_owned())]).diagnostics.iter().find(|found| found.severity == Severity::Error).cloned();
    let refused = early.or_else(|| automata::table(pattern, flags, Span::default()).err())?;
    assert_eq!(refused.code.text(), "P0502", "{pattern}: {}", refused.message);
    // The size is said.
    assert!(refused.message.contains("MiB") || refused.message.contains("KiB"), "{}", refused.message);
    Some("too large".to_owned())
}

fn counted(reasons: &BTreeMap<String, usize>) -> Vec<(&str, usize)> {
    reasons.iter().map(|(reason, count)| (reason.as_str(), *count)).collect()
}

#[test]
fn the_regex_crates_own_tests_hold_for_the_dialect() {
    let folder = corpus("rust-regex/testdata");
    if !folder.exists() {
        eprintln!("no corpus at {}: nothing to compare", folder.display());
        return;
    }
    let (cases, left_out) = rust_regex::load(&folder);
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    let mut taken: Vec<rust_regex::Case> = Vec::new();
    for case in cases {
        match case.patterns.iter().find_map(|pattern| refusal(pattern, &case.flags)) {
            Some(reason) => *reasons.entry(reason).or_default() += 1,
            None => {
                assert!(case.compiles, "{} must be refused", case.name);
                taken.push(case);
            }
        }
    }
    println!("{} cases run; refused: {reasons:#?}; not asked: {left_out:#?}", taken.len());
    for cases in taken.chunks(SET) {
        let patterns: Vec<(String, String)> =
            cases.iter().flat_map(|case| case.patterns.iter().map(|pattern| (pattern.clone(), case.flags.clone()))).collect();
        let mut engines = Engines::new(&patterns).unwrap();
        let mut first = 0;
        for case in cases {
            let [interpreter, module] = engines.hits(&case.text).unwrap();
            let own = |hits: &[usize]| -> Vec<usize> {
                hits.iter().filter_map(|hit| hit.checked_sub(first)).filter(|hit| *hit < case.patterns.len()).collect()
            };
            assert_eq!(own(&module), case.matches, "{}: {:?} on {:?}", case.name, case.patterns, case.text);
            // All others of the set look at the same text.
            assert_eq!(module, interpreter, "{}", case.name);
            first += case.patterns.len();
        }
    }
    assert_eq!(
        counted(&reasons),
        [
            ("repetition operator missing expression", 5),
            ("the flag `u` cannot be switched", 16),
            ("there is no flag `R`", 105),
            ("there is no flag `U`", 3),
            ("too large", 2),
        ]
    );
    let left_out: Vec<(&str, usize)> = left_out.into_iter().collect();
    assert_eq!(
        left_out,
        [
            ("asks for the dialect of another crate, where `i` is ASCII", 9),
            ("finds empty matches between the bytes of a character: texts are UTF-8", 119),
            ("means Unicode's letters by `\\w` or `\\b` and the like: they are ASCII", 47),
            ("searches a part of the text: `matches` searches all of it", 44),
            ("searches bytes of characters (`unicode = false`): patterns speak of characters", 28),
            ("sets another line terminator: lines end with `\\n`", 7),
            ("tells one of several patterns: each is a condition of its own", 18),
        ]
    );
    assert_eq!(taken.len(), 800);
}

#[test]
fn real_world_patterns_compile_alone_and_in_sets_or_say_why_not() {
    let folder = corpus("regex-real-world");
    if !folder.exists() {
        eprintln!("no corpus at {}: nothing to compile", folder.display());
        return;
    }
    let mut all = real_world::load(&folder);
    assert_eq!(all.len(), 872);
    // Large automata take a debug build seconds each: the gate takes every sixteenth, by hand all are taken.
    let whole = std::env::var_os("PORTCULLIS_ALL_PATTERNS").is_some();
    if !whole {
        all = all.into_iter().step_by(16).collect();
    }
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    let mut taken = Vec::new();
    for item in &all {
        let started = std::time::Instant::now();
        match refusal(&item.pattern, "") {
            Some(reason) => {
                if reason != "too large" {
                    println!("{}: {reason}", item.name);
                }
                *reasons.entry(reason).or_default() += 1;
            }
            None => taken.push(item),
        }
        // Building is bounded, whatever the pattern: this is a debug build on a busy machine.
        assert!(started.elapsed().as_secs() < 60, "{} takes {:?}", item.name, started.elapsed());
    }
    println!("{} of {} patterns taken; refused: {reasons:#?}", taken.len(), all.len());
    let (mut found, mut asked) = (0, 0);
    for items in taken.chunks(SET) {
        let patterns: Vec<(String, String)> = items.iter().map(|item| (item.pattern.clone(), String::new())).collect();
        let mut engines = Engines::new(&patterns).unwrap();
        for (number, item) in items.iter().enumerate() {
            let Some(text) = sample::text(&item.pattern, "") else { continue };
            let [interpreter, module] = engines.hits(&text).unwrap();
            assert_eq!(module, interpreter, "{} on {text:?}", item.name);
            asked += 1;
            found += usize::from(module.contains(&number));
        }
    }
    println!("{found} of {asked} samples match their pattern");
    assert_eq!(taken.len() + reasons.values().sum::<usize>(), all.len());
    if !whole {
        let expected =
            [("look-around, including look-ahead and look-behind, is not supported", 1), ("too large", 11), ("unrecognized flag", 2)];
        assert_eq!(counted(&reasons), expected);
        // Two samples stand where a look around (`\b`) asks for another neighbour.
        assert_eq!((taken.len(), found, asked), (41, 39, 41));
    }
}
