//! The value of an expression where each array of the body that stands as a list of another type has an element that does not fit.
//! In: an expression. Out: its value, as far as that alone decides it, and the arrays that were looked at.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::Span;
use crate::ir::ast::Quantifier;
use crate::ir::hir::{Const, Expr, ExprKind, FnId, Function, Policy, Read, Ty};
use crate::lang::regex;

/// Most steps that are taken for one policy: what it takes more to know is anything.
const MOST_STEPS: u32 = 1_000_000;
/// Most calls of `fn`s in one another that are looked through.
pub(super) const MOST_CALLS: usize = 12;
/// Most arrays that are remembered of one `let`.
const MOST_ARRAYS: usize = 16;
/// Most elements that a list is known by.
const MOST_ELEMENTS: usize = 64;

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    /// Anything.
    Any,
    Absent,
    /// JSON of the body: what the caller writes.
    Body,
    /// A list of these.
    List(Vec<Value>),
    Bool(bool),
    Int(i64),
    Text(String),
}

/// An array of the body that stands as a list of another type.
#[derive(Clone, Debug)]
pub(super) struct Array {
    pub(super) span: Span,
    /// The list that it is without the element.
    pub(super) ty: Ty,
    /// The `fn` that gets it, and as which parameter.
    pub(super) handed: Option<(FnId, usize)>,
}

/// What each `let` is, and the arrays that were looked at.
type Lets = Vec<(Value, Vec<Array>)>;

/// Values where arrays are mixed.
pub(super) struct Mixing<'p> {
    policy: &'p Policy,
    /// As nothing tells which branch is taken; as the first is; as the last is.
    lets: [Lets; 3],
    met: BTreeMap<Span, Array>,
    steps: u32,
    calls: usize,
    /// Whether a `fn` gets an absent list where `?? []` makes it empty.
    without_defaults: bool,
    /// Which branch is taken where nothing tells: the first or the last.
    branch: Option<bool>,
    /// The arrays that stand as lists of another type somewhere, as they are written.
    mixed: BTreeSet<String>,
}

