//! The LIR verifier: what codegen may rely on. In: a module. Out: nothing, or what is wrong with it, in words.
//! Types fit, ids exist, calls have their arity, functions with a result return on every path, and the policy functions
//! are implemented with the signatures of the contract.

use portcullis_runtime::contract::{Policy, Signature, Val};

use super::{BinaryOp, Content, DataId, Expr, Function, FunctionId, Local, Module, Stmt, UnaryOp};
use crate::base::Diagnostic;

/// Checks a module; a failure is a defect of lowering.
pub fn verify(module: &Module) -> Result<(), Diagnostic> {
    let check = || -> Result<(), String> {
        for function in &module.functions {
            Checker { module, function }.function().map_err(|wrong| format!("in `{}`: {wrong}", function.name))?;
        }
        implements(module)?;
        if !module.callbacks.is_sorted() || module.callbacks.windows(2).any(|pair| pair.first() == pair.last()) {
            return Err("callbacks are not sorted or repeat".to_owned());
        }
        Ok(())
    };
    check().map_err(|wrong| Diagnostic::internal(format!("the lowered module is malformed: {wrong}")))
}

/// Whether control never reaches the end of these statements.
pub fn always_returns(stmts: &[Stmt]) -> bool {
    stmts.iter().any(|stmt| match stmt {
        Stmt::Return(_) => true,
        Stmt::If(_, then, otherwise) => always_returns(then) && always_returns(otherwise),
        Stmt::Switch(_, arms, otherwise) => arms.iter().all(|arm| always_returns(arm)) && always_returns(otherwise),
        Stmt::Set(..) | Stmt::Do(_) | Stmt::Count(..) => false,
    })
}

/// Bytes of a region, when they are known before automata are built.
fn size(content: &Content) -> Option<u64> {
    match content {
        Content::Bytes(bytes) => Some(bytes.len() as u64),
        Content::Parts(parts) => Some(parts.len() as u64 * 8),
        Content::Zero(size) => Some(u64::from(*size)),
        Content::Automaton { .. } | Content::Automata(_) => None,
    }
}

fn implements(module: &Module) -> Result<(), String> {
    for policy in Policy::ALL.iter().copied() {
        let Signature { name, params, result } = policy.signature();
        let mut found = module.implements.iter().filter(|(which, _)| *which == policy);
        let (first, second) = (found.next(), found.next());
        if policy == Policy::HeapStart {
            if first.is_some() {
                return Err(format!("`{name}` is implemented, but linking writes it"));
            }
            continue;
        }
        let (Some((_, id)), None) = (first, second) else {
            return Err(format!("`{name}` is not implemented exactly once"));
        };
        let function = lookup(module, *id)?;
        if function.params != params || function.result != result {
            return Err(format!("`{}` implements `{name}` with another signature", function.name));
        }
    }
    Ok(())
}

fn lookup(module: &Module, id: FunctionId) -> Result<&Function, String> {
    module.functions.get(id.0 as usize).ok_or_else(|| format!("there is no function {}", id.0))
}

struct Checker<'a> {
    module: &'a Module,
    function: &'a Function,
}

