//! One request from beginning to end, in the order of the language reference.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use super::authenticate;
use super::body;
use super::bytes::text;
use super::config;
use super::edit::{self, Editable};
use super::expr::{Context, Regexes};
use super::facts::{self, Facts, ResponseFacts};
use super::fetch;
use super::held::{self, length_known};
use super::hmac;
use super::limit::{self, Admitted};
use super::redact::{self, Inspection};
use super::reply;
use super::route;
use super::rule;
use super::value::Value;
use crate::ir::hir;
use crate::tools::engine::{Engine, EngineError, Nanoseconds};
use crate::tools::message::{Answer, Body, Decision, Forwarded, Headers, Outcome, Request, Response, as_received};

/// The header that names the cluster of a route. Outcomes show it as `cluster`, not among headers.
const CLUSTER: &str = "x-portcullis-cluster";

/// The clock before it is set: 2026-01-01T00:00:00Z.
const FIRST: Nanoseconds = 1_767_225_600_000_000_000;

/// The reference interpreter.
#[derive(Debug)]
pub struct Interpreter {
    policy: hir::Policy,
    /// By `ConfigId`; `None` before a start that succeeded.
    config: Option<Vec<Value>>,
    now: Nanoseconds,
    tables: limit::Tables,
    nonces: hmac::Nonces,
    counters: BTreeMap<(String, String), u64>,
    regexes: Regexes,
    sets: fetch::Sets,
}

/// How far a request came.
pub(super) enum Course {
    /// The policy answered.
    Denied { by: String, why: String, response: Response },
    /// It goes on.
    Allowed { admitted: Admitted },
    /// A fault that `on_fault` allows: it goes on as it came.
    Untouched,
}

impl Interpreter {
    /// An interpreter of this policy; `start` it before the first request.
    pub fn new(policy: hir::Policy) -> Interpreter {
        Interpreter {
            policy,
            config: None,
            now: FIRST,
            tables: limit::Tables::new(),
            nonces: hmac::Nonces::new(),
            counters: BTreeMap::new(),
            regexes: RefCell::default(),
            sets: fetch::Sets::default(),
        }
    }
}

impl Engine for Interpreter {
    fn name(&self) -> &'static str {
        "interpreter"
    }

    fn start(&mut self, configuration: &str) -> Result<(), EngineError> {
        let values = config::read(&self.policy, configuration).map_err(EngineError)?;
        limit::check_amounts(&self.policy, &values, &self.regexes)?;
        self.config = Some(values);
        self.tables.clear();
        self.nonces.clear();
        self.counters.clear();
        self.sets.clear();
        self.sets.pass(&self.policy, self.now, &mut self.counters);
        Ok(())
    }

    fn service(&mut self, cluster: &str, answer: Option<Answer>) -> Result<(), EngineError> {
        self.sets.answers.insert(cluster.to_owned(), answer);
        Ok(())
    }

    fn set_time(&mut self, at: Nanoseconds) -> Result<(), EngineError> {
        self.now = at;
        self.sets.pass(&self.policy, self.now, &mut self.counters);
        Ok(())
    }

    fn request(&mut self, request: &Request, answer: &Answer) -> Result<Outcome, EngineError> {
        let config = self.config.as_ref().ok_or_else(|| EngineError("the interpreter was not started".to_owned()))?;
        let mut run = Run {
            policy: &self.policy,
            config,
            now: self.now,
            tables: &mut self.tables,
            nonces: &mut self.nonces,
            counters: &mut self.counters,
            regexes: &self.regexes,
            sets: &mut self.sets,
        };
        run.request(request, answer)
    }

    fn counters(&mut self) -> Result<Vec<(String, String, u64)>, EngineError> {
        Ok(self.counters.iter().map(|((rule, outcome), value)| (rule.clone(), outcome.clone(), *value)).collect())
    }
}

/// The interpreter while it handles one request.
pub(super) struct Run<'a> {
    pub(super) policy: &'a hir::Policy,
    pub(super) config: &'a [Value],
    pub(super) now: Nanoseconds,
    pub(super) tables: &'a mut limit::Tables,
    pub(super) nonces: &'a mut hmac::Nonces,
    counters: &'a mut BTreeMap<(String, String), u64>,
    pub(super) regexes: &'a Regexes,
    sets: &'a mut fetch::Sets,
}