impl<'p> Mixing<'p> {
    pub(super) fn new(policy: &'p Policy) -> Mixing<'p> {
        let mut mixing = Mixing {
            policy,
            lets: [Lets::new(), Lets::new(), Lets::new()],
            met: BTreeMap::new(),
            steps: 0,
            calls: 0,
            without_defaults: false,
            branch: None,
            mixed: mixed(policy),
        };
        if !mixing.is_needed() {
            return mixing;
        }
        // A let reads only those before it.
        for branch in [None, Some(true), Some(false)] {
            mixing.branch = branch;
            for item in &policy.lets {
                let (value, mut arrays) = mixing.with_arrays(&item.value, &[]);
                arrays.truncate(MOST_ARRAYS);
                mixing.known_lets().push((value, arrays));
            }
        }
        mixing.branch = None;
        mixing
    }

    fn known_lets(&mut self) -> &mut Lets {
        let [open, first, last] = &mut self.lets;
        match self.branch {
            None => open,
            Some(true) => first,
            Some(false) => last,
        }
    }

    /// Its value, and the arrays that were looked at for it.
    pub(super) fn with_arrays(&mut self, expr: &Expr, bound: &[Value]) -> (Value, Vec<Array>) {
        self.met.clear();
        let value = self.value(expr, bound);
        (value, std::mem::take(&mut self.met).into_values().collect())
    }

    /// Whether some array of the policy can be mixed at all.
    pub(super) fn is_needed(&self) -> bool {
        !self.mixed.is_empty()
    }

    /// As [`Mixing::with_arrays`], where the first branch is taken, or the last, if nothing tells which.
    pub(super) fn by_branch(&mut self, expr: &Expr, bound: &[Value], first: bool) -> (Value, Vec<Array>) {
        self.branch = Some(first);
        let found = self.with_arrays(expr, bound);
        self.branch = None;
        found
    }

    /// Its value if no `fn` got an empty list for what is no list.
    pub(super) fn without_defaults(&mut self, expr: &Expr, bound: &[Value]) -> Value {
        self.without_defaults = true;
        let value = self.value(expr, bound);
        self.without_defaults = false;
        value
    }

    /// Its value among these parameters and elements.
    pub(super) fn value(&mut self, expr: &Expr, bound: &[Value]) -> Value {
        self.steps = self.steps.saturating_add(1);
        if self.steps > MOST_STEPS {
            return Value::Any;
        }
        match &expr.kind {
            ExprKind::Const(constant) => of_constant(constant),
            ExprKind::Read(Read::BodyJson) => Value::Body,
            ExprKind::Let(id) => {
                let Some((value, arrays)) = self.known_lets().get(id.index()).cloned() else { return Value::Any };
                for array in arrays {
                    self.met.entry(array.span).or_insert(array);
                }
                value
            }
            // Whatever it holds, it is not what the caller sent.
            ExprKind::Config(_) if self.branch.is_some() && matches!(expr.ty, Ty::List(_)) => Value::List(Vec::new()),
            ExprKind::Bound(level) => bound.get(*level as usize).cloned().unwrap_or(Value::Any),
            ExprKind::ListOf(items) if items.len() <= MOST_ELEMENTS => {
                Value::List(items.iter().map(|item| self.value(item, bound)).collect())
            }
            ExprKind::List(id) => match self.policy.lists.get(id.index()) {
                Some(list) if list.values.len() <= MOST_ELEMENTS => Value::List(list.values.iter().map(of_constant).collect()),
                Some(_) | None => Value::Any,
            },
            ExprKind::JsonAs(array) => self.converted(array, expr, bound),
            ExprKind::JsonMember(json, _) | ExprKind::JsonElement(json, _) => match self.value(json, bound) {
                same @ (Value::Body | Value::Absent) => same,
                _ => Value::Any,
            },
            ExprKind::Not(operand) => match self.value(operand, bound) {
                Value::Bool(value) => Value::Bool(!value),
                _ => Value::Any,
            },
            ExprKind::And(operands) => self.connected(operands, false, bound),
            ExprKind::Or(operands) => self.connected(operands, true, bound),
            ExprKind::Present(operand) => match self.value(operand, bound) {
                Value::Absent => Value::Bool(false),
                // The array that is mixed is there.
                Value::Body if self.mixed.contains(&written(operand)) => Value::Bool(true),
                Value::Any | Value::Body => Value::Any,
                Value::List(_) | Value::Bool(_) | Value::Int(_) | Value::Text(_) => Value::Bool(true),
            },
            ExprKind::Coalesce(first, second) => match self.value(first, bound) {
                Value::Absent => self.value(second, bound),
                value => value,
            },
            ExprKind::If(condition, then, otherwise) => match self.value(condition, bound) {
                Value::Bool(true) => self.value(then, bound),
                Value::Bool(false) => self.value(otherwise, bound),
                _ => match self.branch {
                    Some(first) => self.value(if first { then } else { otherwise }, bound),
                    None => self.either([&**then, &**otherwise], bound),
                },
            },
            ExprKind::Match(subject, arms, otherwise) => match self.value(subject, bound) {
                Value::Any | Value::Body => match (self.branch, arms.first()) {
                    (Some(true), Some((_, first))) => self.value(first, bound),
                    (Some(_), _) => self.value(otherwise, bound),
                    (None, _) => self.either(arms.iter().map(|(_, arm)| arm).chain([&**otherwise]), bound),
                },
                subject => {
                    let arm = arms.iter().find(|(pattern, _)| of_constant(pattern) == subject);
                    self.value(arm.map_or(otherwise, |(_, arm)| arm), bound)
                }
            },
            ExprKind::Quantified(quantifier, level, list, condition) => {
                let list = self.value(list, bound);
                self.quantified(*quantifier, *level, &list, condition, bound)
            }
            ExprKind::Invoke(id, args) => self.call(*id, args, bound),
            ExprKind::Call(function, args) => {
                let args: Vec<Value> = args.iter().map(|arg| self.value(arg, bound)).collect();
                called(*function, &args)
            }
            ExprKind::Matches(text, pattern, flags) => match self.value(text, bound) {
                Value::Absent => Value::Bool(false),
                Value::Text(text) if text.is_empty() && needs_text(pattern, flags) => Value::Bool(false),
                _ => Value::Any,
            },
            ExprKind::Read(_)
            | ExprKind::ReadAt(..)
            | ExprKind::Config(_)
            | ExprKind::ListOf(_)
            | ExprKind::MapGet(..)
            | ExprKind::ConfigMapGet(..)
            | ExprKind::Equal(..)
            | ExprKind::Less(..)
            | ExprKind::LessEqual(..)
            | ExprKind::In(..)
            | ExprKind::InMap(..)
            | ExprKind::InConfigMap(..)
            | ExprKind::InCidr(..)
            | ExprKind::Contains(..)
            | ExprKind::StartsWith(..)
            | ExprKind::EndsWith(..)
            | ExprKind::Concat(_)
            | ExprKind::Arithmetic(..)
            | ExprKind::JsonIsNull(_)
            | ExprKind::JsonHas(..)
            | ExprKind::TimeText(_)
            | ExprKind::Object(_)
            | ExprKind::Index(..) => {
                let operands: Vec<Value> = expr.operands().into_iter().map(|operand| self.value(operand, bound)).collect();
                compared(&expr.kind, &operands)
            }
        }
    }

    /// `some`, which one `true` decides, or `every`, which one `false` does.
    fn quantified(&mut self, quantifier: Quantifier, level: u32, list: &Value, condition: &Expr, bound: &[Value]) -> Value {
        let decides = quantifier == Quantifier::Some;
        let elements = match list {
            Value::Absent => return Value::Bool(false),
            Value::List(elements) => elements.clone(),
            _ => vec![element(list)],
        };
        let known = matches!(list, Value::List(_));
        let mut around: Vec<Value> = bound.iter().take(level as usize).cloned().collect();
        around.resize(level as usize, Value::Any);
        let mut all = true;
        for element in elements {
            around.push(element);
            let value = self.value(condition, &around);
            around.pop();
            if known && value == Value::Bool(decides) {
                return value;
            }
            all &= value == Value::Bool(!decides);
        }
        if all { Value::Bool(!decides) } else { Value::Any }
    }

    /// JSON as another type: of the body, an array is no list of it.
    fn converted(&mut self, array: &Expr, expr: &Expr, bound: &[Value]) -> Value {
        match (self.value(array, bound), expr.ty.present()) {
            (Value::Body, Ty::List(element)) if **element != Ty::Json => {
                let found = Array { span: expr.span, ty: expr.ty.present().clone(), handed: None };
                self.met.entry(expr.span).or_insert(found);
                Value::Absent
            }
            (Value::Body, Ty::List(_)) => Value::Body,
            (Value::Absent, _) => Value::Absent,
            _ => Value::Any,
        }
    }

    /// `and`, which one `false` decides, or `or`, which one `true` does.
    fn connected(&mut self, operands: &[Expr], decides: bool, bound: &[Value]) -> Value {
        let values: Vec<Value> = operands.iter().map(|operand| self.value(operand, bound)).collect();
        if values.contains(&Value::Bool(decides)) {
            return Value::Bool(decides);
        }
        let all = values.iter().all(|value| *value == Value::Bool(!decides));
        if all { Value::Bool(!decides) } else { Value::Any }
    }

    /// What is the same whichever is taken.
    fn either<'e>(&mut self, branches: impl IntoIterator<Item = &'e Expr>, bound: &[Value]) -> Value {
        let values: Vec<Value> = branches.into_iter().map(|branch| self.value(branch, bound)).collect();
        let first = values.first().cloned().unwrap_or(Value::Any);
        if values.iter().all(|value| *value == first) { first } else { Value::Any }
    }

