//! Which route decides when several match: the one with the most specific template, compared segment by segment
//! (literal before `{name}` and `*` before `**`). In: routes. Out: a rank for each (route, template).

use super::Plan;
use crate::ir::hir::{self, Segment, Template};

/// Rank of each template of each route; smaller is more specific.
pub type Ranks = Vec<(hir::RuleId, Template, u32)>;

pub(super) fn rank(policy: &hir::Policy, plan: &mut Plan) {
    let mut all: Vec<(Vec<u8>, usize, Template)> = Vec::new();
    for (index, rule) in policy.rules.iter().enumerate() {
        if matches!(rule.kind, hir::RuleKind::Route(_)) && !rule.shadow {
            for template in templates(policy, rule) {
                all.push((specificity(&template), index, template));
            }
        }
    }
    // Ties are refused by the checker where one request can reach both; file order keeps the rest deterministic.
    all.sort();
    plan.route_ranks =
        all.into_iter().enumerate().map(|(rank, (_, rule, template))| (hir::RuleId(rule as u32), template, rank as u32)).collect();
}

/// Kind of each segment; compared as text the more specific template comes first.
fn specificity(template: &Template) -> Vec<u8> {
    let mut kinds: Vec<u8> = template
        .segments
        .iter()
        .map(|segment| match segment {
            Segment::Literal(_) => 0,
            Segment::Capture(_) | Segment::Any => 1,
        })
        .collect();
    kinds.push(if template.rest { 3 } else { 2 });
    kinds
}

/// The templates that a rule is tried on: its `on`, else its scope's, else every path.
pub(crate) fn templates(policy: &hir::Policy, rule: &hir::Rule) -> Vec<Template> {
    clauses(policy, rule).into_iter().flat_map(|on| on.templates).collect()
}

/// The `on` clauses of a rule, its scope's template or every path standing in for none.
pub(crate) fn clauses(policy: &hir::Policy, rule: &hir::Rule) -> Vec<hir::On> {
    if !rule.on.is_empty() {
        return rule.on.clone();
    }
    let template = match rule.scope.and_then(|id| policy.scopes.get(id.index())) {
        Some(scope) => scope.template.clone(),
        None => Template { segments: Vec::new(), rest: true },
    };
    vec![hir::On { methods: Vec::new(), templates: vec![template] }]
}
