//! A text that a pattern most likely matches, so that corpora without texts test something. In: a pattern. Out: a text.

use regex_syntax::hir::{Class, Hir, HirKind};

/// The first choice everywhere, every optional part once.
pub fn text(pattern: &str, flags: &str) -> Option<String> {
    let mut out = Vec::new();
    write(&portcullis::lang::regex::parse(pattern, flags).ok()?, &mut out);
    String::from_utf8(out).ok()
}

fn write(hir: &Hir, out: &mut Vec<u8>) {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => out.extend(&literal.0),
        HirKind::Class(Class::Unicode(class)) => {
            // A printable one, where there is one.
            let ranges = class.ranges();
            let printable = ranges.iter().find(|range| range.end() >= '0').map(|range| range.start().max('0'));
            if let Some(c) = printable.or_else(|| ranges.first().map(|range| range.start())) {
                out.extend(c.to_string().bytes());
            }
        }
        HirKind::Class(Class::Bytes(class)) => out.extend(class.ranges().first().map(|range| range.start())),
        HirKind::Repetition(repetition) => {
            for _ in 0..repetition.min.max(1) {
                write(&repetition.sub, out);
            }
        }
        HirKind::Capture(capture) => write(&capture.sub, out),
        HirKind::Concat(items) => items.iter().for_each(|item| write(item, out)),
        HirKind::Alternation(items) => items.iter().take(1).for_each(|item| write(item, out)),
    }
}
