//! LIR to Wasm. In: a verified module and the address where its data begins. Out: a module of policy functions that imports
//! mechanisms as `rt.*` and `env.memory`, and exports the policy functions as `policy.*`. Linking makes it whole.

mod body;
mod layout;

use std::collections::{BTreeMap, BTreeSet};

use portcullis_runtime::contract::{Mechanism, Policy, Signature, Val};
use wasm_encoder::{
    CodeSection, ConstExpr, DataSection, EntityType, ExportKind, ExportSection, Function, FunctionSection, ImportSection, MemoryType,
    NameMap, NameSection, TypeSection, ValType,
};

pub(super) use layout::ALIGNMENT;
use layout::Layout;

use crate::base::{Diagnostic, Diagnostics};
use crate::ir::lir;

/// Where mechanisms are imported from, and what their exports in the stub begin with.
pub const MECHANISM: &str = "rt";
/// Where the stub imports policy functions from, and what our exports begin with.
pub const POLICY: &str = "policy";

/// Generated code before linking.
#[derive(Clone, Debug)]
pub struct PolicyModule {
    /// A module of its own.
    pub wasm: Vec<u8>,
    /// First address behind its data, where the arena begins.
    pub data_end: u32,
}

/// Function types, each once.
#[derive(Default)]
struct Types {
    section: TypeSection,
    known: BTreeMap<(Vec<u8>, Option<u8>), u32>,
}

impl Types {
    fn index(&mut self, params: &[Val], result: Option<Val>) -> u32 {
        let code = |val: &Val| match val {
            Val::I32 => 0u8,
            Val::I64 => 1,
            Val::F64 => 2,
        };
        let key = (params.iter().map(code).collect(), result.as_ref().map(code));
        if let Some(index) = self.known.get(&key) {
            return *index;
        }
        let index = self.section.len();
        self.section.ty().function(params.iter().copied().map(val_type), result.map(val_type));
        self.known.insert(key, index);
        index
    }
}

/// The Wasm type.
fn val_type(val: Val) -> ValType {
    match val {
        Val::I32 => ValType::I32,
        Val::I64 => ValType::I64,
        Val::F64 => ValType::F64,
    }
}

/// Function indices: the mechanisms that are called, then the policy's functions.
struct Indices {
    mechanisms: BTreeMap<Mechanism, u32>,
    first: u32,
}

/// Generates the policy module; its data begins at or above `base`. Policy functions in `dead` are known to be called by
/// nothing: data that only they use is left out.
pub fn codegen(module: &lir::Module, base: u32, dead: &BTreeSet<Policy>) -> Result<PolicyModule, Diagnostics> {
    let roots = module.implements.iter().filter(|(policy, _)| !dead.contains(policy)).map(|(_, id)| *id);
    let used = lir::walk::regions(module, &lir::walk::reachable(module, roots));
    let layout = layout::place(&module.data, &used, base)?;
    let mut types = Types::default();
    let mut imports = ImportSection::new();
    let mut names = NameMap::new();
    let memory = MemoryType { minimum: 0, maximum: None, memory64: false, shared: false, page_size_log2: None };
    imports.import("env", "memory", EntityType::Memory(memory));

    let called = body::mechanisms(module);
    let mut mechanisms = BTreeMap::new();
    for mechanism in called {
        let Signature { name, params, result } = mechanism.signature();
        let index = u32::try_from(mechanisms.len()).unwrap_or(u32::MAX);
        imports.import(MECHANISM, name, EntityType::Function(types.index(params, result)));
        names.append(index, name);
        mechanisms.insert(mechanism, index);
    }
    let indices = Indices { first: u32::try_from(mechanisms.len()).unwrap_or(u32::MAX), mechanisms };

    let mut functions = FunctionSection::new();
    let mut code = CodeSection::new();
    for (offset, function) in module.functions.iter().enumerate() {
        functions.function(types.index(&function.params, function.result));
        code.function(&body::generate(module, function, &layout, &indices)?);
        names.append(indices.first + u32::try_from(offset).unwrap_or(u32::MAX), &function.name);
    }
    let heap_start = indices.first + functions.len();
    functions.function(types.index(&[], Some(Val::I32)));
    code.function(&heap_start_function(layout.end));
    names.append(heap_start, "heap start");

    let mut exports = ExportSection::new();
    let implemented = module.implements.iter().map(|(policy, id)| (*policy, indices.first + id.0));
    for (policy, index) in implemented.chain([(Policy::HeapStart, heap_start)]) {
        exports.export(&format!("{POLICY}.{}", policy.signature().name), ExportKind::Func, index);
    }

    let mut wasm = wasm_encoder::Module::new();
    wasm.section(&types.section).section(&imports).section(&functions).section(&exports).section(&code);
    let data_end = layout.end;
    if !layout.bytes.is_empty() {
        let mut data = DataSection::new();
        data.active(0, &ConstExpr::i32_const(layout.start.cast_signed()), layout.bytes);
        wasm.section(&data);
    }
    let mut section = NameSection::new();
    section.functions(&names);
    wasm.section(&section);
    Ok(PolicyModule { wasm: wasm.finish(), data_end })
}

fn heap_start_function(end: u32) -> Function {
    let mut function = Function::new([]);
    function.instructions().i32_const(end.cast_signed()).end();
    function
}

/// A region that lowering named but did not make.
fn missing(what: &str, id: u32) -> Diagnostic {
    Diagnostic::internal(format!("codegen met an unknown {what} {id}"))
}
