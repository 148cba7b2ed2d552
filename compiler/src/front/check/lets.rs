//! `let`: checked in the order in which they need each other.

use std::collections::BTreeMap;

use super::context::{Context, Symbol};
use super::env::Env;
use super::expr;
use crate::base::Code;
use crate::ir::{ast, hir};

/// Checks all `let`s; one that needs itself is reported and left without meaning.
pub(super) fn check(ctx: &mut Context<'_>, lets: &[&ast::Let]) {
    let by_name: BTreeMap<&str, usize> = lets.iter().enumerate().rev().map(|(index, item)| (item.name.text.as_str(), index)).collect();
    let needs: Vec<Vec<usize>> = lets
        .iter()
        .map(|item| {
            let mut names = Vec::new();
            expr::names(&item.value, &mut names);
            names.iter().filter_map(|name| by_name.get(name).copied()).collect()
        })
        .collect();
    for index in order(&needs) {
        let Some(item) = lets.get(index.0) else { continue };
        // Of several declarations of one name, which were reported, only the first has a meaning.
        if by_name.get(item.name.text.as_str()) != Some(&index.0) {
            continue;
        }
        if index.1 {
            ctx.error(
                Code::Cycle,
                item.name.span,
                format!("`{}` needs itself", item.name.text),
                "its value leads back to it",
                "break the circle: write one of the values out",
            );
            continue;
        }
        let env = Env { body: true, response: super::env::Response::Readable, ..Env::new("a `let`") };
        let value = expr::check(ctx, &env, &item.value);
        if value.ty == hir::Ty::Error {
            continue;
        }
        if value.ty == hir::Ty::Regex || matches!(value.ty, hir::Ty::Rate) {
            ctx.error(
                Code::NotValue,
                item.value.span,
                format!("a `let` cannot hold a {}", value.ty),
                "not a value",
                "write it where it is used",
            );
            continue;
        }
        let Some(weight) = weigh(ctx, &value) else {
            ctx.error(
                Code::TooDeep,
                item.name.span,
                format!("`{}` leads through too many values", item.name.text),
                format!("at most {MAX_DEPTH} `let`s in a row, and {MAX_USES} uses in all"),
                "use each value once, or write a `map`",
            );
            continue;
        };
        ctx.let_weights.push(weight);
        let id = hir::LetId(u32::try_from(ctx.lets.len()).unwrap_or(u32::MAX));
        let reads = ctx.reads(&value);
        ctx.let_reads.push(reads);
        ctx.lets.push(hir::Let { name: item.name.clone(), value });
        if let Some((symbol @ Symbol::Let(None), _)) = ctx.symbols.get_mut(&item.name.text) {
            *symbol = Symbol::Let(Some(id));
        }
    }
}

/// How many `let`s may lead to one another: each is a call in the module, and the stack of a host has an end.
const MAX_DEPTH: u32 = 128;
/// How many uses of `let`s one value may come down to. A use evaluates it anew, so that values which double and double again
/// would keep a host busy for years.
const MAX_USES: u32 = 10_000;

/// What one value comes down to.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Weight {
    depth: u32,
    uses: u32,
}

/// The weight of a value; nothing when it is too much.
fn weigh(ctx: &Context<'_>, value: &hir::Expr) -> Option<Weight> {
    let mut weight = Weight::default();
    let mut open = vec![value];
    while let Some(expr) = open.pop() {
        if let hir::ExprKind::Let(id) = &expr.kind {
            let below = ctx.let_weights.get(id.index()).copied().unwrap_or_default();
            weight.depth = weight.depth.max(below.depth.saturating_add(1));
            weight.uses = weight.uses.saturating_add(below.uses).saturating_add(1);
        }
        open.extend(expr.operands());
    }
    (weight.depth <= MAX_DEPTH && weight.uses <= MAX_USES).then_some(weight)
}

/// All indices, each after those it needs where that is possible; `true` marks those in or behind a circle.
fn order(needs: &[Vec<usize>]) -> Vec<(usize, bool)> {
    let mut open: Vec<usize> = needs.iter().map(Vec::len).collect();
    let mut users: Vec<Vec<usize>> = vec![Vec::new(); needs.len()];
    for (user, needed) in needs.iter().enumerate() {
        for index in needed {
            if let Some(users) = users.get_mut(*index) {
                users.push(user);
            }
        }
    }
    let mut ready: std::collections::BTreeSet<usize> = (0..needs.len()).filter(|index| open.get(*index) == Some(&0)).collect();
    let mut order = Vec::new();
    while let Some(index) = ready.pop_first() {
        order.push((index, false));
        for user in users.get(index).into_iter().flatten() {
            if let Some(count) = open.get_mut(*user) {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    ready.insert(*user);
                }
            }
        }
    }
    order.extend((0..needs.len()).filter(|index| open.get(*index).is_some_and(|count| *count > 0)).map(|index| (index, true)));
    order
}

#[cfg(test)]
mod tests {
    use super::order;

    #[test]
    fn needed_ones_come_first_and_circles_last() {
        assert_eq!(order(&[vec![1], vec![], vec![2]]), [(1, false), (0, false), (2, true)]);
    }
}
