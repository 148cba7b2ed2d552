//! Credentials: what a request presents, what scopes demand, what the upstream does not get to see.
//! In: declarations and facts. Out: presented credentials, refusals, headers without them.

use sha2::{Digest, Sha256};

use super::bytes::{text, trim};
use super::expr::Context;
use super::facts::{self, Facts};
use super::fetch::Sets;
use super::value::Value;
use super::{aws, hmac, home_grown, http_signature, jwt, rule};
use crate::ir::hir;
use crate::lang::{encoding, password};
use crate::tools::engine::{EngineError, Nanoseconds};
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
    /// One that is not valid, with what that counts as.
    Invalid(&'static str),
    /// Several.
    Doubled,
    /// One whose signature is not looked at yet: nothing in the headers speaks against it.
    Open(Vec<u8>),
    /// One that cannot be verified for want of a key.
    Fault,
    /// A certificate that is verified and not the one: another declaration may take it.
    Other,
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
            Presented::Absent
            | Presented::Invalid(_)
            | Presented::Doubled
            | Presented::Other
            | Presented::Valid(_)
            | Presented::Open(_)
            | Presented::Fault => Value::Absent,
        }
    }

    /// What it says of the caller, when it is valid.
    pub(super) fn member(&self, member: hir::Member) -> Option<String> {
        match self {
            Presented::Valid(identity) => identity.iter().find(|(known, _)| *known == member).map(|(_, value)| value.clone()),
            Presented::Absent
            | Presented::Invalid(_)
            | Presented::Doubled
            | Presented::Other
            | Presented::Token(_)
            | Presented::Open(_)
            | Presented::Fault => None,
        }
    }
}

/// What refuses a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// The credential that it names.
    pub(super) credential: hir::CredentialId,
    /// 400 or 401; 503 for a fault.
    pub(super) status: u16,
    /// Why, for the operator.
    pub(super) outcome: &'static str,
    /// Whether one was presented that is not valid.
    pub(super) invalid: bool,
}

/// What is presented of each credential, as far as the headers tell.
pub(super) fn presented(ctx: Context<'_>, now: Nanoseconds, sets: &mut Sets) -> Result<Vec<Presented>, EngineError> {
    let (policy, config, facts) = (ctx.policy, ctx.config, ctx.facts);
    let scopes = rule::matching_scopes(policy, facts);
    let asked: Vec<usize> =
        scopes.iter().flat_map(|scope| &scope.authenticate).flat_map(|line| &line.credentials).map(|id| id.index()).collect();
    let each = policy.credentials.iter().enumerate().map(|(number, credential)| match credential {
        hir::Credential::ApiKey(key) => Ok(once(&key.from, facts, |value| {
            let name = known(&key.keys, config, value).ok_or("unknown_key")?;
            Ok(Presented::Valid(vec![(hir::Member::KeyId, name)]))
        })),
        hir::Credential::Basic(basic) => Ok(once(&basic.from, facts, |value| {
            let name = user(&basic.users, config, value)?;
            Ok(Presented::Valid(vec![(hir::Member::User, name)]))
        })),
        // Where nothing asks for it, nothing is fetched for it, and nobody looks at what it would be.
        hir::Credential::Jwt(token) if matches!(token.keys, hir::JwtKeys::Fetched(_)) && !asked.contains(&number) => Ok(Presented::Absent),
        hir::Credential::Jwt(token) => {
            Ok(once(&token.from, facts, |value| match jwt::verify(policy, (number, token), (config, &mut *sets), value, now) {
                Err(jwt::NO_KEYS) => Ok(Presented::Fault),
                verified => verified.map(Presented::Token),
            }))
        }
        hir::Credential::Mtls(mtls) => Ok(peer(mtls, facts)),
        hir::Credential::Token(token) => match single(&token.from, facts) {
            Ok(value) => home_grown::verify(token, &value, ctx, now),
            Err(other) => Ok(other),
        },
        hir::Credential::Hmac(signed) if let Some(tolerance) = signed.aws => {
            Ok(aws::from_headers(facts, (tolerance, signed.longest()), now))
        }
        hir::Credential::Hmac(signed) if let Some(http) = &signed.http => {
            Ok(http_signature::from_headers((http, signed.most_signatures()), facts, now))
        }
        hir::Credential::Hmac(signed) => match single(&signed.from, facts) {
            Ok(value) => hmac::from_headers(signed, &value, ctx, now),
            Err(other) => Ok(other),
        },
    });
    each.collect()
}

