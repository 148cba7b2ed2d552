//! The typed tree as text: readable, stable, one line per fact; what `portcullis dump hir` shows.

use std::fmt::Write;

use super::print_token;
use super::{
    Absent, Action, Authenticate, CertificatePart, ConfigDefault, Const, Credential, CredentialSource, Edit, EditTarget, Expr, ExprKind,
    HeaderPattern, HostPattern, Json, Keys, Limit, LimitScope, On, Policy, Read, Redact, Reply, ReplyBody, Rule, RuleKind, Segment, Target,
    Template,
};
use crate::ir::ast::{BinaryOp, Quantifier};

/// The whole policy.
pub fn print(policy: &Policy) -> String {
    let mut out = String::new();
    let mut line = |depth: usize, text: String| {
        out.push_str(&"  ".repeat(depth));
        out.push_str(&text);
        out.push('\n');
    };
    line(0, format!("policy {}{}", policy.name.text, in_shadow(policy.shadow)));
    let would_deny = if policy.default_would_deny { ", would deny" } else { "" };
    line(1, format!("default {}{would_deny}", action(policy, &policy.default)));
    line(1, format!("on_fault {}", action(policy, &policy.on_fault)));
    if !policy.hosts.is_empty() {
        line(1, format!("hosts {}", hosts(&policy.hosts)));
    }
    if policy.trusted_hops > 0 {
        line(1, format!("trusted_hops {}", policy.trusted_hops));
    }
    if !policy.normalize_path {
        line(1, "the path is forwarded as it came".to_owned());
    }
    for config in &policy.config {
        let default = config.default.as_ref().map(|default| format!(" = {}", config_default(default))).unwrap_or_default();
        line(0, format!("config {}: {}{default}", config.name.text, config.ty));
    }
    for item in &policy.lets {
        line(0, format!("let {}: {} = {}", item.name.text, item.value.ty, expr(policy, &item.value)));
    }
    for item in &policy.fns {
        let params: Vec<String> = item.params.iter().enumerate().map(|(level, (_, ty))| format!("${level}: {ty}")).collect();
        line(0, format!("fn {}({}): {} = {}", item.name.text, params.join(", "), item.body.ty, expr(policy, &item.body)));
    }
    for list in &policy.lists {
        let values: Vec<String> = list.values.iter().map(constant).collect();
        line(0, format!("list {} = [{}]", list.name.text, values.join(", ")));
    }
    for map in &policy.maps {
        let entries: Vec<String> = map.entries.iter().map(|(key, value)| format!("{key:?}: {}", constant(value))).collect();
        line(0, format!("map {} = {{{}}}", map.name.text, entries.join(", ")));
    }
    for service in &policy.services {
        line(0, format!("service {}", service.name.text));
        line(1, format!("cluster {:?} authority {:?} timeout {} ns", service.cluster, service.authority, service.timeout));
    }
    for credential in &policy.credentials {
        line(0, format!("{} {}", credential.keyword(), credential.name().text));
        let from: Vec<String> = credential.from().iter().map(source).collect();
        if !from.is_empty() {
            line(1, format!("from {}", from.join(", ")));
        }
        match credential {
            Credential::ApiKey(key) => keys(policy, "key", &key.keys, &mut line),
            Credential::Basic(basic) => keys(policy, "user", &basic.users, &mut line),
            Credential::Hmac(hmac) => super::print_hmac::lines(policy, hmac, &mut line),
            Credential::Mtls(mtls) => {
                for (what, patterns) in [("san", &mtls.sans), ("subject", &mtls.subjects)] {
                    patterns.iter().for_each(|pattern| line(1, format!("{what} {pattern}")));
                }
            }
            Credential::Jwt(jwt) => print_token::token(policy, jwt, &mut line),
            Credential::Token(token) => super::print_hmac::token(policy, token, &mut line),
        }
        if credential.forward() && !credential.from().is_empty() {
            line(1, "forward".to_owned());
        }
    }
    for limit in &policy.limits {
        limit_lines(policy, limit, &mut line);
    }
    for (index, scope) in policy.scopes.iter().enumerate() {
        let parent = scope.parent.map(|id| format!(" in scope {}", id.0)).unwrap_or_default();
        line(0, format!("scope {index} {}{parent}{}", scope.template, in_shadow(scope.shadow)));
        if !scope.hosts.is_empty() {
            line(1, format!("hosts {}", hosts(&scope.hosts)));
        }
        for authenticated in &scope.authenticate {
            line(1, authenticate(policy, authenticated));
        }
        for id in &scope.apply {
            let name = policy.limits.get(id.index()).map_or("?", |limit| &limit.name.text);
            line(1, format!("apply {name}"));
        }
    }
    for rule in &policy.rules {
        rule_lines(policy, rule, &mut line);
    }
    for test in &policy.tests {
        line(0, format!("test {:?}: {} steps", test.name.text, test.steps.len()));
    }
    out
}

