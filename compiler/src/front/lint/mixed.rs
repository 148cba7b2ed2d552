//! A `forbid` that the caller gets round by one element: an array of the body that stands as a list of texts or numbers is absent when an
//! element is of another type. In: the conditions of forbids. Out: a warning where such a list makes one hold.

use super::Subject;
use crate::base::{Code, Diagnostic};
use crate::ir::hir::{self, Expr, ExprKind, Policy, Read, Ty};

pub(super) fn lint(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let forbids = subject.policy.rules.iter().filter(|rule| matches!(rule.kind, hir::RuleKind::Forbid(_)));
    for condition in forbids.flat_map(|rule| &rule.conditions) {
        look(subject.policy, condition, true, &mut found);
    }
    found
}

/// Looks at what makes a condition hold, not at what keeps it from it: there, an absent list refuses.
fn look(policy: &Policy, expr: &Expr, holds: bool, found: &mut Vec<Diagnostic>) {
    match &expr.kind {
        ExprKind::Not(operand) => return look(policy, operand, !holds, found),
        ExprKind::JsonAs(array) if holds => {
            let single = matches!(expr.ty.present(), Ty::List(element) if **element != Ty::Json);
            if single && is_of_body(policy, array) {
                let message = "one element of another type in this array gets round the `forbid`";
                let label = format!("then there is no `{}`", expr.ty.present());
                let help = "look at each element, as in `some x in request.body.json.tags satisfies x == \"a\"`, or write `\"a\" in …`";
                found.push(Diagnostic::warning(Code::Evadable, expr.span, message, label).help(help));
            }
        }
        // INVARIANT: a let reads only lets before it, so this ends.
        ExprKind::Let(id) => {
            if let Some(item) = policy.lets.get(id.index()) {
                look(policy, &item.value, holds, found);
            }
        }
        _ => {}
    }
    for operand in expr.operands() {
        look(policy, operand, holds, found);
    }
}

fn is_of_body(policy: &Policy, expr: &Expr) -> bool {
    let mut is = false;
    expr.reads(policy, &mut |read| is |= matches!(read, Read::BodyJson));
    is
}
