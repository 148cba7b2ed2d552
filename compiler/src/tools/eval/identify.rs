//! Who is calling: the `authenticate` lines of the scopes that a request lies in. In: facts, the body where it is signed. Out: facts about
//! credentials, or a refusal.

use super::authenticate::{self, Presented};
use super::expr::Context;
use super::facts::Facts;
use super::interpreter::{Course, Run};
use super::{held, reply};
use crate::ir::hir;
use crate::tools::engine::EngineError;
use crate::tools::message::{Headers, Request};

impl Run<'_> {
    /// What the headers tell of all lines; then, with the body where one that is signed is presented, the lines once more.
    pub(super) fn authenticate(
        &mut self,
        scopes: &[&hir::Scope],
        facts: &mut Facts,
        request: &Request,
    ) -> Result<Option<Course>, EngineError> {
        let policy = self.policy;
        if scopes.iter().any(|scope| scope.shadow && !scope.authenticate.is_empty()) {
            return self.authenticate_or_watch(scopes, facts);
        }
        let lines: Vec<hir::Authenticate> = scopes.iter().flat_map(|scope| scope.authenticate.clone()).collect();
        let lines = lines.as_slice();
        let reads_body = |id: &&hir::CredentialId| policy.credentials.get(id.index()).is_some_and(hir::Credential::reads_body);
        let signs: Vec<&hir::CredentialId> = lines.iter().flat_map(|line| &line.credentials).filter(reads_body).collect();
        if !signs.is_empty() {
            let from_headers = |id: hir::CredentialId| Ok(facts.credentials.get(id.index()).cloned().unwrap_or(Presented::Absent));
            if let Some(refusal) = authenticate::refusal(lines, from_headers)? {
                return self.unauthenticated(&refusal, facts).map(Some);
            }
        }
        let is_open = |id: &&hir::CredentialId| matches!(facts.credentials.get(id.index()), Some(Presented::Open(_)));
        if signs.iter().any(is_open) {
            let taken = held::taken(facts, request, policy.body_limit);
            if let (true, hir::Action::Deny(reply)) = (taken.too_large, &policy.on_oversize) {
                let response = reply::response(reply, Headers::new(), self.context(facts))?;
                return Ok(Some(self.deny("body_limit", response)));
            }
            facts.body = Some(taken);
        }
        match authenticate::refusal(lines, |id| self.verify(id, facts))? {
            Some(refusal) => self.unauthenticated(&refusal, facts).map(Some),
            None => Ok(None),
        }
    }

    /// The first credential that a scope misses refuses; of scopes in shadow the first counts. Nothing here reads the body: the
    /// planner refuses that.
    fn authenticate_or_watch(&mut self, scopes: &[&hir::Scope], facts: &mut Facts) -> Result<Option<Course>, EngineError> {
        let mut watched = None;
        for scope in scopes {
            match authenticate::refusal(&scope.authenticate, |id| self.verify(id, facts))? {
                // What cannot be verified for want of a key is no refusal of the credential.
                Some(refusal) if scope.shadow && refusal.status == 503 => {}
                Some(refusal) if scope.shadow => watched = watched.or(Some(refusal)),
                Some(refusal) => {
                    self.watched_refusal(watched);
                    return self.unauthenticated(&refusal, facts).map(Some);
                }
                None => {}
            }
        }
        self.watched_refusal(watched);
        Ok(None)
    }

    /// What is presented of one credential, with its signature looked at; that is a fact from here on.
    fn verify(&mut self, id: hir::CredentialId, facts: &mut Facts) -> Result<Presented, EngineError> {
        let ctx = Context { policy: self.policy, config: self.config, facts, regexes: self.regexes, bound: &[] };
        let found = authenticate::verified(id, ctx, self.now, self.nonces)?;
        if let Some(place) = facts.credentials.get_mut(id.index()) {
            *place = found.clone();
        }
        Ok(found)
    }

    /// The declared outcome of a fault.
    fn fault(&mut self, facts: &Facts) -> Result<Course, EngineError> {
        self.count("fault", "fault");
        Ok(match &self.policy.on_fault {
            hir::Action::Allow => Course::Untouched,
            hir::Action::Deny(reply) => {
                let response = reply::response(reply, Headers::new(), self.context(facts))?;
                Course::Denied { by: "fault".to_owned(), why: String::new(), response }
            }
        })
    }

    /// `400` for a credential that is presented twice, else `401` with a challenge.
    fn unauthenticated(&mut self, refusal: &authenticate::Refusal, facts: &Facts) -> Result<Course, EngineError> {
        if refusal.status == 503 {
            return self.fault(facts);
        }
        let Some(credential) = self.policy.credentials.get(refusal.credential.index()) else {
            return self.fault(facts);
        };
        let mut headers = Headers::new();
        if refusal.status == 401 {
            let challenge = authenticate::challenge(&self.policy.name.text, credential, refusal.invalid);
            headers.push(("www-authenticate".to_owned(), challenge.into_bytes()));
        }
        let by = credential.name().text.clone();
        self.count(&by, refusal.outcome);
        Ok(Course::Denied { by, why: refusal.outcome.to_owned(), response: reply::empty(refusal.status, headers) })
    }
}
