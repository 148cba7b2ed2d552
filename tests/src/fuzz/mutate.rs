//! Policies, changed a little. In: every policy of the repository, a seed. Out: texts, the same for the same seed.

use std::path::{Path, PathBuf};

/// Every `.policy` file under `tests` and `examples`, in the order of their paths.
///
/// # Panics
/// When the folders cannot be read.
#[must_use]
pub fn seeds() -> Vec<(String, Vec<u8>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut folders: Vec<PathBuf> = ["tests/cases", "tests/fixtures", "examples"].iter().map(|name| root.join(name)).collect();
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "policy") {
                found.push((path.display().to_string(), std::fs::read(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

/// A source of changed texts.
#[derive(Debug)]
pub struct Mutator {
    seeds: Vec<Vec<u8>>,
    state: u64,
}

/// What people and other languages write.
const WORDS: &[&str] = &[
    " ",
    "\n",
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "\"",
    "${",
    "/",
    "\\",
    ",",
    ":",
    "=",
    "==",
    "->",
    "??",
    "-",
    "1",
    "9223372036854775807",
    "5%",
    "1h",
    "8MiB",
    "0.5",
    "//",
    "when ",
    "unless ",
    "on ",
    "and ",
    "or ",
    "not ",
    "in ",
    "is absent",
    "permit \"x\" {",
    "forbid \"y\" {",
    "if ",
    "match ",
    "some x in ",
    "satisfies ",
    "request.path",
    "request.headers[\"a\"]",
    "path.id",
    "config.a",
    "now",
    "null",
    "true",
    "ü",
    "\u{0}",
    "\u{feff}",
    "r\"",
    "/a(b)*/i",
    "limit l {",
    "redact response \"r\" {",
    "route \"t\" {",
    "otherwise ",
    "test \"t\" {",
    "expect deny 403",
];

impl Mutator {
    /// One over these texts.
    #[must_use]
    pub fn new(seeds: Vec<Vec<u8>>, seed: u64) -> Mutator {
        Mutator { seeds, state: seed.wrapping_mul(2).wrapping_add(1) }
    }

    /// A number below `bound` (splitmix64, which spreads consecutive seeds well).
    fn below(&mut self, bound: usize) -> usize {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % bound.max(1) as u64).unwrap_or(0)
    }

    /// A range of a text, most of the time short.
    fn range(&mut self, len: usize) -> std::ops::Range<usize> {
        let start = self.below(len + 1);
        let longest = if self.below(4) == 0 { len - start } else { (len - start).min(24) };
        start..start + self.below(longest + 1)
    }

    fn seed(&mut self) -> Vec<u8> {
        let pick = self.below(self.seeds.len());
        self.seeds.get(pick).cloned().unwrap_or_default()
    }

    /// The next text.
    pub fn text(&mut self) -> Vec<u8> {
        let mut text = self.seed();
        for _ in 0..=self.below(4) {
            let range = self.range(text.len());
            let piece: Vec<u8> = match self.below(6) {
                // Gone.
                0 => Vec::new(),
                // A word in its place.
                1 | 2 => WORDS.get(self.below(WORDS.len())).map(|word| word.as_bytes().to_vec()).unwrap_or_default(),
                // Twice.
                3 => text.get(range.clone()).unwrap_or_default().repeat(2),
                // A piece of another policy.
                4 => {
                    let other = self.seed();
                    let range = self.range(other.len());
                    other.get(range).unwrap_or_default().to_vec()
                }
                // Another byte.
                _ => vec![u8::try_from(self.below(256)).unwrap_or(0)],
            };
            text.splice(range, piece);
        }
        text
    }
}
