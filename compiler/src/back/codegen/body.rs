//! Bodies of functions. In: one LIR function and where everything lies. Out: its instructions.
//! Every construct becomes one Wasm construct; there is no optimiser here, hosts have one.

use std::collections::BTreeSet;

use portcullis_runtime::contract::Mechanism;
use wasm_encoder::{BlockType, Function, InstructionSink, MemArg, ValType};

use super::{Indices, Layout, layout::pack, missing, val_type};
use crate::base::Diagnostic;
use crate::ir::lir::{self, verify::always_returns, walk::Node};

/// The mechanisms that a module calls.
pub(super) fn mechanisms(module: &lir::Module) -> BTreeSet<Mechanism> {
    let mut found = BTreeSet::new();
    for function in &module.functions {
        lir::walk::stmts(&function.body, &mut |node| {
            if let Node::Expr(lir::Expr::Call(mechanism, _)) = node {
                found.insert(*mechanism);
            }
        });
    }
    found
}

/// Generates one function.
pub(super) fn generate(module: &lir::Module, function: &lir::Function, layout: &Layout, indices: &Indices) -> Result<Function, Diagnostic> {
    let declared = function.params.len() + function.locals.len();
    // Each counted loop keeps its limit in a local of its own, behind the declared ones.
    let mut limits = 0;
    lir::walk::stmts(&function.body, &mut |node| {
        limits += usize::from(matches!(node, Node::Stmt(lir::Stmt::Count(..))));
    });
    let locals = function.locals.iter().copied().map(val_type).chain(std::iter::repeat_n(ValType::I32, limits));
    let mut generator = Generator { module, layout, indices, code: Vec::new(), next_limit: u32::try_from(declared).unwrap_or(u32::MAX) };
    generator.stmts(&function.body)?;
    if function.result.is_some() && !matches!(function.body.last(), Some(lir::Stmt::Return(_))) {
        // Every path has returned; the validator wants to see it.
        generator.sink().unreachable();
    }
    generator.sink().end();
    let mut out = Function::new_with_locals_types(locals);
    out.raw(generator.code);
    Ok(out)
}

struct Generator<'a> {
    module: &'a lir::Module,
    layout: &'a Layout,
    indices: &'a Indices,
    code: Vec<u8>,
    next_limit: u32,
}

