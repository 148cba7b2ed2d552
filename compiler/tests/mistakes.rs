//! Mistakes typed as people make them (`tests/fixtures/mistakes`). The first line of each names the codes that it gives, no more
//! and no less: all independent mistakes at once and nothing that only follows. Each is told with a fix. `BLESS=1` rewrites the
//! reports, never the codes.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::expect_used)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use portcullis::base::render;

#[test]
fn typical_mistakes_are_told_with_cause_and_fix() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/mistakes");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "policy"));
    paths.sort();
    assert!(paths.len() >= 40);
    let mut failures = Vec::new();
    for path in paths {
        let text = std::fs::read_to_string(&path).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap();
        let announced: BTreeSet<&str> = text.lines().next().unwrap().trim_start_matches("// ").split(',').collect();
        let checked = portcullis::check(name, &text, &mut |name| Err(format!("{name}: entity not found")));
        let shown = render::render(&checked.sources, &checked.diagnostics, false);
        let codes: BTreeSet<&str> = checked.diagnostics.iter().map(|finding| finding.code.text()).collect();
        let fixed = checked.diagnostics.iter().all(|finding| finding.help.is_some());
        let once = checked.diagnostics.iter().count() == announced.len();
        if codes != announced || !fixed || !once {
            failures.push(format!("{name}: announces {announced:?}\n{shown}"));
            continue;
        }
        let golden = path.with_extension("stderr");
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&golden, &shown).unwrap();
        } else if std::fs::read_to_string(&golden).unwrap_or_default() != shown {
            failures.push(format!("{name}: is told otherwise\n{shown}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
