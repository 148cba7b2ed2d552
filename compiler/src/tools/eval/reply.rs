//! The policy's own replies. In: replies with expressions. Out: responses as a client receives them.

use super::bytes::header_value;
use super::expr::{self, Context};
use super::json::Json;
use super::value::Value;
use crate::ir::hir;
use crate::tools::engine::EngineError;
use crate::tools::message::{Headers, Response};

/// The response of a reply; `extra` headers come behind its own. A reply to HEAD has the headers of the reply and no body.
pub(super) fn response(reply: &hir::Reply, extra: Headers, ctx: Context<'_>) -> Result<Response, EngineError> {
    let (content_type, body, location) = match &reply.body {
        hir::ReplyBody::Empty => (None, String::new(), None),
        hir::ReplyBody::Text(text) => (Some("text/plain"), expr::string(text, ctx)?, None),
        hir::ReplyBody::Json(value) => (Some("application/json"), json(value, ctx)?.text, None),
        hir::ReplyBody::Location(target) => (None, String::new(), Some(expr::string(target, ctx)?)),
    };
    let mut headers = Headers::new();
    if let Some(target) = location {
        headers.push(("location".to_owned(), header_value(&target)));
    }
    if let Some(content_type) = content_type.filter(|_| !body.is_empty()) {
        headers.push(("content-type".to_owned(), content_type.as_bytes().to_vec()));
        headers.push(("content-length".to_owned(), body.len().to_string().into_bytes()));
    }
    headers.extend(extra);
    let body = if ctx.facts.method == "HEAD" { Vec::new() } else { body.into_bytes() };
    Ok(Response { status: reply.status, headers, body, trailers: Headers::new(), complete: true })
}

/// A reply without body.
pub(super) fn empty(status: u16, headers: Headers) -> Response {
    Response { status, headers, body: Vec::new(), trailers: Headers::new(), complete: true }
}

/// JSON that the policy writes, without spaces. How deep it becomes is not limited: what is read from outside is.
pub(super) fn json(value: &hir::Json, ctx: Context<'_>) -> Result<Json, EngineError> {
    Ok(match value {
        hir::Json::Null => Json::null(),
        hir::Json::Expr(expr) => of_value(&expr::eval(expr, ctx)?),
        hir::Json::Array(items) => Json::array(items.iter().map(|item| json(item, ctx)).collect::<Result<_, EngineError>>()?),
        hir::Json::Object(members) => {
            let members = members.iter().map(|(name, value)| Ok((name.clone(), json(value, ctx)?)));
            Json::object(members.collect::<Result<_, EngineError>>()?)
        }
    })
}

/// A value as JSON; absent is `null`.
fn of_value(value: &Value) -> Json {
    match value {
        Value::List(items) => Json::array(items.iter().map(of_value).collect()),
        Value::Ip(_) | Value::Cidr(..) => Json::string(value.text()),
        other => other.as_json().unwrap_or_else(Json::null),
    }
}
