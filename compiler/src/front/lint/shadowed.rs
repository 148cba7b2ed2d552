//! Permits and forbids that an earlier one covers. In: all rules. Out: a warning for each rule that an earlier one of its kind
//! matches wherever it does: the first in the file names the decision and gives the reply, so the later one is never seen.

use std::collections::BTreeMap;

use super::Subject;
use crate::base::{Code, Diagnostic};
use crate::ir::hir::{self, Segment};

/// Earlier rules under one template that are looked at.
const MOST_COMPARED: usize = 16;

pub(super) fn lint(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let policy = subject.policy;
    let mut earlier: BTreeMap<(bool, String), Vec<&hir::Rule>> = BTreeMap::new();
    let mut found = Vec::new();
    for rule in &policy.rules {
        let forbids = match rule.kind {
            hir::RuleKind::Permit => false,
            hir::RuleKind::Forbid(_) => true,
            hir::RuleKind::RewriteRequest(_)
            | hir::RuleKind::RewriteResponse(_)
            | hir::RuleKind::RedactResponse(_)
            | hir::RuleKind::Route(_) => continue,
        };
        // What is tried out in the shadow covers nothing and is not covered.
        if rule.shadow {
            continue;
        }
        let templates = templates(policy, rule);
        let wider = templates.first().map(wider).unwrap_or_default();
        let candidates =
            wider.into_iter().filter_map(|key| earlier.get(&(forbids, key))).flat_map(|rules| rules.iter().take(MOST_COMPARED));
        if let Some(first) = candidates.into_iter().find(|first| covers(policy, first, rule)) {
            found.push(
                Diagnostic::warning(
                    Code::Shadowed,
                    rule.name.span,
                    format!("`{}` never decides anything", rule.name.text),
                    "matches only where the other one does",
                )
                .also(first.name.span, "an earlier rule of this kind that matches there, too")
                .help("drop it, or narrow the earlier rule"),
            );
        }
        for template in &templates {
            earlier.entry((forbids, key(template, template.segments.len(), template.rest))).or_default().push(rule);
        }
    }
    found
}

/// Where a rule looks: its own templates, else those of its scope, else everywhere.
fn templates(policy: &hir::Policy, rule: &hir::Rule) -> Vec<hir::Template> {
    let own: Vec<hir::Template> = rule.on.iter().flat_map(|on| on.templates.clone()).collect();
    if !own.is_empty() {
        return own;
    }
    let scope = rule.scope.and_then(|id| policy.scopes.get(id.index()));
    vec![scope.map_or(hir::Template { segments: Vec::new(), rest: true }, |scope| scope.template.clone())]
}

/// The template and those with `**` above it, as keys.
fn wider(template: &hir::Template) -> Vec<String> {
    let length = template.segments.len();
    let mut keys: Vec<String> = (0..=length).map(|count| key(template, count, true)).collect();
    if !template.rest {
        keys.push(key(template, length, false));
    }
    keys
}

fn key(template: &hir::Template, count: usize, rest: bool) -> String {
    let mut text = String::new();
    for segment in template.segments.iter().take(count) {
        text.push('/');
        match segment {
            Segment::Literal(literal) => text.push_str(literal),
            // No literal holds a star.
            Segment::Capture(_) | Segment::Any => text.push('*'),
        }
    }
    text.push_str(if rest { "/**" } else { "" });
    text
}

fn covers(policy: &hir::Policy, first: &hir::Rule, second: &hir::Rule) -> bool {
    let mut around = second.scope;
    let in_scope = loop {
        if around == first.scope {
            break true;
        }
        match around.and_then(|id| policy.scopes.get(id.index())) {
            Some(scope) => around = scope.parent,
            None => break false,
        }
    };
    // What waits for a body comes behind what the headers decide, whichever stands first.
    let in_turn = !waits(policy, first) || waits(policy, second);
    in_scope
        && in_turn
        && places(policy, second).iter().all(|(methods, template)| reached(policy, first, methods, template))
        && conditions(first, second)
}

/// Whether a rule, or its reply, reads what is not there with the headers of the request.
fn waits(policy: &hir::Policy, rule: &hir::Rule) -> bool {
    let mut found = false;
    for value in rule.conditions.iter().chain(rule.values()) {
        value.reads(policy, &mut |read| found |= read.is_request_body() || read.is_response());
    }
    found
}

fn places(policy: &hir::Policy, rule: &hir::Rule) -> Vec<(Vec<String>, hir::Template)> {
    if rule.on.is_empty() {
        return templates(policy, rule).into_iter().map(|template| (Vec::new(), template)).collect();
    }
    rule.on.iter().flat_map(|on| on.templates.iter().map(|template| (on.methods.clone(), template.clone()))).collect()
}

fn reached(policy: &hir::Policy, first: &hir::Rule, methods: &[String], template: &hir::Template) -> bool {
    places(policy, first).iter().any(|(wide, outer)| {
        let all_methods = wide.is_empty() || !methods.is_empty() && methods.iter().all(|method| wide.contains(method));
        all_methods && within(template, outer)
    })
}

/// Whether every path of `inner` is one of `outer`.
fn within(inner: &hir::Template, outer: &hir::Template) -> bool {
    let exact = inner.segments.len() == outer.segments.len() && !inner.rest;
    inner.segments.len() >= outer.segments.len()
        && (outer.rest || exact)
        && inner.segments.iter().zip(&outer.segments).all(|(inner, outer)| match (inner, outer) {
            (Segment::Literal(inner), Segment::Literal(outer)) => inner == outer,
            (Segment::Capture(_) | Segment::Any, Segment::Literal(_)) => false,
            (Segment::Literal(inner), Segment::Capture(_) | Segment::Any) => !inner.is_empty(),
            (Segment::Capture(_) | Segment::Any, Segment::Capture(_) | Segment::Any) => true,
        })
}

/// Whether whatever the first rule asks for, the second asks for, too.
fn conditions(first: &hir::Rule, second: &hir::Rule) -> bool {
    let asked: Vec<hir::Expr> = second.conditions.iter().map(hir::Expr::without_places).collect();
    first.conditions.iter().all(|condition| asked.contains(&condition.without_places()))
}
