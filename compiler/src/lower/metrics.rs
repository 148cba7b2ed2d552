//! Metrics: every name with every outcome that it can have gets a number.

use std::collections::BTreeMap;

use portcullis_runtime::contract::{Policy, Val};

use super::build::{Builder, Context, Phase, give};
use crate::ir::hir::{Rule, RuleKind};
use crate::ir::lir::{Content, Expr};

/// Numbers of metrics.
#[derive(Clone, Debug, Default)]
pub(super) struct Metrics {
    names: Vec<(String, &'static str)>,
    numbers: BTreeMap<(String, &'static str), usize>,
}

impl Metrics {
    /// The number of a name with an outcome; unknown ones cannot occur, since `lower` enters all.
    pub(super) fn number(&self, name: &str, outcome: &'static str) -> usize {
        self.numbers.get(&(name.to_owned(), outcome)).copied().unwrap_or(0)
    }

    fn enter(&mut self, name: &str, outcome: &'static str) {
        let key = (name.to_owned(), outcome);
        if !self.numbers.contains_key(&key) {
            self.numbers.insert(key.clone(), self.names.len());
            self.names.push(key);
        }
    }
}

/// What a rule counts when it acts.
fn outcome(rule: &Rule) -> &'static str {
    if rule.shadow {
        return "shadow";
    }
    match &rule.kind {
        RuleKind::Permit => "allow",
        RuleKind::Forbid(_) => "deny",
        RuleKind::RewriteRequest(_) | RuleKind::RewriteResponse(_) => "rewrite",
        RuleKind::RedactResponse(_) => "redact",
        RuleKind::Route(_) => "route",
    }
}

/// Enters all metrics and generates the functions that hand them to the stub.
pub(super) fn lower(builder: &mut Builder<'_>) {
    let policy = builder.policy;
    // INVARIANT: names of rules are unique and entered first, so the number of a rule's metric is its index.
    for rule in &policy.rules {
        builder.metrics.enter(&rule.name.text, outcome(rule));
    }
    for rule in &policy.rules {
        if let RuleKind::RedactResponse(_) = &rule.kind {
            builder.metrics.enter(&rule.name.text, "deny");
        }
    }
    for (name, outcome) in [("default", "allow"), ("default", "deny"), ("malformed", "deny"), ("fault", "fault")] {
        builder.metrics.enter(name, outcome);
    }
    if builder.plan.request_body || builder.plan.response_hold {
        builder.metrics.enter("body_limit", "deny");
    }
    for (number, credential) in policy.credentials.iter().enumerate() {
        for outcome in super::auth::outcomes(credential) {
            builder.metrics.enter(&credential.name().text, outcome);
        }
        if super::auth::is_watched(policy, number) {
            builder.metrics.enter(&credential.name().text, "shadow");
        }
    }
    if super::jwt::host_may_verify(policy) {
        builder.metrics.enter(super::jwt::SIGNATURES, super::jwt::BY_HOST);
        if super::jwt::by_host_alone(builder.policy).is_none() {
            builder.metrics.enter(super::jwt::SIGNATURES, super::jwt::OWN);
        }
    }
    for service in &policy.services {
        builder.metrics.enter(&service.name.text, super::jwt::FETCHED);
        builder.metrics.enter(&service.name.text, super::jwt::FETCH_FAILED);
    }
    for (number, limit) in policy.limits.iter().enumerate() {
        builder.metrics.enter(&limit.name.text, "deny");
        if super::limit::is_watched(policy, number) {
            builder.metrics.enter(&limit.name.text, "shadow");
        }
    }
    if policy.shadow {
        builder.metrics.enter("malformed", "shadow");
        builder.metrics.enter("default", "shadow");
    }

    let bytes = portcullis_runtime::tables::metrics::encode(&policy.name.text, &builder.metrics.names);
    let ids = builder.region("metric ids", Content::Zero(builder.metrics.names.len() as u32 * 4));
    let table = builder.table("metrics", bytes);
    let context = Context::new(Phase::Request, &[]);
    let function = builder.function("metrics", context.clone(), Some(Val::I64), vec![give(Expr::Data(table))]);
    builder.implement(Policy::Metrics, function);
    let function = builder.function("metric ids", context, Some(Val::I32), vec![give(Expr::Address(ids))]);
    builder.implement(Policy::MetricIds, function);
}
