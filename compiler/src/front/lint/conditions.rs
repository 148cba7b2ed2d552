//! Conditions that never or always hold, or stand there twice. In: the conditions of rules and of arms of routes. Out: warnings.
//!
//! The operands of `and` (and all `when` and `unless` of a rule) are literals: a test, asked for or excluded. Two literals
//! that exclude each other make the whole false. The operands of `or`, each negated, are treated the same way: where those
//! exclude each other, one of the operands always holds.

use std::collections::BTreeMap;

use super::Subject;
use super::allowed::{Allowed, allowed, disjoint};
use super::constant;
use crate::base::{Code, Diagnostic, Span};
use crate::ir::hir::{self, Const, ExprKind, Read};

pub(super) fn lint(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for rule in &subject.policy.rules {
        let conditions: Vec<&hir::Expr> = rule.conditions.iter().collect();
        all(subject, &conditions, &mut found);
        outside(subject, rule, &mut found);
        if let hir::RuleKind::Route(route) = &rule.kind {
            for arm in &route.arms {
                all(subject, &[&arm.condition], &mut found);
            }
        }
    }
    found
}

/// A test of one subject, asked for or excluded.
pub(super) struct Literal<'a> {
    pub(super) expr: &'a hir::Expr,
    pub(super) holds: bool,
    span: Span,
}

/// What stands under an even or odd number of `not`.
fn literal(expr: &hir::Expr, holds: bool) -> Literal<'_> {
    match &expr.kind {
        ExprKind::Not(operand) => Literal { span: expr.span, ..literal(operand, !holds) },
        _ => Literal { expr, holds, span: expr.span },
    }
}

/// Conditions that must all hold.
fn all(subject: &Subject<'_>, conditions: &[&hir::Expr], found: &mut Vec<Diagnostic>) {
    let mut literals = Vec::new();
    for condition in conditions {
        match constant::value(subject.policy, condition) {
            Some(false) => found.push(
                Diagnostic::warning(Code::NeverTrue, condition.span, "a condition that can never hold", "this is always false")
                    .help("drop the rule, or write the condition that was meant"),
            ),
            Some(true) => found.push(
                Diagnostic::warning(Code::AlwaysTrue, condition.span, "a condition that always holds", "this is always true")
                    .help("drop the condition, or write the one that was meant"),
            ),
            None => flatten(condition, true, &mut literals),
        }
    }
    related(subject, &literals, true, found);
    for literal in &literals {
        inner(subject, literal.expr, found);
    }
}

/// `and`s and `or`s below a literal.
fn inner(subject: &Subject<'_>, expr: &hir::Expr, found: &mut Vec<Diagnostic>) {
    if let ExprKind::And(_) | ExprKind::Or(_) = &expr.kind {
        let conjunction = matches!(expr.kind, ExprKind::And(_));
        let mut literals = Vec::new();
        flatten(expr, conjunction, &mut literals);
        related(subject, &literals, conjunction, found);
        for literal in literals {
            inner(subject, literal.expr, found);
        }
        return;
    }
    for operand in expr.operands() {
        inner(subject, operand, found);
    }
}

/// The literals of a conjunction; of a disjunction (`holds` false) those of its negation.
fn flatten<'a>(expr: &'a hir::Expr, holds: bool, literals: &mut Vec<Literal<'a>>) {
    match (&expr.kind, holds) {
        (ExprKind::And(items), true) | (ExprKind::Or(items), false) => items.iter().for_each(|item| flatten(item, holds, literals)),
        (ExprKind::Not(operand), _) if matches!(operand.kind, ExprKind::And(_) | ExprKind::Or(_)) => flatten(operand, !holds, literals),
        _ => literals.push(literal(expr, holds)),
    }
}

/// Compares each literal with those before it that speak of the same thing.
fn related(subject: &Subject<'_>, literals: &[Literal<'_>], conjunction: bool, found: &mut Vec<Diagnostic>) {
    let mut groups: BTreeMap<String, Vec<&Literal<'_>>> = BTreeMap::new();
    for literal in literals {
        let Some(topic) = topic(literal.expr) else { continue };
        let group = groups.entry(topic).or_default();
        // A list of thousands of comparisons is generated; those are compared with the first few.
        for earlier in group.iter().take(MOST_COMPARED) {
            let same = earlier.expr.without_places() == literal.expr.without_places();
            if same && earlier.holds == literal.holds {
                found.push(
                    Diagnostic::warning(Code::DuplicateCondition, literal.span, "a condition that is written twice", "written again here")
                        .also(earlier.span, "written first here")
                        .help("drop one of them"),
                );
                break;
            }
            if same || exclude(subject.policy, earlier, literal) {
                found.push(contradiction(earlier.span, literal.span, conjunction));
                break;
            }
        }
        group.push(literal);
    }
}

const MOST_COMPARED: usize = 32;

