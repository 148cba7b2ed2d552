//! Regexes that people use: rules of firewalls and secret scanners. In: `patterns.json`. Out: patterns on one line.

use std::path::Path;

/// A pattern of the corpus.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// Its collection and its name there.
    pub name: String,
    /// It, on one line.
    pub pattern: String,
}

/// All patterns.
pub fn load(folder: &Path) -> Vec<Pattern> {
    let text = std::fs::read_to_string(folder.join("patterns.json")).unwrap();
    let all: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    all.iter()
        .map(|item| Pattern { name: format!("{}/{}", text(&item["set"]), text(&item["id"])), pattern: one_line(&text(&item["re"])) })
        .collect()
}

/// A literal stands on one line: of patterns under `(?x)` the line ends and comments go, which mean nothing there.
fn one_line(pattern: &str) -> String {
    if !pattern.contains('\n') {
        return pattern.to_owned();
    }
    let mut out = String::new();
    for line in pattern.lines() {
        let (mut escaped, mut bracket) = (false, false);
        for c in line.chars() {
            if c == '#' && !escaped && !bracket {
                break;
            }
            match c {
                '[' if !escaped => bracket = true,
                ']' if !escaped => bracket = false,
                _ => {}
            }
            escaped = c == '\\' && !escaped;
            out.push(c);
        }
        out.push(' ');
    }
    out.trim_end().to_owned()
}
