//! Reads a configuration against its schema. In: bytes of the host, `tables::schema`. Out: values on the heap, or a refusal.

use crate::bytes;
use crate::rt::arena::{Arena, Items};
use crate::rt::heap::{Block, Heap, List};
use crate::tables::keys::{self, Digest, Key};
use crate::tables::schema::{self, FieldReader, Kind};

use super::index;
use super::json::{self, Reader};
use super::refusal::Refusal;
use super::roots::{self, Value, Values};

/// Reads a whole configuration. On a refusal nothing is kept.
pub fn load<'a>(text: &'a [u8], table: &'a [u8], arena: &'a Arena, heap: &mut Heap) -> Result<Values, Refusal<'a>> {
    let mut values = List::new();
    let mut loader = Loader { arena, heap, refusal: Refusal::Json };
    if loader.load(&mut values, text, table).is_some() {
        return Ok(values);
    }
    let refusal = loader.refusal;
    roots::free(values, heap);
    Err(if refusal == Refusal::Json && is_struct(text) { Refusal::Struct } else { refusal })
}

/// What reading needs. Steps give nothing when they refuse; the reason is kept here, which costs less code than results
/// that carry it.
struct Loader<'a, 'h> {
    arena: &'a Arena,
    heap: &'h mut Heap,
    refusal: Refusal<'a>,
}

