//! Expressions: one LIR value for each typed expression (its shape is told in `contract.rs`).

use portcullis_runtime::contract::{Mechanism, Val};

use super::build::{Builder, Context, Phase, call, index};
use super::{bound, branch, compare, function, list, membership, read, tables, text};
use crate::ir::ast::BinaryOp as Arithmetic;
use crate::ir::hir::{self, Const, ExprKind, Ty};
use crate::ir::lir::{BinaryOp, Content, Expr, Local, Stmt, UnaryOp};
use crate::lang::functions;
use crate::plan;

/// The Wasm type of values of a type.
pub(super) fn val(ty: &Ty) -> Val {
    match ty {
        Ty::Bool | Ty::Ip => Val::I32,
        Ty::Float => Val::F64,
        Ty::Int | Ty::Duration | Ty::Time => Val::I64,
        Ty::String | Ty::Enum(_) | Ty::Bytes | Ty::Secret | Ty::Cidr | Ty::Json | Ty::List(_) => Val::I64,
        Ty::Optional(inner) => match inner.as_ref() {
            Ty::String | Ty::Enum(_) | Ty::Bytes | Ty::Secret | Ty::Cidr | Ty::Json | Ty::List(_) => Val::I64,
            Ty::Bool | Ty::Ip | Ty::Float | Ty::Int | Ty::Duration | Ty::Time => Val::I32,
            Ty::Rate | Ty::Regex | Ty::Map(_) | Ty::Optional(_) | Ty::Error => Val::I32,
        },
        Ty::Rate | Ty::Regex | Ty::Map(_) | Ty::Error => Val::I32,
    }
}

/// Whether a value of this type is a text or bytes.
pub(super) fn is_text(ty: &Ty) -> bool {
    matches!(ty.present(), Ty::String | Ty::Enum(_) | Ty::Bytes | Ty::Secret | Ty::Json)
}

/// Whether a value of this type is address and length in one i64, with 0 for absence.
pub(super) fn is_packed(ty: &Ty) -> bool {
    is_text(ty) || *ty.present() == Ty::Cidr
}

pub(super) fn not(operand: Expr) -> Expr {
    Expr::Unary(UnaryOp::Not, Box::new(operand))
}

pub(super) fn binary(op: BinaryOp, left: Expr, right: Expr) -> Expr {
    Expr::Binary(op, Box::new(left), Box::new(right))
}

pub(super) fn choose(val: Val, condition: Expr, then: Expr, otherwise: Expr) -> Expr {
    Expr::If(val, Box::new(condition), Box::new(then), Box::new(otherwise))
}

/// Both, the second only when the first holds.
pub(super) fn both(left: Expr, right: Expr) -> Expr {
    choose(Val::I32, left, right, Expr::I32(0))
}

/// One of them, the second only when the first does not hold.
pub(super) fn either(left: Expr, right: Expr) -> Expr {
    choose(Val::I32, left, Expr::I32(1), right)
}

/// Whether a value that may be absent is there.
pub(super) fn is_present(ty: &Ty, value: Expr) -> Expr {
    match val(ty) {
        Val::I64 => not(Expr::Unary(UnaryOp::IsZero64, Box::new(value))),
        Val::I32 | Val::F64 => not(not(value)),
    }
}

/// Evaluates into a local, for values that are used twice.
pub(super) fn hold(builder: &mut Builder<'_>, context: &mut Context, expr: &hir::Expr) -> (Stmt, Local) {
    let value = lower(builder, context, expr);
    let local = context.local(val(&expr.ty));
    (Stmt::Set(local, value), local)
}

/// The present value behind a local of type `T?`.
pub(super) fn unwrap(ty: &Ty, local: Local) -> Expr {
    let here = Expr::Local(local);
    let Ty::Optional(inner) = ty else { return here };
    match inner.as_ref() {
        Ty::String | Ty::Enum(_) | Ty::Bytes | Ty::Secret | Ty::Cidr | Ty::Json | Ty::List(_) | Ty::Ip => here,
        Ty::Bool => Expr::Unary(UnaryOp::Wrap, Box::new(Expr::Load(Box::new(here)))),
        Ty::Float => Expr::Unary(UnaryOp::BitsFloat, Box::new(Expr::Load(Box::new(here)))),
        Ty::Int | Ty::Duration | Ty::Time | Ty::Rate | Ty::Regex | Ty::Map(_) | Ty::Optional(_) | Ty::Error => Expr::Load(Box::new(here)),
    }
}

