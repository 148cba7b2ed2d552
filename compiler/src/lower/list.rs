//! Lists as values: cells in constant data or in the arena. In: typed lists. Out: one i64 each (`contract.rs`).

use portcullis_runtime::contract::{Mechanism, Val, elements};

use super::build::{Builder, Context, act, call, index};
use super::expr::{binary, choose, is_text, lower, val};
use crate::ir::hir::{self, Const, ExprKind, Ty};
use crate::ir::lir::{BinaryOp, Content, DataId, Expr, Local, Stmt, UnaryOp};

/// A declared list.
pub(super) fn declared(builder: &mut Builder<'_>, id: hir::ListId) -> Expr {
    let policy = builder.policy;
    let values: Vec<&Const> = policy.lists.get(id.index()).map(|list| list.values.iter().collect()).unwrap_or_default();
    constants(builder, &values)
}

/// A list written in place.
pub(super) fn in_place(builder: &mut Builder<'_>, context: &mut Context, items: &[hir::Expr]) -> Expr {
    let fixed: Option<Vec<&Const>> =
        items.iter().map(|item| if let ExprKind::Const(value) = &item.kind { Some(value) } else { None }).collect();
    if let Some(values) = fixed {
        return constants(builder, &values);
    }
    let list = context.local(Val::I64);
    let mut body = vec![Stmt::Set(list, call(Mechanism::ListNew, vec![index(items.len())]))];
    for (number, item) in items.iter().enumerate() {
        let value = lower(builder, context, item);
        body.push(act(Mechanism::ListPut, vec![Expr::Local(list), index(number), to_cell(&item.ty, value)]));
    }
    Expr::Block(body, Box::new(Expr::Local(list)))
}

/// Constant cells.
pub(super) fn constants(builder: &mut Builder<'_>, values: &[&Const]) -> Expr {
    let plain: Option<Vec<i64>> = values
        .iter()
        .map(|value| match value {
            Const::Bool(value) => Some(i64::from(*value)),
            Const::Int(value) => Some(*value),
            Const::Float(value) => Some(value.to_bits().cast_signed()),
            Const::String(_) | Const::Bytes(_) | Const::Ip(_) | Const::Cidr(..) => None,
        })
        .collect();
    let count = u32::try_from(values.len()).unwrap_or(u32::MAX);
    if let Some(cells) = plain {
        let bytes = cells.iter().flat_map(|cell| cell.to_le_bytes()).collect();
        return Expr::DataPart(builder.table("list", bytes), 0, count);
    }
    let parts: Vec<(DataId, u32, u32)> = values
        .iter()
        .filter_map(|value| match super::expr::constant(builder, value) {
            Expr::DataPart(region, offset, length) => Some((region, offset, length)),
            Expr::Address(region) => Some((region, 0, 0)),
            Expr::Data(region) => Some((region, 0, length(builder, region))),
            _ => None,
        })
        .collect();
    Expr::DataPart(builder.parts("list", parts), 0, count)
}

/// Bytes of a region that was just made.
fn length(builder: &Builder<'_>, region: DataId) -> u32 {
    match builder.module.data.get(region.0 as usize).map(|data| &data.content) {
        Some(Content::Bytes(bytes)) => u32::try_from(bytes.len()).unwrap_or(0),
        Some(Content::Parts(_) | Content::Zero(_) | Content::Automata(_) | Content::Automaton { .. }) | None => 0,
    }
}

/// `LIST[index]`: the cell is the value of an `int?`; what a cell points at is taken out of it.
pub(super) fn element(builder: &mut Builder<'_>, context: &mut Context, list: &hir::Expr, at: &hir::Expr, ty: &Ty) -> Expr {
    let list = lower(builder, context, list);
    let at = lower(builder, context, at);
    let cell = call(Mechanism::ListGet, vec![list, at]);
    let held = context.local(Val::I32);
    let here = Expr::Local(held);
    let value = match val(&ty.clone().optional()) {
        Val::I64 => choose(Val::I64, here.clone(), Expr::Load(Box::new(here)), Expr::I64(0)),
        Val::I32 | Val::F64 if matches!(ty.present(), Ty::Ip) => {
            let address = Expr::Unary(UnaryOp::Wrap, Box::new(Expr::Load(Box::new(here.clone()))));
            choose(Val::I32, here, address, Expr::I32(0))
        }
        Val::I32 | Val::F64 => here,
    };
    Expr::Block(vec![Stmt::Set(held, cell)], Box::new(value))
}

/// The cell of the element that a local counts to.
pub(super) fn cell(list: Local, number: Local) -> Expr {
    let start = Expr::Unary(UnaryOp::Wrap, Box::new(Expr::Local(list)));
    let offset = binary(BinaryOp::Multiply32, Expr::Local(number), Expr::I32(8));
    Expr::Load(Box::new(binary(BinaryOp::Add32, start, offset)))
}

