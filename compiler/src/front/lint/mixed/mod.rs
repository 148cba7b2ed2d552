//! A rule that the caller gets round by one element: an array of the body that stands as a list of texts, numbers or bools is absent
//! when an element is of another type. In: the conditions of forbids and permits. Out: a warning where such a list, being absent,
//! keeps a forbid from holding or makes a permit hold.

mod value;

use std::collections::BTreeSet;
use std::rc::Rc;

use self::value::{Array, Mixing, Value};
use super::{Subject, constant};
use crate::base::{Code, Diagnostic, Span};
use crate::ir::hir::{self, Expr, ExprKind, Policy};

pub(super) fn lint(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let policy = subject.policy;
    let mut search = Search { policy, mixing: Mixing::new(policy), seen: BTreeSet::new(), told: BTreeSet::new(), found: Vec::new() };
    if !search.mixing.is_needed() {
        return Vec::new();
    }
    for rule in &policy.rules {
        let admits = match rule.kind {
            hir::RuleKind::Forbid(_) => false,
            hir::RuleKind::Permit => true,
            hir::RuleKind::RewriteRequest(_)
            | hir::RuleKind::RewriteResponse(_)
            | hir::RuleKind::RedactResponse(_)
            | hir::RuleKind::Route(_) => continue,
        };
        for condition in &rule.conditions {
            search.condition(condition, admits, rule.name.span);
        }
    }
    search.found
}

struct Search<'p> {
    policy: &'p Policy,
    mixing: Mixing<'p>,
    /// `let`s that were looked at, with the value that lets a request pass and whether that makes the rule hold.
    seen: BTreeSet<(usize, bool, bool)>,
    told: BTreeSet<Span>,
    found: Vec<Diagnostic>,
}

/// A condition that is still to be looked at.
struct Open<'p> {
    expr: &'p Expr,
    /// The values of parameters and elements around it.
    bound: Rc<Vec<Value>>,
    /// The value of it that lets a request pass.
    passes: bool,
    /// How many calls it stands in.
    calls: usize,
}

impl<'p> Search<'p> {
    /// Takes a condition apart to what no `and`, `or` and `not` is in, and tells each part that passes when arrays are mixed. What
    /// refuses then, whatever its parts are, is left alone.
    fn condition(&mut self, condition: &'p Expr, admits: bool, rule: Span) {
        let policy = self.policy;
        let mut open = vec![Open { expr: condition, bound: Rc::new(Vec::new()), passes: admits, calls: 0 }];
        while let Some(Open { expr, bound, passes, calls }) = open.pop() {
            let part = |expr: &'p Expr, passes: bool| Open { expr, bound: Rc::clone(&bound), passes, calls };
            let (value, arrays) = self.mixing.with_arrays(expr, &bound);
            if value == Value::Bool(!passes) {
                continue;
            }
            match &expr.kind {
                ExprKind::Not(operand) => open.push(part(operand, !passes)),
                ExprKind::And(operands) | ExprKind::Or(operands) => open.extend(operands.iter().map(|operand| part(operand, passes))),
                ExprKind::Let(id) => {
                    if let (Some(item), true) = (policy.lets.get(id.index()), self.seen.insert((id.index(), passes, admits))) {
                        open.push(Open { expr: &item.value, bound: Rc::default(), passes, calls });
                    }
                }
                _ if value == Value::Bool(passes) => {
                    let refuses = self.mixing.without_defaults(expr, &bound) == Value::Bool(!passes);
                    self.tell(&arrays, (admits, refuses), rule);
                }
                ExprKind::Invoke(id, args) if calls < value::MOST_CALLS => {
                    if let Some(item) = policy.fns.get(id.index()) {
                        let args = args.iter().map(|arg| self.mixing.value(arg, &bound)).collect();
                        open.push(Open { expr: &item.body, bound: Rc::new(args), passes, calls: calls.saturating_add(1) });
                    }
                }
                ExprKind::If(condition, then, otherwise) => {
                    // `if c then true else x` holds as `c or x` does.
                    match (constant::value(policy, then), constant::value(policy, otherwise)) {
                        (Some(true), _) | (_, Some(false)) => open.push(part(condition, passes)),
                        (Some(false), _) | (_, Some(true)) => open.push(part(condition, !passes)),
                        (None, None) => {}
                    }
                    open.extend([then, otherwise].map(|branch| part(branch, passes)));
                }
                ExprKind::Match(_, arms, otherwise) => {
                    open.extend(arms.iter().map(|(_, arm)| arm).chain([&**otherwise]).map(|arm| part(arm, passes)));
                }
                ExprKind::Coalesce(first, second) => open.extend([first, second].map(|operand| part(operand, passes))),
                ExprKind::Quantified(_, level, list, condition) => {
                    self.in_branches(expr, &bound, passes, (admits, rule));
                    let mut around: Vec<Value> = bound.iter().take(*level as usize).cloned().collect();
                    around.resize(*level as usize, Value::Any);
                    around.push(value::element(&self.mixing.value(list, &bound)));
                    open.push(Open { expr: condition, bound: Rc::new(around), passes, calls });
                }
                _ => self.in_branches(expr, &bound, passes, (admits, rule)),
            }
        }
    }

    /// A list that stands in a branch, or behind one that is configured.
    fn in_branches(&mut self, expr: &'p Expr, bound: &[Value], passes: bool, (admits, rule): (bool, Span)) {
        for first in [true, false] {
            let (value, arrays) = self.mixing.by_branch(expr, bound, first);
            if value == Value::Bool(passes) {
                self.tell(&arrays, (admits, false), rule);
            }
        }
    }

    /// Tells each array once; whether the request would be refused without `?? []`.
    fn tell(&mut self, arrays: &[Array], (admits, refuses): (bool, bool), rule: Span) {
        for array in arrays {
            if self.told.insert(array.span) {
                let found = self.report(array, admits, refuses);
                let elsewhere = array.span.start < rule.start || array.span.file != rule.file;
                self.found.push(if elsewhere { found.also(rule, "this rule looks at it") } else { found });
            }
        }
    }

    fn report(&self, array: &Array, admits: bool, refuses: bool) -> Diagnostic {
        let message = match admits {
            true => "one element of another type in this array is enough for the `permit`",
            false => "one element of another type in this array gets round the `forbid`",
        };
        let parameter = array.handed.and_then(|(id, level)| self.policy.fns.get(id.index())?.params.get(level));
        let help = match parameter {
            Some((name, _)) if refuses => {
                format!("declare the parameter as `{}: {}?` and hand the array over without `?? []`", name.text, array.ty)
            }
            Some((name, ty)) => {
                let optional = if ty.is_optional() { "?" } else { "" };
                format!("declare the parameter as `{}: list<json>{optional}`, which holds elements of every type", name.text)
            }
            None => "look at each element, as in `some x in LIST satisfies x == \"a\"`, or write `\"a\" in (LIST ?? [])`".to_owned(),
        };
        Diagnostic::warning(Code::Evadable, array.span, message, format!("then there is no `{}`", array.ty)).help(help)
    }
}
