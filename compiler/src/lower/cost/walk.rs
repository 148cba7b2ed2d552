//! Following generated code. In: functions, what is known of their arguments. Out: what they cost, what is known of their results.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_runtime::contract::{Mechanism, Policy};

use super::{Cost, Sizes, mechanisms};
use crate::ir::hir;
use crate::ir::lir::{BinaryOp, Content, DataId, Expr, FunctionId, Module, Stmt, UnaryOp};
use crate::plan::{Amount, Plan, Reach};

/// Fuel of one node of the tree, with what moves its operands.
const NODE: u64 = 4;
/// Fuel of a call, and of each of its locals.
const CALL: u64 = 24;
/// No value has more bytes: what the arena holds.
pub(super) const CAP: u64 = 32 << 20;

/// What is known of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Value {
    /// The number itself.
    pub(super) known: Option<i64>,
    /// Most bytes that it leads to.
    pub(super) size: u64,
    /// The number is at most this.
    pub(super) most: u64,
    /// It counts the rules of this kind that were selected.
    pub(super) selected: Option<i32>,
    /// A table of the compiler's: how large it is says nothing about what looking things up costs.
    pub(super) table: bool,
}

impl Value {
    /// Nothing is known; it leads nowhere.
    pub(super) const ANY: Value = Value { known: None, size: 0, most: u64::MAX, selected: None, table: false };

    fn number(known: i64) -> Value {
        Value { known: Some(known), most: u64::try_from(known).unwrap_or(0), ..Value::ANY }
    }

    /// One that leads to so many bytes.
    pub(super) fn sized(size: u64) -> Value {
        Value { size: size.min(CAP), ..Value::ANY }
    }

    fn or(self, other: Value) -> Value {
        Value {
            known: self.known.filter(|known| other.known == Some(*known)),
            size: self.size.max(other.size),
            most: self.most.max(other.most),
            selected: self.selected.or(other.selected),
            table: self.table && other.table,
        }
    }
}

/// A function, its arguments, and the rule that a loop around is at.
type Call = (FunctionId, Vec<Value>, Option<(i32, u32)>);

/// The state of following one callback.
pub(super) struct Walk<'a> {
    pub(super) policy: &'a hir::Policy,
    pub(super) plan: &'a Plan,
    module: &'a Module,
    pub(super) reach: &'a Reach<'a>,
    pub(super) sizes: Sizes,
    known: BTreeMap<Call, (Cost, Value)>,
    /// Mechanisms whose dear part is done once in a callback.
    once: BTreeSet<Mechanism>,
    /// The rule that a loop over selected rules is at.
    current: Option<(i32, u32)>,
    /// Bytes of the text that is being built, and of the reply.
    pub(super) text: u64,
    pub(super) reply: u64,
    /// Bytes of the largest value that the request leaves for the response.
    pub(super) kept: u64,
    /// What the functions under way return, as far as seen.
    returns: Vec<Option<Value>>,
    /// What rules of a kind cost together, where that was asked.
    pub(super) kinds: BTreeMap<i32, (Cost, u64)>,
    subjects: Option<Cost>,
}

/// Where statements lead.
#[derive(Clone, Copy)]
struct Flow {
    /// What it costs to get behind them, if one can.
    through: Option<Cost>,
    /// What it costs to return in them, if they do.
    left: Option<Cost>,
}

fn either(first: Option<Cost>, second: Option<Cost>) -> Option<Cost> {
    match (first, second) {
        (Some(first), Some(second)) => Some(first.larger(second)),
        (first, second) => first.or(second),
    }
}

impl Flow {
    fn all(self) -> Cost {
        either(self.through, self.left).unwrap_or(Cost::NONE)
    }

    fn after(self, cost: Cost) -> Flow {
        Flow { through: self.through.map(|through| through.plus(cost)), left: self.left.map(|left| left.plus(cost)) }
    }

    fn or(self, other: Flow) -> Flow {
        Flow { through: either(self.through, other.through), left: either(self.left, other.left) }
    }
}

