//! The configuration that a test runs with. In: declared fields, `config` steps. Out: JSON text and where it stands.

use base64ct::{Base64, Encoding};
use serde_json::{Map, Value};

use super::{token, value};
use crate::base::Span;
use crate::ir::hir;

/// The test's own members over a fixed value (`test-NAME`, as a key in base64 where a secret is one) for each secret that must be
/// there; the policy adds its defaults.
/// Without any the text is empty.
pub(super) fn of(policy: &hir::Policy, test: &hir::Test) -> (String, Span) {
    let mut members = Map::new();
    let encoded = policy.encoded_secrets();
    for (number, field) in policy.config.iter().enumerate() {
        let fixed = format!("test-{}", field.name.text);
        let is_encoded = encoded.iter().any(|id| id.index() == number);
        let secret = Value::String(if is_encoded { format!("whsec_{}", Base64::encode_string(fixed.as_bytes())) } else { fixed });
        match &field.ty {
            hir::Ty::Secret => drop(members.insert(field.name.text.clone(), secret)),
            hir::Ty::List(item) if **item == hir::Ty::Secret => drop(members.insert(field.name.text.clone(), Value::Array(vec![secret]))),
            _ => {}
        }
    }
    let mut span = test.name.span;
    for step in &test.steps {
        if let hir::Step::Config(given, place) = step {
            span = *place;
            for (name, given) in given {
                members.insert(name.clone(), value::json(given, &[]));
            }
        }
    }
    token::add_keys(policy, &mut members);
    let text = if policy.config.is_empty() && members.is_empty() { String::new() } else { Value::Object(members).to_string() };
    (text, span)
}
