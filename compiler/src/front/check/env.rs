//! Where an expression stands: what it may read, and what is known to be present.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::Span;
use crate::ir::hir;

/// Whether the response can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Response {
    /// It can.
    Readable,
    /// It is not there yet.
    TooEarly,
}

/// How much of the world an expression may read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// Request, configuration and declarations.
    Request,
    /// Only configuration and constants.
    Configuration,
}

/// Why there are no captures, or which.
#[derive(Clone, Debug, Default)]
pub(super) struct Captures {
    /// What `path.NAME` reads.
    pub(super) known: BTreeMap<String, Vec<(hir::Template, u32)>>,
    /// Captures of some templates that another (at this place) lacks.
    pub(super) partial: BTreeMap<String, Span>,
    /// Whether a template is malformed, which was reported: what it would capture is not known.
    pub(super) uncertain: bool,
}

/// The surroundings of an expression.
#[derive(Clone, Debug)]
pub(super) struct Env {
    /// What the expression stands in, such as "a `permit`".
    pub(super) place: &'static str,
    pub(super) reach: Reach,
    pub(super) response: Response,
    /// Whether the body of the request may be read.
    pub(super) body: bool,
    pub(super) captures: Captures,
    /// Credentials that are verified here, and whether one may be absent.
    pub(super) credentials: BTreeMap<hir::CredentialId, bool>,
    /// Names that are bound around, from outside to inside, with their types.
    pub(super) bindings: Vec<(String, hir::Ty)>,
    /// What is known to be present (or, for `CredentialPresent`, to hold).
    pub(super) facts: Vec<hir::Expr>,
}

impl Env {
    /// Surroundings that see the request and nothing else.
    pub(super) fn new(place: &'static str) -> Env {
        Env {
            place,
            reach: Reach::Request,
            response: Response::TooEarly,
            body: false,
            captures: Captures::default(),
            credentials: BTreeMap::new(),
            bindings: Vec::new(),
            facts: Vec::new(),
        }
    }

    /// Surroundings that see only the configuration.
    pub(super) fn configuration(place: &'static str) -> Env {
        Env { reach: Reach::Configuration, ..Env::new(place) }
    }

    /// The credentials that expressions read and that are verified here, come what may. In shadow they may be missing after all.
    pub(super) fn certain<'e>(&self, exprs: impl IntoIterator<Item = &'e hir::Expr>) -> Vec<hir::CredentialId> {
        let mut found = BTreeSet::new();
        let mut open: Vec<&hir::Expr> = exprs.into_iter().collect();
        while let Some(expr) = open.pop() {
            if let hir::ExprKind::Read(hir::Read::Member(id, _) | hir::Read::Claim(id, _)) = &expr.kind
                && self.credentials.get(id) == Some(&false)
            {
                found.insert(*id);
            }
            open.extend(expr.operands());
        }
        found.into_iter().collect()
    }

    /// Learns what a condition that is true (or false) says about presence.
    pub(super) fn learn(&mut self, condition: &hir::Expr, truth: bool) {
        match &condition.kind {
            hir::ExprKind::Present(operand) if truth => self.facts.push((**operand).clone()),
            hir::ExprKind::Read(hir::Read::CredentialPresent(_)) if truth => self.facts.push(condition.clone()),
            hir::ExprKind::Not(operand) => self.learn(operand, !truth),
            hir::ExprKind::And(operands) if truth => operands.iter().for_each(|operand| self.learn(operand, truth)),
            hir::ExprKind::Or(operands) if !truth => operands.iter().for_each(|operand| self.learn(operand, truth)),
            hir::ExprKind::Present(_)
            | hir::ExprKind::And(_)
            | hir::ExprKind::Or(_)
            | hir::ExprKind::Const(_)
            | hir::ExprKind::Read(_)
            | hir::ExprKind::ReadAt(..)
            | hir::ExprKind::Config(_)
            | hir::ExprKind::Let(_)
            | hir::ExprKind::List(_)
            | hir::ExprKind::ListOf(_)
            | hir::ExprKind::MapGet(..)
            | hir::ExprKind::ConfigMapGet(..)
            | hir::ExprKind::Equal(..)
            | hir::ExprKind::Less(..)
            | hir::ExprKind::LessEqual(..)
            | hir::ExprKind::In(..)
            | hir::ExprKind::InMap(..)
            | hir::ExprKind::InConfigMap(..)
            | hir::ExprKind::InCidr(..)
            | hir::ExprKind::Contains(..)
            | hir::ExprKind::StartsWith(..)
            | hir::ExprKind::EndsWith(..)
            | hir::ExprKind::Matches(..)
            | hir::ExprKind::Coalesce(..)
            | hir::ExprKind::JsonMember(..)
            | hir::ExprKind::JsonElement(..)
            | hir::ExprKind::JsonAs(_)
            | hir::ExprKind::JsonIsNull(_)
            | hir::ExprKind::Object(_)
            | hir::ExprKind::TimeText(_)
            | hir::ExprKind::JsonHas(..)
            | hir::ExprKind::Concat(_)
            | hir::ExprKind::Arithmetic(..)
            | hir::ExprKind::If(..)
            | hir::ExprKind::Match(..)
            | hir::ExprKind::Index(..)
            | hir::ExprKind::Quantified(..)
            | hir::ExprKind::Bound(_)
            | hir::ExprKind::Invoke(..)
            | hir::ExprKind::Call(..) => {}
        }
    }

    /// Whether a credential that may be absent is known to be there.
    pub(super) fn is_verified(&self, id: hir::CredentialId) -> bool {
        self.facts.iter().any(|fact| fact.kind == hir::ExprKind::Read(hir::Read::CredentialPresent(id)))
    }

    /// Whether the value of this expression is known to be present here.
    pub(super) fn knows(&self, kind: &hir::ExprKind) -> bool {
        self.facts.iter().any(|fact| match (&fact.kind, kind) {
            (hir::ExprKind::Read(hir::Read::CredentialPresent(known)), hir::ExprKind::Read(hir::Read::Member(id, _))) => known == id,
            _ => fact.without_places().kind == hir::Expr { kind: kind.clone(), ty: fact.ty.clone(), span: fact.span }.without_places().kind,
        })
    }
}
