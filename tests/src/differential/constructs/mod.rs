//! Which constructs of the typed tree policies contain. The matches have no `_`, so that a new construct shows up here.

mod all;
mod jwt;
mod signed;
mod types;

use std::collections::BTreeSet;

use portcullis::ir::ast::{BinaryOp, Quantifier};
use portcullis::ir::hir;

pub use all::ALL;

/// The names of all constructs in a policy.
pub fn of(policy: &hir::Policy) -> BTreeSet<&'static str> {
    let mut found = Found { names: BTreeSet::new() };
    found.policy(policy);
    found.names
}

struct Found {
    names: BTreeSet<&'static str>,
}

impl Found {
    fn add(&mut self, name: &'static str) {
        self.names.insert(name);
    }

    fn add_if(&mut self, condition: bool, name: &'static str) {
        if condition {
            self.add(name);
        }
    }

    fn policy(&mut self, policy: &hir::Policy) {
        for (action, allow, deny) in [
            (&policy.default, "default allow", "default deny"),
            (&policy.on_fault, "on_fault allow", "on_fault deny"),
            (&policy.on_oversize, "on_oversize allow", "on_oversize deny"),
        ] {
            match action {
                hir::Action::Allow => self.add(allow),
                hir::Action::Deny(reply) => {
                    self.add(deny);
                    self.reply(reply);
                }
            }
        }
        self.hosts(&policy.hosts);
        self.add_if(policy.trusted_hops > 0, "trusted_hops");
        self.add_if(!policy.normalize_path, "path as received");
        policy.config.iter().for_each(|config| self.config(config));
        for item in &policy.lets {
            self.add("let");
            self.expr(&item.value);
        }
        for item in &policy.fns {
            self.add("fn");
            self.expr(&item.body);
        }
        for list in &policy.lists {
            self.add("list");
            self.table(&list.ty);
        }
        for map in &policy.maps {
            self.add("map");
            self.table(&map.ty);
        }
        policy.credentials.iter().for_each(|credential| self.credential(credential));
        policy.limits.iter().for_each(|limit| self.limit(limit));
        policy.scopes.iter().for_each(|scope| self.scope(scope));
        self.add_if(policy.shadow, "shadow policy");
        self.add_if(policy.default_would_deny, "shadow default");
        policy.rules.iter().for_each(|rule| self.rule(rule));
    }

    fn credential(&mut self, credential: &hir::Credential) {
        match credential {
            hir::Credential::ApiKey(key) => {
                for from in &key.from {
                    self.add(match from {
                        hir::CredentialSource::Bearer | hir::CredentialSource::Basic => "api_key bearer",
                        hir::CredentialSource::Header(_) => "api_key header",
                        hir::CredentialSource::Query(_) => "api_key query",
                        hir::CredentialSource::Cookie(_) => "api_key cookie",
                    });
                }
                self.add(match key.keys {
                    hir::Keys::Known(_) => "api_key keys",
                    hir::Keys::Config(_) => "api_key configured keys",
                });
                self.add_if(key.forward, "api_key forward");
            }
            hir::Credential::Basic(basic) => {
                for from in &basic.from {
                    self.add(match from {
                        hir::CredentialSource::Basic | hir::CredentialSource::Bearer => "basic authorization",
                        hir::CredentialSource::Header(_) => "basic header",
                        hir::CredentialSource::Query(_) => "basic query",
                        hir::CredentialSource::Cookie(_) => "basic cookie",
                    });
                }
                self.add(match basic.users {
                    hir::Keys::Known(_) => "basic users",
                    hir::Keys::Config(_) => "basic configured users",
                });
                self.add_if(basic.forward, "basic forward");
            }
            hir::Credential::Mtls(mtls) => {
                self.add_if(!mtls.subjects.is_empty(), "mtls subjects");
                for pattern in &mtls.sans {
                    self.add(match pattern {
                        hir::PeerPattern::Exact(_) => "mtls exact",
                        hir::PeerPattern::Begins(_) => "mtls begins",
                        hir::PeerPattern::Ends(_) => "mtls ends",
                        hir::PeerPattern::Any => "mtls any",
                    });
                }
            }
            hir::Credential::Jwt(jwt) => self.jwt(jwt),
            hir::Credential::Hmac(hmac) => self.hmac(hmac),
            hir::Credential::Token(token) => self.token(token),
        }
    }

    fn hosts(&mut self, hosts: &[hir::HostPattern]) {
        for host in hosts {
            self.add(match host {
                hir::HostPattern::Exact(_) => "host",
                hir::HostPattern::Under(_) => "host under",
            });
        }
    }

