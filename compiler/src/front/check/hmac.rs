//! `hmac`: a custom scheme of the language's own expressions, or a built-in one, which is filled in as a custom one.

use super::attrs::{self, Attrs};
use super::context::Context;
use super::credential;
use super::env::Env;
use super::{expr, hmac_covers, hmac_message, suggest};
use crate::base::{Code, Span};
use crate::ir::{ast, hir};
use crate::lang::attributes::Block;
use crate::lang::headers;

/// How far a timestamp may lie from now when nothing is written.
const TOLERANCE: i64 = 5 * 60 * 1_000_000_000;
/// Attributes that a built-in scheme decides.
const OF_CUSTOM: [&str; 4] = ["signature", "algorithm", "message", "timestamp"];
/// The built-in schemes.
const SCHEMES: [&str; 6] = ["github", "stripe", "slack", "standard_webhooks", "aws_sigv4", "http_signature"];
/// What stands for a declaration until its expressions can be checked, and for one that is at fault.
pub(super) fn blank(declaration: &ast::Declaration) -> hir::Hmac {
    hir::Hmac {
        name: declaration.name.clone(),
        from: Vec::new(),
        aws: None,
        http: None,
        codes: hir::Codes { separator: None, prefix: String::new(), encoding: hir::Encoding::Hex },
        algorithm: hir::Algorithm::Sha256,
        message: Vec::new(),
        timestamp: None,
        secrets: Vec::new(),
        encoded_secrets: false,
        dedupe: None,
        reads_body: false,
        reads_json: false,
        reads_form: false,
        forward: false,
    }
}

/// Checks one declaration; `let`s and `fn`s are known.
pub(super) fn check(ctx: &mut Context<'_>, declaration: &ast::Declaration) -> hir::Hmac {
    let attrs = attrs::check(ctx, Block::Declaration(declaration.kind), &declaration.attrs);
    let mut hmac = blank(declaration);
    hmac.forward = credential::forward(ctx, &attrs);
    hmac.secrets = secrets(ctx, declaration, &attrs);
    let tolerance = attrs.get("tolerance").and_then(|attr| duration(ctx, attr));
    match attrs.get("scheme") {
        Some(attr) => built_in(ctx, attr, &attrs, &mut hmac),
        None => custom(ctx, declaration, &attrs, &mut hmac),
    }
    if let Some(attr) = attrs.get("covers") {
        hmac_covers::check(ctx, attr, &mut hmac);
    }
    let dated = hmac.timestamp.is_some() || hmac.aws.is_some() || hmac.http.is_some();
    if let (Some(attr), false, false) = (attrs.get("tolerance"), dated, hmac.from.is_empty()) {
        let built_in = attrs.get("scheme").is_some();
        let help = if built_in { "drop it: the scheme signs no timestamp" } else { "add `timestamp = unix(header \"…\")`, or drop it" };
        ctx.ineffective(attr.name.span, "a tolerance without a timestamp", "nothing tells when a request was signed", help);
    }
    hmac.aws = hmac.aws.map(|usual| tolerance.unwrap_or(usual));
    if let (Some(timestamp), Some(tolerance)) = (&mut hmac.timestamp, tolerance) {
        timestamp.tolerance = tolerance;
    }
    if let (Some(http), Some(tolerance)) = (&mut hmac.http, tolerance) {
        http.tolerance = tolerance;
    }
    if let Some(attr) = attrs.get("dedupe") {
        hmac.dedupe = dedupe(ctx, attr, &hmac);
    }
    let reads_body = hmac.aws.is_some() || hmac.http.is_some() || hmac.exprs().any(|value| ctx.reads_body(value));
    let (mut reads_json, mut reads_form) = (false, false);
    for value in hmac.exprs() {
        hmac_message::reads(ctx, value, &mut |read| {
            reads_json |= *read == hir::Read::BodyJson;
            reads_form |= matches!(read, hir::Read::BodyForm(_) | hir::Read::Computed(hir::Keyed::BodyForm));
        });
    }
    hir::Hmac { reads_body, reads_json, reads_form, ..hmac }
}

