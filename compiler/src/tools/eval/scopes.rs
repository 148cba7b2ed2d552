//! What the scopes that a request lies in demand and apply. In: scopes, facts. Out: a refusal, or what was spent and counted.

use super::authenticate;
use super::facts::Facts;
use super::interpreter::{Course, Run};
use super::limit::{self, Admitted, Verdict};
use super::reply;
use crate::ir::hir;
use crate::tools::engine::EngineError;

impl Run<'_> {
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
    pub(super) fn watched_refusal(&mut self, refusal: Option<authenticate::Refusal>) {
        let policy = self.policy;
        if let Some(credential) = refusal.and_then(|refusal| policy.credentials.get(refusal.credential.index())) {
            self.count(&credential.name().text, "shadow");
        }
    }
}
