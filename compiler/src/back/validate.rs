//! The last check. In: a module as bytes. Out: nothing, or what a host would refuse or, worse, die from.
//! A bad module does more than fail to load: without an exported memory, or with a v128 in an exported signature, Envoy's
//! whole process goes down. So nothing leaves the compiler unchecked.

use wasmparser::types::{EntityType, Types};
use wasmparser::{MemoryType, ValType, Validator, WasmFeatures};

use super::abi;
use crate::base::{Code, Diagnostic, Severity};

/// Bytes of a page, in KiB.
const PAGE_KIB: u64 = 64;

/// Checks a module against what all hosts of ABI 0.2.1 accept.
pub fn validate(wasm: &[u8], simd: bool) -> Result<(), Diagnostic> {
    let types =
        Validator::new_with_features(features(simd)).validate_all(wasm).map_err(|error| wrong(format!("it is invalid: {error}")))?;
    imports(&types)?;
    exports(&types)
}

/// What every host has: Wasm 1.0 with sign extension, saturating conversions, several results and bulk memory.
fn features(simd: bool) -> WasmFeatures {
    let baseline = WasmFeatures::MVP
        | WasmFeatures::MUTABLE_GLOBAL
        | WasmFeatures::SIGN_EXTENSION
        | WasmFeatures::SATURATING_FLOAT_TO_INT
        | WasmFeatures::MULTI_VALUE
        | WasmFeatures::BULK_MEMORY;
    if simd { baseline | WasmFeatures::SIMD } else { baseline }
}

fn wrong(reason: String) -> Diagnostic {
    Diagnostic::internal(format!("the generated module cannot be loaded: {reason}"))
}

/// A function type in the letters of the ABI table.
fn letters(types: &Types, entity: EntityType) -> Option<(String, String)> {
    let (EntityType::Func(id) | EntityType::FuncExact(id)) = entity else { return None };
    let text = |vals: &[ValType]| {
        vals.iter()
            .map(|val| match val {
                ValType::I32 => 'i',
                ValType::I64 => 'l',
                ValType::F32 => 'f',
                ValType::F64 => 'd',
                ValType::V128 => 'v',
                ValType::Ref(_) => 'r',
            })
            .collect()
    };
    let ty = types.as_ref().get(id)?.unwrap_func();
    Some((text(ty.params()), text(ty.results())))
}

fn expect(types: &Types, name: &str, entity: EntityType, (_, params, results): abi::Function) -> Result<(), Diagnostic> {
    match letters(types, entity) {
        Some((found, result)) if found == params && result == results => Ok(()),
        Some((found, result)) => Err(wrong(format!("`{name}` has type ({found})->({result}), hosts want ({params})->({results})"))),
        None => Err(wrong(format!("`{name}` is no function"))),
    }
}

fn imports(types: &Types) -> Result<(), Diagnostic> {
    for (module, name, entity) in types.as_ref().core_imports().into_iter().flatten() {
        let calls = match module {
            "env" => abi::HOST_CALLS,
            "wasi_snapshot_preview1" => abi::WASI_CALLS,
            _ => &[],
        };
        let known = calls.iter().find(|call| call.0 == name);
        match known {
            Some(call) => expect(types, name, entity, *call)?,
            None => return Err(wrong(format!("it imports `{module}.{name}`, which ABI 0.2.1 does not have"))),
        }
    }
    Ok(())
}

fn exports(types: &Types) -> Result<(), Diagnostic> {
    let mut memory = None;
    let (mut markers, mut allocators) = (0, 0);
    for (name, entity) in types.as_ref().core_exports().into_iter().flatten() {
        match entity {
            EntityType::Memory(ty) if name == "memory" => memory = Some(ty),
            EntityType::Memory(_) => return Err(wrong(format!("it exports a memory as `{name}`"))),
            EntityType::Func(_) | EntityType::FuncExact(_) => {
                function(types, name, entity)?;
                markers += usize::from(name.starts_with(abi::MARKERS));
                allocators += usize::from(abi::ALLOCATORS.contains(&name));
            }
            EntityType::Table(_) | EntityType::Global(_) | EntityType::Tag(_) => {
                return Err(wrong(format!("it exports `{name}`, which is neither a function nor its memory")));
            }
        }
    }
    if markers != 1 || allocators != 1 {
        return Err(wrong(format!("it has {markers} version markers and {allocators} allocators, hosts want one of each")));
    }
    if types.as_ref().tag_count() > 0 {
        return Err(wrong("it has tags".to_owned()));
    }
    match memory {
        Some(ty) if types.as_ref().memory_count() == 1 => pages(ty),
        Some(_) => Err(wrong("it has several memories".to_owned())),
        None => Err(wrong("it exports no memory".to_owned())),
    }
}

