//! Planning: what runs when, what must be fetched, what is found by index. In: the typed policy. Out: side tables.
//!
//! The passes stand in [`PASSES`], run in that order, and can be switched off by name; none changes a decision.

mod atoms;
mod body;
mod callbacks;
mod conditions;
mod dead;
mod demands;
mod guards;
mod hold;
mod index;
mod once;
mod order;
mod print;
mod reach;
mod response;
mod routes;

use std::collections::{BTreeMap, BTreeSet};

use portcullis_runtime::contract::REDACTIONS;

use crate::base::{Code, Diagnostic, Diagnostics, Span};
use crate::ir::hir;

pub(crate) use atoms::subject;
pub use body::Body;
pub(crate) use conditions::template_text;
pub use conditions::{Condition, ConditionId};
pub(crate) use demands::FIXED as FIXED_HEADERS;
pub use guards::{Guard, Key, Pattern, Subject};
pub use hold::without_header_hold;
pub(crate) use index::rule_kind;
pub use index::{Accept, Entry, Index};
pub(crate) use once::is_kept;
pub use print::print;
pub(crate) use reach::of_value;
pub use reach::{Amount, Reach};
pub use response::Carried;
pub(crate) use response::{key as response_key, written_list};
pub use routes::Ranks;

/// Which passes run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Names of passes that are left out.
    pub without: BTreeSet<&'static str>,
}

impl Options {
    /// No optional pass at all.
    pub fn unoptimised() -> Options {
        Options { without: PASSES.iter().map(|pass| pass.name).collect() }
    }

    /// Whether a pass runs.
    pub fn runs(&self, name: &str) -> bool {
        !self.without.contains(name)
    }
}

/// An optional pass.
#[derive(Clone, Copy, Debug)]
pub struct Pass {
    /// Its name.
    pub name: &'static str,
    /// What it does, for `portcullis plan`.
    pub what: &'static str,
    run: fn(&hir::Policy, &mut Plan),
}

/// The optional passes in the order in which they run. `sets` has nothing to compute: lowering asks whether it is on.
pub const PASSES: &[Pass] = &[
    Pass { name: "dead", what: "conditions that are constant, rules that cannot match", run: dead::run },
    Pass { name: "guards", what: "rules that compare one subject found by its value, in one look-up", run: guards::run },
    Pass { name: "order", what: "cheap conditions first", run: order::run },
    Pass { name: "share", what: "equal conditions once", run: conditions::share },
    Pass { name: "automata", what: "all regexes on one subject searched together, once a request", run: guards::automata },
    Pass { name: "once", what: "parts that several conditions share are evaluated once a request", run: once::run },
    Pass { name: "paths", what: "all path templates in one trie", run: index::run },
    Pass { name: "sets", what: "membership in constant lists by hash and range tables", run: |_, _| {} },
];

/// When a rule is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// In `proxy_on_request_headers`.
    Request,
    /// Chosen there as far as the request tells, decided in `proxy_on_response_headers`.
    Response,
}

/// What is known about one rule.
#[derive(Clone, Debug, PartialEq)]
pub struct RulePlan {
    /// When it is decided.
    pub phase: Phase,
    /// Whether it can never match.
    pub dead: bool,
    /// What it is found by besides its path.
    pub guard: Option<Guard>,
    /// What must hold of the request besides.
    pub condition: Option<ConditionId>,
    /// What it reads of the body of the request; `None` when nothing.
    pub body: Option<Body>,
    /// What must hold of the headers before it waits for the body.
    pub waits_if: Option<ConditionId>,
    /// What it reads of the body of the response; `None` when nothing.
    pub response_body: Option<Body>,
    /// What must hold of request and response headers before the response waits for its body.
    pub response_waits_if: Vec<hir::Expr>,
    /// What must hold of the response.
    pub response_conditions: Vec<hir::Expr>,
}

