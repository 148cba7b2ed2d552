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
    /// `mtls`
    Mtls(Mtls),
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

/// `mtls NAME { … }`: the certificate that the host verified. What is written has to match: `sans`, `subjects` or both.
#[derive(Clone, Debug, PartialEq)]
pub struct Mtls {
    /// Its name.
    pub name: Name,
    /// One of them matches an alternative name; empty when nothing is written.
    pub sans: Vec<PeerPattern>,
    /// One of them matches the subject; empty when nothing is written.
    pub subjects: Vec<PeerPattern>,
}

/// What a name in a certificate has to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PeerPattern {
    /// Itself, byte by byte.
    Exact(String),
    /// `spiffe://example.org/ns/*`: what stands before the star begins it.
    Begins(String),
    /// `*.example.org`: what stands behind the star ends it.
    Ends(String),
    /// `*`: anything, but there has to be one.
    Any,
}

impl std::fmt::Display for PeerPattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            PeerPattern::Exact(text) => write!(f, "{text:?}"),
            PeerPattern::Begins(start) => write!(f, "{:?}", format!("{start}*")),
            PeerPattern::Ends(end) => write!(f, "{:?}", format!("*{end}")),
            PeerPattern::Any => f.write_str("\"*\""),
        }
    }
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
    /// `.san` of an `mtls`: the name that matched
    San,
    /// `.subject` of an `mtls`
    Subject,
}

impl Member {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Member::KeyId => "key_id",
            Member::User => "user",
            Member::San => "san",
            Member::Subject => "subject",
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
            Credential::Mtls(mtls) => &mtls.name,
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
            Credential::Mtls(_) => "mtls",
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
            Credential::Mtls(_) => &[],
            Credential::Jwt(jwt) => &jwt.from,
            Credential::Token(token) => &token.from,
        }
    }

    /// Whether the upstream gets to see it.
    pub fn forward(&self) -> bool {
        match self {
            Credential::ApiKey(key) => key.forward,
            Credential::Basic(basic) => basic.forward,
            // It is the connection's and never reaches the upstream.
            Credential::Mtls(_) => true,
            Credential::Jwt(jwt) => jwt.forward,
            Credential::Token(token) => token.forward,
            Credential::Hmac(hmac) => hmac.forward,
        }
    }

    /// Whether it can be verified only when the body of the request is in.
    pub fn reads_body(&self) -> bool {
        match self {
            Credential::ApiKey(_) | Credential::Basic(_) | Credential::Mtls(_) | Credential::Jwt(_) | Credential::Token(_) => false,
            Credential::Hmac(hmac) => hmac.reads_body,
        }
    }

    /// What can be read of it, the one that names the caller first; of a `jwt` its claims can.
    pub fn members(&self) -> &'static [Member] {
        match self {
            Credential::ApiKey(_) => &[Member::KeyId],
            Credential::Basic(_) => &[Member::User],
            Credential::Mtls(Mtls { sans, subjects, .. }) => match (sans.is_empty(), subjects.is_empty()) {
                (false, false) => &[Member::San, Member::Subject],
                (false, true) => &[Member::San],
                (true, false) => &[Member::Subject],
                (true, true) => &[],
            },
            Credential::Jwt(_) | Credential::Hmac(_) | Credential::Token(_) => &[],
        }
    }
}