impl<'a> Run<'a> {
    fn request(&mut self, request: &Request, answer: &Answer) -> Result<Outcome, EngineError> {
        let request = &as_sent(request);
        let untouched = self.as_received(request);
        // Two hosts in one request are nobody else's: it goes on to be refused as malformed.
        let host = facts::host(&request.authority);
        let no_address = self.policy.decides_by_hosts() && !facts::is_address_or_name(&host);
        let ambiguous = no_address || !facts::names_a_host(&host) || facts::lines(&request.headers, "host").next().is_some();
        if !ambiguous && !rule::host_matches(&self.policy.hosts, &host) {
            return Ok(allowed(untouched, as_answered(request, answer)));
        }
        let Some(mut facts) = Facts::of(request, self.policy.trusted_hops).filter(|_| !no_address) else {
            if self.policy.shadow {
                self.count("malformed", "shadow");
                return Ok(allowed(untouched, as_answered(request, answer)));
            }
            self.count("malformed", "deny");
            return Ok(denied(("malformed", ""), reply::empty(400, Headers::new()), None));
        };
        facts.now = i64::try_from(self.now).unwrap_or(i64::MAX);
        facts.credentials = authenticate::presented(self.context(&facts), self.now, self.sets)?;
        self.sets.count(self.counters);
        match self.decide(&mut facts, request)? {
            Course::Denied { by, why, response } => Ok(denied((&by, &why), response, None)),
            Course::Untouched => Ok(allowed(untouched, as_answered(request, answer))),
            Course::Allowed { admitted } => {
                let forwarded = self.forward(&facts, untouched)?;
                self.respond(request, facts, forwarded, answer, &admitted)
            }
        }
    }

    /// Limits without identity, credentials, limits with identity, then the rules.
    fn decide(&mut self, facts: &mut Facts, request: &Request) -> Result<Course, EngineError> {
        let policy = self.policy;
        let of_body = |rule: &&hir::Rule| body::reads(policy, rule).some;
        // What the response decides waits for the body of the request only so as to keep what it needs of it.
        let judged = |rule: &&hir::Rule| match rule.kind {
            hir::RuleKind::Forbid(_) => !held::is_of_response(policy, rule),
            hir::RuleKind::Permit => true,
            hir::RuleKind::RewriteRequest(_)
            | hir::RuleKind::RewriteResponse(_)
            | hir::RuleKind::RedactResponse(_)
            | hir::RuleKind::Route(_) => false,
        };
        let (later, now): (Vec<&hir::Rule>, Vec<&hir::Rule>) = policy.rules.iter().partition(of_body);
        let now: Vec<&hir::Rule> = now.into_iter().filter(judged).collect();
        let scopes = rule::matching_scopes(policy, facts);
        let mut admitted = Admitted::default();
        if let Some(denial) = self.limits(&scopes, false, facts, &mut admitted)? {
            return Ok(denial);
        }
        if let Some(refused) = self.authenticate(&scopes, facts, request)? {
            return Ok(refused);
        }
        if let Some(denial) = self.limits(&scopes, true, facts, &mut admitted)? {
            return Ok(denial);
        }
        let mut permitted_by = None;
        let mut matched = self.watched(now.iter().copied(), facts)?;
        if let Some(denial) = self.judge(&now, facts, &mut permitted_by)? {
            return Ok(denial);
        }
        let ctx = self.context(facts);
        let (mut waiting, mut watching) = (Vec::new(), Vec::new());
        for rule in later {
            if body::waits(rule, ctx)? {
                if rule.shadow { watching.push(rule) } else { waiting.push(rule) }
            }
        }
        let open = policy.default != hir::Action::Allow && permitted_by.is_none();
        let hopeless = open && !waiting.iter().any(|rule| rule.kind == hir::RuleKind::Permit);
        let held = !hopeless && (open || !watching.is_empty() || waiting.iter().any(|rule| rule.kind != hir::RuleKind::Permit));
        if held {
            if let Some(denial) = self.take_body(facts, &waiting, request)? {
                return Ok(denial);
            }
            matched |= self.watched(watching.into_iter().filter(judged), facts)?;
            let waiting: Vec<&hir::Rule> = waiting.into_iter().filter(judged).collect();
            if let Some(denial) = self.judge(&waiting, facts, &mut permitted_by)? {
                return Ok(denial);
            }
        }
        let ctx = self.context(facts);
        match (&policy.default, permitted_by) {
            (_, Some(name)) => self.count(&name, "allow"),
            (hir::Action::Allow, None) if policy.default_would_deny && matched => {}
            (hir::Action::Allow, None) if policy.default_would_deny => self.count("default", "shadow"),
            (hir::Action::Allow, None) => self.count("default", "allow"),
            (hir::Action::Deny(reply), None) => {
                let response = reply::response(reply, Headers::new(), ctx)?;
                return Ok(self.deny("default", response));
            }
        }
        Ok(Course::Allowed { admitted })
    }