/// `secret`: one, or a list of which any may match.
fn secrets(ctx: &mut Context<'_>, declaration: &ast::Declaration, attrs: &Attrs<'_>) -> Vec<hir::Expr> {
    let Some(attr) = attrs.get("secret") else {
        let block = format!("`hmac {}`", declaration.name.text);
        attrs::missing(ctx, declaration.name.span, &block, "secret", "secret = config.NAME");
        return Vec::new();
    };
    let ast::Value::Expr(written) = &attr.value else {
        attrs::wrong(ctx, attr, "a secret of the configuration, or a list of them", "secret = config.NAME");
        return Vec::new();
    };
    let value = expr::check(ctx, &Env::configuration("`secret`"), written);
    let found = match value.kind {
        hir::ExprKind::ListOf(items) => items,
        _ => vec![value],
    };
    let mut secrets = Vec::new();
    for value in found {
        if *value.ty.present() == hir::Ty::Secret {
            secrets.push(value);
        } else if value.ty != hir::Ty::Error {
            ctx.error(
                Code::BadCredential,
                value.span,
                format!("the secret of an `hmac` is {}", expr::article(&value.ty)),
                "would lie where it can be read",
                "declare it as `secret` in `config`, and write `secret = config.NAME`",
            );
        }
    }
    secrets
}

/// A duration of at least a nanosecond.
fn duration(ctx: &mut Context<'_>, attr: &ast::Attr) -> Option<i64> {
    if let ast::Value::Expr(ast::Expr { kind: ast::ExprKind::Duration(value), .. }) = &attr.value {
        if *value > 0 {
            return Some(*value);
        }
        let (message, help) = (format!("`{}` is no time at all", attr.name.text), format!("write `{} = 5m`", attr.name.text));
        ctx.error(Code::WrongForm, attrs::value_span(attr), message, "every signature would be too old", help);
        return None;
    }
    attrs::wrong(ctx, attr, "a duration", &format!("{} = 5m", attr.name.text));
    None
}

fn custom(ctx: &mut Context<'_>, declaration: &ast::Declaration, attrs: &Attrs<'_>, hmac: &mut hir::Hmac) {
    let block = format!("`hmac {}`", declaration.name.text);
    match attrs.get("signature") {
        Some(attr) => signature(ctx, attr, hmac),
        None => {
            attrs::missing(ctx, declaration.name.span, &block, "signature", "signature = hex(header \"x-signature\")");
        }
    }
    if let Some(attr) = attrs.get("algorithm") {
        hmac.algorithm = algorithm(ctx, attr).unwrap_or(hmac.algorithm);
    }
    hmac.timestamp = attrs.get("timestamp").and_then(|attr| timestamp(ctx, attr));
    match attrs.get("message") {
        Some(attr) => {
            hmac.message = hmac_message::check(ctx, attr).map(hir::Piece::Value).into_iter().collect();
        }
        None => {
            attrs::missing(ctx, declaration.name.span, &block, "message", "message = request.body.text");
        }
    }
    if let (Some(hir::Timestamp { from: hir::TimestampSource::Value(value), .. }), Some(hir::Piece::Value(message))) =
        (&hmac.timestamp, hmac.message.first())
        && !hmac_message::covers(ctx, message, value)
    {
        let help = "write it into `message`";
        ctx.ineffective(value.span, "a timestamp that is not signed", "whoever replays a request writes a new one", help);
    }
}

/// `hex(header "x-sig")` and the like: the word, and what stands in parentheses.
fn called(attr: &ast::Attr) -> Option<(&ast::Expr, &str, &ast::Arg)> {
    let ast::Value::Expr(ast::Expr { kind: ast::ExprKind::Call { callee, args }, .. }) = &attr.value else { return None };
    let ast::ExprKind::Name(word) = &callee.kind else { return None };
    let [arg @ ast::Arg::Source(_)] = args.as_slice() else { return None };
    Some((callee, word, arg))
}

