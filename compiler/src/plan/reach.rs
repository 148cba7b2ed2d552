//! Which rules one request can reach together at most. In: the index, what each of its entries costs. Out: the most that the entries
//! which one request brings can cost. Requests of every path and value are covered; methods and orders are not looked at.

use std::collections::BTreeMap;

use super::{Entry, Key, Plan, Subject};
use crate::ir::hir::{Segment, Template};

/// What can be added up and compared part by part.
pub trait Amount: Copy {
    /// Nothing.
    const NONE: Self;
    /// Both.
    fn plus(self, other: Self) -> Self;
    /// In each part the larger.
    fn larger(self, other: Self) -> Self;
}

impl Amount for u64 {
    const NONE: u64 = 0;

    fn plus(self, other: u64) -> u64 {
        self.saturating_add(other)
    }

    fn larger(self, other: u64) -> u64 {
        self.max(other)
    }
}

/// Sets of places in the tree of templates that are told apart; with more, all below a place counts as reached.
const STATES: u32 = 100_000;
/// Templates are told apart by so many segments.
const DEPTH: usize = 128;

/// The tree of templates, and what is known of the subjects' values.
pub struct Reach<'a> {
    plan: &'a Plan,
    nodes: Vec<Node<'a>>,
}

#[derive(Default)]
struct Node<'a> {
    literals: BTreeMap<&'a str, usize>,
    any: Option<usize>,
    /// Templates that end here, and those that end in `**` here.
    ends: Vec<usize>,
    rests: Vec<usize>,
}

impl<'a> Reach<'a> {
    /// Of a plan.
    pub fn new(plan: &'a Plan) -> Reach<'a> {
        let mut reach = Reach { plan, nodes: vec![Node::default()] };
        for (number, accept) in plan.index.accepts.iter().enumerate() {
            reach.enter(&accept.template, number);
        }
        reach
    }

    fn enter(&mut self, template: &'a Template, number: usize) {
        let mut at = 0;
        for segment in template.segments.iter().take(DEPTH) {
            let new = self.nodes.len();
            let Some(node) = self.nodes.get_mut(at) else { return };
            at = match segment {
                Segment::Literal(text) => *node.literals.entry(text).or_insert(new),
                Segment::Capture(_) | Segment::Any => *node.any.get_or_insert(new),
            };
            if at == new {
                self.nodes.push(Node::default());
            }
        }
        let long = template.segments.len() > DEPTH;
        if let Some(node) = self.nodes.get_mut(at) {
            if template.rest || long { node.rests.push(number) } else { node.ends.push(number) }
        }
    }

    /// The ids of a kind.
    pub fn ids(&self, kind: i32) -> Vec<u32> {
        let entries = self.plan.index.accepts.iter().flat_map(|accept| &accept.entries);
        let mut ids: Vec<u32> = entries.filter(|entry| entry.kind == kind).map(|entry| entry.id).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// Whether some entry of a kind is found by a subject's value.
    pub fn is_guarded(&self, kind: i32) -> bool {
        self.plan.index.accepts.iter().flat_map(|accept| &accept.entries).any(|entry| entry.kind == kind && entry.guard.is_some())
    }

    /// How many templates one path matches at most.
    pub fn templates(&self) -> u64 {
        self.most(&vec![1; self.plan.index.accepts.len()])
    }

    /// How many places of the tree one path is at together, at most, and how deep the tree is.
    pub fn breadth(&self) -> (u64, u64) {
        let mut level = vec![0];
        let (mut widest, mut depth) = (1, 0);
        // At each depth: places that wildcards lead to double with each level at most.
        while !level.is_empty() {
            let next: Vec<usize> = level.iter().filter_map(|at| self.nodes.get(*at)).flat_map(Node::below).collect();
            let most = 1_u64.checked_shl(depth).unwrap_or(u64::MAX);
            widest = widest.max(most.min(level.len() as u64));
            depth += 1;
            level = next;
        }
        (widest, u64::from(depth))
    }

    /// The most that the entries of a kind which one request brings cost together; `guarded` comes for each atom of each subject that
    /// is looked up below a template.
    pub fn together<A: Amount>(&self, kind: i32, guarded: A, mut cost: impl FnMut(&Entry) -> A) -> A {
        let mut each = Vec::with_capacity(self.plan.index.accepts.len());
        for accept in &self.plan.index.accepts {
            let mut sum = A::NONE;
            let mut by_subject: BTreeMap<u32, BTreeMap<u32, A>> = BTreeMap::new();
            for entry in accept.entries.iter().filter(|entry| entry.kind == kind) {
                let cost = cost(entry);
                match entry.guard {
                    None => sum = sum.plus(cost),
                    Some(guard) => {
                        let atoms = by_subject.entry(guard.subject).or_default();
                        let atom = atoms.entry(guard.atom).or_insert(A::NONE);
                        *atom = atom.plus(cost);
                    }
                }
            }
            for (subject, atoms) in by_subject {
                if let Some(subject) = self.plan.subjects.get(subject as usize) {
                    sum = sum.plus(of_value(subject, |atom| guarded.plus(atoms.get(&atom).copied().unwrap_or(A::NONE))));
                }
            }
            each.push(sum);
        }
        self.most(&each)
    }

    /// The most that the templates which one path matches cost together.
    fn most<A: Amount>(&self, each: &[A]) -> A {
        let mut search = Search { reach: self, each, known: BTreeMap::new(), below: vec![None; self.nodes.len()] };
        search.most(vec![0])
    }
}

impl Node<'_> {
    fn below(&self) -> impl Iterator<Item = usize> {
        self.literals.values().copied().chain(self.any)
    }
}

struct Search<'s, 'a, A> {
    reach: &'s Reach<'a>,
    each: &'s [A],
    known: BTreeMap<Vec<usize>, A>,
    below: Vec<Option<A>>,
}

impl<A: Amount> Search<'_, '_, A> {
    fn sum(&self, templates: &[usize]) -> A {
        templates.iter().filter_map(|number| self.each.get(*number)).fold(A::NONE, |sum, cost| sum.plus(*cost))
    }

