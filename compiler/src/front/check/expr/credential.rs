//! What credentials say of the caller: members, claims, and whether they may be read where it is asked.

use super::captured::captured;
use super::json::steps as json_steps;
use super::read::{Step, plain};
use crate::base::{Code, Span};
use crate::front::check::context::Context;
use crate::front::check::env::Env;
use crate::front::check::suggest;
use crate::ir::{ast, hir};

/// Whether a credential is verified here, and whether it may be absent; reported when it is not.
pub(in crate::front::check) fn credential(ctx: &mut Context<'_>, env: &Env, id: hir::CredentialId, span: Span) -> Option<bool> {
    if let Some(optional) = env.credentials.get(&id) {
        return Some(*optional);
    }
    let name = ctx.credentials.get(id.index())?.name().text.clone();
    let help = match env.place {
        "a `limit`" => format!("write `authenticate {name}` in every scope that applies the limit"),
        "a `let`" => "read it in the rule itself: a `let` belongs to no scope".to_owned(),
        "an `hmac`" => "sign what the request says itself: one credential does not wait for another".to_owned(),
        _ => format!("move this into a `scope` with `authenticate {name}`"),
    };
    ctx.error(Code::NotAuthenticated, span, format!("`{name}` is not authenticated here"), "read without being verified", help);
    None
}

/// `NAME.claim` and `NAME["claim"]`.
fn claim(ctx: &mut Context<'_>, env: &Env, jwt: &hir::Jwt, id: hir::CredentialId, steps: &[Step<'_>], span: Span) -> Option<hir::Expr> {
    let name = &jwt.name.text;
    let (wanted, at, rest) = match steps {
        [Step::Member(member), rest @ ..] => (member.text.clone(), member.span, rest),
        [Step::Key(ast::Expr { kind: ast::ExprKind::String(text), span }), rest @ ..] => (text.clone(), *span, rest),
        [Step::Key(key), ..] => {
            let help = format!("write the name of a claim, as in `{name}[\"sub\"]`");
            ctx.error(Code::TypeMismatch, key.span, "claims have names that are known beforehand", "computed", help);
            return None;
        }
        [] => {
            let help = format!("name a claim, as in `{name}.sub`, or write `{name} is present`");
            ctx.error(Code::NotValue, span, format!("the credential `{name}` is no value by itself"), "used as a value", help);
            return None;
        }
    };
    let Some(number) = jwt.claims.iter().position(|claim| claim.name.text == wanted) else {
        let otherwise = format!("declare it: `claims {{ {wanted}: string }}` in `jwt {name}`");
        let help = suggest::help(&wanted, jwt.claims.iter().map(|claim| claim.name.text.as_str()), &otherwise);
        ctx.error(Code::UnknownMember, at, format!("`{name}` declares no claim `{wanted}`"), "unknown claim", help);
        return None;
    };
    let absent = credential(ctx, env, id, span)? && !env.is_verified(id);
    let ty = jwt.claims.get(number)?.ty();
    let ty = if absent { ty.optional() } else { ty };
    let kind = hir::ExprKind::Read(hir::Read::Claim(id, u32::try_from(number).unwrap_or(u32::MAX)));
    let value = hir::Expr { kind, ty, span };
    if *value.ty.present() == hir::Ty::Json { json_steps(ctx, env, value, rest) } else { plain(ctx, env, rest, span, value) }
}

pub(super) fn member(
    ctx: &mut Context<'_>,
    env: &Env,
    name: &str,
    id: hir::CredentialId,
    steps: &[Step<'_>],
    span: Span,
) -> Option<hir::Expr> {
    if let Some(hir::Credential::Jwt(jwt)) = ctx.credentials.get(id.index()) {
        let jwt = jwt.clone();
        return claim(ctx, env, &jwt, id, steps, span);
    }
    if let Some(hir::Credential::Token(token)) = ctx.credentials.get(id.index()) {
        let captures = token.captures.clone();
        return captured(ctx, env, (name, id), &captures, steps, span);
    }
    let members = ctx.credentials.get(id.index()).map_or(&[][..], hir::Credential::members);
    let mut examples: Vec<String> = members.iter().map(|member| format!("`{name}.{}`", member.as_str())).collect();
    examples.push(format!("`{name} is present`"));
    let example = examples.join(" or ");
    match steps {
        [Step::Member(written)] if members.iter().any(|member| member.as_str() == written.text) => {
            let member = *members.iter().find(|member| member.as_str() == written.text)?;
            let optional = credential(ctx, env, id, span)?;
            let ty = if optional { hir::Ty::String.optional() } else { hir::Ty::String };
            Some(hir::Expr { kind: hir::ExprKind::Read(hir::Read::Member(id, member)), ty, span })
        }
        [] => {
            ctx.error(
                Code::NotValue,
                span,
                format!("the credential `{name}` is no value by itself"),
                "used as a value",
                format!("write {example}"),
            );
            None
        }
        [Step::Member(member), ..] => {
            let message = format!("`{name}` has no `{}`", member.text);
            ctx.error(Code::UnknownMember, member.span, message, "unknown member", format!("write {example}"));
            None
        }
        [Step::Key(..), ..] => {
            ctx.error(Code::UnknownMember, span, format!("`{name}` has no such member"), "unknown member", format!("write {example}"));
            None
        }
    }
}
