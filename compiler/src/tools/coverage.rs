//! Which rules and conditions were true, and which false, while tests ran. In: what the reference interpreter evaluates, on
//! this thread. Out: for each rule and condition whether it was ever true and ever false.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::base::{Sources, Span};
use crate::ir::hir;

/// Ever true, ever false.
type Seen = (bool, bool);

thread_local! {
    static SEEN: RefCell<Option<BTreeMap<Span, Seen>>> = const { RefCell::new(None) };
}

/// Notes a value; nothing is kept outside of [`collect`].
pub(super) fn note(span: Span, value: bool) {
    SEEN.with_borrow_mut(|seen| {
        if let Some(seen) = seen {
            let entry = seen.entry(span).or_default();
            entry.0 |= value;
            entry.1 |= !value;
        }
    });
}

/// Notes the value of a condition; an `unless` as it is written.
pub(super) fn note_condition(condition: &hir::Expr, value: bool) {
    let negated = matches!(&condition.kind, hir::ExprKind::Not(operand) if operand.span == condition.span);
    note(condition.span, value != negated);
}

/// A rule or condition that was not both.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Gap {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
    /// `rule` or `condition`.
    pub kind: &'static str,
    /// The rule's name.
    pub rule: String,
    /// Whether it was ever true.
    pub was_true: bool,
    /// Whether it was ever false.
    pub was_false: bool,
}

/// What the tests of one policy left open.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Coverage {
    /// Rules and conditions in all.
    pub total: usize,
    /// In the order of the file.
    pub gaps: Vec<Gap>,
}

/// Runs the tests on the interpreter by way of `run`, and tells what was not both true and false.
pub fn collect(policy: &hir::Policy, sources: &Sources, run: impl FnOnce()) -> Coverage {
    SEEN.set(Some(BTreeMap::new()));
    run();
    let seen = SEEN.take().unwrap_or_default();
    let mut coverage = Coverage { total: 0, gaps: Vec::new() };
    for rule in &policy.rules {
        let arms: Vec<Span> = match &rule.kind {
            hir::RuleKind::Route(route) => route.arms.iter().map(|arm| arm.condition.span).collect(),
            _ => Vec::new(),
        };
        let conditions = rule.conditions.iter().map(|condition| condition.span).chain(arms);
        for (kind, span) in std::iter::once(("rule", rule.name.span)).chain(conditions.map(|span| ("condition", span))) {
            coverage.total += 1;
            let (was_true, was_false) = seen.get(&span).copied().unwrap_or_default();
            if was_true && was_false {
                continue;
            }
            let (line, column) = sources.line_column(span);
            let file = sources.get(span.file).map_or_else(String::new, |source| source.name.clone());
            coverage.gaps.push(Gap { file, line, column, kind, rule: rule.name.text.clone(), was_true, was_false });
        }
    }
    coverage
}

/// The coverage for people: one line for each gap and a line of sums.
pub fn report(coverage: &Coverage) -> String {
    let mut text = String::new();
    for gap in &coverage.gaps {
        let what = match (gap.kind, gap.was_true, gap.was_false) {
            ("rule", false, _) => "never matched",
            ("rule", true, _) => "matched every request",
            (_, false, false) => "never evaluated",
            (_, false, true) => "never true",
            (_, true, _) => "never false",
        };
        let of = if gap.kind == "rule" { format!("rule `{}`", gap.rule) } else { format!("condition of `{}`", gap.rule) };
        text.push_str(&format!("open  {}:{}:{}: {of} {what}\n", gap.file, gap.line, gap.column));
    }
    let covered = coverage.total.saturating_sub(coverage.gaps.len());
    text.push_str(&format!("coverage: {covered} of {} rules and conditions were true and false\n", coverage.total));
    text
}
