//! The parser on whole files: policies that parse, mistakes with the diagnostics beside them, and noise.
//! `cargo test -p portcullis --test syntax`; `BLESS=1` before it rewrites `tests/fixtures/syntax/*.stderr`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::expect_used)]

use std::path::{Path, PathBuf};

use portcullis::base::{Diagnostics, Sources, render};
use portcullis::front::syntax;
use portcullis::ir::ast;

/// The tree and the findings with the text that people see.
fn parse(name: &str, text: &str) -> (ast::File, Diagnostics, String) {
    let mut sources = Sources::default();
    let file = sources.add(name, text);
    let (tree, diagnostics) = syntax::parse(&sources, file);
    let shown = render::render(&sources, &diagnostics, false);
    (tree, diagnostics, shown)
}

fn parses(name: &str, text: &str) -> ast::File {
    let (tree, _, shown) = parse(name, text);
    assert!(shown.is_empty(), "{shown}");
    tree
}

fn fixtures(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures").join(folder)
}

fn policies(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "policy"));
    paths.sort();
    paths
}

fn bless() -> bool {
    std::env::var_os("BLESS").is_some()
}

/// Compares with the file beside the fixture, or rewrites it.
fn compare(path: &Path, found: &str) -> Option<String> {
    if bless() {
        std::fs::write(path, found).unwrap();
        return None;
    }
    let wanted = std::fs::read_to_string(path).unwrap_or_default();
    (wanted != found).then(|| format!("{}:\n{found}\ninstead of\n{wanted}", path.display()))
}

#[test]
fn every_mistake_has_its_diagnostics() {
    let mut differences = Vec::new();
    let paths = policies(&fixtures("syntax"));
    assert!(paths.len() >= 25);
    for path in paths {
        let text = std::fs::read_to_string(&path).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap();
        let (_, diagnostics, shown) = parse(name, &text);
        assert!(diagnostics.has_errors(), "{name} has a mistake");
        differences.extend(compare(&path.with_extension("stderr"), &shown));
    }
    assert!(differences.is_empty(), "{}", differences.join("\n\n"));
}
