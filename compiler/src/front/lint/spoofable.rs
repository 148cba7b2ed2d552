//! Conditions on what any client can write: `x-forwarded-*`, `x-real-ip`, `forwarded`. In: a policy that declares no
//! `trusted_hops`. Out: a warning for each such header that a decision, a limit or a route reads.

use super::Subject;
use crate::base::{Code, Diagnostic};
use crate::ir::ast;
use crate::ir::hir::{self, ExprKind, Read};

pub(super) fn lint(subject: &Subject<'_>) -> Vec<Diagnostic> {
    if trusts_a_hop(subject) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for rule in &subject.policy.rules {
        let arms: Vec<&hir::Expr> = match &rule.kind {
            hir::RuleKind::Route(route) => route.arms.iter().map(|arm| &arm.condition).collect(),
            _ => Vec::new(),
        };
        for condition in rule.conditions.iter().chain(arms) {
            reads(subject.policy, condition, "condition", &mut found);
        }
    }
    for limit in &subject.policy.limits {
        for key in &limit.key {
            reads(subject.policy, key, "key of a limit", &mut found);
        }
        reads(subject.policy, &limit.count, "rate of a limit", &mut found);
    }
    found
}

fn trusts_a_hop(subject: &Subject<'_>) -> bool {
    let items = subject.files.iter().flat_map(|(_, file)| &file.items);
    let mut attrs = items.filter_map(|item| if let ast::Item::Policy(policy) = item { Some(&policy.attrs) } else { None }).flatten();
    attrs.any(|attr| {
        attr.name.text == "trusted_hops" && !matches!(attr.value, ast::Value::Expr(ast::Expr { kind: ast::ExprKind::Int(0), .. }))
    })
}

fn reads(policy: &hir::Policy, expr: &hir::Expr, place: &str, found: &mut Vec<Diagnostic>) {
    if let ExprKind::Read(Read::Header(name) | Read::HeaderAll(name)) = &expr.kind
        && let Some(instead) = instead(name)
    {
        let message = format!("a {place} reads `{name}`, which any client can write");
        found.push(Diagnostic::warning(Code::Spoofable, expr.span, message, "the caller's own claim").help(instead));
    }
    // INVARIANT: a let reads only lets before it, so this ends.
    if let ExprKind::Let(id) = &expr.kind
        && let Some(item) = policy.lets.get(id.index())
    {
        reads(policy, &item.value, place, found);
    }
    for operand in expr.operands() {
        reads(policy, operand, place, found);
    }
}

/// What to read instead of a header that proxies write.
fn instead(name: &str) -> Option<&'static str> {
    match name {
        "x-forwarded-proto" | "x-forwarded-scheme" | "x-forwarded-ssl" => Some("read `request.scheme`"),
        "x-forwarded-host" | "x-forwarded-server" => Some("read `request.host`"),
        "x-forwarded-port" => Some("read `request.scheme` or `request.host`"),
        "x-forwarded-client-cert" => Some("read `client.tls.present`, or authenticate an `mtls` credential"),
        "x-real-ip" | "forwarded" => Some("read `client.ip`; write `trusted_hops = 1` in the policy when a proxy of yours stands in front"),
        _ if name.starts_with("x-forwarded-") => {
            Some("read `client.ip`; write `trusted_hops = 1` in the policy when a proxy of yours stands in front")
        }
        _ => None,
    }
}