/// The plan of a policy.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// Which passes ran.
    pub options: Options,
    /// For each rule.
    pub rules: Vec<RulePlan>,
    /// For each scope: its hosts and those of the scopes around it.
    pub scopes: Vec<Option<ConditionId>>,
    /// What each scope is found by besides its path; empty when none is.
    pub scope_guards: Vec<Option<Guard>>,
    /// What rules are found by besides their paths.
    pub subjects: Vec<Subject>,
    /// Parts of conditions that are evaluated once (see `once`), and the bit of each.
    pub once: BTreeMap<String, u32>,
    /// Conditions on the request.
    pub conditions: Vec<Condition>,
    /// Request headers that are read, lower case, sorted.
    pub request_headers: Vec<String>,
    /// Response headers that are read, lower case, sorted.
    pub response_headers: Vec<String>,
    /// How rules are found by path.
    pub index: Index,
    /// Routes from the most specific template to the least: rank of each (rule, template).
    pub route_ranks: Ranks,
    /// Request facts that the response phase needs.
    pub carried: Vec<Carried>,
    /// Callbacks that the module exports, sorted.
    pub callbacks: Vec<&'static str>,
    /// Whether requests leave a record for the response.
    pub streams: bool,
    /// Whether some rule reads the body of the request, so that requests may be held for it.
    pub request_body: bool,
    /// Whether some rule reads the body of the response as a value, so that responses may be held for it.
    pub response_hold: bool,
    /// Whether a redaction reads response bodies.
    pub response_body: bool,
}

/// Most different methods that the rules of one policy may name: what an entry of the border's table has bits for.
const METHODS: usize = 31;

/// Refuses what a module cannot hold.
pub fn verify(policy: &hir::Policy, plan: &Plan) -> Result<(), Diagnostics> {
    let methods = plan.index.methods.len();
    if methods > METHODS {
        let message = format!("the rules name {methods} different methods, a module holds at most {METHODS}");
        return refuse(Span::default(), message, "in this policy", "leave methods out of `on` and test `request.method` in a `when`");
    }
    let mut redactions = policy.rules.iter().filter(|rule| redacts_bodies(rule));
    if let Some(rule) = redactions.nth(REDACTIONS) {
        let message = format!("more than {REDACTIONS} rules redact bodies of responses");
        return refuse(rule.name.span, message, "one too many", "write one rule with several templates after `on`");
    }
    if let Some(span) = response::uncarried(policy, plan) {
        let message = "a fact of the request that the response cannot see";
        let label = "which of them is meant turns out when the request is gone; lists of addresses are not kept either";
        let help = "name the fact by a text that the policy or the request has, or test the request alone in a `let`";
        return Err(Diagnostic::error(Code::TooEarly, span, message, label).help(help).into());
    }
    let watches = |scope: &&hir::Scope| scope.shadow && !scope.authenticate.is_empty();
    let signed = |id: &hir::CredentialId| matches!(policy.credentials.get(id.index()), Some(hir::Credential::Hmac(_)));
    let reads_body = policy.credentials.iter().any(hir::Credential::reads_body);
    let named = |scope: &&hir::Scope| reads_body || scope.authenticate.iter().flat_map(|line| &line.credentials).any(signed);
    if let Some(scope) = policy.scopes.iter().filter(watches).find(named) {
        let message = "`hmac` beside a scope in shadow that authenticates is not supported yet";
        let help = "try rules or limits in shadow instead, or the scope without `hmac`";
        return Err(Diagnostic::error(Code::Unsupported, scope.span, message, "in shadow").help(help).into());
    }
    Ok(())
}

fn redacts_bodies(rule: &hir::Rule) -> bool {
    !rule.shadow && matches!(&rule.kind, hir::RuleKind::RedactResponse(redact) if !redact.any.is_empty())
}

fn refuse(span: Span, message: String, label: &str, help: &str) -> Result<(), Diagnostics> {
    let mut diagnostic = Diagnostic::error(Code::HostLimit, span, message, label);
    diagnostic.help = Some(help.to_owned());
    Err(diagnostic.into())
}

/// Plans a policy.
pub fn plan(policy: &hir::Policy, options: Options) -> Plan {
    let mut plan = Plan { options, ..Plan::default() };
    conditions::collect(policy, &mut plan);
    response::split(policy, &mut plan);
    routes::rank(policy, &mut plan);
    for pass in PASSES {
        if plan.options.runs(pass.name) {
            (pass.run)(policy, &mut plan);
        }
    }
    index::finish(policy, &mut plan);
    response::carry(policy, &mut plan);
    demands::collect(policy, &mut plan);
    callbacks::collect(policy, &mut plan);
    plan
}
