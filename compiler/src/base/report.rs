//! Findings for programs: JSON of our own, and SARIF 2.1.0 for code scanning. In: findings with their sources. Out: values that
//! serde writes. The shape of the JSON is stable: `docs/reference/output.md` describes it, members are only ever added.

use serde::Serialize;

use super::{Code, Diagnostic, Severity, Sources, Span, explain};

/// Everything that one run found.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Version of this shape.
    pub version: u32,
    /// The files that were checked, in the order given.
    pub files: Vec<File>,
}

/// One policy.
#[derive(Debug, Serialize)]
pub struct File {
    /// As given on the command line.
    pub file: String,
    /// Whether it has no errors.
    pub good: bool,
    /// How many rules it has; `null` when it has errors.
    pub rules: Option<usize>,
    /// Errors and warnings in the order of their places.
    pub findings: Vec<Finding>,
}

/// One finding.
#[derive(Debug, Serialize)]
pub struct Finding {
    /// The stable code.
    pub code: &'static str,
    /// `error` or `warning`.
    pub severity: &'static str,
    /// What is wrong.
    pub message: String,
    /// How to mend it.
    pub help: Option<String>,
    /// The first is the primary place.
    pub labels: Vec<Label>,
}

/// A place and what is the matter there.
#[derive(Debug, Serialize)]
pub struct Label {
    /// What is the matter here.
    pub text: String,
    /// Where.
    pub place: Place,
}

/// A place in a file.
#[derive(Debug, Serialize)]
pub struct Place {
    /// The file.
    pub file: String,
    /// First character, from 1.
    pub line: usize,
    /// First character, from 1, in characters.
    pub column: usize,
    /// Behind the last character.
    pub end_line: usize,
    /// Behind the last character.
    pub end_column: usize,
    /// First byte, from 0.
    pub start: u32,
    /// Behind the last byte.
    pub end: u32,
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn place(sources: &Sources, span: Span) -> Place {
    let file = sources.get(span.file).map_or_else(String::new, |source| source.name.clone());
    let (line, column) = sources.line_column(span);
    let (end_line, end_column) = sources.line_column(Span { start: span.end.max(span.start), ..span });
    Place { file, line, column, end_line, end_column, start: span.start, end: span.end }
}

/// A finding of one file.
pub fn finding(sources: &Sources, diagnostic: &Diagnostic) -> Finding {
    let labels = diagnostic.labels.iter();
    Finding {
        code: diagnostic.code.text(),
        severity: severity(diagnostic.severity),
        message: diagnostic.message.clone(),
        help: diagnostic.help.clone(),
        labels: labels.map(|label| Label { text: label.text.clone(), place: place(sources, label.span) }).collect(),
    }
}

/// The report as a SARIF 2.1.0 log with one run.
pub fn sarif(report: &Report) -> serde_json::Value {
    use serde_json::json;
    let all: Vec<&Finding> = report.files.iter().flat_map(|file| &file.findings).collect();
    let used: Vec<Code> = Code::ALL.iter().copied().filter(|code| all.iter().any(|finding| finding.code == code.text())).collect();
    let rules: Vec<serde_json::Value> = used
        .iter()
        .map(|code| {
            json!({
                "id": code.text(),
                "shortDescription": { "text": code.meaning() },
                "help": { "text": explain::page(*code), "markdown": explain::page(*code) },
            })
        })
        .collect();
    let results: Vec<serde_json::Value> = all
        .iter()
        .map(|finding| {
            let message = match &finding.help {
                Some(help) => format!("{}\n{help}", finding.message),
                None => finding.message.clone(),
            };
            let mut result = json!({
                "ruleId": finding.code,
                "ruleIndex": used.iter().position(|code| code.text() == finding.code),
                "level": finding.severity,
                "message": { "text": message },
                "locations": finding.labels.iter().take(1).map(|label| location(label, None)).collect::<Vec<_>>(),
            });
            let related: Vec<_> = finding.labels.iter().skip(1).enumerate().map(|(id, label)| location(label, Some(id))).collect();
            if let (false, Some(result)) = (related.is_empty(), result.as_object_mut()) {
                result.insert("relatedLocations".to_owned(), related.into());
            }
            result
        })
        .collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "portcullis", "version": crate::VERSION, "rules": rules } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn location(label: &Label, id: Option<usize>) -> serde_json::Value {
    let place = &label.place;
    let mut region = serde_json::json!({
        "startLine": place.line,
        "startColumn": place.column,
        "endLine": place.end_line,
        "endColumn": place.end_column,
    });
    // A region without characters ends where it begins; SARIF says so by leaving the end out.
    if (place.line, place.column) == (place.end_line, place.end_column)
        && let Some(region) = region.as_object_mut()
    {
        region.remove("endLine");
        region.remove("endColumn");
    }
    let mut location = serde_json::json!({
        "physicalLocation": { "artifactLocation": { "uri": uri(&place.file) }, "region": region },
        "message": { "text": label.text },
    });
    if let (Some(id), Some(location)) = (id, location.as_object_mut()) {
        location.insert("id".to_owned(), id.into());
    }
    location
}

/// A file name as a URI reference: what a URI cannot hold is percent-encoded, byte by byte.
fn uri(name: &str) -> String {
    let mut uri = String::new();
    for byte in name.replace('\\', "/").bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}
