//! The names of types.

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
