//! What an expression is for certain: an object or an array that the policy writes, or anything.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::ir::hir;

/// Most steps that are taken for one policy: what it takes more to know is anything.
const MOST_STEPS: u32 = 1_000_000;
/// How deep objects and arrays are known; what is deeper is anything.
const MOST_DEPTH: usize = 128;
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
    /// For certain one of these or absent, such as a member that the request names.
    Maybe(Rc<Known>),
}

/// One of these. Of both it is one or the other, as the request decides.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) object: Option<BTreeMap<String, Shape>>,
    /// Whether it may have other members, too.
    open: bool,
    pub(super) array: Option<Vec<Shape>>,
    /// How deep the objects and arrays in it nest.
    depth: usize,
}

/// How deep something nests that is made of these.
fn deepest<'s>(parts: impl Iterator<Item = &'s Shape>) -> usize {
    parts.filter_map(Shape::known).map(|known| known.depth).max().unwrap_or(0).saturating_add(1)
}

impl Shape {
    fn of_known(known: Known) -> Shape {
        if known.depth > MOST_DEPTH { Shape::Present } else { Shape::Known(Rc::new(known)) }
    }

    fn object(members: BTreeMap<String, Shape>) -> Shape {
        let depth = deepest(members.values());
        Shape::of_known(Known { object: Some(members), open: false, array: None, depth })
    }

    fn array(items: Vec<Shape>) -> Shape {
        let depth = deepest(items.iter());
        Shape::of_known(Known { object: None, open: false, array: Some(items), depth })
    }

    /// What it is where it is present.
    pub(super) fn known(&self) -> Option<&Known> {
        match self {
            Shape::Known(known) | Shape::Maybe(known) => Some(known),
            Shape::Present | Shape::Any => None,
        }
    }

    /// Whether nothing else stands there than an object or an array: it may be absent.
    pub(super) fn is_known(&self) -> bool {
        self.known().is_some()
    }

    /// Whether one stands there for certain.
    pub(super) fn is_there(&self) -> bool {
        matches!(self, Shape::Known(_))
    }

    /// The same where it may be absent.
    fn or_absent(self) -> Shape {
        match self {
            Shape::Known(known) | Shape::Maybe(known) => Shape::Maybe(known),
            Shape::Present | Shape::Any => Shape::Any,
        }
    }

    /// Whether it is an object and no array.
    pub(super) fn is_object(&self) -> bool {
        self.known().is_some_and(|known| known.array.is_none())
    }

    /// The elements of what is an array and no object.
    pub(super) fn items(&self) -> Option<&[Shape]> {
        self.known().filter(|known| known.object.is_none()).and_then(|known| known.array.as_deref())
    }

    /// The members of what is an object and no array.
    fn members(&self) -> Option<&BTreeMap<String, Shape>> {
        self.known().filter(|known| known.array.is_none()).and_then(|known| known.object.as_ref())
    }

    /// The name of one of its members, rather one that can be compared.
    pub(super) fn member(&self) -> Option<&str> {
        let members = self.known()?.object.as_ref()?;
        let plain = members.iter().find(|(_, shape)| !shape.is_known());
        plain.or_else(|| members.iter().next()).map(|(name, _)| name.as_str())
    }

    /// How a message calls it.
    pub(super) fn article(&self) -> &'static str {
        match self.known().map(|known| (&known.object, &known.array)) {
            Some((Some(_), Some(_))) => "an object or an array",
            Some((None, Some(_))) => "an array",
            Some(_) => "an object",
            None => "anything",
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
}

impl<'p> Shapes<'p> {
    pub(super) fn new(policy: &'p hir::Policy) -> Shapes<'p> {
        let mut shapes = Shapes { policy, lets: Vec::new(), steps: MOST_STEPS, calls: 0 };
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
            hir::ExprKind::Coalesce(left, right) => match self.of(left, frame) {
                Shape::Maybe(known) => {
                    let right = self.of(right, frame);
                    self.join(&Shape::Known(known), &right)
                }
                left => left,
            },
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
        // Every member costs, so that a literal that is made again and again does.
        self.step();
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
        let member = match &key.kind {
            hir::ExprKind::Const(hir::Const::String(name)) => members.get(name).cloned().unwrap_or(Shape::Any),
            _ => self.any_of(members.values()).or_absent(),
        };
        if whole.is_there() { member } else { member.or_absent() }
    }

    fn element(&mut self, list: &hir::Expr, place: &hir::Expr, frame: &Frame) -> Shape {
        let list = self.of(list, frame);
        let Some(items) = list.items() else { return Shape::Any };
        let element = match &place.kind {
            hir::ExprKind::Const(hir::Const::Int(place)) => {
                usize::try_from(*place).ok().and_then(|place| items.get(place)).cloned().unwrap_or(Shape::Any)
            }
            _ => self.any_of(items.iter()).or_absent(),
        };
        if list.is_there() { element } else { element.or_absent() }
    }

    /// What each of these is: of a member or an element that the request names, of the one that a quantifier is at.
    pub(super) fn any_of<'s>(&mut self, mut shapes: impl Iterator<Item = &'s Shape>) -> Shape {
        let Some(first) = shapes.next() else { return Shape::Any };
        shapes.fold(first.clone(), |joined, shape| self.join(&joined, shape))
    }

    /// What is one or the other.
    fn join(&mut self, one: &Shape, other: &Shape) -> Shape {
        let there = one.is_there() && other.is_there();
        let (one, other) = match (one, other) {
            (Shape::Known(one) | Shape::Maybe(one), Shape::Known(other) | Shape::Maybe(other)) => (one, other),
            (Shape::Any | Shape::Maybe(_), _) | (_, Shape::Any | Shape::Maybe(_)) => return Shape::Any,
            (Shape::Present, _) | (_, Shape::Present) => return Shape::Present,
        };
        let shape = |known: Rc<Known>| if there { Shape::Known(known) } else { Shape::Maybe(known) };
        if Rc::ptr_eq(one, other) {
            return shape(one.clone());
        }
        if !self.step() {
            return Shape::Any;
        }
        // A member that one of them lacks may be absent. So what several are together never grows.
        let mut open = one.open || other.open;
        let object = match (&one.object, &other.object) {
            (Some(one), Some(other)) => {
                let mut both = BTreeMap::new();
                for (name, member) in one {
                    self.step();
                    if let Some(beside) = other.get(name) {
                        both.insert(name.clone(), self.join(member, beside));
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
                Some(both.chain((one.len() != other.len()).then_some(Shape::Any)).collect())
            }
            (Some(array), None) | (None, Some(array)) => Some(array.clone()),
            (None, None) => None,
        };
        let depth = one.depth.max(other.depth);
        shape(Rc::new(Known { object, open, array, depth }))
    }

    /// Whether a condition holds in any case, or in none.
    pub(super) fn truth(&mut self, condition: &hir::Expr, frame: &Frame) -> Option<bool> {
        match &condition.kind {
            hir::ExprKind::Present(operand) => match self.of(operand, frame) {
                Shape::Known(_) | Shape::Present => Some(true),
                Shape::Maybe(_) => None,
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
        self.of(whole, frame).known().is_some_and(|known| known.lacks(name))
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
