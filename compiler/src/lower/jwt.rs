//! `jwt`: tables of what is demanded and of keys, states, claims, and `policy.verify`, which names the algorithms in use and so
//! decides which of them are linked.

use portcullis_runtime::contract::{Mechanism, Policy, REASONS, Val, algorithm};
use portcullis_runtime::crypto::{ed25519_table, host, p256, p384};
use portcullis_runtime::digest::sha512;
use portcullis_runtime::tables::{fetch as tables_of_fetch, jwks, jwt as demands};
use portcullis_runtime::values::siphash;

use super::build::{Builder, Context, Phase, call, give, index};
use super::expr::binary;
use super::{reply, tables};
use crate::ir::hir::{self, ClaimDefault, ClaimKind, Credential, CredentialId, JwkMaterial, Jwt, JwtAlgorithm, JwtCrypto, JwtKeys, Ty};
use crate::ir::lir::{BinaryOp, DataId, Expr, Local, Stmt, UnaryOp};

/// The state of a `jwt`.
pub(super) fn state(builder: &mut Builder<'_>, id: CredentialId, jwt: &Jwt) -> Expr {
    if let Some(function) = builder.tokens.get(&id.0) {
        return Expr::Apply(*function, vec![]);
    }
    let from = tables::credential(builder, &jwt.from);
    let table = builder.table("token", demands::write(&described(jwt)));
    let keys = match &jwt.keys {
        JwtKeys::Known(keys) => Some(Expr::Data(key_set(builder, keys))),
        JwtKeys::Secret(field) => Some(call(Mechanism::ConfigStr, vec![index(field.index())])),
        JwtKeys::Set(field) => Some(call(Mechanism::ConfigJwks, vec![index(field.index())])),
        JwtKeys::Fetched(_) => None,
    };
    let mut arguments = vec![index(id.index()), Expr::Data(from), Expr::Data(table)];
    let mechanism = if keys.is_some() { Mechanism::CredentialCheckJwt } else { Mechanism::CredentialCheckFetched };
    arguments.extend(keys);
    let check = call(mechanism, arguments);
    let name = format!("check {}", jwt.name.text);
    let function = builder.function(name, Context::new(Phase::Request, &[]), Some(Val::I32), vec![give(check)]);
    builder.tokens.insert(id.0, function);
    Expr::Apply(function, vec![])
}

/// `NAME.claim`.
pub(super) fn claim(builder: &mut Builder<'_>, id: CredentialId, number: u32, ty: &Ty) -> Expr {
    let state = super::auth::state(builder, id);
    let mechanism = match (ty, ty.present()) {
        (_, Ty::List(_)) => Mechanism::ClaimList,
        (Ty::Optional(_), Ty::Int | Ty::Float | Ty::Bool) => Mechanism::ClaimCell,
        (_, Ty::Int | Ty::Float | Ty::Bool) => Mechanism::ClaimInt,
        _ => Mechanism::ClaimStr,
    };
    let value = call(mechanism, vec![index(id.index()), index(number as usize)]);
    let value = match ty {
        Ty::Bool => Expr::Unary(UnaryOp::Wrap, Box::new(value)),
        Ty::Float => Expr::Unary(UnaryOp::BitsFloat, Box::new(value)),
        _ => value,
    };
    Expr::Block(vec![Stmt::Do(state)], Box::new(value))
}

/// Refuses a token, counting why.
pub(super) fn refuse_invalid(builder: &mut Builder<'_>, id: CredentialId, name: &str, full: &reply::Full) -> Vec<Stmt> {
    let number = reply::number(builder, full);
    let first = index(builder.metrics.number(name, REASONS[0]));
    // INVARIANT: the metrics of all reasons were entered one after the other.
    let metric = binary(BinaryOp::Add32, first, call(Mechanism::CredentialReason, vec![index(id.index())]));
    vec![give(reply::dispatch(Expr::I32(0), metric, builder, Some(number)))]
}

