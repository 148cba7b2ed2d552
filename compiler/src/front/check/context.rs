//! What all checks share: findings, names, and the typed tree as it grows.

use std::collections::BTreeMap;

use super::policy::Header;
use crate::base::source::ReadFile;
use crate::base::{Code, Diagnostic, Diagnostics, FileId, Severity, Sources, Span};
use crate::ir::{ast, hir};

/// How deep expressions may nest.
const DEPTH: u32 = 200;

/// What a declared name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Symbol {
    /// A `let`; `None` until it is checked, or when it is at fault.
    Let(Option<hir::LetId>),
    /// A `fn`; `None` until it is checked, or when it is at fault.
    Fn(Option<hir::FnId>),
    /// A `list`.
    List(hir::ListId),
    /// A `map`.
    Map(hir::MapId),
    /// An `api_key`, a `basic`, an `hmac`.
    Credential(hir::CredentialId),
    /// A `service`.
    Service(hir::ServiceId),
    /// A `limit`.
    Limit(hir::LimitId),
    /// A declaration that this version does not compile (already reported), by its keyword.
    Unsupported(&'static str),
}

impl Symbol {
    /// The keyword that declares it.
    pub(super) fn keyword(self) -> &'static str {
        match self {
            Symbol::Let(_) => "let",
            Symbol::Fn(_) => "fn",
            Symbol::List(_) => "list",
            Symbol::Map(_) => "map",
            Symbol::Credential(_) => "credential",
            Symbol::Service(_) => "service",
            Symbol::Limit(_) => "limit",
            Symbol::Unsupported(keyword) => keyword,
        }
    }
}

/// The state of one check.
pub(super) struct Context<'a> {
    pub(super) sources: &'a mut Sources,
    read_file: &'a mut ReadFile<'a>,
    diagnostics: Diagnostics,
    depth: u32,
    /// Attributes of the block at hand that a misspelt one seems to be.
    pub(super) misspelt: Vec<String>,
    /// Declarations by name, with the place of the name.
    pub(super) symbols: BTreeMap<String, (Symbol, Span)>,
    /// Names of rules, limits and credentials with their places.
    pub(super) actors: BTreeMap<String, Span>,
    /// Fields of `config`; `None` for one that is at fault.
    pub(super) config_names: BTreeMap<String, Option<hir::ConfigId>>,
    pub(super) config: Vec<hir::Config>,
    pub(super) lets: Vec<hir::Let>,
    /// `let`s that hold a rate, by name, as they are written.
    pub(super) rates: BTreeMap<String, ast::Expr>,
    /// For each `let`: whether it reads the request (or the response), and whether the response.
    pub(super) let_reads: Vec<(bool, bool)>,
    /// What each `let` comes down to.
    pub(super) let_weights: Vec<super::lets::Weight>,
    pub(super) fns: Vec<hir::Fn>,
    /// What a call of each `fn` comes to.
    pub(super) fn_needs: Vec<super::functions::Needs>,
    /// `let`s and `fn`s that give a JSON array, as lists of another type; `None` where they are none.
    pub(super) copies: BTreeMap<(super::expr::Giver, hir::Ty), Option<super::expr::Giver>>,
    pub(super) lists: Vec<hir::List>,
    pub(super) maps: Vec<hir::Map>,
    pub(super) services: Vec<hir::Service>,
    pub(super) credentials: Vec<hir::Credential>,
    pub(super) limits: Vec<hir::Limit>,
    pub(super) scopes: Vec<hir::Scope>,
    pub(super) rules: Vec<hir::Rule>,
    pub(super) tests: Vec<hir::Test>,
}