fn in_shadow(shadow: bool) -> &'static str {
    if shadow { " in shadow" } else { "" }
}

fn limit_lines(policy: &Policy, limit: &Limit, line: &mut impl FnMut(usize, String)) {
    let identity = if limit.needs_identity { " after authentication" } else { "" };
    line(0, format!("limit {}{identity}{}", limit.name.text, in_shadow(limit.shadow)));
    for part in &limit.key {
        line(1, format!("key {}", expr(policy, part)));
    }
    line(1, format!("rate {} per {} ns", expr(policy, &limit.count), expr(policy, &limit.period)));
    if let Some(burst) = &limit.burst {
        line(1, format!("burst {}", expr(policy, burst)));
    }
    let scope = match limit.scope {
        LimitScope::Proxy => "proxy",
        LimitScope::Worker => "worker",
    };
    line(1, format!("scope {scope}, {} keys{}", limit.capacity, if limit.headers { ", headers" } else { "" }));
    line(1, format!("exceed {}", reply(policy, &limit.exceed)));
    match &limit.absent {
        None => {}
        Some(Absent::Skip) => line(1, "absent skip".to_owned()),
        Some(Absent::Share) => line(1, "absent share".to_owned()),
        Some(Absent::Deny(denied)) => line(1, format!("absent deny {}", reply(policy, denied))),
    }
}

fn rule_lines(policy: &Policy, rule: &Rule, line: &mut impl FnMut(usize, String)) {
    let keyword = match &rule.kind {
        RuleKind::Permit => "permit",
        RuleKind::Forbid(_) => "forbid",
        RuleKind::RewriteRequest(_) => "rewrite request",
        RuleKind::RewriteResponse(_) => "rewrite response",
        RuleKind::RedactResponse(_) => "redact response",
        RuleKind::Route(_) => "route",
    };
    let scope = rule.scope.map(|id| format!(" in scope {}", id.0)).unwrap_or_default();
    line(0, format!("{keyword} {:?}{scope}{}", rule.name.text, in_shadow(rule.shadow)));
    for on in &rule.on {
        line(1, on_text(on));
    }
    for condition in &rule.conditions {
        line(1, format!("when {}", expr(policy, condition)));
    }
    match &rule.kind {
        RuleKind::Permit => {}
        RuleKind::Forbid(denied) => line(1, format!("reply {}", reply(policy, denied))),
        RuleKind::RewriteRequest(edits) | RuleKind::RewriteResponse(edits) => {
            for Edit { target, .. } in edits {
                line(1, edit(policy, target));
            }
        }
        RuleKind::RedactResponse(redact) => redact_lines(policy, redact, line),
        RuleKind::Route(route) => {
            for arm in &route.arms {
                line(1, format!("when {} -> {}", expr(policy, &arm.condition), target(policy, &arm.target)));
            }
            line(1, format!("otherwise -> {}", target(policy, &route.otherwise)));
        }
    }
}

fn redact_lines(policy: &Policy, redact: &Redact, line: &mut impl FnMut(usize, String)) {
    let types: Vec<String> = redact.types.iter().map(|range| format!("{}/{}", range.main, range.sub)).collect();
    line(1, format!("types {}", types.join(", ")));
    let outcome =
        |reply_to: &Option<Reply>| reply_to.as_ref().map_or("allow".to_owned(), |denied| format!("deny {}", reply(policy, denied)));
    if let Some(most) = redact.max_body {
        line(1, format!("max_body {most}, {}", outcome(&redact.on_oversize)));
    }
    line(1, format!("on_encoded {}", outcome(&redact.on_encoded)));
    for any in &redact.any {
        line(1, format!("any {:?} -> mask(first {}, last {}, with {:?})", any.detector, any.keep_first, any.keep_last, any.with));
    }
    for header in &redact.headers {
        line(1, format!("header {} -> remove", header_pattern(header)));
    }
}

fn on_text(on: &On) -> String {
    let templates: Vec<String> = on.templates.iter().map(Template::to_string).collect();
    let methods = if on.methods.is_empty() { "any method".to_owned() } else { on.methods.join(", ") };
    format!("on {methods} {}", templates.join(", "))
}

