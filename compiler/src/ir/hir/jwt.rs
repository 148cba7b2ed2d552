//! `jwt`: what a token must be, and what is read from it.

use super::{ConfigId, CredentialSource, Name, ServiceId, Ty};

/// `jwt NAME { … }`.
#[derive(Clone, Debug, PartialEq)]
pub struct Jwt {
    /// Its name.
    pub name: Name,
    /// Where it may stand, in the order written.
    pub from: Vec<CredentialSource>,
    /// `iss`; `None`: not looked at.
    pub issuer: Option<String>,
    /// One of them must be in `aud`; empty: not looked at.
    pub audiences: Vec<String>,
    /// At least one, without repeats. Either all are HMAC or none is.
    pub algorithms: Vec<JwtAlgorithm>,
    /// What signatures are verified with.
    pub keys: JwtKeys,
    /// Who verifies them.
    pub crypto: JwtCrypto,
    /// How far clocks may differ, nanoseconds.
    pub clock_skew: i64,
    /// Whether `exp` must be there.
    pub require_expiration: bool,
    /// The most that `exp` may be after `iat`, nanoseconds.
    pub max_lifetime: Option<i64>,
    /// Whether the upstream gets to see it.
    pub forward: bool,
    /// Declared claims, in order; names are distinct.
    pub claims: Vec<Claim>,
}

/// Who verifies signatures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JwtCrypto {
    /// The host where it can, else the module.
    Auto,
    /// The host alone; the module has no code for it and does not start on a host that cannot. All algorithms are such that hosts verify.
    Host,
}

/// A declared claim.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    /// Its name in the token.
    pub name: Name,
    /// How it is read.
    pub kind: ClaimKind,
    /// Whether it may be absent: its type is `T?`.
    pub optional: bool,
    /// What stands for one that is missing or of another type; then it is never absent.
    pub default: Option<ClaimDefault>,
}

/// Types of claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClaimKind {
    /// `bool`
    Bool,
    /// `int`
    Int,
    /// `string`
    String,
    /// `enum(…)`: a string that is one of these.
    Enum(Vec<String>),
    /// `float`
    Float,
    /// `json`: any value.
    Json,
    /// `words`: a string with spaces between its words.
    Words,
    /// `list<string>`
    List,
}

/// A default of a claim.
#[derive(Clone, Debug, PartialEq)]
pub enum ClaimDefault {
    /// bool
    Bool(bool),
    /// int
    Int(i64),
    /// float
    Float(f64),
    /// string, value of an enum, words as they stand in a token
    String(String),
    /// list of strings
    List(Vec<String>),
}

impl Claim {
    /// The type that it is read with.
    pub fn ty(&self) -> Ty {
        let ty = match &self.kind {
            ClaimKind::Bool => Ty::Bool,
            ClaimKind::Int => Ty::Int,
            ClaimKind::Float => Ty::Float,
            ClaimKind::Json => Ty::Json,
            ClaimKind::String => Ty::String,
            ClaimKind::Enum(values) => Ty::Enum(values.clone()),
            ClaimKind::Words | ClaimKind::List => Ty::List(Box::new(Ty::String)),
        };
        if self.optional { ty.optional() } else { ty }
    }
}

/// Algorithms of signatures (RFC 7518, RFC 8037).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum JwtAlgorithm {
    /// RSA PKCS #1 v1.5 with SHA-256
    Rs256,
    /// with SHA-384
    Rs384,
    /// with SHA-512
    Rs512,
    /// RSA PSS with SHA-256
    Ps256,
    /// with SHA-384
    Ps384,
    /// with SHA-512
    Ps512,
    /// ECDSA on P-256 with SHA-256
    Es256,
    /// ECDSA on P-384 with SHA-384
    Es384,
    /// Ed25519
    EdDsa,
    /// HMAC with SHA-256
    Hs256,
    /// with SHA-384
    Hs384,
    /// with SHA-512
    Hs512,
}

