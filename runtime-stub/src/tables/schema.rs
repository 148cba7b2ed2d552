//! What a configuration must look like.
//! In: plain values of the compiler. Out: a blob; its reader.
//!
//! Layout: number of fields; for each: name (offset, length), kind and shape (one byte each), flags (bit 0: may be missing,
//! bit 1: has a default, bit 2: values are `sha256:HEX`), parts of the default (number, offset; each with its length before it),
//! what a refusal says of a wrong value (offset, length), values of an enum (number, offset; likewise).

use crate::bytes::{slice_at, u8_at, u32_at};

/// Bytes of a field.
const FIELD: usize = 40;

/// How many values a field has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One.
    One,
    /// `list<T>`
    List,
    /// `map<string, T>`
    Map,
}

/// Types of values.
#[cfg(not(target_arch = "wasm32"))]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `string`
    String,
    /// `secret`: a string that is not empty.
    Secret,
    /// `bytes`, in base64
    Bytes,
    /// `ip`
    Ip,
    /// `cidr`
    Cidr,
    /// `enum(…)`
    Enum(Vec<String>),
    /// `json`
    Json,
    /// `int`
    Int,
    /// `bool`
    Bool,
    /// `float`
    Float,
    /// `duration`
    Duration,
    /// `time`
    Time,
}

#[cfg(not(target_arch = "wasm32"))]
impl Kind {
    fn number(&self) -> u8 {
        match self {
            Kind::String => kind::STRING,
            Kind::Secret => kind::SECRET,
            Kind::Bytes => kind::BYTES,
            Kind::Ip => kind::IP,
            Kind::Cidr => kind::CIDR,
            Kind::Enum(_) => kind::ENUM,
            Kind::Json => kind::JSON,
            Kind::Int => kind::INT,
            Kind::Bool => kind::BOOL,
            Kind::Float => kind::FLOAT,
            Kind::Duration => kind::DURATION,
            Kind::Time => kind::TIME,
        }
    }
}

/// Numbers of kinds. How values are held: numbers as 8 bytes, addresses and networks as records, all others as they are.
pub mod kind {
    /// `string`
    pub const STRING: u8 = 0;
    /// `secret`
    pub const SECRET: u8 = 1;
    /// `bytes`
    pub const BYTES: u8 = 2;
    /// `ip`
    pub const IP: u8 = 3;
    /// `cidr`
    pub const CIDR: u8 = 4;
    /// `enum`
    pub const ENUM: u8 = 5;
    /// `json`: any value, as its text
    pub const JSON: u8 = 6;
    /// `int`; from here on values are numbers.
    pub const INT: u8 = 16;
    /// `bool`
    pub const BOOL: u8 = 17;
    /// `float`
    pub const FLOAT: u8 = 18;
    /// `duration`
    pub const DURATION: u8 = 19;
    /// `time`
    pub const TIME: u8 = 20;
}

/// A field that is written.
#[cfg(not(target_arch = "wasm32"))]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// Its key.
    pub name: &'a str,
    /// Its type, or that of its elements.
    pub kind: Kind,
    /// How many of them it has.
    pub shape: Shape,
    /// What a refusal says of a wrong value.
    pub expected: String,
    /// Whether it may be missing.
    pub optional: bool,
    /// Whether a credential reads it as names and `sha256:HEX` of keys.
    pub keys: bool,
    /// What stands for it when it is missing: one value, the elements, or names and values in turn, as they are held.
    pub default: Option<Vec<Vec<u8>>>,
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
        let shape = match field.shape {
            Shape::One => 0,
            Shape::List => 1,
            Shape::Map => 2,
        };
        blob.u32(u32::from(field.kind.number()) | shape << 8);
        blob.u32(u32::from(field.optional) | u32::from(field.default.is_some()) << 1 | u32::from(field.keys) << 2);
        let parts = field.default.as_deref().unwrap_or(&[]);
        blob.size(parts.len());
        blob.size(base + tail.len());
        parts.iter().for_each(|part| text(&mut tail, part));
        blob.size(base + tail.len());
        blob.size(field.expected.len());
        tail.extend(field.expected.as_bytes());
        let values: &[String] = if let Kind::Enum(values) = &field.kind { values } else { &[] };
        blob.size(values.len());
        blob.size(base + tail.len());
        values.iter().for_each(|value| text(&mut tail, value.as_bytes()));
    }
    blob.put(&tail);
    blob.align();
    blob.bytes
}

