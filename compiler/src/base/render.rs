//! Diagnostics as text for people: code, message, the source with labels, help. The only place that uses miette.
//! In: files and findings. Out: one report per finding, a blank line between them.

use std::fmt;

use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceCode, SourceOffset, SourceSpan};

use super::source::{Source, TURNING};
use super::{Diagnostic, Diagnostics, FileId, Label, Severity, Sources};

/// Columns of a report. The same everywhere, so that what a test or a log holds does not depend on a terminal.
const WIDTH: usize = 100;

/// All findings as text, in the order given. `colour`: with ANSI colours.
pub fn render(sources: &Sources, diagnostics: &Diagnostics, colour: bool) -> String {
    let theme = if colour { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let handler = GraphicalReportHandler::new_themed(theme).with_links(false).with_width(WIDTH).with_context_lines(1);
    let mut text = String::new();
    for diagnostic in diagnostics.iter().take(MOST_REPORTS) {
        if !text.is_empty() {
            text.push('\n');
        }
        let mut report = String::new();
        let drawable = diagnostic.labels.iter().all(|label| !in_long_line(sources, label));
        // Only a writer that fails can fail this, and a string does not; plain text covers a defect of the handler.
        if !drawable || handler.render_report(&mut report, &Report::new(sources, diagnostic)).is_err() {
            report = plain(sources, diagnostic);
        }
        for line in report.trim_matches('\n').lines() {
            text.push_str(line.trim_end());
            text.push('\n');
        }
    }
    let more = diagnostics.iter().count().saturating_sub(MOST_REPORTS);
    if more > 0 {
        text.push_str(&format!("\n{more} further findings are not shown\n"));
    }
    text.replace(TURNING, "\u{fffd}")
}

/// Reports in one text. Each draws from a copy of the whole file, so thousands of findings in a generated one would take
/// minutes; and whoever has repaired a hundred runs the check again.
const MOST_REPORTS: usize = 100;

/// Bytes of a line that can still be drawn with labels below. miette pads with formatting widths, which end at
/// 65,535 columns with a panic, and nobody reads such lines anyway.
const LONGEST_LINE: usize = 1_000;

/// Whether a label, with the lines around it, has a line that cannot be drawn.
fn in_long_line(sources: &Sources, label: &Label) -> bool {
    let Some(source) = sources.get(label.span.file) else { return false };
    let bytes = source.text.as_bytes();
    let start = (label.span.start as usize).min(bytes.len());
    let end = (label.span.end as usize).clamp(start, bytes.len());
    let (before, rest) = bytes.split_at(start);
    let (inside, after) = rest.split_at(end - start);
    let line_break = |byte: &u8| *byte == b'\n';
    let above: usize = before.rsplit(line_break).take(2).map(<[u8]>::len).sum();
    let below: usize = after.split(line_break).take(2).map(<[u8]>::len).sum();
    let longest = inside.split(line_break).map(<[u8]>::len).max().unwrap_or(0);
    above + below + longest > LONGEST_LINE
}

/// A finding without a drawing: places as numbers, and the text around them.
fn plain(sources: &Sources, diagnostic: &Diagnostic) -> String {
    let mut text = format!("{}\n\n  {}\n", diagnostic.code, diagnostic.message);
    for label in &diagnostic.labels {
        let name = sources.get(label.span.file).map_or("", |source| source.name.as_str());
        let (line, column) = sources.line_column(label.span);
        let shown: String = sources.text(label.span).chars().take_while(|c| *c != '\n').take(60).collect();
        text.push_str(&format!("   [{name}:{line}:{column}] {}: {shown}\n", label.text));
    }
    if let Some(help) = &diagnostic.help {
        text.push_str(&format!("  help: {help}\n"));
    }
    text
}

/// One finding, or its labels in a further file, in miette's terms.
#[derive(Debug)]
struct Report {
    message: String,
    code: Option<&'static str>,
    severity: miette::Severity,
    help: Option<String>,
    source: Option<NamedSource<String>>,
    labels: Vec<LabeledSpan>,
    related: Vec<Report>,
}

impl Report {
    fn new(sources: &Sources, diagnostic: &Diagnostic) -> Report {
        let severity = match diagnostic.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        };
        let primary = diagnostic.labels.first().map(|label| label.span.file);
        let mut others: Vec<FileId> = Vec::new();
        for label in &diagnostic.labels {
            if Some(label.span.file) != primary && !others.contains(&label.span.file) {
                others.push(label.span.file);
            }
        }
        let of = |file: FileId| diagnostic.labels.iter().filter(move |label| label.span.file == file);
        let related = others
            .into_iter()
            .filter_map(|file| {
                let source = sources.get(file)?;
                Some(Report {
                    message: format!("in `{}`", source.name),
                    code: None,
                    severity: miette::Severity::Advice,
                    help: None,
                    labels: of(file).enumerate().map(|(index, label)| place(source, label, index == 0)).collect(),
                    source: Some(named(source)),
                    related: Vec::new(),
                })
            })
            .collect();
        let source = primary.and_then(|file| sources.get(file));
        let labels = match (source, primary) {
            (Some(source), Some(file)) => of(file).enumerate().map(|(index, label)| place(source, label, index == 0)).collect(),
            (Some(_) | None, Some(_) | None) => Vec::new(),
        };
        Report {
            message: diagnostic.message.clone(),
            code: Some(diagnostic.code.text()),
            severity,
            help: diagnostic.help.clone(),
            labels,
            source: source.map(named),
            related,
        }
    }
}

