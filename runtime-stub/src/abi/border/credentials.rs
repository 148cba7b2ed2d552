//! Credentials.

use super::config;
use crate::abi::{Wasm, frame};
use crate::auth::{api_key, strip};
use crate::contract::credential;
use crate::rt::pack;

#[unsafe(export_name = "rt.credential_check")]
extern "C" fn credential_check(id: i32, from: i64, keys: i64) -> i32 {
    api_key::check(frame(), id as u32, pack::bytes(from), pack::bytes(keys))
}

#[unsafe(export_name = "rt.credential_check_config")]
extern "C" fn credential_check_config(id: i32, from: i64, field: i32) -> i32 {
    match config::field(field) {
        Some(value) => api_key::check(frame(), id as u32, pack::bytes(from), &value.more),
        None => credential::FAULT,
    }
}

#[unsafe(export_name = "rt.credential_key_id")]
extern "C" fn credential_key_id(id: i32) -> i64 {
    pack::from_string(api_key::key_id(frame(), id as u32))
}

#[unsafe(export_name = "rt.credential_strip")]
extern "C" fn credential_strip(from: i64) {
    strip::strip(frame(), &mut Wasm, pack::bytes(from));
}
