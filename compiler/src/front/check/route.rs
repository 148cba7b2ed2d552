//! `route`: arms, targets, splits, and the ties between routes that no request may meet.

use std::collections::BTreeMap;

use super::context::Context;
use super::env::Env;
use super::{expr, host};
use crate::base::{Code, Diagnostic, Span};
use crate::ir::{ast, hir};

/// Checks the arms of a route. What is at fault is reported and leaves a route that keeps, so that ties are found all the same.
pub(super) fn check(ctx: &mut Context<'_>, env: &Env, rule: &ast::Rule) -> hir::Route {
    let mut arms = Vec::new();
    let mut otherwise: Option<(Span, Option<hir::Target>)> = None;
    for item in &rule.items {
        match item {
            ast::RuleItem::Arm(written, to) => {
                let condition = expr::boolean(ctx, env, written);
                let mut env = env.clone();
                env.learn(&condition, true);
                arms.extend(target(ctx, &env, to).map(|target| hir::RouteArm { condition, target }));
            }
            ast::RuleItem::Otherwise(to) => {
                if let Some((first, _)) = &otherwise {
                    let first = *first;
                    ctx.push(
                        Diagnostic::error(Code::DuplicateAttribute, to.span, "a second `otherwise`", "written again here")
                            .also(first, "first written here")
                            .help("keep one of them"),
                    );
                } else {
                    otherwise = Some((to.span, target(ctx, env, to)));
                }
            }
            ast::RuleItem::On(_)
            | ast::RuleItem::When(_)
            | ast::RuleItem::Unless(_)
            | ast::RuleItem::Reply(_)
            | ast::RuleItem::Edit(_)
            | ast::RuleItem::Redaction(_)
            | ast::RuleItem::Attr(_) => {}
        }
    }
    if otherwise.is_none() {
        super::attrs::missing(ctx, rule.name.span, &format!("the route `{}`", rule.name.text), "otherwise", "otherwise -> keep");
    }
    let otherwise = otherwise.and_then(|(_, target)| target).unwrap_or(hir::Target::Keep);
    hir::Route { arms, otherwise }
}

fn target(ctx: &mut Context<'_>, env: &Env, target: &ast::Target) -> Option<hir::Target> {
    match &target.kind {
        ast::TargetKind::Keep => Some(hir::Target::Keep),
        ast::TargetKind::Cluster(written) => {
            if matches!(&written.kind, ast::ExprKind::String(text) if text.is_empty() || text.chars().any(char::is_control)) {
                ctx.error(
                    Code::TypeMismatch,
                    written.span,
                    "no name of a cluster",
                    "names no cluster",
                    "write the cluster's name, or `keep`",
                );
                return None;
            }
            let name = expr::expect(ctx, env, written, &hir::Ty::String, "the name of a cluster");
            (name.ty != hir::Ty::Error).then_some(hir::Target::Cluster(name))
        }
        ast::TargetKind::Split(key, arms) => {
            let key = expr::text(ctx, env, key, "the key of a split");
            let weights = weights(ctx, target.span, arms)?;
            (key.ty != hir::Ty::Error).then_some(hir::Target::Split(key, weights))
        }
    }
}

fn weights(ctx: &mut Context<'_>, span: Span, arms: &[ast::SplitArm]) -> Option<Vec<(String, u32)>> {
    let mut weights: Vec<(String, u32)> = Vec::new();
    let mut well = true;
    for arm in arms {
        let name = &arm.cluster.text;
        let nameless = name.is_empty() || name.chars().any(char::is_control);
        if nameless || weights.iter().any(|(known, _)| known == name) {
            let message =
                if nameless { "no name of a cluster".to_owned() } else { format!("the cluster `{name}` appears twice in a split") };
            ctx.error(Code::BadSplit, arm.cluster.span, message, "in this arm", "name each cluster once");
            well = false;
        } else if arm.weight == 0 {
            ctx.ineffective(arm.cluster.span, format!("the cluster `{name}` gets nothing"), "0% of the requests", "drop it");
        }
        weights.push((name.clone(), arm.weight));
    }
    let sum: u64 = arms.iter().map(|arm| u64::from(arm.weight)).sum();
    if sum != 10_000 {
        let (whole, part) = (sum / 100, sum % 100);
        let shown = if part == 0 { format!("{whole}%") } else { format!("{whole}.{part:02}%") };
        ctx.error(
            Code::BadSplit,
            span,
            format!("the weights of a split sum to {shown}"),
            "must sum to 100%",
            "correct the weights so that they sum to 100%",
        );
        well = false;
    }
    well.then_some(weights)
}