impl JwtAlgorithm {
    /// All of them, in the order of the language reference.
    pub const ALL: [JwtAlgorithm; 12] = [
        JwtAlgorithm::Rs256,
        JwtAlgorithm::Rs384,
        JwtAlgorithm::Rs512,
        JwtAlgorithm::Ps256,
        JwtAlgorithm::Ps384,
        JwtAlgorithm::Ps512,
        JwtAlgorithm::Es256,
        JwtAlgorithm::Es384,
        JwtAlgorithm::EdDsa,
        JwtAlgorithm::Hs256,
        JwtAlgorithm::Hs384,
        JwtAlgorithm::Hs512,
    ];

    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            JwtAlgorithm::Rs256 => "RS256",
            JwtAlgorithm::Rs384 => "RS384",
            JwtAlgorithm::Rs512 => "RS512",
            JwtAlgorithm::Ps256 => "PS256",
            JwtAlgorithm::Ps384 => "PS384",
            JwtAlgorithm::Ps512 => "PS512",
            JwtAlgorithm::Es256 => "ES256",
            JwtAlgorithm::Es384 => "ES384",
            JwtAlgorithm::EdDsa => "EdDSA",
            JwtAlgorithm::Hs256 => "HS256",
            JwtAlgorithm::Hs384 => "HS384",
            JwtAlgorithm::Hs512 => "HS512",
        }
    }

    /// Whether hosts verify it that verify signatures at all.
    pub fn host_verifies(self) -> bool {
        self.host_hash().is_some()
    }

    /// The hash by which hosts know it: Envoy's `verify_signature` takes RSA with PKCS #1 v1.5 and ECDSA.
    pub fn host_hash(self) -> Option<&'static str> {
        match self {
            JwtAlgorithm::Rs256 | JwtAlgorithm::Es256 => Some("sha256"),
            JwtAlgorithm::Rs384 | JwtAlgorithm::Es384 => Some("sha384"),
            JwtAlgorithm::Rs512 => Some("sha512"),
            JwtAlgorithm::Ps256
            | JwtAlgorithm::Ps384
            | JwtAlgorithm::Ps512
            | JwtAlgorithm::EdDsa
            | JwtAlgorithm::Hs256
            | JwtAlgorithm::Hs384
            | JwtAlgorithm::Hs512 => None,
        }
    }

    /// Whether it takes a secret instead of a public key.
    pub fn is_hmac(self) -> bool {
        matches!(self, JwtAlgorithm::Hs256 | JwtAlgorithm::Hs384 | JwtAlgorithm::Hs512)
    }
}

/// What signatures are verified with.
#[derive(Clone, Debug, PartialEq)]
pub enum JwtKeys {
    /// Public keys, at most 64.
    Known(Vec<Jwk>),
    /// A configured secret, for HMAC.
    Secret(ConfigId),
    /// A configured string that holds a JSON Web Key Set.
    Set(ConfigId),
    /// What a service answers.
    Fetched(JwtFetch),
}

/// `fetch { … }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JwtFetch {
    /// Who is asked.
    pub service: ServiceId,
    /// For what.
    pub path: String,
    /// How old keys get before they are fetched anew, nanoseconds.
    pub refresh: i64,
    /// How old they may get at all.
    pub stale: i64,
}

/// A public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jwk {
    /// `kid`
    pub id: Option<String>,
    /// `alg`: the only algorithm that it may verify.
    pub algorithm: Option<JwtAlgorithm>,
    /// The key.
    pub material: JwkMaterial,
}

/// Kinds of public keys; numbers with the highest byte first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JwkMaterial {
    /// Modulus (2048 to 4096 bits) and exponent.
    Rsa {
        /// Modulus.
        n: Vec<u8>,
        /// Exponent.
        e: Vec<u8>,
    },
    /// A point of P-256.
    P256 {
        /// 32 bytes.
        x: Vec<u8>,
        /// 32 bytes.
        y: Vec<u8>,
    },
    /// A point of P-384.
    P384 {
        /// 48 bytes.
        x: Vec<u8>,
        /// 48 bytes.
        y: Vec<u8>,
    },
    /// 32 bytes.
    Ed25519(Vec<u8>),
}

impl Jwk {
    /// Whether it may verify signatures of this algorithm.
    pub fn fits(&self, algorithm: JwtAlgorithm) -> bool {
        let kind = match &self.material {
            JwkMaterial::Rsa { .. } => matches!(
                algorithm,
                JwtAlgorithm::Rs256
                    | JwtAlgorithm::Rs384
                    | JwtAlgorithm::Rs512
                    | JwtAlgorithm::Ps256
                    | JwtAlgorithm::Ps384
                    | JwtAlgorithm::Ps512
            ),
            JwkMaterial::P256 { .. } => algorithm == JwtAlgorithm::Es256,
            JwkMaterial::P384 { .. } => algorithm == JwtAlgorithm::Es384,
            JwkMaterial::Ed25519(_) => algorithm == JwtAlgorithm::EdDsa,
        };
        kind && self.algorithm.is_none_or(|only| only == algorithm)
    }
}
