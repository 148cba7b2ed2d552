//! Reads a configuration against its schema. In: bytes of the host, `tables::schema`. Out: values on the heap, or a refusal.

use crate::body::valid;
use crate::bytes;
use crate::http::address;
use crate::rt::arena::{Arena, Items};
use crate::rt::heap::{Block, Heap, List};
use crate::tables::keys::{self, Digest, Key};
use crate::tables::schema::{self, FieldReader, Shape, kind};
use crate::values::encoding::{self, Alphabet};
use crate::values::{float, network, time};

use super::index;
use super::json::{self, Reader};
use super::refusal::Refusal;
use super::roots::{self, Value, Values};

/// Reads a whole configuration. On a refusal nothing is kept. `TYPED`: whether there are types other than strings, secrets, ints and
/// bools, whose readers most policies do not need.
pub fn load<'a, const TYPED: bool>(text: &'a [u8], table: &'a [u8], arena: &'a Arena, heap: &mut Heap) -> Result<Values, Refusal<'a>> {
    let mut values = List::new();
    let mut loader = Loader::<TYPED> { arena, heap, refusal: Refusal::Json };
    if loader.load(&mut values, text, table).is_some() {
        return Ok(values);
    }
    let refusal = loader.refusal;
    roots::free(values, heap);
    Err(if refusal == Refusal::Json && is_struct(text) { Refusal::Struct } else { refusal })
}

/// What reading needs. Steps give nothing when they refuse; the reason is kept here, which costs less code than results
/// that carry it.
struct Loader<'a, 'h, const TYPED: bool> {
    arena: &'a Arena,
    heap: &'h mut Heap,
    refusal: Refusal<'a>,
}

impl<'a, const TYPED: bool> Loader<'a, '_, TYPED> {
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
        let mut all: Items<'_, &[u8]> = Items::new(self.arena);
        let is_map = match field.shape() {
            Shape::One => {
                all.push(self.single(reader, field)?);
                return self.keep(field, &all, place);
            }
            Shape::List => false,
            Shape::Map => true,
        };
        let (wanted, open, close) = if is_map { (json::Kind::Object, b'{', b'}') } else { (json::Kind::Array, b'[', b']') };
        if reader.kind().ok()? != wanted {
            return self.wrong(field);
        }
        reader.expect(open).ok()?;
        let mut first = true;
        while reader.another(close, &mut first).ok()? {
            if is_map {
                all.push(reader.string().ok()?);
                reader.expect(b':').ok()?;
            }
            all.push(self.single(reader, field)?);
        }
        self.keep(field, &all, place)
    }

    #[inline(never)]
    fn wrong<T>(&mut self, field: &FieldReader<'a>) -> Option<T> {
        self.refuse(Refusal::Type(field.name(), field.expected()))
    }

    /// One value, as it is held.
    #[inline(never)]
    fn single(&mut self, reader: &mut Reader<'a>, field: &FieldReader<'a>) -> Option<&'a [u8]> {
        if TYPED && field.kind() == kind::JSON {
            reader.space();
            let start = reader.at();
            valid::value(reader, self.arena).ok()?;
            return Some(reader.since(start));
        }
        let wanted = match field.kind() {
            kind::INT | kind::FLOAT => json::Kind::Number,
            kind::BOOL => json::Kind::Bool,
            _ => json::Kind::String,
        };
        if reader.kind().ok()? != wanted {
            return self.wrong(field);
        }
        let number = match field.kind() {
            kind::INT => reader.int().ok()?,
            kind::BOOL => Some(i64::from(reader.bool().ok()?)),
            kind::FLOAT if TYPED => float::parse(reader.number().ok()?).map(|value| value.to_bits().cast_signed()),
            kind => {
                let text = reader.string().ok()?;
                if kind == kind::SECRET && text.is_empty() {
                    return self.refuse(Refusal::Empty(field.name()));
                }
                if !TYPED || matches!(kind, kind::STRING | kind::SECRET) {
                    return Some(text);
                }
                match kind {
                    kind::DURATION => time::duration(text),
                    kind::TIME => time::parse(text),
                    _ => return self.read(text, field),
                }
            }
        };
        let Some(number) = number else { return self.wrong(field) };
        self.held(&number.to_le_bytes())
    }

    /// What a text stands for.
    fn read(&mut self, text: &'a [u8], field: &FieldReader<'a>) -> Option<&'a [u8]> {
        let found = match field.kind() {
            kind::IP => address::parse_ip(text).map(|record| self.held(&record)),
            kind::CIDR => network::parse(text).map(|record| self.held(&record)),
            kind::BYTES => match encoding::from_base64(text, Alphabet::Standard, self.arena) {
                Ok(bytes) => bytes.map(Some),
                Err(_) => return self.refuse(Refusal::Memory),
            },
            _ => {
                if field.values().any(|value| value == text) {
                    Some(Some(text))
                } else {
                    None
                }
            }
        };
        match found {
            Some(held) => held,
            None => self.wrong(field),
        }
    }

    /// Bytes in the arena.
    fn held(&mut self, bytes: &[u8]) -> Option<&'a [u8]> {
        let held = self.arena.copy(bytes);
        if held.is_none() {
            self.refusal = Refusal::Memory;
        }
        held
    }

    fn default(&mut self, field: &FieldReader<'a>, place: &mut Value) -> Option<()> {
        let mut all: Items<'_, &[u8]> = Items::new(self.arena);
        for part in field.default_parts() {
            all.push(part);
        }
        self.keep(field, &all, place)
    }

    /// A value (one part), a list (its elements) or a map (names and values in turn).
    #[inline(never)]
    fn keep(&mut self, field: &FieldReader<'a>, parts: &Items<'a, &'a [u8]>, place: &mut Value) -> Option<()> {
        if parts.is_broken() {
            return self.refuse(Refusal::Memory);
        }
        let parts = parts.as_slice();
        place.is_present = true;
        match field.shape() {
            Shape::Map => self.map(field, parts, place),
            Shape::List => self.list(field, parts, place),
            Shape::One => {
                let part = parts.first().copied().unwrap_or(&[]);
                if field.kind() >= kind::INT {
                    place.number = bytes::u64_at(part, 0).cast_signed();
                    return Some(());
                }
                place.text = self.block(part.len())?;
                bytes::copy(&mut place.text, part);
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

    fn list(&mut self, field: &FieldReader<'a>, elements: &[&'a [u8]], place: &mut Value) -> Option<()> {
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
        write_cells::<TYPED>(place, field.kind());
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

/// Writes the cells by which generated code reads a list: numbers, or addresses, which only the module has.
fn write_cells<const TYPED: bool>(value: &mut Value, kind: u8) {
    let mut cells = core::mem::replace(&mut value.more, Block::EMPTY);
    for (n, element) in value.elements().enumerate() {
        let cell = if kind >= kind::INT {
            bytes::u64_at(element, 0)
        } else if TYPED && kind == kind::IP {
            // An address has no length.
            place_of(element) & u64::from(u32::MAX)
        } else {
            place_of(element)
        };
        bytes::put_u64(&mut cells, n.saturating_mul(8), cell);
    }
    value.more = cells;
}

/// Address and length, in the module.
fn place_of(element: &[u8]) -> u64 {
    #[cfg(target_arch = "wasm32")]
    let place = crate::rt::pack::from_bytes(element).cast_unsigned();
    #[cfg(not(target_arch = "wasm32"))]
    let place = element.len() as u64;
    place
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
