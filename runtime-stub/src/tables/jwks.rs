//! Keys that signatures are verified with. The compiler writes them for a policy, the stub itself for a configuration.
//! In: public keys. Out: a blob; its reader.
//!
//! Layout: number of keys, then for each: algorithms that it may verify (bits of `contract::algorithm`), 1 when it has an id, then
//! offset and length of its id and of the key. A key is the length of its DER form for the host (0: the host cannot use it), that
//! form, and from the next multiple of four on what we verify with ourselves: of RSA a prepared key (`crypto::rsa`), of curves the
//! coordinates.

use crate::bytes::{self, put_u32, slice_at, u32_at};
use crate::contract::algorithm;
use crate::crypto::{der, rsa};

/// Bytes of an entry.
const ENTRY: usize = 24;
/// Most keys of one set.
pub const MOST: usize = 64;

/// A public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Material<'a> {
    /// RSA: modulus and exponent, highest byte first.
    Rsa(&'a [u8], &'a [u8]),
    /// A point of P-256: x and y, 32 bytes each.
    P256(&'a [u8], &'a [u8]),
    /// A point of P-384: x and y, 48 bytes each.
    P384(&'a [u8], &'a [u8]),
    /// Ed25519, 32 bytes.
    Ed25519(&'a [u8]),
}

/// A key of a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key<'a> {
    /// `kid`
    pub id: Option<&'a [u8]>,
    /// `alg` narrows what the kind of key may verify: bits of `contract::algorithm`.
    pub algorithms: u32,
    /// The key itself.
    pub material: Material<'a>,
}

impl Material<'_> {
    /// What this kind of key may verify.
    pub const fn algorithms(&self) -> u32 {
        let place = match self {
            Material::Rsa(..) => 0,
            Material::P256(..) => 1,
            Material::P384(..) => 2,
            Material::Ed25519(_) => 3,
        };
        // One number, because of four a table would be made that all modules carry.
        let all: u64 = 0x3f | 1 << (16 + algorithm::ES256) | 1 << (32 + algorithm::ES384) | 1 << (48 + algorithm::EDDSA);
        (all >> (place * 16)) as u32 & 0xffff
    }

    /// Bytes of its two forms, if it can be used.
    pub fn sizes(&self) -> Result<(usize, usize), rsa::BadKey> {
        match self {
            Material::Rsa(n, e) => Ok((der::rsa_size(n, e), rsa::prepared_size(n, e)?)),
            Material::P256(..) => Ok((der::P256, 64)),
            Material::P384(..) => Ok((der::P384, 96)),
            Material::Ed25519(_) => Ok((0, 32)),
        }
    }

    /// Whether it can be used: numbers of the right size.
    pub fn is_whole(&self) -> bool {
        match self {
            Material::Rsa(..) => self.sizes().is_ok(),
            Material::P256(x, y) => x.len() == 32 && y.len() == 32,
            Material::P384(x, y) => x.len() == 48 && y.len() == 48,
            Material::Ed25519(key) => key.len() == 32,
        }
    }

    fn write(&self, der: &mut [u8], own: &mut [u8]) {
        match self {
            Material::Rsa(n, e) => {
                der::rsa(der, n, e);
                rsa::prepare(own, n, e);
            }
            Material::P256(x, y) | Material::P384(x, y) => {
                let at = bytes::copy(own, x);
                if let Some(rest) = own.get_mut(at..) {
                    bytes::copy(rest, y);
                }
                der::curve(der, own);
            }
            Material::Ed25519(key) => {
                bytes::copy(own, key);
            }
        }
    }
}

