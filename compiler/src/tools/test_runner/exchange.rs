//! What is sent and answered. In: a `request` step. Out: the messages, with the defaults of the language reference.

use super::token;
use super::value::{self, Variables};
use crate::ir::hir;
use crate::tools::engine::Nanoseconds;
use crate::tools::message::{Answer, Body, CLIENT, CLIENT_PORT, Certificate, Headers, Request, Tls};

/// The request and the upstream's answer. An error says why there is none.
pub(super) fn of(
    policy: &hir::Policy,
    configuration: &str,
    given: &hir::Given,
    variables: &Variables,
    now: Nanoseconds,
) -> Result<(Request, Answer), String> {
    let client = match &given.from {
        Some(pieces) => {
            let address = value::string(pieces, variables);
            address.parse().map_err(|_| format!("`{address}` is no IP address"))?
        }
        None => CLIENT,
    };
    let mut headers = headers(&given.headers, variables);
    let mut target = value::string(&given.target, variables);
    for (credential, claims) in &given.tokens {
        let Some(hir::Credential::Jwt(jwt)) = policy.credentials.get(credential.index()) else {
            return Err("a token can only be made for a `jwt`".to_owned());
        };
        let token = token::sign(jwt, value::json(claims, variables), &secret(policy, jwt, configuration), now)?;
        present(jwt, &token, &mut target, &mut headers);
    }
    let authority = match headers.iter().position(|(name, _)| name == "host") {
        Some(at) => String::from_utf8_lossy(&headers.remove(at).1).into_owned(),
        None => default_host(policy),
    };
    let body = body(given.body.as_ref(), &mut headers, variables);
    let request = Request {
        method: given.method.clone(),
        target,
        authority,
        headers,
        body,
        client,
        client_port: CLIENT_PORT,
        tls: given.certificate.as_ref().map(|certificate| tls(certificate, variables)),
    };
    let mut headers = self::headers(&given.upstream.headers, variables);
    let body = self::body(given.upstream.body.as_ref(), &mut headers, variables);
    Ok((request, Answer { status: given.upstream.status, headers, body }))
}

/// A TLS connection, with a certificate when it says anything.
fn tls(given: &hir::Certificate, variables: &Variables) -> Tls {
    if *given == hir::Certificate::default() {
        return Tls::default();
    }
    let sans = given.sans.iter().map(|name| value::text(name, variables));
    let (uris, dns) = sans.partition(|name| name.contains("://"));
    let subject = given.subject.as_ref().map(|subject| value::text(subject, variables)).unwrap_or_default();
    Tls { certificate: Some(Certificate { subject, uris, dns }) }
}

/// The secret that an HMAC is made with.
fn secret(policy: &hir::Policy, jwt: &hir::Jwt, configuration: &str) -> String {
    let hir::JwtKeys::Secret(id) = &jwt.keys else { return String::new() };
    let members: serde_json::Value = serde_json::from_str(configuration).unwrap_or_default();
    let name = policy.config.get(id.index()).map_or("", |field| field.name.text.as_str());
    members.get(name).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
}

/// Puts a token into the first place that its declaration reads.
fn present(jwt: &hir::Jwt, token: &str, target: &mut String, headers: &mut Headers) {
    let (name, value) = match jwt.from.first() {
        Some(hir::CredentialSource::Header(name)) => (name.clone(), token.to_owned()),
        Some(hir::CredentialSource::Cookie(name)) => ("cookie".to_owned(), format!("{name}={token}")),
        Some(hir::CredentialSource::Query(key)) => {
            target.push(if target.contains('?') { '&' } else { '?' });
            target.push_str(&value::encoded(key));
            target.push('=');
            target.push_str(token);
            return;
        }
        Some(hir::CredentialSource::Bearer | hir::CredentialSource::Basic) | None => {
            ("authorization".to_owned(), format!("Bearer {token}"))
        }
    };
    headers.push((name, value.into_bytes()));
}

/// The first of the policy's hosts; of a pattern a name under it.
fn default_host(policy: &hir::Policy) -> String {
    match policy.hosts.first() {
        Some(hir::HostPattern::Exact(host)) => host.clone(),
        Some(hir::HostPattern::Under(parent)) => format!("www.{parent}"),
        None => "localhost".to_owned(),
    }
}

fn headers(given: &[hir::Header], variables: &Variables) -> Headers {
    given.iter().map(|header| (header.name.clone(), value::text(&header.value, variables).into_bytes())).collect()
}

/// A body; it brings its content type unless the headers give one.
fn body(given: Option<&hir::Body>, headers: &mut Headers, variables: &Variables) -> Option<Body> {
    let (content_type, text, split) = match given? {
        hir::Body::Json(value, split) => ("application/json", value::json(value, variables).to_string(), split),
        hir::Body::Text(value, split) => ("text/plain", value::text(value, variables), split),
        hir::Body::Form(value, split) => ("application/x-www-form-urlencoded", value::form(value, variables), split),
    };
    if !headers.iter().any(|(name, _)| name == "content-type") {
        headers.push(("content-type".to_owned(), content_type.as_bytes().to_vec()));
    }
    let split = split.map(|size| usize::try_from(size).unwrap_or(usize::MAX).max(1));
    Some(Body { bytes: text.into_bytes(), split, trailers: Headers::new() })
}