    /// The first forbid of these that matches refuses; the first permit that matches is remembered if there is none yet.
    pub(super) fn judge(
        &mut self,
        rules: &[&hir::Rule],
        facts: &Facts,
        permitted_by: &mut Option<String>,
    ) -> Result<Option<Course>, EngineError> {
        let policy = self.policy;
        let ctx = self.context(facts);
        for rule in rules.iter().filter(|rule| !rule.shadow) {
            match &rule.kind {
                hir::RuleKind::Forbid(reply) => {
                    if rule::matches(rule, ctx)? {
                        let response = reply::response(reply, Headers::new(), ctx)?;
                        return Ok(Some(self.deny(&rule.name.text, response)));
                    }
                }
                hir::RuleKind::Permit => {
                    if permitted_by.is_none() && policy.default != hir::Action::Allow && rule::matches(rule, ctx)? {
                        *permitted_by = Some(rule.name.text.clone());
                    }
                }
                hir::RuleKind::RewriteRequest(_)
                | hir::RuleKind::RewriteResponse(_)
                | hir::RuleKind::RedactResponse(_)
                | hir::RuleKind::Route(_) => {}
            }
        }
        Ok(None)
    }

    /// What the upstream receives.
    fn forward(&mut self, facts: &Facts, untouched: Forwarded) -> Result<Forwarded, EngineError> {
        let policy = self.policy;
        let ctx = self.context(facts);
        let received = facts.raw_path.split('?').next().unwrap_or_default();
        let path = if policy.normalize_path { facts.path.normalised.as_str() } else { received };
        let mut message = Editable { path: path.to_owned(), authority: facts.authority.clone(), headers: untouched.headers };
        let mut query = facts.query.clone();
        authenticate::strip(policy, facts, &mut query, &mut message.headers);
        if self.may_inspect(facts)? {
            message.headers.retain(|(name, _)| !matches!(name.as_str(), "accept-encoding" | "range" | "if-range"));
        }
        for rule in policy.rules.iter().filter(|rule| !rule.shadow) {
            if let hir::RuleKind::RewriteRequest(edits) = &rule.kind
                && rule::matches(rule, ctx)?
            {
                edit::apply(edits, ctx, &mut message)?;
                self.count(&rule.name.text, "rewrite");
            }
        }
        let edits = |rule: &&hir::Rule| matches!(rule.kind, hir::RuleKind::RewriteRequest(_) | hir::RuleKind::Route(_));
        self.watched(policy.rules.iter().filter(edits), facts)?;
        let mut cluster = untouched.cluster;
        if let Some((rule, named)) = route::pick(ctx)? {
            self.count(&rule.name.text, "route");
            cluster = named;
        }
        let target = match query {
            Some(query) => format!("{}?{query}", message.path),
            None => message.path,
        };
        Ok(Forwarded {
            method: untouched.method,
            target,
            authority: message.authority,
            headers: message.headers,
            body: untouched.body,
            cluster,
        })
    }

