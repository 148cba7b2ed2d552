//! What a configuration must look like.
//! In: plain values of the compiler. Out: a blob; its reader.
//!
//! Layout: number of fields; for each: name (offset, length), kind, flags (bit 0: may be missing, bit 1: has a default,
//! bit 2: values are `sha256:HEX`), default (u64: the int, the bool, or the number of texts), texts of the default (offset; each with its length before it).

use crate::bytes::{slice_at, u32_at, u64_at};

/// Bytes of a field.
const FIELD: usize = 32;

/// Types of fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `string`
    String,
    /// `int`
    Int,
    /// `bool`
    Bool,
    /// `list<string>`
    List,
    /// `map<string, string>`
    Map,
    /// `secret`: a string that is not empty.
    Secret,
}

impl Kind {
    const ALL: [Kind; 6] = [Kind::String, Kind::Int, Kind::Bool, Kind::List, Kind::Map, Kind::Secret];
}

/// What stands for a missing key.
#[cfg(not(target_arch = "wasm32"))]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Default {
    /// `bool`
    Bool(bool),
    /// `int`
    Int(i64),
    /// `string`
    String(String),
    /// `list<string>`
    List(Vec<String>),
    /// `map<string, string>`
    Map(Vec<(String, String)>),
}

/// A field that is written.
#[cfg(not(target_arch = "wasm32"))]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// Its key.
    pub name: &'a str,
    /// Its type.
    pub kind: Kind,
    /// Whether it may be missing.
    pub optional: bool,
    /// Whether a credential reads it as names and `sha256:HEX` of keys.
    pub keys: bool,
    /// What stands for it when it is missing.
    pub default: Option<Default>,
}

/// Writes the blob.
#[cfg(not(target_arch = "wasm32"))]
pub fn write(fields: &[Field<'_>]) -> Vec<u8> {
    let mut blob = super::write::Blob::new();
    blob.size(fields.len());
    let mut tail: Vec<u8> = Vec::new();
    let base = 4 + fields.len() * FIELD;
    for field in fields {
        blob.size(base + tail.len());
        blob.size(field.name.len());
        tail.extend(field.name.as_bytes());
        blob.u32(Kind::ALL.iter().zip(0..).find(|(kind, _)| **kind == field.kind).map_or(0, |(_, n)| n));
        blob.u32(u32::from(field.optional) | u32::from(field.default.is_some()) << 1 | u32::from(field.keys) << 2);
        let texts: Vec<&str> = match &field.default {
            Some(Default::String(text)) => vec![text],
            Some(Default::List(texts)) => texts.iter().map(String::as_str).collect(),
            Some(Default::Map(entries)) => entries.iter().flat_map(|(key, value)| [key.as_str(), value.as_str()]).collect(),
            Some(Default::Bool(_) | Default::Int(_)) | None => Vec::new(),
        };
        blob.u64(match &field.default {
            Some(Default::Bool(value)) => u64::from(*value),
            Some(Default::Int(value)) => value.cast_unsigned(),
            Some(Default::String(_) | Default::List(_) | Default::Map(_)) | None => texts.len() as u64,
        });
        blob.size(base + tail.len());
        blob.u32(0);
        for text in texts {
            tail.extend(u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes());
            tail.extend(text.as_bytes());
        }
    }
    blob.put(&tail);
    blob.align();
    blob.bytes
}

/// A field that is read.
#[derive(Clone, Copy)]
pub struct FieldReader<'a> {
    table: &'a [u8],
    entry: &'a [u8],
}

/// How many fields a blob has.
pub fn count(table: &[u8]) -> usize {
    let most = table.len().saturating_sub(4) / FIELD;
    (u32_at(table, 0) as usize).min(most)
}

/// A field of a blob.
pub fn field(table: &[u8], n: usize) -> FieldReader<'_> {
    FieldReader { table, entry: slice_at(table, n.saturating_mul(FIELD).saturating_add(4), FIELD) }
}

