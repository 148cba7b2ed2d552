//! The runner on a tiny policy with the interpreter.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::{report, run};
use crate::base::{Sources, Span};
use crate::ir::hir;
use crate::tools::eval::Interpreter;

fn name(text: &str) -> hir::Name {
    hir::Name { text: text.into(), span: Span::default() }
}

fn policy() -> hir::Policy {
    let reply = hir::Reply { status: 403, body: hir::ReplyBody::Empty };
    let template = hir::Template { segments: vec![hir::Segment::Literal("open".into())], rest: true };
    hir::Policy {
        name: name("p"),
        shadow: false,
        default_would_deny: false,
        default: hir::Action::Deny(reply.clone()),
        on_fault: hir::Action::Deny(reply),
        hosts: Vec::new(),
        body_limit: 1 << 20,
        on_oversize: hir::Action::Allow,
        trusted_hops: 0,
        normalize_path: true,
        config: vec![hir::Config { name: name("key"), ty: hir::Ty::Secret, default: None }],
        lets: Vec::new(),
        fns: Vec::new(),
        lists: Vec::new(),
        maps: Vec::new(),
        services: Vec::new(),
        credentials: Vec::new(),
        limits: Vec::new(),
        scopes: Vec::new(),
        rules: vec![hir::Rule {
            name: name("open door"),
            kind: hir::RuleKind::Permit,
            shadow: false,
            scope: None,
            on: vec![hir::On { methods: Vec::new(), templates: vec![template] }],
            conditions: Vec::new(),
            span: Span::default(),
        }],
        tests: Vec::new(),
    }
}

fn request(target: &str) -> hir::Step {
    let given = hir::Given {
        certificate: None,
        method: "GET".into(),
        target: vec![hir::TestPiece::Text(target.into()), hir::TestPiece::Variable("i".into())],
        from: None,
        headers: Vec::new(),
        body: None,
        tokens: Vec::new(),
        upstream: hir::Answer { status: 200, headers: Vec::new(), body: None },
    };
    hir::Step::Request(Box::new(given), Span::default())
}

fn expect(expected: hir::Expectation) -> hir::Step {
    hir::Step::Expect(expected, Span::default())
}

fn test(steps: Vec<hir::Step>) -> hir::Test {
    hir::Test { name: name("t"), steps }
}

#[test]
fn results_and_their_report() {
    let path = |path: &str| expect(hir::Expectation::UpstreamPath(hir::TestValue::String(vec![hir::TestPiece::Text(path.into())])));
    let good = test(vec![
        hir::Step::Repeat(3, "i".into(), vec![request("/open/"), expect(hir::Expectation::Allow)]),
        path("/open/2"),
        expect(hir::Expectation::Count("open door".into(), 3)),
    ]);
    let bad = test(vec![request("/closed/"), expect(hir::Expectation::Allow)]);
    let denied = test(vec![request("/closed/"), expect(hir::Expectation::Deny(403, Some("default".into())))]);
    let wrong_rule = test(vec![request("/closed/"), expect(hir::Expectation::Deny(403, Some("open door".into())))]);
    let early = test(vec![expect(hir::Expectation::Allow)]);
    let policy = policy();
    let results = run(&policy, &[&good, &bad, &denied, &wrong_rule, &early], &mut Interpreter::new(policy.clone()));
    let passed: Vec<bool> = results.iter().map(|result| result.passed).collect();
    assert_eq!(passed, [true, false, true, false, false]);
    assert_eq!(results[1].failure.as_ref().unwrap().got, "deny 403 by `default`");
    let text = report(&Sources::default(), &results);
    assert!(text.ends_with("2 passed, 3 failed, 0 skipped\n"), "{text}");
    assert!(text.contains("expected deny 403 by `open door`\n"), "{text}");
}

#[test]
fn a_refused_configuration_fails_the_test_with_the_key() {
    let wrong = test(vec![hir::Step::Config(vec![("key".into(), hir::TestValue::Int(1))], Span::default())]);
    let policy = policy();
    let results = run(&policy, &[&wrong], &mut Interpreter::new(policy.clone()));
    assert_eq!(results[0].failure.as_ref().unwrap().got, "configuration key `key` must be a string");
}
