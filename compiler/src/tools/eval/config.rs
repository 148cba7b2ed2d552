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
    Ok(values)
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
    let value = typed(ty, given).ok_or_else(|| format!("configuration key `{key}` must be {}", described(ty)))?;
    if *ty == hir::Ty::Secret && value == Value::String(String::new()) {
        return Err(format!("configuration key `{key}` must not be empty"));
    }
    if holds_passwords(policy, field)
        && let Value::Map(entries) = &value
        && let Some((name, _)) = entries.iter().find(|(_, written)| crate::lang::password::digest(written).is_none())
    {
        return Err(format!("configuration key `{key}` must have `{{SHA256}}` and the base64 of a SHA-256 for `{name}`"));
    }
    if holds_keys(policy, field)
        && let Value::Map(entries) = &value
        && let Some((name, _)) = entries.iter().find(|(_, digest)| super::authenticate::digest(digest).is_none())
    {
        return Err(format!("configuration key `{key}` must have `sha256:` and 64 hex digits for `{name}`"));
    }
    Ok(value)
}

/// A type as messages call it.
fn described(ty: &hir::Ty) -> &'static str {
    match ty {
        hir::Ty::Bool => "a bool",
        hir::Ty::Int => "an int",
        hir::Ty::List(_) => "a list of strings",
        hir::Ty::Map(_) => "a map of strings",
        hir::Ty::String
        | hir::Ty::Secret
        | hir::Ty::Float
        | hir::Ty::Bytes
        | hir::Ty::Ip
        | hir::Ty::Cidr
        | hir::Ty::Duration
        | hir::Ty::Time
        | hir::Ty::Rate
        | hir::Ty::Json
        | hir::Ty::Regex
        | hir::Ty::Optional(_)
        | hir::Ty::Error => "a string",
    }
}

/// Whether an `api_key` takes its keys from this field.
fn holds_keys(policy: &hir::Policy, field: &hir::Config) -> bool {
    policy.credentials.iter().any(|credential| match credential {
        hir::Credential::ApiKey(key) => is_field(policy, &key.keys, field),
        hir::Credential::Basic(_) | hir::Credential::Jwt(_) | hir::Credential::Hmac(_) | hir::Credential::Token(_) => false,
    })
}

/// Whether a `basic` takes its users from this field.
fn holds_passwords(policy: &hir::Policy, field: &hir::Config) -> bool {
    policy.credentials.iter().any(|credential| match credential {
        hir::Credential::Basic(basic) => is_field(policy, &basic.users, field),
        hir::Credential::ApiKey(_) | hir::Credential::Jwt(_) | hir::Credential::Hmac(_) | hir::Credential::Token(_) => false,
    })
}

fn is_field(policy: &hir::Policy, keys: &hir::Keys, field: &hir::Config) -> bool {
    match keys {
        hir::Keys::Config(id) => policy.config.get(id.index()) == Some(field),
        hir::Keys::Known(_) => false,
    }
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
        | hir::Ty::Json
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
            ("count", hir::Ty::Int, Some(hir::ConfigDefault::Int(7))),
            ("on", hir::Ty::Bool.optional(), None),
            ("name", hir::Ty::String, Some(hir::ConfigDefault::String("x".into()))),
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
