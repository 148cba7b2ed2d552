//! `let` and `fn`: checked in the order in which they need each other.

use std::collections::{BTreeMap, BTreeSet};

use super::context::{Context, Symbol};
use super::env::Env;
use super::functions::{self, Needs};
use super::{expr, rate};
use crate::base::Code;
use crate::ir::{ast, hir};

/// A declaration with an expression behind it.
#[derive(Clone, Copy)]
enum Item<'t> {
    Let(&'t ast::Let),
    Fn(&'t ast::Function),
}

impl<'t> Item<'t> {
    fn name(self) -> &'t ast::Name {
        match self {
            Item::Let(item) => &item.name,
            Item::Fn(item) => &item.name,
        }
    }

    fn value(self) -> &'t ast::Expr {
        match self {
            Item::Let(item) => &item.value,
            Item::Fn(item) => &item.body,
        }
    }
}

/// Checks all of them; one that needs itself is reported and left without meaning.
pub(super) fn check(ctx: &mut Context<'_>, lets: &[&ast::Let], fns: &[&ast::Function]) {
    let mut items: Vec<Item<'_>> = lets.iter().map(|item| Item::Let(item)).chain(fns.iter().map(|item| Item::Fn(item))).collect();
    items.sort_by_key(|item| item.name().span);
    let by_name: BTreeMap<&str, usize> = items.iter().enumerate().rev().map(|(index, item)| (item.name().text.as_str(), index)).collect();
    let needs: Vec<Vec<usize>> = items
        .iter()
        .map(|item| {
            let mut names = Vec::new();
            expr::names(item.value(), &mut names);
            names.iter().filter_map(|name| by_name.get(name).copied()).collect()
        })
        .collect();
    let mut told: BTreeSet<usize> = BTreeSet::new();
    for (index, circular) in order(&needs) {
        let Some(item) = items.get(index).copied() else { continue };
        let name = item.name();
        // Of several declarations of one name, which were reported, only the first has a meaning.
        if by_name.get(name.text.as_str()) != Some(&index) {
            continue;
        }
        if circular {
            let text = |index: usize| items.get(index).map_or("", |item| item.name().text.as_str());
            // What only leads to a circle is not at fault itself.
            if let Some(chain) = circle(&needs, index).filter(|_| !told.contains(&index)) {
                told.extend(&chain);
                let chain: Vec<String> = chain.into_iter().map(|index| format!("`{}`", text(index))).collect();
                ctx.error(
                    Code::Cycle,
                    name.span,
                    format!("`{}` needs itself", name.text),
                    format!("leads back to itself: {}", chain.join(" → ")),
                    "break the circle: write one of the values out",
                );
            }
            continue;
        }
        match item {
            Item::Let(item) => check_let(ctx, item),
            Item::Fn(item) => check_fn(ctx, item),
        }
    }
}

fn check_let(ctx: &mut Context<'_>, item: &ast::Let) {
    if rate::is_one(ctx, &item.value) {
        ctx.rates.insert(item.name.text.clone(), item.value.clone());
        return;
    }
    let env = Env { body: true, response: super::env::Response::Readable, ..Env::new("a `let`") };
    let value = expr::exact(ctx, &env, &item.value);
    if value.ty == hir::Ty::Error {
        return;
    }
    if value.ty == hir::Ty::Regex {
        ctx.error(
            Code::NotValue,
            item.value.span,
            format!("a `let` cannot hold a {}", value.ty),
            "not a value",
            "write it where it is used",
        );
        return;
    }
    let Some(weight) = weigh(ctx, &item.name, &value) else { return };
    let reads = ctx.reads(&value);
    let id = ctx.declare_let(hir::Let { name: item.name.clone(), value }, weight, reads);
    if let Some((symbol @ Symbol::Let(None), _)) = ctx.symbols.get_mut(&item.name.text) {
        *symbol = Symbol::Let(Some(id));
    }
}

