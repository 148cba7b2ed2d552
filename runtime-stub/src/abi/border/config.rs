//! Configuration of the current root context.

use super::index;
use crate::abi::{Wasm, arena, frame, vm};
use crate::bytes;
use crate::config::load::load;
use crate::config::none;
use crate::config::refusal::Refusal;
use crate::config::roots::Value;
use crate::host::{Host, buffer, level};
use crate::rt::pack;

/// What the host hands over.
fn given(size: i32) -> Result<&'static [u8], Refusal<'static>> {
    match size {
        0 => Ok(&[]),
        size => Wasm.buffer(arena(), buffer::PLUGIN_CONFIGURATION, 0, size as u32).map_err(|_| Refusal::Unreadable),
    }
}

#[unsafe(export_name = "rt.config_none")]
extern "C" fn config_none(size: i32) -> i32 {
    let accepted = given(size).is_ok_and(none::is_empty);
    if !accepted {
        Wasm.log(level::ERROR, none::REFUSAL);
    }
    i32::from(accepted)
}

#[unsafe(export_name = "rt.config_refuse")]
extern "C" fn config_refuse(refusal: i64) -> i32 {
    Wasm.log(level::ERROR, pack::bytes(refusal));
    0
}

#[unsafe(export_name = "rt.config_load")]
extern "C" fn config_load(schema: i64, size: i32) -> i32 {
    loaded::<false>(schema, size)
}

#[unsafe(export_name = "rt.config_load_typed")]
extern "C" fn config_load_typed(schema: i64, size: i32) -> i32 {
    loaded::<true>(schema, size)
}

fn loaded<const TYPED: bool>(schema: i64, size: i32) -> i32 {
    let vm = vm();
    let loaded = given(size).and_then(|text| load::<TYPED>(text, pack::bytes(schema), arena(), &mut vm.heap));
    let refusal = match loaded {
        Ok(values) => {
            if vm.config.put(&mut vm.heap, frame().root, values) {
                vm.verified.clear();
                return 1;
            }
            Refusal::Memory
        }
        Err(refusal) => refusal,
    };
    Wasm.log(level::ERROR, refusal.line(arena()));
    0
}

/// A field; a root context without configuration is a fault.
fn field(number: i32) -> Option<&'static Value> {
    let frame = frame();
    let value = vm().config.get(frame.root, index(number));
    frame.fault |= value.is_none();
    value
}

fn present(number: i32) -> Option<&'static Value> {
    field(number).filter(|value| value.is_present)
}

#[unsafe(export_name = "rt.config_str")]
extern "C" fn config_str(number: i32) -> i64 {
    present(number).map_or(0, |value| pack::from_bytes(&value.text))
}

#[unsafe(export_name = "rt.config_int")]
extern "C" fn config_int(number: i32) -> i64 {
    present(number).map_or(0, |value| value.number)
}

#[unsafe(export_name = "rt.config_cell")]
extern "C" fn config_cell(number: i32) -> i32 {
    let Some(value) = present(number) else { return 0 };
    let cell = arena().copy(&value.number.to_le_bytes());
    frame().fault |= cell.is_none();
    pack::from_record(cell)
}

#[unsafe(export_name = "rt.config_list")]
extern "C" fn config_list(number: i32) -> i64 {
    let Some(value) = present(number) else { return 0 };
    // A list is the address of its cells with their number, where a string has its length.
    pack::from_bytes(bytes::until(&value.more, value.number as u64 as usize))
}

#[unsafe(export_name = "rt.config_map_get")]
extern "C" fn config_map_get(number: i32, key: i64) -> i64 {
    let (Some(value), Some(key)) = (present(number), pack::string(key)) else { return 0 };
    pack::from_string(crate::config::index::get(&value.text, key))
}

#[unsafe(export_name = "rt.config_present")]
extern "C" fn config_present(number: i32) -> i32 {
    i32::from(present(number).is_some())
}
