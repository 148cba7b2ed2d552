//! The expressions outside conditions: what rules and replies write, what limits and credentials read.

use super::{Absent, Action, Credential, EditTarget, Expr, Policy, Reply, ReplyBody, Rule, RuleKind, Target};

impl Policy {
    /// Every expression outside the conditions of rules and outside `fn`s: edits, targets, replies, limits, credentials, `let`s.
    pub fn values(&self) -> Vec<&Expr> {
        let mut found: Vec<&Expr> = self.lets.iter().map(|item| &item.value).collect();
        found.extend(self.credentials.iter().flat_map(Credential::values));
        let replies = [&self.default, &self.on_fault, &self.on_oversize].into_iter().filter_map(|action| match action {
            Action::Allow => None,
            Action::Deny(reply) => Some(reply),
        });
        let mut replies: Vec<&Reply> = replies.collect();
        for limit in &self.limits {
            found.extend(limit.key.iter().chain([&limit.count, &limit.period]).chain(limit.burst.as_ref()));
            replies.push(&limit.exceed);
            if let Some(Absent::Deny(reply)) = &limit.absent {
                replies.push(reply);
            }
        }
        for reply in replies {
            found.extend(reply.values());
        }
        found.extend(self.rules.iter().flat_map(Rule::values));
        found
    }
}

impl Credential {
    /// What it reads besides the places where it stands.
    pub fn values(&self) -> Vec<&Expr> {
        match self {
            Credential::ApiKey(_) | Credential::Basic(_) | Credential::Mtls(_) | Credential::Jwt(_) => Vec::new(),
            Credential::Hmac(hmac) => hmac.exprs().collect(),
            Credential::Token(token) => token.exprs().collect(),
        }
    }
}

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