impl<'a> Loader<'a, '_> {
    #[inline(never)]
    fn refuse<T>(&mut self, refusal: Refusal<'a>) -> Option<T> {
        self.refusal = refusal;
        None
    }

    fn load(&mut self, values: &mut Values, text: &'a [u8], table: &'a [u8]) -> Option<()> {
        let count = schema::count(table);
        while values.len() < count {
            if values.push(self.heap, Value::MISSING).is_err() {
                return self.refuse(Refusal::Memory);
            }
        }
        let text = if text.trim_ascii().is_empty() { b"{}" } else { text };
        let mut reader = Reader::new(text, self.arena).ok()?;
        reader.expect(b'{').ok()?;
        let mut first = true;
        while reader.another(b'}', &mut first).ok()? {
            self.member(&mut reader, values, table)?;
        }
        reader.end().ok()?;
        for (n, place) in values.iter_mut().enumerate() {
            let field = schema::field(table, n);
            if place.is_seen {
                continue;
            }
            if field.has_default() {
                self.default(&field, place)?;
            } else if !field.is_optional() {
                return self.refuse(Refusal::Missing(field.name()));
            }
        }
        Some(())
    }

    /// Reads a key with its value.
    fn member(&mut self, reader: &mut Reader<'a>, values: &mut Values, table: &'a [u8]) -> Option<()> {
        let key = reader.string().ok()?;
        reader.expect(b':').ok()?;
        let mut n = 0usize;
        while schema::field(table, n).name() != key && n < values.len() {
            n = n.wrapping_add(1);
        }
        let field = schema::field(table, n);
        let Some(place) = values.get_mut(n) else { return self.refuse(Refusal::Unknown(key)) };
        if place.is_seen {
            return self.refuse(Refusal::Twice(key));
        }
        if reader.kind().ok()? == json::Kind::Null && field.is_optional() {
            reader.null().ok()?;
        } else {
            self.given(reader, &field, place)?;
        }
        place.is_seen = true;
        Some(())
    }

    /// The value that is written.
    fn given(&mut self, reader: &mut Reader<'a>, field: &FieldReader<'a>, place: &mut Value) -> Option<()> {
        let wrong = Refusal::Type(field.name(), field.kind());
        let wanted = match field.kind() {
            Kind::Int => json::Kind::Number,
            Kind::Bool => json::Kind::Bool,
            Kind::String | Kind::Secret => json::Kind::String,
            Kind::List => json::Kind::Array,
            Kind::Map => json::Kind::Object,
        };
        if reader.kind().ok()? != wanted {
            return self.refuse(wrong);
        }
        let mut all: Items<'_, &[u8]> = Items::new(self.arena);
        match field.kind() {
            Kind::Int => {
                return match reader.int().ok()? {
                    Some(number) => scalar(place, number),
                    None => self.refuse(wrong),
                };
            }
            Kind::Bool => return scalar(place, i64::from(reader.bool().ok()?)),
            Kind::String | Kind::Secret => all.push(reader.string().ok()?),
            Kind::List | Kind::Map => {
                let is_map = field.kind() == Kind::Map;
                let (open, close) = if is_map { (b'{', b'}') } else { (b'[', b']') };
                reader.expect(open).ok()?;
                let mut first = true;
                while reader.another(close, &mut first).ok()? {
                    if is_map {
                        all.push(reader.string().ok()?);
                        reader.expect(b':').ok()?;
                    }
                    if reader.kind().ok()? != json::Kind::String {
                        return self.refuse(wrong);
                    }
                    all.push(reader.string().ok()?);
                }
            }
        }
        self.texts(field, &all, place)
    }

    fn default(&mut self, field: &FieldReader<'a>, place: &mut Value) -> Option<()> {
        if matches!(field.kind(), Kind::Int | Kind::Bool) {
            return scalar(place, field.default_number());
        }
        let mut all: Items<'_, &[u8]> = Items::new(self.arena);
        for text in field.default_texts() {
            all.push(text);
        }
        self.texts(field, &all, place)
    }

    /// A string (one text), a list (its elements) or a map (names and values in turn).
    fn texts(&mut self, field: &FieldReader<'a>, texts: &Items<'a, &'a [u8]>, place: &mut Value) -> Option<()> {
        if texts.is_broken() {
            return self.refuse(Refusal::Memory);
        }
        let texts = texts.as_slice();
        place.is_present = true;
        match field.kind() {
            Kind::Map => self.map(field, texts, place),
            Kind::List => self.list(texts, place),
            Kind::String | Kind::Secret | Kind::Int | Kind::Bool => {
                let text = texts.first().copied().unwrap_or(&[]);
                if field.kind() == Kind::Secret && text.is_empty() {
                    return self.refuse(Refusal::Empty(field.name()));
                }
                place.text = self.block(text.len())?;
                bytes::copy(&mut place.text, text);
                Some(())
            }
        }
    }

    /// Zero bytes of the heap.
    #[inline(never)]
    fn block(&mut self, len: usize) -> Option<Block> {
        let block = self.heap.alloc(len);
        if block.is_none() {
            self.refusal = Refusal::Memory;
        }
        block
    }

    fn list(&mut self, elements: &[&'a [u8]], place: &mut Value) -> Option<()> {
        let mut size = 0usize;
        for element in elements {
            size = size.saturating_add(element.len()).saturating_add(4);
        }
        place.text = self.block(size)?;
        place.more = self.block(elements.len().saturating_mul(8))?;
        place.number = i64::try_from(elements.len()).unwrap_or(0);
        let mut at = 0usize;
        for element in elements {
            bytes::put_u32(&mut place.text, at, u32::try_from(element.len()).unwrap_or(0));
            at = at.saturating_add(4);
            if let Some(rest) = place.text.get_mut(at..) {
                at = at.saturating_add(bytes::copy(rest, element));
            }
        }
        write_cells(place);
        Some(())
    }

    fn map(&mut self, field: &FieldReader<'a>, flat: &[&'a [u8]], place: &mut Value) -> Option<()> {
        place.text = self.block(index::size(flat))?;
        if let Err(name) = index::write(&mut place.text, flat) {
            return self.refuse(Refusal::MapTwice(field.name(), name));
        }
        if !field.has_keys() {
            return Some(());
        }
        let mut keys: Items<'_, Key<'_>> = Items::new(self.arena);
        for pair in flat.chunks_exact(2) {
            let &[name, value] = pair else { continue };
            let Some(digest) = digest(value) else {
                return self.refuse(Refusal::Entry(field.name(), b"must have `sha256:` and 64 hex digits for ", name));
            };
            keys.push(Key { name, digest });
        }
        if keys.is_broken() {
            return self.refuse(Refusal::Memory);
        }
        place.more = self.block(keys::size(keys.as_slice()))?;
        keys::write_into(&mut place.more, keys.as_slice());
        Some(())
    }
}

fn scalar(place: &mut Value, number: i64) -> Option<()> {
    place.is_present = true;
    place.number = number;
    Some(())
}

/// Writes the cells by which generated code reads a list: addresses, which only the module has.
fn write_cells(value: &mut Value) {
    #[cfg(target_arch = "wasm32")]
    {
        let mut cells = core::mem::replace(&mut value.more, Block::EMPTY);
        for (n, element) in value.elements().enumerate() {
            bytes::put_u64(&mut cells, n.saturating_mul(8), crate::rt::pack::from_bytes(element).cast_unsigned());
        }
        value.more = cells;
    }
    #[cfg(not(target_arch = "wasm32"))]
    let _ = value;
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
