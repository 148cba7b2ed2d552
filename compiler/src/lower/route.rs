//! Routes: the most specific one that matches picks the cluster.

use portcullis_runtime::contract::{Mechanism, Val, kind, map};

use super::build::{Builder, Context, Phase, act, call, index};
use super::expr::{self, binary, not};
use super::{edit, guard, tables};
use crate::ir::hir::{Route, RuleKind, Target};
use crate::ir::lir::{BinaryOp, DataId, Expr, Local, Stmt};

/// The request header that Envoy's route table reads with `cluster_header`.
pub(crate) const CLUSTER_HEADER: &str = "x-portcullis-cluster";

/// Statements that route; nothing when the policy has no route.
pub(super) fn lower(builder: &mut Builder<'_>, context: &mut Context, entries: DataId) -> Vec<Stmt> {
    let policy = builder.policy;
    if !policy.rules.iter().any(|rule| matches!(rule.kind, RuleKind::Route(_))) {
        return Vec::new();
    }
    let mut arms: Vec<Vec<Stmt>> = Vec::new();
    for rule in &policy.rules {
        let RuleKind::Route(route) = &rule.kind else {
            arms.push(Vec::new());
            continue;
        };
        if rule.shadow {
            arms.push(Vec::new());
            continue;
        }
        let mut context = Context::new(Phase::Request, &[]);
        let body = arms_of(builder, &mut context, route);
        let function = builder.function(format!("route {:?}", rule.name.text), context, None, body);
        arms.push(vec![Stmt::Do(Expr::Apply(function, vec![]))]);
    }
    let dispatch = Context::new(Phase::Request, &[Val::I32]);
    let dispatch = builder.function("route", dispatch, None, vec![Stmt::Switch(Expr::Local(Local(0)), arms, vec![])]);
    let chosen = context.local(Val::I32);
    let act_on = vec![Stmt::Do(Expr::Apply(dispatch, vec![Expr::Local(chosen)])), act(Mechanism::Count, vec![Expr::Local(chosen)])];
    vec![
        // Never taken from the client.
        edit::remove(builder, map::REQUEST, CLUSTER_HEADER),
        Stmt::Set(chosen, guard::first(builder, entries, kind::ROUTE)),
        Stmt::If(not(binary(BinaryOp::Less32, Expr::Local(chosen), Expr::I32(0))), act_on, vec![]),
    ]
}

/// What no request may go on with, however it is allowed: a cluster that the client names.
pub(super) fn untaken(builder: &mut Builder<'_>) -> Option<Stmt> {
    let has_routes = builder.policy.rules.iter().any(|rule| matches!(rule.kind, RuleKind::Route(_)));
    has_routes.then(|| edit::remove(builder, map::REQUEST, CLUSTER_HEADER))
}

/// First arm whose condition holds, else the last target.
fn arms_of(builder: &mut Builder<'_>, context: &mut Context, route: &Route) -> Vec<Stmt> {
    let mut body = Vec::new();
    for arm in &route.arms {
        let condition = expr::lower(builder, context, &arm.condition);
        let mut then = target(builder, context, &arm.target);
        then.push(Stmt::Return(None));
        body.push(Stmt::If(condition, then, vec![]));
    }
    body.extend(target(builder, context, &route.otherwise));
    body
}

fn target(builder: &mut Builder<'_>, context: &mut Context, target: &Target) -> Vec<Stmt> {
    let cluster = match target {
        Target::Keep => return Vec::new(),
        Target::Cluster(value) => expr::lower(builder, context, value),
        Target::Split(key, weights) => {
            let table = tables::split(builder, weights);
            let key = expr::lower(builder, context, key);
            call(Mechanism::SplitPick, vec![Expr::Data(table), key])
        }
    };
    let name = builder.string(CLUSTER_HEADER);
    vec![act(Mechanism::HeaderSet, vec![index(0), name, cluster])]
}
