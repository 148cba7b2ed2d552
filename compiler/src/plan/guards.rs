//! Pass `guards`: a rule with a condition that compares one subject (`request.headers["x-tenant"] == "a"`, `client.ip in
//! "10.0.0.0/8"`) is found by the subject's value, together with all other rules of that kind, instead of being tried.
//! In: conditions. Out: `Plan::subjects`, the guard of each rule and scope, conditions without what the guard has settled.
//!
//! A guard is one conjunct of a rule's condition: the one that fewest other rules share.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::{Condition, Plan, atoms, conditions};
use crate::base::Span;
use crate::ir::hir::{self, Read};

/// With fewer rules that compare a subject, trying them one by one costs less than looking its value up.
const FEWEST: usize = 8;
/// A guard with more keys is not worth its table: the condition has one of its own.
const KEYS: usize = 256;
/// With more patterns on a subject, those that begin with a fixed text are found by it and not by their automaton.
const PATTERNS: usize = 256;

/// What rules are found by.
#[derive(Clone, Debug, PartialEq)]
pub struct Subject {
    /// A fact about the request.
    pub expr: hir::Expr,
    /// Whether it is an address (else a text).
    pub address: bool,
    /// Which atom holds where.
    pub keys: Vec<(Key, u32)>,
    /// Patterns (with flags) that are searched together, and the atoms of each.
    pub patterns: Vec<(Pattern, Vec<u32>)>,
}

/// A regex, its flags and its place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pattern {
    /// With `\/` undone.
    pub text: String,
    /// Letters of `imsx`.
    pub flags: String,
    /// Where it stands first.
    pub span: Span,
}

impl Pattern {
    /// Whether it is this regex, wherever that stands.
    pub fn is(&self, text: &str, flags: &str) -> bool {
        self.text == text && self.flags == flags
    }
}

/// What a value is compared with.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// `==`
    Whole(String),
    /// `starts_with`
    Beginning(String),
    /// `ends_with`
    Ending(String),
    /// `in` a network
    Network(IpAddr, u8),
    /// `matches`: pattern and flags
    Pattern(String, String),
}

/// A rule counts only where this atom holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Guard {
    /// Index into `Plan::subjects`.
    pub subject: u32,
    /// Number of the atom, over all subjects.
    pub atom: u32,
}

/// A part of a condition that could guard a rule.
#[derive(Clone, Debug)]
struct Candidate {
    part: Part,
    read: Read,
    keys: BTreeSet<Key>,
    /// Whether it settles its part.
    exact: bool,
}

#[derive(Clone, Copy, Debug)]
enum Part {
    Hosts(usize),
    Expr(usize),
}

pub(super) fn run(policy: &hir::Policy, plan: &mut Plan) {
    // Conjunctions become lists, so that each part is seen.
    for condition in &mut plan.conditions {
        condition.exprs = condition.exprs.drain(..).flat_map(conjuncts).collect();
    }
    let owners: Vec<Option<usize>> = plan
        .rules
        .iter()
        .map(|rule| if rule.dead { None } else { rule.condition })
        .chain(plan.scopes.iter().copied())
        .map(|id| id.map(|id| id.0 as usize))
        .collect();
    let patterns = patterns(policy, plan);
    let automata = plan.options.runs("automata");
    let candidates: Vec<Vec<Candidate>> = owners
        .iter()
        .map(|owner| {
            let condition = owner.and_then(|owner| plan.conditions.get(owner));
            condition.map(|condition| candidates(policy, condition, &patterns, automata)).unwrap_or_default()
        })
        .collect();
    let chosen = choose(&candidates);
    let mut subjects: BTreeMap<Read, u32> = BTreeMap::new();
    let mut known: BTreeMap<(Read, BTreeSet<Key>), Guard> = BTreeMap::new();
    let mut guards = Vec::with_capacity(owners.len());
    for (owner, candidate) in owners.iter().zip(chosen) {
        let (Some(owner), Some(candidate)) = (owner, candidate) else {
            guards.push((None, None));
            continue;
        };
        let subject = *subjects.entry(candidate.read.clone()).or_insert_with(|| add_subject(plan, &candidate.read));
        let atom = known.len() as u32;
        let guard = *known.entry((candidate.read.clone(), candidate.keys.clone())).or_insert_with(|| {
            let place = plan.subjects.get_mut(subject as usize);
            place.into_iter().for_each(|place| add_atom(place, &candidate.keys, atom));
            Guard { subject, atom }
        });
        let rest = plan.conditions.get(*owner).cloned().map(|mut condition| {
            if candidate.exact {
                match candidate.part {
                    Part::Hosts(index) => drop(condition.hosts.remove(index)),
                    Part::Expr(index) => drop(condition.exprs.remove(index)),
                }
            }
            condition
        });
        let rest = rest.and_then(|condition| conditions::add(plan, condition));
        guards.push((Some(guard), Some(rest)));
    }
    let mut guards = guards.into_iter();
    for (rule, (guard, rest)) in plan.rules.iter_mut().zip(guards.by_ref()) {
        rule.guard = guard;
        rule.condition = rest.unwrap_or(rule.condition);
    }
    for (scope, (guard, rest)) in plan.scopes.iter_mut().zip(guards) {
        *scope = rest.unwrap_or(*scope);
        plan.scope_guards.push(guard);
    }
}

