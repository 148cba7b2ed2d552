//! Diagnostics as data: code, place, cause, fix. Rendering is `base::render`.

use super::{Code, Span};

/// Whether a diagnostic refuses the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The policy does not compile.
    Error,
    /// The policy compiles; the author should look.
    Warning,
}

/// A place and what is wrong (or relevant) there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What is the matter here: lower case, no final period.
    pub text: String,
}

/// One finding. Message and label say what is wrong, the help how to mend it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The stable code, such as `P0201`.
    pub code: Code,
    /// Error or warning.
    pub severity: Severity,
    /// The sentence: lower case, no final period, user text in backticks.
    pub message: String,
    /// The first label is the primary place; empty only for findings about no place.
    pub labels: Vec<Label>,
    /// Begins with a verb and is, where possible, an edit.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error at `span`.
    pub fn error(code: Code, span: Span, message: impl Into<String>, label: impl Into<String>) -> Diagnostic {
        Diagnostic {
            code,
            severity: Severity::Error,
            message: message.into(),
            labels: vec![Label { span, text: label.into() }],
            help: None,
        }
    }

    /// A warning at `span`.
    pub fn warning(code: Code, span: Span, message: impl Into<String>, label: impl Into<String>) -> Diagnostic {
        Diagnostic { severity: Severity::Warning, ..Diagnostic::error(code, span, message, label) }
    }

    /// A defect of the compiler: `message` says which of its own rules does not hold.
    pub fn internal(message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            code: Code::Internal,
            severity: Severity::Error,
            message: message.into(),
            labels: Vec::new(),
            help: Some("report this together with the policy: it is a defect of the compiler".to_owned()),
        }
    }

    /// With a fix.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help = Some(help.into());
        self
    }

    /// With a further place.
    #[must_use]
    pub fn also(mut self, span: Span, text: impl Into<String>) -> Diagnostic {
        self.labels.push(Label { span, text: text.into() });
        self
    }
}

/// The findings of one or several stages, in the order found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnostics(Vec<Diagnostic>);

impl Diagnostics {
    /// No findings yet.
    pub fn new() -> Diagnostics {
        Diagnostics::default()
    }

    /// Adds one finding.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.0.push(diagnostic);
    }

    /// Adds all findings of another stage.
    pub fn extend(&mut self, other: Diagnostics) {
        self.0.extend(other.0);
    }

    /// Whether one of them is an error.
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// All of them.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.0.iter()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Sorts by place (file, then offset), keeping the order of equal places, and drops exact repeats.
    pub fn sort(&mut self) {
        self.0.sort_by_key(|diagnostic| diagnostic.labels.first().map(|label| label.span));
        self.0.dedup();
    }
}

impl From<Diagnostic> for Diagnostics {
    fn from(diagnostic: Diagnostic) -> Diagnostics {
        Diagnostics(vec![diagnostic])
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
