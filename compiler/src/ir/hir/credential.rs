//! Credentials: who a caller is, and how that is proved. One struct for each kind of declaration.

use super::{ConfigId, Jwt, Name};

/// A credential declaration.
#[derive(Clone, Debug, PartialEq)]
pub enum Credential {
    /// `api_key`
    ApiKey(ApiKey),
    /// `jwt`
    Jwt(Jwt),
}

/// `api_key NAME { … }`.
#[derive(Clone, Debug, PartialEq)]
pub struct ApiKey {
    /// Its name.
    pub name: Name,
    /// Where it may stand, in the order written; two presented keys (of one or several places) are `400`.
    pub from: Vec<CredentialSource>,
    /// The known keys.
    pub keys: Keys,
    /// Whether the upstream gets to see it.
    pub forward: bool,
}

/// A place that a credential is read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CredentialSource {
    /// `authorization: Bearer …`
    Bearer,
    /// A header (lower case).
    Header(String),
    /// A query key.
    Query(String),
    /// A cookie.
    Cookie(String),
}

/// Known keys.
#[derive(Clone, Debug, PartialEq)]
pub enum Keys {
    /// Name and SHA-256 of the key. Names and digests are distinct.
    Known(Vec<(String, [u8; 32])>),
    /// A configured `map<string, string>` from name to `sha256:HEX`.
    Config(ConfigId),
}

/// What a verified credential says of the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Member {
    /// `.key_id` of an `api_key`
    KeyId,
}

impl Member {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Member::KeyId => "key_id",
        }
    }
}

impl Credential {
    /// Its name.
    pub fn name(&self) -> &Name {
        match self {
            Credential::ApiKey(key) => &key.name,
            Credential::Jwt(jwt) => &jwt.name,
        }
    }

    /// The keyword that declares it.
    pub fn keyword(&self) -> &'static str {
        match self {
            Credential::ApiKey(_) => "api_key",
            Credential::Jwt(_) => "jwt",
        }
    }

    /// Where it may stand, in the order written.
    pub fn from(&self) -> &[CredentialSource] {
        match self {
            Credential::ApiKey(key) => &key.from,
            Credential::Jwt(jwt) => &jwt.from,
        }
    }

    /// Whether the upstream gets to see it.
    pub fn forward(&self) -> bool {
        match self {
            Credential::ApiKey(key) => key.forward,
            Credential::Jwt(jwt) => jwt.forward,
        }
    }

    /// What can be read of it, the one that names the caller first; of a `jwt` its claims can.
    pub fn members(&self) -> &'static [Member] {
        match self {
            Credential::ApiKey(_) => &[Member::KeyId],
            Credential::Jwt(_) => &[],
        }
    }
}