    fn call(&mut self, id: FnId, args: &[Expr], bound: &[Value]) -> Value {
        let policy = self.policy;
        let mut values = Vec::new();
        for (level, arg) in args.iter().enumerate() {
            let mut value = self.value(arg, bound);
            let default = if let ExprKind::Coalesce(list, _) = &arg.kind { Some(list.span) } else { None };
            if let Some(array) = self.met.get_mut(&default.unwrap_or(arg.span)) {
                array.handed.get_or_insert((id, level));
                value = if default.is_some() && self.without_defaults { Value::Absent } else { value };
            }
            values.push(value);
        }
        let Some(item) = policy.fns.get(id.index()).filter(|_| self.calls < MOST_CALLS) else { return Value::Any };
        self.calls = self.calls.saturating_add(1);
        let value = self.value(&item.body, &values);
        self.calls = self.calls.saturating_sub(1);
        value
    }
}

/// An expression as it is written, for comparing.
fn written(expr: &Expr) -> String {
    format!("{:?}", expr.without_places())
}

/// Arrays that stand as lists of texts, numbers or bools.
fn mixed(policy: &Policy) -> BTreeSet<String> {
    let conditions = policy.rules.iter().flat_map(|rule| &rule.conditions);
    let mut open: Vec<&Expr> = policy.values();
    open.extend(conditions.chain(policy.fns.iter().map(|item| &item.body)));
    let mut found = BTreeSet::new();
    while let Some(expr) = open.pop() {
        if let (ExprKind::JsonAs(array), Ty::List(element)) = (&expr.kind, expr.ty.present())
            && **element != Ty::Json
        {
            found.insert(written(array));
        }
        open.extend(expr.operands());
    }
    found
}

/// What an element of a list is, of which nothing more is known.
pub(super) fn element(list: &Value) -> Value {
    if *list == Value::Body { Value::Body } else { Value::Any }
}

fn of_constant(constant: &Const) -> Value {
    match constant {
        Const::Bool(value) => Value::Bool(*value),
        Const::Int(value) => Value::Int(*value),
        Const::String(text) => Value::Text(text.clone()),
        Const::Float(_) | Const::Bytes(_) | Const::Ip(_) | Const::Cidr(..) => Value::Any,
    }
}