/// The present value of this type that a cell holds.
pub(super) fn from_cell(ty: &Ty, cell: Expr) -> Expr {
    match val(ty) {
        Val::I64 => cell,
        Val::I32 => Expr::Unary(UnaryOp::Wrap, Box::new(cell)),
        Val::F64 => Expr::Unary(UnaryOp::BitsFloat, Box::new(cell)),
    }
}

/// A present value of this type in a cell.
pub(super) fn to_cell(ty: &Ty, value: Expr) -> Expr {
    match val(ty) {
        Val::I64 => value,
        Val::I32 => Expr::Unary(UnaryOp::Extend, Box::new(value)),
        Val::F64 => Expr::Unary(UnaryOp::FloatBits, Box::new(value)),
    }
}

/// A value in the shape of its type or, where that is asked for, of the type that may be absent.
pub(super) fn shaped(builder: &mut Builder<'_>, context: &mut Context, value: &hir::Expr, wanted: &Ty) -> Expr {
    let lowered = lower(builder, context, value);
    let cell = matches!(value.ty, Ty::Bool | Ty::Int | Ty::Float | Ty::Duration | Ty::Time);
    if wanted.is_optional() && cell { call(Mechanism::Cell, vec![to_cell(&value.ty, lowered)]) } else { lowered }
}

/// A JSON array as a list of this type; absent when it is none, or has an element of another type.
pub(super) fn of_json(ty: &Ty, array: Expr) -> Expr {
    let Ty::List(element) = ty.present() else { return Expr::I64(0) };
    let kind = match **element {
        Ty::String => elements::STRING,
        Ty::Int => elements::INT,
        Ty::Float => elements::FLOAT,
        Ty::Bool => elements::BOOL,
        Ty::Json
        | Ty::Bytes
        | Ty::Ip
        | Ty::Cidr
        | Ty::Duration
        | Ty::Time
        | Ty::Rate
        | Ty::Secret
        | Ty::Enum(_)
        | Ty::Regex
        | Ty::List(_)
        | Ty::Map(_)
        | Ty::Optional(_)
        | Ty::Error => elements::JSON,
    };
    call(Mechanism::JsonList, vec![array, Expr::I32(kind)])
}

/// `needle in list` of a list of JSON values: equal as those are.
pub(super) fn contains_json(builder: &mut Builder<'_>, context: &mut Context, needle: &hir::Expr, list: &hir::Expr) -> Expr {
    let lowered = lower(builder, context, list);
    let needle = super::text::as_json(builder, context, needle);
    let (list, wanted) = (context.local(Val::I64), context.local(Val::I64));
    let (number, found) = (context.local(Val::I32), context.local(Val::I32));
    let same = call(Mechanism::JsonEqual, vec![cell(list, number), Expr::Local(wanted)]);
    let body = vec![
        Stmt::Set(list, lowered),
        Stmt::Set(wanted, needle),
        Stmt::Set(found, Expr::I32(0)),
        Stmt::Count(
            number,
            call(Mechanism::Rounds, vec![Expr::Local(list)]),
            vec![Stmt::If(same, vec![Stmt::Set(found, Expr::I32(1))], vec![])],
        ),
    ];
    Expr::Block(body, Box::new(Expr::Local(found)))
}

/// `needle in list` of a list that is only known at run time.
pub(super) fn contains(builder: &mut Builder<'_>, context: &mut Context, needle: &hir::Expr, list: &hir::Expr) -> Expr {
    let Ty::List(element) = list.ty.present() else { return Expr::I32(0) };
    if is_text(element) {
        let list = lower(builder, context, list);
        let needle = lower(builder, context, needle);
        return call(Mechanism::ListContains, vec![list, needle]);
    }
    let (set_needle, wanted) = super::expr::hold(builder, context, needle);
    let set_list = lower(builder, context, list);
    let (list, number, found) = (context.local(Val::I64), context.local(Val::I32), context.local(Val::I32));
    let item = context.local(val(element));
    let same = super::compare::same(&needle.ty, wanted, element, item);
    let step = vec![Stmt::Set(item, from_cell(element, cell(list, number))), Stmt::If(same, vec![Stmt::Set(found, Expr::I32(1))], vec![])];
    let body = vec![
        set_needle,
        Stmt::Set(list, set_list),
        Stmt::Set(found, Expr::I32(0)),
        Stmt::Count(number, call(Mechanism::Rounds, vec![Expr::Local(list)]), step),
    ];
    Expr::Block(body, Box::new(Expr::Local(found)))
}