fn authenticate(policy: &Policy, line: &Authenticate) -> String {
    let names: Vec<&str> = line
        .credentials
        .iter()
        .map(|id| match policy.credentials.get(id.index()) {
            Some(credential) => credential.name().text.as_str(),
            None => "?",
        })
        .collect();
    let optional = if line.optional { "optional " } else { "" };
    format!("authenticate {optional}{}", names.join(if line.any { " or " } else { " and " }))
}

fn edit(policy: &Policy, target: &EditTarget) -> String {
    match target {
        EditTarget::Set(name, value) => format!("set {name} = {}", expr(policy, value)),
        EditTarget::Append(name, value) => format!("append {name} = {}", expr(policy, value)),
        EditTarget::Remove(pattern) => format!("remove {}", header_pattern(pattern)),
        EditTarget::Path(value) => format!("path = {}", expr(policy, value)),
        EditTarget::Host(value) => format!("host = {}", expr(policy, value)),
    }
}

fn header_pattern(pattern: &HeaderPattern) -> String {
    match pattern {
        HeaderPattern::Exact(name) => name.clone(),
        HeaderPattern::Prefix(stem) => format!("{stem}*"),
    }
}

fn target(policy: &Policy, target: &Target) -> String {
    match target {
        Target::Cluster(name) => format!("cluster {}", expr(policy, name)),
        Target::Keep => "keep".to_owned(),
        Target::Split(key, weights) => {
            let weights: Vec<String> = weights.iter().map(|(name, weight)| format!("{name:?}: {weight}/10000")).collect();
            format!("split by {} {{{}}}", expr(policy, key), weights.join(", "))
        }
    }
}

fn keys(policy: &Policy, word: &str, keys: &Keys, line: &mut impl FnMut(usize, String)) {
    match keys {
        Keys::Known(known) => known.iter().for_each(|(name, digest)| line(1, format!("{word} {name:?} {}", hex(digest)))),
        Keys::Config(id) => line(1, format!("{word}s {}", config_name(policy, id.index()))),
    }
}

fn source(source: &CredentialSource) -> String {
    match source {
        CredentialSource::Bearer => "bearer".to_owned(),
        CredentialSource::Basic => "basic".to_owned(),
        CredentialSource::Header(name) => format!("header {name}"),
        CredentialSource::Query(key) => format!("query {key:?}"),
        CredentialSource::Cookie(name) => format!("cookie {name:?}"),
    }
}

fn action(policy: &Policy, action: &Action) -> String {
    match action {
        Action::Allow => "allow".to_owned(),
        Action::Deny(denied) => format!("deny {}", reply(policy, denied)),
    }
}

fn reply(policy: &Policy, reply: &Reply) -> String {
    let status = reply.status;
    match &reply.body {
        ReplyBody::Empty => status.to_string(),
        ReplyBody::Text(text) => format!("{status} text {}", expr(policy, text)),
        ReplyBody::Json(value) => format!("{status} json {}", json(policy, value)),
        ReplyBody::Location(to) => format!("{status} location {}", expr(policy, to)),
    }
}

fn json(policy: &Policy, value: &Json) -> String {
    match value {
        Json::Null => "null".to_owned(),
        Json::Expr(value) => expr(policy, value),
        Json::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| json(policy, item)).collect();
            format!("[{}]", items.join(", "))
        }
        Json::Object(members) => {
            let members: Vec<String> = members.iter().map(|(name, value)| format!("{name:?}: {}", json(policy, value))).collect();
            format!("{{{}}}", members.join(", "))
        }
    }
}

fn hosts(hosts: &[HostPattern]) -> String {
    let hosts: Vec<String> = hosts
        .iter()
        .map(|host| match host {
            HostPattern::Exact(name) => name.clone(),
            HostPattern::Under(suffix) => format!("*.{suffix}"),
        })
        .collect();
    hosts.join(", ")
}

impl std::fmt::Display for Template {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for segment in &self.segments {
            match segment {
                Segment::Literal(text) => write!(f, "/{text}")?,
                Segment::Capture(name) => write!(f, "/{{{name}}}")?,
                Segment::Any => f.write_str("/*")?,
            }
        }
        if self.rest { f.write_str("/**") } else { Ok(()) }
    }
}

fn config_default(default: &ConfigDefault) -> String {
    match default {
        ConfigDefault::One(value) => constant(value),
        ConfigDefault::List(values) => format!("[{}]", values.iter().map(constant).collect::<Vec<_>>().join(", ")),
        ConfigDefault::Map(entries) => {
            let entries: Vec<String> = entries.iter().map(|(key, value)| format!("{key:?}: {}", constant(value))).collect();
            format!("{{{}}}", entries.join(", "))
        }
    }
}

