//! Values of expressions, and how they compare, print and stand in limit keys.

use std::net::IpAddr;

use super::json::{Json, Kind};
use crate::ir::hir;

/// What an expression evaluates to. Secrets are strings, durations and times ints (nanoseconds).
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    /// A `T?` without value.
    Absent,
    /// `bool`
    Bool(bool),
    /// `int`
    Int(i64),
    /// `float`
    Float(f64),
    /// `string`
    String(String),
    /// `bytes`
    Bytes(Vec<u8>),
    /// `ip`; never an IPv4-mapped one
    Ip(IpAddr),
    /// `cidr`: network and prefix length
    Cidr(IpAddr, u8),
    /// `list<T>`
    List(Vec<Value>),
    /// `json`
    Json(Box<Json>),
    /// `map<string, T>` of the configuration
    Map(Vec<(String, Value)>),
}

impl Value {
    /// A string, or absent.
    pub(super) fn optional(text: Option<String>) -> Value {
        text.map_or(Value::Absent, Value::String)
    }

    /// A constant's value.
    pub(super) fn constant(constant: &hir::Const) -> Value {
        match constant {
            hir::Const::Bool(value) => Value::Bool(*value),
            hir::Const::Int(value) => Value::Int(*value),
            hir::Const::Float(value) => Value::Float(*value),
            hir::Const::String(value) => Value::String(value.clone()),
            hir::Const::Bytes(value) => Value::Bytes(value.clone()),
            hir::Const::Ip(value) => Value::Ip(value.to_canonical()),
            hir::Const::Cidr(network, bits) => Value::Cidr(*network, *bits),
        }
    }

    /// Whether it is there.
    pub(super) fn is_present(&self) -> bool {
        !matches!(self, Value::Absent)
    }

    /// Whether it is `true`.
    pub(super) fn is_true(&self) -> bool {
        matches!(self, Value::Bool(true))
    }

