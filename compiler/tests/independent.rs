//! Mistakes of syntax and of meaning side by side. In: policies that are right, with one token taken out or doubled, and policies
//! with both kinds of mistakes. Out: a mistake of syntax alone brings no other; beside it those of meaning are still told.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::expect_used)]

use std::path::{Path, PathBuf};

use portcullis::base::{Severity, Sources, render};
use portcullis::check;
use portcullis::front::syntax;

fn policies() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut paths = Vec::new();
    for folder in ["tests/cases", "tests/fixtures/check/good", "examples/quickstart"] {
        paths.extend(std::fs::read_dir(root.join(folder)).unwrap().map(|entry| entry.unwrap().path()));
    }
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "policy"));
    paths.sort();
    paths
}

fn check_beside(path: &Path, text: &str) -> portcullis::Checked {
    let folder = path.parent().unwrap();
    check("mutant.policy", text, &mut |name| std::fs::read_to_string(folder.join(name)).map_err(|error| error.kind().to_string()))
}

/// Errors of meaning in a policy that has a mistake of syntax and no other.
fn cascade(path: &Path, text: &str) -> Option<String> {
    let checked = check_beside(path, text);
    let errors = || checked.diagnostics.iter().filter(|finding| finding.severity == Severity::Error);
    let of_syntax = errors().any(|finding| finding.code.text().starts_with("P01"));
    let follows = errors().any(|finding| !finding.code.text().starts_with("P01"));
    (of_syntax && follows).then(|| format!("{}\n{}", path.display(), render::render(&checked.sources, &checked.diagnostics, false)))
}

#[test]
fn a_mistake_of_syntax_brings_no_mistake_of_meaning() {
    let step: usize = std::env::var("PORTCULLIS_STEP").map_or(41, |step| step.parse().unwrap());
    let mut failures = Vec::new();
    for path in policies() {
        let text = std::fs::read_to_string(&path).unwrap();
        let mut sources = Sources::default();
        let file = sources.add("whole.policy", &text);
        let (tokens, _) = syntax::tokens(&sources, file);
        for (number, token) in tokens.iter().enumerate().skip(text.len() % step).step_by(step) {
            let (before, after) = (&text[..token.start as usize], &text[token.end as usize..]);
            let mutant = match number % 4 {
                0 => format!("{before}{after}"),
                1 => format!("{before}{}{{{after}", sources.text(*token)),
                2 => format!("{before}{} = {after}", sources.text(*token)),
                _ => format!("{before}}}{after}"),
            };
            failures.extend(cascade(&path, &mutant));
        }
    }
    assert!(failures.is_empty(), "{} of them\n{}", failures.len(), failures.join("\n"));
}
