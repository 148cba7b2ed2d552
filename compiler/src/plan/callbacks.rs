//! Which callbacks the module exports: those that some rule needs and no other, for each costs the host an entry.

use super::{Phase, Plan, demands};
use crate::ir::hir::{self, RuleKind};

pub(super) fn collect(policy: &hir::Policy, plan: &mut Plan) {
    let mut callbacks = vec!["proxy_on_configure", "proxy_on_request_headers"];
    plan.streams = demands::has_response_phase(policy, plan);
    plan.response_body = policy.rules.iter().zip(&plan.rules).any(|(rule, planned)| match &rule.kind {
        RuleKind::RedactResponse(redact) => planned.phase == Phase::Response && !planned.dead && !rule.shadow && !redact.any.is_empty(),
        RuleKind::Permit | RuleKind::Forbid(_) | RuleKind::RewriteRequest(_) | RuleKind::RewriteResponse(_) | RuleKind::Route(_) => false,
    });
    if !policy.config.is_empty() {
        // Which configuration a stream belongs to is told only here: several plugins may share one VM.
        callbacks.push("proxy_on_context_create");
    }
    let fetched =
        |credential: &hir::Credential| matches!(credential, hir::Credential::Jwt(jwt) if matches!(jwt.keys, hir::JwtKeys::Fetched(_)));
    if policy.credentials.iter().any(fetched) {
        callbacks.extend(["proxy_on_http_call_response", "proxy_on_tick"]);
    }
    plan.request_body = plan.rules.iter().any(|rule| rule.body.is_some()) || demands::signs_body(policy);
    if plan.request_body {
        // Trailers end a body too, without an end of stream in the body callback.
        callbacks.extend(["proxy_on_request_body", "proxy_on_request_trailers"]);
    }
    if plan.streams {
        callbacks.push("proxy_on_response_headers");
    }
    if plan.streams || plan.request_body {
        callbacks.push("proxy_on_delete");
    }
    plan.response_hold = plan.rules.iter().any(|rule| rule.response_body.is_some() && !rule.dead);
    if plan.response_body || plan.response_hold {
        // Trailers end a body too, without an end of stream in the body callback.
        callbacks.extend(["proxy_on_response_body", "proxy_on_response_trailers"]);
    }
    callbacks.sort_unstable();
    plan.callbacks = callbacks;
}
