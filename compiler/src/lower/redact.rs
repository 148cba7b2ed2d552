//! Redactions: detectors by a description that the stub's body scan follows, header removals after all edits.

use portcullis_runtime::contract::Mechanism;

use super::build::{Builder, Context, act, index};
use super::tables;
use crate::ir::hir::{self, HeaderPattern, RuleKind};
use crate::ir::lir::{Expr, Stmt};

/// What one rule removes from the response headers.
pub(super) fn headers(builder: &mut Builder<'_>, _context: &mut Context, number: usize, rule: &hir::Rule) -> Option<Vec<Stmt>> {
    let RuleKind::RedactResponse(redact) = &rule.kind else { return None };
    if rule.shadow {
        return None;
    }
    let mut body = Vec::new();
    for pattern in &redact.headers {
        let (prefix, name) = match pattern {
            HeaderPattern::Exact(name) => (0, name),
            HeaderPattern::Prefix(start) => (1, start),
        };
        let name = builder.string(name);
        body.push(act(Mechanism::RedactHeader, vec![Expr::I32(prefix), name, index(number)]));
    }
    (!body.is_empty()).then_some(body)
}

/// What one rule looks for in the response body.
pub(super) fn body(builder: &mut Builder<'_>, _context: &mut Context, number: usize, rule: &hir::Rule) -> Option<Vec<Stmt>> {
    let RuleKind::RedactResponse(redact) = &rule.kind else { return None };
    if rule.shadow {
        return None;
    }
    if redact.any.is_empty() {
        return None;
    }
    let table = tables::redact(builder, rule, redact);
    Some(vec![act(Mechanism::RedactAdd, vec![Expr::Data(table), index(number)])])
}
