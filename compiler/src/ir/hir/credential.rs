//! Credentials: who a caller is, and how that is proved. One struct for each kind of declaration.

use super::{ConfigId, Hmac, Jwt, Name, Token};

/// A credential declaration.
#[derive(Clone, Debug, PartialEq)]
pub enum Credential {
    /// `api_key`
    ApiKey(ApiKey),
    /// `basic`
    Basic(Basic),
    /// `hmac`
    Hmac(Box<Hmac>),
    /// `jwt`
    Jwt(Jwt),
    /// `token`
    Token(Box<Token>),
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

/// `basic NAME { … }` (RFC 7617).
#[derive(Clone, Debug, PartialEq)]
pub struct Basic {
    /// Its name.
    pub name: Name,
    /// Where it may stand, in the order written; two presented ones are `400`. Everywhere `Basic` may precede the base64.
    pub from: Vec<CredentialSource>,
    /// The known users with the digests of their passwords (`{SHA256}BASE64`); passwords need not be distinct.
    pub users: Keys,
    /// Whether the upstream gets to see it.
    pub forward: bool,
}

/// A place that a credential is read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CredentialSource {
    /// `authorization: Bearer …`
    Bearer,
    /// `authorization: Basic …`
    Basic,
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
    /// Name and SHA-256 of the key. Names are distinct; digests, too, where they tell the name.
    Known(Vec<(String, [u8; 32])>),
    /// A configured `map<string, string>` from name to `sha256:HEX` (passwords: `{SHA256}BASE64`).
    Config(ConfigId),
}

/// What a verified credential says of the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Member {
    /// `.key_id` of an `api_key`
    KeyId,
    /// `.user` of a `basic`
    User,
}

impl Member {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Member::KeyId => "key_id",
            Member::User => "user",
        }
    }
}

impl Credential {
    /// Its name.
    pub fn name(&self) -> &Name {
        match self {
            Credential::ApiKey(key) => &key.name,
            Credential::Basic(basic) => &basic.name,
            Credential::Hmac(hmac) => &hmac.name,
            Credential::Jwt(jwt) => &jwt.name,
            Credential::Token(token) => &token.name,
        }
    }

    /// The keyword that declares it.
    pub fn keyword(&self) -> &'static str {
        match self {
            Credential::ApiKey(_) => "api_key",
            Credential::Basic(_) => "basic",
            Credential::Hmac(_) => "hmac",
            Credential::Jwt(_) => "jwt",
            Credential::Token(_) => "token",
        }
    }

    /// Where it may stand, in the order written.
    pub fn from(&self) -> &[CredentialSource] {
        match self {
            Credential::ApiKey(key) => &key.from,
            Credential::Basic(basic) => &basic.from,
            Credential::Hmac(hmac) => &hmac.from,
            Credential::Jwt(jwt) => &jwt.from,
            Credential::Token(token) => &token.from,
        }
    }

    /// Whether the upstream gets to see it.
    pub fn forward(&self) -> bool {
        match self {
            Credential::ApiKey(key) => key.forward,
            Credential::Basic(basic) => basic.forward,
            Credential::Jwt(jwt) => jwt.forward,
            Credential::Token(token) => token.forward,
            Credential::Hmac(hmac) => hmac.forward,
        }
    }

    /// Whether it can be verified only when the body of the request is in.
    pub fn reads_body(&self) -> bool {
        match self {
            Credential::ApiKey(_) | Credential::Basic(_) | Credential::Jwt(_) | Credential::Token(_) => false,
            Credential::Hmac(hmac) => hmac.reads_body,
        }
    }

    /// What can be read of it, the one that names the caller first; of a `jwt` its claims can.
    pub fn members(&self) -> &'static [Member] {
        match self {
            Credential::ApiKey(_) => &[Member::KeyId],
            Credential::Basic(_) => &[Member::User],
            Credential::Jwt(_) | Credential::Hmac(_) | Credential::Token(_) => &[],
        }
    }
}