impl Generator<'_> {
    fn sink(&mut self) -> InstructionSink<'_> {
        InstructionSink::new(&mut self.code)
    }

    fn stmts(&mut self, stmts: &[lir::Stmt]) -> Result<(), Diagnostic> {
        stmts.iter().try_for_each(|stmt| self.stmt(stmt))
    }

    fn stmt(&mut self, stmt: &lir::Stmt) -> Result<(), Diagnostic> {
        match stmt {
            lir::Stmt::Set(local, value) => {
                self.expr(value)?;
                self.sink().local_set(local.0);
            }
            lir::Stmt::Do(value) => {
                self.expr(value)?;
                if self.has_value(value)? {
                    self.sink().drop();
                }
            }
            lir::Stmt::If(condition, then, otherwise) => {
                self.expr(condition)?;
                self.sink().if_(BlockType::Empty);
                self.stmts(then)?;
                if !otherwise.is_empty() {
                    self.sink().else_();
                    self.stmts(otherwise)?;
                }
                self.sink().end();
            }
            lir::Stmt::Switch(selector, arms, otherwise) => self.switch(selector, arms, otherwise)?,
            lir::Stmt::Count(local, limit, body) => self.count(*local, limit, body)?,
            lir::Stmt::Return(value) => {
                if let Some(value) = value {
                    self.expr(value)?;
                }
                self.sink().return_();
            }
        }
        Ok(())
    }

    /// Nested blocks, innermost the table: arm `n` stands behind the end of block `n` from inside.
    fn switch(&mut self, selector: &lir::Expr, arms: &[Vec<lir::Stmt>], otherwise: &[lir::Stmt]) -> Result<(), Diagnostic> {
        let count = u32::try_from(arms.len()).unwrap_or(u32::MAX);
        for _ in 0..=arms.len() + 1 {
            self.sink().block(BlockType::Empty);
        }
        self.expr(selector)?;
        self.sink().br_table((0..count).collect::<Vec<u32>>(), count).end();
        for (offset, arm) in arms.iter().enumerate() {
            self.stmts(arm)?;
            if !always_returns(arm) {
                let after = u32::try_from(arms.len() - offset).unwrap_or(u32::MAX);
                self.sink().br(after);
            }
            self.sink().end();
        }
        self.stmts(otherwise)?;
        self.sink().end();
        Ok(())
    }

    fn count(&mut self, local: lir::Local, limit: &lir::Expr, body: &[lir::Stmt]) -> Result<(), Diagnostic> {
        self.expr(limit)?;
        let kept = self.next_limit;
        self.next_limit += 1;
        self.sink()
            .local_set(kept)
            .i32_const(0)
            .local_set(local.0)
            .block(BlockType::Empty)
            .loop_(BlockType::Empty)
            .local_get(local.0)
            .local_get(kept)
            .i32_ge_s()
            .br_if(1);
        self.stmts(body)?;
        self.sink().local_get(local.0).i32_const(1).i32_add().local_set(local.0).br(0).end().end();
        Ok(())
    }

    fn has_value(&self, expr: &lir::Expr) -> Result<bool, Diagnostic> {
        Ok(match expr {
            lir::Expr::Call(mechanism, _) => mechanism.signature().result.is_some(),
            lir::Expr::Apply(id, _) => self.callee(*id)?.result.is_some(),
            lir::Expr::Block(_, value) => self.has_value(value)?,
            lir::Expr::I32(_)
            | lir::Expr::I64(_)
            | lir::Expr::F64(_)
            | lir::Expr::Data(_)
            | lir::Expr::DataPart(..)
            | lir::Expr::Address(_)
            | lir::Expr::Local(_)
            | lir::Expr::Unary(..)
            | lir::Expr::Binary(..)
            | lir::Expr::If(..)
            | lir::Expr::Load(_) => true,
        })
    }

    fn callee(&self, id: lir::FunctionId) -> Result<&lir::Function, Diagnostic> {
        self.module.functions.get(id.0 as usize).ok_or_else(|| missing("function", id.0))
    }

    fn region(&self, id: lir::DataId) -> Result<super::layout::Region, Diagnostic> {
        self.layout.regions.get(id.0 as usize).copied().ok_or_else(|| missing("region", id.0))
    }

    fn expr(&mut self, expr: &lir::Expr) -> Result<(), Diagnostic> {
        match expr {
            lir::Expr::I32(value) => drop(self.sink().i32_const(*value)),
            lir::Expr::I64(value) => drop(self.sink().i64_const(*value)),
            lir::Expr::F64(value) => drop(self.sink().f64_const((*value).into())),
            lir::Expr::Data(id) => {
                let region = self.region(*id)?;
                self.sink().i64_const(pack(region.address, region.length));
            }
            lir::Expr::DataPart(id, offset, length) => {
                let address = self.region(*id)?.address.saturating_add(*offset);
                self.sink().i64_const(pack(address, *length));
            }
            lir::Expr::Address(id) => {
                let address = self.region(*id)?.address.cast_signed();
                self.sink().i32_const(address);
            }
            lir::Expr::Local(local) => drop(self.sink().local_get(local.0)),
            lir::Expr::Call(mechanism, arguments) => {
                arguments.iter().try_for_each(|argument| self.expr(argument))?;
                let index = self.indices.mechanisms.get(mechanism).copied();
                let index = index.ok_or_else(|| Diagnostic::internal("codegen met an uncollected mechanism"))?;
                self.sink().call(index);
            }
            lir::Expr::Apply(id, arguments) => {
                arguments.iter().try_for_each(|argument| self.expr(argument))?;
                let index = self.indices.first + id.0;
                self.sink().call(index);
            }
            lir::Expr::Unary(op, operand) => {
                self.expr(operand)?;
                unary(&mut self.sink(), *op);
            }
            lir::Expr::Binary(op, first, second) => {
                self.expr(first)?;
                self.expr(second)?;
                binary(&mut self.sink(), *op);
            }
            lir::Expr::If(ty, condition, then, otherwise) => {
                self.expr(condition)?;
                self.sink().if_(BlockType::Result(val_type(*ty)));
                self.expr(then)?;
                self.sink().else_();
                self.expr(otherwise)?;
                self.sink().end();
            }
            lir::Expr::Block(stmts, value) => {
                self.stmts(stmts)?;
                self.expr(value)?;
            }
            lir::Expr::Load(address) => {
                self.expr(address)?;
                self.sink().i64_load(MemArg { offset: 0, align: 3, memory_index: 0 });
            }
        }
        Ok(())
    }
}

fn unary(sink: &mut InstructionSink<'_>, op: lir::UnaryOp) {
    match op {
        lir::UnaryOp::Not => sink.i32_eqz(),
        lir::UnaryOp::IsZero64 => sink.i64_eqz(),
        lir::UnaryOp::Wrap => sink.i32_wrap_i64(),
        lir::UnaryOp::Extend => sink.i64_extend_i32_u(),
        lir::UnaryOp::ToFloat => sink.f64_convert_i64_s(),
        lir::UnaryOp::FloatBits => sink.i64_reinterpret_f64(),
        lir::UnaryOp::BitsFloat => sink.f64_reinterpret_i64(),
    };
}

fn binary(sink: &mut InstructionSink<'_>, op: lir::BinaryOp) {
    match op {
        lir::BinaryOp::And32 => sink.i32_and(),
        lir::BinaryOp::Or32 => sink.i32_or(),
        lir::BinaryOp::Add32 => sink.i32_add(),
        lir::BinaryOp::Multiply32 => sink.i32_mul(),
        lir::BinaryOp::Equal32 => sink.i32_eq(),
        lir::BinaryOp::Less32 => sink.i32_lt_s(),
        lir::BinaryOp::Equal64 => sink.i64_eq(),
        lir::BinaryOp::Less64 => sink.i64_lt_s(),
        lir::BinaryOp::LessEqual64 => sink.i64_le_s(),
        lir::BinaryOp::AddFloat => sink.f64_add(),
        lir::BinaryOp::SubtractFloat => sink.f64_sub(),
        lir::BinaryOp::MultiplyFloat => sink.f64_mul(),
        lir::BinaryOp::LeastFloat => sink.f64_min(),
        lir::BinaryOp::GreatestFloat => sink.f64_max(),
        lir::BinaryOp::EqualFloat => sink.f64_eq(),
        lir::BinaryOp::LessFloat => sink.f64_lt(),
        lir::BinaryOp::LessEqualFloat => sink.f64_le(),
        lir::BinaryOp::Or64 => sink.i64_or(),
    };
}
