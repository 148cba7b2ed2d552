//! House rules that a machine can check: heads of files, sizes, the direction of flow, where crates may appear.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// All Rust files of the project with their path from its root and text.
fn files() -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join("compiler"), root().join("runtime-stub"), root().join("tests")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                if path.file_name().is_some_and(|name| name != "target") {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
                found.push((name, std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    assert!(found.len() > 100, "the walk found only {} files", found.len());
    found
}

/// Fails with all offences at once.
fn none(offences: Vec<String>, rule: &str) {
    assert!(offences.is_empty(), "{rule}:\n  {}", offences.join("\n  "));
}

#[test]
fn every_file_says_what_it_holds() {
    let offences = files().into_iter().filter(|(_, text)| !text.starts_with("//!")).map(|(name, _)| name).collect();
    none(offences, "begin each file with a `//!` head");
}

#[test]
fn files_are_short() {
    let long = |(name, text): (String, String)| {
        let lines = text.lines().count();
        let reasoned = text.lines().take(12).any(|line| line.starts_with("//! Long because"));
        (lines > 500 && !reasoned).then(|| format!("{name}: {lines} lines"))
    };
    none(files().into_iter().filter_map(long).collect(), "split files above 500 lines, or say `Long because …` in the head");
}

/// Folders of the compiler's source and the folders of it that each must not use.
const FLOW: &[(&str, &[&str])] = &[
    ("base", &["front", "plan", "lower", "back", "deploy", "tools", "cli", "ir", "lang"]),
    ("lang", &["front", "plan", "lower", "back", "deploy", "tools", "cli"]),
    ("ir", &["front", "plan", "lower", "back", "deploy", "tools", "cli"]),
    ("front", &["plan", "lower", "back", "deploy", "tools", "cli"]),
    ("plan", &["front", "lower", "back", "deploy", "tools", "cli"]),
    ("lower", &["front", "back", "deploy", "tools", "cli"]),
    ("back", &["front", "plan", "lower", "deploy", "tools", "cli"]),
    ("deploy", &["front", "plan", "lower", "back", "tools", "cli"]),
    ("tools", &["front", "plan", "lower", "back", "deploy", "cli"]),
];

#[test]
fn stages_flow_in_one_direction() {
    let mut offences = Vec::new();
    for (name, text) in files() {
        let Some(rest) = name.strip_prefix("compiler/src/") else { continue };
        // A test may walk the whole chain to reach the stage that it tests.
        if name.ends_with("tests.rs") || name.contains("/tests/") {
            continue;
        }
        for (folder, forbidden) in FLOW {
            if !rest.starts_with(&format!("{folder}/")) {
                continue;
            }
            let (code, _) = text.split_once("#[cfg(test)]").unwrap_or((&text, ""));
            for other in *forbidden {
                if code.contains(&format!("crate::{other}::")) || code.contains(&format!("use crate::{other};")) {
                    offences.push(format!("{name} uses {other}"));
                }
            }
        }
    }
    none(offences, "front, plan, lower and back meet in ir; `lib.rs` chains them");
}

/// Crates and the places of the compiler's source that may name them.
const HOMES: &[(&str, &[&str])] = &[
    ("wasm_encoder", &["back/"]),
    ("walrus", &["back/"]),
    ("wasmparser", &["back/", "tools/sim/"]),
    ("wasmprinter", &["back/"]),
    ("wasmi", &["tools/sim/"]),
    ("logos", &["front/syntax/"]),
    ("lalrpop_util", &["front/syntax/"]),
    ("miette", &["base/render.rs"]),
    ("clap", &["cli/"]),
];

#[test]
fn crates_stay_where_they_belong() {
    let mut offences = Vec::new();
    for (name, text) in files() {
        let Some(rest) = name.strip_prefix("compiler/src/") else { continue };
        if name.ends_with("tests.rs") || name.contains("/tests/") {
            continue;
        }
        for (crate_name, homes) in HOMES {
            if text.contains(&format!("{crate_name}::")) && !homes.iter().any(|home| rest.starts_with(home)) {
                offences.push(format!("{name} names {crate_name}"));
            }
        }
    }
    none(offences, "each crate has one home");
}

#[test]
fn files_and_environment_are_the_command_lines() {
    let mut offences = Vec::new();
    for (name, text) in files() {
        let Some(rest) = name.strip_prefix("compiler/src/") else { continue };
        let (code, _) = text.split_once("#[cfg(test)]").unwrap_or((&text, ""));
        let allowed = rest.starts_with("cli/") || rest == "main.rs" || name.ends_with("tests.rs") || name.contains("/tests/");
        if !allowed && (code.contains("std::fs::") || code.contains("std::env::") || code.contains("println!")) {
            offences.push(name);
        }
    }
    none(offences, "only `cli` touches files, environment and terminal");
}

/// Takes the place of a C function inside of Envoy, for tests: there is no safe way to do that. No crate contains it.
const CLOCK: &str = "tests/src/envoy/clock/shim.rs";

#[test]
fn only_the_runtime_edge_is_unsafe() {
    let mut offences = Vec::new();
    for (name, text) in files().into_iter().filter(|(name, _)| name != CLOCK) {
        let edge = ["runtime-stub/src/abi/", "runtime-stub/src/rt/"].iter().any(|home| name.starts_with(home));
        let code = text.lines().map(str::trim_start).filter(|line| !line.starts_with("//"));
        let test = name.ends_with("tests.rs") || name.contains("/tests/");
        if !edge && !test && code.into_iter().any(|line| line.contains("unsafe ")) {
            offences.push(name);
        }
    }
    none(offences, "`unsafe` lives in runtime-stub/src/abi and runtime-stub/src/rt");
}

#[test]
fn imports_name_what_they_bring() {
    let mut offences = Vec::new();
    for (name, text) in files() {
        if name == "tests/tests/tidy.rs" {
            continue;
        }
        for line in text.lines().map(str::trim) {
            if line.starts_with("use ") && line.ends_with("::*;") {
                offences.push(format!("{name}: {line}"));
            }
        }
    }
    none(offences, "no glob imports");
}