/// Generates `policy.verify`.
pub(super) fn lower(builder: &mut Builder<'_>) {
    let policy = builder.policy;
    let used = |algorithm: JwtAlgorithm| {
        policy.credentials.iter().any(|credential| match credential {
            Credential::Jwt(jwt) => jwt.algorithms.contains(&algorithm),
            Credential::ApiKey(_) | Credential::Basic(_) | Credential::Hmac(_) | Credential::Mtls(_) | Credential::Token(_) => false,
        })
    };
    let context = Context::new(Phase::Request, &[Val::I32, Val::I64, Val::I64, Val::I64]);
    let mut body = Vec::new();
    if JwtAlgorithm::ALL.into_iter().any(used) {
        let mut arms = Vec::new();
        for algorithm in JwtAlgorithm::ALL {
            arms.push(if used(algorithm) { vec![give(verify(builder, algorithm))] } else { Vec::new() });
        }
        body.push(Stmt::Switch(Expr::Local(Local(0)), arms, vec![]));
    }
    body.push(give(Expr::I32(0)));
    let function = builder.function("verify a signature", context, Some(Val::I32), body);
    builder.implement(Policy::Verify, function);
}

/// Whether some `jwt` of this algorithm may be verified by the module itself.
fn is_own(policy: &hir::Policy, algorithm: JwtAlgorithm) -> bool {
    policy.credentials.iter().any(
        |credential| matches!(credential, Credential::Jwt(jwt) if jwt.crypto == JwtCrypto::Auto && jwt.algorithms.contains(&algorithm)),
    )
}

fn verify(builder: &mut Builder<'_>, algorithm: JwtAlgorithm) -> Expr {
    if !is_own(builder.policy, algorithm) {
        return verify_by_host(builder, algorithm);
    }
    let (mechanism, curve, long) = match algorithm {
        JwtAlgorithm::Rs256 => (Mechanism::VerifyRs256, None, false),
        JwtAlgorithm::Rs384 => (Mechanism::VerifyRs384, None, true),
        JwtAlgorithm::Rs512 => (Mechanism::VerifyRs512, None, true),
        JwtAlgorithm::Ps256 => (Mechanism::VerifyPs256, None, false),
        JwtAlgorithm::Ps384 => (Mechanism::VerifyPs384, None, true),
        JwtAlgorithm::Ps512 => (Mechanism::VerifyPs512, None, true),
        JwtAlgorithm::Es256 => (Mechanism::VerifyEs256, Some(p256::table()), false),
        JwtAlgorithm::Es384 => (Mechanism::VerifyEs384, Some(p384::table()), true),
        JwtAlgorithm::EdDsa => (Mechanism::VerifyEdDsa, Some(ed25519_table::table()), true),
        JwtAlgorithm::Hs256 => (Mechanism::VerifyHs256, None, false),
        JwtAlgorithm::Hs384 => (Mechanism::VerifyHs384, None, true),
        JwtAlgorithm::Hs512 => (Mechanism::VerifyHs512, None, true),
    };
    let mut arguments = Vec::new();
    if let Some(hash) = algorithm.host_hash() {
        arguments.push(Expr::Data(builder.table("host's verification", host::names(hash))));
    }
    if let Some(curve) = curve {
        arguments.push(Expr::Data(builder.table("curve", curve)));
    }
    if long {
        arguments.push(Expr::Data(builder.table("constants of SHA-512", sha512::constants())));
    }
    arguments.extend([1, 2, 3].map(|number| Expr::Local(Local(number))));
    call(mechanism, arguments)
}

/// By the host alone: of our own code nothing is linked.
fn verify_by_host(builder: &mut Builder<'_>, algorithm: JwtAlgorithm) -> Expr {
    // INVARIANT: the checker admits `crypto = host` only for those that hosts verify. Nothing else holds.
    let Some(hash) = algorithm.host_hash() else { return Expr::I32(0) };
    // Bytes of a signature where they are fixed: of RSA the key tells.
    let size = match algorithm {
        JwtAlgorithm::Es256 => Some(64),
        JwtAlgorithm::Es384 => Some(96),
        _ => None,
    };
    let mut arguments = vec![Expr::Data(builder.table("host's verification", host::names(hash)))];
    arguments.extend(size.map(Expr::I32));
    arguments.extend([1, 2, 3].map(|number| Expr::Local(Local(number))));
    call(if size.is_some() { Mechanism::VerifyHostEs } else { Mechanism::VerifyHostRs }, arguments)
}