fn check_fn(ctx: &mut Context<'_>, item: &ast::Function) {
    let Some(checked) = functions::body(ctx, item) else { return };
    let Some(weight) = weigh(ctx, &item.name, &checked.body) else { return };
    let reads = ctx.reads(&checked.body);
    let mut credentials = BTreeSet::new();
    let request = reads_request(ctx, &checked.body, &mut credentials);
    let body = ctx.reads_body(&checked.body);
    let id = ctx.declare_fn(checked, Needs { reads, request, body, credentials, weight });
    if let Some((symbol @ Symbol::Fn(None), _)) = ctx.symbols.get_mut(&item.name.text) {
        *symbol = Symbol::Fn(Some(id));
    }
}

/// Whether an expression reads the request, beside the response; the credentials that it reads are gathered.
fn reads_request(ctx: &Context<'_>, expr: &hir::Expr, credentials: &mut BTreeSet<hir::CredentialId>) -> bool {
    let mut found = match &expr.kind {
        hir::ExprKind::Read(read) | hir::ExprKind::ReadAt(read, _) => {
            credentials.extend(read.credential());
            !read.is_response()
        }
        hir::ExprKind::Let(id) => ctx.lets.get(id.index()).is_some_and(|item| reads_request(ctx, &item.value, credentials)),
        hir::ExprKind::Invoke(id, _) => ctx.fn_needs.get(id.index()).is_some_and(|needs| {
            credentials.extend(&needs.credentials);
            needs.request
        }),
        _ => false,
    };
    for operand in expr.operands() {
        found |= reads_request(ctx, operand, credentials);
    }
    found
}

/// The way from a declaration back to itself, both ends included; nothing when it only leads to a circle of others.
fn circle(needs: &[Vec<usize>], start: usize) -> Option<Vec<usize>> {
    let mut from: BTreeMap<usize, usize> = BTreeMap::new();
    let mut open: std::collections::VecDeque<usize> = [start].into();
    while let Some(index) = open.pop_front() {
        for next in needs.get(index).into_iter().flatten().copied() {
            if next == start {
                let mut chain = vec![start, index];
                let mut at = index;
                while let Some(before) = from.get(&at).copied() {
                    chain.push(before);
                    at = before;
                }
                chain.reverse();
                return Some(chain);
            }
            if let std::collections::btree_map::Entry::Vacant(entry) = from.entry(next) {
                entry.insert(index);
                open.push_back(next);
            }
        }
    }
    None
}

/// How many `let`s and `fn`s may lead to one another: each is a call in the module, and the stack of a host has an end.
const MAX_DEPTH: u32 = 128;
/// How many uses of them one value may come down to. A use evaluates it anew, so that values which double and double again
/// would keep a host busy for years.
const MAX_USES: u32 = 10_000;

/// What one value comes down to.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Weight {
    depth: u32,
    uses: u32,
}

/// The weight of a value; reported when it is too much.
fn weigh(ctx: &mut Context<'_>, name: &ast::Name, value: &hir::Expr) -> Option<Weight> {
    let mut weight = Weight::default();
    let mut open = vec![value];
    while let Some(expr) = open.pop() {
        let below = match &expr.kind {
            hir::ExprKind::Let(id) => ctx.let_weights.get(id.index()).copied(),
            hir::ExprKind::Invoke(id, _) => ctx.fn_needs.get(id.index()).map(|needs| needs.weight),
            _ => None,
        };
        if let Some(below) = below {
            weight.depth = weight.depth.max(below.depth.saturating_add(1));
            weight.uses = weight.uses.saturating_add(below.uses).saturating_add(1);
        }
        open.extend(expr.operands());
    }
    if weight.depth <= MAX_DEPTH && weight.uses <= MAX_USES {
        return Some(weight);
    }
    ctx.error(
        Code::TooDeep,
        name.span,
        format!("`{}` leads through too many values", name.text),
        format!("at most {MAX_DEPTH} `let`s and `fn`s in a row, and {MAX_USES} uses in all"),
        "use each value once, or write a `map`",
    );
    None
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
    use super::{circle, order};

    #[test]
    fn needed_ones_come_first_and_circles_last() {
        assert_eq!(circle(&[vec![1], vec![2], vec![1]], 1), Some(vec![1, 2, 1]));
        assert_eq!((circle(&[vec![0]], 0), circle(&[vec![1], vec![1]], 0)), (Some(vec![0, 0]), None));
        assert_eq!(order(&[vec![1], vec![], vec![2]]), [(1, false), (0, false), (2, true)]);
    }
}
