//! `NAME.capture` of a `token`.

use super::credential::credential;
use super::read::Step;
use crate::base::{Code, Span};
use crate::front::check::context::Context;
use crate::front::check::env::Env;
use crate::front::check::suggest;
use crate::ir::hir;

/// The capture that is read; anything else is reported.
pub(super) fn captured(
    ctx: &mut Context<'_>,
    env: &Env,
    (name, id): (&str, hir::CredentialId),
    captures: &[hir::Capture],
    steps: &[Step<'_>],
    span: Span,
) -> Option<hir::Expr> {
    let example = captures.first().map_or("user", |capture| capture.name.as_str());
    let help = format!("write `{name}.{example}` or `{name} is present`");
    let (Some(Step::Member(member)), None) = (steps.first(), steps.get(1)) else {
        ctx.error(Code::NotValue, span, format!("the credential `{name}` is no value by itself"), "used as a value", help);
        return None;
    };
    let Some(number) = captures.iter().position(|capture| capture.name == member.text) else {
        let help = suggest::help(&member.text, captures.iter().map(|capture| capture.name.as_str()), &help);
        let message = format!("`{name}` has no `{}`", member.text);
        ctx.error(Code::UnknownMember, member.span, message, "not captured by its format", help);
        return None;
    };
    let absent = credential(ctx, env, id, span)? && !env.is_verified(id);
    let ty = captures.get(number)?.ty.clone();
    let ty = if absent { ty.optional() } else { ty };
    let kind = hir::ExprKind::Read(hir::Read::Claim(id, u32::try_from(number).unwrap_or(u32::MAX)));
    Some(hir::Expr { kind, ty, span })
}