fn constant(value: &Const) -> String {
    match value {
        Const::Bool(value) => value.to_string(),
        Const::Int(value) => value.to_string(),
        Const::Float(value) => format!("{value:?}"),
        Const::String(value) => format!("{value:?}"),
        Const::Bytes(value) => format!("bytes {}", hex(value)),
        Const::Ip(address) => address.to_string(),
        Const::Cidr(address, bits) => format!("{address}/{bits}"),
    }
}

pub(super) fn config_name(policy: &Policy, index: usize) -> String {
    policy.config.get(index).map_or_else(|| "config.?".to_owned(), |config| format!("config.{}", config.name.text))
}

impl Expr {
    /// The expression as it could be written.
    pub fn text(&self, policy: &Policy) -> String {
        expr(policy, self)
    }
}

/// An expression; operators in parentheses, so that nothing hangs on precedence.
pub(super) fn expr(policy: &Policy, value: &Expr) -> String {
    let one = |operand: &Expr| expr(policy, operand);
    let many = |operands: &[Expr], between: &str| operands.iter().map(one).collect::<Vec<_>>().join(between);
    let map = |index: usize| policy.maps.get(index).map_or("?", |map| map.name.text.as_str());
    match &value.kind {
        ExprKind::Const(value) => constant(value),
        ExprKind::Read(what) => read(policy, what),
        ExprKind::ReadAt(what, key) => format!("{}[{}]", read(policy, what), one(key)),
        ExprKind::Config(id) => config_name(policy, id.index()),
        ExprKind::Let(id) => policy.lets.get(id.index()).map_or_else(|| "?".to_owned(), |item| item.name.text.clone()),
        ExprKind::List(id) => policy.lists.get(id.index()).map_or_else(|| "?".to_owned(), |list| list.name.text.clone()),
        ExprKind::ListOf(items) => format!("[{}]", many(items, ", ")),
        ExprKind::MapGet(id, key) => format!("{}[{}]", map(id.index()), one(key)),
        ExprKind::ConfigMapGet(id, key) => format!("{}[{}]", config_name(policy, id.index()), one(key)),
        ExprKind::Not(operand) => format!("not ({})", one(operand)),
        ExprKind::And(operands) => format!("({})", many(operands, " and ")),
        ExprKind::Or(operands) => format!("({})", many(operands, " or ")),
        ExprKind::Equal(left, right) => format!("({} == {})", one(left), one(right)),
        ExprKind::Less(left, right) => format!("({} < {})", one(left), one(right)),
        ExprKind::LessEqual(left, right) => format!("({} <= {})", one(left), one(right)),
        ExprKind::In(left, right) | ExprKind::InCidr(left, right) => format!("({} in {})", one(left), one(right)),
        ExprKind::InMap(key, id) => format!("({} in {})", one(key), map(id.index())),
        ExprKind::InConfigMap(key, id) => format!("({} in {})", one(key), config_name(policy, id.index())),
        ExprKind::Contains(left, right) => format!("({} contains {})", one(left), one(right)),
        ExprKind::StartsWith(left, right) => format!("({} starts_with {})", one(left), one(right)),
        ExprKind::EndsWith(left, right) => format!("({} ends_with {})", one(left), one(right)),
        ExprKind::Matches(operand, pattern, flags) => format!("({} matches /{}/{flags})", one(operand), pattern.replace('/', "\\/")),
        ExprKind::Present(operand) => format!("({} is present)", one(operand)),
        ExprKind::Coalesce(left, right) => format!("({} ?? {})", one(left), one(right)),
        ExprKind::JsonMember(left, right) | ExprKind::JsonElement(left, right) => format!("{}[{}]", one(left), one(right)),
        ExprKind::JsonAs(operand) => format!("({} as {})", one(operand), value.ty),
        ExprKind::JsonIsNull(operand) => format!("({} == null)", one(operand)),
        ExprKind::JsonHas(array, needle) => format!("({} in {})", one(needle), one(array)),
        ExprKind::Object(value) => json(policy, value),
        ExprKind::TimeText(time) => format!("text({})", one(time)),
        ExprKind::Concat(parts) => format!("concat({})", many(parts, ", ")),
        ExprKind::Arithmetic(op, left, right) => {
            let op = match op {
                BinaryOp::Add => "+",
                BinaryOp::Subtract => "-",
                BinaryOp::Multiply => "*",
                BinaryOp::Remainder => "%",
            };
            format!("({} {op} {})", one(left), one(right))
        }
        ExprKind::Call(function, args) => {
            format!("{}({})", function.name(), many(args, ", "))
        }
        ExprKind::If(condition, then, otherwise) => format!("(if {} then {} else {})", one(condition), one(then), one(otherwise)),
        ExprKind::Match(subject, arms, otherwise) => {
            let arms: String = arms.iter().map(|(pattern, value)| format!("{}: {}, ", constant(pattern), one(value))).collect();
            format!("match {} {{ {arms}otherwise: {} }}", one(subject), one(otherwise))
        }
        ExprKind::Index(list, index) => format!("{}[{}]", one(list), one(index)),
        ExprKind::Quantified(quantifier, level, list, condition) => {
            let word = match quantifier {
                Quantifier::Some => "some",
                Quantifier::Every => "every",
            };
            format!("({word} ${level} in {} satisfies {})", one(list), one(condition))
        }
        ExprKind::Bound(level) => format!("${level}"),
        ExprKind::Invoke(id, args) => {
            let name = policy.fns.get(id.index()).map_or("?", |item| item.name.text.as_str());
            format!("{name}({})", many(args, ", "))
        }
    }
}

