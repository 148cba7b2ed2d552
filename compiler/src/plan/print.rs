//! The text of `portcullis plan`: which rule runs in which callback, what is fetched, how rules are found.

use std::fmt::Write;

use super::{Key, Phase, Plan, Subject, conditions, demands, routes};
use crate::ir::hir;

/// Renders the plan of a policy.
pub fn print(policy: &hir::Policy, plan: &Plan) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write_plan(&mut out, policy, plan);
    out
}

fn write_plan(out: &mut String, policy: &hir::Policy, plan: &Plan) -> std::fmt::Result {
    writeln!(out, "policy {}", policy.name.text)?;
    writeln!(out, "callbacks")?;
    for callback in &plan.callbacks {
        writeln!(out, "  {callback}")?;
    }
    writeln!(out, "fetched")?;
    writeln!(out, "  request headers: one call; looked up: {}", list(&plan.request_headers))?;
    if plan.streams {
        writeln!(out, "  response headers: one call; looked up: {}", list(&plan.response_headers))?;
    }
    if plan.request_body {
        writeln!(out, "  request body: up to {} bytes, held, only for rules that its headers leave open", policy.body_limit)?;
        if demands::signs_body(policy) {
            writeln!(out, "  request body: before authentication where a credential that is presented signs it")?;
        }
    }
    if plan.response_hold {
        writeln!(out, "  response body: up to {} bytes, held, only for rules that its headers leave open", policy.body_limit)?;
    }
    for credential in &policy.credentials {
        if let hir::Credential::Jwt(hir::Jwt { name, keys: hir::JwtKeys::Fetched(fetch), .. }) = credential
            && let Some(service) = policy.services.get(fetch.service.index())
        {
            let seconds = |time: i64| time / 1_000_000_000;
            let milliseconds = service.timeout / 1_000_000;
            writeln!(
                out,
                "  keys of {}: {} of the cluster {:?}, once per proxy before the first request, then every {} s; within {milliseconds} ms, \
                 kept for {} s",
                name.text,
                fetch.path,
                service.cluster,
                seconds(fetch.refresh),
                seconds(fetch.stale)
            )?;
        }
    }
    for (name, reads) in host_facts(policy, plan) {
        if reads {
            writeln!(out, "  {name}: one call, only when a condition gets there")?;
        }
    }
    for carried in &plan.carried {
        writeln!(out, "  kept for the response: a {} for {}", carried.expr.ty, rule_names(policy, &carried.rules))?;
    }
    writeln!(out, "paths")?;
    let how = if plan.index.by_path { "one trie" } else { "one by one" };
    writeln!(out, "  {} templates, {how}", plan.index.accepts.len())?;
    write_indexes(out, policy, plan)?;
    write_signatures(out, policy)?;
    writeln!(out, "limits")?;
    for limit in &policy.limits {
        let step = if limit.needs_identity { "after authentication" } else { "before authentication" };
        let place = match limit.scope {
            hir::LimitScope::Proxy => "shared by all workers: two host calls",
            hir::LimitScope::Worker => "each worker by itself: no host call",
        };
        writeln!(out, "  {:?}: {step}, {place}", limit.name.text)?;
    }
    writeln!(out, "rules")?;
    for (rule, planned) in policy.rules.iter().zip(&plan.rules) {
        let callback = match planned.phase {
            Phase::Request if planned.body.is_some() => "proxy_on_request_body",
            Phase::Request => "proxy_on_request_headers",
            Phase::Response if super::redacts_bodies(rule) || planned.response_body.is_some() => {
                "proxy_on_response_headers, proxy_on_response_body"
            }
            Phase::Response => "proxy_on_response_headers",
        };
        let templates: Vec<String> = routes::templates(policy, rule).iter().map(conditions::template_text).collect();
        let shadow = if rule.shadow { ", in shadow: counts and does not act" } else { "" };
        let never = if planned.dead { ", never matches" } else { "" };
        writeln!(out, "  {} {:?}: {callback}, on {}{shadow}{never}", conditions::keyword(&rule.kind), rule.name.text, templates.join(" "))?;
    }
    writeln!(out, "passes")?;
    for pass in super::PASSES {
        let state = if plan.options.runs(pass.name) { "on" } else { "off" };
        writeln!(out, "  {} ({state}): {}", pass.name, pass.what)?;
    }
    Ok(())
}

