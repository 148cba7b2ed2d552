//! Credentials: what a request presents, what scopes demand, what the upstream does not get to see.
//! In: declarations and facts. Out: presented credentials, refusals, headers without them.

use sha2::{Digest, Sha256};

use super::bytes::{text, trim};
use super::facts::{self, Facts};
use super::jwt;
use super::value::Value;
use crate::ir::hir;
use crate::tools::engine::Nanoseconds;
use crate::tools::message::Headers;

/// What a verified credential says of the caller.
pub(super) type Identity = Vec<(hir::Member, String)>;

/// What a request presents of one credential.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Presented {
    /// Nothing.
    Absent,
    /// One that is verified, with what it says of the caller.
    Valid(Identity),
    /// A token that is verified, with its claims in the order of the declaration.
    Token(Vec<Value>),
    /// One unknown key.
    Invalid,
    /// A token that is refused, with the word for it.
    Refused(&'static str),
    /// Several.
    Doubled,
}

impl Presented {
    /// Whether it is verified.
    pub(super) fn is_valid(&self) -> bool {
        matches!(self, Presented::Valid(_) | Presented::Token(_))
    }

    /// A claim of a valid token.
    pub(super) fn claim(&self, number: usize) -> Value {
        match self {
            Presented::Token(claims) => claims.get(number).cloned().unwrap_or(Value::Absent),
            Presented::Absent | Presented::Invalid | Presented::Doubled | Presented::Valid(_) | Presented::Refused(_) => Value::Absent,
        }
    }

    /// What it says of the caller, when it is valid.
    pub(super) fn member(&self, member: hir::Member) -> Option<String> {
        match self {
            Presented::Valid(identity) => identity.iter().find(|(known, _)| *known == member).map(|(_, value)| value.clone()),
            Presented::Absent | Presented::Invalid | Presented::Doubled | Presented::Token(_) | Presented::Refused(_) => None,
        }
    }
}

/// What refuses a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// The credential that it names.
    pub(super) credential: hir::CredentialId,
    /// 400 or 401.
    pub(super) status: u16,
    /// What it counts as.
    pub(super) outcome: &'static str,
    /// Whether one was presented that is not valid.
    pub(super) invalid: bool,
}

/// What is presented of each credential.
pub(super) fn presented(policy: &hir::Policy, config: &[Value], facts: &Facts, now: Nanoseconds) -> Vec<Presented> {
    policy
        .credentials
        .iter()
        .map(|credential| {
            let mut found: Vec<Vec<u8>> = credential.from().iter().flat_map(|source| values(source, facts)).collect();
            match (found.pop(), found.is_empty()) {
                (None, _) => Presented::Absent,
                (Some(_), false) => Presented::Doubled,
                (Some(value), true) => verified(credential, config, &value, now),
            }
        })
        .collect()
}

/// What one presented value is.
fn verified(credential: &hir::Credential, config: &[Value], value: &[u8], now: Nanoseconds) -> Presented {
    match credential {
        hir::Credential::ApiKey(key) => match known(&key.keys, config, value) {
            Some(name) => Presented::Valid(vec![(hir::Member::KeyId, name)]),
            None => Presented::Invalid,
        },
        hir::Credential::Jwt(token) => match jwt::verify(token, config, value, now) {
            Ok(claims) => Presented::Token(claims),
            Err(outcome) => Presented::Refused(outcome),
        },
    }
}

/// All values that stand in one place.
fn values(source: &hir::CredentialSource, facts: &Facts) -> Vec<Vec<u8>> {
    match source {
        hir::CredentialSource::Bearer => {
            facts.header_lines("authorization").iter().filter_map(|line| bearer(line)).map(<[u8]>::to_vec).collect()
        }
        hir::CredentialSource::Header(name) => facts.header_lines(name),
        hir::CredentialSource::Query(key) => facts.query_values(key),
        hir::CredentialSource::Cookie(name) => facts.cookie_values(name),
    }
}

/// The token of `Bearer TOKEN`; the scheme ignores case. Another scheme presents nothing.
fn bearer(line: &[u8]) -> Option<&[u8]> {
    let line = trim(line);
    let (scheme, token) = line.split_at_checked(6)?;
    let separate = token.first().is_none_or(|byte| *byte == b' ' || *byte == b'\t');
    (scheme.eq_ignore_ascii_case(b"bearer") && separate).then(|| trim(token))
}

/// The name of a key.
fn known(keys: &hir::Keys, config: &[Value], value: &[u8]) -> Option<String> {
    let presented: [u8; 32] = Sha256::digest(value).into();
    match keys {
        hir::Keys::Known(keys) => keys.iter().find(|(_, digest)| *digest == presented).map(|(name, _)| name.clone()),
        hir::Keys::Config(id) => match config.get(id.index()) {
            Some(Value::Map(keys)) => keys.iter().find(|(_, written)| digest(written) == Some(presented)).map(|(name, _)| name.clone()),
            Some(_) | None => None,
        },
    }
}

/// The digest that `sha256:HEX` writes.
pub(super) fn digest(written: &str) -> Option<[u8; 32]> {
    let hex = written.strip_prefix("sha256:")?;
    let digits: Option<Vec<u32>> = hex.chars().map(|digit| digit.to_digit(16)).collect();
    let (pairs, rest) = digits.as_deref()?.as_chunks::<2>();
    let bytes: Option<Vec<u8>> = pairs.iter().map(|[high, low]| u8::try_from(high * 16 + low).ok()).collect();
    if rest.is_empty() { bytes?.try_into().ok() } else { None }
}

