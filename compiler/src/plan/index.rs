//! Pass `paths`: rules and scopes hang off the path templates that they match. Without the pass everything hangs off
//! `/**` and each condition tests its own paths, which is the plain reading of the language.

use std::collections::BTreeMap;

use portcullis_runtime::contract::kind;

use super::{Body, Condition, ConditionId, Guard, Plan, conditions, routes};
use crate::ir::hir::{self, Segment, Template};

/// Which rules a path can reach.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Index {
    /// Distinct templates with capture names forgotten, sorted.
    pub accepts: Vec<Accept>,
    /// Method names that rules mention, sorted.
    pub methods: Vec<String>,
    /// Whether the trie decides about paths (else the conditions do).
    pub by_path: bool,
}

/// A template and what hangs off it.
#[derive(Clone, Debug, PartialEq)]
pub struct Accept {
    /// Captures stand as `Any`.
    pub template: Template,
    /// Sorted by kind, order, id.
    pub entries: Vec<Entry>,
}

/// A rule or scope below one template.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// One of `contract::kind`.
    pub kind: i32,
    /// Smaller decides or acts first.
    pub order: u32,
    /// Index into `Policy::rules`, or `Policy::scopes` for scopes.
    pub id: u32,
    /// Empty for all.
    pub methods: Vec<String>,
    /// What must hold besides.
    pub condition: Option<ConditionId>,
    /// What it is found by besides.
    pub guard: Option<Guard>,
}

/// Turns the index on.
pub(super) fn run(_policy: &hir::Policy, plan: &mut Plan) {
    plan.index.by_path = true;
}

/// Builds the index.
pub(super) fn finish(policy: &hir::Policy, plan: &mut Plan) {
    let mut accepts: BTreeMap<Template, Vec<Entry>> = BTreeMap::new();
    for (id, scope) in policy.scopes.iter().enumerate() {
        let clause = vec![hir::On { methods: Vec::new(), templates: vec![scope.template.clone()] }];
        let condition = plan.scopes.get(id).copied().flatten();
        let guard = plan.scope_guards.get(id).copied().flatten();
        place(plan, &mut accepts, clause, (condition, guard), kind::SCOPE, id as u32, &|_| id as u32);
    }
    for (id, rule) in policy.rules.iter().enumerate() {
        let Some(planned) = plan.rules.get(id).cloned() else { continue };
        // A rule that never matches waits all the same: whether a body is looked at must not hang on what was folded.
        for kind in waiting(policy, rule, planned.body) {
            place(plan, &mut accepts, routes::clauses(policy, rule), (planned.waits_if, None), kind, id as u32, &|_| id as u32);
        }
        if planned.dead {
            continue;
        }
        let ranks: Vec<(Template, u32)> = if rule_kind(policy, rule) == kind::ROUTE {
            plan.route_ranks
                .iter()
                .filter(|(ranked, _, _)| ranked.index() == id)
                .map(|(_, template, rank)| (template.clone(), *rank))
                .collect()
        } else {
            Vec::new()
        };
        let order = |template: &Template| ranks.iter().find(|(ranked, _)| ranked == template).map_or(id as u32, |(_, rank)| *rank);
        let needs = (planned.condition, planned.guard);
        let kind = decided_as(policy, rule, planned.body);
        place(plan, &mut accepts, routes::clauses(policy, rule), needs, kind, id as u32, &order);
    }
    let mut methods: Vec<String> = accepts.values().flatten().flat_map(|entry| entry.methods.clone()).collect();
    methods.sort();
    methods.dedup();
    plan.index.methods = methods;
    plan.index.accepts = accepts
        .into_iter()
        .map(|(template, mut entries)| {
            entries.sort();
            entries.dedup();
            Accept { template, entries }
        })
        .collect();
}

