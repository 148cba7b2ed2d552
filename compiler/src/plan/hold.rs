//! Hosts that let headers go before the body is in. In: a plan. Out: a finding for each rule and credential that needs more.

use super::Plan;
use crate::base::{Code, Diagnostic, Diagnostics};
use crate::ir::hir;

/// What of a policy cannot run where headers cannot be held for a body (Envoy without `allow_on_headers_stop_iteration`).
pub fn without_header_hold(policy: &hir::Policy, plan: &Plan) -> Diagnostics {
    let mut found = Diagnostics::new();
    let mut refuse = |name: &hir::Name, whose: &str| {
        let message = format!("`{}` reads the body of the {whose}, and this host cannot hold headers until it is in", name.text);
        let help = "decide by the headers, or deploy where `allow_on_headers_stop_iteration` can be set (`portcullis deploy envoy`, an EnvoyFilter)";
        found.push(Diagnostic::error(Code::HostLimit, name.span, message, "would be decided when its headers are gone").help(help));
    };
    for credential in policy.credentials.iter().filter(|credential| credential.reads_body()) {
        refuse(credential.name(), "request");
    }
    for (rule, planned) in policy.rules.iter().zip(&plan.rules) {
        if planned.body.is_some() {
            refuse(&rule.name, "request");
        }
        if planned.response_body.is_some() {
            refuse(&rule.name, "response");
        }
    }
    found
}
