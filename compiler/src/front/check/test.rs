//! `test` blocks: requests, what is given with them, and what is expected.

use std::net::IpAddr;

use super::context::Context;
use super::{peer, reply, suggest, test_target, test_value};
use crate::base::{Code, Span};
use crate::ir::{ast, hir};
use crate::lang::{headers, time};

/// How deep `repeat` may nest.
const NESTING: usize = 8;
/// How often one `repeat` may go round.
const ROUNDS: u64 = 1_000_000;

/// Checks all tests.
pub(super) fn check(ctx: &mut Context<'_>, tests: &[&ast::Test]) {
    for test in tests {
        let mut variables = Vec::new();
        let mut sent = false;
        test_target::check(ctx, &test.steps);
        let steps = steps(ctx, &test.steps, &mut variables, &mut sent);
        if test.steps.is_empty() {
            ctx.ineffective(
                test.name.span,
                format!("the test `{}` does nothing", test.name.text),
                "has no steps",
                "add a `request` and an `expect`",
            );
        }
        ctx.tests.push(hir::Test { name: test.name.clone(), steps });
    }
}

fn steps(ctx: &mut Context<'_>, written: &[ast::Step], variables: &mut Vec<String>, sent: &mut bool) -> Vec<hir::Step> {
    let mut steps = Vec::new();
    for step in written {
        steps.extend(one(ctx, step, variables, sent));
    }
    steps
}

fn bad(ctx: &mut Context<'_>, span: Span, message: impl Into<String>, label: &str, help: impl Into<String>) {
    ctx.error(Code::BadTest, span, message, label, help);
}

fn one(ctx: &mut Context<'_>, step: &ast::Step, variables: &mut Vec<String>, sent: &mut bool) -> Option<hir::Step> {
    match &step.kind {
        ast::StepKind::At(written) => match time::parse(&written.text).map(u64::try_from) {
            Some(Ok(nanoseconds)) => Some(hir::Step::At(nanoseconds, step.span)),
            Some(Err(_)) => {
                let message = format!("`{}` is before 1970, where the clocks of hosts begin", written.text);
                bad(ctx, written.span, message, "no test can be then", "write a time such as `\"2026-01-05T10:00:00Z\"`");
                None
            }
            None => {
                bad(
                    ctx,
                    written.span,
                    format!("`{}` is no time", written.text),
                    "expected a time of RFC 3339",
                    "write a time such as `\"2026-01-05T10:00:00Z\"`",
                );
                None
            }
        },
        ast::StepKind::Wait(duration) => Some(hir::Step::Wait(u64::try_from(*duration).unwrap_or(0), step.span)),
        ast::StepKind::Config(object) => test_value::config(ctx, object, variables).map(|members| hir::Step::Config(members, step.span)),
        ast::StepKind::Repeat(count, name, inner) => {
            let Some(count) = u64::try_from(*count).ok().filter(|count| *count <= ROUNDS) else {
                bad(
                    ctx,
                    step.span,
                    format!("`repeat` goes round {count} times"),
                    "0 to 1,000,000 times",
                    "write a number such as `repeat 9 as i`",
                );
                return None;
            };
            if variables.contains(&name.text) {
                bad(ctx, name.span, format!("`{}` counts already", name.text), "counts an outer `repeat`", "choose another name");
            }
            if variables.len() >= NESTING {
                bad(ctx, step.span, "`repeat` nests too deeply", "more than 8 levels", "write fewer levels");
                return None;
            }
            variables.push(name.text.clone());
            let steps = steps(ctx, inner, variables, sent);
            variables.pop();
            Some(hir::Step::Repeat(count, name.text.clone(), steps))
        }
        ast::StepKind::Request { method, target, given } => {
            *sent = true;
            request(ctx, method, target, given, variables).map(|given| hir::Step::Request(Box::new(given), step.span))
        }
        ast::StepKind::Expect(expected) => {
            if !*sent {
                bad(
                    ctx,
                    step.span,
                    "nothing was requested before this `expect`",
                    "speaks of the last request",
                    "add a `request` before it",
                );
            }
            expect(ctx, expected, step.span, variables).map(|expectation| hir::Step::Expect(expectation, step.span))
        }
    }
}

