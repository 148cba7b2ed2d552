//! Rates: `count per period`, choices between rates, and `let`s that hold one. In: expressions. Out: count and period.

use super::attrs;
use super::context::Context;
use super::env::Env;
use super::expr;
use crate::base::{Code, Span};
use crate::ir::{ast, hir};

/// Count and period of a rate.
pub(super) type Rate = (hir::Expr, hir::Expr);

/// How one is written.
pub(super) const EXAMPLE: &str = "rate = 60 per 1m";

/// Whether an expression gives a rate: a `let` of such is kept for the limits, which say what it may read.
pub(super) fn is_one(ctx: &Context<'_>, written: &ast::Expr) -> bool {
    match &written.kind {
        ast::ExprKind::Per { .. } => true,
        ast::ExprKind::Match { arms, .. } => arms.iter().any(|arm| is_one(ctx, &arm.value)),
        ast::ExprKind::If { then, otherwise, .. } => is_one(ctx, then) || is_one(ctx, otherwise),
        ast::ExprKind::Name(name) => ctx.rates.contains_key(name),
        _ => false,
    }
}

/// The rate of an attribute.
pub(super) fn check(ctx: &mut Context<'_>, env: &Env, attr: &ast::Attr) -> Option<Rate> {
    match &attr.value {
        ast::Value::Expr(value) => one(ctx, env, attr, value),
        ast::Value::Source(_) | ast::Value::Outcome(_) | ast::Value::Distinct(_) | ast::Value::Fetch(..) => {
            attrs::wrong(ctx, attr, "a rate", EXAMPLE);
            None
        }
    }
}

fn one(ctx: &mut Context<'_>, env: &Env, attr: &ast::Attr, written: &ast::Expr) -> Option<Rate> {
    if !ctx.enter(written.span) {
        return None;
    }
    let rate = one_kind(ctx, env, attr, written);
    ctx.leave();
    rate
}

fn one_kind(ctx: &mut Context<'_>, env: &Env, attr: &ast::Attr, written: &ast::Expr) -> Option<Rate> {
    let span = written.span;
    match &written.kind {
        ast::ExprKind::Per { count, period } => {
            if *period < 1 {
                ctx.error(Code::BadLimit, span, "a rate over no time", "the period is zero", format!("write `{EXAMPLE}`"));
                return None;
            }
            let count = positive(ctx, count, "the count of a rate")?;
            let kind = hir::ExprKind::Const(hir::Const::Int(*period));
            Some((count, hir::Expr { kind, ty: hir::Ty::Duration, span }))
        }
        ast::ExprKind::Match { subject, arms } => {
            let subject = expr::exact(ctx, env, subject);
            let rates: Vec<Option<Rate>> = arms.iter().map(|arm| one(ctx, env, attr, &arm.value)).collect();
            if *subject.ty.present() == hir::Ty::Json {
                let (counts, periods): (Vec<hir::Expr>, Vec<hir::Expr>) =
                    rates.into_iter().collect::<Option<Vec<Rate>>>()?.into_iter().unzip();
                let count = by_json(ctx, &subject, arms, counts, span)?;
                return Some((count, by_json(ctx, &subject, arms, periods, span)?));
            }
            let patterns = expr::patterns(ctx, &subject, arms, span)?;
            let (counts, periods) = rates.into_iter().collect::<Option<Vec<Rate>>>()?.into_iter().unzip();
            let choice = |values: Vec<hir::Expr>| {
                let (last, before) = values.split_last()?;
                let arms = patterns.iter().flatten().cloned().zip(before.iter().cloned()).collect();
                let kind = hir::ExprKind::Match(Box::new(subject.clone()), arms, Box::new(last.clone()));
                same(&values).or(Some(hir::Expr { kind, ty: last.ty.clone(), span }))
            };
            Some((choice(counts)?, choice(periods)?))
        }
        ast::ExprKind::If { condition, then, otherwise } => {
            let condition = expr::boolean(ctx, env, condition);
            let rates = (one(ctx, env, attr, then), one(ctx, env, attr, otherwise));
            let ((count, period), (other_count, other_period)) = (rates.0?, rates.1?);
            if condition.ty == hir::Ty::Error {
                return None;
            }
            let choice = |then: hir::Expr, otherwise: hir::Expr| {
                let ty = then.ty.clone();
                let values = [then, otherwise];
                same(&values).unwrap_or_else(|| {
                    let [then, otherwise] = values.map(Box::new);
                    hir::Expr { kind: hir::ExprKind::If(Box::new(condition.clone()), then, otherwise), ty, span }
                })
            };
            Some((choice(count, other_count), choice(period, other_period)))
        }
        ast::ExprKind::Name(name) if ctx.rates.contains_key(name) => {
            // INVARIANT: a `let` in a circle is none of these, so this ends.
            let value = ctx.rates.get(name)?.clone();
            one(ctx, env, attr, &value)
        }
        _ => {
            let example = match &written.kind {
                ast::ExprKind::Int(count) if *count > 0 => format!("{count} per 1m"),
                ast::ExprKind::Name(_) | ast::ExprKind::Member(..) => {
                    ctx.quote(span).map_or_else(|| EXAMPLE.to_owned(), |quoted| format!("{quoted} per 1m"))
                }
                _ => EXAMPLE.to_owned(),
            };
            attrs::wrong_at(ctx, attr, span, "a rate", &example);
            None
        }
    }
}

/// The choice of a JSON value; nothing when it is at fault, which is reported.
fn by_json(ctx: &mut Context<'_>, subject: &hir::Expr, arms: &[ast::MatchArm], values: Vec<hir::Expr>, span: Span) -> Option<hir::Expr> {
    let ty = values.last()?.ty.clone();
    let fixed = same(&values);
    let choice = expr::json_match(ctx, subject, arms, (ty, values), span);
    if choice.ty == hir::Ty::Error { None } else { fixed.or(Some(choice)) }
}

/// The constant that all values are: a choice between equal ones is none.
fn same(values: &[hir::Expr]) -> Option<hir::Expr> {
    let last = values.last()?;
    (matches!(last.kind, hir::ExprKind::Const(_)) && values.iter().all(|value| value.kind == last.kind)).then(|| last.clone())
}

/// An int of constants and configuration, at least one where that is known.
pub(super) fn positive(ctx: &mut Context<'_>, written: &ast::Expr, what: &str) -> Option<hir::Expr> {
    let value = expr::int(ctx, &Env::configuration("a rate"), written, what);
    if let hir::ExprKind::Const(hir::Const::Int(number)) = value.kind
        && number < 1
    {
        ctx.error(Code::BadLimit, value.span, format!("{what} is {number}"), "at least 1", "write a number of 1 or more");
        return None;
    }
    (value.ty != hir::Ty::Error).then_some(value)
}

/// Reports a rate where another value is expected.
pub(super) fn misplaced(ctx: &mut Context<'_>, name: &str, span: Span) {
    let help = format!("write `rate = {name}` in a `limit`");
    ctx.error(Code::NotValue, span, "a rate where a value is expected", format!("`{name}` holds a rate"), help);
}
