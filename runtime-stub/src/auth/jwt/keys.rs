//! A JSON Web Key Set (RFC 7517, 7518, 8037) from the configuration. In: its text. Out: keys for `tables::jwks`.
//!
//! Keys of kinds that we do not verify with, and those for encryption, are passed over, as the RFC wants. A set without a key
//! that can be used, and one with a private key, are refused. The compiler reads the sets of files with its own code.

use super::header;
use super::json::{Member, Word, find, get, members, string, word};
use crate::body::json;
use crate::config::json::Invalid;
use crate::rt::arena::{Arena, Items};
use crate::tables::jwks::{Key, MOST, Material};
use crate::values::encoding::{Alphabet, from_base64};

/// The keys of a set.
pub fn read<'a>(text: &'a [u8], arena: &'a Arena) -> Result<&'a [Key<'a>], Invalid> {
    let set = members(text, arena)?;
    let mut keys = Items::new(arena);
    for key in json::elements(find(set, const { word(b"keys") }).ok_or(Invalid)?, arena) {
        let key = members(key, arena)?;
        if let Some(key) = one(key, arena)? {
            keys.push(key);
        }
    }
    let usable = !keys.is_broken() && !keys.as_slice().is_empty() && keys.as_slice().len() <= MOST;
    if usable { Ok(keys.finish()) } else { Err(Invalid) }
}

/// One key; nothing when it is of a kind that is passed over.
fn one<'a>(key: &[Member<'a>], arena: &'a Arena) -> Result<Option<Key<'a>>, Invalid> {
    let text = |name: Word| find(key, name).and_then(|value| string(value, arena));
    if find(key, const { word(b"d") }).is_some() {
        return Err(Invalid);
    }
    if find(key, const { word(b"use") }).is_some_and(|usage| string(usage, arena) != Some(&b"sig"[..])) {
        return Ok(None);
    }
    // What is no list has no elements.
    let verifies = |value: &'a [u8]| json::elements(value, arena).any(|name| string(name, arena) == Some(&b"verify"[..]));
    if get(key, b"key_ops").is_some_and(|operations| !verifies(operations)) {
        return Ok(None);
    }
    let number = |name: Word| match text(name).map(|value| from_base64(value, Alphabet::Url, arena)) {
        Some(Ok(Some(number))) => Ok(number),
        Some(Ok(None) | Err(_)) | None => Err(Invalid),
    };
    let material = match (text(const { word(b"kty") }), text(const { word(b"crv") })) {
        (Some(b"RSA"), _) => Material::Rsa(number(const { word(b"n") })?, number(const { word(b"e") })?),
        (Some(b"EC"), Some(b"P-256")) => Material::P256(number(const { word(b"x") })?, number(const { word(b"y") })?),
        (Some(b"EC"), Some(b"P-384")) => Material::P384(number(const { word(b"x") })?, number(const { word(b"y") })?),
        (Some(b"OKP"), Some(b"Ed25519")) => Material::Ed25519(number(const { word(b"x") })?),
        _ => return Ok(None),
    };
    if !material.is_whole() {
        return Err(Invalid);
    }
    let algorithms = match find(key, const { word(b"alg") }) {
        None => u32::MAX,
        Some(_) => text(const { word(b"alg") }).and_then(header::number).map_or(0, |number| 1 << number),
    };
    Ok(Some(Key { id: text(const { word(b"kid") }), algorithms, material }))
}