fn request(
    ctx: &mut Context<'_>,
    method: &ast::Name,
    target: &ast::Expr,
    given: &[ast::Given],
    variables: &[String],
) -> Option<hir::Given> {
    let target = test_value::text(ctx, target, variables);
    let mut from = None;
    let mut certificate = None;
    let mut upstream: Option<hir::Answer> = None;
    let mut parts = Vec::new();
    let mut tokens = Vec::new();
    for given in given {
        match given {
            ast::Given::From(written) => {
                if from.is_some() {
                    bad(ctx, written.span, "a second `from`", "given twice", "keep one of them");
                }
                if let ast::ExprKind::String(text) = &written.kind
                    && text.parse::<IpAddr>().is_err()
                {
                    let help = "write an address such as `192.0.2.1`";
                    ctx.error(Code::BadAddress, written.span, format!("`{text}` is no IP address"), "expected an IP address", help);
                }
                from = Some(test_value::text(ctx, written, variables).unwrap_or_default());
            }
            ast::Given::Part(part) => parts.push(part),
            ast::Given::Token(name, object) if peer::is_peer(ctx, name) => {
                if certificate.is_some() {
                    bad(ctx, name.span, "a second certificate", "given twice", "keep one of them");
                }
                certificate = Some(peer::certificate(ctx, object, variables));
            }
            ast::Given::Token(name, claims) => tokens.extend(test_value::token(ctx, name, claims, variables)),
            ast::Given::Upstream(status, parts, span) => {
                if upstream.is_some() {
                    bad(ctx, *span, "a second `upstream`", "given twice", "keep one of them");
                }
                let parts: Vec<&ast::Part> = parts.iter().collect();
                let (headers, body) = message(ctx, &parts, variables);
                let status = reply::status(ctx, *status, *span).unwrap_or(200);
                upstream = Some(hir::Answer { status, headers, body });
            }
            ast::Given::Service(name, _, _) => {
                ctx.not_yet(name.span, "`service` in a test", "leave it out: a later version calls services")
            }
        }
    }
    let (headers, body) = message(ctx, &parts, variables);
    Some(hir::Given {
        method: method.text.clone(),
        target: target?,
        from,
        headers,
        body,
        certificate,
        tokens,
        upstream: upstream.unwrap_or(hir::Answer { status: 200, headers: Vec::new(), body: None }),
    })
}

fn message(ctx: &mut Context<'_>, parts: &[&ast::Part], variables: &[String]) -> (Vec<hir::Header>, Option<hir::Body>) {
    let mut headers = Vec::new();
    let mut body: Option<&ast::BodyPart> = None;
    let mut split: Option<(u64, Span)> = None;
    for part in parts {
        match part {
            ast::Part::Header(name, value) => {
                let lower = header(ctx, name);
                let value = test_value::value(ctx, value, variables);
                headers.extend(lower.zip(value).map(|(name, value)| hir::Header { name, value }));
            }
            ast::Part::Body(written) => {
                if body.is_some() {
                    bad(ctx, body_expr(written).span, "a second body", "given twice", "keep one of them");
                }
                body = Some(written);
            }
            ast::Part::Split(size, span) => match u64::try_from(*size) {
                Ok(size) if size > 0 => split = Some((size, *span)),
                Ok(_) | Err(_) => bad(ctx, *span, "chunks of no bytes", "at least 1", "write a number of bytes, as in `split every 1`"),
            },
        }
    }
    if let (None, Some((_, span))) = (body, split) {
        bad(ctx, span, "`split` without a body", "nothing to cut", "add a body: `json`, `text` or `form`");
    }
    let chunk = split.map(|(size, _)| size);
    let body = body.and_then(|written| {
        let value = test_value::value(ctx, body_expr(written), variables)?;
        Some(match written {
            ast::BodyPart::Json(_) => hir::Body::Json(value, chunk),
            ast::BodyPart::Text(_) => hir::Body::Text(value, chunk),
            ast::BodyPart::Form(_) => hir::Body::Form(value, chunk),
        })
    });
    (headers, body)
}

