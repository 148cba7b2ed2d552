//! What a module needs of its host, in the words of the portability profile: told by the mechanisms that it calls.
//! In: the finished functions. Out: names for the module's own description, sorted.

use std::collections::BTreeSet;

use portcullis_runtime::contract::Mechanism;

use crate::ir::hir;
use crate::ir::lir::walk::{Node, stmts};
use crate::ir::lir::{Expr, Module};

/// The features in use.
pub(super) fn needed(policy: &hir::Policy, module: &Module) -> BTreeSet<&'static str> {
    let mut features = BTreeSet::new();
    for function in &module.functions {
        stmts(&function.body, &mut |node| {
            if let Node::Expr(Expr::Call(mechanism, _)) = node {
                features.extend(of(*mechanism));
            }
        });
    }
    let limited = features.remove("limits");
    if limited && policy.limits.iter().any(|limit| limit.scope == hir::LimitScope::Proxy) {
        features.insert("shared_data");
    }
    if limited {
        features.extend(["clock", "random"]);
    }
    features
}

/// What one mechanism asks of the host, beyond reading request headers and logging.
fn of(mechanism: Mechanism) -> &'static [&'static str] {
    if let Mechanism::ReplySend = mechanism {
        return &["local_response", "filter_state"];
    }
    if let Mechanism::Count = mechanism {
        return &["metrics"];
    }
    if let Mechanism::HeaderSet
    | Mechanism::HeaderAppend
    | Mechanism::HeaderRemove
    | Mechanism::HeaderRemovePrefix
    | Mechanism::ForwardCommit
    | Mechanism::RedactHeader = mechanism
    {
        return &["header_edits"];
    }
    if let Mechanism::ClientIp
    | Mechanism::ClientPort
    | Mechanism::ClientTls
    | Mechanism::ClientCertificate
    | Mechanism::ClientSans
    | Mechanism::RequestProtocol = mechanism
    {
        return &["properties"];
    }
    if mechanism == Mechanism::BodyHold {
        return &["request_body", "request_header_hold"];
    }
    if let Mechanism::CredentialFresh | Mechanism::CredentialNear | Mechanism::CredentialHttp = mechanism {
        return &["clock"];
    }
    if mechanism == Mechanism::CredentialOnce {
        return &["clock", "random", "shared_data"];
    }
    if mechanism == Mechanism::ResponseHold {
        return &["response_body", "response_header_hold"];
    }
    if mechanism == Mechanism::ResponseBegin {
        return &["response_headers"];
    }
    if mechanism == Mechanism::RedactAdd {
        return &["response_body"];
    }
    if mechanism == Mechanism::CredentialCheckFetched {
        return &["clock", "http_call", "random", "shared_data", "tick"];
    }
    if mechanism == Mechanism::CredentialCheckJwt {
        return &["clock", "random"];
    }
    if mechanism == Mechanism::SignaturesRequire {
        return &["verify_signature"];
    }
    if mechanism == Mechanism::ConfigLoad {
        return &["plugin_configuration"];
    }
    if mechanism == Mechanism::LimitCheck { &["limits"] } else { &[] }
}
