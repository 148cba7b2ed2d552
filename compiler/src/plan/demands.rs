//! Which headers the module must find in the pairs that the host hands over, so that each gets a numbered slot.

use std::collections::BTreeSet;

use super::{Plan, response};
use crate::ir::hir::{self, CredentialSource, Keyed, Read};

/// Headers that have a slot in every policy, so they are not demanded again; `host` stands for `:authority`.
pub(crate) const FIXED: [&str; 4] = ["host", "content-type", "content-length", "authorization"];

pub(super) fn collect(policy: &hir::Policy, plan: &mut Plan) {
    let mut request: BTreeSet<String> = BTreeSet::new();
    let mut answer: BTreeSet<String> = BTreeSet::new();
    let mut look = |expr: &hir::Expr| {
        expr.reads(policy, &mut |read| match read {
            Read::Header(name) | Read::HeaderAll(name) => {
                request.insert(name.clone());
            }
            Read::Cookie(_) | Read::Computed(Keyed::Cookie) => {
                request.insert("cookie".to_owned());
            }
            Read::RequestId => {
                request.insert("x-request-id".to_owned());
            }
            Read::ResponseHeader(name) => {
                answer.insert(name.clone());
            }
            Read::Method
            | Read::Scheme
            | Read::Host
            | Read::Protocol
            | Read::Path
            | Read::RawPath
            | Read::Query(_)
            | Read::QueryAll(_)
            | Read::QueryCount
            | Read::HeaderCount
            | Read::Capture(..)
            | Read::ClientIp
            | Read::ClientPort
            | Read::ClientTls
            | Read::ClientCertificate(_)
            | Read::ClientSans
            | Read::Now
            | Read::NowWeekday
            | Read::NowHour
            | Read::NowMinute
            | Read::Member(..)
            | Read::Claim(..)
            | Read::CredentialPresent(_)
            | Read::BodySize
            | Read::Computed(Keyed::Query | Keyed::QueryAll | Keyed::Header | Keyed::HeaderAll | Keyed::BodyForm | Keyed::ResponseHeader)
            | Read::BodyText
            | Read::BodyBytes
            | Read::BodyJson
            | Read::BodyForm(_)
            | Read::ResponseText
            | Read::ResponseJson
            | Read::ResponseStatus => {}
        });
    };
    for condition in &plan.conditions {
        condition.exprs.iter().for_each(&mut look);
    }
    for rule in &plan.rules {
        rule.response_conditions.iter().for_each(&mut look);
    }
    for subject in &plan.subjects {
        look(&subject.expr);
    }
    for expr in policy.values() {
        look(expr);
    }
    if plan.rules.iter().any(|rule| rule.body.is_some_and(super::Body::content)) {
        // What is encoded cannot be read.
        request.insert("content-encoding".to_owned());
    }
    if plan.rules.iter().any(|rule| rule.response_body.is_some()) {
        answer.insert("content-encoding".to_owned());
    }
    for credential in &policy.credentials {
        for source in credential.from() {
            match source {
                CredentialSource::Header(name) => {
                    request.insert(name.clone());
                }
                CredentialSource::Cookie(_) => {
                    request.insert("cookie".to_owned());
                }
                CredentialSource::Bearer | CredentialSource::Basic | CredentialSource::Query(_) => {}
            }
        }
    }
    plan.request_headers = request.into_iter().filter(|name| !FIXED.contains(&name.as_str())).collect();
    plan.response_headers = answer.into_iter().filter(|name| !FIXED.contains(&name.as_str())).collect();
}

/// Whether some scope authenticates a credential that signs the body of the request.
pub(super) fn signs_body(policy: &hir::Policy) -> bool {
    let mut demanded = policy.scopes.iter().flat_map(|scope| &scope.authenticate).flat_map(|line| &line.credentials);
    demanded.any(|id| policy.credentials.get(id.index()).is_some_and(hir::Credential::reads_body))
}

/// Whether anything in the policy reads a response fact or acts on responses.
pub(super) fn has_response_phase(policy: &hir::Policy, plan: &Plan) -> bool {
    let acts = plan.rules.iter().any(|rule| rule.phase == super::Phase::Response && !rule.dead);
    let headers = policy
        .limits
        .iter()
        .enumerate()
        .any(|(index, limit)| limit.headers && policy.scopes.iter().any(|scope| scope.apply.iter().any(|id| id.index() == index)));
    acts || headers || plan.rules.iter().any(|rule| rule.response_conditions.iter().any(|expr| response::reads_response(policy, expr)))
}