/// Lowers an expression.
pub(super) fn lower(builder: &mut Builder<'_>, context: &mut Context, expr: &hir::Expr) -> Expr {
    if let Some(local) = context.fixed(expr) {
        return Expr::Local(local);
    }
    if context.phase == Phase::Response
        && let Some(kept) = kept(builder, expr)
    {
        return kept;
    }
    if context.phase == Phase::Request
        && let Some(shared) = super::guard::shared(builder, expr)
    {
        return shared;
    }
    natural_present(builder, context, expr)
}

/// The value of an expression, evaluated here.
pub(super) fn natural_present(builder: &mut Builder<'_>, context: &mut Context, expr: &hir::Expr) -> Expr {
    let value = natural(builder, context, expr);
    // `is present` narrows: the node gives `T?`, the expression is known to be there.
    match narrowed(builder.policy, context, expr) {
        Some(optional) => {
            let local = context.local(val(&optional));
            Expr::Block(vec![Stmt::Set(local, value)], Box::new(unwrap(&optional, local)))
        }
        None => value,
    }
}

/// The optional type that a node gives although its expression is known to be present; texts and addresses are the same
/// value either way.
fn narrowed(policy: &hir::Policy, context: &Context, expr: &hir::Expr) -> Option<Ty> {
    let mut gives_cell =
        matches!(&expr.kind, ExprKind::MapGet(..) | ExprKind::ConfigMapGet(..) | ExprKind::Index(..) | ExprKind::JsonAs(_));
    if let ExprKind::Call(function, _) = &expr.kind {
        gives_cell = functions::of(*function).is_some_and(|entry| entry.absence == functions::Absence::Possible);
    }
    if let ExprKind::Config(id) = &expr.kind {
        gives_cell = policy.config.get(id.index()).is_some_and(|field| field.ty.is_optional());
    }
    if let ExprKind::Let(id) = &expr.kind {
        gives_cell = policy.lets.get(id.index()).is_some_and(|item| item.value.ty.is_optional());
    }
    if let ExprKind::Coalesce(_, right) = &expr.kind {
        gives_cell = right.ty.is_optional();
    }
    if let ExprKind::Bound(level) = &expr.kind {
        gives_cell = context.bound.get(*level as usize).is_some_and(|(_, ty)| ty.is_optional());
    }
    if let ExprKind::Invoke(id, _) = &expr.kind {
        gives_cell = policy.fns.get(id.index()).is_some_and(|item| item.body.ty.is_optional());
    }
    if let ExprKind::If(_, then, otherwise) = &expr.kind {
        gives_cell = then.ty.is_optional() || otherwise.ty.is_optional();
    }
    if let ExprKind::Match(_, arms, otherwise) = &expr.kind {
        gives_cell = arms.iter().map(|(_, value)| value).chain([&**otherwise]).any(|value| value.ty.is_optional());
    }
    let cell = matches!(expr.ty, Ty::Bool | Ty::Int | Ty::Float | Ty::Duration | Ty::Time);
    (gives_cell && cell).then(|| expr.ty.clone().optional())
}