fn signature(ctx: &mut Context<'_>, attr: &ast::Attr, hmac: &mut hir::Hmac) {
    let example = "signature = hex(header \"x-signature\")";
    let Some((callee, word, arg)) = called(attr) else {
        attrs::wrong(ctx, attr, "an encoding of a place", example);
        return;
    };
    let encodings = [hir::Encoding::Hex, hir::Encoding::Base64, hir::Encoding::Base64Url];
    match encodings.into_iter().find(|encoding| encoding.as_str() == word) {
        Some(encoding) => hmac.codes.encoding = encoding,
        None => {
            let help = suggest::help(word, encodings.map(hir::Encoding::as_str), "write `hex`, `base64` or `base64url`");
            ctx.error(Code::UnknownOption, callee.span, format!("signatures are not written in `{word}`"), "unknown encoding", help);
        }
    }
    let place = credential::place(ctx, arg, &hir::CredentialSource::Bearer);
    hmac.from = place.into_iter().map(|(place, _)| place).collect();
}

fn algorithm(ctx: &mut Context<'_>, attr: &ast::Attr) -> Option<hir::Algorithm> {
    let known = [hir::Algorithm::Sha256, hir::Algorithm::Sha512, hir::Algorithm::Sha1];
    let Some(word) = attrs::word(attr) else {
        attrs::wrong(ctx, attr, "`sha256`, `sha512` or `sha1`", "algorithm = sha256");
        return None;
    };
    let found = known.into_iter().find(|algorithm| algorithm.as_str() == word);
    if found.is_none() {
        let help = suggest::help(word, known.map(hir::Algorithm::as_str), "write `sha256`, `sha512` or `sha1`");
        ctx.error(
            Code::UnknownOption,
            attrs::value_span(attr),
            format!("`{word}` is no algorithm of an `hmac`"),
            "unknown algorithm",
            help,
        );
    }
    found
}

fn timestamp(ctx: &mut Context<'_>, attr: &ast::Attr) -> Option<hir::Timestamp> {
    let example = "timestamp = unix(header \"x-timestamp\")";
    let Some((callee, word, ast::Arg::Source(source))) = called(attr) else {
        attrs::wrong(ctx, attr, "`unix(…)` or `time(…)` of a place", example);
        return None;
    };
    let form = match word {
        "unix" => hir::TimestampForm::Unix,
        "time" => hir::TimestampForm::Rfc3339,
        _ => {
            let help = suggest::help(word, ["unix", "time"], "write `unix(…)` for seconds since 1970, `time(…)` for RFC 3339");
            ctx.error(Code::UnknownOption, callee.span, format!("timestamps are not written in `{word}`"), "unknown form", help);
            return None;
        }
    };
    let value = read(ctx, source)?;
    Some(hir::Timestamp { from: hir::TimestampSource::Value(value), form, tolerance: TOLERANCE })
}

/// `header "…"`, `query "…"` or `cookie "…"` as a value.
fn read(ctx: &mut Context<'_>, source: &ast::Source) -> Option<hir::Expr> {
    let help = "write `header \"name\"`, `query \"key\"` or `cookie \"name\"`";
    let ast::ExprKind::String(text) = &source.text.kind else {
        ctx.error(Code::BadCredential, source.text.span, "a place with an interpolation", "places are fixed", help);
        return None;
    };
    let read = match source.kind.text.as_str() {
        "header" => {
            let name = text.to_ascii_lowercase();
            if !headers::is_name(&name) {
                let message = format!("`{text}` is no header name");
                ctx.error(Code::BadHeaderName, source.text.span, message, "no header is called so", "write letters, digits and `-`");
                return None;
            }
            hir::Read::Header(name)
        }
        "query" => hir::Read::Query(text.clone()),
        "cookie" => hir::Read::Cookie(text.clone()),
        word => {
            let help = suggest::help(word, ["header", "query", "cookie"], help);
            ctx.error(Code::BadCredential, source.kind.span, "a place that nothing is read from", "unknown place", help);
            return None;
        }
    };
    Some(hir::Expr { kind: hir::ExprKind::Read(read), ty: hir::Ty::String.optional(), span: source.span })
}

