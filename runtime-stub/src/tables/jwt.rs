//! What a `jwt` declaration demands of a token, and the claims that are read from it. In: plain values. Out: a blob; its reader.
//!
//! Layout: algorithms (bits of `contract::algorithm`), flags, skew and longest lifetime (u64, nanoseconds), offset and length of the
//! issuer, number and offset of audiences (offset, length each), number and offset of claims. A claim: kind and flags, then offset and
//! length of its name, its default (JSON), its values (each with its length before it).

use crate::bytes::{self, slice_at, two_at, u32_at, u64_at};

/// `issuer` is demanded.
const ISSUER: u32 = 1;
/// `exp` is demanded.
const EXPIRATION: u32 = 2;
/// `max_lifetime` is demanded.
const LIFETIME: u32 = 4;
/// The keys are one secret.
const SECRET: u32 = 8;

/// Bytes of a claim.
const CLAIM: usize = 28;

/// Of what type a claim is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `string`
    String,
    /// `int`
    Int,
    /// `bool`
    Bool,
    /// `enum(…)`: one of the values.
    Enum,
    /// `words`
    Words,
    /// `list<string>`
    List,
    /// `float`
    Float,
    /// `json`
    Json,
}

/// A claim that is written.
#[cfg(not(target_arch = "wasm32"))]
#[derive(Clone, Debug)]
pub struct Claim {
    /// Its name in the token.
    pub name: String,
    /// Its type.
    pub kind: Kind,
    /// Whether it may be absent.
    pub optional: bool,
    /// What stands for an absent one: JSON.
    pub default: Option<String>,
    /// Of an enum.
    pub values: Vec<String>,
}

/// What is written.
#[cfg(not(target_arch = "wasm32"))]
#[derive(Clone, Debug, Default)]
pub struct Demands {
    /// Bits of `contract::algorithm`.
    pub algorithms: u32,
    /// Whether the keys are one secret.
    pub secret: bool,
    /// `iss`
    pub issuer: Option<String>,
    /// `aud`; none: not looked at.
    pub audiences: Vec<String>,
    /// Nanoseconds.
    pub skew: u64,
    /// Whether `exp` must be there.
    pub expiration: bool,
    /// Nanoseconds.
    pub lifetime: Option<u64>,
    /// Claims in order.
    pub claims: Vec<Claim>,
}

/// Writes the blob.
#[cfg(not(target_arch = "wasm32"))]
pub fn write(demands: &Demands) -> Vec<u8> {
    let mut blob = super::write::Blob::new();
    let flag = |holds: bool, flag: u32| if holds { flag } else { 0 };
    blob.u32(demands.algorithms);
    blob.u32(
        flag(demands.issuer.is_some(), ISSUER)
            | flag(demands.expiration, EXPIRATION)
            | flag(demands.lifetime.is_some(), LIFETIME)
            | flag(demands.secret, SECRET),
    );
    blob.u64(demands.skew);
    blob.u64(demands.lifetime.unwrap_or(0));
    let audiences_at = 48;
    let claims_at = audiences_at + demands.audiences.len() * 8;
    let mut at = claims_at + demands.claims.len() * CLAIM;
    let mut tail: Vec<u8> = Vec::new();
    let mut place = |blob: &mut super::write::Blob, text: &[u8]| {
        blob.size(at);
        blob.size(text.len());
        at += text.len();
        tail.extend_from_slice(text);
    };
    place(&mut blob, demands.issuer.as_deref().unwrap_or("").as_bytes());
    blob.size(demands.audiences.len());
    blob.size(audiences_at);
    blob.size(demands.claims.len());
    blob.size(claims_at);
    for audience in &demands.audiences {
        place(&mut blob, audience.as_bytes());
    }
    for claim in &demands.claims {
        let kind = match claim.kind {
            Kind::String => 0,
            Kind::Int => 1,
            Kind::Bool => 2,
            Kind::Enum => 3,
            Kind::Words => 4,
            Kind::List => 5,
            Kind::Float => 6,
            Kind::Json => 7,
        };
        blob.u32(kind | flag(claim.optional, 0x100) | flag(claim.default.is_some(), 0x200));
        place(&mut blob, claim.name.as_bytes());
        place(&mut blob, claim.default.as_deref().unwrap_or("").as_bytes());
        let mut values = Vec::new();
        for value in &claim.values {
            values.extend_from_slice(&u32::try_from(value.len()).unwrap_or(0).to_le_bytes());
            values.extend_from_slice(value.as_bytes());
        }
        place(&mut blob, &values);
    }
    blob.put(&tail);
    blob.align();
    blob.bytes
}

/// Reads the blob.
#[derive(Clone, Copy)]
pub struct Reader<'t>(pub &'t [u8]);

impl<'t> Reader<'t> {
    fn flag(self, flag: u32) -> bool {
        u32_at(self.0, 4) & flag != 0
    }

