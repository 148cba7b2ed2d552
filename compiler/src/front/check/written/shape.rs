//! What an expression is for certain: an object or an array that the policy writes, or anything.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::ir::hir;

/// Most steps that are taken for one policy: what it takes more to know is anything.
const MOST_STEPS: u32 = 2_000_000;
/// How deep two values are laid on each other.
const MOST_DEPTH: usize = 64;
/// Most calls of `fn`s in one another that are looked through.
const MOST_CALLS: usize = 12;

/// What a value is.
#[derive(Clone, Debug)]
pub(super) enum Shape {
    /// Anything, or absent.
    Any,
    /// Anything, but present for certain.
    Present,
    /// For certain an object or an array.
    Known(Rc<Known>),
}

/// One of these, present for certain. Of both it is one or the other, as the request decides.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub(super) object: Option<BTreeMap<String, Shape>>,
    /// Whether it may have other members, too.
    open: bool,
    pub(super) array: Option<Vec<Shape>>,
}

impl Shape {
    fn object(members: BTreeMap<String, Shape>) -> Shape {
        Shape::Known(Rc::new(Known { object: Some(members), open: false, array: None }))
    }

    fn array(items: Vec<Shape>) -> Shape {
        Shape::Known(Rc::new(Known { object: None, open: false, array: Some(items) }))
    }

    pub(super) fn is_known(&self) -> bool {
        matches!(self, Shape::Known(_))
    }

    /// Whether it is an object for certain.
    pub(super) fn is_object(&self) -> bool {
        matches!(self, Shape::Known(known) if known.array.is_none())
    }

    /// The elements of what is an array for certain.
    pub(super) fn items(&self) -> Option<&[Shape]> {
        match self {
            Shape::Known(known) if known.object.is_none() => known.array.as_deref(),
            Shape::Known(_) | Shape::Present | Shape::Any => None,
        }
    }

    /// The members of what is an object for certain.
    fn members(&self) -> Option<&BTreeMap<String, Shape>> {
        match self {
            Shape::Known(known) if known.array.is_none() => known.object.as_ref(),
            Shape::Known(_) | Shape::Present | Shape::Any => None,
        }
    }

    /// The name of one of its members, rather one that can be compared.
    pub(super) fn member(&self) -> Option<&str> {
        let members = match self {
            Shape::Known(known) => known.object.as_ref()?,
            Shape::Present | Shape::Any => return None,
        };
        let plain = members.iter().find(|(_, shape)| !shape.is_known());
        plain.or_else(|| members.iter().next()).map(|(name, _)| name.as_str())
    }

    /// How a message calls it.
    pub(super) fn article(&self) -> &'static str {
        match self {
            Shape::Known(known) => match (&known.object, &known.array) {
                (Some(_), Some(_)) => "an object or an array",
                (None, Some(_)) => "an array",
                _ => "an object",
            },
            Shape::Present | Shape::Any => "anything",
        }
    }
}

impl Known {
    /// Whether it is an object without this member.
    fn lacks(&self, name: &str) -> bool {
        self.array.is_none() && !self.open && self.object.as_ref().is_some_and(|members| !members.contains_key(name))
    }
}

/// What the names that are bound around stand for, by level.
pub(super) type Frame = Vec<Shape>;

/// Works shapes out.
pub(super) struct Shapes<'p> {
    policy: &'p hir::Policy,
    lets: Vec<Shape>,
    steps: u32,
    calls: usize,
    depth: usize,
}

