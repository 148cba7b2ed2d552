//! Redaction of bodies: texts in, texts out.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used)]

use super::{Foreseen, Inspection, inspect};
use crate::base::Span;
use crate::ir::hir;

fn redact(keep_first: u32, keep_last: u32, with: char) -> hir::Redact {
    hir::Redact {
        types: vec![
            hir::MediaRange { main: "application".into(), sub: "json".into() },
            hir::MediaRange { main: "text".into(), sub: "*".into() },
        ],
        max_body: None,
        on_oversize: None,
        on_encoded: None,
        any: vec![hir::AnyRedaction { detector: hir::Detector::Card, keep_first, keep_last, with }],
        headers: Vec::new(),
    }
}

fn rule(redact: hir::Redact) -> hir::Rule {
    hir::Rule {
        name: hir::Name { text: "cards".into(), span: Span::default() },
        kind: hir::RuleKind::RedactResponse(redact),
        shadow: false,
        scope: None,
        on: Vec::new(),
        conditions: Vec::new(),
        span: Span::default(),
    }
}

/// The body after redaction; `None` when no rule changed it.
fn after(redaction: hir::Redact, content_type: &str, body: &str) -> Option<String> {
    let rule = rule(redaction);
    let hir::RuleKind::RedactResponse(redact) = &rule.kind else { panic!() };
    let headers = vec![("content-type".to_owned(), content_type.as_bytes().to_vec())];
    match inspect(&[(&rule, redact)], 200, &headers, body.as_bytes(), Foreseen { announced: true, held: false }) {
        Inspection::Inspected { body, changed_by } => {
            (!changed_by.is_empty()).then(|| String::from_utf8(body).expect("redaction keeps UTF-8"))
        }
        Inspection::Untouched | Inspection::Refused(..) | Inspection::Cut(_) => panic!("not inspected"),
    }
}

#[test]
fn text_is_masked_in_place() {
    let masked = after(redact(0, 4, '*'), "text/plain", "a 4111-1111 1111 1111, b 4111111111111112");
    assert_eq!(masked.as_deref(), Some("a ****-**** **** 1111, b 4111111111111112"));
    assert_eq!(after(redact(6, 4, '•'), "text/plain", "4111111111111111").as_deref(), Some("411111••••••1111"));
    assert_eq!(after(redact(9, 9, '*'), "text/plain", "4111111111111111"), None);
}

#[test]
fn json_stays_json() {
    for (body, expected) in [
        (r#"{"card": "4111 1111 1111 1111"}"#, r#"{"card": "**** **** **** 1111"}"#),
        (r#"{"card": 4111111111111111 }"#, r#"{"card": "************1111" }"#),
        (r#"{"a": "\u0034111 1111 1111 111\u0031"}"#, r#"{"a": "**** **** **** 111\u0031"}"#),
        (r#"{"a": "\n4111111111111111\"", "b": "\u00e9"}"#, r#"{"a": "\n************1111\"", "b": "\u00e9"}"#),
        (r#"["4111\u00201111\u002d1111 1111"]"#, r#"["****\u0020****\u002d**** 1111"]"#),
        (r#"[-4111111111111111.5]"#, r#"["-************1111.5"]"#),
        ("4111 1111 1111 1111", "**** **** **** 1111"),
        (r#""4111111111111111"#, r#""************1111"#),
    ] {
        assert_eq!(after(redact(0, 4, '*'), "application/json", body).as_deref(), Some(expected));
    }
    for body in [r#"{"4111111111111111": 1}"#, r#"["4111\n1111 1111 1111"]"#, r#"["x\u0041", "a4111111111111111"]"#] {
        assert_eq!(after(redact(0, 4, '*'), "application/json", body), None, "{body}");
    }
}

#[test]
fn replacements_are_escaped_in_json() {
    assert_eq!(after(redact(0, 15, '"'), "application/json", r#"["4111111111111111"]"#).as_deref(), Some(r#"["\"111111111111111"]"#));
    assert_eq!(after(redact(0, 15, '"'), "text/plain", "4111111111111111").as_deref(), Some("\"111111111111111"));
}

#[test]
fn what_cannot_be_read_is_refused() {
    let mut redaction = redact(0, 0, '*');
    redaction.on_encoded = Some(hir::Reply { status: 502, body: hir::ReplyBody::Empty });
    redaction.max_body = Some(10);
    redaction.on_oversize = Some(hir::Reply { status: 503, body: hir::ReplyBody::Empty });
    let rule = rule(redaction);
    let hir::RuleKind::RedactResponse(redact) = &rule.kind else { panic!() };
    let inspect = |headers: &[(&str, &str)], status, body: &str, known| {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect();
        match inspect(&[(&rule, redact)], status, &headers, body.as_bytes(), Foreseen { announced: known, held: false }) {
            Inspection::Untouched => "untouched".to_owned(),
            Inspection::Inspected { .. } => "inspected".to_owned(),
            Inspection::Refused(_, reply) => reply.status.to_string(),
            Inspection::Cut(_) => "cut".to_owned(),
        }
    };
    let text = ("content-type", "text/plain");
    assert_eq!(inspect(&[text], 200, "0123456789", true), "inspected");
    assert_eq!(inspect(&[text], 200, "01234567890", true), "503");
    assert_eq!(inspect(&[text], 200, "01234567890", false), "cut");
    assert_eq!(inspect(&[text], 206, "0", true), "502");
    assert_eq!(inspect(&[text, ("content-encoding", "gzip")], 200, "0", true), "502");
    assert_eq!(inspect(&[text, text], 200, "0", true), "502");
    assert_eq!(inspect(&[("content-type", "image/png"), ("content-encoding", "gzip")], 200, "0", true), "untouched");
    assert_eq!(inspect(&[], 206, "0", true), "untouched");
}
