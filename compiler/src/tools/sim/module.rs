//! A Proxy-Wasm module as bytes, checked once against everything that Envoy 1.40 refuses or dies of.

use wasmi::{CompilationMode, Config};
use wasmparser::{CompositeInnerType, ExternalKind, FuncType, Parser, Payload, TypeRef, ValType};

use super::imports;
use crate::tools::engine::EngineError;

/// Callback exports with the number of their i32 parameters and results.
const CALLBACKS: &[(&str, usize, usize)] = &[
    ("_initialize", 0, 0),
    ("_start", 0, 0),
    ("malloc", 1, 1),
    ("proxy_on_memory_allocate", 1, 1),
    ("proxy_on_vm_start", 2, 1),
    ("proxy_validate_configuration", 2, 1),
    ("proxy_on_configure", 2, 1),
    ("proxy_on_context_create", 2, 0),
    ("proxy_on_tick", 1, 0),
    ("proxy_on_new_connection", 1, 1),
    ("proxy_on_downstream_data", 3, 1),
    ("proxy_on_upstream_data", 3, 1),
    ("proxy_on_downstream_connection_close", 2, 0),
    ("proxy_on_upstream_connection_close", 2, 0),
    ("proxy_on_request_headers", 3, 1),
    ("proxy_on_request_body", 3, 1),
    ("proxy_on_request_trailers", 2, 1),
    ("proxy_on_request_metadata", 2, 1),
    ("proxy_on_response_headers", 3, 1),
    ("proxy_on_response_body", 3, 1),
    ("proxy_on_response_trailers", 2, 1),
    ("proxy_on_response_metadata", 2, 1),
    ("proxy_on_http_call_response", 5, 0),
    ("proxy_on_grpc_receive_initial_metadata", 3, 0),
    ("proxy_on_grpc_receive", 3, 0),
    ("proxy_on_grpc_receive_trailing_metadata", 3, 0),
    ("proxy_on_grpc_close", 3, 0),
    ("proxy_on_queue_ready", 2, 0),
    ("proxy_on_foreign_function", 3, 0),
    ("proxy_on_done", 1, 1),
    ("proxy_on_log", 1, 0),
    ("proxy_on_delete", 1, 0),
];

const MARKERS: &[&str] = &["proxy_abi_version_0_1_0", "proxy_abi_version_0_2_0", "proxy_abi_version_0_2_1"];

/// A checked and translated module; cheap to clone.
#[derive(Clone, Debug)]
pub struct Module {
    pub(super) module: wasmi::Module,
}

impl Module {
    /// Checks and translates. The error says what Envoy 1.40 does with such a module.
    pub fn new(wasm: &[u8]) -> Result<Self, EngineError> {
        Shape::read(wasm)?.check()?;
        let mut config = Config::default();
        // Eager, so that fuel never counts translation and a run repeats exactly.
        config.consume_fuel(true).compilation_mode(CompilationMode::Eager);
        let engine = wasmi::Engine::new(&config);
        let module = wasmi::Module::new(&engine, wasm).map_err(|error| refused(format!("failed to load Wasm bytecode: {error}")))?;
        Ok(Self { module })
    }
}

fn refused(reason: String) -> EngineError {
    EngineError(reason)
}

/// What the host sees of a module from outside.
#[derive(Default)]
struct Shape {
    types: Vec<Option<FuncType>>,
    functions: Vec<u32>,
    globals: Vec<ValType>,
    imports: Vec<(String, String, u32)>,
    foreign_imports: Vec<(String, &'static str)>,
    exports: Vec<(String, ExternalKind, u32)>,
}

impl Shape {
    fn read(wasm: &[u8]) -> Result<Self, EngineError> {
        let mut shape = Self::default();
        for payload in Parser::new(0).parse_all(wasm) {
            shape.section(payload.map_err(malformed)?).map_err(malformed)?;
        }
        Ok(shape)
    }

    fn section(&mut self, payload: Payload<'_>) -> Result<(), wasmparser::BinaryReaderError> {
        match payload {
            Payload::TypeSection(groups) => {
                for group in groups {
                    for ty in group?.into_types() {
                        self.types.push(match ty.composite_type.inner {
                            CompositeInnerType::Func(ty) => Some(ty),
                            CompositeInnerType::Array(_) | CompositeInnerType::Struct(_) | CompositeInnerType::Cont(_) => None,
                        });
                    }
                }
            }
            Payload::ImportSection(groups) => {
                for import in groups.into_imports() {
                    let import = import?;
                    let name = format!("{}.{}", import.module, import.name);
                    match import.ty {
                        TypeRef::Func(ty) | TypeRef::FuncExact(ty) => {
                            self.functions.push(ty);
                            self.imports.push((import.module.to_owned(), import.name.to_owned(), ty));
                        }
                        TypeRef::Global(ty) => {
                            self.globals.push(ty.content_type);
                            self.foreign_imports.push((name, "global"));
                        }
                        TypeRef::Memory(_) => self.foreign_imports.push((name, "memory")),
                        TypeRef::Table(_) => self.foreign_imports.push((name, "table")),
                        TypeRef::Tag(_) => self.foreign_imports.push((name, "tag")),
                    }
                }
            }
            Payload::FunctionSection(types) => {
                for ty in types {
                    self.functions.push(ty?);
                }
            }
            Payload::GlobalSection(globals) => {
                for global in globals {
                    self.globals.push(global?.ty.content_type);
                }
            }
            Payload::ExportSection(exports) => {
                for export in exports {
                    let export = export?;
                    self.exports.push((export.name.to_owned(), export.kind, export.index));
                }
            }
            // The other sections are invisible from outside; the translator validates them.
            _ => {}
        }
        Ok(())
    }