/// The parts of a conjunction.
fn conjuncts(expr: hir::Expr) -> Vec<hir::Expr> {
    match expr.kind {
        hir::ExprKind::And(items) => items.into_iter().flat_map(conjuncts).collect(),
        kind => vec![hir::Expr { kind, ..expr }],
    }
}

/// Different patterns of each subject in all conditions.
fn patterns(policy: &hir::Policy, plan: &Plan) -> BTreeMap<Read, BTreeSet<Key>> {
    let mut found: BTreeMap<Read, BTreeSet<Key>> = BTreeMap::new();
    for expr in plan.conditions.iter().flat_map(|condition| &condition.exprs) {
        if let Some((read, keys)) = atoms::of(policy, expr) {
            let patterns = keys.into_iter().filter(|key| matches!(key, Key::Pattern(..)));
            found.entry(read).or_default().extend(patterns);
        }
    }
    found
}

/// The parts of a condition that could be its guard.
fn candidates(policy: &hir::Policy, condition: &Condition, patterns: &BTreeMap<Read, BTreeSet<Key>>, automata: bool) -> Vec<Candidate> {
    let mut found = Vec::new();
    for (index, hosts) in condition.hosts.iter().enumerate() {
        let keys = hosts.iter().map(|host| match host {
            hir::HostPattern::Exact(name) => Key::Whole(name.clone()),
            hir::HostPattern::Under(parent) => Key::Ending(format!(".{parent}")),
        });
        found.push(Candidate { part: Part::Hosts(index), read: Read::Host, keys: keys.collect(), exact: true });
    }
    for (index, expr) in condition.exprs.iter().enumerate() {
        let Some((read, mut keys)) = atoms::of(policy, expr) else { continue };
        let mut exact = true;
        let many = patterns.get(&read).is_some_and(|patterns| patterns.len() > PATTERNS);
        if keys.iter().any(|key| matches!(key, Key::Pattern(..))) && (many || !automata) {
            let Some(beginnings) = keys.iter().map(atoms::beginning).collect::<Option<BTreeSet<Key>>>() else { continue };
            keys = beginnings;
            exact = false;
        }
        if !keys.is_empty() && keys.len() <= KEYS {
            found.push(Candidate { part: Part::Expr(index), read, keys, exact });
        }
    }
    found
}