    /// From these places on.
    fn most(&mut self, places: Vec<usize>) -> A {
        if let Some(known) = self.known.get(&places) {
            return *known;
        }
        if self.known.len() as u32 >= STATES {
            return places.iter().fold(A::NONE, |sum, at| sum.plus(self.all_below(*at)));
        }
        let reach = self.reach;
        let nodes: Vec<&Node<'_>> = places.iter().filter_map(|at| reach.nodes.get(*at)).collect();
        let rests = nodes.iter().fold(A::NONE, |sum, node| sum.plus(self.sum(&node.rests)));
        let mut best = nodes.iter().fold(A::NONE, |sum, node| sum.plus(self.sum(&node.ends)));
        let any: Vec<usize> = nodes.iter().filter_map(|node| node.any).collect();
        let mut literals: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for node in &nodes {
            for (text, at) in &node.literals {
                literals.entry(text).or_insert_with(|| any.clone()).push(*at);
            }
        }
        for mut next in literals.into_values().chain(std::iter::once(any)).filter(|next| !next.is_empty()) {
            next.sort_unstable();
            best = best.larger(self.most(next));
        }
        let most = rests.plus(best);
        self.known.insert(places, most);
        most
    }

    fn all_below(&mut self, at: usize) -> A {
        if let Some(Some(known)) = self.below.get(at) {
            return *known;
        }
        let reach = self.reach;
        let Some(node) = reach.nodes.get(at) else { return A::NONE };
        let mut sum = self.sum(&node.ends).plus(self.sum(&node.rests));
        for next in node.below() {
            sum = sum.plus(self.all_below(next));
        }
        if let Some(known) = self.below.get_mut(at) {
            *known = Some(sum);
        }
        sum
    }
}

/// The most that the atoms which hold for one value of a subject cost together.
pub(crate) fn of_value<A: Amount>(subject: &Subject, cost: impl Fn(u32) -> A) -> A {
    let mut whole: BTreeMap<&str, A> = BTreeMap::new();
    // What is found by a beginning, by an end and by a network, as texts of which one begins with the other.
    let mut beginnings: [BTreeMap<String, A>; 3] = [BTreeMap::new(), BTreeMap::new(), BTreeMap::new()];
    for (key, atom) in &subject.keys {
        let (group, text) = match key {
            Key::Whole(text) => {
                let sum = whole.entry(text).or_insert(A::NONE);
                *sum = sum.plus(cost(*atom));
                continue;
            }
            Key::Beginning(text) => (0, text.clone()),
            Key::Ending(text) => (1, text.chars().rev().collect()),
            Key::Network(ip, bits) => (2, network(*ip, *bits)),
            Key::Pattern(..) => continue,
        };
        if let Some(group) = beginnings.get_mut(group) {
            let sum = group.entry(text).or_insert(A::NONE);
            *sum = sum.plus(cost(*atom));
        }
    }
    let patterns = subject.patterns.iter().flat_map(|(_, atoms)| atoms).fold(A::NONE, |sum, atom| sum.plus(cost(*atom)));
    let whole = whole.into_values().fold(A::NONE, A::larger);
    beginnings.iter().fold(whole.plus(patterns), |sum, group| sum.plus(chain(group)))
}

/// The most that texts of which each begins with the one before cost together.
fn chain<A: Amount>(texts: &BTreeMap<String, A>) -> A {
    let mut best = A::NONE;
    let mut open: Vec<(&str, A)> = Vec::new();
    // In order, each text comes right behind its beginnings.
    for (text, cost) in texts {
        while open.last().is_some_and(|(beginning, _)| !text.starts_with(beginning)) {
            open.pop();
        }
        let sum = open.last().map_or(A::NONE, |(_, sum)| *sum).plus(*cost);
        best = best.larger(sum);
        open.push((text, sum));
    }
    best
}

/// A network as a text: the family and its bits.
fn network(ip: std::net::IpAddr, bits: u8) -> String {
    let (family, octets) = match ip {
        std::net::IpAddr::V4(ip) => ('4', ip.octets().to_vec()),
        std::net::IpAddr::V6(ip) => ('6', ip.octets().to_vec()),
    };
    let digits: String = octets.iter().map(|octet| format!("{octet:08b}")).collect();
    std::iter::once(family).chain(digits.chars().take(bits.into())).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{Reach, chain, network, of_value};
    use crate::ir::hir::{Segment, Template};
    use crate::plan::{Accept, Entry, Guard, Key, Plan, Subject};

    fn template(text: &str) -> Template {
        let rest = text.ends_with("**");
        let segments = text.trim_end_matches("**").trim_start_matches('/').split('/').filter(|part| !part.is_empty());
        let segments = segments.map(|part| if part == "*" { Segment::Any } else { Segment::Literal(part.to_owned()) });
        Template { segments: segments.collect(), rest }
    }

    fn plan(templates: &[&str]) -> Plan {
        let mut plan = Plan::default();
        for (id, text) in (0..).zip(templates) {
            let entry = Entry { kind: 1, order: id, id, methods: Vec::new(), condition: None, guard: None };
            plan.index.accepts.push(Accept { template: template(text), entries: vec![entry] });
        }
        plan
    }

    fn together(templates: &[&str]) -> u64 {
        Reach::new(&plan(templates)).together(1, 0, |_| 1)
    }

    #[test]
    fn only_what_one_path_matches_counts() {
        assert_eq!(together(&["/a", "/b", "/c/d"]), 1);
        assert_eq!(together(&["/**", "/a/**", "/a/b", "/c"]), 3);
        assert_eq!(together(&["/*/x", "/a/*", "/a/x", "/b/x", "/b/y"]), 3);
        assert_eq!(together(&["/*", "/a", "/*/*"]), 2);
        assert_eq!(together(&[]), 0);
        let many: Vec<String> = (0..3000).map(|n| format!("/api/v{}/r{n}/*", n % 7)).collect();
        assert_eq!(together(&many.iter().map(String::as_str).collect::<Vec<_>>()), 1);
    }

    #[test]
    fn mixtures_that_are_too_many_count_as_all() {
        let first = (0..400).map(|n| format!("/*/x{n}/*/z{n}"));
        let templates: Vec<String> = first.chain((0..400).map(|n| format!("/y{n}/*/w{n}/*"))).collect();
        let sum = together(&templates.iter().map(String::as_str).collect::<Vec<_>>());
        assert!((2..=800).contains(&sum), "{sum}");
    }

    #[test]
    fn one_value_meets_few_keys() {
        let expr = crate::ir::hir::Expr {
            kind: crate::ir::hir::ExprKind::Const(crate::ir::hir::Const::Bool(true)),
            ty: crate::ir::hir::Ty::Bool,
            span: crate::base::Span::default(),
        };
        let key = |make: fn(String) -> Key, text: &str, atom| (make(text.to_owned()), atom);
        let keys = vec![
            key(Key::Whole, "ab", 0),
            key(Key::Whole, "cd", 1),
            key(Key::Beginning, "a", 2),
            key(Key::Beginning, "ab", 3),
            key(Key::Beginning, "b", 4),
            key(Key::Ending, "b", 5),
            key(Key::Ending, "ab", 6),
        ];
        let subject = Subject { expr, address: false, keys, patterns: Vec::new() };
        assert_eq!(of_value(&subject, |_| 1), 1 + 2 + 2);
        let mut plan = plan(&["/**", "/**"]);
        plan.subjects = vec![subject];
        for (atom, accept) in (0..).zip(&mut plan.index.accepts) {
            for entry in &mut accept.entries {
                entry.guard = Some(Guard { subject: 0, atom });
            }
        }
        assert_eq!(Reach::new(&plan).together(1, 0, |_| 10), 20);
        let nets = ["10.0.0.0/8", "10.1.0.0/16", "11.0.0.0/8"];
        let nets = nets.map(|net| net.split_once('/').map(|(ip, bits)| network(ip.parse().unwrap(), bits.parse().unwrap())).unwrap());
        assert_eq!(chain(&nets.into_iter().map(|net| (net, 1_u64)).collect()), 2);
    }
}