impl<'p> Shapes<'p> {
    pub(super) fn new(policy: &'p hir::Policy) -> Shapes<'p> {
        let mut shapes = Shapes { policy, lets: Vec::new(), steps: MOST_STEPS, calls: 0, depth: 0 };
        for item in &policy.lets {
            let shape = shapes.of(&item.value, &Frame::new());
            shapes.lets.push(shape);
        }
        shapes
    }

    /// Whether one more step is in bounds.
    pub(super) fn step(&mut self) -> bool {
        self.steps = self.steps.saturating_sub(1);
        self.steps > 0
    }

    /// Whether one more call may be looked into; [`Shapes::end`] when it was.
    pub(super) fn begin(&mut self) -> bool {
        let well = self.calls < MOST_CALLS;
        self.calls += usize::from(well);
        well
    }

    /// Ends a call.
    pub(super) fn end(&mut self) {
        self.calls = self.calls.saturating_sub(1);
    }

    /// What an expression is.
    pub(super) fn of(&mut self, expr: &hir::Expr, frame: &Frame) -> Shape {
        let json = matches!(expr.ty.present(), hir::Ty::Json)
            || matches!(expr.ty.present(), hir::Ty::List(item) if matches!(**item, hir::Ty::Json));
        // Values of other types are neither, wherever they come from.
        if !json || !self.step() {
            return Shape::Any;
        }
        match &expr.kind {
            hir::ExprKind::Object(json) => self.json(json, frame),
            hir::ExprKind::ListOf(items) => Shape::array(items.iter().map(|item| self.of(item, frame)).collect()),
            hir::ExprKind::JsonMember(whole, key) => self.member(whole, key, frame),
            hir::ExprKind::JsonElement(list, place) | hir::ExprKind::Index(list, place) => self.element(list, place, frame),
            // As a list it stays the array that it is.
            hir::ExprKind::JsonAs(whole) => match self.of(whole, frame) {
                array if array.items().is_some() => array,
                _ => Shape::Any,
            },
            hir::ExprKind::Coalesce(left, _) => self.of(left, frame),
            hir::ExprKind::If(condition, then, otherwise) => match self.truth(condition, frame) {
                Some(true) => self.of(then, frame),
                Some(false) => self.of(otherwise, frame),
                None => {
                    let (then, otherwise) = (self.of(then, frame), self.of(otherwise, frame));
                    self.join(&then, &otherwise)
                }
            },
            hir::ExprKind::Match(_, arms, otherwise) => {
                let start = self.of(otherwise, frame);
                arms.iter().fold(start, |joined, (_, arm)| {
                    let arm = self.of(arm, frame);
                    self.join(&joined, &arm)
                })
            }
            hir::ExprKind::Let(id) => self.lets.get(id.index()).cloned().unwrap_or(Shape::Any),
            hir::ExprKind::Bound(level) => frame.get(*level as usize).cloned().unwrap_or(Shape::Any),
            hir::ExprKind::Invoke(id, args) => {
                let frame: Frame = args.iter().map(|arg| self.of(arg, frame)).collect();
                let Some(item) = self.policy.fns.get(id.index()) else { return Shape::Any };
                if !self.begin() {
                    return Shape::Any;
                }
                let shape = self.of(&item.body, &frame);
                self.end();
                shape
            }
            // Facts, configuration and tables are not written here; conditions and texts are no JSON.
            _ => Shape::Any,
        }
    }

    fn json(&mut self, json: &hir::Json, frame: &Frame) -> Shape {
        match json {
            hir::Json::Null => Shape::Present,
            // What is absent is `null` there, which is present.
            hir::Json::Expr(expr) => match self.of(expr, frame) {
                Shape::Any => Shape::Present,
                shape => shape,
            },
            hir::Json::Array(items) => Shape::array(items.iter().map(|item| self.json(item, frame)).collect()),
            hir::Json::Object(members) => {
                Shape::object(members.iter().map(|(name, member)| (name.clone(), self.json(member, frame))).collect())
            }
        }
    }

    fn member(&mut self, whole: &hir::Expr, key: &hir::Expr, frame: &Frame) -> Shape {
        let whole = self.of(whole, frame);
        let Some(members) = whole.members() else { return Shape::Any };
        match &key.kind {
            hir::ExprKind::Const(hir::Const::String(name)) => members.get(name).cloned().unwrap_or(Shape::Any),
            _ => self.any_of(members.values()),
        }
    }

    fn element(&mut self, list: &hir::Expr, place: &hir::Expr, frame: &Frame) -> Shape {
        let list = self.of(list, frame);
        let Some(items) = list.items() else { return Shape::Any };
        match &place.kind {
            hir::ExprKind::Const(hir::Const::Int(place)) => {
                usize::try_from(*place).ok().and_then(|place| items.get(place)).cloned().unwrap_or(Shape::Any)
            }
            _ => self.any_of(items.iter()),
        }
    }

    /// What each of these is: of a member or an element that the request names, of the one that a quantifier is at. Where it is absent,
    /// a comparison does not hold either.
    pub(super) fn any_of<'s>(&mut self, mut shapes: impl Iterator<Item = &'s Shape>) -> Shape {
        let Some(first) = shapes.next() else { return Shape::Any };
        shapes.fold(first.clone(), |joined, shape| self.join(&joined, shape))
    }

