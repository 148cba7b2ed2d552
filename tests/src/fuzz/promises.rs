//! What must hold for any text. In: a text and what a stage made of it. Out: nothing, or a panic.

use portcullis::base::render::render;
use portcullis::base::{Code, Diagnostics, Sources, Span};
use portcullis::tools::engine::Engine;
use portcullis::tools::message::{Answer, Request};
use portcullis::tools::sim::Simulator;
use portcullis::{Checked, Options, check, compile};

/// Tokens stand in the text, on borders of characters, one behind the other.
pub(super) fn tokens(text: &str, tokens: &[Span]) {
    let mut before = 0;
    for token in tokens {
        let (start, end) = (token.start as usize, token.end as usize);
        assert!(start <= end && text.get(start..end).is_some(), "a token at {start}..{end} is not in the text");
        assert!(before <= start, "a token at {start} begins before the one at {before}");
        before = start;
    }
}

/// Findings have places in the text and can be shown; none is a defect of the compiler.
pub(super) fn findings(sources: &Sources, diagnostics: &Diagnostics) {
    for finding in diagnostics.iter() {
        for label in &finding.labels {
            let source = sources.get(label.span.file).unwrap_or_else(|| panic!("{}: a file that is not there", finding.code));
            let place = source.text.get(label.span.start as usize..label.span.end as usize);
            assert!(place.is_some(), "{}: a place outside the text", finding.code);
        }
        assert!(finding.code != Code::Internal, "a defect: {}", finding.message);
    }
    let shown = render(sources, diagnostics, false);
    assert!(shown.is_empty() == (diagnostics.iter().count() == 0), "findings that nobody sees");
}

/// Checks a text; a policy comes out exactly when no finding is an error.
pub(super) fn checked(text: &str) -> Checked {
    let checked = check("fuzz.policy", text, &mut |name| Err(format!("{name} is not read while fuzzing")));
    findings(&checked.sources, &checked.diagnostics);
    assert!(checked.policy.is_some() != checked.diagnostics.has_errors(), "neither a policy nor an error, or both");
    checked
}

/// Compiles what checks, twice to the same bytes; the module starts or refuses, and then answers.
pub(super) fn compiled(text: &str) {
    let checked = checked(text);
    if checked.policy.is_none() {
        return;
    }
    let module = match compile(&checked, &Options::default()) {
        Ok(compiled) => compiled.output.wasm,
        Err(diagnostics) => {
            assert!(diagnostics.has_errors(), "no module and no error");
            return findings(&checked.sources, &diagnostics);
        }
    };
    let again = compile(&checked, &Options::default()).map(|compiled| compiled.output.wasm);
    assert!(again.is_ok_and(|again| again == module), "the same policy gave other bytes");
    let mut simulator = Simulator::deployed(&module).unwrap_or_else(|error| panic!("the host refuses the module: {error:?}"));
    // A policy may need a configuration; refusing it is an answer.
    if simulator.start("").is_err() {
        return;
    }
    let request = Request::get("/a/b?c=d");
    let outcome = simulator.request(&request, &Answer::ok());
    assert!(outcome.is_ok(), "the module traps or hangs: {outcome:?}");
}
