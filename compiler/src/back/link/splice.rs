//! Joins generated code and stub. In: both modules. Out: the stub with the generated functions and data; its `policy.*`
//! imports have no callers left, and what the policy imported as `rt.*` are calls of the stub's own functions.

use std::collections::HashMap;

use portcullis_runtime::contract::Policy;
use walrus::ir::{VisitorMut, dfs_pre_order_mut};
use walrus::{DataKind, ElementItems, ExportItem, FunctionId, FunctionKind, ImportKind, MemoryId, Module};

use super::{codegen, copy};
use crate::base::Diagnostic;

/// Splices `source` in. Out: which function of the target implements which policy function that the stub imports.
pub(super) fn splice(target: &mut Module, source: &Module, memory: MemoryId) -> Result<Vec<(Policy, FunctionId)>, Diagnostic> {
    let mut functions = mechanisms(target, source)?;
    // All are declared before any is filled, since they call each other in any order.
    let mut bodies = Vec::new();
    for function in source.funcs.iter() {
        if let FunctionKind::Local(body) = &function.kind {
            let id = copy::declare(target, source, function.id());
            functions.insert(function.id(), id);
            bodies.push((id, body));
        }
    }
    for (id, body) in bodies {
        copy::fill(target, id, source, body, &functions, memory)?;
    }
    for data in source.data.iter() {
        let DataKind::Active { offset, .. } = &data.kind else {
            return Err(Diagnostic::internal("codegen wrote a passive segment"));
        };
        let kind = DataKind::Active { memory, offset: offset.clone() };
        let id = target.data.add(kind, data.value.clone());
        target.memories.get_mut(memory).data_segments.insert(id);
    }
    let (replaced, placed) = policy_functions(target, source, &functions)?;
    redirect(target, &replaced);
    Ok(placed)
}

/// What the policy imports as mechanisms: the stub's exports.
fn mechanisms(target: &Module, source: &Module) -> Result<HashMap<FunctionId, FunctionId>, Diagnostic> {
    let mut functions = HashMap::new();
    for import in source.imports.iter() {
        let ImportKind::Function(id) = import.kind else { continue };
        let name = format!("{}.{}", codegen::MECHANISM, import.name);
        let export = target.exports.iter().find(|export| export.name == name);
        let Some(ExportItem::Function(found)) = export.map(|export| &export.item) else {
            return Err(Diagnostic::internal(format!("the stub has no `{name}`")));
        };
        same_type(target, *found, source, id, &name)?;
        functions.insert(id, *found);
    }
    Ok(functions)
}

type Replaced = HashMap<FunctionId, FunctionId>;

/// What the stub imports as policy functions: the copies of what the policy exports.
fn policy_functions(
    target: &Module,
    source: &Module,
    functions: &HashMap<FunctionId, FunctionId>,
) -> Result<(Replaced, Vec<(Policy, FunctionId)>), Diagnostic> {
    let mut replaced = HashMap::new();
    let mut placed = Vec::new();
    for import in target.imports.iter().filter(|import| import.module == codegen::POLICY) {
        let ImportKind::Function(id) = import.kind else { continue };
        let name = format!("{}.{}", codegen::POLICY, import.name);
        let export = source.exports.iter().find(|export| export.name == name);
        let Some(ExportItem::Function(found)) = export.map(|export| &export.item) else {
            return Err(Diagnostic::internal(format!("the stub wants `{name}`, the policy does not have it")));
        };
        same_type(target, id, source, *found, &name)?;
        let copy = functions.get(found).copied();
        let copy = copy.ok_or_else(|| Diagnostic::internal(format!("`{name}` was not copied")))?;
        replaced.insert(id, copy);
        if let Some(policy) = Policy::ALL.iter().find(|policy| policy.signature().name == import.name) {
            placed.push((*policy, copy));
        }
    }
    Ok((replaced, placed))
}

fn same_type(target: &Module, first: FunctionId, source: &Module, second: FunctionId, name: &str) -> Result<(), Diagnostic> {
    let ours = target.types.get(target.funcs.get(first).ty());
    let theirs = source.types.get(source.funcs.get(second).ty());
    if ours.params() == theirs.params() && ours.results() == theirs.results() {
        return Ok(());
    }
    Err(Diagnostic::internal(format!("stub and contract disagree about the signature of `{name}`")))
}

/// Makes the stub call the copies.
fn redirect(target: &mut Module, replaced: &HashMap<FunctionId, FunctionId>) {
    // INVARIANT: no replacement is itself replaced. The traversal may reach an id twice, so mapping must be idempotent.
    struct Redirect<'a>(&'a HashMap<FunctionId, FunctionId>);
    impl VisitorMut for Redirect<'_> {
        fn visit_function_id_mut(&mut self, id: &mut FunctionId) {
            if let Some(new) = self.0.get(id) {
                *id = *new;
            }
        }
    }
    for (_, function) in target.funcs.iter_local_mut() {
        let entry = function.entry_block();
        dfs_pre_order_mut(&mut Redirect(replaced), function, entry);
    }
    for element in target.elements.iter_mut() {
        if let ElementItems::Functions(items) = &mut element.items {
            for item in items {
                Redirect(replaced).visit_function_id_mut(item);
            }
        }
    }
}
