//! Credentials.

use super::index;
use crate::abi::{Wasm, frame, vm};
use crate::auth::api_key::{self, Memory};
use crate::auth::strip;
use crate::contract::credential;
use crate::rt::pack;

#[unsafe(export_name = "rt.credential_check")]
extern "C" fn credential_check(id: i32, from: i64, keys: i64) -> i32 {
    let vm = vm();
    let mut memory = Memory { verified: &mut vm.verified, heap: &mut vm.heap };
    api_key::check(frame(), &mut memory, &mut Wasm, id as u32, pack::bytes(from), pack::bytes(keys))
}

#[unsafe(export_name = "rt.credential_check_config")]
extern "C" fn credential_check_config(id: i32, from: i64, field: i32) -> i32 {
    let (frame, vm) = (frame(), vm());
    let Some(value) = vm.config.get(frame.root, index(field)) else {
        frame.fault = true;
        return credential::FAULT;
    };
    let mut memory = Memory { verified: &mut vm.verified, heap: &mut vm.heap };
    api_key::check(frame, &mut memory, &mut Wasm, id as u32, pack::bytes(from), &value.more)
}

#[unsafe(export_name = "rt.credential_key_id")]
extern "C" fn credential_key_id(id: i32) -> i64 {
    pack::from_string(api_key::key_id(frame(), id as u32))
}

#[unsafe(export_name = "rt.credential_strip")]
extern "C" fn credential_strip(from: i64) {
    strip::strip(frame(), &mut Wasm, pack::bytes(from));
}
