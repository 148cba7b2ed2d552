//! Reads the plugin configuration. In: the declared fields and JSON text. Out: their values, or why it is refused.

use std::net::IpAddr;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::json;
use super::value::Value;
use crate::ir::hir;
use crate::lang::{duration, encoding, time, types};

/// A JSON object with its members in order, repeats included: `serde_json` would keep the last one silently.
struct Members(Vec<(String, Box<RawValue>)>);

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
    let Members(members) = serde_json::from_str(configuration).map_err(|_| "the configuration is no JSON object".to_owned())?;
    for (index, (key, _)) in members.iter().enumerate() {
        let Some(field) = policy.config.iter().find(|field| field.name.text == *key) else {
            return Err(format!("configuration key `{key}` is unknown"));
        };
        if members.iter().take(index).any(|(earlier, _)| earlier == key) {
            return Err(format!("configuration key `{key}` appears twice"));
        }
        // What is written is looked at in its order, before what is missing.
        value(policy, field, &members)?;
    }
    let values: Vec<Value> = policy.config.iter().map(|field| value(policy, field, &members)).collect::<Result<_, _>>()?;
    for credential in &policy.credentials {
        if let hir::Credential::Jwt(hir::Jwt { keys: hir::JwtKeys::Set(id), .. }) = credential
            && let (Some(Value::String(set)), Some(field)) = (values.get(id.index()), policy.config.get(id.index()))
            && super::jwks::read(set).is_none()
        {
            return Err(format!("configuration key `{}` must be a JSON Web Key Set with public keys", field.name.text));
        }
    }
    for id in policy.encoded_secrets() {
        if let (Some(Value::String(secret)), Some(field)) = (values.get(id.index()), policy.config.get(id.index()))
            && super::hmac::decoded(secret).is_none()
        {
            return Err(format!("configuration key `{}` must be `whsec_` and base64", field.name.text));
        }
    }
    Ok(values)
}

/// The value of one field.
fn value(policy: &hir::Policy, field: &hir::Config, members: &[(String, Box<RawValue>)]) -> Result<Value, String> {
    let key = &field.name.text;
    let given = members.iter().find(|(name, _)| name == key).map(|(_, value)| value);
    let no_object = || "the configuration is no JSON object".to_owned();
    let parsed = match given.map(|given| (given, serde_json::from_str::<serde_json::Value>(given.get()))) {
        // A number that no float holds is JSON, and of no type that is read here.
        Some((given, Err(_))) if json::parse(given.get().as_bytes()).is_some() => Some(if *field.ty.present() == hir::Ty::Bool {
            serde_json::Value::String(String::new())
        } else {
            serde_json::Value::Bool(true)
        }),
        Some((_, Err(_))) => return Err(no_object()),
        Some((_, Ok(value))) => Some(value),
        None => None,
    };
    let given = match &parsed {
        Some(serde_json::Value::Null) if field.ty.is_optional() => return Ok(Value::Absent),
        Some(_) if *field.ty.present() == hir::Ty::Json => {
            let json = given.and_then(|given| json::parse(given.get().as_bytes()));
            return json.map(|json| Value::Json(Box::new(json))).ok_or_else(no_object);
        }
        Some(given) => given,
        None => {
            return match &field.default {
                Some(default) => Ok(default_value(&field.ty, default)),
                None if field.ty.is_optional() => Ok(Value::Absent),
                None => Err(format!("configuration key `{key}` is missing")),
            };
        }
    };
    let ty = field.ty.present();
    let wrong = || format!("configuration key `{key}` must be {}", types::in_configuration(ty));
    let single = |ty: &hir::Ty, given: &serde_json::Value| {
        let value = typed(ty, given).ok_or_else(wrong)?;
        let empty = *ty == hir::Ty::Secret && value == Value::String(String::new());
        if empty { Err(format!("configuration key `{key}` must not be empty")) } else { Ok(value) }
    };
    let value = match ty {
        hir::Ty::List(item) => {
            Value::List(given.as_array().ok_or_else(wrong)?.iter().map(|given| single(item, given)).collect::<Result<Vec<_>, _>>()?)
        }
        hir::Ty::Map(item) => {
            let entries = given.as_object().ok_or_else(wrong)?.iter().map(|(key, given)| Ok((key.clone(), single(item, given)?)));
            Value::Map(entries.collect::<Result<Vec<_>, String>>()?)
        }
        ty => single(ty, given)?,
    };
    if holds_passwords(policy, field)
        && let Value::Map(entries) = &value
        && let Some((name, _)) = entries.iter().find(|(_, written)| crate::lang::password::digest(&written.text()).is_none())
    {
        return Err(format!("configuration key `{key}` must have `{{SHA256}}` and the base64 of a SHA-256 for `{name}`"));
    }
    if holds_keys(policy, field)
        && let Value::Map(entries) = &value
        && let Some((name, _)) = entries.iter().find(|(_, digest)| super::authenticate::digest(&digest.text()).is_none())
    {
        return Err(format!("configuration key `{key}` must have `sha256:` and 64 hex digits for `{name}`"));
    }
    Ok(value)
}

