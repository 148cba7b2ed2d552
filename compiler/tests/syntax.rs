//! The parser on whole policies.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::expect_used)]

use portcullis::base::Sources;
use portcullis::front::syntax;

fn parse(name: &str, text: &str) -> portcullis::ir::ast::File {
    let mut sources = Sources::default();
    let file = sources.add(name, text);
    let (tree, diagnostics) = syntax::parse(&sources, file);
    assert!(diagnostics.is_empty(), "{diagnostics:#?}");
    tree
}

#[test]
fn the_acceptance_policies_parse() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/acceptance");
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "policy") {
            let text = std::fs::read_to_string(&path).unwrap();
            assert!(parse(path.to_str().unwrap(), &text).items.len() > 4);
        }
    }
}