fn body_expr(body: &ast::BodyPart) -> &ast::Expr {
    match body {
        ast::BodyPart::Json(expr) | ast::BodyPart::Text(expr) | ast::BodyPart::Form(expr) => expr,
    }
}

fn header(ctx: &mut Context<'_>, name: &ast::Name) -> Option<String> {
    let lower = name.text.to_ascii_lowercase();
    if headers::is_name(&lower) {
        return Some(lower);
    }
    let help = "write letters, digits and `-`";
    ctx.error(Code::BadHeaderName, name.span, format!("`{}` is no header name", name.text), "no header is called so", help);
    None
}

fn expect(ctx: &mut Context<'_>, expected: &ast::Expected, span: Span, variables: &[String]) -> Option<hir::Expectation> {
    match expected {
        ast::Expected::Allow => Some(hir::Expectation::Allow),
        ast::Expected::Deny(status, by) => {
            if let Some(by) = by {
                actor(ctx, by);
            }
            let status = reply::status(ctx, *status, span)?;
            Some(hir::Expectation::Deny(status, by.as_ref().map(|by| by.text.clone())))
        }
        ast::Expected::Cluster(name) => Some(hir::Expectation::Cluster(name.text.clone())),
        ast::Expected::Count(name, count) => {
            actor(ctx, name);
            match u64::try_from(*count) {
                Ok(count) => Some(hir::Expectation::Count(name.text.clone(), count)),
                Err(_) => {
                    bad(ctx, span, "a negative count", "at least 0", "write how often");
                    None
                }
            }
        }
        ast::Expected::UpstreamPath(path) => test_value::value(ctx, path, variables).map(hir::Expectation::UpstreamPath),
        ast::Expected::UpstreamHeader(name, found) => {
            let found = presence(ctx, found, variables);
            Some(hir::Expectation::UpstreamHeader(header(ctx, name)?, found?))
        }
        ast::Expected::ResponseHeader(name, found) => {
            let found = presence(ctx, found, variables);
            Some(hir::Expectation::ResponseHeader(header(ctx, name)?, found?))
        }
        ast::Expected::BodyJson(negated, value) => {
            test_value::value(ctx, value, variables).map(|value| hir::Expectation::BodyJson(*negated, value))
        }
        ast::Expected::BodyText(negated, value) => {
            test_value::value(ctx, value, variables).map(|value| hir::Expectation::BodyText(*negated, value))
        }
        ast::Expected::BodyContains(negated, value) => {
            test_value::value(ctx, value, variables).map(|value| hir::Expectation::BodyContains(*negated, value))
        }
    }
}

fn presence(ctx: &mut Context<'_>, found: &ast::Found, variables: &[String]) -> Option<hir::Presence> {
    match found {
        ast::Found::Equals(value) => test_value::value(ctx, value, variables).map(hir::Presence::Equals),
        ast::Found::Absent => Some(hir::Presence::Absent),
        ast::Found::Present => Some(hir::Presence::Present),
    }
}

/// Reports a name that is no rule, limit, credential or outcome of the policy's own.
fn actor(ctx: &mut Context<'_>, name: &ast::Name) {
    const OWN: [&str; 4] = ["default", "malformed", "body_limit", "fault"];
    if ctx.actors.contains_key(&name.text) || OWN.contains(&name.text.as_str()) {
        return;
    }
    let help = suggest::help(&name.text, ctx.actors.keys().map(String::as_str).chain(OWN), "name a rule, a limit or a credential");
    ctx.error(Code::UnknownName, name.span, format!("nothing that decides is called `{}`", name.text), "unknown name", help);
}
