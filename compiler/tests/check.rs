//! The checker on whole policies: `tests/fixtures/check/*.policy` are refused with exactly the report in the `.stderr` beside
//! them, `good/*.policy` are accepted and become the tree in `.hir`. `BLESS=1` rewrites both.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::expect_used)]

use std::path::{Path, PathBuf};

use portcullis::base::{Code, Diagnostics, Severity, Sources, render};
use portcullis::front::{check, load};
use portcullis::ir::{ast, hir};

fn fixtures(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/check").join(folder);
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "policy"));
    paths.sort();
    assert!(!paths.is_empty());
    paths
}

fn check_text(name: &str, text: &str, folder: &Path) -> (Option<hir::Policy>, Diagnostics, Sources) {
    let mut sources = Sources::default();
    let file = sources.add(name, text);
    let read = &mut |path: &str| std::fs::read_to_string(folder.join(path)).map_err(|error| error.kind().to_string());
    let load::Loaded { parts, mut diagnostics, .. } = load::load(&mut sources, file, read);
    let (policy, found) = check::check(&parts, &mut sources, read);
    assert_eq!(policy.is_none(), found.has_errors(), "{name}: a tree exactly when there is no error");
    diagnostics.extend(found);
    (policy, diagnostics, sources)
}

fn check_file(path: &Path) -> (Option<hir::Policy>, Diagnostics, Sources) {
    let name = path.file_name().unwrap().to_str().unwrap();
    check_text(name, &std::fs::read_to_string(path).unwrap(), path.parent().unwrap())
}

/// Compares with the file, or writes it.
fn golden(path: &Path, found: &str, failures: &mut Vec<String>) {
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(path, found).unwrap();
        return;
    }
    let expected = std::fs::read_to_string(path).unwrap_or_default();
    if expected != found {
        failures.push(format!("{}\n--- expected\n{expected}\n--- found\n{found}", path.display()));
    }
}

#[test]
fn every_mistake_is_reported_with_a_fix() {
    let mut failures = Vec::new();
    for path in fixtures("") {
        let (_, diagnostics, sources) = check_file(&path);
        assert!(!diagnostics.is_empty(), "{}: nothing found", path.display());
        for finding in diagnostics.iter() {
            let text = format!("{}: {}", path.display(), finding.message);
            assert!(finding.help.is_some(), "no help: {text}");
            assert!(!finding.labels.is_empty(), "no label: {text}");
            assert!(!finding.message.ends_with('.') && !finding.message.starts_with(char::is_uppercase), "style: {text}");
        }
        golden(&path.with_extension("stderr"), &render::render(&sources, &diagnostics, false), &mut failures);
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

#[test]
fn good_policies_become_the_tree_beside_them() {
    let mut failures = Vec::new();
    for path in fixtures("good") {
        let (policy, diagnostics, sources) = check_file(&path);
        let report = render::render(&sources, &diagnostics, false);
        let Some(policy) = policy else { panic!("{}\n{report}", path.display()) };
        assert!(diagnostics.iter().all(|finding| finding.severity == Severity::Warning));
        golden(&path.with_extension("hir"), &(hir::print(&policy) + &report), &mut failures);
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

#[test]
fn the_quickstart_is_accepted_without_a_warning() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/quickstart/quickstart.policy");
    let (policy, diagnostics, sources) = check_file(&path);
    assert!(policy.is_some() && diagnostics.is_empty(), "{}", render::render(&sources, &diagnostics, false));
}

/// Whatever is cut off or swapped, there is a report and no panic.
#[test]
fn mutilated_policies_never_panic() {
    for path in fixtures("good").into_iter().chain(fixtures("")) {
        let text = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        for skipped in 0..lines.len() {
            let mut rest = lines.clone();
            rest.remove(skipped);
            check_text("cut.policy", &rest.join("\n"), path.parent().unwrap());
            let mut swapped = lines.clone();
            swapped.swap(skipped, lines.len() / 2);
            check_text("swapped.policy", &swapped.join("\n"), path.parent().unwrap());
        }
    }
}

/// The tree may come from elsewhere than the parser: the checker bounds its recursion itself.
#[test]
fn nesting_is_bounded() {
    let span = Default::default();
    let mut expr = ast::Expr { kind: ast::ExprKind::Bool(true), span };
    for _ in 0..2_000 {
        expr = ast::Expr { kind: ast::ExprKind::Not(Box::new(expr)), span };
    }
    let name = ast::Name { text: "deep".to_owned(), span };
    let rule = ast::Rule { kind: ast::RuleKind::Permit, name: name.clone(), items: vec![ast::RuleItem::When(expr)], span };
    let policy = ast::Policy { name, attrs: Vec::new(), span };
    let file = ast::File { items: vec![ast::Item::Policy(policy), ast::Item::Rule(rule)] };
    let mut sources = Sources::default();
    let (policy, diagnostics) = check::check(&[(Default::default(), file)], &mut sources, &mut |_| Err(String::new()));
    assert!(policy.is_none());
    assert_eq!(diagnostics.iter().map(|finding| finding.code).collect::<Vec<_>>(), [Code::TooDeep]);
}

/// A thousand rules take no time to speak of, and neither do chains of `let`.
#[test]
fn size_is_no_matter() {
    let mut text = String::from("policy big { default = deny 403 }\nlet a0 = \"x\"\n");
    for index in 1..1_000 {
        let before = if index % 100 == 0 { 0 } else { index - 1 };
        text.push_str(&format!(
            "let a{index} = lower(a{before})\npermit \"r{index}\" {{ on GET \"/r{index}/{{id}}\"  when path.id == a{index} }}\n"
        ));
    }
    let lines: Vec<&str> = text.lines().rev().collect();
    let start = std::time::Instant::now();
    let (policy, diagnostics, _) = check_text("big.policy", &lines.join("\n"), Path::new("."));
    assert!(policy.is_some() && diagnostics.is_empty());
    assert!(start.elapsed().as_secs() < 10);
}