/// The number of an algorithm at the border.
fn number(algorithm: JwtAlgorithm) -> u32 {
    algorithm::NAMES.iter().zip(0..).find(|(name, _)| **name == algorithm.as_str()).map_or(31, |(_, number)| number)
}

fn described(jwt: &Jwt) -> demands::Demands {
    demands::Demands {
        algorithms: jwt.algorithms.iter().fold(0, |bits, algorithm| bits | 1 << number(*algorithm)),
        secret: matches!(jwt.keys, JwtKeys::Secret(_)),
        issuer: jwt.issuer.clone(),
        audiences: jwt.audiences.clone(),
        skew: u64::try_from(jwt.clock_skew).unwrap_or(0),
        expiration: jwt.require_expiration,
        lifetime: jwt.max_lifetime.map(|lifetime| u64::try_from(lifetime).unwrap_or(0)),
        claims: jwt.claims.iter().map(described_claim).collect(),
    }
}

fn described_claim(claim: &hir::Claim) -> demands::Claim {
    let (kind, values) = match &claim.kind {
        ClaimKind::Bool => (demands::Kind::Bool, Vec::new()),
        ClaimKind::Int => (demands::Kind::Int, Vec::new()),
        ClaimKind::Float => (demands::Kind::Float, Vec::new()),
        ClaimKind::Json => (demands::Kind::Json, Vec::new()),
        ClaimKind::String => (demands::Kind::String, Vec::new()),
        ClaimKind::Enum(values) => (demands::Kind::Enum, values.clone()),
        ClaimKind::Words => (demands::Kind::Words, Vec::new()),
        ClaimKind::List => (demands::Kind::List, Vec::new()),
    };
    let default = claim.default.as_ref().map(|default| match default {
        ClaimDefault::Bool(value) => value.to_string(),
        ClaimDefault::Int(value) => value.to_string(),
        ClaimDefault::Float(value) => value.to_string(),
        ClaimDefault::String(text) => serde_json::json!(text).to_string(),
        ClaimDefault::List(texts) => serde_json::json!(texts).to_string(),
    });
    demands::Claim { name: claim.name.text.clone(), kind, optional: claim.optional, default, values }
}

/// A key set. The largest keys are prepared for verification here, so that no request has to.
fn key_set(builder: &mut Builder<'_>, keys: &[hir::Jwk]) -> DataId {
    let written: Vec<jwks::Key<'_>> = keys
        .iter()
        .map(|key| jwks::Key {
            id: key.id.as_ref().map(String::as_bytes),
            algorithms: key.algorithm.map_or(u32::MAX, |algorithm| 1 << number(algorithm)),
            material: match &key.material {
                JwkMaterial::Rsa { n, e } => jwks::Material::Rsa(n, e),
                JwkMaterial::P256 { x, y } => jwks::Material::P256(x, y),
                JwkMaterial::P384 { x, y } => jwks::Material::P384(x, y),
                JwkMaterial::Ed25519(key) => jwks::Material::Ed25519(key),
            },
        })
        .collect();
    builder.table("key set", jwks::write(&written))
}