fn function(types: &Types, name: &str, entity: EntityType) -> Result<(), Diagnostic> {
    if name == abi::MARKER {
        return expect(types, name, entity, (abi::MARKER, "", ""));
    }
    if abi::ALLOCATORS.contains(&name) {
        return expect(types, name, entity, ("", "i", "i"));
    }
    match abi::CALLBACKS.iter().find(|callback| callback.0 == name) {
        Some(callback) => expect(types, name, entity, *callback),
        None => Err(wrong(format!("it exports `{name}`, which no host calls"))),
    }
}

fn pages(memory: MemoryType) -> Result<(), Diagnostic> {
    if memory.initial <= abi::MOST_PAGES {
        return Ok(());
    }
    let over = (memory.initial - abi::MOST_PAGES) * PAGE_KIB;
    Err(Diagnostic {
        code: Code::HostLimit,
        severity: Severity::Error,
        message: format!("the module needs {} pages of memory, hosts allow {}: {over} KiB too many", memory.initial, abi::MOST_PAGES),
        labels: Vec::new(),
        help: Some("move long lists to the configuration, or split the policy".to_owned()),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::validate;

    const REST: &str = r#"(func (export "proxy_abi_version_0_2_1")) (func (export "malloc") (param i32) (result i32) i32.const 0)"#;

    fn check(fields: &str) -> String {
        let wasm = wat::parse_str(format!("(module {fields})")).unwrap();
        validate(&wasm, false).map_or_else(|finding| format!("{} {}", finding.code, finding.message), |()| "good".to_owned())
    }

    #[test]
    fn the_least_module_is_good() {
        assert_eq!(check(&format!(r#"(memory (export "memory") 2) {REST}"#)), "good");
        let called = r#"(import "env" "proxy_increment_metric" (func (param i32 i64) (result i32)))"#;
        assert_eq!(check(&format!(r#"{called} (memory (export "memory") 2) {REST}"#)), "good");
    }

    #[test]
    fn what_hosts_refuse_or_die_from_is_found() {
        let memory = r#"(memory (export "memory") 2)"#;
        for (fields, wanted) in [
            (REST.to_owned(), "P0999 the generated module cannot be loaded: it exports no memory"),
            (format!(r#"(memory (export "mem") 2) {REST}"#), "exports a memory as `mem`"),
            (memory.to_owned(), "0 version markers and 0 allocators"),
            (
                format!(r#"{memory} {REST} (func (export "proxy_on_memory_allocate") (param i32) (result i32) i32.const 0)"#),
                "1 version markers and 2 allocators",
            ),
            (format!(r#"{memory} {REST} (func (export "proxy_abi_version_0_2_0"))"#), "which no host calls"),
            (format!(r#"{memory} {REST} (func (export "proxy_on_log") (param i32 i32))"#), "has type (ii)->(), hosts want (i)->()"),
            (format!(r#"{memory} {REST} (func (export "mine"))"#), "exports `mine`, which no host calls"),
            (format!(r#"{memory} {REST} (func (export "v") (param v128))"#), "SIMD support is not enabled"),
            (format!(r#"{memory} {REST} (func (param externref))"#), "reference types"),
            (format!(r#"{memory} {REST} (global (export "g") i32 (i32.const 0))"#), "exports `g`"),
            (format!(r#"(import "env" "proxy_nope" (func)) {memory} {REST}"#), "imports `env.proxy_nope`"),
            (format!(r#"(import "wasi_snapshot_preview1" "fd_write" (func)) {memory} {REST}"#), "imports `wasi"),
            (format!(r#"(import "env" "proxy_log" (func (param i32) (result i32))) {memory} {REST}"#), "hosts want (iii)->(i)"),
            (
                format!(r#"(memory (export "memory") 16385) {REST}"#),
                "P0601 the module needs 16385 pages of memory, hosts allow 16384: 64 KiB too many",
            ),
        ] {
            let found = check(&fields);
            assert!(found.contains(wanted), "{fields}: {found}");
        }
    }

    #[test]
    fn simd_needs_the_flag_and_is_never_exported() {
        let inside = format!(r#"(memory (export "memory") 2) {REST} (func (drop (v128.const i32x4 0 0 0 0)))"#);
        let wasm = wat::parse_str(format!("(module {inside})")).unwrap();
        assert!(validate(&wasm, true).is_ok());
        assert!(validate(&wasm, false).is_err());
        let exported = format!(r#"(memory (export "memory") 2) {REST} (func (export "proxy_on_log") (param v128))"#);
        let wasm = wat::parse_str(format!("(module {exported})")).unwrap();
        assert!(validate(&wasm, true).is_err());
    }
}
