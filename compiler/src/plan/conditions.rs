//! Conditions on the request: what must hold besides path and method before a rule or scope counts.
//! In: scopes and rules. Out: `Plan::conditions`, and which of them each rule and scope has.

use std::collections::BTreeMap;

use super::{Phase, Plan, RulePlan};
use crate::ir::hir;

/// Index into `Plan::conditions`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConditionId(pub u32);

/// A conjunction over the request.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Condition {
    /// For a function name: the rule or scope that had it first.
    pub name: String,
    /// `on` clauses and scope templates that are not in the index: each list has a clause that matches.
    pub paths: Vec<Vec<hir::On>>,
    /// Each list has a pattern that matches the host.
    pub hosts: Vec<Vec<hir::HostPattern>>,
    /// All hold.
    pub exprs: Vec<hir::Expr>,
}

impl Condition {
    /// Whether it always holds.
    pub fn is_trivial(&self) -> bool {
        self.paths.is_empty() && self.hosts.is_empty() && self.exprs.is_empty()
    }
}

/// Gives every rule and scope its condition; response facts are taken out later by `response::split`.
pub(super) fn collect(policy: &hir::Policy, plan: &mut Plan) {
    for (index, scope) in policy.scopes.iter().enumerate() {
        let condition = Condition {
            name: format!("scope {:?}: hosts", template_text(&scope.template)),
            hosts: scope_hosts(policy, Some(hir::ScopeId(index as u32))),
            ..Condition::default()
        };
        let id = add(plan, condition);
        plan.scopes.push(id);
    }
    for rule in &policy.rules {
        let condition = Condition {
            name: format!("{} {:?}: when", keyword(&rule.kind), rule.name.text),
            hosts: scope_hosts(policy, rule.scope),
            exprs: rule.conditions.clone(),
            ..Condition::default()
        };
        let id = add(plan, condition);
        let body = super::body::of_rule(policy, rule);
        let waits_if = body.and_then(|_| {
            let condition = Condition {
                name: format!("{} {:?}: waits", keyword(&rule.kind), rule.name.text),
                hosts: scope_hosts(policy, rule.scope),
                exprs: super::body::known_from_headers(policy, &rule.conditions),
                ..Condition::default()
            };
            add(plan, condition)
        });
        let phase = phase(policy, rule);
        plan.rules.push(RulePlan {
            phase,
            dead: false,
            guard: None,
            condition: id,
            body,
            waits_if,
            response_body: None,
            response_waits_if: Vec::new(),
            response_conditions: Vec::new(),
        });
    }
}

/// Equal conditions become one.
pub(super) fn share(_policy: &hir::Policy, plan: &mut Plan) {
    let mut first: BTreeMap<String, ConditionId> = BTreeMap::new();
    let mut target = Vec::with_capacity(plan.conditions.len());
    for (index, condition) in plan.conditions.iter().enumerate() {
        let id = ConditionId(index as u32);
        target.push(if condition.is_trivial() { id } else { *first.entry(fingerprint(condition)).or_insert(id) });
    }
    let find = |id: &mut Option<ConditionId>| {
        if let Some(current) = id {
            *id = target.get(current.0 as usize).copied();
        }
    };
    for rule in &mut plan.rules {
        find(&mut rule.condition);
        find(&mut rule.waits_if);
    }
    plan.scopes.iter_mut().for_each(find);
}

/// Text that is equal for equal conditions.
fn fingerprint(condition: &Condition) -> String {
    let exprs: Vec<hir::Expr> = condition.exprs.iter().map(hir::Expr::without_places).collect();
    format!("{:?}{:?}{:?}", condition.paths, condition.hosts, exprs)
}

/// Adds a condition unless it always holds.
pub(super) fn add(plan: &mut Plan, condition: Condition) -> Option<ConditionId> {
    if condition.is_trivial() {
        return None;
    }
    let id = ConditionId(plan.conditions.len() as u32);
    plan.conditions.push(condition);
    Some(id)
}

/// The phase that a rule is decided in: the earliest that has all it reads.
fn phase(policy: &hir::Policy, rule: &hir::Rule) -> Phase {
    match &rule.kind {
        hir::RuleKind::Forbid(_) if super::response::is_of(policy, rule) => Phase::Response,
        hir::RuleKind::Permit | hir::RuleKind::Forbid(_) | hir::RuleKind::RewriteRequest(_) | hir::RuleKind::Route(_) => Phase::Request,
        hir::RuleKind::RewriteResponse(_) | hir::RuleKind::RedactResponse(_) => Phase::Response,
    }
}

/// The keyword of a rule.
pub(crate) fn keyword(kind: &hir::RuleKind) -> &'static str {
    match kind {
        hir::RuleKind::Permit => "permit",
        hir::RuleKind::Forbid(_) => "forbid",
        hir::RuleKind::RewriteRequest(_) => "rewrite request",
        hir::RuleKind::RewriteResponse(_) => "rewrite response",
        hir::RuleKind::RedactResponse(_) => "redact response",
        hir::RuleKind::Route(_) => "route",
    }
}

/// Host lists of a scope and those around it.
fn scope_hosts(policy: &hir::Policy, scope: Option<hir::ScopeId>) -> Vec<Vec<hir::HostPattern>> {
    let mut lists = Vec::new();
    let mut current = scope.and_then(|id| policy.scopes.get(id.index()));
    // INVARIANT: parents stand before their children, so at most as many steps as there are scopes.
    for _ in 0..policy.scopes.len() {
        let Some(scope) = current else { break };
        if !scope.hosts.is_empty() {
            lists.push(scope.hosts.clone());
        }
        current = scope.parent.and_then(|id| policy.scopes.get(id.index()));
    }
    lists
}

/// A template as it would be written.
pub(crate) fn template_text(template: &hir::Template) -> String {
    let mut text = String::new();
    for segment in &template.segments {
        text.push('/');
        match segment {
            hir::Segment::Literal(literal) => text.push_str(literal),
            hir::Segment::Capture(name) => {
                text.push('{');
                text.push_str(name);
                text.push('}');
            }
            hir::Segment::Any => text.push('*'),
        }
    }
    if template.rest {
        text.push_str("/**");
    }
    text
}
