//! Rules that read the body of the request: what they read of it, and which of their conditions the headers decide.
//! Likewise for the body of the response. In: rules. Out: `RulePlan::body`, `waits_if`, `response_body`, `response_waits_if`.

use crate::ir::hir::{self, ExprKind, Read};

/// What a rule reads of the body of the request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Body {
    /// Its text.
    pub text: bool,
    /// It as JSON.
    pub json: bool,
    /// It as a form.
    pub form: bool,
}

impl Body {
    /// Whether it is more than the size.
    pub fn content(self) -> bool {
        self.text || self.json || self.form
    }
}

/// What a rule reads in conditions, values and replies.
pub(super) fn of_rule(policy: &hir::Policy, rule: &hir::Rule) -> Option<Body> {
    let mut found: Option<Body> = None;
    for expr in rule.conditions.iter().chain(rule.values()) {
        expr.reads(policy, &mut |read| {
            if read.is_request_body() {
                let body = found.get_or_insert_default();
                body.text |= *read == Read::BodyText;
                body.json |= *read == Read::BodyJson;
                body.form |= matches!(read, Read::BodyForm(_) | Read::Computed(hir::Keyed::BodyForm));
            }
        });
    }
    found
}

/// What a rule reads of the body of the response.
pub(super) fn of_response(policy: &hir::Policy, rule: &hir::Rule) -> Option<Body> {
    let mut found: Option<Body> = None;
    for expr in rule.conditions.iter().chain(rule.values()) {
        expr.reads(policy, &mut |read| {
            if read.is_response_body() {
                let body = found.get_or_insert_default();
                body.text |= *read == Read::ResponseText;
                body.json |= *read == Read::ResponseJson;
            }
        });
    }
    found
}

/// The conditions that are known without body and response, `and` taken apart.
pub(super) fn known_from_headers(policy: &hir::Policy, conditions: &[hir::Expr]) -> Vec<hir::Expr> {
    known(policy, conditions, |read| read.is_request_body() || read.is_response())
}

/// The conditions that are known without the body of the response, `and` taken apart.
pub(super) fn known_from_response_headers(policy: &hir::Policy, conditions: &[hir::Expr]) -> Vec<hir::Expr> {
    known(policy, conditions, Read::is_response_body)
}

fn known(policy: &hir::Policy, conditions: &[hir::Expr], is_later: fn(&Read) -> bool) -> Vec<hir::Expr> {
    let mut known = Vec::new();
    let mut open: Vec<&hir::Expr> = conditions.iter().rev().collect();
    while let Some(expr) = open.pop() {
        if let ExprKind::And(items) = &expr.kind {
            open.extend(items.iter().rev());
            continue;
        }
        let mut later = false;
        expr.reads(policy, &mut |read| later |= is_later(read));
        if !later {
            known.push(expr.clone());
        }
    }
    known
}