    /// `==`: false when a side is absent; an int equals a float of the same value.
    pub(super) fn equals(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Absent, _) | (_, Value::Absent) => false,
            (Value::Int(int), Value::Float(float)) | (Value::Float(float), Value::Int(int)) => as_float(*int) == *float,
            (Value::String(text), Value::Bytes(bytes)) | (Value::Bytes(bytes), Value::String(text)) => text.as_bytes() == bytes,
            (Value::Json(left), Value::Json(right)) => left.equals(right),
            (left, right) => left == right,
        }
    }

    /// How two numbers, durations or times are ordered.
    pub(super) fn order(&self, other: &Value) -> Option<std::cmp::Ordering> {
        match (self, other) {
            (Value::Int(left), Value::Int(right)) => Some(left.cmp(right)),
            (Value::Float(left), Value::Float(right)) => left.partial_cmp(right),
            (Value::Int(left), Value::Float(right)) => as_float(*left).partial_cmp(right),
            (Value::Float(left), Value::Int(right)) => left.partial_cmp(&as_float(*right)),
            _ => None,
        }
    }

    /// `self in list`: one of its elements, or an address in one of its networks.
    pub(super) fn is_in(&self, list: &Value) -> bool {
        match list {
            Value::List(items) => items.iter().any(|item| match item {
                Value::Json(item) => self.as_json().is_some_and(|needle| item.equals(&needle)),
                item => self.equals(item) || self.is_in_network(item),
            }),
            _ => false,
        }
    }

    /// `ip in cidr`.
    pub(super) fn is_in_network(&self, network: &Value) -> bool {
        let (Value::Ip(address), Value::Cidr(network, bits)) = (self, network) else { return false };
        match (address, network) {
            (IpAddr::V4(address), IpAddr::V4(network)) => {
                let unused = 32_u32.saturating_sub(u32::from(*bits));
                address.to_bits().checked_shr(unused) == network.to_bits().checked_shr(unused)
            }
            (IpAddr::V6(address), IpAddr::V6(network)) => {
                let unused = 128_u32.saturating_sub(u32::from(*bits));
                address.to_bits().checked_shr(unused) == network.to_bits().checked_shr(unused)
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }

    /// The bytes of a string or bytes.
    pub(super) fn bytes(&self) -> Option<&[u8]> {
        match self {
            Value::String(text) => Some(text.as_bytes()),
            Value::Bytes(bytes) => Some(bytes),
            Value::Absent
            | Value::Bool(_)
            | Value::Int(_)
            | Value::Float(_)
            | Value::Ip(_)
            | Value::Cidr(..)
            | Value::Json(_)
            | Value::List(_)
            | Value::Map(_) => None,
        }
    }

    /// A number as float.
    pub(super) fn as_float(&self) -> Option<f64> {
        match self {
            Value::Int(int) => Some(as_float(*int)),
            Value::Float(float) => Some(*float),
            Value::Absent
            | Value::Bool(_)
            | Value::String(_)
            | Value::Bytes(_)
            | Value::Ip(_)
            | Value::Cidr(..)
            | Value::List(_)
            | Value::Map(_)
            | Value::Json(_) => None,
        }
    }

    /// As text in an interpolation. What the checker refuses there is empty.
    pub(super) fn text(&self) -> String {
        match self {
            Value::Absent | Value::Bytes(_) | Value::List(_) | Value::Map(_) => String::new(),
            Value::Bool(value) => value.to_string(),
            Value::Int(value) => value.to_string(),
            Value::Float(value) => value.to_string(),
            Value::String(value) => value.clone(),
            Value::Ip(value) => value.to_string(),
            Value::Cidr(network, bits) => format!("{network}/{bits}"),
            Value::Json(value) => value.text.clone(),
        }
    }

    /// As JSON; absent is nothing.
    pub(super) fn as_json(&self) -> Option<Json> {
        Some(match self {
            Value::Json(value) => (**value).clone(),
            Value::Bool(value) => Json::bool(*value),
            Value::Int(value) => Json::number(value.to_string()),
            Value::Float(value) => Json::number(value.to_string()),
            Value::String(value) => Json::string(value.clone()),
            Value::Absent | Value::Bytes(_) | Value::Ip(_) | Value::Cidr(..) | Value::List(_) | Value::Map(_) => return None,
        })
    }

    /// A JSON value as a value of this type; absent when it is of another.
    pub(super) fn json_as(&self, ty: &hir::Ty) -> Value {
        let Value::Json(json) = self else { return Value::Absent };
        match (ty.present(), &json.kind) {
            (hir::Ty::String, Kind::String(value)) => Value::String(value.clone()),
            (hir::Ty::Bool, Kind::Bool(value)) => Value::Bool(*value),
            (hir::Ty::Int, Kind::Number) => json.int().map_or(Value::Absent, Value::Int),
            (hir::Ty::Float, Kind::Number) => json.float().map_or(Value::Absent, Value::Float),
            (hir::Ty::List(element), Kind::Array(items)) => {
                let items = items.iter().map(|item| Value::Json(Box::new(item.clone())));
                let items = items.map(|item| if **element == hir::Ty::Json { item } else { item.json_as(element) });
                let items: Vec<Value> = items.collect();
                if items.iter().all(Value::is_present) { Value::List(items) } else { Value::Absent }
            }
            _ => Value::Absent,
        }
    }
}

/// The nearest float: what an int is compared as.
fn as_float(int: i64) -> f64 {
    int as f64
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::Value;

    fn ip(text: &str) -> Value {
        Value::Ip(text.parse().unwrap())
    }

    #[test]
    fn networks() {
        let net = |text: &str, bits| Value::Cidr(text.parse().unwrap(), bits);
        assert!(ip("10.1.2.3").is_in_network(&net("10.0.0.0", 8)));
        assert!(!ip("11.1.2.3").is_in_network(&net("10.0.0.0", 8)));
        assert!(ip("11.1.2.3").is_in_network(&net("0.0.0.0", 0)));
        assert!(ip("2001:db8::1").is_in_network(&net("::", 0)));
        assert!(!ip("2001:db8::1").is_in_network(&net("0.0.0.0", 0)));
        assert!(ip("10.0.0.1").is_in_network(&net("10.0.0.1", 32)));
    }

    #[test]
    fn absence_equals_nothing() {
        assert!(!Value::Absent.equals(&Value::Absent));
        assert!(Value::Int(2).equals(&Value::Float(2.0)));
        assert!(!Value::String("2".into()).equals(&Value::Int(2)));
    }
}