    fn config(&mut self, config: &hir::Config) {
        self.add_if(config.ty.is_optional(), "config optional");
        self.add_if(config.default.is_some(), "config default");
        match config.ty.present() {
            hir::Ty::List(item) => {
                self.add("config list");
                self.configured(item);
            }
            hir::Ty::Map(item) => {
                self.add("config map");
                self.configured(item);
            }
            ty => self.configured(ty),
        }
    }

    fn configured(&mut self, ty: &hir::Ty) {
        self.names.extend(types::configured(ty));
    }

    fn table(&mut self, ty: &hir::Ty) {
        self.names.extend(types::tabled(ty));
    }

    fn limit(&mut self, limit: &hir::Limit) {
        limit.key.iter().for_each(|part| self.expr(part));
        self.expr(&limit.count);
        self.expr(&limit.period);
        self.add_if(matches!(limit.count.kind, hir::ExprKind::Match(..)), "limit of several rates");
        self.add_if(matches!(limit.period.kind, hir::ExprKind::Match(..)), "limit of several periods");
        self.add_if(!matches!(limit.count.kind, hir::ExprKind::Const(_) | hir::ExprKind::Match(..)), "limit configured");
        if let Some(burst) = &limit.burst {
            self.add("limit burst");
            self.expr(burst);
        }
        self.add(match limit.scope {
            hir::LimitScope::Proxy => "limit proxy",
            hir::LimitScope::Worker => "limit worker",
        });
        self.add_if(!limit.headers, "limit no headers");
        self.add(if limit.needs_identity { "limit needs identity" } else { "limit plain" });
        self.add_if(limit.shadow, "shadow limit");
        self.reply(&limit.exceed);
        match &limit.absent {
            None => {}
            Some(hir::Absent::Skip) => self.add("limit skip"),
            Some(hir::Absent::Share) => self.add("limit share"),
            Some(hir::Absent::Deny(reply)) => {
                self.add("limit deny");
                self.reply(reply);
            }
        }
    }

    fn scope(&mut self, scope: &hir::Scope) {
        self.add(if scope.parent.is_some() { "scope in scope" } else { "scope" });
        self.add_if(scope.shadow, "shadow scope");
        self.add_if(scope.shadow && !scope.authenticate.is_empty(), "shadow authenticate");
        self.add_if(scope.shadow && !scope.apply.is_empty(), "shadow apply");
        self.add_if(!scope.hosts.is_empty(), "scope hosts");
        self.add_if(!scope.apply.is_empty(), "scope apply");
        self.hosts(&scope.hosts);
        for line in &scope.authenticate {
            self.add(if line.any { "authenticate or" } else { "authenticate and" });
            self.add_if(line.optional, "authenticate optional");
        }
    }

    fn rule(&mut self, rule: &hir::Rule) {
        if rule.shadow {
            self.add(match &rule.kind {
                hir::RuleKind::Permit => "shadow permit",
                hir::RuleKind::Forbid(_) => "shadow forbid",
                hir::RuleKind::RewriteRequest(_) => "shadow rewrite request",
                hir::RuleKind::RewriteResponse(_) => "shadow rewrite response",
                hir::RuleKind::RedactResponse(_) => "shadow redact",
                hir::RuleKind::Route(_) => "shadow route",
            });
        }
        self.add_if(rule.on.len() > 1, "on several");
        for on in &rule.on {
            self.add_if(!on.methods.is_empty(), "on methods");
            for template in &on.templates {
                self.add_if(template.rest, "on rest");
                for segment in &template.segments {
                    self.add(match segment {
                        hir::Segment::Literal(_) => "on literal",
                        hir::Segment::Capture(_) => "on capture",
                        hir::Segment::Any => "on any",
                    });
                }
            }
        }
        for condition in &rule.conditions {
            self.add("when");
            self.expr(condition);
        }
        match &rule.kind {
            hir::RuleKind::Permit => self.add("permit"),
            hir::RuleKind::Forbid(reply) => {
                self.add("forbid");
                self.reply(reply);
            }
            hir::RuleKind::RewriteRequest(edits) => {
                self.add("rewrite request");
                self.edits(edits);
            }
            hir::RuleKind::RewriteResponse(edits) => {
                self.add("rewrite response");
                self.edits(edits);
            }
            hir::RuleKind::RedactResponse(redact) => self.redact(redact),
            hir::RuleKind::Route(route) => {
                self.add("route");
                for arm in &route.arms {
                    self.add("route arm");
                    self.expr(&arm.condition);
                    self.target(&arm.target);
                }
                self.target(&route.otherwise);
            }
        }
    }

