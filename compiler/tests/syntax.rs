//! The parser on whole files: policies that parse, mistakes with the diagnostics beside them, and noise.
//! `cargo test -p portcullis --test syntax`; `BLESS=1` before it rewrites `tests/fixtures/syntax/*.stderr`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::expect_used)]

use std::path::{Path, PathBuf};

use portcullis::base::{Diagnostics, Sources, render};
use portcullis::front::syntax;
use portcullis::ir::ast;
use portcullis::lang::keywords::Keyword;

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
        let unmended = diagnostics.iter().find(|finding| finding.help.is_none());
        assert!(unmended.is_none(), "{name}: {unmended:?} has no fix");
        differences.extend(compare(&path.with_extension("stderr"), &shown));
    }
    assert!(differences.is_empty(), "{}", differences.join("\n\n"));
}

#[test]
fn the_tree_of_every_construct_is_as_written_down() {
    for path in policies(&fixtures("ast")) {
        let text = std::fs::read_to_string(&path).unwrap();
        let tree = parses(path.to_str().unwrap(), &text);
        let difference = compare(&path.with_extension("ast"), &ast::print(&tree));
        assert!(difference.is_none(), "{}", difference.unwrap_or_default());
    }
}

#[test]
fn every_span_covers_what_was_read() {
    let text = std::fs::read_to_string(fixtures("ast").join("whole-language.policy")).unwrap();
    let mut sources = Sources::default();
    let file = sources.add("a.policy", text.as_str());
    let (tree, _) = syntax::parse(&sources, file);
    let spans: Vec<_> = tree.items.iter().map(ast::Item::span).collect();
    for (span, keyword) in spans.iter().zip(["policy ", "import ", "", "let ", "let ", "fn ", "fn "]) {
        assert!(sources.text(*span).starts_with(keyword));
    }
    for pair in spans.windows(2) {
        assert!(pair[0].start < pair[0].end && pair[0].end <= pair[1].start);
        assert!(sources.text(pair[0]).len() == (pair[0].end - pair[0].start) as usize);
    }
    let ast::Item::Let(half) = &tree.items[3] else { panic!("a `let`") };
    assert_eq!(sources.text(half.value.span), "0.5");
}

/// The spans inside an interpolation are those of the file.
#[test]
fn interpolations_have_the_places_of_the_file() {
    let text = "let é = 1\nlet a = \"ü${b.c ?? \"x${d}\"}y\"";
    let text = text.replacen("é", "e", 1);
    let mut sources = Sources::default();
    let file = sources.add("a.policy", text);
    let (tree, diagnostics) = syntax::parse(&sources, file);
    assert!(diagnostics.is_empty());
    let ast::Item::Let(a) = &tree.items[1] else { panic!("a `let`") };
    let ast::ExprKind::Interpolation(parts) = &a.value.kind else { panic!("an interpolation") };
    assert_eq!(parts.len(), 3);
    let ast::ExprKind::Coalesce(left, right) = &parts[1].kind else { panic!("`??`") };
    assert_eq!((sources.text(left.span), sources.text(right.span)), ("b.c", "\"x${d}\""));
    let ast::ExprKind::Interpolation(inner) = &right.kind else { panic!("an interpolation") };
    assert_eq!(sources.text(inner[1].span), "d");
}

#[test]
fn the_parts_without_mistakes_are_read() {
    let text = "limit a { key = client.ip }\npermit \"b\" { on get \"/b\"\n mode = shadow }\nfrobnicate\npermit \"c\" { }\n";
    let (tree, diagnostics, _) = parse("a.policy", text);
    assert_eq!(diagnostics.iter().count(), 2);
    let printed = ast::print(&tree);
    assert_eq!(printed, "limit a\n  key = client.ip\npermit \"b\"\n  mode = shadow\npermit \"c\"\n");
}

#[test]
fn ten_thousand_rules_parse() {
    let mut text = String::new();
    for index in 0..10_000 {
        text.push_str(&format!("permit \"rule {index}\" {{\n  on GET \"/v1/a{index}/{{id}}\"\n  when path.id == \"x\"\n}}\n"));
    }
    assert_eq!(parses("large.policy", &text).items.len(), 10_000);
    // A mistake in the middle is found, and costs only its own clause.
    let broken = text.replacen("/v1/a5000/", "/v1/${a}/", 1);
    let (tree, diagnostics, _) = parse("large.policy", &broken);
    assert_eq!((tree.items.len(), diagnostics.iter().count()), (10_000, 1));
    // So is a lexical one, which looks at every line and brace of the file.
    let (tree, diagnostics, _) = parse("large.policy", &text.replacen("path.id ==", "path.id @", 1));
    assert_eq!((tree.items.len(), diagnostics.iter().count()), (10_000, 1));
}

