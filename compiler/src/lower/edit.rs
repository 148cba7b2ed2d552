//! Header, path and host edits.

use portcullis_runtime::contract::{Mechanism, map};

use super::build::{Builder, Context, Phase, act};
use super::expr;
use crate::ir::hir::{Edit, EditTarget, HeaderPattern};
use crate::ir::lir::{Expr, Stmt};

/// The edits of one rule in the order written.
pub(super) fn lower(builder: &mut Builder<'_>, context: &mut Context, edits: &[Edit]) -> Vec<Stmt> {
    let side = match context.phase {
        Phase::Request => map::REQUEST,
        Phase::Response => map::RESPONSE,
    };
    edits.iter().map(|edit| one(builder, context, side, edit)).collect()
}

fn one(builder: &mut Builder<'_>, context: &mut Context, side: i32, edit: &Edit) -> Stmt {
    match &edit.target {
        EditTarget::Set(name, value) => write(builder, context, Mechanism::HeaderSet, side, name, value),
        EditTarget::Append(name, value) => write(builder, context, Mechanism::HeaderAppend, side, name, value),
        EditTarget::Remove(HeaderPattern::Exact(name)) => remove(builder, side, name),
        EditTarget::Remove(HeaderPattern::Prefix(start)) => {
            let start = builder.string(start);
            act(Mechanism::HeaderRemovePrefix, vec![Expr::I32(side), start])
        }
        EditTarget::Path(value) => {
            let value = expr::lower(builder, context, value);
            act(Mechanism::ForwardPath, vec![value])
        }
        EditTarget::Host(value) => {
            let value = expr::lower(builder, context, value);
            act(Mechanism::ForwardHost, vec![value])
        }
    }
}

/// Takes all lines of a header.
pub(super) fn remove(builder: &mut Builder<'_>, side: i32, name: &str) -> Stmt {
    let name = builder.string(name);
    act(Mechanism::HeaderRemove, vec![Expr::I32(side), name])
}

fn write(
    builder: &mut Builder<'_>,
    context: &mut Context,
    mechanism: Mechanism,
    side: i32,
    name: &str,
    value: &crate::ir::hir::Expr,
) -> Stmt {
    let value = expr::lower(builder, context, value);
    let name = builder.string(name);
    act(mechanism, vec![Expr::I32(side), name, value])
}
