//! Which scopes and rules a request matches. In: scopes, rules, facts. Out: yes or no.

use super::expr::{self, Context};
use super::facts::Facts;
use super::path;
use crate::ir::hir;
use crate::tools::coverage;
use crate::tools::engine::EngineError;

/// Whether a host is one of these; an empty list stands for all.
pub(super) fn host_matches(hosts: &[hir::HostPattern], host: &str) -> bool {
    let matches = |pattern: &hir::HostPattern| match pattern {
        hir::HostPattern::Exact(name) => name == host,
        hir::HostPattern::Under(parent) => {
            host.strip_suffix(parent.as_str()).and_then(|front| front.strip_suffix('.')).is_some_and(|labels| !labels.is_empty())
        }
    };
    hosts.is_empty() || hosts.iter().any(matches)
}

/// Whether a scope and all around it match.
pub(super) fn scope_matches(policy: &hir::Policy, id: hir::ScopeId, facts: &Facts) -> bool {
    let Some(scope) = policy.scopes.get(id.index()) else { return false };
    path::matches(&scope.template, &facts.path.decoded)
        && host_matches(&scope.hosts, &facts.host)
        && scope.parent.is_none_or(|parent| scope_matches(policy, parent, facts))
}

/// All scopes that match, in order.
pub(super) fn matching_scopes<'a>(policy: &'a hir::Policy, facts: &Facts) -> Vec<&'a hir::Scope> {
    let ids = (0..).map(hir::ScopeId);
    ids.zip(&policy.scopes).filter(|(id, _)| scope_matches(policy, *id, facts)).map(|(_, scope)| scope).collect()
}

/// Whether the scopes around a rule and one of its `on` match.
pub(super) fn place_matches(policy: &hir::Policy, rule: &hir::Rule, facts: &Facts) -> bool {
    rule.scope.is_none_or(|id| scope_matches(policy, id, facts)) && (rule.on.is_empty() || !matching_templates(rule, facts).is_empty())
}

/// The templates of a rule's `on` that match method and path.
pub(super) fn matching_templates<'a>(rule: &'a hir::Rule, facts: &Facts) -> Vec<&'a hir::Template> {
    rule.on
        .iter()
        .filter(|on| on.methods.is_empty() || on.methods.contains(&facts.method))
        .flat_map(|on| &on.templates)
        .filter(|template| path::matches(template, &facts.path.decoded))
        .collect()
}

/// Whether a rule matches: its place and all its conditions.
pub(super) fn matches(rule: &hir::Rule, ctx: Context<'_>) -> Result<bool, EngineError> {
    let matches = place_matches(ctx.policy, rule, ctx.facts) && conditions_hold(rule, ctx)?;
    coverage::note(rule.name.span, matches);
    Ok(matches)
}

fn conditions_hold(rule: &hir::Rule, ctx: Context<'_>) -> Result<bool, EngineError> {
    for condition in &rule.conditions {
        let holds = expr::eval(condition, ctx)?.is_true();
        coverage::note_condition(condition, holds);
        if !holds {
            return Ok(false);
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::host_matches;
    use crate::ir::hir::HostPattern;

    #[test]
    fn hosts() {
        let hosts = [HostPattern::Exact("a.example.com".into()), HostPattern::Under("b.example.com".into())];
        for (host, expected) in [
            ("a.example.com", true),
            ("x.a.example.com", false),
            ("b.example.com", false),
            (".b.example.com", false),
            ("x.b.example.com", true),
            ("y.x.b.example.com", true),
            ("xb.example.com", false),
            ("a.example.com.", false),
            ("", false),
        ] {
            assert_eq!(host_matches(&hosts, host), expected, "{host}");
        }
        assert!(host_matches(&[], "anything"));
    }
}
