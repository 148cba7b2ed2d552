//! Constant tables: typed policy in, encoders of the border (`portcullis_runtime::tables`) out.

use std::net::IpAddr;

use portcullis_runtime::contract::{IP_SIZE, slot};
use portcullis_runtime::tables;
use portcullis_runtime::tables::credential::Place;
use portcullis_runtime::tables::schema;
use portcullis_runtime::tables::template::Segment as TableSegment;

use super::build::Builder;
use crate::ir::hir::{self, ConfigDefault, Const, Credential, CredentialSource, ExprKind, HostPattern, Keys, Segment, Ty};
use crate::ir::lir::{Content, DataId};
use crate::lang::types;
use crate::plan::{FIXED_HEADERS, Plan};

/// Number of a header in the request's slots.
pub(super) fn request_slot(plan: &Plan, name: &str) -> i32 {
    slot_of(&plan.request_headers, name)
}

/// Number of a header in the response's slots.
pub(super) fn response_slot(plan: &Plan, name: &str) -> i32 {
    slot_of(&plan.response_headers, name)
}

fn slot_of(own: &[String], name: &str) -> i32 {
    let fixed = FIXED_HEADERS.iter().position(|known| *known == name);
    let found = fixed.or_else(|| own.iter().position(|known| known == name).map(|number| number + slot::FIRST as usize));
    found.and_then(|number| i32::try_from(number).ok()).unwrap_or(-1)
}

/// Slots of the request headers.
pub(super) fn request_slots(builder: &mut Builder<'_>) -> DataId {
    let names = slot_names(&builder.plan.request_headers);
    builder.table("request header slots", tables::slots::encode(&names))
}

/// Slots of the response headers.
pub(super) fn response_slots(builder: &mut Builder<'_>) -> DataId {
    let names = slot_names(&builder.plan.response_headers);
    builder.table("response header slots", tables::slots::encode(&names))
}

fn slot_names(own: &[String]) -> Vec<&str> {
    FIXED_HEADERS.iter().copied().chain(own.iter().map(String::as_str)).collect()
}

/// A template for `path_matches`.
pub(super) fn template(builder: &mut Builder<'_>, template: &hir::Template) -> DataId {
    builder.table("template", tables::template::encode(&segments(template)))
}

fn segments(template: &hir::Template) -> Vec<TableSegment> {
    let mut segments: Vec<TableSegment> = template
        .segments
        .iter()
        .map(|segment| match segment {
            Segment::Literal(text) => TableSegment::Literal(text.clone().into_bytes()),
            Segment::Capture(_) | Segment::Any => TableSegment::Any,
        })
        .collect();
    if template.rest {
        segments.push(TableSegment::Rest);
    }
    segments
}

/// The trie over all templates of the index.
pub(super) fn trie(builder: &mut Builder<'_>) -> DataId {
    let accepts = &builder.plan.index.accepts;
    let templates: Vec<(Vec<TableSegment>, u32)> =
        accepts.iter().enumerate().map(|(number, accept)| (segments(&accept.template), number as u32)).collect();
    builder.table("paths", tables::trie::encode(&templates))
}

/// What hangs off each template.
pub(super) fn entries(builder: &mut Builder<'_>) -> DataId {
    let accepts = &builder.plan.index.accepts;
    let mut rules = Vec::new();
    for (number, accept) in accepts.iter().enumerate() {
        rules.extend(accept.entries.iter().map(|entry| tables::entries::Rule {
            accept: number as u32,
            kind: entry.kind,
            order: entry.order,
            id: entry.id,
            methods: entry.methods.clone(),
            condition: entry.condition.map(|id| id.0),
            guard: entry.guard.map(|guard| (guard.subject, guard.atom)),
        }));
    }
    // `compile` has refused policies that name more methods than the table holds.
    let bytes = tables::entries::encode(accepts.len() as u32, &rules).unwrap_or_default();
    builder.table("rules by path", bytes)
}

/// Exact host names and the parents of `*.` patterns.
pub(super) fn hosts(builder: &mut Builder<'_>, hosts: &[HostPattern]) -> (DataId, DataId) {
    let mut exact = Vec::new();
    let mut under = Vec::new();
    for host in hosts {
        match host {
            HostPattern::Exact(name) => exact.push(name.as_str()),
            HostPattern::Under(parent) => under.push(parent.as_str()),
        }
    }
    let exact = builder.table("hosts", tables::strings::encode_set(&exact));
    let under = builder.table("hosts under", tables::strings::encode_set(&under));
    (exact, under)
}

/// A set of names.
pub(super) fn names(builder: &mut Builder<'_>, names: &[String]) -> DataId {
    builder.table("names", tables::strings::encode_set(names))
}

/// The strings among constants.
pub(super) fn string_set(builder: &mut Builder<'_>, values: &[Const]) -> DataId {
    let strings: Vec<&str> =
        values.iter().filter_map(|value| if let Const::String(text) = value { Some(text.as_str()) } else { None }).collect();
    builder.table("set", tables::strings::encode_set(&strings))
}

