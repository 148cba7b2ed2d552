//! Reads a configuration against its schema. In: bytes of the host, `tables::schema`. Out: values on the heap, or a refusal.

use crate::rt::arena::{Arena, Items, Text};
#[cfg(target_arch = "wasm32")]
use crate::rt::heap::Block;
use crate::rt::heap::{Heap, List};
use crate::tables::keys::{self, Digest, Key};
use crate::tables::schema::{self, FieldReader, Kind};

use super::index;
use super::json::{self, Reader};
use super::refusal::Refusal;
use super::roots::{self, Value, Values};

/// Reads a whole configuration. On a refusal nothing is kept.
pub fn load<'a>(text: &'a [u8], table: &'a [u8], arena: &'a Arena, heap: &mut Heap) -> Result<Values, Refusal<'a>> {
    let mut values = List::new();
    match load_into(&mut values, text, table, arena, heap) {
        Ok(()) => Ok(values),
        Err(refusal) => {
            roots::free(values, heap);
            Err(if refusal == Refusal::Json && is_struct(text) { Refusal::Struct } else { refusal })
        }
    }
}

fn load_into<'a>(values: &mut Values, text: &'a [u8], table: &'a [u8], arena: &'a Arena, heap: &mut Heap) -> Result<(), Refusal<'a>> {
    let count = schema::count(table);
    while values.len() < count {
        values.push(heap, Value::MISSING).map_err(|_| Refusal::Memory)?;
    }
    let text = if text.trim_ascii().is_empty() { b"{}" } else { text };
    let mut reader = Reader::new(text, arena)?;
    reader.expect(b'{')?;
    reader.elements(b'}', &mut |reader| member(reader, values, table, arena, heap))?;
    reader.end()?;
    for (n, place) in values.iter_mut().enumerate() {
        let field = schema::field(table, n);
        if place.is_seen {
            continue;
        }
        if field.has_default() {
            *place = default(&field, arena, heap)?;
        } else if !field.is_optional() {
            return Err(Refusal::Missing(field.name()));
        }
    }
    Ok(())
}

/// Reads a key with its value.
fn member<'a>(reader: &mut Reader<'a>, values: &mut Values, table: &'a [u8], arena: &'a Arena, heap: &mut Heap) -> Result<(), Refusal<'a>> {
    let key = reader.string()?;
    reader.expect(b':')?;
    for (n, place) in values.iter_mut().enumerate() {
        let field = schema::field(table, n);
        if field.name() != key {
            continue;
        }
        if place.is_seen {
            return Err(Refusal::Twice(key));
        }
        if reader.kind()? == json::Kind::Null && field.is_optional() {
            reader.null()?;
        } else {
            *place = given(reader, &field, arena, heap)?;
        }
        place.is_seen = true;
        return Ok(());
    }
    Err(Refusal::Unknown(key))
}

/// The value that is written.
fn given<'a>(reader: &mut Reader<'a>, field: &FieldReader<'a>, arena: &'a Arena, heap: &mut Heap) -> Result<Value, Refusal<'a>> {
    let wrong = Refusal::Type(field.name(), field.kind());
    let kind = reader.kind()?;
    match (field.kind(), kind) {
        (Kind::Int, json::Kind::Number) => Ok(scalar(reader.int()?.ok_or(wrong)?)),
        (Kind::Bool, json::Kind::Bool) => Ok(scalar(i64::from(reader.bool()?))),
        (Kind::String | Kind::Secret, json::Kind::String) => texts(field, &[reader.string()?], arena, heap),
        (Kind::List, json::Kind::Array) => {
            let mut elements: Items<'_, &[u8]> = Items::new(arena);
            reader.expect(b'[')?;
            reader.elements(b']', &mut |reader| {
                if reader.kind()? != json::Kind::String {
                    return Err(wrong);
                }
                elements.push(reader.string()?);
                Ok(())
            })?;
            if elements.is_broken() { Err(Refusal::Memory) } else { texts(field, elements.as_slice(), arena, heap) }
        }
        (Kind::Map, json::Kind::Object) => {
            let mut flat: Items<'_, &[u8]> = Items::new(arena);
            reader.expect(b'{')?;
            reader.elements(b'}', &mut |reader| {
                flat.push(reader.string()?);
                reader.expect(b':')?;
                if reader.kind()? != json::Kind::String {
                    return Err(wrong);
                }
                flat.push(reader.string()?);
                Ok(())
            })?;
            if flat.is_broken() { Err(Refusal::Memory) } else { texts(field, flat.as_slice(), arena, heap) }
        }
        (
            Kind::Int | Kind::Bool | Kind::String | Kind::Secret | Kind::List | Kind::Map,
            json::Kind::Number | json::Kind::Bool | json::Kind::String | json::Kind::Null | json::Kind::Array | json::Kind::Object,
        ) => Err(wrong),
    }
}

fn default<'a>(field: &FieldReader<'a>, arena: &'a Arena, heap: &mut Heap) -> Result<Value, Refusal<'a>> {
    if matches!(field.kind(), Kind::Int | Kind::Bool) {
        return Ok(scalar(field.default_number()));
    }
    let mut all: Items<'_, &[u8]> = Items::new(arena);
    field.default_texts().for_each(|text| all.push(text));
    if all.is_broken() { Err(Refusal::Memory) } else { texts(field, all.as_slice(), arena, heap) }
}

