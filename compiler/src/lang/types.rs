//! The names of types.

use crate::ir::hir::Ty;

/// Every type name of the language.
pub const TYPES: &[&str] = &[
    "bool", "int", "float", "string", "bytes", "ip", "cidr", "duration", "time", "rate", "percent", "json", "secret", "enum", "list",
    "map", "words",
];

/// How many arguments a type takes.
pub fn arguments(name: &str) -> usize {
    match name {
        "list" => 1,
        "map" => 2,
        _ => 0,
    }
}

/// What a value of this type must be in a configuration, as a refusal says it.
pub fn in_configuration(ty: &Ty) -> String {
    match ty {
        Ty::List(item) => format!("a list of {}", several(item)),
        Ty::Map(item) => format!("a map of {}", several(item)),
        Ty::Optional(inner) => in_configuration(inner),
        Ty::Bool => "a bool".to_owned(),
        Ty::Int => "an int".to_owned(),
        Ty::Float => "a float".to_owned(),
        Ty::Bytes => "base64".to_owned(),
        Ty::Ip => "an address".to_owned(),
        Ty::Cidr => "a network".to_owned(),
        Ty::Duration => "a duration such as `30s`".to_owned(),
        Ty::Time => "a time such as `2026-01-05T10:00:00Z`".to_owned(),
        Ty::Enum(values) => format!("one of {}", quoted(values)),
        Ty::Json => "a JSON value".to_owned(),
        Ty::String | Ty::Secret | Ty::Rate | Ty::Regex | Ty::Error => "a string".to_owned(),
    }
}

fn several(ty: &Ty) -> String {
    match ty {
        Ty::Bool => "bools".to_owned(),
        Ty::Int => "ints".to_owned(),
        Ty::Float => "floats".to_owned(),
        Ty::Bytes => "base64 texts".to_owned(),
        Ty::Ip => "addresses".to_owned(),
        Ty::Cidr => "networks".to_owned(),
        Ty::Duration => "durations such as `30s`".to_owned(),
        Ty::Time => "times such as `2026-01-05T10:00:00Z`".to_owned(),
        Ty::Enum(values) => quoted(values),
        Ty::String | Ty::Secret | Ty::Json | Ty::Rate | Ty::Regex | Ty::List(_) | Ty::Map(_) | Ty::Optional(_) | Ty::Error => {
            "strings".to_owned()
        }
    }
}

fn quoted(values: &[String]) -> String {
    values.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(", ")
}