fn read(policy: &Policy, read: &Read) -> String {
    let credential = |index: usize| match policy.credentials.get(index) {
        Some(credential) => credential.name().text.clone(),
        None => "?".to_owned(),
    };
    match read {
        Read::Method => "request.method".to_owned(),
        Read::Scheme => "request.scheme".to_owned(),
        Read::Host => "request.host".to_owned(),
        Read::Protocol => "request.protocol".to_owned(),
        Read::RequestId => "request.id".to_owned(),
        Read::Path => "request.path".to_owned(),
        Read::RawPath => "request.raw_path".to_owned(),
        Read::Query(key) => format!("request.query[{key:?}]"),
        Read::QueryAll(key) => format!("request.query.all[{key:?}]"),
        Read::QueryCount => "request.query.count".to_owned(),
        Read::Header(name) => format!("request.headers[{name:?}]"),
        Read::HeaderAll(name) => format!("request.headers.all[{name:?}]"),
        Read::HeaderCount => "request.headers.count".to_owned(),
        Read::Cookie(name) => format!("request.cookies[{name:?}]"),
        Read::Capture(name, places) => {
            let places: Vec<String> = places.iter().map(|(from, segment)| format!("{from}#{segment}")).collect();
            format!("path.{name}<{}>", places.join(", "))
        }
        Read::ClientIp => "client.ip".to_owned(),
        Read::ClientPort => "client.port".to_owned(),
        Read::ClientTls => "client.tls.present".to_owned(),
        Read::ClientCertificate(CertificatePart::Subject) => "client.tls.subject".to_owned(),
        Read::ClientCertificate(CertificatePart::Uri) => "client.tls.uri".to_owned(),
        Read::ClientCertificate(CertificatePart::Dns) => "client.tls.dns".to_owned(),
        Read::ClientSans => "client.tls.sans".to_owned(),
        Read::Member(id, member) => format!("{}.{}", credential(id.index()), member.as_str()),
        Read::Claim(id, number) => {
            let claim = match policy.credentials.get(id.index()) {
                Some(Credential::Jwt(jwt)) => jwt.claims.get(*number as usize).map_or("?", |claim| claim.name.text.as_str()),
                Some(Credential::Token(token)) => token.captures.get(*number as usize).map_or("?", |capture| capture.name.as_str()),
                Some(Credential::ApiKey(_) | Credential::Basic(_) | Credential::Hmac(_) | Credential::Mtls(_)) | None => "?",
            };
            format!("{}[{claim:?}]", credential(id.index()))
        }
        Read::CredentialPresent(id) => format!("({} is present)", credential(id.index())),
        Read::Now => "now".to_owned(),
        Read::NowWeekday => "now.weekday".to_owned(),
        Read::NowHour => "now.hour".to_owned(),
        Read::NowMinute => "now.minute".to_owned(),
        Read::BodySize => "request.body.size".to_owned(),
        Read::BodyText => "request.body.text".to_owned(),
        Read::BodyBytes => "request.body.bytes".to_owned(),
        Read::BodyJson => "request.body.json".to_owned(),
        Read::BodyForm(key) => format!("request.body.form[{key:?}]"),
        Read::Computed(keyed) => keyed.path().to_owned(),
        Read::ResponseStatus => "response.status".to_owned(),
        Read::ResponseText => "response.body.text".to_owned(),
        Read::ResponseJson => "response.body.json".to_owned(),
        Read::ResponseHeader(name) => format!("response.headers[{name:?}]"),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}