fn contradiction(first: Span, second: Span, conjunction: bool) -> Diagnostic {
    if conjunction {
        Diagnostic::warning(Code::NeverTrue, second, "conditions that can never hold together", "this excludes the other")
            .also(first, "the other one")
            .help("write `or`, or `in [\"…\", \"…\"]` for one of several values")
    } else {
        Diagnostic::warning(Code::AlwaysTrue, second, "one of these conditions always holds", "where the other one fails, this holds")
            .also(first, "the other one")
            .help("write `and` between them, or `not in [\"…\", \"…\"]`")
    }
}

/// What a literal speaks of: its left side, as text without places.
fn topic(expr: &hir::Expr) -> Option<String> {
    let side = match &expr.kind {
        ExprKind::Equal(left, right) | ExprKind::Less(left, right) | ExprKind::LessEqual(left, right) => {
            if matches!(left.kind, ExprKind::Const(_)) { right } else { left }
        }
        ExprKind::In(left, _)
        | ExprKind::InCidr(left, _)
        | ExprKind::StartsWith(left, _)
        | ExprKind::EndsWith(left, _)
        | ExprKind::Contains(left, _) => left,
        ExprKind::Present(operand) => operand,
        _ => return Some(format!("{:?}", expr.without_places().kind)),
    };
    Some(format!("{:?}", side.without_places().kind))
}

/// Whether no value satisfies both, which speak of the same subject.
fn exclude(policy: &hir::Policy, left: &Literal<'_>, right: &Literal<'_>) -> bool {
    match (allowed(policy, left), allowed(policy, right)) {
        (Some(left), Some(right)) => disjoint(&left, &right) || disjoint(&right, &left),
        (Some(_) | None, Some(_) | None) => excluded_value(policy, left, right) || excluded_value(policy, right, left),
    }
}

/// `x == "a"` beside `x != "a"` or `x not in ["a", …]`.
fn excluded_value(policy: &hir::Policy, asked: &Literal<'_>, excluded: &Literal<'_>) -> bool {
    if excluded.holds {
        return false;
    }
    let Some(Allowed::Values(values)) = allowed(policy, asked) else { return false };
    let positive = Literal { expr: excluded.expr, holds: true, span: excluded.span };
    let Some(Allowed::Values(refused)) = allowed(policy, &positive) else { return false };
    values.iter().all(|value| refused.contains(value))
}

/// `request.path` and `request.method` compared with what the rule's `on` does not have.
fn outside(subject: &Subject<'_>, rule: &hir::Rule, found: &mut Vec<Diagnostic>) {
    let mut literals = Vec::new();
    for condition in &rule.conditions {
        flatten(condition, true, &mut literals);
    }
    for literal in literals.iter().filter(|literal| literal.holds) {
        let Some(Allowed::Values(values)) = allowed(subject.policy, literal) else { continue };
        let (ExprKind::Equal(left, _) | ExprKind::In(left, _)) = &literal.expr.kind else { continue };
        let texts: Vec<&str> =
            values.iter().filter_map(|value| if let Const::String(text) = value { Some(text.as_str()) } else { None }).collect();
        let (reached, what) = match &left.kind {
            ExprKind::Read(Read::Path) => (texts.iter().any(|path| reaches(subject.policy, rule, path)), "path"),
            ExprKind::Read(Read::Method) => {
                let any = rule.on.is_empty() || rule.on.iter().any(|on| on.methods.is_empty());
                (any || rule.on.iter().flat_map(|on| &on.methods).any(|method| texts.contains(&method.as_str())), "method")
            }
            _ => continue,
        };
        // A path without its `/` is told by itself.
        let rooted = what != "path" || texts.iter().any(|text| text.starts_with(['/', '*']));
        if !reached && !texts.is_empty() && rooted {
            found.push(
                Diagnostic::warning(
                    Code::NeverTrue,
                    literal.span,
                    format!("a {what} that the rule never sees"),
                    "outside the rule's `on` and scopes",
                )
                .also(rule.name.span, "of this rule")
                .help(format!("write the {what} after `on`, or into a rule of its own")),
            );
        }
    }
}

fn reaches(policy: &hir::Policy, rule: &hir::Rule, path: &str) -> bool {
    let mut scope = rule.scope.and_then(|id| policy.scopes.get(id.index()));
    while let Some(around) = scope {
        if !matches(&around.template, path) {
            return false;
        }
        scope = around.parent.and_then(|id| policy.scopes.get(id.index()));
    }
    rule.on.is_empty() || rule.on.iter().flat_map(|on| &on.templates).any(|template| matches(template, path))
}

fn matches(template: &hir::Template, path: &str) -> bool {
    let Some(rest) = path.strip_prefix('/') else { return false };
    let pieces: Vec<&str> = rest.split('/').collect();
    let length = template.segments.len();
    let fits = if template.rest { pieces.len() >= length } else { pieces.len() == length };
    fits && template.segments.iter().zip(&pieces).all(|(segment, piece)| match segment {
        hir::Segment::Literal(text) => text == piece,
        hir::Segment::Capture(_) | hir::Segment::Any => !piece.is_empty(),
    })
}
