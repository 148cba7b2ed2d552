//! `in`: constant lists as hash, sorted or range tables (pass `sets`), or one comparison after the other.

use portcullis_runtime::contract::Mechanism;

use super::build::{Builder, Context, call};
use super::compare::{confidential, in_constant_time};
use super::expr::{any, both, either, hold, is_packed, is_present, is_text, lower, unwrap};
use super::tables;
use crate::ir::hir::{self, Const, ExprKind, Ty};
use crate::ir::lir::Expr;

/// The elements that stand in the policy behind `let`s; any other list as it is.
pub(super) fn behind_lets<'a>(policy: &'a hir::Policy, list: &'a hir::Expr) -> &'a hir::Expr {
    crate::plan::written_list(policy, list).unwrap_or(list)
}

/// `needle in list`.
pub(super) fn in_list(builder: &mut Builder<'_>, context: &mut Context, needle: &hir::Expr, list: &hir::Expr) -> Expr {
    let list = behind_lets(builder.policy, list);
    if matches!(list.ty.present(), Ty::List(element) if **element == Ty::Json) {
        return super::list::contains_json(builder, context, needle, list);
    }
    let Some(items) = elements(builder.policy, list) else {
        // A list that is only known at run time.
        return super::list::contains(builder, context, needle, list);
    };
    if matches!(needle.ty.present(), Ty::Ip) {
        return in_addresses(builder, context, needle, &items);
    }
    // What must not show in the time that it takes is compared with each element, and so are networks.
    let float = |value: &hir::Expr| *value.ty.present() == Ty::Float;
    let by_table = !confidential(builder.policy, needle) && *needle.ty.present() != Ty::Cidr && !float(needle) && !items.iter().any(float);
    let (fixed, others): (Vec<hir::Expr>, Vec<hir::Expr>) = if builder.plan.options.runs("sets") && by_table {
        items.into_iter().partition(|item| matches!(item.kind, ExprKind::Const(_)))
    } else {
        (Vec::new(), items)
    };
    let (set, local) = hold(builder, context, needle);
    let mut value = any(others.iter().map(|item| equal_to(builder, context, needle, local, item)).collect());
    if !fixed.is_empty() {
        let constants = fixed.iter().filter_map(|item| if let ExprKind::Const(value) = &item.kind { Some(value.clone()) } else { None });
        value = either(in_set(builder, needle, local, &constants.collect::<Vec<_>>()), value);
    }
    Expr::Block(vec![set], Box::new(value))
}

/// The elements of a list that stands in the policy; nothing for one that is only known at run time.
pub(super) fn elements(policy: &hir::Policy, list: &hir::Expr) -> Option<Vec<hir::Expr>> {
    if let ExprKind::List(id) = &list.kind {
        return Some(constants(policy, *id, list));
    }
    if let ExprKind::ListOf(items) = &list.kind { Some(items.clone()) } else { None }
}

/// The elements of a declared list as expressions.
fn constants(policy: &hir::Policy, id: hir::ListId, list: &hir::Expr) -> Vec<hir::Expr> {
    let Some(declared) = policy.lists.get(id.index()) else { return Vec::new() };
    declared
        .values
        .iter()
        .map(|value| hir::Expr { kind: ExprKind::Const(value.clone()), ty: declared.ty.clone(), span: list.span })
        .collect()
}

/// The needle in a table of constants.
fn in_set(builder: &mut Builder<'_>, needle: &hir::Expr, local: crate::ir::lir::Local, values: &[Const]) -> Expr {
    if is_text(&needle.ty) {
        let table = tables::string_set(builder, values);
        return call(Mechanism::SetContains, vec![Expr::Data(table), Expr::Local(local)]);
    }
    let table = tables::int_set(builder, values);
    let held = unwrap(&needle.ty, local);
    let held = if matches!(needle.ty.present(), Ty::Bool) { Expr::Unary(crate::ir::lir::UnaryOp::Extend, Box::new(held)) } else { held };
    let found = call(Mechanism::IntsContain, vec![Expr::Data(table), held]);
    if needle.ty.is_optional() { both(is_present(&needle.ty, Expr::Local(local)), found) } else { found }
}

/// The needle equal to one element.
fn equal_to(builder: &mut Builder<'_>, context: &mut Context, needle: &hir::Expr, local: crate::ir::lir::Local, item: &hir::Expr) -> Expr {
    if is_packed(&needle.ty) {
        let mechanism = if in_constant_time(builder.policy, [needle, item]) { Mechanism::SecretEqual } else { Mechanism::StrEqual };
        let item = lower(builder, context, item);
        return call(mechanism, vec![Expr::Local(local), item]);
    }
    let (set, other) = hold(builder, context, item);
    Expr::Block(vec![set], Box::new(super::compare::same(&needle.ty, local, &item.ty, other)))
}

/// An address among constant addresses and networks, and addresses known at run time.
pub(super) fn in_addresses(builder: &mut Builder<'_>, context: &mut Context, needle: &hir::Expr, items: &[hir::Expr]) -> Expr {
    let (fixed, others): (Vec<hir::Expr>, Vec<hir::Expr>) = items.iter().cloned().partition(|item| matches!(item.kind, ExprKind::Const(_)));
    let (set, local) = hold(builder, context, needle);
    let mut ways = Vec::new();
    if !fixed.is_empty() {
        // Without the pass each network is a table of its own.
        let groups: Vec<Vec<hir::Expr>> =
            if builder.plan.options.runs("sets") { vec![fixed] } else { fixed.into_iter().map(|item| vec![item]).collect() };
        for group in groups {
            let table = tables::networks(builder, &group);
            ways.push(call(Mechanism::NetworksContain, vec![Expr::Data(table), Expr::Local(local)]));
        }
    }
    for item in &others {
        let other = lower(builder, context, item);
        let test = if *item.ty.present() == Ty::Cidr { Mechanism::IpInNetwork } else { Mechanism::IpEqual };
        ways.push(call(test, vec![Expr::Local(local), other]));
    }
    Expr::Block(vec![set], Box::new(any(ways)))
}

/// Whether a selected entry of a kind is one of these ids.
pub(super) fn selected_any(builder: &mut Builder<'_>, kind: i32, ids: &[u32]) -> Expr {
    let table = tables::ids(builder, ids);
    call(Mechanism::SelectedAny, vec![Expr::I32(kind), Expr::Data(table)])
}
