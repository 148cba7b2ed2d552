//! The header of a token (RFC 7515, section 4). In: its JSON. Out: algorithm and key id, or why the token is refused.

use super::json::{find, members, string, word};
use super::{Reason, Stop};
use crate::contract::algorithm;
use crate::rt::arena::Arena;

/// What matters of it.
pub(super) struct Header<'a> {
    /// `contract::algorithm`
    pub(super) algorithm: u32,
    /// `kid`
    pub(super) key_id: Option<&'a [u8]>,
}

/// Reads it; `listed` are the policy's algorithms.
pub(super) fn read<'a>(text: &'a [u8], listed: u32, arena: &'a Arena) -> Result<Header<'a>, Stop> {
    let refused = |reason: Reason| Err(Stop::Refused(reason));
    let Ok(members) = members(text, arena) else { return refused(Reason::Malformed) };
    let name = find(members, const { word(b"alg") }).and_then(|value| string(value, arena));
    let Some(algorithm) = name.and_then(number).filter(|number| listed >> number & 1 == 1) else { return refused(Reason::Algorithm) };
    if find(members, const { word(b"crit") }).is_some() {
        return refused(Reason::Critical);
    }
    if find(members, const { word(b"jwk") }).is_some()
        || find(members, const { word(b"jku") }).is_some()
        || find(members, const { word(b"x5u") }).is_some()
        || find(members, const { word(b"x5c") }).is_some()
    {
        return refused(Reason::EmbeddedKey);
    }
    let key_id = match find(members, const { word(b"kid") }) {
        None => None,
        Some(value) => match string(value, arena) {
            Some(id) => Some(id),
            None => return refused(Reason::Malformed),
        },
    };
    Ok(Header { algorithm, key_id })
}

/// The number of an algorithm (`contract::algorithm::NAMES`), told without a table that every module would carry.
pub(super) fn number(name: &[u8]) -> Option<u32> {
    let &[family, kind, a, b, c] = name else { return None };
    if name == b"EdDSA" {
        return Some(algorithm::EDDSA);
    }
    let size: u32 = match [a, b, c] {
        [b'2', b'5', b'6'] => 0,
        [b'3', b'8', b'4'] => 1,
        [b'5', b'1', b'2'] => 2,
        _ => return None,
    };
    let first = match (family, kind) {
        (b'R', b'S') => 0,
        (b'P', b'S') => 3,
        (b'E', b'S') if size < 2 => algorithm::ES256,
        (b'H', b'S') => algorithm::HS256,
        _ => return None,
    };
    Some(size.wrapping_add(first))
}

#[cfg(test)]
mod tests {
    use super::number;
    use crate::contract::algorithm::NAMES;

    #[test]
    fn algorithms_by_name() {
        for (name, wanted) in NAMES.iter().zip(0..) {
            assert_eq!(number(name.as_bytes()), Some(wanted), "{name}");
        }
        for name in ["", "none", "None", "rs256", "RS255", "ES512", "XS256", "HS2566", "EdDSa", "RS25", "ES256K"] {
            assert_eq!(number(name.as_bytes()), None, "{name}");
        }
    }
}