/// What takes all its operands at once; of an absent one nothing is told.
fn compared(kind: &ExprKind, operands: &[Value]) -> Value {
    let missing = operands.contains(&Value::Absent);
    let single = |operand: &Value| matches!(operand, Value::Bool(_) | Value::Int(_) | Value::Text(_));
    let known = operands.iter().all(single);
    match (kind, operands) {
        (
            ExprKind::Equal(..)
            | ExprKind::In(..)
            | ExprKind::InCidr(..)
            | ExprKind::Contains(..)
            | ExprKind::StartsWith(..)
            | ExprKind::EndsWith(..)
            | ExprKind::JsonHas(..)
            | ExprKind::JsonIsNull(_),
            _,
        ) if missing => Value::Bool(false),
        (ExprKind::Index(..) | ExprKind::MapGet(..) | ExprKind::ConfigMapGet(..), _) if missing => Value::Absent,
        (ExprKind::In(..), [_, Value::List(items)]) if items.is_empty() => Value::Bool(false),
        (ExprKind::In(..), [needle, Value::List(items)]) if single(needle) => {
            if items.contains(needle) {
                Value::Bool(true)
            } else if items.iter().all(single) {
                Value::Bool(false)
            } else {
                Value::Any
            }
        }
        (ExprKind::Index(..), [Value::List(items), Value::Int(at)]) => {
            usize::try_from(*at).ok().and_then(|at| items.get(at)).cloned().unwrap_or(Value::Absent)
        }
        (ExprKind::Index(..), [Value::Body, _]) => Value::Body,
        (ExprKind::Concat(_), pieces) => texts(pieces).map_or(Value::Any, |texts| Value::Text(texts.concat())),
        (ExprKind::Equal(..), [left, right]) if known => Value::Bool(left == right),
        (ExprKind::Less(..), [Value::Int(left), Value::Int(right)]) => Value::Bool(left < right),
        (ExprKind::LessEqual(..), [Value::Int(left), Value::Int(right)]) => Value::Bool(left <= right),
        (ExprKind::Contains(..), [Value::Text(text), Value::Text(part)]) => Value::Bool(text.contains(part.as_str())),
        (ExprKind::StartsWith(..), [Value::Text(text), Value::Text(part)]) => Value::Bool(text.starts_with(part.as_str())),
        (ExprKind::EndsWith(..), [Value::Text(text), Value::Text(part)]) => Value::Bool(text.ends_with(part.as_str())),
        _ => Value::Any,
    }
}

/// All of them as texts; nothing when one is not.
fn texts(values: &[Value]) -> Option<Vec<&str>> {
    values.iter().map(|value| if let Value::Text(text) = value { Some(text.as_str()) } else { None }).collect()
}

fn called(function: Function, args: &[Value]) -> Value {
    match (function, args) {
        (Function::Len, [Value::List(items)]) => Value::Int(i64::try_from(items.len()).unwrap_or(i64::MAX)),
        (Function::Len, [Value::Text(text)]) => Value::Int(i64::try_from(text.chars().count()).unwrap_or(i64::MAX)),
        (Function::Join, [Value::List(items), Value::Text(between)]) => {
            texts(items).map_or(Value::Any, |texts| Value::Text(texts.join(between.as_str())))
        }
        (Function::Split, [Value::Text(text), Value::Text(between)]) if !between.is_empty() => {
            Value::List(text.split(between.as_str()).map(|piece| Value::Text(piece.to_owned())).collect())
        }
        (Function::Replace, [Value::Text(text), Value::Text(from), Value::Text(to)]) if !from.is_empty() => {
            Value::Text(text.replace(from.as_str(), to))
        }
        (Function::Substring | Function::Replace | Function::Lower | Function::Upper | Function::Trim, [Value::Text(text), ..])
            if text.is_empty() =>
        {
            Value::Text(String::new())
        }
        (Function::Int | Function::Float | Function::Time | Function::Ip, [Value::Text(text)]) if text.is_empty() => Value::Absent,
        (Function::Lower, [Value::Text(text)]) => Value::Text(text.to_ascii_lowercase()),
        (Function::Upper, [Value::Text(text)]) => Value::Text(text.to_ascii_uppercase()),
        (_, [Value::Absent, ..]) => Value::Absent,
        _ => Value::Any,
    }
}

/// Whether a pattern is found in no empty text.
fn needs_text(pattern: &str, flags: &str) -> bool {
    regex::parse(pattern, flags).is_ok_and(|tree| tree.properties().minimum_len().is_some_and(|least| least > 0))
}
