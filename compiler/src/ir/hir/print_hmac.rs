//! An `hmac` or a `token` as text, for `portcullis dump hir`.

use super::print::expr;
use super::{Codes, Hmac, Piece, Policy, TimestampForm, TimestampSource, Token};

/// What is signed, with what, and how the signature stands in the request.
pub(super) fn lines(policy: &Policy, hmac: &Hmac, line: &mut impl FnMut(usize, String)) {
    let Codes { separator, prefix, encoding } = &hmac.codes;
    let between = separator.map(|separator| format!(", parts between {separator:?}")).unwrap_or_default();
    match &hmac.http {
        Some(http) => line(1, format!("http signature, covers {}, tolerance {} ns", http.covers.join(" "), http.tolerance)),
        None => line(1, format!("signature {}, after {prefix:?}{between}", encoding.as_str())),
    }
    let pieces: Vec<String> = hmac
        .message
        .iter()
        .map(|piece| match piece {
            Piece::Value(value) => expr(policy, value),
            Piece::Timestamp => "timestamp".to_owned(),
        })
        .collect();
    line(1, format!("message {} of {}", hmac.algorithm.as_str(), pieces.join(", ")));
    if let Some(tolerance) = hmac.aws {
        line(1, format!("aws_sigv4, tolerance {tolerance} ns"));
    }
    if let Some(timestamp) = &hmac.timestamp {
        let from = match &timestamp.from {
            TimestampSource::Value(value) => expr(policy, value),
            TimestampSource::Part(prefix) => format!("part after {prefix:?}"),
        };
        let form = match timestamp.form {
            TimestampForm::Unix => "unix",
            TimestampForm::Rfc3339 => "time",
        };
        line(1, format!("timestamp {form}({from}), tolerance {} ns", timestamp.tolerance));
    }
    let secrets: Vec<String> = hmac.secrets.iter().map(|secret| expr(policy, secret)).collect();
    line(1, format!("secrets {}{}", secrets.join(", "), if hmac.encoded_secrets { ", whsec" } else { "" }));
    if let Some(dedupe) = &hmac.dedupe {
        let nonce = dedupe.nonce.as_ref().map_or_else(|| "code".to_owned(), |nonce| expr(policy, nonce));
        line(1, format!("dedupe {nonce} for {} ns", dedupe.window));
    }
    if hmac.reads_body {
        line(1, "reads the body".to_owned());
    }
}

/// How a token is written, and what must hold of its captures.
pub(super) fn token(policy: &Policy, token: &Token, line: &mut impl FnMut(usize, String)) {
    let mut format = token.literals.first().map(|text| format!("{text:?}")).unwrap_or_default();
    for (capture, literal) in token.captures.iter().zip(token.literals.iter().skip(1)) {
        format.push_str(&format!(" {}: {} {literal:?}", capture.name, capture.ty));
    }
    line(1, format!("format {format}"));
    line(1, format!("verify {}", expr(policy, &token.verify)));
    if let Some(expires) = &token.expires {
        line(1, format!("expires {}", expr(policy, expires)));
    }
}