    /// Whether a redaction of the body may apply, as far as the request tells: what reads the response counts as true.
    fn may_inspect(&self, facts: &Facts) -> Result<bool, EngineError> {
        let ctx = self.context(facts);
        for rule in &self.policy.rules {
            let redacts = matches!(&rule.kind, hir::RuleKind::RedactResponse(redact) if !redact.any.is_empty());
            if !rule.shadow && (redacts || body::reads(self.policy, rule).response) {
                let mut known = rule.clone();
                known.conditions.retain(|condition| !reads_response(self.policy, condition));
                if rule::matches(&known, ctx)? {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// What the client receives of the upstream's answer.
    fn respond(
        &mut self,
        request: &Request,
        mut facts: Facts,
        forwarded: Forwarded,
        answer: &Answer,
        admitted: &Admitted,
    ) -> Result<Outcome, EngineError> {
        let policy = self.policy;
        let mut response = as_answered(request, answer);
        facts.response = Some(ResponseFacts { status: response.status, headers: response.headers.clone() });
        if let Some(Course::Denied { by, why, response }) = self.decide_response(&mut facts, &response, has_body(request, answer))? {
            return Ok(denied((&by, &why), response, Some(forwarded)));
        }
        let ctx = self.context(&facts);
        let mut applying = Vec::new();
        for rule in &policy.rules {
            if let hir::RuleKind::RedactResponse(redact) = &rule.kind
                && !rule.shadow
                && rule::matches(rule, ctx)?
            {
                applying.push((rule, redact));
            }
        }
        let mut redacted_by: Vec<&hir::Rule> = Vec::new();
        if has_body(request, answer) {
            let announced = response.headers.iter().any(|(name, _)| name == "content-length");
            let foreseen = redact::Foreseen { announced, held: facts.response_body.is_some() };
            match redact::inspect(&applying, response.status, &response.headers, &response.body, foreseen) {
                Inspection::Untouched => {}
                Inspection::Inspected { body, changed_by } => {
                    redact::remove_stale(&mut response.headers);
                    response.body = body;
                    redacted_by = changed_by;
                }
                Inspection::Refused(rule, reply) => {
                    let response = reply::response(reply, Headers::new(), ctx)?;
                    self.count(&rule.name.text, "deny");
                    return Ok(denied((&rule.name.text, ""), response, Some(forwarded)));
                }
                Inspection::Cut(rule) => {
                    redact::remove_stale(&mut response.headers);
                    response.complete = false;
                    response.body.clear();
                    response.trailers.clear();
                    self.count(&rule.name.text, "deny");
                }
            }
        }
        for (name, value) in admitted.headers() {
            response.headers.retain(|(key, _)| *key != name);
            response.headers.push((name, value));
        }
        let mut message = Editable { headers: response.headers, ..Editable::default() };
        let answers = |rule: &&hir::Rule| match rule.kind {
            hir::RuleKind::RewriteResponse(_) | hir::RuleKind::RedactResponse(_) => true,
            hir::RuleKind::Forbid(_) => held::is_of_response(policy, rule),
            hir::RuleKind::Permit | hir::RuleKind::RewriteRequest(_) | hir::RuleKind::Route(_) => false,
        };
        self.watched(policy.rules.iter().filter(answers), &facts)?;
        for rule in policy.rules.iter().filter(|rule| !rule.shadow) {
            if let hir::RuleKind::RewriteResponse(edits) = &rule.kind
                && rule::matches(rule, ctx)?
            {
                edit::apply(edits, ctx, &mut message)?;
                self.count(&rule.name.text, "rewrite");
            }
        }
        for (rule, redact) in applying {
            for pattern in &redact.headers {
                if edit::remove(pattern, &mut message.headers) {
                    redacted_by.push(rule);
                }
            }
        }
        // A rule counts once per response, whatever it changed.
        let redacted_by: BTreeSet<&str> = redacted_by.into_iter().map(|rule| rule.name.text.as_str()).collect();
        redacted_by.into_iter().for_each(|name| self.count(name, "redact"));
        response.headers = message.headers;
        Ok(allowed(forwarded, response))
    }

    pub(super) fn context<'b>(&self, facts: &'b Facts) -> Context<'b>
    where
        'a: 'b,
    {
        Context { policy: self.policy, config: self.config, facts, regexes: self.regexes, bound: &[] }
    }

    /// Counts the rules in shadow, of those kinds, that match: that is all they do. Whether there was one.
    fn watched(&mut self, rules: impl Iterator<Item = &'a hir::Rule>, facts: &Facts) -> Result<bool, EngineError> {
        let mut matched = false;
        for rule in rules.filter(|rule| rule.shadow) {
            if rule::matches(rule, self.context(facts))? {
                self.count(&rule.name.text, "shadow");
                matched = true;
            }
        }
        Ok(matched)
    }

    pub(super) fn count(&mut self, rule: &str, outcome: &str) {
        *self.counters.entry((rule.to_owned(), outcome.to_owned())).or_insert(0) += 1;
    }

    pub(super) fn deny(&mut self, by: &str, response: Response) -> Course {
        self.refuse(by, "deny", response)
    }

    pub(super) fn refuse(&mut self, by: &str, outcome: &str, response: Response) -> Course {
        self.count(by, outcome);
        Course::Denied { by: by.to_owned(), why: String::new(), response }
    }

    /// The request as the upstream would see it without the policy, but never with a cluster that the client names.
    fn as_received(&self, request: &Request) -> Forwarded {
        let has_routes = self.policy.rules.iter().any(|rule| matches!(rule.kind, hir::RuleKind::Route(_)));
        let named = facts::lines(&request.headers, CLUSTER).next().map(text);
        Forwarded {
            method: request.method.clone(),
            target: request.target.clone(),
            authority: request.authority.clone(),
            headers: request.headers.iter().filter(|(name, _)| name != CLUSTER).cloned().collect(),
            body: request.body.as_ref().map_or(Vec::new(), |body| body.bytes.clone()),
            cluster: if has_routes { None } else { named },
        }
    }
}

/// Whether an expression reads the response, also through a `let`.
fn reads_response(policy: &hir::Policy, expr: &hir::Expr) -> bool {
    let mut reads = false;
    expr.reads(policy, &mut |read| reads |= read.is_response());
    reads
}

/// The request as it reaches a filter: without headers about one connection, with its length, lines joined.
fn as_sent(request: &Request) -> Request {
    Request { headers: as_received(&framed(&request.headers, request.body.as_ref())), ..request.clone() }
}

/// The upstream's answer as it would reach the client without the policy.
fn as_answered(request: &Request, answer: &Answer) -> Response {
    let sent = answer.body.as_ref().filter(|_| has_body(request, answer));
    Response {
        status: answer.status,
        headers: as_received(&framed(&answer.headers, answer.body.as_ref())),
        body: sent.map_or(Vec::new(), |body| body.bytes.clone()),
        trailers: sent.map_or(Headers::new(), |body| body.trailers.clone()),
        complete: true,
    }
}

/// Headers without those about one connection, with the length of the body where it is announced.
fn framed(headers: &Headers, body: Option<&Body>) -> Headers {
    let hop = ["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"];
    let mut framed: Headers = headers.iter().filter(|(name, _)| !hop.contains(&name.as_str())).cloned().collect();
    if let Some(body) = body.filter(|body| length_known(headers, body))
        && !headers.iter().any(|(name, _)| name == "content-length")
    {
        framed.push(("content-length".to_owned(), body.bytes.len().to_string().into_bytes()));
    }
    framed
}

/// Whether a body follows the response's headers.
fn has_body(request: &Request, answer: &Answer) -> bool {
    request.method != "HEAD"
        && !matches!(answer.status, 204 | 304)
        && answer.body.as_ref().is_some_and(|body| !body.bytes.is_empty() || !length_known(&answer.headers, body))
}

fn allowed(forwarded: Forwarded, response: Response) -> Outcome {
    Outcome { decision: Decision::Allow, forwarded: Some(forwarded), response }
}

/// Details of responses have no white space: Envoy writes `_` for it.
fn denied((by, why): (&str, &str), response: Response, forwarded: Option<Forwarded>) -> Outcome {
    let by = by.replace(|letter: char| letter.is_ascii_whitespace(), "_");
    Outcome { decision: Decision::refuse(response.status, &by, why), forwarded, response }
}