/// The value that a node gives by itself.
fn natural(builder: &mut Builder<'_>, context: &mut Context, expr: &hir::Expr) -> Expr {
    match &expr.kind {
        ExprKind::Const(value) => constant(builder, value),
        ExprKind::Read(hir::Read::Claim(id, number)) => {
            let policy = builder.policy;
            match policy.credentials.get(id.index()) {
                Some(hir::Credential::Token(token)) => super::token::captured(builder, context, *id, token, *number, &expr.ty),
                _ => super::jwt::claim(builder, *id, *number, &expr.ty),
            }
        }
        ExprKind::Read(read) => read::read(builder, context, read),
        ExprKind::ReadAt(read, key) => read::read_at(builder, context, read, key),
        ExprKind::Config(id) => read::config(builder, *id),
        ExprKind::Let(id) => Expr::Apply(let_function(builder, context.phase, *id), Vec::new()),
        ExprKind::List(id) => list::declared(builder, *id),
        ExprKind::ListOf(items) => list::in_place(builder, context, items),
        ExprKind::MapGet(id, key) => map_get(builder, context, *id, key, &expr.ty),
        ExprKind::ConfigMapGet(id, key) => {
            let key = lower(builder, context, key);
            let found = call(Mechanism::ConfigMapGet, vec![index(id.index()), key]);
            if is_packed(&expr.ty) { found } else { Expr::Unary(UnaryOp::Wrap, Box::new(found)) }
        }
        ExprKind::Not(operand) => not(lower(builder, context, operand)),
        ExprKind::And(items) => fold(builder, context, items, Expr::I32(1), both),
        ExprKind::Or(items) => fold(builder, context, items, Expr::I32(0), either),
        ExprKind::Equal(left, right) => compare::equal(builder, context, left, right),
        ExprKind::Less(left, right) => compare::less(builder, context, left, right, false),
        ExprKind::LessEqual(left, right) => compare::less(builder, context, left, right, true),
        ExprKind::In(needle, list) => membership::in_list(builder, context, needle, list),
        ExprKind::InMap(key, id) => {
            let table = tables::map(builder, *id);
            let key = lower(builder, context, key);
            is_present(&Ty::String, call(Mechanism::MapGet, vec![Expr::Data(table), key]))
        }
        ExprKind::InConfigMap(key, id) => {
            let key = lower(builder, context, key);
            is_present(&Ty::String, call(Mechanism::ConfigMapGet, vec![index(id.index()), key]))
        }
        ExprKind::InCidr(ip, network) => membership::in_addresses(builder, context, ip, std::slice::from_ref(network)),
        ExprKind::Contains(left, right) => two(builder, context, Mechanism::StrContains, left, right),
        ExprKind::StartsWith(left, right) => two(builder, context, Mechanism::StrStartsWith, left, right),
        ExprKind::EndsWith(left, right) => two(builder, context, Mechanism::StrEndsWith, left, right),
        ExprKind::Matches(subject, pattern, flags) => {
            if context.phase == Phase::Request
                && let Some(found) = super::guard::pattern(builder, subject, pattern, flags)
            {
                return found;
            }
            let content = Content::Automaton { pattern: pattern.clone(), flags: flags.clone(), span: expr.span };
            let table = tables::automaton(builder, content);
            let subject = lower(builder, context, subject);
            call(Mechanism::DfaMatches, vec![Expr::Data(table), subject])
        }
        ExprKind::Present(operand) => present(builder, context, operand),
        ExprKind::Coalesce(left, right) => coalesce(builder, context, left, right, &expr.ty),
        ExprKind::Concat(pieces) => text::concat(builder, context, pieces),
        ExprKind::Arithmetic(op, left, right) if [left, right].into_iter().any(|side| side.ty == Ty::Float) => {
            float_arithmetic(builder, context, *op, left, right)
        }
        ExprKind::Arithmetic(op, left, right) => {
            let mechanism = match op {
                Arithmetic::Add => Mechanism::IntAdd,
                Arithmetic::Subtract => Mechanism::IntSubtract,
                Arithmetic::Multiply => Mechanism::IntMultiply,
                Arithmetic::Remainder => Mechanism::IntRemainder,
            };
            two(builder, context, mechanism, left, right)
        }
        ExprKind::Call(function, args) => function::call(builder, context, *function, args),
        ExprKind::If(condition, then, otherwise) => branch::lower_if(builder, context, (condition, then, otherwise), &expr.ty),
        ExprKind::Match(subject, arms, otherwise) => branch::lower_match(builder, context, (subject, arms, otherwise), &expr.ty),
        ExprKind::Index(items, at) => list::element(builder, context, items, at, &expr.ty),
        ExprKind::Quantified(quantifier, level, items, condition) => {
            bound::quantified(builder, context, (*quantifier, *level), (items, condition))
        }
        ExprKind::Bound(level) => context.bound.get(*level as usize).map_or(Expr::I32(0), |(local, _)| Expr::Local(*local)),
        ExprKind::Invoke(id, args) => bound::invoke(builder, context, *id, args),
        ExprKind::JsonMember(object, key) => two(builder, context, Mechanism::JsonMember, object, key),
        ExprKind::JsonElement(array, place) => two(builder, context, Mechanism::JsonElement, array, place),
        ExprKind::JsonAs(operand) if matches!(expr.ty.present(), Ty::List(_)) => {
            let operand = lower(builder, context, operand);
            list::of_json(&expr.ty, operand)
        }
        ExprKind::JsonAs(operand) => {
            let mechanism = match expr.ty.present() {
                Ty::Int => Mechanism::JsonInt,
                Ty::Float => Mechanism::JsonFloat,
                Ty::Bool => Mechanism::JsonBool,
                Ty::String
                | Ty::Bytes
                | Ty::Ip
                | Ty::Cidr
                | Ty::Duration
                | Ty::Time
                | Ty::Rate
                | Ty::Secret
                | Ty::Json
                | Ty::Enum(_)
                | Ty::Regex
                | Ty::List(_)
                | Ty::Map(_)
                | Ty::Optional(_)
                | Ty::Error => Mechanism::JsonString,
            };
            one(builder, context, mechanism, operand)
        }
        ExprKind::TimeText(time) => one(builder, context, Mechanism::TimeText, time),
        ExprKind::Object(json) => text::json(builder, context, json),
        ExprKind::JsonIsNull(operand) => one(builder, context, Mechanism::JsonIsNull, operand),
        ExprKind::JsonHas(array, needle) => {
            let (set, local) = hold(builder, context, array);
            let needle = text::as_json(builder, context, needle);
            Expr::Block(vec![set], Box::new(call(Mechanism::JsonHas, vec![Expr::Local(local), needle])))
        }
    }
}