impl<'a> FieldReader<'a> {
    /// Its key.
    pub fn name(&self) -> &'a [u8] {
        slice_at(self.table, u32_at(self.entry, 0) as usize, u32_at(self.entry, 4) as usize)
    }

    /// Its type.
    pub fn kind(&self) -> Kind {
        Kind::ALL.get(u32_at(self.entry, 8) as usize).copied().unwrap_or(Kind::String)
    }

    /// Whether it may be missing.
    pub fn is_optional(&self) -> bool {
        u32_at(self.entry, 12) & 1 != 0
    }

    /// Whether it has a default.
    pub fn has_default(&self) -> bool {
        u32_at(self.entry, 12) & 2 != 0
    }

    /// Whether it holds keys.
    pub fn has_keys(&self) -> bool {
        u32_at(self.entry, 12) & 4 != 0
    }

    /// The default of an int or bool.
    pub fn default_number(&self) -> i64 {
        u64_at(self.entry, 16).cast_signed()
    }

    /// The texts of the default: one, the elements, or keys and values in turn.
    pub fn default_texts(&self) -> Texts<'a> {
        let scalar = matches!(self.kind(), Kind::Int | Kind::Bool);
        let left = if scalar || !self.has_default() { 0 } else { u64_at(self.entry, 16) };
        Texts { table: self.table, at: u32_at(self.entry, 24) as usize, left }
    }
}

/// Texts with their lengths before them.
#[derive(Clone, Copy)]
pub struct Texts<'a> {
    table: &'a [u8],
    at: usize,
    left: u64,
}

impl<'a> Iterator for Texts<'a> {
    type Item = &'a [u8];
    fn next(&mut self) -> Option<&'a [u8]> {
        self.left = self.left.checked_sub(1)?;
        let start = self.at.checked_add(4)?;
        let end = start.checked_add(u32_at(self.table, self.at) as usize)?;
        let text = self.table.get(start..end)?;
        self.at = end;
        Some(text)
    }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing)]
mod tests {
    use super::{Default, Field, Kind, count, field, write};

    #[test]
    fn reads_what_was_written() {
        let one = Field { name: "quota", kind: Kind::Int, optional: false, keys: false, default: Some(Default::Int(-5)) };
        let text = |text: &str| text.to_owned();
        let blob = write(&[
            one.clone(),
            Field { name: "on", kind: Kind::Bool, default: Some(Default::Bool(true)), ..one.clone() },
            Field { name: "secret", kind: Kind::String, default: None, optional: true, ..one.clone() },
            Field { name: "s", kind: Kind::String, default: Some(Default::String(text("x"))), ..one.clone() },
            Field { name: "list", kind: Kind::List, default: Some(Default::List(vec![text("a"), text(""), text("bc")])), ..one.clone() },
            Field { name: "keys", kind: Kind::Map, keys: true, default: Some(Default::Map(vec![(text("k"), text("v"))])), ..one },
        ]);
        let read: Vec<_> = (0..count(&blob)).map(|n| field(&blob, n)).collect();
        assert_eq!(read.len(), 6);
        assert_eq!((read[0].name(), read[0].kind(), read[0].default_number()), (&b"quota"[..], Kind::Int, -5));
        assert_eq!((read[1].default_number(), read[1].default_texts().count()), (1, 0));
        assert!(read[2].is_optional() && !read[2].has_default() && !read[2].has_keys());
        assert_eq!(read[3].default_texts().collect::<Vec<_>>(), [b"x"]);
        assert_eq!(read[4].default_texts().collect::<Vec<_>>(), [&b"a"[..], b"", b"bc"]);
        assert_eq!(read[5].default_texts().collect::<Vec<_>>(), [b"k", b"v"]);
        assert!(read[5].has_keys());
        assert_eq!(count(&[0xff; 20]), 0);
    }
}