    fn redact(&mut self, redact: &hir::Redact) {
        self.add("redact");
        self.add_if(redact.max_body.is_some(), "redact max_body");
        self.add_if(redact.on_oversize.is_none(), "redact oversize allow");
        self.add_if(redact.on_encoded.is_none(), "redact encoded allow");
        self.add_if(!redact.headers.is_empty(), "redact header");
        for hir::AnyRedaction { detector: hir::Detector::Card, .. } in &redact.any {
            self.add("redact any");
        }
        redact.on_oversize.iter().chain(&redact.on_encoded).for_each(|reply| self.reply(reply));
    }

    fn edits(&mut self, edits: &[hir::Edit]) {
        for edit in edits {
            match &edit.target {
                hir::EditTarget::Set(_, value) => {
                    self.add("set");
                    self.expr(value);
                }
                hir::EditTarget::Append(_, value) => {
                    self.add("append");
                    self.expr(value);
                }
                hir::EditTarget::Remove(hir::HeaderPattern::Exact(_)) => self.add("remove"),
                hir::EditTarget::Remove(hir::HeaderPattern::Prefix(_)) => self.add("remove prefix"),
                hir::EditTarget::Path(value) => {
                    self.add("path");
                    self.expr(value);
                }
                hir::EditTarget::Host(value) => {
                    self.add("host edit");
                    self.expr(value);
                }
            }
        }
    }

    fn target(&mut self, target: &hir::Target) {
        match target {
            hir::Target::Cluster(name) => {
                self.add("cluster");
                self.expr(name);
            }
            hir::Target::Keep => self.add("keep"),
            hir::Target::Split(key, _) => {
                self.add("split");
                self.expr(key);
            }
        }
    }

    fn reply(&mut self, reply: &hir::Reply) {
        match &reply.body {
            hir::ReplyBody::Empty => self.add("reply empty"),
            hir::ReplyBody::Text(text) => {
                self.add("reply text");
                self.expr(text);
            }
            hir::ReplyBody::Json(json) => {
                self.add("reply json");
                self.json(json);
            }
            hir::ReplyBody::Location(to) => {
                self.add("reply location");
                self.expr(to);
            }
        }
    }

    fn json(&mut self, json: &hir::Json) {
        match json {
            hir::Json::Null => self.add("json null"),
            hir::Json::Expr(expr) => {
                self.add("json expr");
                self.add_if(matches!(expr.ty, hir::Ty::List(_)), "json list");
                self.expr(expr);
            }
            hir::Json::Array(items) => {
                self.add("json array");
                items.iter().for_each(|item| self.json(item));
            }
            hir::Json::Object(members) => {
                self.add("json object");
                members.iter().for_each(|(_, member)| self.json(member));
            }
        }
    }

