//! The reference pages against the compiler: `docs/reference/tables.md` is what the compiler's own tables say (`BLESS=1`
//! rewrites it), and every ```policy block of the documentation compiles without a finding and passes its tests.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::expect_used)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use portcullis::base::{Code, explain, render};
use portcullis::ir::ast::{DeclarationKind, RuleKind};
use portcullis::ir::hir;
use portcullis::lang::attributes::Block;
use portcullis::lang::keywords::Keyword;
use portcullis::lang::{Support, functions, types, values};
use portcullis::tools::sim::Simulator;
use portcullis::tools::test_runner;
use portcullis::{Options, check, compile};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn compiled(support: bool) -> &'static str {
    if support { "" } else { "not yet" }
}

const BLOCKS: &[Block] = &[
    Block::Policy,
    Block::Jwt,
    Block::Fetch,
    Block::Declaration(DeclarationKind::ApiKey),
    Block::Declaration(DeclarationKind::Basic),
    Block::Declaration(DeclarationKind::Hmac),
    Block::Declaration(DeclarationKind::Token),
    Block::Declaration(DeclarationKind::Mtls),
    Block::Declaration(DeclarationKind::Service),
    Block::Declaration(DeclarationKind::Detector),
    Block::Declaration(DeclarationKind::Limit),
    Block::Lookup,
    Block::Scope,
    Block::Rule(RuleKind::Permit),
    Block::Rule(RuleKind::Forbid),
    Block::Rule(RuleKind::RewriteRequest),
    Block::Rule(RuleKind::RewriteResponse),
    Block::Rule(RuleKind::RedactRequest),
    Block::Rule(RuleKind::RedactResponse),
    Block::Rule(RuleKind::Route),
];

fn tables() -> String {
    let mut page = String::from(
        "# Tables of the language\n\nWritten by `BLESS=1 cargo test -p portcullis --test reference` from the tables that the compiler uses. \
         What is marked `not yet` parses and is refused by name.\n\n## Values\n\n| value | type | phase | |\n|---|---|---|---|\n",
    );
    for value in values::VALUES {
        let supported = value.support() == Support::Yes;
        let ty = if supported { format!("`{}`", value.read_type()) } else { String::new() };
        let phase = format!("{:?}", value.phase).to_lowercase();
        writeln!(page, "| `{}` | {ty} | {phase} | {} |", value.path, compiled(supported)).unwrap();
    }
    page.push_str("\n## Functions\n\n| call |\n|---|\n");
    for function in functions::FUNCTIONS {
        writeln!(page, "| `{}` |", function.usage).unwrap();
    }
    page.push_str("\n## Attributes\n\n| block | attribute | |\n|---|---|---|\n");
    for block in BLOCKS {
        for attribute in block.attributes() {
            writeln!(page, "| `{}` | `{}` | {} |", block.keyword(), attribute.name, compiled(attribute.support == Support::Yes)).unwrap();
        }
    }
    page.push_str("\n## Types\n\n| type | arguments |\n|---|---|\n");
    for name in types::TYPES {
        writeln!(page, "| `{name}` | {} |", types::arguments(name)).unwrap();
    }
    page.push_str("\n## Reserved words\n\n");
    for word in Keyword::RESERVED {
        writeln!(page, "* `{}`", word.text()).unwrap();
    }
    page.push_str("\n## Diagnostics\n\n| code | what it stands for |\n|---|---|\n");
    for code in Code::ALL {
        writeln!(page, "| {code} | {} |", code.meaning()).unwrap();
    }
    page
}

#[test]
fn the_tables_are_those_of_the_compiler() {
    let path = root().join("docs/reference/tables.md");
    let found = tables();
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &found).unwrap();
        return;
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = found.lines().zip(written.lines()).find(|(found, written)| found != written);
    assert!(found == written, "docs/reference/tables.md differs, BLESS=1 rewrites it: {differs:?}");
}

/// Markdown files of the documentation.
fn pages() -> Vec<PathBuf> {
    let mut pages = vec![root().join("README.md"), root().join("grammar/README.md")];
    let folder = std::fs::read_dir(root().join("docs/reference")).unwrap();
    pages.extend(folder.map(|entry| entry.unwrap().path()).filter(|path| path.extension().is_some_and(|extension| extension == "md")));
    pages.sort();
    pages
}

/// The ```policy blocks of a page.
fn examples(page: &str) -> Vec<String> {
    let blocks = page.split("\n```policy\n").skip(1);
    blocks.map(|block| format!("{}\n", block.split("\n```").next().unwrap())).collect()
}

#[test]
fn every_example_compiles_and_passes_its_tests() {
    let (mut count, mut ran) = (0, 0);
    for path in pages() {
        let name = path.display().to_string();
        for example in examples(&std::fs::read_to_string(&path).unwrap()) {
            count += 1;
            let checked = check(&name, &explain::whole(&example), &mut |name| Err(format!("{name}: entity not found")));
            let shown = render::render(&checked.sources, &checked.diagnostics, false);
            assert!(checked.diagnostics.is_empty(), "{name}\n{example}\n{shown}");
            let module = compile(&checked, &Options::default()).unwrap();
            let policy = checked.policy.unwrap();
            let tests: Vec<&hir::Test> = policy.tests.iter().collect();
            let mut engine = Simulator::new(&module.output.wasm).unwrap();
            let results = test_runner::run(&policy, &tests, &mut engine);
            ran += results.len();
            let report = test_runner::report(&checked.sources, &results);
            assert!(results.iter().all(|result| result.passed), "{name}\n{example}\n{report}");
        }
    }
    assert!(count >= 8 && ran >= 8, "{count} examples with {ran} tests");
}