fn scalar(number: i64) -> Value {
    Value { is_present: true, number, ..Value::MISSING }
}

/// A string (one text), a list (its elements) or a map (names and values in turn).
fn texts<'a>(field: &FieldReader<'a>, texts: &[&'a [u8]], arena: &'a Arena, heap: &mut Heap) -> Result<Value, Refusal<'a>> {
    match field.kind() {
        Kind::Map => map(field, texts, arena, heap),
        Kind::List => list(texts, arena, heap),
        Kind::String | Kind::Secret | Kind::Int | Kind::Bool => {
            let text = texts.first().copied().unwrap_or(&[]);
            if field.kind() == Kind::Secret && text.is_empty() {
                return Err(Refusal::Empty(field.name()));
            }
            let text = heap.alloc_copy(text).ok_or(Refusal::Memory)?;
            Ok(Value { is_present: true, text, ..Value::MISSING })
        }
    }
}

fn list<'a>(elements: &[&'a [u8]], arena: &'a Arena, heap: &mut Heap) -> Result<Value, Refusal<'a>> {
    let mut joined = Text::new(arena);
    for element in elements {
        joined.push(&u32::try_from(element.len()).unwrap_or(0).to_le_bytes());
        joined.push(element);
    }
    let joined = joined.finish().ok_or(Refusal::Memory)?;
    let text = heap.alloc_copy(joined).ok_or(Refusal::Memory)?;
    let Some(more) = heap.alloc(elements.len().saturating_mul(8)) else {
        heap.free(text);
        return Err(Refusal::Memory);
    };
    let mut value = Value { is_present: true, is_seen: false, number: i64::try_from(elements.len()).unwrap_or(0), text, more };
    write_cells(&mut value);
    Ok(value)
}

/// Writes the cells by which generated code reads a list: addresses, which only the module has.
fn write_cells(value: &mut Value) {
    #[cfg(target_arch = "wasm32")]
    {
        let mut cells = core::mem::replace(&mut value.more, Block::EMPTY);
        for (n, element) in value.elements().enumerate() {
            crate::bytes::put_u64(&mut cells, n.saturating_mul(8), crate::rt::pack::from_bytes(element).cast_unsigned());
        }
        value.more = cells;
    }
    #[cfg(not(target_arch = "wasm32"))]
    let _ = value;
}

fn map<'a>(field: &FieldReader<'a>, flat: &[&'a [u8]], arena: &'a Arena, heap: &mut Heap) -> Result<Value, Refusal<'a>> {
    let mut entries: Items<'_, (&[u8], &[u8])> = Items::new(arena);
    let mut keys: Items<'_, Key<'_>> = Items::new(arena);
    for pair in flat.chunks_exact(2) {
        let (Some(&name), Some(&value)) = (pair.first(), pair.get(1)) else { continue };
        entries.push((name, value));
        if field.has_keys() {
            keys.push(Key { name, digest: digest(value).ok_or(Refusal::Digest(field.name(), name))? });
        }
    }
    if entries.is_broken() || keys.is_broken() {
        return Err(Refusal::Memory);
    }
    let (entries, keys) = (entries.as_slice(), keys.as_slice());
    let mut text = heap.alloc(index::size(entries)).ok_or(Refusal::Memory)?;
    if let Err(name) = index::write(&mut text, entries) {
        heap.free(text);
        // The name lives in the arena, as all texts here.
        let name = arena.copy(name).unwrap_or(&[]);
        return Err(Refusal::MapTwice(field.name(), name));
    }
    let size = if field.has_keys() { keys::size(keys) } else { 0 };
    let Some(mut more) = heap.alloc(size) else {
        heap.free(text);
        return Err(Refusal::Memory);
    };
    if field.has_keys() {
        keys::write_into(&mut more, keys);
    }
    Ok(Value { is_present: true, is_seen: false, number: i64::try_from(entries.len()).unwrap_or(0), text, more })
}

/// The digest that `sha256:HEX` writes.
fn digest(written: &[u8]) -> Option<Digest> {
    let hex = written.strip_prefix(b"sha256:")?;
    let mut digest = [0; 32];
    if hex.len() != 64 {
        return None;
    }
    for (byte, pair) in digest.iter_mut().zip(hex.chunks_exact(2)) {
        let digit = |n: usize| pair.get(n).and_then(|&byte| char::from(byte).to_digit(16));
        *byte = u8::try_from(digit(0)?.wrapping_shl(4) | digit(1)?).ok()?;
    }
    Some(digest)
}

/// Whether bytes that are no JSON look like a protobuf `Struct`: field 1 (an entry), its length, then its field 1 (a key).
fn is_struct(text: &[u8]) -> bool {
    let Some((&0x0a, mut rest)) = text.split_first() else { return false };
    for _ in 0..5 {
        let Some((&byte, after)) = rest.split_first() else { return false };
        rest = after;
        if byte < 0x80 {
            break;
        }
    }
    rest.first() == Some(&0x0a)
}
