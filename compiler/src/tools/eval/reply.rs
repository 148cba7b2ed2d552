//! The policy's own replies. In: replies with expressions. Out: responses as a client receives them.

use super::bytes::header_value;
use super::expr::{self, Context};
use super::value::Value;
use crate::ir::hir;
use crate::tools::engine::EngineError;
use crate::tools::message::{Headers, Response};

/// The response of a reply; `extra` headers come behind its own. A reply to HEAD has the headers of the reply and no body.
pub(super) fn response(reply: &hir::Reply, extra: Headers, ctx: Context<'_>) -> Result<Response, EngineError> {
    let (content_type, body, location) = match &reply.body {
        hir::ReplyBody::Empty => (None, String::new(), None),
        hir::ReplyBody::Text(text) => (Some("text/plain"), expr::string(text, ctx)?, None),
        hir::ReplyBody::Json(value) => (Some("application/json"), json(value, ctx)?, None),
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

/// JSON without spaces.
pub(super) fn json(value: &hir::Json, ctx: Context<'_>) -> Result<String, EngineError> {
    Ok(match value {
        hir::Json::Null => "null".to_owned(),
        hir::Json::Expr(expr) => of_value(&expr::eval(expr, ctx)?),
        hir::Json::Array(items) => {
            let items = items.iter().map(|item| json(item, ctx)).collect::<Result<Vec<String>, EngineError>>()?;
            format!("[{}]", items.join(","))
        }
        hir::Json::Object(members) => {
            let members = members
                .iter()
                .map(|(name, value)| Ok(format!("{}:{}", json_string(name), json(value, ctx)?)))
                .collect::<Result<Vec<String>, EngineError>>()?;
            format!("{{{}}}", members.join(","))
        }
    })
}

/// A value as JSON; absent is `null`.
fn of_value(value: &Value) -> String {
    match value {
        Value::Absent => "null".to_owned(),
        Value::String(text) => json_string(text),
        Value::List(items) => format!("[{}]", items.iter().map(of_value).collect::<Vec<_>>().join(",")),
        network @ (Value::Ip(_) | Value::Cidr(..)) => json_string(&network.text()),
        other => other.text(),
    }
}

/// A JSON string: `"`, `\` and control characters escaped, everything else as it is.
pub(super) fn json_string(text: &str) -> String {
    let mut written = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => written.push_str("\\\""),
            '\\' => written.push_str("\\\\"),
            '\n' => written.push_str("\\n"),
            '\r' => written.push_str("\\r"),
            '\t' => written.push_str("\\t"),
            '\u{8}' => written.push_str("\\b"),
            '\u{c}' => written.push_str("\\f"),
            control if u32::from(control) < 0x20 => written.push_str(&format!("\\u{:04x}", u32::from(control))),
            other => written.push(other),
        }
    }
    written.push('"');
    written
}

#[cfg(test)]
mod tests {
    #[test]
    fn json_strings_are_json() {
        let text: String = (0..0x250_u32).filter_map(char::from_u32).collect();
        assert_eq!(serde_json::from_str::<String>(&super::json_string(&text)).ok(), Some(text));
    }
}
