//! Real webhook bodies: what has no card leaves as it came, in any chunks.

use std::path::Path;

use super::{MASK, naive, stream};

fn files(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "json") {
            found.push(path);
        }
    }
}

#[test]
fn real_webhooks_change_only_where_a_card_stands() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpora/json-github-webhooks");
    let mut paths = Vec::new();
    files(&root, &mut paths);
    if paths.is_empty() {
        eprintln!("no corpus at {}: nothing to compare", root.display());
        return;
    }
    for path in paths {
        let body = std::fs::read(&path).unwrap();
        let expected = naive::json(&body, &MASK);
        for size in [1, 7, 1000, body.len()] {
            assert!(stream(true, &MASK, body.chunks(size)) == expected, "{} in chunks of {size}", path.display());
        }
        // A card among the bytes of a real body.
        let Some(at) = body.windows(2).position(|pair| pair == b": ") else { continue };
        let with_card = [&body[..at + 2], b"\"4111-1111-1111-1111\",\"x\": ", &body[at + 2..]].concat();
        let found = stream(true, &MASK, with_card.chunks(13));
        assert_eq!(found.len(), with_card.len());
        let place = at + 3..at + 22;
        assert_eq!(&found[place.clone()], b"****-****-****-1111");
        assert!(found[place.end..] == with_card[place.end..] && found[..place.start] == with_card[..place.start]);
    }
}
