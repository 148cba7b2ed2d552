//! Values of tests. In: values with variables of `repeat`. Out: JSON, texts, forms.

use serde_json::{Map, Value};

use crate::ir::hir;

/// Variables of the `repeat`s around a step.
pub(super) type Variables = [(String, u64)];

/// A value as JSON.
pub(super) fn json(value: &hir::TestValue, variables: &Variables) -> Value {
    match value {
        hir::TestValue::Null => Value::Null,
        hir::TestValue::Bool(value) => Value::Bool(*value),
        hir::TestValue::Int(value) => Value::from(*value),
        hir::TestValue::Float(value) => Value::from(*value),
        hir::TestValue::String(pieces) => Value::String(string(pieces, variables)),
        hir::TestValue::Variable(name) => Value::from(variable(name, variables)),
        hir::TestValue::List(items) => Value::Array(items.iter().map(|item| json(item, variables)).collect()),
        hir::TestValue::Object(members) => {
            let members = members.iter().map(|(name, value)| (name.clone(), json(value, variables)));
            Value::Object(members.collect::<Map<String, Value>>())
        }
    }
}

/// A value as text: strings as they are, everything else as JSON.
pub(super) fn text(value: &hir::TestValue, variables: &Variables) -> String {
    match json(value, variables) {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

/// An object as `application/x-www-form-urlencoded`.
pub(super) fn form(value: &hir::TestValue, variables: &Variables) -> String {
    let Value::Object(members) = json(value, variables) else { return String::new() };
    let text = |value: Value| match value {
        Value::String(text) => text,
        other => other.to_string(),
    };
    let pairs = members.into_iter().map(|(name, value)| format!("{}={}", encoded(&name), encoded(&text(value))));
    pairs.collect::<Vec<_>>().join("&")
}

/// Pieces as one text.
pub(super) fn string(pieces: &[hir::TestPiece], variables: &Variables) -> String {
    let piece = |piece: &hir::TestPiece| match piece {
        hir::TestPiece::Text(text) => text.clone(),
        hir::TestPiece::Variable(name) => variable(name, variables).to_string(),
    };
    pieces.iter().map(piece).collect()
}

/// The round of a `repeat`; the checker lets no other names through.
fn variable(name: &str, variables: &Variables) -> u64 {
    variables.iter().rev().find(|(known, _)| known == name).map_or(0, |(_, round)| *round)
}

pub(super) fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b' ' => encoded.push('+'),
            _ if byte.is_ascii_alphanumeric() || b"*-._".contains(&byte) => encoded.push(char::from(byte)),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}
