//! What the scopes that a request lies in demand and apply. In: scopes, facts. Out: a refusal, or what was spent and counted.

use super::authenticate;
use super::facts::Facts;
use super::interpreter::{Course, Run};
use super::limit::{self, Admitted, Verdict};
use super::reply;
use crate::ir::hir;
use crate::tools::engine::EngineError;
use crate::tools::message::Headers;

impl Run<'_> {
    /// The first credential that a scope misses refuses; of scopes in shadow the first counts.
    pub(super) fn authenticate(&mut self, scopes: &[&hir::Scope], facts: &Facts) -> Option<Course> {
        let mut watched = None;
        for scope in scopes {
            match authenticate::refusal(&scope.authenticate, &facts.credentials) {
                Some(refusal) if scope.shadow => watched = watched.or(Some(refusal)),
                Some(refusal) => {
                    self.watched_refusal(watched);
                    return Some(self.unauthenticated(&refusal));
                }
                None => {}
            }
        }
        self.watched_refusal(watched);
        None
    }

    /// One step of limits: those that matching scopes apply, in file order.
    pub(super) fn limits(
        &mut self,
        scopes: &[&hir::Scope],
        needs_identity: bool,
        facts: &Facts,
        admitted: &mut Admitted,
    ) -> Result<Option<Course>, EngineError> {
        let policy = self.policy;
        let applied = |index: usize, shadow: bool| {
            let applies = |scope: &&hir::Scope| scope.shadow == shadow && scope.apply.iter().any(|id| id.index() == index);
            scopes.iter().any(applies)
        };
        let mut enforced = Vec::new();
        let mut watched = Vec::new();
        for (index, limit) in policy.limits.iter().enumerate().filter(|(_, limit)| limit.needs_identity == needs_identity) {
            if applied(index, false) && !limit.shadow {
                enforced.push((index, limit));
            } else if applied(index, false) || applied(index, true) {
                // What is only watched must spend nothing of what refuses elsewhere: it has tables of its own.
                watched.push((index + policy.limits.len(), limit));
            }
        }
        let ctx = self.context(facts);
        match limit::step(&enforced, ctx, self.now, self.tables)? {
            Verdict::Admitted(step) => admitted.extend(step),
            Verdict::Refused { limit, reply, headers } => {
                let response = reply::response(reply, headers, ctx)?;
                return Ok(Some(self.deny(&limit.name.text, response)));
            }
        }
        for (index, limit) in watched {
            let known = |id: &hir::CredentialId| facts.credentials.get(id.index()).is_some_and(authenticate::Presented::is_valid);
            if limit.requires.iter().all(known)
                && let Verdict::Refused { .. } = limit::step(&[(index, limit)], ctx, self.now, self.tables)?
            {
                self.count(&limit.name.text, "shadow");
            }
        }
        Ok(None)
    }

    /// Counts the credential that a scope in shadow would have refused.
    fn watched_refusal(&mut self, refusal: Option<authenticate::Refusal>) {
        let policy = self.policy;
        if let Some(credential) = refusal.and_then(|refusal| policy.credentials.get(refusal.credential.index())) {
            self.count(&credential.name().text, "shadow");
        }
    }

    /// `400` for a credential that is presented twice, else `401` with a challenge.
    fn unauthenticated(&mut self, refusal: &authenticate::Refusal) -> Course {
        let Some(credential) = self.policy.credentials.get(refusal.credential.index()) else {
            return self.deny("fault", reply::empty(503, Headers::new()));
        };
        let mut headers = Headers::new();
        if refusal.status == 401 {
            let challenge = authenticate::challenge(&self.policy.name.text, credential, refusal.invalid);
            headers.push(("www-authenticate".to_owned(), challenge.into_bytes()));
        }
        let by = credential.name().text.clone();
        self.count(&by, refusal.outcome);
        Course::Denied { by, response: reply::empty(refusal.status, headers) }
    }
}