    fn text(self, at: usize) -> &'t [u8] {
        let [start, len] = two_at(self.0, at);
        slice_at(self.0, start as usize, len as usize)
    }

    /// Bits of `contract::algorithm`.
    pub fn algorithms(self) -> u32 {
        u32_at(self.0, 0)
    }

    /// Whether the keys are one secret.
    pub fn is_secret(self) -> bool {
        self.flag(SECRET)
    }

    /// Whether `exp` must be there.
    pub fn needs_expiration(self) -> bool {
        self.flag(EXPIRATION)
    }

    /// Nanoseconds.
    pub fn skew(self) -> i64 {
        u64_at(self.0, 8).cast_signed()
    }

    /// Nanoseconds.
    pub fn lifetime(self) -> Option<i64> {
        self.flag(LIFETIME).then(|| u64_at(self.0, 16).cast_signed())
    }

    /// The issuer that must have made the token.
    pub fn issuer(self) -> Option<&'t [u8]> {
        self.flag(ISSUER).then(|| self.text(24))
    }

    /// Whom the token must be for; none: whomever.
    pub fn audiences(self) -> impl Iterator<Item = &'t [u8]> + Clone {
        let [count, at] = two_at(self.0, 32);
        let entries = bytes::from(self.0, at as usize).chunks_exact(8).take(count as usize);
        entries.map(move |entry| slice_at(self.0, u32_at(entry, 0) as usize, u32_at(entry, 4) as usize))
    }

    /// The claims.
    pub fn claims(self) -> impl Iterator<Item = ClaimReader<'t>> {
        let [count, at] = two_at(self.0, 40);
        bytes::from(self.0, at as usize).chunks_exact(CLAIM).take(count as usize).map(move |entry| ClaimReader { table: self.0, entry })
    }
}

/// Reads a claim.
#[derive(Clone, Copy)]
pub struct ClaimReader<'t> {
    table: &'t [u8],
    entry: &'t [u8],
}

impl<'t> ClaimReader<'t> {
    fn text(self, at: usize) -> &'t [u8] {
        let [start, len] = two_at(self.entry, at);
        slice_at(self.table, start as usize, len as usize)
    }

    /// Its type.
    pub fn kind(self) -> Kind {
        match u32_at(self.entry, 0) & 0xff {
            1 => Kind::Int,
            2 => Kind::Bool,
            3 => Kind::Enum,
            4 => Kind::Words,
            5 => Kind::List,
            6 => Kind::Float,
            7 => Kind::Json,
            _ => Kind::String,
        }
    }

    /// Whether it may be absent.
    pub fn is_optional(self) -> bool {
        u32_at(self.entry, 0) & 0x100 != 0
    }

    /// Its name in the token.
    pub fn name(self) -> &'t [u8] {
        self.text(4)
    }

    /// What stands for an absent one: JSON.
    pub fn default(self) -> Option<&'t [u8]> {
        (u32_at(self.entry, 0) & 0x200 != 0).then(|| self.text(12))
    }

    /// Whether a text is one of an enum's values.
    pub fn has_value(self, text: &[u8]) -> bool {
        let mut rest = self.text(20);
        while let Some((len, after)) = rest.split_at_checked(4) {
            let Some((value, after)) = after.split_at_checked(u32_at(len, 0) as usize) else { return false };
            if value == text {
                return true;
            }
            rest = after;
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::{Claim, Demands, Kind, Reader, write};

    #[test]
    fn reads_what_was_written() {
        let claim = |name: &str, kind, optional, default: Option<&str>, values: &[&str]| Claim {
            name: name.to_owned(),
            kind,
            optional,
            default: default.map(str::to_owned),
            values: values.iter().map(|value| (*value).to_owned()).collect(),
        };
        let demands = Demands {
            algorithms: 5,
            secret: true,
            issuer: Some("https://id".to_owned()),
            audiences: vec!["a".to_owned(), "bc".to_owned()],
            skew: 7,
            expiration: true,
            lifetime: Some(9),
            claims: vec![claim("sub", Kind::String, false, None, &[]), claim("tier", Kind::Enum, true, Some("\"x\""), &["x", "", "yy"])],
        };
        let table = write(&demands);
        let reader = Reader(&table);
        assert_eq!((reader.algorithms(), reader.is_secret(), reader.needs_expiration()), (5, true, true));
        assert_eq!((reader.skew(), reader.lifetime(), reader.issuer()), (7, Some(9), Some(&b"https://id"[..])));
        assert_eq!(reader.audiences().collect::<Vec<_>>(), [&b"a"[..], b"bc"]);
        let claims: Vec<_> = reader.claims().collect();
        assert_eq!(
            claims.iter().map(|claim| (claim.name(), claim.kind(), claim.is_optional(), claim.default())).collect::<Vec<_>>(),
            [(&b"sub"[..], Kind::String, false, None), (b"tier", Kind::Enum, true, Some(&b"\"x\""[..]))]
        );
        assert_eq!(
            ["x", "", "yy", "y", "z"].map(|text| claims.iter().any(|claim| claim.has_value(text.as_bytes()))),
            [true, true, true, false, false]
        );
        let table = write(&Demands::default());
        let reader = Reader(&table);
        assert_eq!((reader.issuer(), reader.lifetime(), reader.is_secret(), reader.needs_expiration()), (None, None, false, false));
        assert_eq!((reader.audiences().count(), reader.claims().count()), (0, 0));
        assert_eq!(Reader(&[0xff; 60]).claims().count(), 0);
    }
}
