//! Names and calls that people bring along from other languages and gateways. In: a name that nothing declares. Out: how the
//! same is written here.

use super::parts;
use crate::base::{Sources, Span};
use crate::front::check::context::Context;
use crate::front::check::env::Env;
use crate::front::check::suggest;
use crate::ir::ast;
use crate::lang::functions;

/// What is meant by a name that is no value.
pub(super) fn value(name: &str) -> Option<&'static str> {
    let help = match name {
        "method" => "write `request.method`",
        "host" => "write `request.host`",
        "url" | "uri" => "write `request.path`, or `request.raw_path` for what was received",
        "ip" | "remote_addr" | "remote_ip" | "source" | "client_ip" => "write `client.ip`",
        "status" => "write `response.status`",
        "req" | "input" | "context" | "http" => "write `request`, as in `request.method`",
        "res" | "resp" => "write `response`, as in `response.status`",
        "user" | "principal" | "auth" | "claims" | "subject" => "name a credential that the scope authenticates, as in `partners.key_id`",
        "env" | "data" | "settings" => "declare it in `config` and write `config.NAME`",
        "True" | "TRUE" => "write `true`",
        "False" | "FALSE" => "write `false`",
        "None" | "nil" | "undefined" | "NULL" => "test for absence with `is absent`",
        _ => return None,
    };
    Some(help)
}

/// What is meant by a function that does not exist.
pub(super) fn function(name: &str) -> Option<&'static str> {
    let help = match name {
        "size" | "length" | "count" | "strlen" => "write `len(…)`",
        "tolower" | "to_lower" | "toLowerCase" | "lowercase" | "lcase" => "write `lower(…)`",
        "toupper" | "to_upper" | "toUpperCase" | "uppercase" | "ucase" => "write `upper(…)`",
        "strip" => "write `trim(…)`",
        "starts_with" | "startswith" | "startsWith" | "hasPrefix" | "has_prefix" => "write `text starts_with \"…\"`",
        "ends_with" | "endswith" | "endsWith" | "hasSuffix" | "has_suffix" => "write `text ends_with \"…\"`",
        "includes" | "contains" | "indexOf" => "write `text contains \"…\"`",
        "matches" | "regex" | "match" | "test" | "re_match" => "write `text matches /…/`",
        "exists" | "has" | "defined" | "isset" => "write `… is present`",
        "toString" | "str" | "string" => "write `\"${…}\"`",
        "parseInt" | "to_int" | "Number" | "atoi" => "write `int(…) ?? 0`",
        _ => return None,
    };
    Some(help)
}

/// What is meant by a call of something that is no name: methods of other languages are functions or operators here.
pub(super) fn called(ctx: &Context<'_>, env: &Env, callee: &ast::Expr, args: &[ast::Arg]) -> String {
    if let Some(help) = parts::called(ctx, env, callee, args) {
        return help;
    }
    let ast::ExprKind::Member(base, method) = &callee.kind else { return "write the name of a function, such as `lower(…)`".to_owned() };
    let base = ctx.sources.text(base.span);
    let base = if base.len() <= 60 && !base.contains('\n') { base } else { "…" };
    let quantified = |word: &str| format!("write `{word} x in {base} satisfies …`");
    match method.text.as_str() {
        "all" | "every" => quantified("every"),
        "any" | "some" | "exists" | "find" | "filter" => quantified("some"),
        "get" => format!("write `{base}[\"name\"]`"),
        name if functions::find(name).is_some() => format!("write `{name}({base})`"),
        name => function(name).map_or_else(
            || "write the name of a function, such as `lower(…)`".to_owned(),
            |help| help.replace("text", base).replace("(…)", &format!("({base})")),
        ),
    }
}

/// Members of texts in other languages.
const KNOWN: [&str; 9] = ["length", "len", "size", "count", "lower", "upper", "toLowerCase", "toUpperCase", "raw"];

/// How a member of a value that has none is read: `request.path.length`, `request.headers.x-user`. In: what is known of the text.
pub(super) fn member(path: &str) -> Option<String> {
    let (base, name) = path.rsplit_once('.')?;
    match path {
        "request.ip" | "request.client_ip" | "request.remote_addr" | "client.address" => return Some("write `client.ip`".to_owned()),
        "request.url" | "request.uri" => return Some("write `request.path`, or `request.raw_path` for what was received".to_owned()),
        "request.verb" => return Some("write `request.method`".to_owned()),
        _ => {}
    }
    match (base, name) {
        ("request.path" | "request.params", name) if !KNOWN.contains(&name) => return Some(format!("write `path.{name}` for a capture")),
        ("request.body" | "response.body", name) if !KNOWN.contains(&name) => {
            let slip = suggest::nearest(name, ["json", "text", "form", "size"]).is_some();
            return (!slip).then(|| format!("write `{base}.json.{name}`"));
        }
        _ => {}
    }
    match name {
        "length" | "len" | "size" | "count" => Some(format!("write `len({base})`")),
        "lower" | "toLowerCase" => Some(format!("write `lower({base})`")),
        "upper" | "toUpperCase" => Some(format!("write `upper({base})`")),
        _ => None,
    }
}

/// The rest of a word with `-` in it, directly after a span: `-user` after `request.headers.x`.
pub(super) fn hyphenated(sources: &Sources, span: Span) -> &str {
    let text = sources.get(span.file).and_then(|source| source.text.get(span.end as usize..)).unwrap_or_default();
    let word = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    let end = text.find(|c: char| !word(c)).unwrap_or(text.len());
    text.get(..end).filter(|rest| rest.starts_with('-') && rest.len() > 1).unwrap_or_default()
}

/// What is meant by a type that there is not.
pub(in crate::front::check) fn ty(name: &str) -> Option<&'static str> {
    let help = match name {
        "integer" | "number" | "long" | "uint" | "i64" => "write `int`",
        "str" | "text" | "varchar" => "write `string`",
        "boolean" => "write `bool`",
        "double" | "decimal" | "real" => "write `float`",
        "array" | "set" | "vec" => "write `list<string>`, or a list of another type",
        "object" | "dict" | "hash" => "write `map<string, string>`, or `json`",
        "date" | "datetime" | "timestamp" => "write `time`",
        "network" | "subnet" => "write `cidr`",
        "password" | "key" => "write `secret`",
        _ => return None,
    };
    Some(help)
}