/// One template of a route and where it can be reached.
struct Reach {
    rule: usize,
    methods: Vec<String>,
    hosts: Vec<Vec<hir::HostPattern>>,
    written: String,
}

/// Reports routes of equal rank that one request can reach. Rank is compared segment by segment, so two templates tie exactly
/// when they differ in nothing but the names of captures.
pub(super) fn ties(ctx: &mut Context<'_>) {
    let mut by_shape: BTreeMap<hir::Template, Vec<Reach>> = BTreeMap::new();
    for (index, rule) in ctx.rules.iter().enumerate() {
        if rule.shadow || !matches!(rule.kind, hir::RuleKind::Route(_)) {
            continue;
        }
        let hosts = hosts(ctx, rule.scope);
        let scope = rule.scope.and_then(|id| ctx.scopes.get(id.index()));
        let whole = hir::Template { segments: Vec::new(), rest: true };
        let default = [hir::On { methods: Vec::new(), templates: vec![scope.map_or(whole, |scope| scope.template.clone())] }];
        let on = if rule.on.is_empty() { &default[..] } else { &rule.on[..] };
        for on in on {
            for template in &on.templates {
                let reach = Reach { rule: index, methods: on.methods.clone(), hosts: hosts.clone(), written: template.to_string() };
                by_shape.entry(shape(template)).or_default().push(reach);
            }
        }
    }
    let mut found = Vec::new();
    for reaches in by_shape.values() {
        for (index, second) in reaches.iter().enumerate() {
            let first = reaches.iter().take(index).find(|first| first.rule != second.rule && meet(first, second));
            found.extend(first.map(|first| (first.rule, second.rule, second.written.clone())));
        }
    }
    found.sort();
    found.dedup_by_key(|(first, second, _)| (*first, *second));
    for (first, second, written) in found {
        let (Some(first), Some(second)) = (ctx.rules.get(first), ctx.rules.get(second)) else { continue };
        let finding = Diagnostic::error(
            Code::RouteTie,
            second.name.span,
            format!("the routes `{}` and `{}` have the same rank for `{written}`", first.name.text, second.name.text),
            "nothing says which of the two decides",
        )
        .also(first.name.span, "the other route")
        .help("join their arms in one route, or give one of them a more specific template");
        ctx.push(finding);
    }
}

fn meet(first: &Reach, second: &Reach) -> bool {
    let methods =
        first.methods.is_empty() || second.methods.is_empty() || first.methods.iter().any(|method| second.methods.contains(method));
    methods && first.hosts.iter().all(|left| second.hosts.iter().all(|right| host::overlap(left, right)))
}

/// The hosts of a scope and of all scopes around it.
fn hosts(ctx: &Context<'_>, scope: Option<hir::ScopeId>) -> Vec<Vec<hir::HostPattern>> {
    let mut hosts = Vec::new();
    let mut next = scope;
    while let Some(scope) = next.and_then(|id| ctx.scopes.get(id.index())) {
        hosts.push(scope.hosts.clone());
        next = scope.parent;
    }
    hosts
}

/// The template with its captures nameless.
fn shape(template: &hir::Template) -> hir::Template {
    let segments = template.segments.iter().map(|segment| match segment {
        hir::Segment::Literal(text) => hir::Segment::Literal(text.clone()),
        hir::Segment::Capture(_) | hir::Segment::Any => hir::Segment::Any,
    });
    hir::Template { segments: segments.collect(), rest: template.rest }
}