/// Hangs one rule or scope off its templates.
fn place(
    plan: &mut Plan,
    accepts: &mut BTreeMap<Template, Vec<Entry>>,
    clauses: Vec<hir::On>,
    (condition, guard): (Option<ConditionId>, Option<Guard>),
    kind: i32,
    id: u32,
    order: &dyn Fn(&Template) -> u32,
) {
    if plan.index.by_path {
        for clause in clauses {
            for template in &clause.templates {
                let entry = Entry { kind, order: order(template), id, methods: clause.methods.clone(), condition, guard };
                accepts.entry(anonymous(template)).or_default().push(entry);
            }
        }
        return;
    }
    // A route may stand at several ranks: one entry for each of its clauses keeps them apart.
    let groups: Vec<Vec<hir::On>> = if kind == kind::ROUTE {
        let single =
            |clause: &hir::On, template: &Template| vec![hir::On { methods: clause.methods.clone(), templates: vec![template.clone()] }];
        clauses.iter().flat_map(|clause| clause.templates.iter().map(|template| single(clause, template)).collect::<Vec<_>>()).collect()
    } else {
        vec![clauses]
    };
    for clauses in groups {
        let rank = clauses.iter().flat_map(|clause| &clause.templates).map(order).min().unwrap_or(id);
        let mut all = condition
            .and_then(|id| plan.conditions.get(id.0 as usize))
            .cloned()
            .unwrap_or_else(|| Condition { name: format!("rule {id}: on"), ..Condition::default() });
        if !clauses.iter().any(everything) {
            all.paths.push(clauses);
        }
        let condition = conditions::add(plan, all);
        let root = Template { segments: Vec::new(), rest: true };
        accepts.entry(root).or_default().push(Entry { kind, order: rank, id, methods: Vec::new(), condition, guard });
    }
}

/// Whether a clause holds for every request.
fn everything(clause: &hir::On) -> bool {
    clause.methods.is_empty() && clause.templates.iter().any(|template| template.rest && template.segments.is_empty())
}

/// The kind of entry that a rule is.
pub(crate) fn rule_kind(policy: &hir::Policy, rule: &hir::Rule) -> i32 {
    match &rule.kind {
        hir::RuleKind::Forbid(_) if super::response::is_of(policy, rule) => kind::RESPONSE,
        hir::RuleKind::Permit | hir::RuleKind::Forbid(_) if rule.shadow => kind::SHADOW,
        // In shadow it only counts, and only in requests that are allowed, as edits do.
        hir::RuleKind::Route(_) if rule.shadow => kind::REWRITE,
        hir::RuleKind::Permit => kind::PERMIT,
        hir::RuleKind::Forbid(_) => kind::FORBID,
        hir::RuleKind::RewriteRequest(_) => kind::REWRITE,
        hir::RuleKind::Route(_) => kind::ROUTE,
        hir::RuleKind::RewriteResponse(_) | hir::RuleKind::RedactResponse(_) => kind::RESPONSE,
    }
}

/// The kind of entry that decides, edits or routes.
fn decided_as(policy: &hir::Policy, rule: &hir::Rule, body: Option<Body>) -> i32 {
    match (rule_kind(policy, rule), body) {
        (kind::SHADOW, Some(_)) => kind::BODY_SHADOW,
        (kind::FORBID, Some(_)) => kind::BODY_FORBID,
        (kind::PERMIT, Some(_)) => kind::BODY_PERMIT,
        (other, _) => other,
    }
}

/// The kinds of entries that tell that a rule waits for the body, and for what of it.
fn waiting(policy: &hir::Policy, rule: &hir::Rule, body: Option<Body>) -> Vec<i32> {
    let Some(body) = body else { return Vec::new() };
    if rule.shadow {
        let more = [(body.json, kind::SHADOW_JSON), (body.form, kind::SHADOW_FORM)];
        return std::iter::once(kind::WAIT_SHADOW).chain(more.into_iter().filter(|(reads, _)| *reads).map(|(_, kind)| kind)).collect();
    }
    let waits = match rule_kind(policy, rule) {
        kind::FORBID => kind::WAIT_FORBID,
        kind::PERMIT => kind::WAIT_PERMIT,
        _ => kind::WAIT,
    };
    let more = [(body.content(), kind::CONTENT), (body.json, kind::JSON), (body.form, kind::FORM)];
    std::iter::once(waits).chain(more.into_iter().filter(|(reads, _)| *reads).map(|(_, kind)| kind)).collect()
}

/// The template with its capture names forgotten.
fn anonymous(template: &Template) -> Template {
    let segments = template
        .segments
        .iter()
        .map(|segment| match segment {
            Segment::Literal(text) => Segment::Literal(text.clone()),
            Segment::Capture(_) | Segment::Any => Segment::Any,
        })
        .collect();
    Template { segments, rest: template.rest }
}
