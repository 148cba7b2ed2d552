//! Every code has a page whose wrong example gives exactly this code and whose right one compiles without a finding, and a
//! fixture that shows how the wrong one is told (`tests/fixtures/explain`). `BLESS=1` rewrites the fixtures.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::expect_used)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use portcullis::base::{Code, Diagnostics, Severity, Sources, explain, render};
use portcullis::{Options, check, compile};

fn findings(name: &str, text: &str) -> (Sources, Diagnostics) {
    let checked = check(name, text, &mut |name| Err(format!("{name}: entity not found")));
    let mut diagnostics = checked.diagnostics.clone();
    if checked.policy.is_some()
        && let Err(found) = compile(&checked, &Options::default())
    {
        diagnostics.extend(found);
    }
    (checked.sources, diagnostics)
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/explain")
}

/// Codes that no policy gives.
const WITHOUT_EXAMPLE: [Code; 1] = [Code::Internal];

#[test]
fn wrong_examples_give_their_code_and_nothing_else() {
    let mut failures = Vec::new();
    for code in Code::ALL.iter().copied().filter(|code| !WITHOUT_EXAMPLE.contains(code)) {
        let examples = explain::examples(&explain::page(code), "Wrong");
        assert_eq!(examples.len(), 1, "{code}: one wrong example");
        let (sources, diagnostics) = findings("wrong.policy", &explain::whole(&examples[0]));
        let shown = render::render(&sources, &diagnostics, false);
        let codes: BTreeSet<Code> = diagnostics.iter().map(|finding| finding.code).collect();
        if codes != BTreeSet::from([code]) {
            failures.push(format!("{code}: gives {codes:?}\n{shown}"));
            continue;
        }
        for finding in diagnostics.iter() {
            let warns = code.text().starts_with("P08");
            assert_eq!(finding.severity == Severity::Warning, warns, "{code}: warnings are P08xx");
        }
        let path = folder().join(format!("{code}.stderr"));
        if std::env::var_os("BLESS").is_some() {
            std::fs::create_dir_all(folder()).unwrap();
            std::fs::write(&path, &shown).unwrap();
        } else if std::fs::read_to_string(&path).unwrap_or_default() != shown {
            failures.push(format!("{}: is told otherwise\n{shown}", path.display()));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn right_examples_compile_without_a_finding() {
    let mut failures = Vec::new();
    for code in Code::ALL.iter().copied().filter(|code| !WITHOUT_EXAMPLE.contains(code)) {
        let examples = explain::examples(&explain::page(code), "Right");
        assert!(!examples.is_empty(), "{code}: a right example");
        for example in examples {
            let (sources, diagnostics) = findings("right.policy", &explain::whole(&example));
            if !diagnostics.is_empty() {
                failures.push(format!("{code}:\n{}", render::render(&sources, &diagnostics, false)));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn codes_are_many_distinct_and_never_renumbered() {
    let texts: BTreeSet<&str> = Code::ALL.iter().map(|code| code.text()).collect();
    assert_eq!(texts.len(), Code::ALL.len());
    assert!(texts.len() >= 60);
    for (code, text) in [(Code::BadCharacter, "P0101"), (Code::TypeMismatch, "P0301"), (Code::Ineffective, "P0801")] {
        assert_eq!(code.text(), text);
    }
    let pages = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/base/explain")).unwrap().count();
    assert_eq!(pages, Code::ALL.len(), "a page without a code");
    let fixtures = std::fs::read_dir(folder()).unwrap().count();
    assert_eq!(fixtures, Code::ALL.len() - WITHOUT_EXAMPLE.len(), "one fixture for each code");
}