/// What is presented of one credential when the body of the request, if it is read, is in.
pub(super) fn verified(
    id: hir::CredentialId,
    ctx: Context<'_>,
    now: Nanoseconds,
    nonces: &mut hmac::Nonces,
) -> Result<Presented, EngineError> {
    let found = ctx.facts.credentials.get(id.index()).cloned().unwrap_or(Presented::Absent);
    match (&found, ctx.policy.credentials.get(id.index())) {
        (Presented::Open(value), Some(hir::Credential::Hmac(signed))) => hmac::verify((id.index(), signed), value, ctx, now, nonces),
        _ => Ok(found),
    }
}

/// Whether the certificate of the connection is one that a declaration takes.
fn peer(mtls: &hir::Mtls, facts: &Facts) -> Presented {
    if facts.certificate().is_none() {
        return Presented::Absent;
    }
    let subject = facts.certificate_part(hir::CertificatePart::Subject);
    let names = [hir::CertificatePart::Uri, hir::CertificatePart::Dns].map(|part| facts.certificate_part(part));
    let takes = |patterns: &[hir::PeerPattern], name: &str| {
        patterns.iter().any(|pattern| match pattern {
            hir::PeerPattern::Exact(whole) => whole == name,
            hir::PeerPattern::Begins(start) => name.starts_with(start.as_str()),
            hir::PeerPattern::Ends(end) => name.ends_with(end.as_str()),
            hir::PeerPattern::Any => true,
        })
    };
    let san = names.into_iter().flatten().find(|name| takes(&mtls.sans, name));
    let subject = subject.filter(|subject| takes(&mtls.subjects, subject));
    if (san.is_none() && !mtls.sans.is_empty()) || (subject.is_none() && !mtls.subjects.is_empty()) {
        return Presented::Other;
    }
    let san = san.map(|san| (hir::Member::San, san));
    Presented::Valid(san.into_iter().chain(subject.map(|subject| (hir::Member::Subject, subject))).collect())
}

/// What is presented when a credential has to be in one of its places, once.
fn once(from: &[hir::CredentialSource], facts: &Facts, verify: impl FnOnce(&[u8]) -> Result<Presented, &'static str>) -> Presented {
    match single(from, facts) {
        Ok(value) => verify(&value).unwrap_or_else(Presented::Invalid),
        Err(other) => other,
    }
}

/// The one value that is presented; else that there is none, or several.
fn single(from: &[hir::CredentialSource], facts: &Facts) -> Result<Vec<u8>, Presented> {
    let mut found: Vec<Vec<u8>> = from.iter().flat_map(|source| values(source, facts)).collect();
    match (found.pop(), found.is_empty()) {
        (None, _) => Err(Presented::Absent),
        (Some(_), false) => Err(Presented::Doubled),
        (Some(value), true) => Ok(value),
    }
}

/// All values that stand in one place.
fn values(source: &hir::CredentialSource, facts: &Facts) -> Vec<Vec<u8>> {
    match source {
        hir::CredentialSource::Bearer => {
            facts.header_lines("authorization").iter().filter_map(|line| scheme(line, "bearer")).map(<[u8]>::to_vec).collect()
        }
        hir::CredentialSource::Basic => {
            facts.header_lines("authorization").into_iter().filter(|line| scheme(line, "basic").is_some()).collect()
        }
        hir::CredentialSource::Header(name) => facts.header_lines(name),
        hir::CredentialSource::Query(key) => facts.query_values(key),
        hir::CredentialSource::Cookie(name) => facts.cookie_values(name),
    }
}

/// What follows a scheme, which ignores case. Another scheme presents nothing.
fn scheme<'a>(line: &'a [u8], wanted: &str) -> Option<&'a [u8]> {
    let line = trim(line);
    let (scheme, token) = line.split_at_checked(wanted.len())?;
    let separate = token.first().is_none_or(|byte| *byte == b' ' || *byte == b'\t');
    (scheme.eq_ignore_ascii_case(wanted.as_bytes()) && separate).then(|| trim(token))
}

/// The user of `user:password` in base64, `Basic` before it or not, when the password is right.
fn user(users: &hir::Keys, config: &[Value], value: &[u8]) -> Result<String, &'static str> {
    let written = std::str::from_utf8(scheme(value, "basic").unwrap_or(value)).ok();
    let pair = written.and_then(encoding::from_base64).and_then(|pair| String::from_utf8(pair).ok()).ok_or("malformed")?;
    let (name, given) = pair.split_once(':').ok_or("malformed")?;
    if pair.bytes().any(|byte| byte < 0x20 || byte == 0x7f) {
        return Err("malformed");
    }
    let known = match users {
        hir::Keys::Known(users) => users.iter().find(|(user, _)| user == name).map(|(_, digest)| *digest),
        hir::Keys::Config(id) => match config.get(id.index()) {
            Some(Value::Map(users)) => {
                users.iter().find(|(user, _)| user == name).and_then(|(_, written)| password::digest(&written.text()))
            }
            Some(_) | None => None,
        },
    };
    let right = known.ok_or("unknown_user")? == <[u8; 32]>::from(Sha256::digest(given.as_bytes()));
    if right { Ok(name.to_owned()) } else { Err("wrong_password") }
}