impl<'a> Context<'a> {
    pub(super) fn new(sources: &'a mut Sources, read_file: &'a mut ReadFile<'a>) -> Context<'a> {
        Context {
            sources,
            read_file,
            diagnostics: Diagnostics::new(),
            depth: 0,
            misspelt: Vec::new(),
            symbols: BTreeMap::new(),
            actors: BTreeMap::new(),
            config_names: BTreeMap::new(),
            config: Vec::new(),
            lets: Vec::new(),
            rates: BTreeMap::new(),
            let_reads: Vec::new(),
            let_weights: Vec::new(),
            fns: Vec::new(),
            fn_needs: Vec::new(),
            copies: BTreeMap::new(),
            lists: Vec::new(),
            maps: Vec::new(),
            services: Vec::new(),
            credentials: Vec::new(),
            limits: Vec::new(),
            scopes: Vec::new(),
            rules: Vec::new(),
            tests: Vec::new(),
        }
    }

    /// Adds a `let` with what it comes down to, and whether it reads the request (or the response), and whether the response.
    pub(super) fn declare_let(&mut self, item: hir::Let, weight: super::lets::Weight, reads: (bool, bool)) -> hir::LetId {
        let id = hir::LetId(u32::try_from(self.lets.len()).unwrap_or(u32::MAX));
        self.lets.push(item);
        self.let_weights.push(weight);
        self.let_reads.push(reads);
        id
    }

    /// Adds a `fn` with what a call of it comes to.
    pub(super) fn declare_fn(&mut self, item: hir::Fn, needs: super::functions::Needs) -> hir::FnId {
        let id = hir::FnId(u32::try_from(self.fns.len()).unwrap_or(u32::MAX));
        self.fns.push(item);
        self.fn_needs.push(needs);
        id
    }

    /// Adds a finding.
    pub(super) fn push(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// Adds an error with a fix.
    pub(super) fn error(&mut self, code: Code, span: Span, message: impl Into<String>, label: impl Into<String>, help: impl Into<String>) {
        self.push(Diagnostic::error(code, span, message, label).help(help));
    }

    /// Adds a warning about something that has no effect.
    pub(super) fn ineffective(&mut self, span: Span, message: impl Into<String>, label: impl Into<String>, help: impl Into<String>) {
        self.warning(Code::Ineffective, span, message, label, help);
    }

    /// Adds a warning with a fix.
    pub(super) fn warning(
        &mut self,
        code: Code,
        span: Span,
        message: impl Into<String>,
        label: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.push(Diagnostic::warning(code, span, message, label).help(help));
    }

    /// Refuses a construct of the language that this version does not compile.
    pub(super) fn not_yet(&mut self, span: Span, what: &str, help: &str) {
        self.error(Code::Unsupported, span, format!("{what} is not supported yet"), "this version does not compile it", help);
    }

    /// Whether an expression reads the request (or the response), and whether the response.
    pub(super) fn reads(&self, expr: &hir::Expr) -> (bool, bool) {
        match &expr.kind {
            hir::ExprKind::Read(read) => (true, read.is_response()),
            hir::ExprKind::ReadAt(read, key) => (true, read.is_response() || self.reads(key).1),
            hir::ExprKind::Let(id) => self.let_reads.get(id.index()).copied().unwrap_or((false, false)),
            _ => {
                let own = match &expr.kind {
                    hir::ExprKind::Invoke(id, _) => self.fn_needs.get(id.index()).map_or((false, false), |needs| needs.reads),
                    _ => (false, false),
                };
                expr.operands().into_iter().fold(own, |(request, response), operand| {
                    let (more_request, more_response) = self.reads(operand);
                    (request || more_request, response || more_response)
                })
            }
        }
    }

    /// Reads a file by its path from the policy's folder; one file is read once.
    pub(super) fn read(&mut self, path: &str) -> Result<FileId, String> {
        if let Some(known) = self.sources.find(path) {
            return Ok(known);
        }
        let text = (self.read_file)(path)?;
        Ok(self.sources.add_beside(path, text))
    }

    /// Whether an expression reads the body of the request.
    pub(super) fn reads_body(&self, expr: &hir::Expr) -> bool {
        match &expr.kind {
            hir::ExprKind::Read(read) => read.is_request_body(),
            hir::ExprKind::ReadAt(read, key) => read.is_request_body() || self.reads_body(key),
            hir::ExprKind::Let(id) => self.lets.get(id.index()).is_some_and(|item| self.reads_body(&item.value)),
            hir::ExprKind::Invoke(id, _) if self.fn_needs.get(id.index()).is_some_and(|needs| needs.body) => true,
            _ => expr.operands().into_iter().any(|operand| self.reads_body(operand)),
        }
    }

    /// The policy's text at a span, when it is short enough to quote.
    pub(super) fn quote(&self, span: Span) -> Option<String> {
        short(self.sources, span)
    }

    /// Whether one more level of nesting is in bounds; call [`Context::leave`] when it was.
    pub(super) fn enter(&mut self, span: Span) -> bool {
        if self.depth >= DEPTH {
            self.error(
                Code::TooDeep,
                span,
                "an expression that nests too deeply",
                format!("more than {DEPTH} levels"),
                "name a part of it with `let`",
            );
            return false;
        }
        self.depth += 1;
        true
    }

    /// Ends a level of nesting.
    pub(super) fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    /// Claims a name among rules, limits and credentials.
    pub(super) fn claim_actor(&mut self, name: &ast::Name) {
        const RESERVED: &[&str] = &["default", "malformed", "body_limit", "fault"];
        if RESERVED.contains(&name.text.as_str()) {
            self.error(
                Code::BadName,
                name.span,
                format!("the name `{}` is taken", name.text),
                "the policy's own outcomes are called so",
                "choose another name",
            );
        } else if name.text.trim().is_empty() {
            self.error(Code::BadName, name.span, "an empty name", "metrics and replies name it", "give it a name that says what it is for");
        } else if let Some(what) = unspeakable(&name.text) {
            self.error(
                Code::BadName,
                name.span,
                format!("a name with {what}"),
                "metrics, replies and logs could not tell it from their own text",
                "write words",
            );
        } else if let Some(first) = self.actors.get(&name.text).copied() {
            self.push(
                Diagnostic::error(Code::DuplicateName, name.span, format!("the name `{}` is used twice", name.text), "used again here")
                    .also(first, "first used here")
                    .help("choose another name: rules, limits and credentials share theirs in metrics and tests"),
            );
        } else {
            self.actors.insert(name.text.clone(), name.span);
        }
    }

    /// The tree when nothing is at fault, and all findings in the order of their places.
    pub(super) fn finish(mut self, header: Option<Header>) -> (Option<hir::Policy>, Diagnostics) {
        let policy = header.map(|header| hir::Policy {
            name: header.name,
            shadow: header.shadow,
            default_would_deny: header.shadow && header.default != hir::Action::Allow,
            default: if header.shadow { hir::Action::Allow } else { header.default },
            on_fault: if header.shadow { hir::Action::Allow } else { header.on_fault },
            body_limit: header.body_limit,
            on_oversize: header.on_oversize,
            hosts: header.hosts,
            trusted_hops: header.trusted_hops,
            normalize_path: header.normalize_path && !header.shadow,
            config: self.config,
            lets: self.lets,
            fns: self.fns,
            lists: self.lists,
            maps: self.maps,
            services: self.services,
            credentials: self.credentials,
            limits: self.limits,
            scopes: self.scopes,
            rules: self.rules,
            tests: self.tests,
        });
        // What is at fault elsewhere is missing from the tree, the rest of it is as it would be.
        let sources = &*self.sources;
        let found = policy.iter().flat_map(|policy| super::written::check(policy, &|span| short(sources, span)));
        found.for_each(|finding| self.diagnostics.push(finding));
        self.diagnostics.sort();
        let failed = self.diagnostics.iter().any(|finding| finding.severity == Severity::Error);
        (policy.filter(|_| !failed), self.diagnostics)
    }
}

fn short(sources: &Sources, span: Span) -> Option<String> {
    let text = sources.text(span);
    (!text.is_empty() && text.len() <= 60 && !text.contains('\n')).then(|| text.to_owned())
}

/// What in a name would break the line of a log or the tags of a metric (`rule=.=NAME;.;…`).
fn unspeakable(name: &str) -> Option<&'static str> {
    if name.chars().any(char::is_control) {
        return Some("a control character");
    }
    ["=.=", ";.;"].into_iter().any(|mark| name.contains(mark)).then_some("a mark that separates the tags of metrics")
}