fn dedupe(ctx: &mut Context<'_>, attr: &ast::Attr, hmac: &hir::Hmac) -> Option<hir::Dedupe> {
    let example = "dedupe = header \"x-nonce\" for 10m";
    let ast::Value::Source(source @ ast::Source { duration: Some(window), .. }) = &attr.value else {
        attrs::wrong(ctx, attr, "a place and how long what stands there is remembered", example);
        return None;
    };
    if *window <= 0 {
        attrs::wrong(ctx, attr, "a duration", example);
        return None;
    }
    let nonce = read(ctx, source)?;
    let tolerance = hmac.timestamp.as_ref().map(|timestamp| timestamp.tolerance).or(hmac.aws);
    if let Some(tolerance) = tolerance.or(hmac.http.as_ref().map(|http| http.tolerance))
        && *window < tolerance.saturating_mul(2)
    {
        let message = "what may come once only is forgotten while it is still fresh";
        let label = "shorter than the tolerance on both sides of a timestamp";
        ctx.ineffective(source.span, message, label, "remember it for at least twice the tolerance");
    }
    // A code can be written in several ways (hex digits in either case), so what is remembered is the code itself.
    if hmac.from.iter().any(|place| is_read(place, &nonce)) {
        return Some(hir::Dedupe { nonce: None, window: *window });
    }
    let signed = hmac.message.iter().any(|piece| match (piece, &hmac.timestamp) {
        (hir::Piece::Value(value), _) => hmac_message::covers(ctx, value, &nonce),
        (hir::Piece::Timestamp, Some(hir::Timestamp { from: hir::TimestampSource::Value(value), .. })) => {
            hmac_message::covers(ctx, value, &nonce)
        }
        (hir::Piece::Timestamp, _) => false,
    });
    let covered = |name: &String| hir::ExprKind::Read(hir::Read::Header(name.clone())) == nonce.kind;
    let signed = signed || hmac.http.as_ref().is_some_and(|http| http.covers.iter().any(covered));
    if !signed && (!hmac.message.is_empty() || hmac.http.is_some()) {
        let help = "sign it too, or name the place of the signature: then the signature itself may come once only";
        ctx.ineffective(source.span, "a nonce that is not signed", "whoever replays a request writes a new one", help);
    }
    Some(hir::Dedupe { nonce: Some(nonce), window: *window })
}

fn is_read(place: &hir::CredentialSource, value: &hir::Expr) -> bool {
    let hir::ExprKind::Read(read) = &value.kind else { return false };
    match place {
        hir::CredentialSource::Header(name) => *read == hir::Read::Header(name.clone()),
        hir::CredentialSource::Query(key) => *read == hir::Read::Query(key.clone()),
        hir::CredentialSource::Cookie(name) => *read == hir::Read::Cookie(name.clone()),
        hir::CredentialSource::Bearer | hir::CredentialSource::Basic => false,
    }
}