/// The kept value of a request fact that the response phase asks for.
fn kept(builder: &Builder<'_>, expr: &hir::Expr) -> Option<Expr> {
    let key = plan::response_key(expr);
    let cell = builder.plan.carried.iter().position(|carried| plan::response_key(&carried.expr) == key)?;
    Some(super::response::load(&expr.ty, cell))
}

/// A `let` is a function of its own in each phase.
fn let_function(builder: &mut Builder<'_>, phase: Phase, id: hir::LetId) -> crate::ir::lir::FunctionId {
    if let Some(function) = builder.lets.get(&(id.0, phase)) {
        return *function;
    }
    let mut context = Context::new(phase, &[]);
    let item = builder.policy.lets.get(id.index());
    let (name, result, body) = match item {
        Some(item) => {
            let value = lower(builder, &mut context, &item.value);
            (format!("let {}", item.name.text), val(&item.value.ty), value)
        }
        None => ("let".to_owned(), Val::I32, Expr::I32(0)),
    };
    let function = builder.function(name, context, Some(result), vec![super::build::give(body)]);
    builder.lets.insert((id.0, phase), function);
    function
}

pub(super) fn constant(builder: &mut Builder<'_>, value: &Const) -> Expr {
    match value {
        Const::Bool(value) => Expr::I32(i32::from(*value)),
        Const::Int(value) => Expr::I64(*value),
        Const::Float(value) => Expr::F64(*value),
        Const::String(value) => builder.string(value),
        Const::Bytes(value) => builder.bytes(value),
        Const::Ip(address) => Expr::Address(tables::address(builder, *address)),
        Const::Cidr(network, bits) => builder.bytes(&tables::network_record(*network, *bits)),
    }
}

/// `MAP[key]`: strings as they are; ints and addresses are the bytes that the map holds, so their place is the value.
fn map_get(builder: &mut Builder<'_>, context: &mut Context, id: hir::MapId, key: &hir::Expr, ty: &Ty) -> Expr {
    let table = tables::map(builder, id);
    let key = lower(builder, context, key);
    let found = call(Mechanism::MapGet, vec![Expr::Data(table), key]);
    if is_packed(ty) { found } else { Expr::Unary(UnaryOp::Wrap, Box::new(found)) }
}

