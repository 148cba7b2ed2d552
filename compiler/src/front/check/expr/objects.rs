//! Objects and arrays of JSON that the policy writes are equal to nothing, so a condition that compares one never holds: refused where
//! they are compared, however they come: by a `let`, a `fn` and its parameters, a branch, a member, an element.

use std::collections::BTreeSet;

use super::compare::Written;
use crate::base::{Code, Span};
use crate::front::check::context::Context;
use crate::front::check::env::Env;
use crate::ir::hir;

/// Most parts that are looked at for one operand: the weights of `let`s bound what they come down to well below.
const MOST: u32 = 50_000;

/// What an operand may be.
#[derive(Default)]
struct Origin {
    object: bool,
    array: bool,
    /// Parameters of the `fn` around, and the way into them.
    params: BTreeSet<Compared>,
}

/// A parameter by its number, and the way to the part of it that is compared.
pub(in crate::front::check) type Compared = (u32, Vec<Step>);

/// A step into a value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::front::check) enum Step {
    /// A member by its name.
    Name(String),
    /// An element by its place.
    Place(i64),
    /// Any member or element.
    Any,
}

/// The arguments of a call, and the call around it.
#[derive(Clone, Copy)]
struct Call<'a> {
    args: &'a [hir::Expr],
    around: Option<&'a Call<'a>>,
}

/// Whether an operand, or an element of a list of them, may be an object or an array that the policy writes. It is reported.
pub(super) fn refused(ctx: &mut Context<'_>, env: &Env, written: &Written<'_>, operand: &hir::Expr) -> bool {
    let (object, array) = compared(ctx, env, operand, &[]);
    let refused = object || array && *operand.ty.present() == hir::Ty::Json;
    if refused {
        let message = format!("an object cannot be compared with `{}`", written.op.text());
        refuse(ctx, operand.span, message);
    }
    refused
}

/// Whether what is looked into, or is to be a text, may be an object that the policy writes. It is reported.
pub(super) fn refused_whole(ctx: &mut Context<'_>, env: &Env, written: &Written<'_>, whole: &hir::Expr) -> bool {
    if *whole.ty.present() != hir::Ty::Json {
        return false;
    }
    let refused = origin(ctx, env, whole, &[]).object;
    if !refused && origin(ctx, env, whole, &[Step::Any]).object {
        refuse(ctx, whole.span, format!("all that `{}` could find are objects", written.op.text()));
        return true;
    }
    if refused {
        let message = format!("an object has no elements that `{}` could find", written.op.text());
        let help = "name its keys in a `map` or a list, or test `object[\"key\"] is present`";
        ctx.error(Code::NotComparable, whole.span, message, "no list and no text", help);
    }
    refused
}

/// Whether the subject of a `match`, or what is compared with `null`, may be one. It is reported.
pub(super) fn refused_as(ctx: &mut Context<'_>, env: &Env, operand: &hir::Expr, what: &str) -> bool {
    let (object, array) = compared(ctx, env, operand, &[]);
    let refused = object || array;
    if refused {
        refuse(ctx, operand.span, format!("an object cannot be {what}"));
    }
    refused
}

/// Whether an argument, or the part of it that the `fn` compares, may be one. It is reported.
pub(in crate::front::check) fn refused_argument(
    ctx: &mut Context<'_>,
    env: &Env,
    (arg, way): (&hir::Expr, &[Step]),
    (name, param): (&str, &str),
) -> bool {
    let (object, array) = compared(ctx, env, arg, way);
    let refused = object || array && (!way.is_empty() || *arg.ty.present() == hir::Ty::Json);
    if refused {
        refuse(ctx, arg.span, format!("an object cannot be compared, as `{name}` does with its `{param}`"));
    }
    refused
}

fn refuse(ctx: &mut Context<'_>, span: Span, message: String) {
    let help = "compare its members, as in `request.body.json.name == \"a\"`";
    ctx.error(Code::NotComparable, span, message, "objects are equal to nothing", help);
}

/// Whether what is compared may be an object, and whether an array. Parameters that it may come from are noted.
fn compared(ctx: &mut Context<'_>, env: &Env, expr: &hir::Expr, way: &[Step]) -> (bool, bool) {
    let origin = origin(ctx, env, expr, way);
    ctx.compared.extend(origin.params);
    (origin.object, origin.array)
}

fn origin(ctx: &Context<'_>, env: &Env, expr: &hir::Expr, way: &[Step]) -> Origin {
    let mut search = Search { ctx, env, found: Origin::default(), left: MOST };
    // Values of other types are none, wherever they come from.
    if *expr.ty.present() == hir::Ty::Json || *expr.ty.present() == hir::Ty::List(Box::new(hir::Ty::Json)) {
        search.expr(expr, way, None);
    }
    search.found
}

struct Search<'a, 'c> {
    ctx: &'a Context<'c>,
    env: &'a Env,
    found: Origin,
    left: u32,
}

