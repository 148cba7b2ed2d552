//! Rules that can never match are not in the plan.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use portcullis::plan;

/// Whether a rule with this condition is left out.
fn is_dead(condition: &str) -> bool {
    let text = format!("policy p {{ default = allow }} forbid \"r\" {{ {condition} }}");
    let checked = portcullis::check("dead.policy", &text, &mut |_| Err(String::new()));
    let policy = checked.policy.unwrap_or_else(|| panic!("{condition}: {:?}", checked.diagnostics));
    plan::plan(&policy, plan::Options::default()).rules.first().unwrap().dead
}

#[test]
fn what_excludes_itself_is_dead() {
    for condition in [
        r#"when request.host == "a" and request.host == "b""#,
        r#"when request.host == "a" when "b" == request.host"#,
        r#"when request.headers["x"] == "a" and (request.headers["y"] == "c" and request.headers["x"] == "b")"#,
        r"when request.query.count < 3 and request.query.count > 5",
        r"when request.query.count < 3 and request.query.count >= 3",
        r"when 3 > request.query.count and 3 < request.query.count",
        r"when request.query.count == 4 and request.query.count > 4",
        r"when request.query.count == 4 and request.query.count == 5",
        r#"when client.ip == "192.0.2.1" and client.ip == "192.0.2.2""#,
        "when false",
    ] {
        assert!(is_dead(condition), "{condition}");
    }
}

#[test]
fn what_may_hold_is_not() {
    for condition in [
        r#"when request.host == "a" and request.method == "b""#,
        r#"when request.host == "a" or request.host == "b""#,
        r#"when request.headers["x"] == "a" and request.headers["y"] == "b""#,
        r#"when request.headers["x"] != "a" and request.headers["x"] != "b""#,
        r"when request.query.count <= 3 and request.query.count >= 3",
        r"when request.query.count < 5 and request.query.count > 3",
        r"when request.query.count == 4 and request.query.count < 5",
        r#"when request.host == "a" and request.host == "a""#,
    ] {
        assert!(!is_dead(condition), "{condition}");
    }
}
