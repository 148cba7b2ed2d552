//! The body of the request: what rules read of it, which rules wait for it, and whether it can be read.

use super::bytes::{query_decode, text};
use super::expr::{self, Context};
use super::json::{self, Json};
use super::rule;
use crate::ir::hir;
use crate::tools::engine::EngineError;

/// A body that is in.
#[derive(Clone, Debug, Default)]
pub(super) struct BodyFacts {
    pub(super) bytes: Vec<u8>,
    /// More than the policy's `body_limit`: what reads it is absent.
    pub(super) too_large: bool,
    /// Whether it was found to be a form.
    pub(super) is_form: bool,
}

/// What a rule reads of the body.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Reads {
    pub(super) some: bool,
    pub(super) content: bool,
    pub(super) json: bool,
    pub(super) form: bool,
    /// Anything of the response.
    pub(super) of_response: bool,
    /// Its body.
    pub(super) response: bool,
    /// Its body as JSON.
    pub(super) response_json: bool,
}

impl BodyFacts {
    /// As text.
    pub(super) fn text(&self) -> Option<String> {
        (!self.too_large).then(|| text(&self.bytes))
    }

    /// As JSON; nothing of a body that is empty.
    pub(super) fn json(&self) -> Option<Json> {
        if self.too_large { None } else { json::parse(&self.bytes) }
    }

    /// The first value of a key of the form.
    pub(super) fn form(&self, key: &str) -> Option<String> {
        let pieces = if self.too_large || !self.is_form { Vec::new() } else { pieces(&self.bytes) };
        pieces.iter().find(|(name, _)| text(name) == key).map(|(_, value)| text(value))
    }

    /// Whether it cannot be read as what the waiting rules read.
    pub(super) fn is_malformed(&self, reads: Reads) -> bool {
        !self.too_large && !self.bytes.is_empty() && (reads.json && self.json().is_none() || reads.form && !self.is_form)
    }
}

/// Whether bytes are a form that all readers take alike.
pub(super) fn is_form(bytes: &[u8], content_type: Option<&str>) -> bool {
    let media = content_type.and_then(|value| value.split(';').next()).unwrap_or_default().trim();
    let hex = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_hexdigit);
    let mut encodings = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'%');
    let utf8 = |bytes: &Vec<u8>| std::str::from_utf8(bytes).is_ok();
    media.eq_ignore_ascii_case("application/x-www-form-urlencoded")
        && encodings.all(|(at, _)| hex(at + 1) && hex(at + 2))
        && pieces(bytes).iter().all(|(key, value)| utf8(key) && utf8(value))
}

fn pieces(bytes: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let pieces = bytes.split(|byte| *byte == b'&').filter(|piece| !piece.is_empty());
    let pair = |piece: &[u8]| match piece.iter().position(|byte| *byte == b'=') {
        Some(at) => (query_decode(piece.get(..at).unwrap_or_default()), query_decode(piece.get(at + 1..).unwrap_or_default())),
        None => (query_decode(piece), Vec::new()),
    };
    pieces.map(pair).collect()
}

/// What a rule reads of the body.
pub(super) fn reads(policy: &hir::Policy, rule: &hir::Rule) -> Reads {
    let mut reads = Reads::default();
    for expr in rule.conditions.iter().chain(rule.values()) {
        expr.reads(policy, &mut |read| {
            reads.some |= read.is_request_body();
            reads.content |= read.is_request_body() && *read != hir::Read::BodySize;
            reads.json |= *read == hir::Read::BodyJson;
            reads.form |= matches!(read, hir::Read::BodyForm(_) | hir::Read::Computed(hir::Keyed::BodyForm));
            reads.of_response |= read.is_response();
            reads.response |= read.is_response_body();
            reads.response_json |= *read == hir::Read::ResponseJson;
        });
    }
    reads
}

/// Whether a rule waits for the body: it reads it, and all that the headers tell of it holds.
pub(super) fn waits(rule: &hir::Rule, ctx: Context<'_>) -> Result<bool, EngineError> {
    Ok(reads(ctx.policy, rule).some && known_holds(rule, ctx, |read| read.is_request_body() || read.is_response())?)
}

/// Whether a rule waits for the body of the response: it reads it, and all that is known without it holds.
pub(super) fn waits_for_response(rule: &hir::Rule, ctx: Context<'_>) -> Result<bool, EngineError> {
    Ok(reads(ctx.policy, rule).response && known_holds(rule, ctx, hir::Read::is_response_body)?)
}

fn known_holds(rule: &hir::Rule, ctx: Context<'_>, is_later: fn(&hir::Read) -> bool) -> Result<bool, EngineError> {
    if !rule::place_matches(ctx.policy, rule, ctx.facts) {
        return Ok(false);
    }
    let mut open: Vec<&hir::Expr> = rule.conditions.iter().collect();
    while let Some(condition) = open.pop() {
        if let hir::ExprKind::And(operands) = &condition.kind {
            open.extend(operands);
            continue;
        }
        let mut later = false;
        condition.reads(ctx.policy, &mut |read| later |= is_later(read));
        if !later && !expr::eval(condition, ctx)?.is_true() {
            return Ok(false);
        }
    }
    Ok(true)
}