/// What nests without end is refused, on a stack smaller than that of any thread that compiles.
#[test]
fn deep_nesting_is_a_diagnostic() {
    let inputs = || {
        let times = |text: &str| text.repeat(10_000);
        vec![
            format!("let a = {}1{}", times("("), times(")")),
            format!("let a = {}1", times("(")),
            format!("let a = {}1{}", times("["), times("]")),
            format!("let a = {}1{}", times("f("), times(")")),
            format!("let a = {}1{}", times("{a: "), times("}")),
            format!("let a = {}b", times("not ")),
            format!("let a = {}b", times("if a then b else ")),
            format!("let a = {}b", times("some x in y satisfies ")),
            format!("let a = b{}", times(" + b")),
            format!("let a = b{}", times(" ?? b")),
            format!("let a = b{}", times(".b")),
            format!("let a = b{}", times("[0]")),
            format!("let a = {}b{}", times("\"${"), times("}\"")),
            format!("let a = {}b", times("\"${")),
            format!("let a = {}b{}", times("match a { b: "), times("}")),
            format!("config {{ a: {}string{} }}", times("list<"), times(">")),
            format!("{}{}", times("scope \"/a\" {"), times("}")),
            times("scope \"/a\" {"),
            times("scope \"/a\" {\n"),
            times("}"),
            times("permit \"a\" {\n"),
            format!("test \"a\" {{ {}{} }}", times("repeat 1 as i {"), times("}")),
        ]
    };
    let run = move || {
        for text in inputs() {
            let (tree, diagnostics, shown) = parse("deep.policy", &text);
            assert!(diagnostics.has_errors(), "{}", text.chars().take(40).collect::<String>());
            assert!(shown.len() < 1_000_000 && diagnostics.iter().count() < 40);
            drop(tree);
        }
    };
    std::thread::Builder::new().stack_size(1 << 20).spawn(run).unwrap().join().unwrap();
}

#[test]
fn what_is_nested_reasonably_parses() {
    let nested = |open: &str, close: &str, times: usize| format!("let a = {}b{}", open.repeat(times), close.repeat(times));
    parses("a.policy", &nested("(", ")", 60));
    parses("a.policy", &nested("f(", ")", 60));
    parses("a.policy", &nested("not ", "", 100));
    parses("a.policy", &nested("\"${", "}\"", 16));
    parses("a.policy", &format!("let a = b{}", " + b".repeat(120)));
    parses("a.policy", &format!("let a = b{}", " and b".repeat(5_000)));
    parses("a.policy", &format!("let a = [b{}]", ", b".repeat(20_000)));
}

/// A small generator of numbers (splitmix64): tests must not differ from run to run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap()
    }
}

/// Whatever the input: no panic, spans inside the file, and an empty list of findings only for what parses.
#[test]
fn noise_never_panics() {
    let mut random = Random(7);
    let whole = std::fs::read_to_string(fixtures("ast").join("whole-language.policy")).unwrap();
    let mut pieces: Vec<String> = whole.split_whitespace().map(str::to_owned).collect();
    let signs =
        ["{", "}", "(", ")", "[", "]", "\"", "${", "\"${", "}\"", "/", "\n", "\n\n", "é", "\u{0}", "'", "\\", "=", "->", "0x", "9%"];
    pieces.extend(signs.iter().map(|sign| (*sign).to_owned()));
    for _ in 0..600 {
        let length = random.below(60);
        let mut text = String::new();
        for _ in 0..length {
            text.push_str(&pieces[random.below(pieces.len())]);
            text.push_str([" ", "", "\n"][random.below(3)]);
        }
        check_noise(&text);
    }
    // Whole policies with a few pieces taken out, doubled or replaced: closer to what people write.
    let lines: Vec<&str> = whole.split_inclusive(' ').collect();
    for _ in 0..150 {
        let mut changed: Vec<&str> = lines.clone();
        for _ in 0..1 + random.below(3) {
            let at = random.below(changed.len());
            match random.below(3) {
                0 => drop(changed.remove(at)),
                1 => changed.insert(at, lines[random.below(lines.len())]),
                _ => changed[at] = signs[random.below(signs.len())],
            }
        }
        check_noise(&changed.concat());
    }
    for end in 0..whole.len() {
        if end % 7 == 0 && whole.is_char_boundary(end) {
            check_noise(&whole[..end]);
        }
    }
}

