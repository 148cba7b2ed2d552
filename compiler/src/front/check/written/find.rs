//! Where an object or an array stands that cannot do: every expression once by itself, and the body of a `fn` once more for each call
//! that hands one over.

use std::collections::BTreeSet;

use super::shape::{Frame, Shape, Shapes};
use crate::base::Span;
use crate::ir::hir;

/// How often a parameter may be handed on to another `fn` where it is looked for what becomes of it.
const MOST_HANDED_ON: u32 = 4;

/// What is done with it.
pub(super) enum Use {
    /// It is compared.
    Compared,
    /// Each of its elements is compared.
    Elements,
    /// It is compared with `null`.
    Null,
    /// An element of it is looked for.
    LookedInto,
    /// It is taken for a value of this type.
    Converted(hir::Ty),
    /// Its elements are taken for those of a list of this type.
    ConvertedElements(hir::Ty),
}

/// One place where that is in vain.
pub(super) struct Found {
    pub(super) span: Span,
    pub(super) usage: Use,
    /// What stands there, or (for elements) what one of them is.
    pub(super) shape: Shape,
    /// The call that comes to it, outside of all `fn`s.
    pub(super) call: Option<(hir::FnId, Span)>,
}

impl Found {
    /// Where it is told.
    pub(super) fn place(&self) -> Span {
        self.call.map_or(self.span, |(_, call)| call)
    }
}

/// Everything in a policy, in no order of places.
pub(super) fn all(policy: &hir::Policy) -> Vec<Found> {
    let mut search = Search { policy, shapes: Shapes::new(policy), call: None, alone: BTreeSet::new(), found: Vec::new() };
    let conditions = policy.rules.iter().flat_map(|rule| &rule.conditions);
    let bodies = policy.fns.iter().map(|item| &item.body);
    for expr in bodies.chain(policy.values()).chain(conditions) {
        search.walk(expr, &mut Frame::new());
    }
    search.found
}

struct Search<'p> {
    policy: &'p hir::Policy,
    shapes: Shapes<'p>,
    call: Option<(hir::FnId, Span)>,
    /// What was found without looking at a call.
    alone: BTreeSet<Span>,
    found: Vec<Found>,
}

