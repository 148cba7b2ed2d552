//! A `fn`'s body in place of its call. In: the body, the arguments, how many names are bound around the call. Out: the body
//! with arguments for parameters; what it binds itself counts on from those around.

use crate::ir::hir::{Expr, ExprKind};

/// Puts arguments in place of parameters.
pub(in crate::front::check) fn substitute(body: &mut Expr, args: &[Expr], around: usize) {
    let shift = |level: u32| (level as usize).saturating_sub(args.len()).saturating_add(around);
    let number = |level: usize| u32::try_from(level).unwrap_or(u32::MAX);
    if let ExprKind::Bound(level) = &mut body.kind {
        match args.get(*level as usize) {
            Some(arg) => {
                // A narrowed parameter is known to be present, its argument by itself is not.
                let ty = if body.ty.is_optional() { arg.ty.clone() } else { body.ty.clone() };
                *body = Expr { ty, ..arg.clone() };
            }
            None => *level = number(shift(*level)),
        }
        return;
    }
    if let ExprKind::Quantified(_, level, ..) = &mut body.kind {
        *level = number(shift(*level));
    }
    for operand in body.operands_mut() {
        substitute(operand, args, around);
    }
}

/// How many nodes that makes.
pub(in crate::front::check) fn size(body: &Expr, args: &[Expr]) -> usize {
    let arg = if let ExprKind::Bound(level) = &body.kind { args.get(*level as usize) } else { None };
    match arg {
        Some(arg) => size(arg, &[]),
        None => body.operands().into_iter().map(|operand| size(operand, args)).fold(1, usize::saturating_add),
    }
}