impl Checker<'_> {
    fn function(&self) -> Result<(), String> {
        self.stmts(&self.function.body)?;
        if self.function.result.is_some() && !always_returns(&self.function.body) {
            return Err("a path ends without a result".to_owned());
        }
        Ok(())
    }

    fn local(&self, local: Local) -> Result<Val, String> {
        let index = local.0 as usize;
        let params = &self.function.params;
        params
            .get(index)
            .or_else(|| self.function.locals.get(index.wrapping_sub(params.len())))
            .copied()
            .ok_or_else(|| format!("there is no local {}", local.0))
    }

    fn stmts(&self, stmts: &[Stmt]) -> Result<(), String> {
        stmts.iter().try_for_each(|stmt| self.stmt(stmt))
    }

    fn stmt(&self, stmt: &Stmt) -> Result<(), String> {
        match stmt {
            Stmt::Set(local, value) => self.expect(value, self.local(*local)?, "a set local"),
            Stmt::Do(value) => self.expr(value).map(|_| ()),
            Stmt::If(condition, then, otherwise) => {
                self.expect(condition, Val::I32, "a condition")?;
                self.stmts(then)?;
                self.stmts(otherwise)
            }
            Stmt::Switch(selector, arms, otherwise) => {
                self.expect(selector, Val::I32, "a selector")?;
                arms.iter().try_for_each(|arm| self.stmts(arm))?;
                self.stmts(otherwise)
            }
            Stmt::Count(local, limit, body) => {
                if self.local(*local)? != Val::I32 {
                    return Err("a counted local is no i32".to_owned());
                }
                self.expect(limit, Val::I32, "a number of rounds")?;
                self.stmts(body)
            }
            Stmt::Return(None) if self.function.result.is_none() => Ok(()),
            Stmt::Return(Some(value)) => match self.function.result {
                Some(result) => self.expect(value, result, "the result"),
                None => Err("a result is returned where there is none".to_owned()),
            },
            Stmt::Return(None) => Err("a return lacks its result".to_owned()),
        }
    }

    fn expect(&self, expr: &Expr, wanted: Val, role: &str) -> Result<(), String> {
        match self.expr(expr)? {
            Some(found) if found == wanted => Ok(()),
            Some(found) => Err(format!("{role} is {found:?} where {wanted:?} is due")),
            None => Err(format!("{role} has no value")),
        }
    }

    fn expr(&self, expr: &Expr) -> Result<Option<Val>, String> {
        Ok(Some(match expr {
            Expr::I32(_) => Val::I32,
            Expr::I64(_) => Val::I64,
            Expr::F64(_) => Val::F64,
            Expr::Data(id) => self.data(*id).map(|_| Val::I64)?,
            Expr::DataPart(id, offset, length) => {
                let end = u64::from(*offset).saturating_add(u64::from(*length));
                match self.data(*id)? {
                    Some(size) if end <= size => Val::I64,
                    Some(_) => return Err(format!("a part of region {} lies outside it", id.0)),
                    None => return Err(format!("region {} has no parts", id.0)),
                }
            }
            Expr::Address(id) => self.data(*id).map(|_| Val::I32)?,
            Expr::Local(local) => self.local(*local)?,
            Expr::Call(mechanism, arguments) => {
                let Signature { name, params, result } = mechanism.signature();
                self.arguments(name, params, arguments)?;
                return Ok(result);
            }
            Expr::Apply(id, arguments) => {
                let callee = lookup(self.module, *id)?;
                self.arguments(&callee.name, &callee.params, arguments)?;
                return Ok(callee.result);
            }
            Expr::Unary(op, operand) => {
                let (from, to) = unary(*op);
                self.expect(operand, from, "an operand")?;
                to
            }
            Expr::Binary(op, first, second) => {
                let (operand, result) = binary(*op);
                self.expect(first, operand, "a first operand")?;
                self.expect(second, operand, "a second operand")?;
                result
            }
            Expr::If(ty, condition, then, otherwise) => {
                self.expect(condition, Val::I32, "a condition")?;
                self.expect(then, *ty, "a branch")?;
                self.expect(otherwise, *ty, "a branch")?;
                *ty
            }
            Expr::Block(stmts, value) => {
                self.stmts(stmts)?;
                return self.expr(value);
            }
            Expr::Load(address) => {
                self.expect(address, Val::I32, "an address")?;
                Val::I64
            }
        }))
    }

    fn data(&self, id: DataId) -> Result<Option<u64>, String> {
        let region = self.module.data.get(id.0 as usize).ok_or_else(|| format!("there is no region {}", id.0))?;
        Ok(size(&region.content))
    }

    fn arguments(&self, name: &str, params: &[Val], arguments: &[Expr]) -> Result<(), String> {
        if params.len() != arguments.len() {
            return Err(format!("`{name}` is called with {} arguments, it has {}", arguments.len(), params.len()));
        }
        params.iter().zip(arguments).try_for_each(|(param, argument)| self.expect(argument, *param, &format!("an argument of `{name}`")))
    }
}

/// Operand and result types.
fn unary(op: UnaryOp) -> (Val, Val) {
    match op {
        UnaryOp::Not => (Val::I32, Val::I32),
        UnaryOp::IsZero64 | UnaryOp::Wrap => (Val::I64, Val::I32),
        UnaryOp::Extend => (Val::I32, Val::I64),
        UnaryOp::ToFloat | UnaryOp::BitsFloat => (Val::I64, Val::F64),
        UnaryOp::FloatBits => (Val::F64, Val::I64),
    }
}

/// Type of both operands, and of the result.
fn binary(op: BinaryOp) -> (Val, Val) {
    match op {
        BinaryOp::And32 | BinaryOp::Or32 | BinaryOp::Add32 | BinaryOp::Multiply32 | BinaryOp::Equal32 | BinaryOp::Less32 => {
            (Val::I32, Val::I32)
        }
        BinaryOp::Or64 => (Val::I64, Val::I64),
        BinaryOp::Equal64 | BinaryOp::Less64 | BinaryOp::LessEqual64 => (Val::I64, Val::I32),
        BinaryOp::AddFloat | BinaryOp::SubtractFloat | BinaryOp::MultiplyFloat | BinaryOp::LeastFloat | BinaryOp::GreatestFloat => {
            (Val::F64, Val::F64)
        }
        BinaryOp::EqualFloat | BinaryOp::LessFloat | BinaryOp::LessEqualFloat => (Val::F64, Val::I32),
    }
}
