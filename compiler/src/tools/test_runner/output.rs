//! Results for programs: JSON and JUnit XML. In: results with their sources. Out: text. The shape of the JSON is stable:
//! `docs/reference/output.md` describes it, members are only ever added.

use serde::Serialize;

use super::TestResult;
use crate::base::Sources;
use crate::tools::coverage::Coverage;

/// Everything that one run gave.
#[derive(Debug, Serialize)]
pub struct Run {
    /// Version of this shape.
    pub version: u32,
    /// The policies in the order given.
    pub files: Vec<File>,
    /// Tests that passed.
    pub passed: usize,
    /// Tests that did not.
    pub failed: usize,
}

/// One policy.
#[derive(Debug, Serialize)]
pub struct File {
    /// As given on the command line.
    pub file: String,
    /// In the order of the file.
    pub tests: Vec<Test>,
    /// With `--coverage`: what the tests left open.
    pub coverage: Option<Coverage>,
}

/// One test.
#[derive(Debug, Serialize)]
pub struct Test {
    /// Its name.
    pub name: String,
    /// `passed`, `failed` or `skipped`.
    pub outcome: &'static str,
    /// Seconds that it took.
    pub seconds: f64,
    /// The first expectation that did not hold.
    pub failure: Option<Failure>,
    /// Why it could not run.
    pub reason: Option<String>,
}

/// Where and how a test failed.
#[derive(Debug, Serialize)]
pub struct Failure {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
    /// What the step says.
    pub expected: String,
    /// What happened instead.
    pub got: String,
}

/// The result of one test, as programs read it.
pub fn test(sources: &Sources, result: &TestResult, seconds: f64) -> Test {
    let failure = result.failure.as_ref().map(|failure| {
        let (line, column) = sources.line_column(failure.span);
        let file = sources.get(failure.span.file).map_or_else(String::new, |source| source.name.clone());
        Failure { file, line, column, expected: failure.expected.clone(), got: failure.got.clone() }
    });
    let outcome = match (result.passed, &result.skipped) {
        (true, _) => "passed",
        (false, Some(_)) => "skipped",
        (false, None) => "failed",
    };
    Test { name: result.name.clone(), outcome, seconds, failure, reason: result.skipped.clone() }
}

/// JUnit XML: a suite for each file, a case for each test.
pub fn junit(run: &Run) -> String {
    let total = run.passed + run.failed;
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    text.push_str(&format!("<testsuites name=\"portcullis\" tests=\"{total}\" failures=\"{}\">\n", run.failed));
    for file in &run.files {
        let count = |outcome: &str| file.tests.iter().filter(|test| test.outcome == outcome).count();
        let name = escape(&file.file);
        text.push_str(&format!(
            "  <testsuite name=\"{name}\" tests=\"{}\" failures=\"{}\" skipped=\"{}\" errors=\"0\">\n",
            file.tests.len(),
            count("failed"),
            count("skipped")
        ));
        for test in &file.tests {
            let head = format!("    <testcase name=\"{}\" classname=\"{name}\" time=\"{:.6}\"", escape(&test.name), test.seconds);
            match (&test.failure, &test.reason) {
                (Some(failure), _) => {
                    let (expected, got) = (escape(&failure.expected), escape(&failure.got));
                    let place = escape(&format!("{}:{}:{}", failure.file, failure.line, failure.column));
                    text.push_str(&format!("{head} file=\"{}\" line=\"{}\">\n", escape(&failure.file), failure.line));
                    text.push_str(&format!(
                        "      <failure message=\"expected {expected}, got {got}\">{place}\nexpected {expected}\ngot {got}</failure>\n"
                    ));
                    text.push_str("    </testcase>\n");
                }
                (None, Some(reason)) => text.push_str(&format!("{head}><skipped message=\"{}\"/></testcase>\n", escape(reason))),
                (None, None) => text.push_str(&format!("{head}/>\n")),
            }
        }
        text.push_str("  </testsuite>\n");
    }
    text.push_str("</testsuites>\n");
    text
}

/// Text as XML holds it; characters that XML has no way to write become U+FFFD.
fn escape(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            '\t' => out.push_str("&#9;"),
            '\r' => out.push_str("&#13;"),
            c if c.is_control() && c < ' ' || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