/// Writes the blob; a key that cannot be used is left out.
#[cfg(not(target_arch = "wasm32"))]
pub fn write(keys: &[Key<'_>]) -> Vec<u8> {
    let keys: Vec<Key<'_>> = keys.iter().copied().filter(|key| key.material.is_whole()).collect();
    let mut blob = vec![0; size(&keys)];
    write_into(&mut blob, &keys);
    blob
}

const fn aligned(size: usize) -> usize {
    size.saturating_add(3) & !3
}

/// Bytes of a key in the blob, and of its DER form.
fn key_size(key: &Key<'_>) -> (usize, usize) {
    let (der, own) = key.material.sizes().unwrap_or((0, 0));
    (aligned(der).saturating_add(own).saturating_add(4), der)
}

/// Bytes of the blob.
pub fn size(keys: &[Key<'_>]) -> usize {
    let mut size = keys.len().saturating_mul(ENTRY).saturating_add(4);
    for key in keys {
        size = size.saturating_add(aligned(key.id.map_or(0, <[u8]>::len))).saturating_add(aligned(key_size(key).0));
    }
    size
}

/// Writes into zeroed bytes of that size.
pub fn write_into(blob: &mut [u8], keys: &[Key<'_>]) {
    put_u32(blob, 0, keys.len() as u32);
    let mut at = keys.len().saturating_mul(ENTRY).saturating_add(4);
    for (n, key) in keys.iter().enumerate() {
        let entry = n.saturating_mul(ENTRY).saturating_add(4);
        let id = key.id.unwrap_or(&[]);
        let (size, der) = key_size(key);
        let start = at.saturating_add(aligned(id.len()));
        put_u32(blob, entry, key.algorithms & key.material.algorithms());
        put_u32(blob, entry.saturating_add(4), u32::from(key.id.is_some()));
        put_u32(blob, entry.saturating_add(8), at as u32);
        put_u32(blob, entry.saturating_add(12), id.len() as u32);
        put_u32(blob, entry.saturating_add(16), start as u32);
        put_u32(blob, entry.saturating_add(20), size as u32);
        if let Some(place) = blob.get_mut(at..) {
            bytes::copy(place, id);
        }
        put_u32(blob, start, der as u32);
        let forms = blob.get_mut(start.saturating_add(4)..start.saturating_add(size)).unwrap_or(&mut []);
        if let Some((first, rest)) = forms.split_at_mut_checked(aligned(der)) {
            key.material.write(first.get_mut(..der).unwrap_or(&mut []), rest);
        }
        at = start.saturating_add(aligned(size));
    }
}

/// A key as it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'t> {
    /// Its id.
    pub id: Option<&'t [u8]>,
    /// Bits of `contract::algorithm`.
    pub algorithms: u32,
    /// Its forms ([`forms`]).
    pub key: &'t [u8],
}

/// The keys of a blob.
pub fn entries(table: &[u8]) -> impl Iterator<Item = Entry<'_>> + Clone {
    let count = (u32_at(table, 0) as usize).min(MOST);
    bytes::from(table, 4).chunks_exact(ENTRY).take(count).map(|entry| {
        let word = |n: usize| u32_at(entry, n.wrapping_mul(4)) as usize;
        Entry {
            id: (word(1) != 0).then(|| slice_at(table, word(2), word(3))),
            algorithms: word(0) as u32,
            key: slice_at(table, word(4), word(5)),
        }
    })
}

/// The DER form of a key for the host (may be empty), and what we verify with.
pub fn forms(key: &[u8]) -> (&[u8], &[u8]) {
    let der = u32_at(key, 0) as usize;
    (slice_at(key, 4, der), bytes::from(key, aligned(der).saturating_add(4)))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{Key, Material, entries, forms, write};

    #[test]
    fn reads_what_was_written() {
        let (n, e) = ([0xc1; 256], [1, 0, 1]);
        let keys = [
            Key { id: Some(b"first"), algorithms: 0b1001, material: Material::Rsa(&n, &e) },
            Key { id: None, algorithms: u32::MAX, material: Material::P256(&[1; 32], &[2; 32]) },
            Key { id: Some(b""), algorithms: 0, material: Material::P384(&[3; 48], &[4; 48]) },
            Key { id: Some(b"unusable"), algorithms: 1, material: Material::Rsa(&[0xc1; 128], &e) },
            Key { id: Some(b"last"), algorithms: u32::MAX, material: Material::Ed25519(&[5; 32]) },
        ];
        let table = write(&keys);
        let found: Vec<_> = entries(&table).collect();
        assert_eq!(found.iter().map(|entry| entry.id).collect::<Vec<_>>(), [Some(&b"first"[..]), None, Some(b""), Some(b"last")]);
        assert_eq!(found.iter().map(|entry| entry.algorithms).collect::<Vec<_>>(), [0b1001, 1 << 6, 0, 1 << 8]);
        let (der, own) = forms(found.first().unwrap().key);
        assert_eq!((der.len(), own.len()), (294, 16 + 512));
        let (der, own) = forms(found.get(1).unwrap().key);
        assert_eq!((der.len(), own.get(30..34)), (91, Some(&[1, 1, 2, 2][..])));
        assert_eq!(forms(found.get(2).unwrap().key).1.len(), 96);
        assert_eq!(forms(found.get(3).unwrap().key), (&[][..], &[5; 32][..]));
        assert_eq!(entries(&[0xff; 40]).count(), 1);
        assert_eq!(forms(&[]), (&[][..], &[][..]));
    }
}