/// Whether an `api_key` takes its keys from this field.
fn holds_keys(policy: &hir::Policy, field: &hir::Config) -> bool {
    policy.credentials.iter().any(|credential| match credential {
        hir::Credential::ApiKey(key) => is_field(policy, &key.keys, field),
        hir::Credential::Basic(_)
        | hir::Credential::Jwt(_)
        | hir::Credential::Hmac(_)
        | hir::Credential::Mtls(_)
        | hir::Credential::Token(_) => false,
    })
}

/// Whether a `basic` takes its users from this field.
fn holds_passwords(policy: &hir::Policy, field: &hir::Config) -> bool {
    policy.credentials.iter().any(|credential| match credential {
        hir::Credential::Basic(basic) => is_field(policy, &basic.users, field),
        hir::Credential::ApiKey(_)
        | hir::Credential::Jwt(_)
        | hir::Credential::Hmac(_)
        | hir::Credential::Mtls(_)
        | hir::Credential::Token(_) => false,
    })
}

fn is_field(policy: &hir::Policy, keys: &hir::Keys, field: &hir::Config) -> bool {
    match keys {
        hir::Keys::Config(id) => policy.config.get(id.index()) == Some(field),
        hir::Keys::Known(_) => false,
    }
}

/// A JSON value as a single value of a type that `config` can have.
fn typed(ty: &hir::Ty, given: &serde_json::Value) -> Option<Value> {
    let text = given.as_str();
    match ty {
        hir::Ty::Bool => given.as_bool().map(Value::Bool),
        hir::Ty::Int => given.as_i64().map(Value::Int),
        hir::Ty::Float => given.as_f64().map(Value::Float),
        hir::Ty::String | hir::Ty::Secret => text.map(|text| Value::String(text.to_owned())),
        hir::Ty::Bytes => text.and_then(encoding::from_base64).map(Value::Bytes),
        hir::Ty::Ip => text.and_then(|text| text.parse::<IpAddr>().ok()).map(|address| Value::Ip(address.to_canonical())),
        hir::Ty::Cidr => text.and_then(network),
        hir::Ty::Duration => text.and_then(duration::parse).map(Value::Int),
        hir::Ty::Time => text.and_then(time::parse).map(Value::Int),
        hir::Ty::Enum(values) => text.filter(|text| values.iter().any(|value| value == text)).map(|text| Value::String(text.to_owned())),
        hir::Ty::Json | hir::Ty::Rate | hir::Ty::Regex | hir::Ty::List(_) | hir::Ty::Map(_) | hir::Ty::Optional(_) | hir::Ty::Error => None,
    }
}

/// A network: an address, `/`, how many of its bits count. The others are zero.
fn network(text: &str) -> Option<Value> {
    let (address, bits) = text.split_once('/')?;
    let digits = !bits.is_empty() && bits.bytes().all(|byte| byte.is_ascii_digit());
    let (address, bits) = (address.parse::<IpAddr>().ok()?, if digits { bits.parse::<u32>().ok()? } else { return None });
    let (free, unused) = match address {
        IpAddr::V4(address) => (u128::from(address.to_bits()), 32_u32.checked_sub(bits)?),
        IpAddr::V6(address) => (address.to_bits(), 128_u32.checked_sub(bits)?),
    };
    if free & !u128::MAX.checked_shl(unused).unwrap_or(0) != 0 {
        return None;
    }
    match (address, address.to_canonical(), bits.checked_sub(96)) {
        (IpAddr::V6(_), v4 @ IpAddr::V4(_), Some(bits)) => Some(Value::Cidr(v4, u8::try_from(bits).ok()?)),
        _ => Some(Value::Cidr(address, u8::try_from(bits).ok()?)),
    }
}