/// The ints (and bools) among constants.
pub(super) fn int_set(builder: &mut Builder<'_>, values: &[Const]) -> DataId {
    let ints: Vec<i64> = values
        .iter()
        .filter_map(|value| match value {
            Const::Int(value) => Some(*value),
            Const::Bool(value) => Some(i64::from(*value)),
            Const::Float(_) | Const::String(_) | Const::Bytes(_) | Const::Ip(_) | Const::Cidr(..) => None,
        })
        .collect();
    builder.table("ints", tables::ints::encode(&ints))
}

/// Constant addresses and networks.
pub(super) fn networks(builder: &mut Builder<'_>, items: &[hir::Expr]) -> DataId {
    let networks: Vec<([u8; IP_SIZE], u8)> = items
        .iter()
        .filter_map(|item| {
            if let ExprKind::Const(Const::Ip(ip)) = &item.kind {
                return Some((record(*ip), if ip.is_ipv4() { 32 } else { 128 }));
            }
            if let ExprKind::Const(Const::Cidr(ip, bits)) = &item.kind { Some((record(*ip), *bits)) } else { None }
        })
        .collect();
    builder.table("networks", tables::networks::encode(&networks))
}

/// An `ip` record.
pub(super) fn address(builder: &mut Builder<'_>, ip: IpAddr) -> DataId {
    builder.table("address", record(ip).to_vec())
}

/// A `cidr` record.
pub(super) fn network_record(network: IpAddr, bits: u8) -> Vec<u8> {
    let mut bytes = record(network).to_vec();
    bytes.push(bits);
    bytes
}

pub(super) fn record(ip: IpAddr) -> [u8; IP_SIZE] {
    let mut bytes = [0; IP_SIZE];
    let (family, octets) = match ip {
        IpAddr::V4(ip) => (4, ip.octets().to_vec()),
        IpAddr::V6(ip) => (6, ip.octets().to_vec()),
    };
    for (place, byte) in bytes.iter_mut().zip(std::iter::once(family).chain(octets)) {
        *place = byte;
    }
    bytes
}

/// A value as maps and configurations hold it: numbers are 8 bytes, addresses and networks records.
fn value_bytes(value: &Const) -> Vec<u8> {
    match value {
        Const::String(text) => text.clone().into_bytes(),
        Const::Int(value) => value.to_le_bytes().to_vec(),
        Const::Bool(value) => i64::from(*value).to_le_bytes().to_vec(),
        Const::Float(value) => value.to_bits().to_le_bytes().to_vec(),
        Const::Bytes(value) => value.clone(),
        Const::Ip(ip) => record(*ip).to_vec(),
        Const::Cidr(network, bits) => network_record(*network, *bits),
    }
}

/// A declared map. Numbers are 8 bytes, addresses `ip` records, networks tables of one.
pub(super) fn map(builder: &mut Builder<'_>, id: hir::MapId) -> DataId {
    let mut pairs: Vec<(&str, Vec<u8>)> = Vec::new();
    if let Some(map) = builder.policy.maps.get(id.index()) {
        for (key, value) in &map.entries {
            let bytes = value_bytes(value);
            pairs.push((key, bytes));
        }
    }
    builder.table("map", tables::strings::encode_map(&pairs))
}

/// Numbers of the arms of a `match` by their texts.
pub(super) fn arms<'c>(builder: &mut Builder<'_>, patterns: impl Iterator<Item = &'c Const>) -> DataId {
    let mut pairs: Vec<(&str, Vec<u8>)> = Vec::new();
    for (number, pattern) in patterns.enumerate() {
        if let Const::String(text) = pattern {
            pairs.push((text, (number as u64).to_le_bytes().to_vec()));
        }
    }
    builder.table("arms", tables::strings::encode_map(&pairs))
}

/// A list of ids.
pub(super) fn ids(builder: &mut Builder<'_>, ids: &[u32]) -> DataId {
    builder.table("ids", tables::ids::encode(ids))
}

/// A regex; equal ones are built once.
pub(super) fn automaton(builder: &mut Builder<'_>, content: Content) -> DataId {
    let key = |content: &Content| {
        if let Content::Automaton { pattern, flags, .. } = content { Some((pattern.clone(), flags.clone())) } else { None }
    };
    let wanted = key(&content);
    let found = builder.module.data.iter().position(|data| wanted.is_some() && key(&data.content) == wanted);
    match found {
        Some(number) => DataId(number as u32),
        None => builder.region("regex", content),
    }
}

/// Clusters of a split.
pub(super) fn split(builder: &mut Builder<'_>, weights: &[(String, u32)]) -> DataId {
    builder.table("split", tables::split::encode(weights))
}

/// What the configuration must look like.
pub(super) fn schema(builder: &mut Builder<'_>) -> DataId {
    let policy = builder.policy;
    let fields: Vec<schema::Field<'_>> =
        policy.config.iter().enumerate().map(|(number, field)| schema_field(policy, number, field)).collect();
    builder.table("configuration", schema::write(&fields))
}