impl Search<'_> {
    fn tell(&mut self, span: Span, usage: Use, shape: &Shape) {
        // What is so in every call is no call's fault.
        if self.call.is_some() && self.alone.contains(&span) {
            return;
        }
        if self.call.is_none() {
            self.alone.insert(span);
        }
        self.found.push(Found { span, usage, shape: shape.clone(), call: self.call });
    }

    fn walk(&mut self, expr: &hir::Expr, frame: &mut Frame) {
        if !self.shapes.step() {
            return;
        }
        match &expr.kind {
            hir::ExprKind::Equal(left, right) => {
                if !self.compared(left, frame) {
                    self.compared(right, frame);
                }
            }
            hir::ExprKind::JsonIsNull(operand) => {
                let shape = self.shapes.of(operand, frame);
                if shape.is_known() {
                    self.tell(operand.span, Use::Null, &shape);
                }
                self.walk(operand, frame);
            }
            hir::ExprKind::JsonAs(whole) => {
                self.converted(whole, expr.ty.present(), frame);
                self.walk(whole, frame);
            }
            hir::ExprKind::In(needle, list) => {
                if self.compared(needle, frame) {
                    return;
                }
                if let hir::ExprKind::ListOf(items) = &list.kind {
                    // In vain only when no element can be found; then the first is told.
                    let mut known = items.iter().all(|item| self.shapes.of(item, frame).is_known());
                    for item in items {
                        if std::mem::take(&mut known) {
                            self.compared(item, frame);
                        } else {
                            self.walk(item, frame);
                        }
                    }
                } else {
                    self.looked_into(list, frame);
                    self.walk(list, frame);
                }
            }
            hir::ExprKind::JsonHas(array, needle) => {
                if !self.compared(needle, frame) {
                    self.looked_into(array, frame);
                    self.walk(array, frame);
                }
            }
            hir::ExprKind::Or(operands) => match operands.as_slice() {
                // `json contains text`: a part of a text or an element of an array, as it turns out.
                [hir::Expr { kind: hir::ExprKind::Contains(..), span, .. }, element] if *span == element.span => self.walk(element, frame),
                operands => self.until(operands, true, frame),
            },
            hir::ExprKind::And(operands) => self.until(operands, false, frame),
            hir::ExprKind::If(condition, then, otherwise) => {
                self.walk(condition, frame);
                let truth = self.shapes.truth(condition, frame);
                if truth != Some(false) {
                    self.walk(then, frame);
                }
                if truth != Some(true) {
                    self.walk(otherwise, frame);
                }
            }
            hir::ExprKind::Quantified(_, level, list, condition) => {
                self.walk(list, frame);
                let list = self.shapes.of(list, frame);
                let element = list.items().map_or(Shape::Any, |items| self.shapes.any_of(items.iter()));
                let level = *level as usize;
                let before = frame.len();
                frame.resize(level, Shape::Any);
                frame.push(element);
                self.walk(condition, frame);
                frame.resize(before, Shape::Any);
            }
            hir::ExprKind::Invoke(id, args) => {
                args.iter().for_each(|arg| self.walk(arg, frame));
                let mut inner: Frame = args.iter().map(|arg| self.shapes.of(arg, frame)).collect();
                let Some(item) = self.policy.fns.get(id.index()).filter(|_| inner.iter().any(Shape::is_known)) else { return };
                // A `fn` that reads members or tests for `null` is made for several kinds of values, and which it does what with is its own.
                let tells =
                    |(level, shape): (usize, &Shape)| shape.is_known() && tells_apart(self.policy, &item.body, level, MOST_HANDED_ON);
                if inner.iter().enumerate().any(tells) {
                    return;
                }
                // In a call around this one, only what it hands on is looked at.
                let nothing = Frame::new();
                if self.call.is_some()
                    && args.iter().zip(&inner).all(|(arg, shape)| !shape.is_known() || self.shapes.of(arg, &nothing).is_known())
                {
                    return;
                }
                let outside = self.call;
                self.call = outside.or(Some((*id, expr.span)));
                if self.shapes.begin() {
                    self.walk(&item.body, &mut inner);
                    self.shapes.end();
                }
                self.call = outside;
            }
            // Everything else is what its operands are made of.
            _ => expr.operands().into_iter().for_each(|operand| self.walk(operand, frame)),
        }
    }

    /// Operands of `and` or `or`, up to the one that decides.
    fn until(&mut self, operands: &[hir::Expr], decides: bool, frame: &mut Frame) {
        for operand in operands {
            self.walk(operand, frame);
            if self.shapes.truth(operand, frame) == Some(decides) {
                return;
            }
        }
    }

    /// An operand of a comparison; whether it was told.
    fn compared(&mut self, operand: &hir::Expr, frame: &mut Frame) -> bool {
        // A JSON value beside one of another type is taken for that type.
        let whole = match &operand.kind {
            hir::ExprKind::JsonAs(whole) => whole,
            _ => operand,
        };
        let shape = self.shapes.of(whole, frame);
        if shape.is_known() {
            self.tell(operand.span, Use::Compared, &shape);
        }
        self.walk(whole, frame);
        shape.is_known()
    }

    /// What is looked through for an element.
    fn looked_into(&mut self, list: &hir::Expr, frame: &Frame) {
        let shape = self.shapes.of(list, frame);
        if shape.is_object() {
            self.tell(list.span, Use::LookedInto, &shape);
        } else if let Some(items) = shape.items() {
            let each = self.shapes.any_of(items.iter());
            if each.is_known() {
                self.tell(list.span, Use::Elements, &each);
            }
        }
    }

    /// What is taken for a text, a number or a list.
    fn converted(&mut self, whole: &hir::Expr, ty: &hir::Ty, frame: &Frame) {
        let shape = self.shapes.of(whole, frame);
        match (ty, shape.items()) {
            (hir::Ty::List(element), Some(items)) if shape.is_there() => {
                if let (false, Some(item)) = (**element == hir::Ty::Json, items.iter().find(|item| item.is_known())) {
                    self.tell(whole.span, Use::ConvertedElements(ty.clone()), item);
                }
            }
            (hir::Ty::List(_), None) if shape.is_there() && shape.is_object() => self.tell(whole.span, Use::LookedInto, &shape),
            (hir::Ty::List(_), _) => {}
            _ if shape.is_there() => self.tell(whole.span, Use::Converted(ty.clone()), &shape),
            _ => {}
        }
    }
}

/// Whether an expression reads a member or an element of a parameter, or tests it for presence or `null`.
fn tells_apart(policy: &hir::Policy, expr: &hir::Expr, level: usize, calls: u32) -> bool {
    let is_param = |operand: &hir::Expr| matches!(operand.kind, hir::ExprKind::Bound(bound) if bound as usize == level);
    let here = match &expr.kind {
        hir::ExprKind::JsonMember(operand, _)
        | hir::ExprKind::JsonElement(operand, _)
        | hir::ExprKind::Index(operand, _)
        | hir::ExprKind::Present(operand)
        | hir::ExprKind::JsonIsNull(operand) => is_param(operand),
        hir::ExprKind::Invoke(id, args) if calls > 0 => policy.fns.get(id.index()).is_some_and(|item| {
            args.iter().enumerate().any(|(place, arg)| is_param(arg) && tells_apart(policy, &item.body, place, calls.saturating_sub(1)))
        }),
        _ => false,
    };
    here || expr.operands().into_iter().any(|operand| tells_apart(policy, operand, level, calls))
}