/// The guard of each: the candidate whose keys fewest use, of subjects that enough use.
fn choose(candidates: &[Vec<Candidate>]) -> Vec<Option<Candidate>> {
    let mut uses: BTreeMap<(&Read, &Key), usize> = BTreeMap::new();
    for candidate in candidates.iter().flatten() {
        for key in &candidate.keys {
            *uses.entry((&candidate.read, key)).or_default() += 1;
        }
    }
    let price = |candidate: &Candidate| {
        let shared: usize = candidate.keys.iter().filter_map(|key| uses.get(&(&candidate.read, key))).sum();
        let kind = candidate.keys.iter().map(|key| match key {
            Key::Whole(_) => 0,
            Key::Beginning(_) | Key::Ending(_) => 2,
            Key::Network(..) => 1,
            Key::Pattern(..) => 3,
        });
        (shared, !candidate.exact, kind.max())
    };
    let pick = |allowed: &dyn Fn(&Read) -> bool| -> Vec<Option<Candidate>> {
        let best =
            |candidates: &Vec<Candidate>| candidates.iter().filter(|candidate| allowed(&candidate.read)).min_by_key(|c| price(c)).cloned();
        candidates.iter().map(best).collect()
    };
    let count = |chosen: &[Option<Candidate>]| {
        let mut counts: BTreeMap<Read, usize> = BTreeMap::new();
        for candidate in chosen.iter().flatten() {
            *counts.entry(candidate.read.clone()).or_default() += 1;
        }
        counts
    };
    let first = count(&pick(&|_| true));
    let enough = |counts: &BTreeMap<Read, usize>, read: &Read| counts.get(read).is_some_and(|count| *count >= FEWEST);
    let second = pick(&|read| enough(&first, read));
    let counts = count(&second);
    second.into_iter().map(|candidate| candidate.filter(|candidate| enough(&counts, &candidate.read))).collect()
}

fn add_subject(plan: &mut Plan, read: &Read) -> u32 {
    let address = matches!(read, Read::ClientIp);
    let ty = if address { hir::Ty::Ip } else { hir::Ty::String };
    let expr = hir::Expr { kind: hir::ExprKind::Read(read.clone()), ty, span: Span::default() };
    plan.subjects.push(Subject { expr, address, keys: Vec::new(), patterns: Vec::new() });
    plan.subjects.len() as u32 - 1
}

fn add_atom(subject: &mut Subject, keys: &BTreeSet<Key>, atom: u32) {
    for key in keys {
        let Key::Pattern(text, flags) = key else {
            subject.keys.push((key.clone(), atom));
            continue;
        };
        match subject.patterns.iter_mut().find(|(pattern, _)| pattern.is(text, flags)) {
            Some((_, atoms)) => atoms.push(atom),
            None => {
                let pattern = Pattern { text: text.clone(), flags: flags.clone(), span: Span::default() };
                subject.patterns.push((pattern, vec![atom]));
            }
        }
    }
}

/// Pass `automata`: all patterns of a subject are searched together, once a request, also those that guard nothing.
pub(super) fn automata(policy: &hir::Policy, plan: &mut Plan) {
    let mut found: BTreeMap<Read, Vec<Pattern>> = BTreeMap::new();
    for expr in plan.conditions.iter().flat_map(|condition| &condition.exprs) {
        collect(policy, expr, &mut found);
    }
    for (read, patterns) in found {
        let subject = plan.subjects.iter().position(|subject| atoms::subject(&subject.expr).is_some_and(|own| own == read));
        let guarding = subject.and_then(|index| plan.subjects.get(index)).map_or(0, |subject| subject.patterns.len());
        let fresh = guarding == 0;
        if patterns.len() > PATTERNS || fresh && patterns.len() < 2 {
            continue;
        }
        let index = match subject {
            Some(index) => index,
            None => add_subject(plan, &read) as usize,
        };
        let Some(subject) = plan.subjects.get_mut(index) else { continue };
        for pattern in patterns {
            match subject.patterns.iter_mut().find(|(known, _)| known.is(&pattern.text, &pattern.flags)) {
                Some((known, _)) => known.span = pattern.span,
                None => subject.patterns.push((pattern, Vec::new())),
            }
        }
    }
}

/// The patterns of subjects in an expression.
fn collect(policy: &hir::Policy, expr: &hir::Expr, found: &mut BTreeMap<Read, Vec<Pattern>>) {
    if let hir::ExprKind::Matches(subject, text, flags) = &expr.kind
        && let Some(read) = atoms::subject(subject)
    {
        let patterns = found.entry(read).or_default();
        if !patterns.iter().any(|pattern| pattern.is(text, flags)) {
            patterns.push(Pattern { text: text.clone(), flags: flags.clone(), span: expr.span });
        }
    }
    if let hir::ExprKind::Let(id) = &expr.kind
        && let Some(item) = policy.lets.get(id.index())
    {
        collect(policy, &item.value, found);
    }
    for operand in expr.operands() {
        collect(policy, operand, found);
    }
}
