//! Copies generated functions from the policy module into the stub. In: both modules and which function becomes which.
//! Out: the stub with the bodies. Only the instructions that codegen writes are known here; others are a defect.

use std::collections::HashMap;

use walrus::ir::{self, Instr, InstrLocId, InstrSeqId};
use walrus::{FunctionBuilder, FunctionId, LocalFunction, LocalId, MemoryId, Module};

use crate::base::Diagnostic;

/// Declares a function of the same type and name, with an empty body, and returns its id.
pub(super) fn declare(target: &mut Module, source: &Module, id: FunctionId) -> FunctionId {
    let function = source.funcs.get(id);
    let ty = source.types.get(function.ty());
    let mut builder = FunctionBuilder::new(&mut target.types, ty.params(), ty.results());
    if let Some(name) = &function.name {
        builder.name(name.clone());
    }
    let args = ty.params().iter().map(|param| target.locals.add(*param)).collect();
    builder.finish(args, &mut target.funcs)
}

/// Fills a declared function with the body of `source`'s.
pub(super) fn fill(
    target: &mut Module,
    id: FunctionId,
    source: &Module,
    body: &LocalFunction,
    functions: &HashMap<FunctionId, FunctionId>,
    memory: MemoryId,
) -> Result<(), Diagnostic> {
    let walrus::FunctionKind::Local(declared) = &target.funcs.get(id).kind else {
        return Err(Diagnostic::internal("linking declared an imported function"));
    };
    let mut locals: HashMap<LocalId, LocalId> = body.args.iter().copied().zip(declared.args.iter().copied()).collect();
    let entry = declared.entry_block();
    let mut sequences: HashMap<InstrSeqId, InstrSeqId> = HashMap::from([(body.entry_block(), entry)]);
    let mut waiting = vec![body.entry_block()];
    while let Some(from) = waiting.pop() {
        let mut copied: Vec<(Instr, InstrLocId)> = Vec::with_capacity(body.block(from).len());
        for (instr, location) in &body.block(from).instrs {
            let mut open = |inner: InstrSeqId| -> Result<InstrSeqId, Diagnostic> {
                let walrus::FunctionKind::Local(function) = &mut target.funcs.get_mut(id).kind else {
                    return Err(Diagnostic::internal("linking declared an imported function"));
                };
                let ir::InstrSeqType::Simple(ty) = body.block(inner).ty else {
                    return Err(Diagnostic::internal("codegen wrote a block with several values"));
                };
                let new = function.builder_mut().dangling_instr_seq(ty).id();
                sequences.insert(inner, new);
                waiting.push(inner);
                Ok(new)
            };
            let new = match instr {
                Instr::Block(block) => ir::Block { seq: open(block.seq)? }.into(),
                Instr::Loop(block) => ir::Loop { seq: open(block.seq)? }.into(),
                Instr::IfElse(branch) => ir::IfElse { consequent: open(branch.consequent)?, alternative: open(branch.alternative)? }.into(),
                Instr::Br(branch) => ir::Br { block: enclosing(&sequences, branch.block)? }.into(),
                Instr::BrIf(branch) => ir::BrIf { block: enclosing(&sequences, branch.block)? }.into(),
                Instr::BrTable(table) => {
                    let blocks = table.blocks.iter().map(|block| enclosing(&sequences, *block)).collect::<Result<_, _>>()?;
                    ir::BrTable { blocks, default: enclosing(&sequences, table.default)? }.into()
                }
                Instr::Call(call) => {
                    let func = functions.get(&call.func).copied();
                    ir::Call { func: func.ok_or_else(|| Diagnostic::internal("linking lost a called function"))? }.into()
                }
                Instr::LocalGet(get) => ir::LocalGet { local: local(target, source, &mut locals, get.local) }.into(),
                Instr::LocalSet(set) => ir::LocalSet { local: local(target, source, &mut locals, set.local) }.into(),
                Instr::Load(load) => ir::Load { memory, kind: load.kind, arg: load.arg }.into(),
                Instr::Const(_) | Instr::Unop(_) | Instr::Binop(_) | Instr::Drop(_) | Instr::Return(_) | Instr::Unreachable(_) => {
                    instr.clone()
                }
                other => return Err(Diagnostic::internal(format!("codegen wrote an unknown instruction: {other:?}"))),
            };
            copied.push((new, *location));
        }
        let to = enclosing(&sequences, from)?;
        if let walrus::FunctionKind::Local(function) = &mut target.funcs.get_mut(id).kind {
            function.block_mut(to).instrs = copied;
        }
    }
    Ok(())
}

/// The copy of a block that is open.
fn enclosing(sequences: &HashMap<InstrSeqId, InstrSeqId>, from: InstrSeqId) -> Result<InstrSeqId, Diagnostic> {
    sequences.get(&from).copied().ok_or_else(|| Diagnostic::internal("linking lost a branch target"))
}

/// The copy of a local; made at its first use.
fn local(target: &mut Module, source: &Module, locals: &mut HashMap<LocalId, LocalId>, from: LocalId) -> LocalId {
    *locals.entry(from).or_insert_with(|| target.locals.add(source.locals.get(from).ty()))
}