    fn expr(&mut self, expr: &hir::Expr) {
        self.add(match &expr.kind {
            hir::ExprKind::Const(constant) => match constant {
                hir::Const::Bool(_) => "bool",
                hir::Const::Int(_) => "int",
                hir::Const::Float(_) => "float",
                hir::Const::String(_) => "string",
                hir::Const::Bytes(_) => "bytes",
                hir::Const::Ip(_) => "ip",
                hir::Const::Cidr(..) => "cidr",
            },
            hir::ExprKind::Read(read) | hir::ExprKind::ReadAt(read, _) => self::read(read),
            hir::ExprKind::Config(_) => "config",
            hir::ExprKind::Let(_) => "let name",
            hir::ExprKind::List(_) => "list name",
            hir::ExprKind::ListOf(_) => "list of",
            hir::ExprKind::MapGet(..) => "map get",
            hir::ExprKind::ConfigMapGet(..) => "config map get",
            hir::ExprKind::Not(_) => "not",
            hir::ExprKind::And(_) => "and",
            hir::ExprKind::Or(_) => "or",
            hir::ExprKind::Equal(..) => "equal",
            hir::ExprKind::Less(..) => "less",
            hir::ExprKind::LessEqual(..) => "less or equal",
            hir::ExprKind::In(..) => "in",
            hir::ExprKind::InMap(..) => "in map",
            hir::ExprKind::InConfigMap(..) => "in config map",
            hir::ExprKind::InCidr(..) => "in cidr",
            hir::ExprKind::Contains(..) => "contains",
            hir::ExprKind::StartsWith(..) => "starts_with",
            hir::ExprKind::EndsWith(..) => "ends_with",
            hir::ExprKind::Matches(..) => "matches",
            hir::ExprKind::Present(_) => "present",
            hir::ExprKind::Coalesce(..) => "coalesce",
            hir::ExprKind::JsonMember(..) => "json member",
            hir::ExprKind::JsonElement(..) => "json element",
            hir::ExprKind::JsonAs(_) => match expr.ty.present() {
                hir::Ty::Int => "json as int",
                hir::Ty::Float => "json as float",
                hir::Ty::Bool => "json as bool",
                hir::Ty::List(element) => match **element {
                    hir::Ty::Int => "json as ints",
                    hir::Ty::Json => "json as a list",
                    _ => "json as strings",
                },
                _ => "json as string",
            },
            hir::ExprKind::Object(_) => "object",
            hir::ExprKind::TimeText(_) => "time in a text",
            hir::ExprKind::JsonIsNull(_) => "json is null",
            hir::ExprKind::JsonHas(..) => "json has",
            hir::ExprKind::Concat(_) => "concat",
            hir::ExprKind::Arithmetic(op, ..) if expr.ty == hir::Ty::Float => match op {
                BinaryOp::Add => "add floats",
                BinaryOp::Subtract => "subtract floats",
                BinaryOp::Multiply | BinaryOp::Remainder => "multiply floats",
            },
            hir::ExprKind::Arithmetic(op, left, _) if left.ty == hir::Ty::Time || expr.ty == hir::Ty::Time => match op {
                BinaryOp::Add => "add to a time",
                BinaryOp::Subtract | BinaryOp::Multiply | BinaryOp::Remainder => "subtract from a time",
            },
            hir::ExprKind::Arithmetic(op, ..) if expr.ty == hir::Ty::Duration => match op {
                BinaryOp::Add => "add durations",
                BinaryOp::Subtract => "subtract durations",
                BinaryOp::Multiply => "multiply a duration",
                BinaryOp::Remainder => "remainder of durations",
            },
            hir::ExprKind::Arithmetic(op, ..) => match op {
                BinaryOp::Add => "add",
                BinaryOp::Subtract => "subtract",
                BinaryOp::Multiply => "multiply",
                BinaryOp::Remainder => "remainder",
            },
            hir::ExprKind::If(..) => "if",
            hir::ExprKind::Match(..) => "match",
            hir::ExprKind::Index(..) => "index",
            hir::ExprKind::Quantified(quantifier, ..) => match quantifier {
                Quantifier::Some => "some",
                Quantifier::Every => "every",
            },
            hir::ExprKind::Bound(_) => "bound",
            hir::ExprKind::Invoke(..) => "fn call",
            hir::ExprKind::Call(function, _) => function.call(),
        });
        expr.operands().into_iter().for_each(|operand| self.expr(operand));
    }
}

fn read(read: &hir::Read) -> &'static str {
    match read {
        hir::Read::Method => "method",
        hir::Read::Scheme => "scheme",
        hir::Read::Host => "request.host",
        hir::Read::Protocol => "protocol",
        hir::Read::RequestId => "request.id",
        hir::Read::Path => "request.path",
        hir::Read::RawPath => "raw_path",
        hir::Read::Query(_) => "query",
        hir::Read::QueryAll(_) => "query.all",
        hir::Read::QueryCount => "query.count",
        hir::Read::Header(_) => "header",
        hir::Read::HeaderAll(_) => "header.all",
        hir::Read::HeaderCount => "header.count",
        hir::Read::Cookie(_) => "cookie",
        hir::Read::Capture(..) => "capture",
        hir::Read::ClientIp => "client.ip",
        hir::Read::ClientPort => "client.port",
        hir::Read::ClientTls => "client.tls",
        hir::Read::ClientCertificate(_) => "client.tls.subject",
        hir::Read::ClientSans => "client.tls.sans",
        hir::Read::Member(_, member) => member.as_str(),
        hir::Read::Claim(..) => "claim",
        hir::Read::CredentialPresent(_) => "credential present",
        hir::Read::Now => "now",
        hir::Read::NowWeekday => "now.weekday",
        hir::Read::NowHour => "now.hour",
        hir::Read::NowMinute => "now.minute",
        hir::Read::BodySize => "body.size",
        hir::Read::BodyText => "body.text",
        hir::Read::BodyBytes => "body.bytes",
        hir::Read::BodyJson => "body.json",
        hir::Read::BodyForm(_) => "body.form",
        hir::Read::Computed(keyed) => match keyed {
            hir::Keyed::Query => "query by value",
            hir::Keyed::QueryAll => "query.all by value",
            hir::Keyed::Header => "header by value",
            hir::Keyed::HeaderAll => "header.all by value",
            hir::Keyed::Cookie => "cookie by value",
            hir::Keyed::BodyForm => "form by value",
            hir::Keyed::ResponseHeader => "response.header by value",
        },
        hir::Read::ResponseStatus => "response.status",
        hir::Read::ResponseHeader(_) => "response.header",
        hir::Read::ResponseText => "response.body.text",
        hir::Read::ResponseJson => "response.body.json",
    }
}