    fn function(&self, index: u32) -> Option<&FuncType> {
        self.ty(*self.functions.get(usize::try_from(index).ok()?)?)
    }

    fn ty(&self, index: u32) -> Option<&FuncType> {
        self.types.get(usize::try_from(index).ok()?)?.as_ref()
    }

    fn check(&self) -> Result<(), EngineError> {
        self.check_exports()?;
        self.check_imports()
    }

    fn check_exports(&self) -> Result<(), EngineError> {
        let mut memories = 0_u32;
        let mut marked = false;
        let mut allocates = false;
        for (name, kind, index) in &self.exports {
            match kind {
                ExternalKind::Func | ExternalKind::FuncExact => {
                    self.check_function(name, *index)?;
                    marked |= MARKERS.contains(&name.as_str());
                    allocates |= name == "malloc" || name == "proxy_on_memory_allocate";
                }
                ExternalKind::Memory => {
                    memories += 1;
                    if name != "memory" {
                        return Err(refused(format!(
                            "the memory is exported as `{name}`, which Envoy takes but other hosts do not: name it `memory`"
                        )));
                    }
                }
                ExternalKind::Global => {
                    let ty = usize::try_from(*index).ok().and_then(|index| self.globals.get(index));
                    if ty.is_some_and(|ty| !is_number(*ty)) {
                        return Err(refused(fatal(&format!("global `{name}` is no number"))));
                    }
                }
                ExternalKind::Tag => return Err(refused(fatal(&format!("tag `{name}` is exported")))),
                ExternalKind::Table => {}
            }
        }
        if !marked {
            return Err(refused("Missing or unknown Proxy-Wasm ABI version".to_owned()));
        }
        if !allocates {
            return Err(refused("Wasm module is missing malloc function.".to_owned()));
        }
        match memories {
            1 => Ok(()),
            0 => Err(refused(
                "no memory is exported: Envoy 1.40 loads such a module and dies of a segmentation fault at the first host \
                 call with a pointer"
                    .to_owned(),
            )),
            _ => Err(refused("more than one memory is exported: Envoy 1.40 takes the last one silently".to_owned())),
        }
    }

    fn check_function(&self, name: &str, index: u32) -> Result<(), EngineError> {
        let Some(ty) = self.function(index) else {
            return Err(refused(fatal(&format!("function `{name}` has no plain type"))));
        };
        if !ty.params().iter().chain(ty.results()).all(|ty| is_number(*ty)) {
            return Err(refused(fatal(&format!("exported function `{name}` has v128 or a reference in its type"))));
        }
        let Some((_, parameters, results)) = CALLBACKS.iter().find(|(callback, _, _)| *callback == name) else {
            return Ok(());
        };
        let fits = ty.params().len() == *parameters && ty.results().len() == *results;
        if !fits || !ty.params().iter().chain(ty.results()).all(|ty| *ty == ValType::I32) {
            return Err(refused(format!("Bad function signature for: {name}")));
        }
        Ok(())
    }

    fn check_imports(&self) -> Result<(), EngineError> {
        if let Some((name, kind)) = self.foreign_imports.first() {
            return Err(refused(match *kind {
                "tag" => fatal(&format!("tag `{name}` is imported")),
                "table" | "memory" => format!("imported {kind} `{name}`: Envoy gives it, the simulator does not"),
                _ => missing(name),
            }));
        }
        for (module, name, ty) in &self.imports {
            let full = format!("{module}.{name}");
            let (parameters, results) = imports::signature(module, name).ok_or_else(|| refused(missing(&full)))?;
            let Some(ty) = self.ty(*ty) else {
                return Err(refused(missing(&full)));
            };
            let fits = letters(ty.params()) == parameters && letters(ty.results()) == results;
            if !fits {
                return Err(refused(format!(
                    "Failed to load Wasm module due to an import type mismatch: {full}, want: {} -> {}, but host exports: {} -> {}",
                    spell(&letters(ty.params())),
                    spell(&letters(ty.results())),
                    spell(parameters),
                    spell(results),
                )));
            }
        }
        Ok(())
    }
}

fn malformed(error: wasmparser::BinaryReaderError) -> EngineError {
    refused(format!("failed to load Wasm bytecode: {error}"))
}

fn missing(name: &str) -> String {
    format!("Failed to load Wasm module due to a missing import: {name}")
}

fn fatal(reason: &str) -> String {
    format!("{reason}: V8 in Envoy 1.40 ends the process (SIGTRAP) when it loads such a module")
}

fn is_number(ty: ValType) -> bool {
    matches!(ty, ValType::I32 | ValType::I64 | ValType::F32 | ValType::F64)
}

fn letters(types: &[ValType]) -> String {
    types
        .iter()
        .map(|ty| match ty {
            ValType::I32 => 'i',
            ValType::I64 => 'I',
            ValType::F32 | ValType::F64 | ValType::V128 | ValType::Ref(_) => '?',
        })
        .collect()
}

fn spell(letters: &str) -> String {
    let words: Vec<&str> = letters
        .chars()
        .map(|letter| match letter {
            'i' => "i32",
            'I' => "i64",
            _ => "other",
        })
        .collect();
    if words.is_empty() { "void".to_owned() } else { words.join(" ") }
}
