//! The typed tree: names resolved to ids, types known, constants checked, defaults filled in.
//! Plain data: what later stages find out lives in side tables keyed by the ids below.

mod amount;
mod credential;
mod expr;
mod function;
mod hmac;
mod jwt;
mod policy;
mod print;
mod print_hmac;
mod print_token;
mod rule;
mod test;
mod token;
mod ty;
mod values;
mod walk;

pub use amount::Amount;
pub use credential::{ApiKey, Basic, Credential, CredentialSource, Keys, Member, Mtls, PeerPattern};
pub use expr::{CertificatePart, Const, Expr, ExprKind, Keyed, Read};
pub use function::Function;
pub use hmac::{Algorithm, Codes, Dedupe, Encoding, Hmac, HttpSignature, Piece, Timestamp, TimestampForm, TimestampSource};
pub use jwt::{Claim, ClaimDefault, ClaimKind, Jwk, JwkMaterial, Jwt, JwtAlgorithm, JwtCrypto, JwtFetch, JwtKeys};
pub use policy::{
    Absent, Action, Authenticate, Config, ConfigDefault, Fn, HostPattern, Json, Let, Limit, LimitScope, List, Map, Policy, Reply,
    ReplyBody, Scope, Service,
};
pub use print::print;
pub use rule::{
    AnyRedaction, Detector, Edit, EditTarget, HeaderPattern, MediaRange, On, Redact, Route, RouteArm, Rule, RuleKind, Segment, Target,
    Template,
};
pub use test::{Answer, Body, Certificate, Expectation, Given, Header, Presence, Step, Test, TestPiece, TestValue};
pub use token::{Capture, Token};
pub use ty::Ty;
pub use walk::behind_lets;

pub use super::ast::Name;

/// Declares an index type.
macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u32);
        impl $name {
            /// As a vector index.
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
    )+};
}

ids! {
    /// Index into [`Policy::config`].
    ConfigId
    /// Index into [`Policy::lets`].
    LetId
    /// Index into [`Policy::fns`].
    FnId
    /// Index into [`Policy::lists`].
    ListId
    /// Index into [`Policy::maps`].
    MapId
    /// Index into [`Policy::credentials`].
    CredentialId
    /// Index into [`Policy::services`].
    ServiceId
    /// Index into [`Policy::limits`].
    LimitId
    /// Index into [`Policy::scopes`]; a scope comes before the scopes in it.
    ScopeId
    /// Index into [`Policy::rules`]; file order.
    RuleId
}