/// What is left to do when the configuration is loaded: key sets in it.
pub(super) fn configured(builder: &mut Builder<'_>) -> Vec<Expr> {
    let policy = builder.policy;
    let mut fields: Vec<usize> = Vec::new();
    for credential in &policy.credentials {
        if let Credential::Jwt(Jwt { keys: JwtKeys::Set(field), .. }) = credential
            && !fields.contains(&field.index())
        {
            fields.push(field.index());
        }
    }
    let mut loads = Vec::new();
    if host_may_verify(policy) {
        let names = builder.table("host's verification", host::names("sha256"));
        let metric = |builder: &Builder<'_>, outcome| index(builder.metrics.number(SIGNATURES, outcome));
        let by_host = metric(builder, BY_HOST);
        if let Some(jwt) = by_host_alone(policy) {
            let refusal = format!("portcullis: `jwt {}` has `crypto = host`, and this host has no `verify_signature`", jwt.name.text);
            let refusal = builder.string(&refusal);
            loads.push(call(Mechanism::SignaturesRequire, vec![Expr::Data(names), by_host, refusal]));
        } else {
            let own = metric(builder, OWN);
            loads.push(call(Mechanism::SignaturesProbe, vec![Expr::Data(names), by_host, own]));
        }
    }
    for field in fields {
        let name = policy.config.get(field).map_or("", |config| config.name.text.as_str());
        let refusal = builder.string(&format!("configuration key `{name}` must be a JSON Web Key Set with public keys"));
        loads.push(call(Mechanism::ConfigJwksLoad, vec![index(field), refusal]));
    }
    for (number, credential) in policy.credentials.iter().enumerate() {
        if let Credential::Jwt(jwt) = credential
            && let JwtKeys::Fetched(fetch) = &jwt.keys
            && let Some(service) = policy.services.get(fetch.service.index())
        {
            let table = fetched(builder, jwt, fetch, service);
            loads.push(call(Mechanism::FetchAdd, vec![index(number), Expr::Data(table)]));
        }
    }
    loads
}

/// How a key set is fetched.
fn fetched(builder: &mut Builder<'_>, jwt: &Jwt, fetch: &hir::JwtFetch, service: &hir::Service) -> DataId {
    let metric = |builder: &Builder<'_>, outcome| u32::try_from(builder.metrics.number(&service.name.text, outcome)).unwrap_or(u32::MAX);
    let nanoseconds = |time: i64| u64::try_from(time).unwrap_or(0);
    // Another service or path under this name has other keys: they are not shared.
    let asked = siphash::hash(format!("{} {} {}", service.cluster, service.authority, fetch.path).as_bytes());
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let table = tables_of_fetch::Fetch {
        refresh: nanoseconds(fetch.refresh),
        stale: nanoseconds(fetch.stale),
        timeout: u32::try_from(service.timeout / 1_000_000).unwrap_or(u32::MAX),
        fetched: metric(builder, FETCHED),
        failed: metric(builder, FETCH_FAILED),
        cluster: service.cluster.clone(),
        headers: vec![
            header(":method", "GET"),
            header(":path", &fetch.path),
            header(":authority", &service.authority),
            header("accept", "application/jwk-set+json, application/json"),
        ],
        name: service.name.text.clone(),
        key: format!("portcullis/keys/{}/{}/{asked:016x}", builder.policy.name.text, jwt.name.text),
    };
    builder.table("fetch", tables_of_fetch::write(&table))
}

/// What counts, once for each VM that is configured, who verifies what a host can verify.
pub(super) const SIGNATURES: &str = "signatures";
/// It is the host.
pub(super) const BY_HOST: &str = "host";
/// It is the module.
pub(super) const OWN: &str = "own";

/// A `jwt` that the host alone verifies.
pub(super) fn by_host_alone(policy: &hir::Policy) -> Option<&Jwt> {
    policy.credentials.iter().find_map(|credential| match credential {
        Credential::Jwt(jwt) if jwt.crypto == JwtCrypto::Host => Some(jwt),
        _ => None,
    })
}

/// Whether a host can verify some signature of the policy.
pub(super) fn host_may_verify(policy: &hir::Policy) -> bool {
    let of = |jwt: &Jwt| jwt.algorithms.iter().any(|algorithm| algorithm.host_verifies());
    policy.credentials.iter().any(|credential| matches!(credential, Credential::Jwt(jwt) if of(jwt)))
}

/// What a service counts that answers with keys, and one that does not.
pub(super) const FETCHED: &str = "fetched";
pub(super) const FETCH_FAILED: &str = "fetch_failed";

/// Whether the keys of a credential are fetched.
pub(super) fn is_fetched(credential: &Credential) -> bool {
    matches!(credential, Credential::Jwt(Jwt { keys: JwtKeys::Fetched(_), .. }))
}
