//! One step of limits in a request: those that need no identity, or those that do.

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
        let applies = |index: usize| scopes.iter().any(|scope| scope.apply.iter().any(|id| id.index() == index));
        let limits: Vec<(usize, &hir::Limit)> =
            policy.limits.iter().enumerate().filter(|(index, limit)| limit.needs_identity == needs_identity && applies(*index)).collect();
        let ctx = self.context(facts);
        match limit::step(&limits, ctx, self.now, self.tables)? {
            Verdict::Admitted(step) => {
                admitted.extend(step);
                Ok(None)
            }
            Verdict::Refused { limit, reply, headers } => {
                let response = reply::response(reply, headers, ctx)?;
                Ok(Some(self.deny(&limit.name.text, response)))
            }
        }
    }
}
