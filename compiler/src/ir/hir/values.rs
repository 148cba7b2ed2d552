//! The expressions outside conditions: what rules and replies write.

use super::{EditTarget, Expr, Reply, ReplyBody, Rule, RuleKind, Target};

impl Rule {
    /// The values that it writes, replies with, routes by.
    pub fn values(&self) -> Vec<&Expr> {
        let mut found = Vec::new();
        match &self.kind {
            RuleKind::Permit => {}
            RuleKind::Forbid(reply) => found.extend(reply.values()),
            RuleKind::RewriteRequest(edits) | RuleKind::RewriteResponse(edits) => {
                for edit in edits {
                    match &edit.target {
                        EditTarget::Set(_, value) | EditTarget::Append(_, value) | EditTarget::Path(value) | EditTarget::Host(value) => {
                            found.push(value);
                        }
                        EditTarget::Remove(_) => {}
                    }
                }
            }
            RuleKind::RedactResponse(redact) => {
                found.extend(redact.on_oversize.iter().chain(redact.on_encoded.iter()).flat_map(Reply::values));
            }
            RuleKind::Route(route) => {
                let targets = route.arms.iter().map(|arm| &arm.target).chain([&route.otherwise]);
                found.extend(route.arms.iter().map(|arm| &arm.condition));
                found.extend(targets.filter_map(|target| match target {
                    Target::Cluster(value) | Target::Split(value, _) => Some(value),
                    Target::Keep => None,
                }));
            }
        }
        found
    }
}

impl Reply {
    /// The values that its body is made of.
    pub fn values(&self) -> Vec<&Expr> {
        match &self.body {
            ReplyBody::Empty => Vec::new(),
            ReplyBody::Text(value) | ReplyBody::Location(value) => vec![value],
            ReplyBody::Json(json) => json.values(),
        }
    }
}
