//! Members and elements of JSON values.

use super::read::Step;
use super::{check as check_expr, constant, expect};
use crate::base::Code;
use crate::front::check::context::Context;
use crate::front::check::env::Env;
use crate::ir::hir;

/// Members and elements of a JSON value.
pub(super) fn steps(ctx: &mut Context<'_>, env: &Env, value: hir::Expr, steps: &[Step<'_>]) -> Option<hir::Expr> {
    let mut value = value;
    for step in steps {
        let ty = hir::Ty::Json.optional();
        let (kind, span) = match step {
            Step::Member(name) => {
                let key = constant(hir::Const::String(name.text.clone()), hir::Ty::String, name.span);
                let span = value.span.to(name.span);
                (hir::ExprKind::JsonMember(Box::new(value), Box::new(key)), span)
            }
            Step::Key(key) => {
                let span = value.span.to(key.span);
                let key = check_expr(ctx, env, key);
                match key.ty.present() {
                    hir::Ty::Error => return None,
                    hir::Ty::String => (hir::ExprKind::JsonMember(Box::new(value), Box::new(key)), span),
                    hir::Ty::Int if key.ty.is_optional() => {
                        expect::refuse_absent(ctx, &key, "the index of an element");
                        return None;
                    }
                    hir::Ty::Int => (hir::ExprKind::JsonElement(Box::new(value), Box::new(key)), span),
                    hir::Ty::Secret => {
                        expect::leak(ctx, &key, "the name of a member");
                        return None;
                    }
                    ty => {
                        let label = format!("has type `{ty}`");
                        let help = "write `[\"name\"]` for a member, `[0]` for an element";
                        ctx.error(Code::TypeMismatch, key.span, "a JSON value is read by name or by index", label, help);
                        return None;
                    }
                }
            }
        };
        value = hir::Expr { kind, ty, span };
        if env.knows(&value.kind) {
            value.ty = hir::Ty::Json;
        }
    }
    Some(value)
}