fn schema_field<'a>(policy: &hir::Policy, number: usize, field: &'a hir::Config) -> schema::Field<'a> {
    let (shape, item) = match field.ty.present() {
        Ty::List(item) => (schema::Shape::List, &**item),
        Ty::Map(item) => (schema::Shape::Map, &**item),
        ty => (schema::Shape::One, ty),
    };
    let kind = match item {
        Ty::Bool => schema::Kind::Bool,
        Ty::Int => schema::Kind::Int,
        Ty::Float => schema::Kind::Float,
        Ty::Secret => schema::Kind::Secret,
        Ty::Bytes => schema::Kind::Bytes,
        Ty::Ip => schema::Kind::Ip,
        Ty::Cidr => schema::Kind::Cidr,
        Ty::Duration => schema::Kind::Duration,
        Ty::Time => schema::Kind::Time,
        Ty::Enum(values) => schema::Kind::Enum(values.clone()),
        Ty::Json => schema::Kind::Json,
        Ty::String | Ty::Rate | Ty::Regex | Ty::List(_) | Ty::Map(_) | Ty::Optional(_) | Ty::Error => schema::Kind::String,
    };
    let default = field.default.as_ref().map(|default| match default {
        ConfigDefault::One(value) => vec![value_bytes(value)],
        ConfigDefault::List(values) => values.iter().map(value_bytes).collect(),
        ConfigDefault::Map(entries) => entries.iter().flat_map(|(key, value)| [key.clone().into_bytes(), value_bytes(value)]).collect(),
    });
    let expected = format!("must be {}", types::in_configuration(&field.ty));
    let keys = policy.credentials.iter().any(|credential| match credential {
        Credential::ApiKey(key) => matches!(&key.keys, Keys::Config(id) if id.index() == number),
        Credential::Basic(_) | Credential::Jwt(_) | Credential::Hmac(_) | Credential::Mtls(_) | Credential::Token(_) => false,
    });
    schema::Field { name: &field.name.text, kind, shape, expected, optional: field.ty.is_optional(), keys, default }
}

/// Where a credential is read from.
pub(super) fn credential(builder: &mut Builder<'_>, from: &[CredentialSource]) -> DataId {
    let places: Vec<Place<'_>> = from
        .iter()
        .map(|source| match source {
            CredentialSource::Bearer => Place::Bearer,
            CredentialSource::Basic => Place::Basic,
            CredentialSource::Header(name) => Place::Header(name.as_bytes()),
            CredentialSource::Query(name) => Place::Query(name.as_bytes()),
            CredentialSource::Cookie(name) => Place::Cookie(name.as_bytes()),
        })
        .collect();
    builder.table("credential", tables::credential::write(&places))
}

/// Known keys by digest.
pub(super) fn keys(builder: &mut Builder<'_>, keys: &[(String, [u8; 32])]) -> DataId {
    let keys: Vec<(&str, [u8; 32])> = keys.iter().map(|(name, digest)| (name.as_str(), *digest)).collect();
    builder.table("keys", tables::keys::write(&keys))
}

/// Digests of passwords by user.
pub(super) fn users(builder: &mut Builder<'_>, users: &[(String, [u8; 32])]) -> DataId {
    builder.table("users", tables::strings::encode_map(users))
}

/// A limit's settings with one of its periods, and how far beyond its tolerance an arrival time may lie.
/// What is only watched has tables of its own, and no headers.
pub(super) fn limit(builder: &mut Builder<'_>, limit: &hir::Limit, period: i64, slack: u64, watched: bool) -> DataId {
    // `~` is in no name.
    let name = if watched { format!("{}~", limit.name.text) } else { limit.name.text.clone() };
    let bytes = tables::limit::write(&tables::limit::Limit {
        policy: &builder.policy.name.text,
        name: &name,
        period: u64::try_from(period).unwrap_or(1),
        slack,
        capacity: limit.capacity,
        shared: limit.scope == hir::LimitScope::Proxy,
        headers: limit.headers && !watched,
    });
    builder.table("limit", bytes)
}

/// The `any` redactions of a rule. All name the one detector there is, so the first in the file tells what is done.
pub(super) fn redact(builder: &mut Builder<'_>, rule: &hir::Rule, redact: &hir::Redact) -> DataId {
    let mut reply = |reply: &Option<hir::Reply>| {
        let full = super::reply::Full::of(&reply.clone()?);
        u32::try_from(super::reply::number(builder, &full)).ok()
    };
    let on_oversize = reply(&redact.on_oversize);
    let on_encoded = reply(&redact.on_encoded);
    let first = redact.any.first();
    let bytes = tables::redact::write(&tables::redact::Redaction {
        types: redact.types.iter().map(|range| tables::redact::MediaRange { main: &range.main, sub: &range.sub }).collect(),
        max_body: redact.max_body,
        on_oversize,
        on_encoded,
        deny_metric: u32::try_from(builder.metrics.number(&rule.name.text, "deny")).unwrap_or(0),
        keep_first: first.map_or(0, |any| any.keep_first),
        keep_last: first.map_or(0, |any| any.keep_last),
        with: first.map_or('*', |any| any.with),
    });
    builder.table("redaction", bytes)
}
