//! The test data of the `regex` crate. In: its TOML files. Out: cases that the dialect can express, the others by class of reason.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use toml::Value;

/// One case.
#[derive(Clone, Debug)]
pub struct Case {
    /// File and name.
    pub name: String,
    /// The pattern; several in cases about sets.
    pub patterns: Vec<String>,
    /// Flags of the literal.
    pub flags: String,
    /// What is searched.
    pub text: String,
    /// The patterns that find a match.
    pub matches: Vec<usize>,
    /// Whether the `regex` crate compiles it.
    pub compiles: bool,
}

/// Cases of all files, and how many are left out for which reason.
pub fn load(folder: &Path) -> (Vec<Case>, BTreeMap<&'static str, usize>) {
    let mut paths: Vec<PathBuf> = [folder.to_owned(), folder.join("fowler")]
        .iter()
        .flat_map(|folder| std::fs::read_dir(folder).into_iter().flatten())
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    paths.sort();
    let mut cases = Vec::new();
    let mut left_out = BTreeMap::new();
    for path in paths {
        let text = std::fs::read_to_string(&path).unwrap();
        let file: Value = toml::from_str(&text).unwrap();
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        for test in file["test"].as_array().unwrap() {
            match case(&stem, test) {
                Ok(case) => cases.push(case),
                Err(reason) => *left_out.entry(reason).or_default() += 1,
            }
        }
    }
    (cases, left_out)
}

fn case(file: &str, test: &Value) -> Result<Case, &'static str> {
    let flag = |name: &str, default: bool| test.get(name).and_then(Value::as_bool).unwrap_or(default);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    if file == "regex-lite" {
        return Err("asks for the dialect of another crate, where `i` is ASCII");
    }
    if test.get("bounds").is_some() {
        return Err("searches a part of the text: `matches` searches all of it");
    }
    if test.get("line-terminator").is_some() {
        return Err("sets another line terminator: lines end with `\\n`");
    }
    let is = |name: &str, wanted: &str| test.get(name).and_then(Value::as_str) == Some(wanted);
    if test["regex"].is_array() && !(is("search-kind", "overlapping") && is("match-kind", "all")) {
        return Err("tells one of several patterns: each is a condition of its own");
    }
    if !flag("utf8", true) {
        return Err("finds empty matches between the bytes of a character: texts are UTF-8");
    }
    let raw = text(&test["haystack"]);
    let haystack = if flag("unescape", false) { unescape(&raw) } else { Ok(raw) };
    let haystack = haystack.map_err(|_| "searches what is not UTF-8: texts are UTF-8")?;
    let mut patterns = match &test["regex"] {
        Value::Array(items) => items.iter().map(text).collect(),
        other => vec![text(other)],
    };
    let ascii = haystack.is_ascii() && patterns.iter().all(|pattern: &String| pattern.as_str().is_ascii());
    if !(ascii || flag("unicode", true)) {
        return Err("searches bytes of characters (`unicode = false`): patterns speak of characters");
    }
    let perl = |pattern: &String| [r"\w", r"\W", r"\d", r"\D", r"\s", r"\S", r"\b", r"\B"].iter().any(|class| pattern.contains(class));
    if flag("unicode", true) && !haystack.is_ascii() && patterns.iter().any(perl) {
        return Err("means Unicode's letters by `\\w` or `\\b` and the like: they are ASCII");
    }
    if flag("anchored", false) {
        patterns = patterns.iter().map(|pattern| format!(r"\A(?:{pattern})")).collect();
    }
    let flags = if flag("case-insensitive", false) { "i" } else { "" };
    let found = test["matches"].as_array().unwrap();
    let mut matches: Vec<usize> =
        found.iter().map(|found| found.get("id").and_then(Value::as_integer).map_or(0, |id| usize::try_from(id).unwrap())).collect();
    matches.sort_unstable();
    matches.dedup();
    Ok(Case {
        name: format!("{file}/{}", text(&test["name"])),
        patterns,
        flags: flags.to_owned(),
        text: haystack,
        matches,
        compiles: flag("compiles", true),
    })
}

/// Undoes `\xNN`, `\n` and the like.
fn unescape(text: &str) -> Result<String, std::string::FromUtf8Error> {
    let mut out = Vec::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c != '\\' {
            out.extend(c.to_string().bytes());
            continue;
        }
        match rest.next() {
            Some('x') => {
                let digits: String = rest.by_ref().take(2).collect();
                out.push(u8::from_str_radix(&digits, 16).unwrap());
            }
            Some('n') => out.push(b'\n'),
            Some('r') => out.push(b'\r'),
            Some('t') => out.push(b'\t'),
            Some('0') => out.push(0),
            other => out.extend(other.iter().flat_map(|c| c.to_string().into_bytes())),
        }
    }
    String::from_utf8(out)
}
