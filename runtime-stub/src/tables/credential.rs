//! Where a credential is read from, in order.
//! In: plain values of the compiler. Out: a blob; its reader.
//!
//! Layout: number of places; for each its kind and its name (offset, length).

use crate::bytes::{slice_at, u32_at};

/// A place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place<'a> {
    /// `authorization: Bearer …`
    Bearer,
    /// `authorization: Basic …`
    Basic,
    /// A header, lower case.
    Header(&'a [u8]),
    /// A query key.
    Query(&'a [u8]),
    /// A cookie.
    Cookie(&'a [u8]),
}

impl Place<'_> {
    /// The scheme that is read in `authorization`.
    pub fn scheme(&self) -> &'static [u8] {
        if matches!(self, Place::Basic) { b"basic" } else { b"bearer" }
    }
}

/// Writes the blob.
#[cfg(not(target_arch = "wasm32"))]
pub fn write(places: &[Place<'_>]) -> Vec<u8> {
    let mut blob = super::write::Blob::new();
    blob.size(places.len());
    let mut at = 4 + places.len() * 12;
    let parts: Vec<(u32, &[u8])> = places
        .iter()
        .map(|place| match place {
            Place::Bearer => (0, &b""[..]),
            Place::Header(name) => (1, *name),
            Place::Query(name) => (2, *name),
            Place::Cookie(name) => (3, *name),
            Place::Basic => (4, &b""[..]),
        })
        .collect();
    for (kind, name) in &parts {
        blob.u32(*kind);
        blob.size(at);
        blob.size(name.len());
        at += name.len();
    }
    for (_, name) in &parts {
        blob.put(name);
    }
    blob.align();
    blob.bytes
}

/// The places of a blob.
pub fn places(table: &[u8]) -> impl Iterator<Item = Place<'_>> + Clone {
    let count = u32_at(table, 0) as usize;
    crate::bytes::from(table, 4).chunks_exact(12).take(count).map(|entry| {
        let name = slice_at(table, u32_at(entry, 4) as usize, u32_at(entry, 8) as usize);
        match u32_at(entry, 0) {
            1 => Place::Header(name),
            2 => Place::Query(name),
            3 => Place::Cookie(name),
            4 => Place::Basic,
            _ => Place::Bearer,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::{Place, places, write};

    #[test]
    fn reads_what_was_written() {
        let wanted = [Place::Query(b"key"), Place::Bearer, Place::Basic, Place::Header(b"x-api-key"), Place::Cookie(b"c")];
        assert_eq!(places(&write(&wanted)).collect::<Vec<_>>(), wanted);
        assert_eq!(places(&write(&[])).count(), 0);
        assert_eq!(places(&[0xff; 9]).count(), 0);
    }
}