#[cfg(not(target_arch = "wasm32"))]
fn text(tail: &mut Vec<u8>, part: &[u8]) {
    tail.extend(u32::try_from(part.len()).unwrap_or(u32::MAX).to_le_bytes());
    tail.extend(part);
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

    /// Its type ([`kind`]), or that of its elements.
    pub fn kind(&self) -> u8 {
        u8_at(self.entry, 8)
    }

    /// How many of them it has.
    pub fn shape(&self) -> Shape {
        match u8_at(self.entry, 9) {
            0 => Shape::One,
            1 => Shape::List,
            _ => Shape::Map,
        }
    }

    /// What a refusal says of a wrong value.
    pub fn expected(&self) -> &'a [u8] {
        slice_at(self.table, u32_at(self.entry, 24) as usize, u32_at(self.entry, 28) as usize)
    }

    /// The values of an enum.
    pub fn values(&self) -> Texts<'a> {
        Texts { table: self.table, at: u32_at(self.entry, 36) as usize, left: u32_at(self.entry, 32) }
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

    /// The parts of the default: one value, the elements, or names and values in turn.
    pub fn default_parts(&self) -> Texts<'a> {
        Texts { table: self.table, at: u32_at(self.entry, 20) as usize, left: u32_at(self.entry, 16) }
    }
}

/// Texts with their lengths before them.
#[derive(Clone, Copy)]
pub struct Texts<'a> {
    table: &'a [u8],
    at: usize,
    left: u32,
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
    use super::{Field, Kind, Shape, count, field, kind, write};

    #[test]
    fn reads_what_was_written() {
        let one = Field {
            name: "quota",
            kind: Kind::Int,
            shape: Shape::One,
            expected: "must be an int".to_owned(),
            optional: false,
            keys: false,
            default: Some(vec![5i64.to_le_bytes().to_vec()]),
        };
        let parts = |parts: &[&str]| Some(parts.iter().map(|part| part.as_bytes().to_vec()).collect());
        let blob = write(&[
            one.clone(),
            Field { name: "secret", kind: Kind::String, default: None, optional: true, ..one.clone() },
            Field { name: "list", kind: Kind::String, shape: Shape::List, default: parts(&["a", "", "bc"]), ..one.clone() },
            Field { name: "tier", kind: Kind::Enum(vec!["free".into(), "pro".into()]), default: parts(&["pro"]), ..one.clone() },
            Field { name: "keys", kind: Kind::String, shape: Shape::Map, keys: true, default: parts(&["k", "v"]), ..one },
        ]);
        let read: Vec<_> = (0..count(&blob)).map(|n| field(&blob, n)).collect();
        assert_eq!(read.len(), 5);
        assert_eq!((read[0].name(), read[0].kind(), read[0].shape()), (&b"quota"[..], kind::INT, Shape::One));
        assert_eq!(read[0].default_parts().collect::<Vec<_>>(), [5i64.to_le_bytes()]);
        assert_eq!(read[0].expected(), b"must be an int");
        assert!(read[1].is_optional() && !read[1].has_default() && !read[1].has_keys());
        assert_eq!((read[1].default_parts().count(), read[1].values().count()), (0, 0));
        assert_eq!(read[2].default_parts().collect::<Vec<_>>(), [&b"a"[..], b"", b"bc"]);
        assert_eq!((read[3].kind(), read[3].values().collect::<Vec<_>>()), (kind::ENUM, vec![&b"free"[..], b"pro"]));
        assert_eq!((read[4].shape(), read[4].default_parts().collect::<Vec<_>>()), (Shape::Map, vec![&b"k"[..], b"v"]));
        assert!(read[4].has_keys());
        assert_eq!(count(&[0xff; 20]), 0);
    }
}
