//! `if` and `match`: values of one type, whichever is taken.

use std::collections::BTreeMap;

use super::{boolean, choices, exact, expect, failed, join, json_match, secrecy};
use crate::base::{Code, Diagnostic, Span};
use crate::front::check::context::Context;
use crate::front::check::env::Env;
use crate::ir::{ast, hir};

/// A type and values of it; nothing when it was reported that there is none.
pub(super) type Joined = Option<(hir::Ty, Vec<hir::Expr>)>;

/// How the values of branches are read, and what makes them one type.
#[derive(Clone, Copy)]
pub(in crate::front::check) struct Branches {
    value: fn(&mut Context<'_>, &Env, &ast::Expr) -> hir::Expr,
    join: fn(&mut Context<'_>, Vec<hir::Expr>, &str) -> Joined,
}

/// Where any type may stand.
pub(super) const TYPED: Branches = Branches { value: join::branch, join: join::join };

/// In a JSON text: each is written as it is.
pub(in crate::front::check) const IN_JSON: Branches = Branches { value: join::branch_in_json, join: join::join_in_json };

/// `if condition then a else b`: what the condition tells of presence holds in its branch.
pub(in crate::front::check) fn choose(
    ctx: &mut Context<'_>,
    env: &Env,
    (condition, then, otherwise): (&ast::Expr, &ast::Expr, &ast::Expr),
    span: Span,
    branches: Branches,
) -> hir::Expr {
    let condition = boolean(ctx, env, condition);
    let taken = |ctx: &mut Context<'_>, written: &ast::Expr, truth: bool| {
        let mut env = env.clone();
        env.learn(&condition, truth);
        (branches.value)(ctx, &env, written)
    };
    let then = taken(ctx, then, true);
    let otherwise = taken(ctx, otherwise, false);
    let joined = (branches.join)(ctx, vec![then, otherwise], "the two branches of `if`");
    let Some((ty, Ok([then, otherwise]))) = joined.map(|(ty, values)| (ty, <[hir::Expr; 2]>::try_from(values))) else {
        return failed(span);
    };
    if condition.ty == hir::Ty::Error {
        return failed(span);
    }
    hir::Expr { kind: hir::ExprKind::If(Box::new(condition), Box::new(then), Box::new(otherwise)), ty, span }
}

/// `match subject { pattern: value, … otherwise: value }`.
pub(in crate::front::check) fn choose_by(
    ctx: &mut Context<'_>,
    env: &Env,
    subject: &ast::Expr,
    arms: &[ast::MatchArm],
    span: Span,
    branches: Branches,
) -> hir::Expr {
    let subject = exact(ctx, env, subject);
    let values: Vec<hir::Expr> = arms.iter().map(|arm| (branches.value)(ctx, env, &arm.value)).collect();
    if *subject.ty.present() == hir::Ty::Json {
        return match (branches.join)(ctx, values, "the arms of `match`") {
            Some(joined) => json_match::check(ctx, &subject, arms, joined, span),
            None => failed(span),
        };
    }
    let Some(patterns) = patterns(ctx, &subject, arms, span) else { return failed(span) };
    let Some((ty, mut values)) = (branches.join)(ctx, values, "the arms of `match`") else { return failed(span) };
    let Some(last) = (if values.len() == patterns.len() { values.pop() } else { None }) else { return failed(span) };
    let arms: Vec<(hir::Const, hir::Expr)> = patterns.into_iter().flatten().zip(values).collect();
    hir::Expr { kind: hir::ExprKind::Match(Box::new(subject), arms, Box::new(last)), ty, span }
}

/// The constant of each arm; the last stands for all values that are left. Reported when something is wrong with them.
pub(in crate::front::check) fn patterns(
    ctx: &mut Context<'_>,
    subject: &hir::Expr,
    arms: &[ast::MatchArm],
    span: Span,
) -> Option<Vec<Option<hir::Const>>> {
    let ty = subject.ty.present();
    match ty {
        hir::Ty::Error => return None,
        hir::Ty::Secret => {
            expect::leak(ctx, subject, "the subject of `match`");
            return None;
        }
        hir::Ty::Bool
        | hir::Ty::Int
        | hir::Ty::Float
        | hir::Ty::String
        | hir::Ty::Ip
        | hir::Ty::Cidr
        | hir::Ty::Duration
        | hir::Ty::Enum(_) => {}
        hir::Ty::Bytes
        | hir::Ty::Time
        | hir::Ty::Rate
        | hir::Ty::Json
        | hir::Ty::Regex
        | hir::Ty::List(_)
        | hir::Ty::Map(_)
        | hir::Ty::Optional(_) => {
            let label = format!("has type `{}`", subject.ty);
            ctx.error(
                Code::TypeMismatch,
                subject.span,
                format!("`match` cannot look at {}", super::article(ty)),
                label,
                if *ty == hir::Ty::Json {
                    "say of which type it should be, as in `match … ?? \"\"`"
                } else {
                    "match a string, a number or a bool"
                },
            );
            return None;
        }
    }
    if secrecy::refuse_pieces(ctx, subject, "the subject of `match`") {
        return None;
    }
    let mut well = true;
    let mut seen: BTreeMap<String, Span> = BTreeMap::new();
    let mut otherwise: Option<Span> = None;
    let mut found: Vec<Option<hir::Const>> = Vec::new();
    for arm in arms {
        if let Some(first) = otherwise {
            ctx.push(
                Diagnostic::error(Code::BadMatch, arm.span, "an arm behind `otherwise`", "never reached")
                    .also(first, "this takes all that is left")
                    .help("write `otherwise` last"),
            );
            return None;
        }
        if arm.pattern == ast::MatchPattern::Otherwise {
            otherwise = Some(arm.span);
            found.push(None);
            continue;
        }
        let Some(value) = pattern(ctx, ty, arm) else {
            well = false;
            continue;
        };
        let key = format!("{value:?}");
        if let Some(first) = seen.get(&key).copied() {
            ctx.push(
                Diagnostic::error(Code::BadMatch, arm.span, "the same arm twice", "matches what an arm before it takes")
                    .also(first, "first written here")
                    .help("keep one of them"),
            );
            well = false;
        }
        seen.insert(key, arm.span);
        found.push(Some(value));
    }
    if !well {
        return None;
    }
    let missing = missing(ty, &seen);
    match (otherwise, missing) {
        (Some(at), Some(missing)) if missing.is_empty() && !subject.ty.is_optional() => {
            ctx.ineffective(at, "an `otherwise` that is never reached", "the arms name every value", "drop it");
        }
        (Some(_), _) => {}
        (None, Some(missing)) if missing.is_empty() && !subject.ty.is_optional() => {
            if let Some(last) = found.last_mut() {
                *last = None;
            }
        }
        (None, missing) => {
            let (label, help) = match missing {
                Some(missing) if !missing.is_empty() => {
                    let names: Vec<String> = missing.iter().map(|name| format!("`{name}`")).collect();
                    (format!("nothing for {}", names.join(", ")), "add the arms, or `otherwise: …`")
                }
                Some(_) => ("nothing for an absent value".to_owned(), "add `otherwise: …`, which takes it"),
                None => ("nothing for other values".to_owned(), "add `otherwise: …`"),
            };
            ctx.error(Code::BadMatch, span, "a `match` that does not cover every value", label, help);
            return None;
        }
    }
    Some(found)
}

/// The values of a type that no arm names, where they can be listed.
fn missing(ty: &hir::Ty, seen: &BTreeMap<String, Span>) -> Option<Vec<String>> {
    let values: Vec<(String, hir::Const)> = match ty {
        hir::Ty::Bool => [false, true].into_iter().map(|value| (value.to_string(), hir::Const::Bool(value))).collect(),
        hir::Ty::Enum(values) => values.iter().map(|value| (value.clone(), hir::Const::String(value.clone()))).collect(),
        hir::Ty::Int
        | hir::Ty::Float
        | hir::Ty::String
        | hir::Ty::Bytes
        | hir::Ty::Ip
        | hir::Ty::Cidr
        | hir::Ty::Duration
        | hir::Ty::Time
        | hir::Ty::Rate
        | hir::Ty::Secret
        | hir::Ty::Json
        | hir::Ty::Regex
        | hir::Ty::List(_)
        | hir::Ty::Map(_)
        | hir::Ty::Optional(_)
        | hir::Ty::Error => return None,
    };
    Some(values.into_iter().filter(|(_, value)| !seen.contains_key(&format!("{value:?}"))).map(|(name, _)| name).collect())
}

/// The constant that an arm stands for.
fn pattern(ctx: &mut Context<'_>, ty: &hir::Ty, arm: &ast::MatchArm) -> Option<hir::Const> {
    let env = Env::configuration("an arm of `match`");
    let value = match &arm.pattern {
        ast::MatchPattern::Literal(literal) => choices::towards(ctx, &env, literal, ty),
        ast::MatchPattern::Name(name) => {
            if let hir::Ty::Enum(values) = ty {
                return choices::value(ctx, name, values, ty, arm.span);
            }
            let help = match ty {
                _ if matches!(name.as_str(), "default" | "_" | "else" | "other") => "write `otherwise` for all that is left".to_owned(),
                hir::Ty::String => format!("write `\"{name}\"` for the text"),
                _ => "write a literal".to_owned(),
            };
            ctx.error(
                Code::TypeMismatch,
                arm.span,
                format!("`{name}` is no {}", super::article(ty).trim_start_matches(['a', 'n', ' '])),
                "only values of an `enum` are written as names",
                help,
            );
            return None;
        }
        ast::MatchPattern::Otherwise => return None,
    };
    let value = expect::retype(ctx, value, ty);
    if value.ty == hir::Ty::Error {
        return None;
    }
    if let (hir::ExprKind::Const(constant), true) = (&value.kind, value.ty == *ty) {
        return Some(constant.clone());
    }
    let label = format!("has type `{}`", value.ty);
    ctx.error(
        Code::TypeMismatch,
        arm.span,
        "an arm of another type than what is matched",
        label,
        format!("write {} literal", super::article(ty)),
    );
    None
}
