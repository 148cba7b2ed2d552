//! A rule that the caller gets round by one element: an array of the body that stands as a list of texts or numbers is absent when an
//! element is of another type. In: the conditions of forbids and permits. Out: a warning where such a list makes a forbid hold, and
//! where a `fn` that holds of no elements gets one with `?? []` to permit or to spare.

use std::collections::BTreeSet;

use super::Subject;
use crate::base::{Code, Diagnostic};
use crate::ir::ast::Quantifier;
use crate::ir::hir::{self, Expr, ExprKind, Policy, Read, Ty};

pub(super) fn lint(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let mut search = Search { policy: subject.policy, seen: BTreeSet::new(), found: Vec::new() };
    for rule in &subject.policy.rules {
        for condition in &rule.conditions {
            match rule.kind {
                hir::RuleKind::Forbid(_) => {
                    search.look(condition, true);
                    search.guards(condition, false);
                }
                hir::RuleKind::Permit => search.guards(condition, true),
                hir::RuleKind::RewriteRequest(_)
                | hir::RuleKind::RewriteResponse(_)
                | hir::RuleKind::RedactResponse(_)
                | hir::RuleKind::Route(_) => {}
            }
        }
    }
    search.found
}

struct Search<'p> {
    policy: &'p Policy,
    /// `let`s and `fn`s that were looked at, and whether for what makes a condition hold.
    seen: BTreeSet<(bool, usize, bool)>,
    found: Vec<Diagnostic>,
}

impl Search<'_> {
    /// Looks at what makes a condition hold, not at what keeps it from it: there, an absent list refuses.
    fn look(&mut self, expr: &Expr, holds: bool) {
        let policy = self.policy;
        match &expr.kind {
            ExprKind::Not(operand) => return self.look(operand, !holds),
            ExprKind::JsonAs(_) if holds && is_mixable(policy, expr) => {
                let message = "one element of another type in this array gets round the `forbid`";
                let label = format!("then there is no `{}`", expr.ty.present());
                let help = "look at each element, as in `some x in LIST satisfies x == \"a\"`, or write `\"a\" in (LIST ?? [])`";
                self.found.push(Diagnostic::warning(Code::Evadable, expr.span, message, label).help(help));
            }
            // INVARIANT: a let or a fn reads only those before it, so this ends; each is looked at once.
            ExprKind::Let(id) if self.seen.insert((true, id.index(), holds)) => {
                if let Some(item) = policy.lets.get(id.index()) {
                    self.look(&item.value, holds);
                }
            }
            ExprKind::Invoke(id, _) if self.seen.insert((false, id.index(), holds)) => {
                if let Some(item) = policy.fns.get(id.index()) {
                    self.look(&item.body, holds);
                }
            }
            _ => {}
        }
        for operand in expr.operands() {
            self.look(operand, holds);
        }
    }

    /// Calls that admit a request by what they do not find.
    fn guards(&mut self, expr: &Expr, admits: bool) {
        if let ExprKind::Not(operand) = &expr.kind {
            return self.guards(operand, !admits);
        }
        if let (ExprKind::Invoke(id, args), true) = (&expr.kind, admits)
            && let Some(item) = self.policy.fns.get(id.index())
        {
            for (level, arg) in args.iter().enumerate() {
                if let ExprKind::Coalesce(list, _) = &arg.kind
                    && is_mixable(self.policy, list)
                    && holds_of_nothing(&item.body, level)
                {
                    let message = format!("one element of another type in this array makes it empty, of which `{}` holds", item.name.text);
                    let param = item.params.get(level).map_or("…", |(name, _)| name.text.as_str());
                    let help = format!("declare the parameter as `{param}: {}?` and hand the array over without `?? []`", arg.ty.present());
                    self.found.push(Diagnostic::warning(Code::Evadable, arg.span, message, "then there are no elements").help(help));
                }
            }
        }
        for operand in expr.operands() {
            self.guards(operand, admits);
        }
    }
}

/// Whether a body looks at a parameter in a way that holds when it has no elements: every one, none, or few of them.
fn holds_of_nothing(body: &Expr, level: usize) -> bool {
    let looks = match &body.kind {
        ExprKind::Quantified(Quantifier::Every, _, list, _) => reads_param(list, level),
        ExprKind::Not(operand) => reads_param(operand, level),
        ExprKind::Less(left, right) | ExprKind::LessEqual(left, right) => reads_param(left, level) || reads_param(right, level),
        _ => false,
    };
    looks || body.operands().into_iter().any(|operand| holds_of_nothing(operand, level))
}

fn reads_param(expr: &Expr, level: usize) -> bool {
    matches!(expr.kind, ExprKind::Bound(bound) if bound as usize == level)
        || expr.operands().into_iter().any(|operand| reads_param(operand, level))
}

/// Whether it is an array of the body that stands as a list of texts, numbers or bools.
fn is_mixable(policy: &Policy, list: &Expr) -> bool {
    let (ExprKind::JsonAs(array), Ty::List(element)) = (&list.kind, list.ty.present()) else { return false };
    let mut of_body = false;
    array.reads(policy, &mut |read| of_body |= matches!(read, Read::BodyJson));
    **element != Ty::Json && of_body
}