/// Who verifies which signatures of tokens.
fn write_signatures(out: &mut String, policy: &hir::Policy) -> std::fmt::Result {
    let mut tokens =
        policy.credentials.iter().filter_map(|credential| if let hir::Credential::Jwt(jwt) = credential { Some(jwt) } else { None });
    let Some(first) = tokens.next() else { return Ok(()) };
    writeln!(out, "signatures")?;
    for jwt in std::iter::once(first).chain(tokens) {
        let (host, own): (Vec<&hir::JwtAlgorithm>, Vec<&hir::JwtAlgorithm>) =
            jwt.algorithms.iter().partition(|algorithm| algorithm.host_verifies());
        let names = |algorithms: &[&hir::JwtAlgorithm]| algorithms.iter().map(|it| it.as_str()).collect::<Vec<_>>().join(", ");
        if !host.is_empty() {
            let who = match jwt.crypto {
                hir::JwtCrypto::Auto => "by the host where it has `verify_signature`, else by the module",
                hir::JwtCrypto::Host => "by the host, which must have `verify_signature`",
            };
            writeln!(out, "  {}: {}: {who}", jwt.name.text, names(&host))?;
        }
        if !own.is_empty() {
            writeln!(out, "  {}: {}: by the module", jwt.name.text, names(&own))?;
        }
    }
    Ok(())
}

/// Subjects by which rules are found, and what is evaluated once.
fn write_indexes(out: &mut String, policy: &hir::Policy, plan: &Plan) -> std::fmt::Result {
    if plan.subjects.is_empty() && plan.once.is_empty() {
        return Ok(());
    }
    writeln!(out, "indexes")?;
    for (number, subject) in plan.subjects.iter().enumerate() {
        let guards = plan.rules.iter().map(|rule| rule.guard).chain(plan.scope_guards.iter().copied());
        let guarded = guards.flatten().filter(|guard| guard.subject as usize == number).count();
        let mut parts = Vec::new();
        for (what, count) in [
            ("values", count(subject, |key| matches!(key, Key::Whole(_)))),
            ("beginnings", count(subject, |key| matches!(key, Key::Beginning(_)))),
            ("ends", count(subject, |key| matches!(key, Key::Ending(_)))),
            ("networks", count(subject, |key| matches!(key, Key::Network(..)))),
            ("patterns in one search", subject.patterns.len()),
        ] {
            if count > 0 {
                parts.push(format!("{count} {what}"));
            }
        }
        writeln!(out, "  {}: {}; finds {guarded} rules", subject.expr.text(policy), parts.join(", "))?;
    }
    if !plan.once.is_empty() {
        writeln!(out, "  {} conditions that several rules share are evaluated once", plan.once.len())?;
    }
    Ok(())
}

/// Different keys of one kind.
fn count(subject: &Subject, wanted: fn(&Key) -> bool) -> usize {
    subject.keys.iter().map(|(key, _)| key).filter(|key| wanted(key)).collect::<std::collections::BTreeSet<_>>().len()
}

fn list(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

fn rule_names(policy: &hir::Policy, rules: &[hir::RuleId]) -> String {
    let names: Vec<String> =
        rules.iter().filter_map(|id| policy.rules.get(id.index())).map(|rule| format!("{:?}", rule.name.text)).collect();
    names.join(", ")
}

/// Facts that cost a host call of their own, and whether some condition or limit reads them.
fn host_facts(policy: &hir::Policy, plan: &Plan) -> [(&'static str, bool); 4] {
    let mut address = false;
    let mut tls = false;
    let mut protocol = false;
    let mut clock = false;
    let exprs = plan
        .conditions
        .iter()
        .flat_map(|condition| &condition.exprs)
        .chain(policy.limits.iter().flat_map(|limit| &limit.key))
        .chain(policy.credentials.iter().flat_map(hir::Credential::values))
        .chain(plan.subjects.iter().map(|subject| &subject.expr));
    for expr in exprs {
        expr.reads(policy, &mut |read| {
            address |= matches!(read, hir::Read::ClientIp | hir::Read::ClientPort);
            tls |= matches!(read, hir::Read::ClientTls | hir::Read::ClientCertificate(_) | hir::Read::ClientSans);
            protocol |= matches!(read, hir::Read::Protocol);
            clock |= matches!(read, hir::Read::Now | hir::Read::NowWeekday | hir::Read::NowHour | hir::Read::NowMinute);
        });
    }
    [("client address", address), ("client TLS", tls), ("protocol", protocol), ("clock", clock)]
}