    /// What is one or the other.
    fn join(&mut self, one: &Shape, other: &Shape) -> Shape {
        let (one, other) = match (one, other) {
            (Shape::Known(one), Shape::Known(other)) => (one, other),
            (Shape::Any, _) | (_, Shape::Any) => return Shape::Any,
            (Shape::Present, _) | (_, Shape::Present) => return Shape::Present,
        };
        if Rc::ptr_eq(one, other) {
            return Shape::Known(one.clone());
        }
        if self.depth >= MOST_DEPTH || !self.step() {
            return Shape::Any;
        }
        self.depth += 1;
        // A member that one of them lacks may be absent. So what several are together never grows.
        let mut open = one.open || other.open;
        let object = match (&one.object, &other.object) {
            (Some(one), Some(other)) => {
                let mut both = BTreeMap::new();
                for (name, shape) in one {
                    self.step();
                    if let Some(beside) = other.get(name) {
                        both.insert(name.clone(), self.join(shape, beside));
                    }
                }
                open |= both.len() < one.len() || both.len() < other.len();
                Some(both)
            }
            (Some(object), None) | (None, Some(object)) => Some(object.clone()),
            (None, None) => None,
        };
        let array = match (&one.array, &other.array) {
            (Some(one), Some(other)) => {
                // An element that one of them lacks may be absent, which is all that is known of it.
                let both = one.iter().zip(other).map(|(one, other)| self.join(one, other));
                let both: Vec<Shape> = both.collect();
                let longer = one.len().max(other.len());
                Some(both.into_iter().chain((one.len() != other.len()).then_some(Shape::Any)).take(longer).collect())
            }
            (Some(array), None) | (None, Some(array)) => Some(array.clone()),
            (None, None) => None,
        };
        self.depth = self.depth.saturating_sub(1);
        Shape::Known(Rc::new(Known { object, open, array }))
    }

    /// Whether a condition holds in any case, or in none.
    pub(super) fn truth(&mut self, condition: &hir::Expr, frame: &Frame) -> Option<bool> {
        match &condition.kind {
            hir::ExprKind::Present(operand) => match self.of(operand, frame) {
                Shape::Known(_) | Shape::Present => Some(true),
                Shape::Any => self.lacks(operand, frame).then_some(false),
            },
            hir::ExprKind::JsonIsNull(operand) => self.of(operand, frame).is_known().then_some(false),
            hir::ExprKind::Not(operand) => self.truth(operand, frame).map(|truth| !truth),
            hir::ExprKind::And(operands) => self.decided(operands, false, frame),
            hir::ExprKind::Or(operands) => self.decided(operands, true, frame),
            _ => None,
        }
    }

    /// Whether it is a member that an object lacks for certain.
    fn lacks(&mut self, operand: &hir::Expr, frame: &Frame) -> bool {
        let hir::ExprKind::JsonMember(whole, key) = &operand.kind else { return false };
        let hir::ExprKind::Const(hir::Const::String(name)) = &key.kind else { return false };
        matches!(self.of(whole, frame), Shape::Known(known) if known.lacks(name))
    }

    /// What `and` (which `false` decides) or `or` (which `true` does) comes to.
    fn decided(&mut self, operands: &[hir::Expr], decides: bool, frame: &Frame) -> Option<bool> {
        let mut all = true;
        for operand in operands {
            match self.truth(operand, frame) {
                Some(truth) if truth == decides => return Some(decides),
                Some(_) => {}
                None => all = false,
            }
        }
        all.then_some(!decides)
    }
}
