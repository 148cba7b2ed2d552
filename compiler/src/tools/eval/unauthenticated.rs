//! What becomes of requests whose credentials do not do.

use super::authenticate;
use super::facts::Facts;
use super::interpreter::{Course, Run};
use super::reply;
use crate::ir::hir;
use crate::tools::engine::EngineError;
use crate::tools::message::Headers;

impl Run<'_> {
    /// Keys that are needed are not there: a fault.
    pub(super) fn without_keys(&mut self, facts: &Facts) -> Result<Course, EngineError> {
        match &self.policy.on_fault {
            hir::Action::Deny(reply) => {
                let response = reply::response(reply, Headers::new(), self.context(facts))?;
                self.count("fault", "fault");
                Ok(Course::Denied { by: "fault".to_owned(), response })
            }
            hir::Action::Allow => Err(EngineError("a request that goes on without keys is not interpreted".to_owned())),
        }
    }

    /// `400` for a credential that is presented twice, else `401` with a challenge.
    pub(super) fn unauthenticated(&mut self, refusal: &authenticate::Refusal) -> Course {
        let Some(credential) = self.policy.credentials.get(refusal.credential.index()) else {
            return self.deny("fault", reply::empty(503, Headers::new()));
        };
        let mut headers = Headers::new();
        if refusal.status == 401 {
            let challenge = authenticate::challenge(&self.policy.name.text, credential, refusal.invalid);
            headers.push(("www-authenticate".to_owned(), challenge.into_bytes()));
        }
        let by = credential.name().text.clone();
        let outcome = match credential {
            hir::Credential::ApiKey(_) => "deny",
            hir::Credential::Basic(_) | hir::Credential::Jwt(_) => refusal.outcome,
        };
        self.count(&by, outcome);
        Course::Denied { by, response: reply::empty(refusal.status, headers) }
    }
}
