//! Reads the plugin configuration. In: the declared fields and JSON text. Out: their values, or why it is refused.

use serde::de::{Deserializer, MapAccess, Visitor};

use super::value::Value;
use crate::ir::hir;

/// A JSON object with its members in order, repeats included: `serde_json` would keep the last one silently.
struct Members(Vec<(String, serde_json::Value)>);

impl<'de> serde::Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Members, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Members;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

/// The values of all fields, by `ConfigId`.
pub(super) fn read(policy: &hir::Policy, configuration: &str) -> Result<Vec<Value>, String> {
    let configuration = if configuration.trim().is_empty() { "{}" } else { configuration };
    let Members(members) =
        serde_json::from_str(configuration).map_err(|_| "the configuration is no JSON object".to_owned())?;
    for (index, (key, _)) in members.iter().enumerate() {
        if !policy.config.iter().any(|field| field.name.text == *key) {
            return Err(format!("configuration key `{key}` is unknown"));
        }
        if members.iter().take(index).any(|(earlier, _)| earlier == key) {
            return Err(format!("configuration key `{key}` appears twice"));
        }
    }
    policy.config.iter().map(|field| value(policy, field, &members)).collect()
}

/// The value of one field.
fn value(policy: &hir::Policy, field: &hir::Config, members: &[(String, serde_json::Value)]) -> Result<Value, String> {
    let key = &field.name.text;
    let given = members.iter().find(|(name, _)| name == key).map(|(_, value)| value);
    let given = match given {
        Some(serde_json::Value::Null) if field.ty.is_optional() => return Ok(Value::Absent),
        Some(given) => given,
        None => {
            return match &field.default {
                Some(default) => Ok(default_value(default)),
                None if field.ty.is_optional() => Ok(Value::Absent),
                None => Err(format!("configuration key `{key}` is missing")),
            };
        }
    };
    let ty = field.ty.present();
    let value = typed(ty, given).ok_or_else(|| format!("configuration key `{key}` must be {ty}"))?;
    if *ty == hir::Ty::Secret && value == Value::String(String::new()) {
        return Err(format!("configuration key `{key}` must not be empty"));
    }
    if holds_keys(policy, field)
        && let Value::Map(entries) = &value
        && let Some((name, _)) = entries.iter().find(|(_, digest)| super::authenticate::digest(digest).is_none())
    {
        return Err(format!("configuration key `{key}` must have `sha256:` and 64 hex digits for `{name}`"));
    }
    Ok(value)
}

/// Whether a credential takes its keys from this field.
fn holds_keys(policy: &hir::Policy, field: &hir::Config) -> bool {
    policy.credentials.iter().any(|credential| match credential {
        hir::Credential::ApiKey(key) => match &key.keys {
            hir::Keys::Config(id) => policy.config.get(id.index()) == Some(field),
            hir::Keys::Known(_) => false,
        },
    })
}

/// A JSON value as a value of a type that `config` can have.
fn typed(ty: &hir::Ty, given: &serde_json::Value) -> Option<Value> {
    let string = |value: &serde_json::Value| value.as_str().map(str::to_owned);
    match ty {
        hir::Ty::Bool => given.as_bool().map(Value::Bool),
        hir::Ty::Int => given.as_i64().map(Value::Int),
        hir::Ty::String | hir::Ty::Secret => string(given).map(Value::String),
        hir::Ty::List(_) => {
            let items: Option<Vec<Value>> = given.as_array()?.iter().map(|item| string(item).map(Value::String)).collect();
            items.map(Value::List)
        }
        hir::Ty::Map(_) => {
            let entries: Option<Vec<(String, String)>> =
                given.as_object()?.iter().map(|(key, value)| Some((key.clone(), string(value)?))).collect();
            entries.map(Value::Map)
        }
        hir::Ty::Float
        | hir::Ty::Bytes
        | hir::Ty::Ip
        | hir::Ty::Cidr
        | hir::Ty::Duration
        | hir::Ty::Time
        | hir::Ty::Rate
        | hir::Ty::Regex
        | hir::Ty::Optional(_)
        | hir::Ty::Error => None,
    }
}

fn default_value(default: &hir::ConfigDefault) -> Value {
    match default {
        hir::ConfigDefault::Bool(value) => Value::Bool(*value),
        hir::ConfigDefault::Int(value) => Value::Int(*value),
        hir::ConfigDefault::String(value) => Value::String(value.clone()),
        hir::ConfigDefault::List(items) => Value::List(items.iter().cloned().map(Value::String).collect()),
        hir::ConfigDefault::Map(entries) => Value::Map(entries.clone()),
    }
}