fn check_noise(text: &str) {
    let mut sources = Sources::default();
    let file = sources.add("noise.policy", text);
    let (tree, diagnostics) = syntax::parse(&sources, file);
    for label in diagnostics.iter().flat_map(|diagnostic| &diagnostic.labels) {
        let (start, end) = (label.span.start as usize, label.span.end as usize);
        assert!(start <= end && text.get(start..end).is_some(), "{start}..{end} of {text:?}");
    }
    let shown = render::render(&sources, &diagnostics, false);
    assert_eq!(shown.is_empty(), diagnostics.is_empty());
    assert!(ast::print(&tree).is_empty() == tree.items.is_empty());
}

/// The blocks of the page that begin with this line, without their fences.
fn fenced<'a>(page: &'a str, heading: &str) -> &'a str {
    let after = page.split_once(heading).unwrap().1;
    let block = after.split_once("```").unwrap().1.split_once("```").unwrap().0;
    block.split_once('\n').unwrap().1
}

#[test]
fn the_page_about_the_grammar_has_the_words_of_the_table() {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../grammar/README.md")).unwrap();
    let words = |list: &[Keyword]| list.iter().map(|word| word.text()).collect::<std::collections::BTreeSet<_>>();
    let listed = |heading: &str| fenced(&page, heading).split_whitespace().collect::<std::collections::BTreeSet<_>>();
    assert_eq!(listed("## Reserved words"), words(Keyword::RESERVED));
    assert_eq!(listed("## Contextual keywords"), words(Keyword::CONTEXTUAL));
    // Each word that the EBNF quotes is in one of the tables, and each of the tables' words is in the EBNF.
    let ebnf = fenced(&page, "# The grammar");
    let quoted: std::collections::BTreeSet<&str> =
        ebnf.split('"').skip(1).step_by(2).filter(|word| word.starts_with(|c: char| c.is_ascii_lowercase())).collect();
    let all: std::collections::BTreeSet<&str> = words(Keyword::RESERVED).union(&words(Keyword::CONTEXTUAL)).copied().collect();
    assert_eq!(quoted, all);
}

/// The generated parser and the table agree: a contextual keyword is a name, a reserved one is not.
#[test]
fn keywords_are_names_where_the_grammar_says_so() {
    for word in Keyword::CONTEXTUAL {
        let word = word.text();
        parses("a.policy", &format!("let {word} = {word}(a.{word}, {word} = 1) limit {word} {{ key = {word} }}"));
        assert_eq!(Keyword::from_text(word).map(Keyword::text), Some(word));
        let attribute = !["json", "location", "for"].contains(&word);
        let (_, diagnostics, _) = parse("a.policy", &format!("limit a {{ {word} = 1 }}"));
        assert_eq!(diagnostics.is_empty(), attribute, "{word}");
    }
    for word in Keyword::RESERVED {
        let word = word.text();
        parses("a.policy", &format!("let a = b.{word} let c = {{ {word}: 1 }}"));
        let (_, diagnostics, shown) = parse("a.policy", &format!("let {word} = 1"));
        assert_eq!(diagnostics.iter().count(), 1);
        assert!(shown.contains("reserved"), "{shown}");
    }
}

/// The policies of the examples, and those that describe the language where they lie beside the project.
#[test]
fn the_examples_parse() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut folders = vec![root.join("../shared/acceptance")];
    folders.extend(std::fs::read_dir(root.join("examples")).unwrap().map(|entry| entry.unwrap().path()));
    let paths: Vec<PathBuf> = folders.iter().filter(|folder| folder.is_dir()).flat_map(|folder| policies(folder)).collect();
    assert!(!paths.is_empty());
    for path in paths {
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(!parses(path.to_str().unwrap(), &text).items.is_empty());
    }
}