/// The file as miette reads it: with a blank at the end, for it draws no label where no character stands.
fn named(source: &Source) -> NamedSource<String> {
    NamedSource::new(&source.name, format!("{} \n", source.text.trim_end()))
}

/// A label where miette can draw it: on whole characters, at least one, and inside the text of [`named`].
fn place(source: &Source, label: &Label, primary: bool) -> LabeledSpan {
    let text = source.text.trim_end();
    let whole = |offset: u32| {
        let mut offset = (offset as usize).min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    };
    let start = whole(label.span.start);
    let character = text.get(start..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8);
    let length = whole(label.span.end).saturating_sub(start).max(character);
    let span = SourceSpan::new(SourceOffset::from(start), length);
    let text = Some(label.text.clone());
    if primary { LabeledSpan::new_primary_with_span(text, span) } else { LabeledSpan::new_with_span(text, span) }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Report {}

impl miette::Diagnostic for Report {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.code.map(|code| Box::new(code) as Box<dyn fmt::Display>)
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(self.severity)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        if self.labels.is_empty() { None } else { Some(Box::new(self.labels.iter().cloned())) }
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn miette::Diagnostic> + 'a>> {
        if self.related.is_empty() {
            return None;
        }
        Some(Box::new(self.related.iter().map(|report| report as &dyn miette::Diagnostic)))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]
mod tests {
    use super::super::{Code, Diagnostic, Diagnostics, Sources, Span};
    use super::render;

    #[test]
    fn every_span_of_every_file_can_be_drawn() {
        let texts = ["", "\n", "a", "a\n", "grüße → „x“\n\n\n", "\t\"é\"\r\n}\r\n", "\u{feff}policy"];
        for text in texts {
            let mut sources = Sources::default();
            let file = sources.add("a.policy", text);
            for start in 0..text.len() + 3 {
                for end in start..text.len() + 3 {
                    let span = Span::new(file, start, end);
                    let found = Diagnostic::error(Code::BadFile, span, "message", "the label").help("do it");
                    let shown = render(&sources, &Diagnostics::from(found), false);
                    for part in ["P0504", "message", "the label", "do it", "a.policy"] {
                        assert!(shown.contains(part), "{text:?} {start}..{end}: {shown}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_very_long_line_is_not_drawn() {
        let mut sources = Sources::default();
        let file = sources.add("a.policy", format!("{}x", " ".repeat(100_000)));
        let found = Diagnostic::error(Code::BadFile, Span::new(file, 100_000, 100_001), "message", "label").help("do it");
        let shown = render(&sources, &Diagnostics::from(found), false);
        assert_eq!(shown, "P0504\n\n  message\n   [a.policy:1:100001] label: x\n  help: do it\n");
    }

    #[test]
    fn labels_in_two_files_are_both_shown() {
        let mut sources = Sources::default();
        let first = sources.add("a.policy", "limit x {}\n");
        let second = sources.add("b.policy", "\nlist x: string = []\n");
        let found = Diagnostic::error(Code::DuplicateName, Span::new(first, 6, 7), "`x` is declared twice", "again here")
            .also(Span::new(second, 6, 7), "first here");
        let shown = render(&sources, &Diagnostics::from(found), false);
        assert!(shown.contains("[a.policy:1:7]") && shown.contains("[b.policy:2:6]"), "{shown}");
        assert!(shown.contains("again here") && shown.contains("first here"), "{shown}");
    }

    #[test]
    fn colours_only_when_asked_for() {
        let mut sources = Sources::default();
        let file = sources.add("a.policy", "x");
        let found = Diagnostics::from(Diagnostic::warning(Code::Ineffective, Span::new(file, 0, 1), "m", "l"));
        assert!(!render(&sources, &found, false).contains('\u{1b}'));
        assert!(render(&sources, &found, true).contains('\u{1b}'));
    }
}