/// The name of a key.
fn known(keys: &hir::Keys, config: &[Value], value: &[u8]) -> Option<String> {
    let presented: [u8; 32] = Sha256::digest(value).into();
    match keys {
        hir::Keys::Known(keys) => keys.iter().find(|(_, digest)| *digest == presented).map(|(name, _)| name.clone()),
        hir::Keys::Config(id) => match config.get(id.index()) {
            Some(Value::Map(keys)) => {
                keys.iter().find(|(_, written)| digest(&written.text()) == Some(presented)).map(|(name, _)| name.clone())
            }
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

/// Whether the `authenticate` lines of the scopes refuse. What is presented is asked for in their order, and no further than needed;
/// one that may still be right counts as right.
pub(super) fn refusal(
    lines: &[hir::Authenticate],
    mut presented: impl FnMut(hir::CredentialId) -> Result<Presented, EngineError>,
) -> Result<Option<Refusal>, EngineError> {
    for line in lines {
        let mut missing = None;
        let mut there = false;
        for id in &line.credentials {
            let refused = |status, outcome| Ok(Some(Refusal { credential: *id, status, outcome, invalid: true }));
            match presented(*id)? {
                Presented::Doubled => return refused(400, "doubled"),
                Presented::Invalid(outcome) => return refused(401, outcome),
                Presented::Fault => return refused(503, "fault"),
                Presented::Absent => missing = missing.or(Some((*id, "absent"))),
                Presented::Other => missing = missing.or(Some((*id, "other_peer"))),
                Presented::Valid(_) | Presented::Token(_) | Presented::Open(_) => there = true,
            }
        }
        let enough = line.optional || (line.any && there);
        if let (false, Some((id, outcome))) = (enough, missing) {
            return Ok(Some(Refusal { credential: id, status: 401, outcome, invalid: false }));
        }
    }
    Ok(None)
}

/// The value of `www-authenticate` for a credential that is missing or not valid.
pub(super) fn challenge(realm: &str, credential: &hir::Credential, invalid: bool) -> String {
    let scheme = match credential {
        hir::Credential::ApiKey(key) if key.from.contains(&hir::CredentialSource::Bearer) => {
            let error = if invalid { ", error=\"invalid_token\"" } else { "" };
            return format!("Bearer realm=\"{realm}\"{error}");
        }
        hir::Credential::ApiKey(_) => "ApiKey",
        hir::Credential::Mtls(_) => "ClientCertificate",
        hir::Credential::Basic(_) => return format!("Basic realm=\"{realm}\", charset=\"UTF-8\""),
        hir::Credential::Hmac(_) => "Hmac",
        hir::Credential::Token(token) if token.from.contains(&hir::CredentialSource::Bearer) => "Bearer",
        hir::Credential::Token(_) => "Token",
        hir::Credential::Jwt(_) if invalid => return format!("Bearer realm=\"{realm}\", error=\"invalid_token\""),
        hir::Credential::Jwt(_) => "Bearer",
    };
    format!("{scheme} realm=\"{realm}\"")
}

/// Takes the credentials that are not forwarded out of query and headers, if some scope demands them.
pub(super) fn strip(policy: &hir::Policy, facts: &Facts, query: &mut Option<String>, headers: &mut Headers) {
    let mut queries = Vec::new();
    let mut cookies = Vec::new();
    for (index, credential) in policy.credentials.iter().enumerate() {
        let is_read =
            policy.scopes.iter().filter(|scope| !scope.shadow).flat_map(|scope| &scope.authenticate).flat_map(|line| &line.credentials);
        if credential.forward() || !is_read.into_iter().any(|id| id.index() == index) {
            continue;
        }
        let is_aws = matches!(credential, hir::Credential::Hmac(signed) if signed.aws.is_some());
        for source in credential.from() {
            match source {
                hir::CredentialSource::Header(name) if is_aws => headers.retain(|(key, value)| key != name || !aws::is_signature(value)),
                hir::CredentialSource::Bearer => {
                    headers.retain(|(name, value)| name != "authorization" || scheme(value, "bearer").is_none());
                }
                hir::CredentialSource::Basic => {
                    headers.retain(|(name, value)| name != "authorization" || scheme(value, "basic").is_none());
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
    use super::{digest, scheme};

    #[test]
    fn bearer_tokens() {
        assert_eq!(scheme(b"bEaReR  abc ", "bearer"), Some(b"abc".as_slice()));
        assert_eq!(scheme(b"Bearer", "bearer"), Some(b"".as_slice()));
        assert_eq!(scheme(b"Bearerabc", "bearer"), None);
        assert_eq!(scheme(b"Basic abc", "bearer"), None);
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