/// Whether the `authenticate` lines of a scope refuse.
pub(super) fn refusal(lines: &[hir::Authenticate], presented: &[Presented]) -> Option<Refusal> {
    let state = |id: &hir::CredentialId| presented.get(id.index()).unwrap_or(&Presented::Absent);
    for line in lines {
        for id in &line.credentials {
            match state(id) {
                Presented::Doubled => return Some(Refusal { credential: *id, status: 400, outcome: "deny", invalid: true }),
                Presented::Invalid => return Some(Refusal { credential: *id, status: 401, outcome: "deny", invalid: true }),
                Presented::Refused(outcome) => return Some(Refusal { credential: *id, status: 401, outcome, invalid: true }),
                Presented::Absent | Presented::Valid(_) | Presented::Token(_) => {}
            }
        }
        let mut missing = line.credentials.iter().filter(|id| *state(id) == Presented::Absent);
        let enough = line.optional || (line.any && line.credentials.iter().any(|id| state(id).is_valid()));
        if !enough && let Some(id) = missing.next() {
            return Some(Refusal { credential: *id, status: 401, outcome: "deny", invalid: false });
        }
    }
    None
}

/// The value of `www-authenticate` for a credential that is missing or not valid.
pub(super) fn challenge(realm: &str, credential: &hir::Credential, invalid: bool) -> String {
    let scheme = match credential {
        hir::Credential::ApiKey(key) if key.from.contains(&hir::CredentialSource::Bearer) => "Bearer",
        hir::Credential::ApiKey(_) => "ApiKey",
        hir::Credential::Jwt(_) if invalid => return format!("Bearer realm=\"{realm}\", error=\"invalid_token\""),
        hir::Credential::Jwt(_) => "Bearer",
    };
    format!("{scheme} realm=\"{realm}\"")
}

/// Takes the credentials that are not forwarded out of query and headers, if some scope reads them.
pub(super) fn strip(policy: &hir::Policy, facts: &Facts, query: &mut Option<String>, headers: &mut Headers) {
    let mut queries = Vec::new();
    let mut cookies = Vec::new();
    for (index, credential) in policy.credentials.iter().enumerate() {
        let is_read = policy.scopes.iter().flat_map(|scope| &scope.authenticate).flat_map(|line| &line.credentials);
        if credential.forward() || !is_read.into_iter().any(|id| id.index() == index) {
            continue;
        }
        for source in credential.from() {
            match source {
                hir::CredentialSource::Bearer => {
                    headers.retain(|(name, value)| name != "authorization" || bearer(value).is_none());
                }
                hir::CredentialSource::Header(name) => headers.retain(|(key, _)| key != name),
                hir::CredentialSource::Query(key) => queries.push(key.clone()),
                hir::CredentialSource::Cookie(name) => cookies.push(name.clone()),
            }
        }
    }
    strip_query(&queries, query);
    strip_cookies(facts, &cookies, headers);
}

/// Takes pieces out of the query; the others stay as written. A query that loses all has no `?` either.
fn strip_query(keys: &[String], query: &mut Option<String>) {
    if let Some(written) = query {
        let goes = |piece: &&str| !piece.is_empty() && keys.contains(&text(&facts::pair(piece).0));
        if written.split('&').any(|piece| goes(&piece)) {
            let kept: Vec<&str> = written.split('&').filter(|piece| !goes(piece)).collect();
            *query = Some(kept.join("&")).filter(|left| !left.is_empty());
        }
    }
}

/// Takes cookies out; if one goes, what stays becomes one line.
fn strip_cookies(facts: &Facts, names: &[String], headers: &mut Headers) {
    let goes = |piece: &Vec<u8>| facts::cookie(piece).is_some_and(|(name, _)| names.contains(&text(name)));
    let pieces = facts.cookie_pieces();
    if pieces.iter().any(goes) {
        let kept: Vec<Vec<u8>> = pieces.into_iter().filter(|piece| !goes(piece)).collect();
        headers.retain(|(name, _)| name != "cookie");
        if !kept.is_empty() {
            headers.push(("cookie".to_owned(), kept.join(b"; ".as_slice())));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{bearer, digest};

    #[test]
    fn bearer_tokens() {
        assert_eq!(bearer(b"bEaReR  abc "), Some(b"abc".as_slice()));
        assert_eq!(bearer(b"Bearer"), Some(b"".as_slice()));
        assert_eq!(bearer(b"Bearerabc"), None);
        assert_eq!(bearer(b"Basic abc"), None);
    }

    #[test]
    fn digests() {
        assert_eq!(digest(&format!("sha256:{}", "0F".repeat(32))), Some([15; 32]));
        assert_eq!(digest(&format!("sha256:{}", "0F".repeat(31))), None);
        assert_eq!(digest(&format!("sha256:{}0", "0F".repeat(32))), None);
        assert_eq!(digest(&format!("sha1:{}", "0F".repeat(32))), None);
        assert_eq!(digest(&format!("sha256:{}", "+f".repeat(32))), None);
    }
}
