//! Whether an outcome is as expected. In: an expectation, an outcome. Out: nothing, or what was expected and what happened.

use serde_json::Value;

use super::value::{self, Variables};
use crate::ir::hir;
use crate::tools::message::{Decision, Headers, JOINED_BY_ENVOY, Outcome};

/// What was expected, and what happened.
type Difference = (String, String);

/// Checks one expectation about one request. `Count` is about all of them and always holds here.
pub(super) fn check(expected: &hir::Expectation, outcome: &Outcome, variables: &Variables) -> Result<(), Difference> {
    match expected {
        hir::Expectation::Allow => hold(outcome.decision == Decision::Allow, "allow", || decision(outcome)),
        hir::Expectation::Deny(status, by) => {
            let as_shown = by.as_ref().map(|by| by.replace(|letter: char| letter.is_ascii_whitespace(), "_"));
            let holds = match &outcome.decision {
                Decision::Allow => false,
                Decision::Deny { status: actual, by, .. } => actual == status && as_shown.is_none_or(|expected| expected == *by),
            };
            let written = by.as_ref().map_or(format!("deny {status}"), |by| format!("deny {status} by `{by}`"));
            hold(holds, &written, || decision(outcome))
        }
        hir::Expectation::Cluster(name) => {
            let actual = outcome.forwarded.as_ref().and_then(|forwarded| forwarded.cluster.as_deref());
            let got = || match &outcome.forwarded {
                Some(_) => actual.map_or("no cluster".to_owned(), |actual| format!("cluster `{actual}`")),
                None => decision(outcome),
            };
            hold(actual == Some(name), &format!("cluster `{name}`"), got)
        }
        hir::Expectation::Count(..) => Ok(()),
        hir::Expectation::UpstreamPath(path) => {
            let path = value::text(path, variables);
            let actual = outcome.forwarded.as_ref().map(|forwarded| forwarded.target.as_str());
            let got = || actual.map_or_else(|| decision(outcome), |actual| format!("`{actual}`"));
            hold(actual == Some(&path), &format!("upstream path `{path}`"), got)
        }
        hir::Expectation::UpstreamHeader(name, presence) => {
            let written = written("upstream", name, presence, variables);
            match &outcome.forwarded {
                None => Err((written, decision(outcome))),
                Some(forwarded) => {
                    let actual = match name.as_str() {
                        "host" => Some(forwarded.authority.clone()),
                        "x-portcullis-cluster" => forwarded.cluster.clone(),
                        _ => joined(&forwarded.headers, name),
                    };
                    header(&written, name, actual, presence, variables)
                }
            }
        }
        hir::Expectation::ResponseHeader(name, presence) => {
            let written = written("response", name, presence, variables);
            header(&written, name, joined(&outcome.response.headers, name), presence, variables)
        }
        hir::Expectation::BodyJson(not, expected) => {
            let expected = value::json(expected, variables);
            let equal = serde_json::from_slice(&outcome.response.body).is_ok_and(|actual: Value| same(&actual, &expected));
            hold(equal != *not, &format!("{}body json `{expected}`", negation(*not)), || body(outcome))
        }
        hir::Expectation::BodyText(not, expected) => {
            let expected = value::text(expected, variables);
            let equal = outcome.response.complete && outcome.response.body == expected.as_bytes();
            hold(equal != *not, &format!("{}body text `{expected}`", negation(*not)), || body(outcome))
        }
        hir::Expectation::BodyContains(not, expected) => {
            let expected = value::text(expected, variables);
            let part = expected.as_bytes();
            let contains = part.is_empty() || outcome.response.body.windows(part.len()).any(|window| window == part);
            hold(contains != *not, &format!("{}body contains `{expected}`", negation(*not)), || body(outcome))
        }
    }
}

fn hold(holds: bool, expected: &str, got: impl FnOnce() -> String) -> Result<(), Difference> {
    if holds { Ok(()) } else { Err((expected.to_owned(), got())) }
}

fn negation(not: bool) -> &'static str {
    if not { "not " } else { "" }
}

fn decision(outcome: &Outcome) -> String {
    match &outcome.decision {
        Decision::Allow => "allow".to_owned(),
        Decision::Deny { status, by, why } if why.is_empty() => format!("deny {status} by `{by}`"),
        Decision::Deny { status, by, why } => format!("deny {status} by `{by}` ({why})"),
    }
}

fn body(outcome: &Outcome) -> String {
    let cut = if outcome.response.complete { "" } else { ", cut" };
    format!("`{}` (status {}{cut})", String::from_utf8_lossy(&outcome.response.body), outcome.response.status)
}

/// All lines of a header as one value.
fn joined(headers: &Headers, name: &str) -> Option<String> {
    let lines: Vec<&[u8]> = headers.iter().filter(|(key, _)| key == name).map(|(_, value)| value.trim_ascii()).collect();
    (!lines.is_empty()).then(|| String::from_utf8_lossy(&lines.join(b", ".as_slice())).into_owned())
}

fn written(of: &str, name: &str, presence: &hir::Presence, variables: &Variables) -> String {
    match presence {
        hir::Presence::Equals(value) => format!("{of} header `{name}` == `{}`", value::text(value, variables)),
        hir::Presence::Absent => format!("{of} header `{name}` is absent"),
        hir::Presence::Present => format!("{of} header `{name}` is present"),
    }
}

fn header(written: &str, name: &str, actual: Option<String>, presence: &hir::Presence, variables: &Variables) -> Result<(), Difference> {
    let holds = match presence {
        hir::Presence::Equals(value) => {
            let expected = value::text(value, variables);
            actual.as_ref().is_some_and(|actual| {
                // Where Envoy joins lines it writes no blank behind the comma.
                *actual == expected || (JOINED_BY_ENVOY.contains(&name) && elements(actual).eq(elements(&expected)))
            })
        }
        hir::Presence::Absent => actual.is_none(),
        hir::Presence::Present => actual.is_some(),
    };
    hold(holds, written, || actual.map_or("absent".to_owned(), |actual| format!("`{actual}`")))
}

fn elements(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim)
}

/// Equal as JSON: numbers by value, members in any order.
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => {
            left == right || (left.as_f64() == right.as_f64() && left.is_f64() != right.is_f64())
        }
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len() && left.iter().all(|(name, value)| right.get(name).is_some_and(|other| same(value, other)))
        }
        (left, right) => left == right,
    }
}