fn default_value(ty: &hir::Ty, default: &hir::ConfigDefault) -> Value {
    match default {
        hir::ConfigDefault::One(hir::Const::String(text)) if *ty == hir::Ty::Json => {
            json::parse(text.as_bytes()).map_or(Value::Absent, |json| Value::Json(Box::new(json)))
        }
        hir::ConfigDefault::One(value) => Value::constant(value),
        hir::ConfigDefault::List(items) => Value::List(items.iter().map(Value::constant).collect()),
        hir::ConfigDefault::Map(entries) => Value::Map(entries.iter().map(|(key, value)| (key.clone(), Value::constant(value))).collect()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::read;
    use crate::base::Span;
    use crate::ir::hir;
    use crate::tools::eval::value::Value;

    fn name(text: &str) -> hir::Name {
        hir::Name { text: text.into(), span: Span::default() }
    }

    fn policy(fields: &[(&str, hir::Ty, Option<hir::ConfigDefault>)]) -> hir::Policy {
        let field = |(key, ty, default): &(&str, hir::Ty, Option<hir::ConfigDefault>)| hir::Config {
            name: name(key),
            ty: ty.clone(),
            default: default.clone(),
        };
        hir::Policy {
            name: name("p"),
            shadow: false,
            default_would_deny: false,
            default: hir::Action::Allow,
            on_fault: hir::Action::Allow,
            hosts: Vec::new(),
            body_limit: 1 << 20,
            on_oversize: hir::Action::Allow,
            trusted_hops: 0,
            normalize_path: true,
            config: fields.iter().map(field).collect(),
            lets: Vec::new(),
            fns: Vec::new(),
            lists: Vec::new(),
            maps: Vec::new(),
            services: Vec::new(),
            credentials: Vec::new(),
            limits: Vec::new(),
            scopes: Vec::new(),
            rules: Vec::new(),
            tests: Vec::new(),
        }
    }

    #[test]
    fn refusals_name_the_key() {
        let strings = hir::Ty::List(Box::new(hir::Ty::String));
        let mut policy = policy(&[
            ("count", hir::Ty::Int, None),
            ("on", hir::Ty::Bool.optional(), None),
            ("hook", hir::Ty::Secret.optional(), None),
            ("names", strings.optional(), None),
            ("keys", hir::Ty::Map(Box::new(hir::Ty::String)).optional(), None),
        ]);
        policy.credentials.push(hir::Credential::ApiKey(hir::ApiKey {
            name: name("partner"),
            from: vec![hir::CredentialSource::Bearer],
            keys: hir::Keys::Config(hir::ConfigId(4)),
            forward: false,
        }));
        for (text, refusal) in [
            ("", "configuration key `count` is missing"),
            ("{}", "configuration key `count` is missing"),
            ("[1]", "the configuration is no JSON object"),
            ("{\"count\":1} x", "the configuration is no JSON object"),
            ("{\"count\":1,\"other\":1}", "configuration key `other` is unknown"),
            ("{\"count\":1,\"count\":1}", "configuration key `count` appears twice"),
            ("{\"count\":null}", "configuration key `count` must be an int"),
            ("{\"count\":\"1\"}", "configuration key `count` must be an int"),
            ("{\"count\":1.0}", "configuration key `count` must be an int"),
            ("{\"count\":9223372036854775808}", "configuration key `count` must be an int"),
            ("{\"count\":1,\"on\":1}", "configuration key `on` must be a bool"),
            ("{\"count\":1,\"hook\":\"\"}", "configuration key `hook` must not be empty"),
            ("{\"count\":1,\"names\":[\"a\",1]}", "configuration key `names` must be a list of strings"),
            ("{\"count\":1,\"keys\":{\"a\":1}}", "configuration key `keys` must be a map of strings"),
            ("{\"count\":1,\"keys\":{\"a\":\"b\"}}", "configuration key `keys` must have `sha256:` and 64 hex digits for `a`"),
        ] {
            assert_eq!(read(&policy, text), Err(refusal.to_owned()), "{text}");
        }
    }

    #[test]
    fn values_defaults_and_absence() {
        let policy = policy(&[
            ("count", hir::Ty::Int, Some(hir::ConfigDefault::One(hir::Const::Int(7)))),
            ("on", hir::Ty::Bool.optional(), None),
            ("name", hir::Ty::String, Some(hir::ConfigDefault::One(hir::Const::String("x".into())))),
        ]);
        let text = |value: &str| Value::String(value.into());
        assert_eq!(read(&policy, " "), Ok(vec![Value::Int(7), Value::Absent, text("x")]));
        assert_eq!(
            read(&policy, "{\"on\":true,\"count\":-9223372036854775808,\"name\":\"\"}"),
            Ok(vec![Value::Int(i64::MIN), Value::Bool(true), text("")])
        );
        assert_eq!(read(&policy, "{\"on\":null}"), Ok(vec![Value::Int(7), Value::Absent, text("x")]));
    }
}
