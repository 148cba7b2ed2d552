//! `scheme = http_signature`: HTTP Message Signatures with HMAC-SHA-256, as RFC 9421 describes them. In: facts, a secret. Out: what is
//! presented, and the code that is right.

use std::collections::{BTreeMap, BTreeSet};

use sha2::Digest;

use super::authenticate::Presented;
use super::bytes::trim;
use super::facts::Facts;
use super::hmac;
use super::structured::{Item, Member, dictionary, dictionary_of};
use crate::ir::hir;
use crate::tools::engine::Nanoseconds;

/// Most components of a signature.
const MOST_COMPONENTS: usize = 64;

/// A signature that may count.
struct Claim {
    components: Vec<String>,
    written: String,
    created: i64,
    expires: Option<i64>,
    code: Vec<u8>,
}

/// What the headers tell.
pub(super) fn from_headers((http, most): (&hir::HttpSignature, usize), facts: &Facts, now: Nanoseconds) -> Presented {
    if facts.header_lines("signature").is_empty() && facts.header_lines("signature-input").is_empty() {
        return Presented::Absent;
    }
    let whole: Vec<Claim> = claims(facts, most).into_iter().filter(|claim| is_whole(http, facts, claim, false)).collect();
    match whole.iter().any(|claim| is_fresh(http, claim, now)) {
        true => Presented::Open(Vec::new()),
        false if whole.is_empty() => Presented::Invalid("malformed"),
        false => Presented::Invalid("stale"),
    }
}

/// The code that is right under a secret; the body is in.
pub(super) fn code((http, most): (&hir::HttpSignature, usize), facts: &Facts, now: Nanoseconds, secret: &[u8]) -> Option<Vec<u8>> {
    let body = facts.body.as_ref().map_or(&[][..], |body| &body.bytes);
    if !facts.header_lines("content-digest").is_empty() && !is_digest(facts, body) {
        return None;
    }
    let mut right = None;
    for claim in claims(facts, most) {
        let code = hmac::code(hir::Algorithm::Sha256, secret, &base(facts, &claim));
        if is_whole(http, facts, &claim, !body.is_empty()) && is_fresh(http, &claim, now) && code == claim.code {
            right = Some(code);
        }
    }
    right
}

fn is_fresh(http: &hir::HttpSignature, claim: &Claim, now: Nanoseconds) -> bool {
    let at = |seconds: i64| i128::from(seconds) * 1_000_000_000;
    let now = i128::from(now);
    (now - at(claim.created)).abs() <= i128::from(http.tolerance) && claim.expires.is_none_or(|end| now < at(end))
}

/// Whether what has to be covered is, and what is covered is there once.
fn is_whole(http: &hir::HttpSignature, facts: &Facts, claim: &Claim, has_body: bool) -> bool {
    let covered: BTreeSet<&str> = claim.components.iter().map(String::as_str).collect();
    let target = covered.contains("@request-target");
    let enough = http.covers.iter().all(|wanted| {
        let excused = match wanted.as_str() {
            "@path" => target,
            "@query" => target || !facts.raw_path.contains('?'),
            "content-digest" => !has_body,
            _ => false,
        };
        excused || covered.contains(wanted.as_str())
    });
    let there = claim.components.iter().all(|name| match name.as_str() {
        "@method" | "@authority" | "@path" | "@query" | "@request-target" => true,
        name => !name.starts_with('@') && !name.chars().any(char::is_uppercase) && !facts.header_lines(name).is_empty(),
    });
    enough && there && covered.len() == claim.components.len() && (1..=MOST_COMPONENTS).contains(&covered.len())
}

