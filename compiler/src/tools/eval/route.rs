//! Routing. In: route rules, facts. Out: the rule that decides and the cluster it names.

use super::bytes::{header_value, text};
use super::expr::{self, Context};
use super::path;
use super::rule;
use super::siphash::siphash_1_3;
use crate::ir::hir;
use crate::tools::coverage;
use crate::tools::engine::EngineError;

/// Of the routes that match, the one with the most specific template, and the cluster that it names (`None`: keep).
pub(super) fn pick<'a>(ctx: Context<'a>) -> Result<Option<(&'a hir::Rule, Option<String>)>, EngineError> {
    let mut best: Option<(Vec<u8>, &hir::Rule, &hir::Route)> = None;
    for rule in &ctx.policy.rules {
        let hir::RuleKind::Route(route) = &rule.kind else { continue };
        if rule.shadow || !rule::matches(rule, ctx)? {
            continue;
        }
        let specificity = specificity(rule, ctx);
        if best.as_ref().is_none_or(|(best, _, _)| specificity < *best) {
            best = Some((specificity, rule, route));
        }
    }
    let Some((_, rule, route)) = best else { return Ok(None) };
    Ok(Some((rule, cluster(route, ctx)?)))
}

/// How specific the most specific template of a rule is that matches; without `on` its scope's counts, else `/**`.
fn specificity(rule: &hir::Rule, ctx: Context<'_>) -> Vec<u8> {
    let scope = rule.scope.and_then(|id| ctx.policy.scopes.get(id.index()));
    let of_scope = || scope.map_or(vec![2], |scope| path::specificity(&scope.template));
    let own = rule::matching_templates(rule, ctx.facts).into_iter().map(path::specificity).min();
    own.unwrap_or_else(of_scope)
}

/// The cluster that a route names.
fn cluster(route: &hir::Route, ctx: Context<'_>) -> Result<Option<String>, EngineError> {
    let mut target = &route.otherwise;
    for arm in &route.arms {
        let holds = expr::eval(&arm.condition, ctx)?.is_true();
        coverage::note_condition(&arm.condition, holds);
        if holds {
            target = &arm.target;
            break;
        }
    }
    Ok(match target {
        hir::Target::Keep => None,
        hir::Target::Cluster(name) => Some(text(&header_value(&expr::string(name, ctx)?))),
        hir::Target::Split(key, weights) => split(&expr::string(key, ctx)?, weights),
    })
}

/// The cluster of a split: sticky by key.
fn split(key: &str, weights: &[(String, u32)]) -> Option<String> {
    let mut place = siphash_1_3(key.as_bytes()) % 10_000;
    for (cluster, weight) in weights {
        if place < u64::from(*weight) {
            return Some(cluster.clone());
        }
        place -= u64::from(*weight);
    }
    None
}

#[cfg(test)]
mod tests {
    #[test]
    fn splits_follow_their_weights() {
        let weights = [("a".to_owned(), 2_000), ("b".to_owned(), 8_000)];
        let picked = (0..10_000).filter(|key| super::split(&format!("key {key}"), &weights).as_deref() == Some("a")).count();
        assert!((1_800..2_200).contains(&picked), "{picked}");
        assert_eq!(super::split("x", &[("all".to_owned(), 10_000)]).as_deref(), Some("all"));
    }
}