/// Fills in a built-in scheme, as its vendor documents it.
fn built_in(ctx: &mut Context<'_>, attr: &ast::Attr, attrs: &Attrs<'_>, hmac: &mut hir::Hmac) {
    let span = attrs::value_span(attr);
    let Some(word) = attrs::word(attr) else {
        attrs::wrong(ctx, attr, "the name of a scheme", "scheme = github");
        return;
    };
    for name in OF_CUSTOM {
        if let Some(own) = attrs.get(name) {
            let message = format!("`{name}` beside a built-in scheme");
            ctx.error(Code::BadCredential, own.name.span, message, format!("`{word}` says what it is"), "drop it, or drop `scheme`");
        }
    }
    let header = |name: &str| hir::CredentialSource::Header(name.to_owned());
    let unix = |from| Some(hir::Timestamp { from, form: hir::TimestampForm::Unix, tolerance: TOLERANCE });
    let from_header = |name: &str| hir::TimestampSource::Value(header_value(name, span));
    let codes = |separator, prefix: &str, encoding| hir::Codes { separator, prefix: prefix.to_owned(), encoding };
    let body = || hir::Piece::Value(hmac_message::body(span));
    let text = |text: &str| hir::Piece::Value(string(text, span));
    match word {
        // "Validating webhook deliveries": the HMAC of the body, behind `sha256=`.
        "github" => {
            hmac.from = vec![header("x-hub-signature-256")];
            hmac.codes = codes(None, "sha256=", hir::Encoding::LowerHex);
            hmac.message = vec![body()];
        }
        // "Verify webhook signatures manually": `t=…,v1=…`, several `v1` while a secret is rolled; other schemes do not count.
        "stripe" => {
            hmac.from = vec![header("stripe-signature")];
            hmac.codes = codes(Some(','), "v1=", hir::Encoding::LowerHex);
            hmac.timestamp = unix(hir::TimestampSource::Part("t=".to_owned()));
            hmac.message = vec![hir::Piece::Timestamp, text("."), body()];
        }
        // "Verifying requests from Slack": version, timestamp and body between colons.
        "slack" => {
            hmac.from = vec![header("x-slack-signature")];
            hmac.codes = codes(None, "v0=", hir::Encoding::LowerHex);
            hmac.timestamp = unix(from_header("x-slack-request-timestamp"));
            hmac.message = vec![text("v0:"), hir::Piece::Timestamp, text(":"), body()];
        }
        // The specification of Standard Webhooks: `v1,BASE64` between spaces; `v1a`, an asymmetric signature, does not count.
        "standard_webhooks" => {
            hmac.from = vec![header("webhook-signature")];
            hmac.codes = codes(Some(' '), "v1,", hir::Encoding::Base64);
            hmac.timestamp = unix(from_header("webhook-timestamp"));
            hmac.message = vec![hir::Piece::Value(header_value("webhook-id", span)), text("."), hir::Piece::Timestamp, text("."), body()];
            hmac.encoded_secrets = true;
        }
        // "AWS Signature Version 4 for API requests": in `authorization` or in the query.
        "aws_sigv4" => {
            hmac.from = vec![header("authorization"), hir::CredentialSource::Query("X-Amz-Signature".to_owned())];
            hmac.aws = Some(TOLERANCE);
        }
        // RFC 9421: `signature-input` says what is signed, and `signature` has the code.
        "http_signature" => {
            hmac.from = vec![header("signature"), header("signature-input")];
            hmac.http = Some(hir::HttpSignature { covers: hmac_covers::usual(), tolerance: TOLERANCE });
        }
        _ => {
            let names = SCHEMES.map(|name| format!("`{name}`")).join(", ");
            let help = suggest::help(word, SCHEMES, &format!("write one of {names}, or `signature` and `message` of your own"));
            ctx.error(Code::UnknownOption, span, format!("there is no scheme `{word}`"), "unknown scheme", help);
        }
    }
}

fn header_value(name: &str, span: Span) -> hir::Expr {
    hir::Expr { kind: hir::ExprKind::Read(hir::Read::Header(name.to_owned())), ty: hir::Ty::String.optional(), span }
}

fn string(text: &str, span: Span) -> hir::Expr {
    hir::Expr { kind: hir::ExprKind::Const(hir::Const::String(text.to_owned())), ty: hir::Ty::String, span }
}