/// The signature base (2.5).
fn base(facts: &Facts, claim: &Claim) -> Vec<u8> {
    let (path, query) = facts.raw_path.split_once('?').unwrap_or((&facts.raw_path, ""));
    let mut base = Vec::new();
    for name in &claim.components {
        let value = match name.as_str() {
            "@method" => facts.method.clone().into_bytes(),
            "@authority" => authority(facts).to_ascii_lowercase().into_bytes(),
            "@path" if path.is_empty() => b"/".to_vec(),
            "@path" => path.as_bytes().to_vec(),
            "@query" => format!("?{query}").into_bytes(),
            "@request-target" => facts.raw_path.clone().into_bytes(),
            name => field(facts, name),
        };
        base.extend(format!("\"{name}\": ").into_bytes());
        base.extend(value);
        base.push(b'\n');
    }
    base.extend(format!("\"@signature-params\": {}", claim.written).into_bytes());
    base
}

/// The authority without the port that is the scheme's own, or an empty one.
fn authority(facts: &Facts) -> &str {
    let usual = if facts.scheme() == "https" { ":443" } else { ":80" };
    [usual, ":"].iter().find_map(|port| facts.authority.strip_suffix(port)).unwrap_or(&facts.authority)
}

fn field(facts: &Facts, name: &str) -> Vec<u8> {
    facts.header_lines(name).iter().map(|line| trim(line).to_vec()).collect::<Vec<_>>().join(&b", "[..])
}

/// The signatures that may count; none when a field is malformed or a label is there twice, or when there are too many.
fn claims(facts: &Facts, most: usize) -> Vec<Claim> {
    let (Some(codes), Some(inputs)) = (dictionary(&field(facts, "signature")), dictionary(&field(facts, "signature-input"))) else {
        return Vec::new();
    };
    let bare = |member: &Member| matches!(member.item, Item::Bytes(_)) && member.list.is_none() && member.parameters.is_empty();
    if !codes.iter().all(|(_, member)| bare(member)) || !inputs.iter().all(|(_, member)| member.list.is_some()) {
        return Vec::new();
    }
    if inputs.iter().flat_map(|(_, member)| member.list.iter().flatten()).any(|(item, _)| !matches!(item, Item::String(_))) {
        return Vec::new();
    }
    let codes: BTreeMap<String, Member> = codes.into_iter().collect();
    let found: Vec<Claim> = inputs
        .into_iter()
        .filter_map(|(label, member)| match &codes.get(&label)?.item {
            Item::Bytes(code) if code.len() == 32 => claim(member, code.clone()),
            _ => None,
        })
        .collect();
    if found.len() <= most { found } else { Vec::new() }
}

fn claim(member: Member, code: Vec<u8>) -> Option<Claim> {
    let mut components = Vec::new();
    for (item, has_parameters) in member.list? {
        match item {
            Item::String(name) if !has_parameters && !name.is_empty() && !name.contains([' ', '\\']) => components.push(name),
            _ => return None,
        }
    }
    let all = |name: &str| member.parameters.iter().filter(|(known, _)| known == name).map(|(_, item)| item).collect::<Vec<_>>();
    match all("alg").as_slice() {
        [] => {}
        [Item::String(name)] if name == "hmac-sha256" => {}
        _ => return None,
    }
    let created = match all("created").as_slice() {
        [Item::Integer(at)] => *at,
        _ => return None,
    };
    let expires = match all("expires").as_slice() {
        [] => None,
        [Item::Integer(at)] => Some(*at),
        _ => return None,
    };
    Some(Claim { components, written: member.written, created, expires, code })
}

/// Whether `content-digest` tells a digest that is known here, and each such is the body's.
fn is_digest(facts: &Facts, body: &[u8]) -> bool {
    let Some(members) = dictionary_of(&field(facts, "content-digest"), usize::MAX, false) else { return false };
    let mut known = BTreeSet::new();
    for (name, member) in members {
        let (Item::Bytes(given), None, true) = (&member.item, &member.list, member.parameters.is_empty()) else { return false };
        let right = match name.as_str() {
            "sha-256" => sha2::Sha256::digest(body).to_vec(),
            "sha-512" => sha2::Sha512::digest(body).to_vec(),
            _ => continue,
        };
        if *given != right || !known.insert(name) {
            return false;
        }
    }
    !known.is_empty()
}