fn fold(builder: &mut Builder<'_>, context: &mut Context, items: &[hir::Expr], empty: Expr, join: fn(Expr, Expr) -> Expr) -> Expr {
    let lowered = items.iter().map(|item| lower(builder, context, item)).collect();
    joined(lowered, empty, join)
}

/// All of them, evaluated in their order until one does not hold.
pub(super) fn all(parts: Vec<Expr>) -> Expr {
    joined(parts, Expr::I32(1), both)
}

/// One of them, evaluated in their order until one holds.
pub(super) fn any(parts: Vec<Expr>) -> Expr {
    joined(parts, Expr::I32(0), either)
}

/// Joins halves and not one after the other: thousands of operands must not nest thousands deep, neither in the stages behind
/// nor in the blocks of the module. Both ways evaluate in the same order.
fn joined(mut parts: Vec<Expr>, empty: Expr, join: fn(Expr, Expr) -> Expr) -> Expr {
    let behind = parts.split_off(parts.len() / 2);
    match (parts.is_empty(), behind.len()) {
        (true, 0) => empty,
        (true, 1) => behind.into_iter().next().unwrap_or(empty),
        (true | false, _) => join(joined(parts, empty.clone(), join), joined(behind, empty, join)),
    }
}

fn one(builder: &mut Builder<'_>, context: &mut Context, mechanism: Mechanism, operand: &hir::Expr) -> Expr {
    let operand = lower(builder, context, operand);
    call(mechanism, vec![operand])
}

fn two(builder: &mut Builder<'_>, context: &mut Context, mechanism: Mechanism, left: &hir::Expr, right: &hir::Expr) -> Expr {
    let left = lower(builder, context, left);
    let right = lower(builder, context, right);
    call(mechanism, vec![left, right])
}

fn present(builder: &mut Builder<'_>, context: &mut Context, operand: &hir::Expr) -> Expr {
    if let ExprKind::Config(id) = &operand.kind {
        return call(Mechanism::ConfigPresent, vec![index(id.index())]);
    }
    if !operand.ty.is_optional() {
        return Expr::I32(1);
    }
    let value = lower(builder, context, operand);
    is_present(&operand.ty, value)
}

/// Sum, difference or product of floats. What is too large for one is the largest, so there is neither infinity nor NaN.
fn float_arithmetic(builder: &mut Builder<'_>, context: &mut Context, op: Arithmetic, left: &hir::Expr, right: &hir::Expr) -> Expr {
    let op = match op {
        Arithmetic::Add => BinaryOp::AddFloat,
        Arithmetic::Subtract => BinaryOp::SubtractFloat,
        Arithmetic::Multiply => BinaryOp::MultiplyFloat,
        // The checker refuses it.
        Arithmetic::Remainder => return Expr::F64(0.0),
    };
    let left = compare::as_float(&left.ty, lower(builder, context, left));
    let right = compare::as_float(&right.ty, lower(builder, context, right));
    let most = binary(BinaryOp::LeastFloat, binary(op, left, right), Expr::F64(f64::MAX));
    binary(BinaryOp::GreatestFloat, most, Expr::F64(f64::MIN))
}

fn coalesce(builder: &mut Builder<'_>, context: &mut Context, left: &hir::Expr, right: &hir::Expr, ty: &Ty) -> Expr {
    if !left.ty.is_optional() {
        return lower(builder, context, left);
    }
    let (set, local) = hold(builder, context, left);
    let otherwise = lower(builder, context, right);
    let there = is_present(&left.ty, Expr::Local(local));
    let ty = if right.ty.is_optional() { ty.clone().optional() } else { ty.clone() };
    let here = if ty.is_optional() { Expr::Local(local) } else { unwrap(&left.ty, local) };
    Expr::Block(vec![set], Box::new(choose(val(&ty), there, here, otherwise)))
}
