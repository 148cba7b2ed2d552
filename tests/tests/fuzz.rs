//! Every stage on mutated policies: nothing panics, every place is in its text, every module starts. A fixed seed and a bounded
//! number in the gate; by hand as many as one likes:
//!
//! ```text
//! PORTCULLIS_SEED=7 PORTCULLIS_TEXTS=100000 cargo test -p portcullis-tests --test fuzz
//! ```
//! Coverage-guided runs of the same targets: `tests/fuzz/README.md`.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::panic::catch_unwind;

use portcullis_tests::fuzz::{Mutator, Target, seeds};

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}

/// Runs so many mutated texts; the text that breaks a promise is printed whole.
fn run(target: Target, texts: u64) {
    let texts = number("PORTCULLIS_TEXTS", texts);
    let mut mutator = Mutator::new(seeds().into_iter().map(|(_, text)| text).collect(), number("PORTCULLIS_SEED", 1));
    for n in 0..texts {
        let text = mutator.text();
        if catch_unwind(|| target.run(&text)).is_err() {
            panic!("{} breaks on text {n}:\n{}", target.name(), String::from_utf8_lossy(&text));
        }
    }
}

#[test]
fn policies_as_written_keep_every_promise() {
    let seeds = seeds();
    assert!(seeds.len() > 50, "only {} policies", seeds.len());
    for (name, text) in seeds {
        for target in Target::ALL {
            assert!(catch_unwind(|| target.run(&text)).is_ok(), "{name}: {}", target.name());
        }
    }
}

#[test]
fn mutated_texts_become_tokens() {
    run(Target::Lexer, 3_000);
}

#[test]
fn mutated_texts_become_trees() {
    run(Target::Parser, 2_000);
}

#[test]
fn mutated_texts_are_checked() {
    run(Target::Check, 1_500);
}

#[test]
fn mutated_texts_become_modules() {
    run(Target::Compile, 600);
}