impl Search<'_, '_> {
    /// What an expression is behind these steps into it.
    fn expr(&mut self, expr: &hir::Expr, steps: &[Step], call: Option<&Call<'_>>) {
        let Some(left) = self.left.checked_sub(1) else { return };
        self.left = left;
        let first = |step: Step| [&[step], steps].concat();
        match &expr.kind {
            hir::ExprKind::Object(json) => self.json(json, steps, call),
            hir::ExprKind::ListOf(items) => self.items(items, steps, call),
            hir::ExprKind::JsonMember(whole, key) | hir::ExprKind::JsonElement(whole, key) | hir::ExprKind::Index(whole, key) => {
                let step = match &key.kind {
                    hir::ExprKind::Const(hir::Const::String(name)) => Step::Name(name.clone()),
                    hir::ExprKind::Const(hir::Const::Int(place)) => Step::Place(*place),
                    _ => Step::Any,
                };
                self.expr(whole, &first(step), call);
            }
            hir::ExprKind::JsonAs(whole) if matches!(expr.ty.present(), hir::Ty::List(_)) => self.expr(whole, steps, call),
            hir::ExprKind::Coalesce(one, other) | hir::ExprKind::If(_, one, other) => {
                self.expr(one, steps, call);
                self.expr(other, steps, call);
            }
            hir::ExprKind::Match(_, arms, otherwise) => {
                arms.iter().for_each(|(_, arm)| self.expr(arm, steps, call));
                self.expr(otherwise, steps, call);
            }
            // INVARIANT: a let or a fn reads only those before it, so this ends.
            hir::ExprKind::Let(id) => {
                if let Some(item) = self.ctx.lets.get(id.index()) {
                    self.expr(&item.value, steps, None);
                }
            }
            hir::ExprKind::Invoke(id, args) => {
                if let Some(item) = self.ctx.fns.get(id.index()) {
                    self.expr(&item.body, steps, Some(&Call { args, around: call }));
                }
            }
            hir::ExprKind::Bound(level) => match call {
                Some(Call { args, around }) => {
                    if let Some(arg) = args.get(*level as usize) {
                        self.expr(arg, steps, *around);
                    }
                }
                None => match self.env.elements.iter().find(|(known, _)| known == level) {
                    Some((_, list)) => self.expr(list, &first(Step::Any), None),
                    None => {
                        self.found.params.insert((*level, steps.to_vec()));
                    }
                },
            },
            _ => {}
        }
    }

    /// One of several: an object where all of them are, because a comparison may hold for the others.
    fn every<'v, T>(&mut self, values: &'v [T], mut look: impl FnMut(&mut Self, &'v T)) {
        let before = std::mem::take(&mut self.found);
        let mut all = Origin { object: !values.is_empty(), array: false, params: before.params };
        for value in values {
            look(self, value);
            let found = std::mem::take(&mut self.found);
            all.object &= found.object || found.array;
            all.params.extend(found.params);
        }
        self.found = Origin { object: before.object || all.object, array: before.array, params: all.params };
    }

    fn items(&mut self, items: &[hir::Expr], steps: &[Step], call: Option<&Call<'_>>) {
        match steps.split_first() {
            // A list is what its elements are: it is looked through where it is compared.
            None => items.iter().for_each(|item| self.expr(item, steps, call)),
            Some((Step::Any, rest)) => self.every(items, |search, item| search.expr(item, rest, call)),
            Some((Step::Place(place), rest)) => {
                if let Some(item) = usize::try_from(*place).ok().and_then(|place| items.get(place)) {
                    self.expr(item, rest, call);
                }
            }
            Some((Step::Name(_), _)) => {}
        }
    }

    fn json(&mut self, json: &hir::Json, steps: &[Step], call: Option<&Call<'_>>) {
        match (json, steps.split_first()) {
            (hir::Json::Expr(expr), _) => self.expr(expr, steps, call),
            (hir::Json::Object(_), None) => self.found.object = true,
            (hir::Json::Array(_), None) => self.found.array = true,
            (hir::Json::Object(members), Some((Step::Any, rest))) => {
                self.every(members, |search, (_, member)| search.json(member, rest, call));
            }
            (hir::Json::Array(items), Some((Step::Any, rest))) => self.every(items, |search, item| search.json(item, rest, call)),
            (hir::Json::Object(members), Some((Step::Name(name), rest))) => {
                members.iter().filter(|(known, _)| known == name).for_each(|(_, member)| self.json(member, rest, call));
            }
            (hir::Json::Array(items), Some((Step::Place(place), rest))) => {
                if let Some(item) = usize::try_from(*place).ok().and_then(|place| items.get(place)) {
                    self.json(item, rest, call);
                }
            }
            (hir::Json::Object(_) | hir::Json::Array(_) | hir::Json::Null, _) => {}
        }
    }
}
