//! `hmac NAME { … }`: what a caller signs with a shared secret. A built-in scheme is filled in as a custom one that says the same.

use super::{ConfigId, Credential, CredentialSource, Expr, Name, Policy};

/// `hmac NAME { … }`.
#[derive(Clone, Debug, PartialEq)]
pub struct Hmac {
    /// Its name.
    pub name: Name,
    /// Where the signature stands: one place; two presented ones are `400`.
    pub from: Vec<CredentialSource>,
    /// How codes stand there.
    pub codes: Codes,
    /// Set for `aws_sigv4`, whose message, codes and timestamp no expressions say: how far from now the date may lie, nanoseconds.
    pub aws: Option<i64>,
    /// Set for `http_signature`, whose message, codes and timestamp no expressions say.
    pub http: Option<HttpSignature>,
    /// What computes them.
    pub algorithm: Algorithm,
    /// What is signed, piece by piece.
    pub message: Vec<Piece>,
    /// When it was signed, and how long that is good for.
    pub timestamp: Option<Timestamp>,
    /// Secrets that may have signed it: `secret` or `secret?`; any may match, absent ones are left out.
    pub secrets: Vec<Expr>,
    /// Whether a secret is written as `whsec_` and base64.
    pub encoded_secrets: bool,
    /// What may come once only.
    pub dedupe: Option<Dedupe>,
    /// Whether the message reads the body of the request.
    pub reads_body: bool,
    /// Whether it reads the body as JSON.
    pub reads_json: bool,
    /// Whether it reads the body as a form.
    pub reads_form: bool,
    /// Whether the upstream gets to see the signature.
    pub forward: bool,
}

/// HTTP Message Signatures: what one has to say to count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpSignature {
    /// Components that it has to cover: names of fields, `@` and derived ones.
    pub covers: Vec<String>,
    /// How far from now it may have been created on either side, nanoseconds.
    pub tolerance: i64,
}

/// How codes stand in what is presented: the parts between separators that begin with a prefix, each encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Codes {
    /// What stands between parts; without one there is one part.
    pub separator: Option<char>,
    /// What a part begins with; others are passed over.
    pub prefix: String,
    /// How the rest of the part is written.
    pub encoding: Encoding,
}

/// How bytes are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Hex digits of either case.
    Hex,
    /// Hex digits in lower case.
    LowerHex,
    /// Base64 with padding.
    Base64,
    /// Base64 for URLs, without padding.
    Base64Url,
}

impl Encoding {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Encoding::Hex => "hex",
            Encoding::LowerHex => "lower-case hex",
            Encoding::Base64 => "base64",
            Encoding::Base64Url => "base64url",
        }
    }
}

/// The digest below the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// `sha256`
    Sha256,
    /// `sha512`
    Sha512,
    /// `sha1`
    Sha1,
}

impl Algorithm {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Algorithm::Sha256 => "sha256",
            Algorithm::Sha512 => "sha512",
            Algorithm::Sha1 => "sha1",
        }
    }
}

/// A piece of what is signed.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    /// A string or bytes; absent fails verification.
    Value(Expr),
    /// The timestamp as it was written.
    Timestamp,
}

/// When a request was signed.
#[derive(Clone, Debug, PartialEq)]
pub struct Timestamp {
    /// Where it stands.
    pub from: TimestampSource,
    /// How it is written.
    pub form: TimestampForm,
    /// How far from now it may lie on either side, nanoseconds.
    pub tolerance: i64,
}

/// Where a timestamp stands.
#[derive(Clone, Debug, PartialEq)]
pub enum TimestampSource {
    /// A `string?`.
    Value(Expr),
    /// The part of what is presented that begins so, between the same separators as codes.
    Part(String),
}

/// How a timestamp is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimestampForm {
    /// Seconds since 1970.
    Unix,
    /// RFC 3339.
    Rfc3339,
}

/// `dedupe = … for …`: a nonce may come once in a while.
#[derive(Clone, Debug, PartialEq)]
pub struct Dedupe {
    /// The nonce, a `string?`; `None`: the code that matched.
    pub nonce: Option<Expr>,
    /// How long it is remembered, nanoseconds.
    pub window: i64,
}

impl Hmac {
    /// How long at most after its date an AWS signature in a query is good: seven days, and never longer than it is remembered where it
    /// may come once; nanoseconds.
    pub fn longest(&self) -> i64 {
        let week = 7 * 86_400 * 1_000_000_000;
        let remembered = self.dedupe.as_ref().map(|dedupe| dedupe.window.saturating_sub(self.aws.unwrap_or(0)).max(0));
        remembered.map_or(week, |remembered| remembered.min(week))
    }

    /// Every expression in it.
    pub fn exprs(&self) -> impl Iterator<Item = &Expr> {
        let pieces = self.message.iter().filter_map(|piece| match piece {
            Piece::Value(value) => Some(value),
            Piece::Timestamp => None,
        });
        let timestamp = self.timestamp.iter().filter_map(|timestamp| match &timestamp.from {
            TimestampSource::Value(value) => Some(value),
            TimestampSource::Part(_) => None,
        });
        pieces.chain(timestamp).chain(&self.secrets).chain(self.dedupe.iter().filter_map(|dedupe| dedupe.nonce.as_ref()))
    }
}

impl Hmac {
    /// How many HTTP message signatures of a request may count. Where a code may come once, one: of several that are right any could
    /// come again without the others.
    pub fn most_signatures(&self) -> usize {
        if self.dedupe.as_ref().is_some_and(|dedupe| dedupe.nonce.is_none()) { 1 } else { 16 }
    }
}

impl Policy {
    /// The configured secrets that are written as `whsec_` and base64, in the order in which they are named.
    pub fn encoded_secrets(&self) -> Vec<ConfigId> {
        let mut found = Vec::new();
        for credential in &self.credentials {
            if let Credential::Hmac(hmac) = credential
                && hmac.encoded_secrets
            {
                hmac.secrets.iter().for_each(|secret| self.configured_in(secret, &mut found));
            }
        }
        found
    }
}
