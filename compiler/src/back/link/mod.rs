//! Linking: the stub and the generated functions become one module. In: a verified LIR module and the stub's bytes.
//! Out: the whole module, with only what this policy uses, and with memory for stack, data and a first arena.

mod copy;
mod sections;
mod splice;

use std::collections::BTreeSet;

use portcullis_runtime::contract::Policy;
use walrus::ir::Value;
use walrus::{ConstExpr, ExportItem, GlobalKind, Module, ModuleConfig};

use super::codegen::{self, ALIGNMENT};
use crate::base::{Diagnostic, Diagnostics};
use crate::ir::lir;

/// Bytes of a page of linear memory.
const PAGE: u64 = 65_536;
/// A module starts with at least this much room for the arena: what a request of usual size needs without growing.
const ARENA: u64 = 60 * 1024;
/// Modules have at least this many pages: one is less than stack and arena take.
const LEAST_PAGES: u64 = 2;

/// Exports that every module keeps.
pub(super) const ALWAYS_EXPORTED: [&str; 3] = ["memory", "proxy_abi_version_0_2_1", "proxy_on_memory_allocate"];

/// Links a module with a stub.
pub fn link(module: &lir::Module, stub: &[u8]) -> Result<Vec<u8>, Diagnostics> {
    let (linked, dead) = attempt(module, stub, &BTreeSet::new())?;
    if dead.is_empty() || !has_data_to_lose(module, &dead) {
        return Ok(linked);
    }
    // What nothing calls is known only now; its tables need not be carried.
    Ok(attempt(module, stub, &dead)?.0)
}

/// Whether some region is used by dead policy functions only.
fn has_data_to_lose(module: &lir::Module, dead: &BTreeSet<Policy>) -> bool {
    let regions = |filter: &dyn Fn(&Policy) -> bool| {
        let roots = module.implements.iter().filter(|(policy, _)| filter(policy)).map(|(_, id)| *id);
        lir::walk::regions(module, &lir::walk::reachable(module, roots))
    };
    regions(&|_| true) != regions(&|policy| !dead.contains(policy))
}

/// The names that a stub exports beside its mechanisms, sorted.
pub fn callbacks(stub: &[u8]) -> Result<Vec<String>, Diagnostic> {
    let target = parse(stub, "the stub")?;
    let mut names: Vec<String> = target.exports.iter().map(|export| export.name.clone()).collect();
    names.retain(|name| name.starts_with("proxy_on_"));
    names.sort_unstable();
    Ok(names)
}

/// Links once. Out: the module and the policy functions that nothing in it calls.
fn attempt(module: &lir::Module, stub: &[u8], dead: &BTreeSet<Policy>) -> Result<(Vec<u8>, BTreeSet<Policy>), Diagnostics> {
    let mut target = parse(stub, "the stub")?;
    let base = heap_base(&target)?;
    let policy = codegen::codegen(module, base, dead)?;
    let source = parse(&policy.wasm, "the policy module")?;

    let memory = target.get_memory_id().map_err(|error| Diagnostic::internal(format!("the stub's memory: {error}")))?;
    let placed = splice::splice(&mut target, &source, memory)?;
    keep_exports(&mut target, &module.callbacks)?;
    sections::strip(&mut target);
    walrus::passes::gc::run(&mut target);
    let dead = placed.into_iter().filter(|(_, id)| target.funcs.iter().all(|func| func.id() != *id));
    let dead = dead.map(|(policy, _)| policy).collect();

    let pages = u64::from(policy.data_end).saturating_add(ARENA).div_ceil(PAGE).max(LEAST_PAGES);
    let memory = target.memories.get_mut(memory);
    memory.initial = pages;
    memory.maximum = None;
    sections::add(&mut target, &module.sections)?;
    Ok((target.emit_wasm(), dead))
}

fn parse(wasm: &[u8], what: &str) -> Result<Module, Diagnostic> {
    let mut config = ModuleConfig::new();
    config.generate_producers_section(false).generate_name_section(true).generate_dwarf(false);
    config.parse(wasm).map_err(|error| Diagnostic::internal(format!("{what} does not parse: {error:#}")))
}

/// Where the stub's stack and data end.
fn heap_base(stub: &Module) -> Result<u32, Diagnostic> {
    let export = stub.exports.iter().find(|export| export.name == "__heap_base");
    let Some(ExportItem::Global(id)) = export.map(|export| &export.item) else {
        return Err(Diagnostic::internal("the stub does not export `__heap_base`"));
    };
    match &stub.globals.get(*id).kind {
        GlobalKind::Local(ConstExpr::Value(Value::I32(address))) => Ok(address.cast_unsigned().next_multiple_of(ALIGNMENT)),
        GlobalKind::Local(_) | GlobalKind::Import(_) => Err(Diagnostic::internal("the stub's `__heap_base` is no constant")),
    }
}

/// Leaves only the exports that a host looks for and the policy needs.
fn keep_exports(target: &mut Module, callbacks: &[&'static str]) -> Result<(), Diagnostic> {
    let keep: BTreeSet<&str> = ALWAYS_EXPORTED.iter().chain(callbacks).copied().collect();
    for name in &keep {
        if !target.exports.iter().any(|export| export.name == *name) {
            return Err(Diagnostic::internal(format!("the stub does not export `{name}`")));
        }
    }
    let drop: Vec<_> = target.exports.iter().filter(|export| !keep.contains(export.name.as_str())).map(walrus::Export::id).collect();
    for id in drop {
        target.exports.delete(id);
    }
    Ok(())
}
