//! A request that is held for its body. In: the rules that wait. Out: the body among the facts, or a refusal.

use super::facts::{self, Facts};
use super::interpreter::{Course, Run};
use super::{body, reply};
use crate::ir::hir;
use crate::tools::engine::EngineError;
use crate::tools::message::{Body, Headers, Request};

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
        let bytes = request.body.as_ref().map_or(Vec::new(), |body| body.bytes.clone());
        let ends_with_headers = request.body.as_ref().is_none_or(|body| bytes.is_empty() && length_known(&request.headers, body));
        let encoding = facts::joined(&facts.header_lines("content-encoding")).map(|value| value.to_ascii_lowercase());
        if !ends_with_headers && reads.content && encoding.is_some_and(|encoding| encoding != "identity") {
            return Ok(Some(self.deny("malformed", reply::empty(400, Headers::new()))));
        }
        let announced = facts::joined(&facts.header_lines("content-length")).and_then(|value| value.parse::<u64>().ok());
        let size = announced.unwrap_or(0).max(bytes.len() as u64);
        let too_large = !ends_with_headers && size > policy.body_limit;
        let content_type = facts::joined(&facts.header_lines("content-type"));
        let is_form = body::is_form(&bytes, content_type.as_deref());
        let taken = body::BodyFacts { bytes, too_large, is_form };
        if too_large
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
}

/// Whether the body's length is announced: not with chunked framing, which trailers need.
pub(super) fn length_known(headers: &Headers, body: &Body) -> bool {
    body.trailers.is_empty() && !headers.iter().any(|(name, _)| name == "transfer-encoding")
}
