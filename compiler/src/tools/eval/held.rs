//! Messages that are held for their body, and forbids that the response decides. In: the rules. Out: the body among the facts, or
//! a refusal.

use super::facts::{self, Facts};
use super::interpreter::{Course, Run};
use super::{body, reply};
use crate::ir::hir;
use crate::tools::engine::EngineError;
use crate::tools::message::{Body, Headers, Request, Response};

impl Run<'_> {
    /// Takes the body: refuses what is too large, encoded or malformed for the rules that wait.
    pub(super) fn take_body(
        &mut self,
        facts: &mut Facts,
        waiting: &[&hir::Rule],
        request: &Request,
    ) -> Result<Option<Course>, EngineError> {
        let policy = self.policy;
        let mut reads = body::Reads::default();
        for rule in waiting {
            let own = body::reads(policy, rule);
            reads.content |= own.content;
            reads.json |= own.json;
            reads.form |= own.form;
        }
        let ends_with_headers = ends_with_headers(request);
        let encoding = facts::joined(&facts.header_lines("content-encoding")).map(|value| value.to_ascii_lowercase());
        if !ends_with_headers && reads.content && encoding.is_some_and(|encoding| encoding != "identity") {
            return Ok(Some(self.deny("malformed", reply::empty(400, Headers::new()))));
        }
        let taken = taken(facts, request, policy.body_limit);
        if taken.too_large
            && !waiting.is_empty()
            && let hir::Action::Deny(reply) = &policy.on_oversize
        {
            let response = reply::response(reply, Headers::new(), self.context(facts))?;
            return Ok(Some(self.deny("body_limit", response)));
        }
        let malformed = taken.is_malformed(reads);
        facts.body = Some(taken);
        Ok(malformed.then(|| self.deny("malformed", reply::empty(400, Headers::new()))))
    }

    /// Forbids that the response decides: those by its headers, then those by its body.
    pub(super) fn decide_response(
        &mut self,
        facts: &mut Facts,
        response: &Response,
        has_body: bool,
    ) -> Result<Option<Course>, EngineError> {
        let policy = self.policy;
        let forbids: Vec<&hir::Rule> =
            policy.rules.iter().filter(|rule| matches!(rule.kind, hir::RuleKind::Forbid(_)) && is_of_response(policy, rule)).collect();
        let (later, now): (Vec<&hir::Rule>, Vec<&hir::Rule>) = forbids.into_iter().partition(|rule| body::reads(policy, rule).response);
        if let Some(denial) = self.judge(&now, facts, &mut None)? {
            return Ok(Some(denial));
        }
        let (mut waits, mut waits_for_json, mut watches) = (false, false, false);
        for rule in policy.rules.iter().filter(|rule| body::reads(policy, rule).response) {
            if body::waits_for_response(rule, self.context(facts))? {
                waits |= !rule.shadow;
                waits_for_json |= !rule.shadow && body::reads(policy, rule).response_json;
                watches |= rule.shadow;
            }
        }
        if !waits && !watches {
            return Ok(None);
        }
        let header = |name| facts::joined(&facts::lines(&response.headers, name).map(<[u8]>::to_vec).collect::<Vec<_>>());
        let encoded = has_body && header("content-encoding").is_some_and(|encoding| !encoding.eq_ignore_ascii_case("identity"));
        let bytes = if has_body { response.body.clone() } else { Vec::new() };
        let announced = header("content-length").and_then(|value| value.parse::<u64>().ok()).unwrap_or(0);
        let too_large = has_body && announced.max(bytes.len() as u64) > policy.body_limit;
        let mut taken = body::BodyFacts { bytes, too_large, is_form: false };
        let mut fault = waits && encoded;
        if !fault
            && waits
            && too_large
            && let hir::Action::Deny(reply) = &policy.on_oversize
        {
            let response = reply::response(reply, Headers::new(), self.context(facts))?;
            return Ok(Some(self.deny("body_limit", response)));
        }
        fault |= waits_for_json && !too_large && !taken.bytes.is_empty() && taken.json().is_none();
        if fault {
            if let hir::Action::Deny(reply) = &policy.on_fault {
                let response = reply::response(reply, Headers::new(), self.context(facts))?;
                return Ok(Some(self.refuse("fault", "fault", response)));
            }
            self.count("fault", "fault");
            taken.too_large = true;
        }
        facts.response_body = Some(taken);
        self.judge(&later, facts, &mut None)
    }
}

/// Whether a forbid is decided by the response.
pub(super) fn is_of_response(policy: &hir::Policy, rule: &hir::Rule) -> bool {
    body::reads(policy, rule).of_response
}

/// The whole body.
pub(super) fn taken(facts: &Facts, request: &Request, limit: u64) -> body::BodyFacts {
    let bytes = request.body.as_ref().map_or(Vec::new(), |body| body.bytes.clone());
    let announced = facts::joined(&facts.header_lines("content-length")).and_then(|value| value.parse::<u64>().ok());
    let size = announced.unwrap_or(0).max(bytes.len() as u64);
    let too_large = !ends_with_headers(request) && size > limit;
    let content_type = facts::joined(&facts.header_lines("content-type"));
    let is_form = body::is_form(&bytes, content_type.as_deref());
    body::BodyFacts { bytes, too_large, is_form }
}

/// Whether no body follows the headers.
fn ends_with_headers(request: &Request) -> bool {
    request.body.as_ref().is_none_or(|body| body.bytes.is_empty() && length_known(&request.headers, body))
}

/// Whether the body's length is announced: not with chunked framing, which trailers need.
pub(super) fn length_known(headers: &Headers, body: &Body) -> bool {
    body.trailers.is_empty() && !headers.iter().any(|(name, _)| name == "transfer-encoding")
}