impl<'a> Walk<'a> {
    pub(super) fn new(policy: &'a hir::Policy, plan: &'a Plan, module: &'a Module, reach: &'a Reach<'a>, sizes: Sizes) -> Walk<'a> {
        Walk {
            policy,
            plan,
            module,
            reach,
            sizes,
            known: BTreeMap::new(),
            once: BTreeSet::new(),
            current: None,
            text: 0,
            reply: 0,
            kept: 0,
            returns: Vec::new(),
            kinds: BTreeMap::new(),
            subjects: None,
        }
    }

    /// What is done once in this callback, however often it is asked for.
    pub(super) fn once(&mut self) -> Cost {
        let once = std::mem::take(&mut self.once);
        let facts = once.into_iter().fold(Cost::NONE, |sum, mechanism| sum.plus(mechanisms::once(self, mechanism)));
        facts.plus(self.subjects.unwrap_or(Cost::NONE))
    }

    pub(super) fn needs(&mut self, mechanism: Mechanism) {
        self.once.insert(mechanism);
    }

    /// Subjects are looked up, once in a callback.
    pub(super) fn needs_subjects(&mut self) {
        if self.subjects.is_none() {
            self.subjects = Some(Cost::NONE);
            let mut sum = Cost::NONE;
            for (number, subject) in (0..).zip(&self.plan.subjects) {
                let value = self.policy(Policy::Subject, vec![Value::number(number)]);
                sum = sum.plus(value).plus(mechanisms::look_up(self, subject));
            }
            self.subjects = Some(sum);
        }
    }

    /// A policy function.
    pub(super) fn policy(&mut self, policy: Policy, arguments: Vec<Value>) -> Cost {
        let found = self.module.implements.iter().find(|(of, _)| *of == policy);
        found.map_or(Cost::NONE, |(_, id)| self.function(*id, arguments).0)
    }

    /// A condition by its number.
    pub(super) fn condition(&mut self, number: u32) -> Cost {
        self.policy(Policy::Condition, vec![Value::number(number.into())])
    }

    fn function(&mut self, id: FunctionId, arguments: Vec<Value>) -> (Cost, Value) {
        let key = (id, arguments, self.current);
        if let Some(known) = self.known.get(&key) {
            return *known;
        }
        let Some(function) = self.module.functions.get(id.0 as usize) else { return (Cost::NONE, Value::ANY) };
        let mut locals = key.1.clone();
        locals.resize(function.params.len(), Value::ANY);
        locals.extend(function.locals.iter().map(|_| Value::number(0)));
        self.returns.push(None);
        let cost = self.stmts(&function.body, &mut locals).all();
        let value = self.returns.pop().flatten().unwrap_or(Value::ANY);
        let entered = Cost::fuel(CALL.saturating_add(locals.len() as u64 * 2));
        let found = (cost.plus(entered), value);
        self.known.insert(key, found);
        found
    }

    fn stmts(&mut self, list: &'a [Stmt], locals: &mut Vec<Value>) -> Flow {
        let mut flow = Flow { through: Some(Cost::NONE), left: None };
        for stmt in list {
            let Some(before) = flow.through else { break };
            let next = self.stmt(stmt, locals).after(before.plus(Cost::fuel(NODE)));
            flow = Flow { through: next.through, left: either(flow.left, next.left) };
        }
        flow
    }

    fn stmt(&mut self, stmt: &'a Stmt, locals: &mut Vec<Value>) -> Flow {
        let through = |cost| Flow { through: Some(cost), left: None };
        match stmt {
            Stmt::Set(local, value) => {
                let (cost, value) = self.expr(value, locals);
                if let Some(place) = locals.get_mut(local.0 as usize) {
                    *place = value;
                }
                through(cost)
            }
            Stmt::Do(value) => through(self.expr(value, locals).0),
            Stmt::If(condition, then, otherwise) => {
                let (cost, condition) = self.expr(condition, locals);
                match condition.known {
                    Some(0) => self.stmts(otherwise, locals).after(cost),
                    Some(_) => self.stmts(then, locals).after(cost),
                    None => self.branches(&mut [then, otherwise].into_iter().map(Vec::as_slice), locals).after(cost),
                }
            }
            Stmt::Switch(selector, arms, otherwise) => {
                let (cost, selector) = self.expr(selector, locals);
                match selector.known {
                    Some(number) => {
                        let arm = usize::try_from(number).ok().and_then(|number| arms.get(number)).unwrap_or(otherwise);
                        self.stmts(arm, locals).after(cost)
                    }
                    None => self.branches(&mut arms.iter().chain([otherwise]).map(Vec::as_slice), locals).after(cost),
                }
            }
            Stmt::Count(local, limit, body) => {
                let (cost, limit) = self.expr(limit, locals);
                let flow = match limit.selected {
                    Some(kind) => self.each_selected(kind, body, locals),
                    None => self.counted(limit, body, locals),
                };
                if let Some(place) = locals.get_mut(local.0 as usize) {
                    *place = Value::ANY;
                }
                flow.after(cost)
            }
            Stmt::Return(value) => {
                let (cost, value) = value.as_ref().map_or((Cost::NONE, Value::ANY), |value| self.expr(value, locals));
                if let Some(seen) = self.returns.last_mut() {
                    *seen = Some(seen.map_or(value, |seen| seen.or(value)));
                }
                Flow { through: None, left: Some(cost) }
            }
        }
    }

    /// One of several lists.
    fn branches(&mut self, lists: &mut dyn Iterator<Item = &'a [Stmt]>, locals: &mut Vec<Value>) -> Flow {
        let before = locals.clone();
        let mut flow = Flow { through: None, left: None };
        let mut joined: Option<Vec<Value>> = None;
        for list in lists {
            if list.is_empty() && joined.as_ref() == Some(&before) {
                flow = flow.or(Flow { through: Some(Cost::NONE), left: None });
                continue;
            }
            let mut inside = before.clone();
            let branch = self.stmts(list, &mut inside);
            if branch.through.is_some() {
                joined = Some(match joined {
                    Some(joined) => joined.into_iter().zip(inside).map(|(one, other)| one.or(other)).collect(),
                    None => inside,
                });
            }
            flow = flow.or(branch);
        }
        *locals = joined.unwrap_or(before);
        flow
    }

    /// A loop over the selected rules of a kind: each at most once, and only those that one request reaches together.
    fn each_selected(&mut self, kind: i32, body: &'a [Stmt], locals: &mut Vec<Value>) -> Flow {
        let outer = self.current;
        let mut costs: BTreeMap<u32, Cost> = BTreeMap::new();
        let mut dearest = Cost::NONE;
        let mut after = locals.clone();
        for id in self.reach.ids(kind) {
            self.current = Some((kind, id));
            let mut inside = locals.clone();
            let cost = self.stmts(body, &mut inside).all().plus(Cost::fuel(NODE * 4));
            dearest = dearest.larger(cost);
            costs.insert(id, cost);
            after = after.into_iter().zip(inside).map(|(one, other)| one.or(other)).collect();
        }
        self.current = outer;
        *locals = after;
        let together = self.reach.together(kind, Cost::NONE, |entry| costs.get(&entry.id).copied().unwrap_or(dearest));
        Flow { through: Some(together), left: None }
    }

    /// A loop that is counted.
    fn counted(&mut self, limit: Value, body: &'a [Stmt], locals: &mut Vec<Value>) -> Flow {
        let rounds = limit.most;
        let (text, reply) = (self.text, self.reply);
        let mut cost = Cost::NONE;
        // What grows from round to round may become as large as it gets.
        for round in 0..3 {
            let before = locals.clone();
            let mut inside = locals.clone();
            cost = self.stmts(body, &mut inside).all().plus(Cost::fuel(NODE * 4));
            *locals = before.iter().zip(inside).map(|(one, other)| one.or(other)).collect();
            if *locals == before {
                break;
            }
            if round == 1 {
                for (now, then) in locals.iter_mut().zip(&before).filter(|(now, then)| now.size > then.size) {
                    now.size = CAP.max(then.size);
                }
            }
        }
        self.text = text.saturating_add(self.text.saturating_sub(text).saturating_mul(rounds)).min(CAP);
        self.reply = reply.saturating_add(self.reply.saturating_sub(reply).saturating_mul(rounds)).min(CAP);
        Flow { through: Some(cost.times(rounds)), left: None }
    }

    fn region(&self, id: DataId) -> Value {
        match self.module.data.get(id.0 as usize).map(|data| &data.content) {
            Some(Content::Bytes(bytes)) => Value { table: true, ..Value::sized(bytes.len() as u64) },
            Some(Content::Parts(parts)) => {
                let bytes: u64 = parts.iter().map(|(_, _, length)| u64::from(*length)).sum();
                Value::sized(bytes.saturating_add(parts.len() as u64 * 8))
            }
            Some(Content::Automata(patterns)) => Value { table: true, most: patterns.len() as u64, ..Value::ANY },
            Some(Content::Zero(_) | Content::Automaton { .. }) | None => Value { table: true, ..Value::ANY },
        }
    }

    /// Bytes of the constants, which a value of the configuration may have instead.
    pub(super) fn constants(&self) -> u64 {
        let sizes = self.module.data.iter().map(|data| match &data.content {
            Content::Bytes(bytes) => bytes.len() as u64,
            Content::Parts(parts) => parts.len() as u64 * 8,
            Content::Zero(_) | Content::Automata(_) | Content::Automaton { .. } => 0,
        });
        sizes.sum()
    }

    /// The rule that a loop over rules of this kind is at.
    pub(super) fn at(&self, kind: Option<i64>) -> Value {
        match self.current {
            Some((of, id)) if kind == Some(of.into()) => Value::number(id.into()),
            Some(_) | None => Value::ANY,
        }
    }

    fn expr(&mut self, expr: &'a Expr, locals: &mut Vec<Value>) -> (Cost, Value) {
        let node = Cost::fuel(NODE);
        match expr {
            Expr::I32(value) => (node, Value::number((*value).into())),
            Expr::I64(value) => (node, Value::number(*value)),
            Expr::F64(_) => (node, Value::ANY),
            Expr::Data(id) | Expr::Address(id) => (node, self.region(*id)),
            Expr::DataPart(_, _, length) => (node, Value::sized((*length).into())),
            Expr::Local(local) => (node, locals.get(local.0 as usize).copied().unwrap_or(Value::ANY)),
            Expr::Call(mechanism, arguments) => {
                let (cost, values) = self.arguments(arguments, locals);
                let (called, value) = mechanisms::call(self, *mechanism, &values);
                (cost.plus(called).plus(Cost::fuel(CALL)), value)
            }
            Expr::Apply(id, arguments) => {
                let (cost, values) = self.arguments(arguments, locals);
                let (called, value) = self.function(*id, values);
                (cost.plus(called), value)
            }
            Expr::Unary(op, operand) => {
                let (cost, value) = self.expr(operand, locals);
                (cost.plus(node), unary(*op, value))
            }
            Expr::Load(operand) => {
                let (cost, value) = self.expr(operand, locals);
                (cost.plus(node), Value::sized(value.size))
            }
            Expr::Binary(op, first, second) => {
                let (first_cost, first) = self.expr(first, locals);
                let (second_cost, second) = self.expr(second, locals);
                (first_cost.plus(second_cost).plus(node), binary(*op, first, second))
            }
            Expr::If(_, condition, then, otherwise) => {
                let (cost, condition) = self.expr(condition, locals);
                let mut inside = locals.clone();
                let found = match condition.known {
                    Some(0) => self.expr(otherwise, locals),
                    Some(_) => self.expr(then, locals),
                    None => {
                        let (first, one) = self.expr(then, &mut inside);
                        let (second, other) = self.expr(otherwise, locals);
                        *locals = locals.iter().zip(inside).map(|(one, other)| one.or(other)).collect();
                        (first.larger(second), one.or(other))
                    }
                };
                (cost.plus(found.0).plus(node), found.1)
            }
            Expr::Block(list, last) => {
                let flow = self.stmts(list, locals);
                let (cost, value) = self.expr(last, locals);
                (flow.all().plus(cost), value)
            }
        }
    }

    fn arguments(&mut self, arguments: &'a [Expr], locals: &mut Vec<Value>) -> (Cost, Vec<Value>) {
        let mut sum = Cost::NONE;
        let mut values = Vec::with_capacity(arguments.len());
        for argument in arguments {
            let (cost, value) = self.expr(argument, locals);
            sum = sum.plus(cost);
            values.push(value);
        }
        (sum, values)
    }
}

fn unary(op: UnaryOp, value: Value) -> Value {
    match op {
        UnaryOp::Not | UnaryOp::IsZero64 => {
            value.known.map_or(Value { most: 1, ..Value::ANY }, |known| Value::number(i64::from(known == 0)))
        }
        UnaryOp::Wrap | UnaryOp::Extend => Value { known: None, ..value },
        UnaryOp::ToFloat | UnaryOp::FloatBits | UnaryOp::BitsFloat => Value::sized(value.size),
    }
}

fn binary(op: BinaryOp, first: Value, second: Value) -> Value {
    let Value { size, .. } = first.or(second);
    let bool = Value { most: 1, ..Value::ANY };
    let compare = |holds: fn(&i64, &i64) -> bool| match (first.known, second.known) {
        (Some(first), Some(second)) => Value::number(holds(&first, &second).into()),
        (None, _) | (_, None) => bool,
    };
    match op {
        BinaryOp::Equal32 | BinaryOp::Equal64 => compare(i64::eq),
        BinaryOp::Less32 | BinaryOp::Less64 => compare(i64::lt),
        BinaryOp::LessEqual64 => compare(i64::le),
        BinaryOp::EqualFloat | BinaryOp::LessFloat | BinaryOp::LessEqualFloat => bool,
        BinaryOp::And32 | BinaryOp::Or32 | BinaryOp::Add32 | BinaryOp::Multiply32 | BinaryOp::Or64 => Value::sized(size),
        BinaryOp::AddFloat | BinaryOp::SubtractFloat | BinaryOp::MultiplyFloat | BinaryOp::LeastFloat | BinaryOp::GreatestFloat => {
            Value::ANY
        }
    }
}
