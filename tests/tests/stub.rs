//! The committed stub against its contract. In: `runtime-stub/prebuilt/stub.wasm`. Out: every function at the border is there with
//! its type, nothing can panic, and old hosts can load it.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use portcullis::back::STUB;
use portcullis_runtime::contract::{Mechanism, Policy, Signature, Val};
use wasmparser::types::EntityType;
use wasmparser::{Name, Parser, Payload, ValType, Validator, WasmFeatures};

fn types() -> wasmparser::types::Types {
    let baseline = WasmFeatures::MVP
        | WasmFeatures::MUTABLE_GLOBAL
        | WasmFeatures::SIGN_EXTENSION
        | WasmFeatures::SATURATING_FLOAT_TO_INT
        | WasmFeatures::MULTI_VALUE
        | WasmFeatures::BULK_MEMORY;
    Validator::new_with_features(baseline).validate_all(STUB).expect("only baseline Wasm")
}

fn wanted(signature: Signature) -> (Vec<ValType>, Vec<ValType>) {
    let val = |val: &Val| match val {
        Val::I32 => ValType::I32,
        Val::I64 => ValType::I64,
        Val::F64 => ValType::F64,
    };
    (signature.params.iter().map(val).collect(), signature.result.iter().map(val).collect())
}

fn found(types: &wasmparser::types::Types, entity: EntityType) -> (Vec<ValType>, Vec<ValType>) {
    let EntityType::Func(id) = entity else { panic!("no function") };
    let ty = types.as_ref().get(id).unwrap().unwrap_func();
    (ty.params().to_vec(), ty.results().to_vec())
}

#[test]
fn every_mechanism_is_exported_with_its_type() {
    let types = types();
    for mechanism in Mechanism::ALL {
        let signature = mechanism.signature();
        let name = format!("rt.{}", signature.name);
        let entity = types.as_ref().core_exports().into_iter().flatten().find(|export| export.0 == name);
        let (_, entity) = entity.unwrap_or_else(|| panic!("`{name}` is not exported"));
        assert_eq!(found(&types, entity), wanted(signature), "{name}");
    }
    let exported = types.as_ref().core_exports().into_iter().flatten().filter(|export| export.0.starts_with("rt.")).count();
    assert_eq!(exported, Mechanism::ALL.len(), "an export that the contract does not know");
}

#[test]
fn policy_functions_are_imported_with_their_types() {
    let types = types();
    for (module, name, entity) in types.as_ref().core_imports().into_iter().flatten() {
        match module {
            "policy" => {
                let signature = Policy::ALL.iter().map(|policy| policy.signature()).find(|signature| signature.name == name);
                let signature = signature.unwrap_or_else(|| panic!("`policy.{name}` is not in the contract"));
                assert_eq!(found(&types, entity), wanted(signature), "policy.{name}");
            }
            "wasi_snapshot_preview1" => assert_eq!(name, "random_get"),
            "env" => assert!(name.starts_with("proxy_"), "env.{name}"),
            _ => panic!("imports {module}.{name}"),
        }
    }
}

#[test]
fn nothing_in_it_can_panic() {
    let mut functions = 0;
    for payload in Parser::new(0).parse_all(STUB) {
        let Payload::CustomSection(section) = payload.unwrap() else { continue };
        let wasmparser::KnownCustom::Name(names) = section.as_known() else { continue };
        for part in names {
            let Name::Function(map) = part.unwrap() else { continue };
            for naming in map {
                let name = naming.unwrap().name;
                functions += 1;
                for machinery in ["panic", "core3fmt", "unwrap_failed", "expect_failed", "slice_index", "handle_alloc"] {
                    assert!(!name.contains(machinery), "{name}");
                }
            }
        }
    }
    assert!(functions > 100, "the name section is there");
}

#[test]
fn nothing_is_called_through_a_table() {
    // Functions in a table could not be dropped by linking.
    for payload in Parser::new(0).parse_all(STUB) {
        assert!(!matches!(payload.unwrap(), Payload::ElementSection(_) | Payload::TableSection(_)));
    }
}
