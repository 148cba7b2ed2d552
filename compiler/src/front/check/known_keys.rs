//! What an `api_key` or a `basic` knows: names with digests, in place, in a file or configured.

use std::collections::BTreeMap;

use super::attrs::{self, Attrs};
use super::constant;
use super::context::Context;
use super::file::{self, Node};
use crate::base::{Code, Diagnostic, Span};
use crate::ir::{ast, hir};
use crate::lang::password;

/// How a kind of credential writes what it knows.
pub(super) struct Kind {
    /// The attribute.
    name: &'static str,
    /// The keyword of the block.
    block: &'static str,
    /// What stands behind a name.
    what: &'static str,
    example: &'static str,
    expected: &'static str,
    help: &'static str,
    digest: fn(&str) -> Option<[u8; 32]>,
    /// Whether the digest alone tells the name.
    distinct: bool,
}

/// `keys` of an `api_key`.
pub(super) const API_KEYS: Kind = Kind {
    name: "keys",
    block: "api_key",
    what: "key",
    example: "keys = { \"name\": \"sha256:…\" }",
    expected: "expected `sha256:` and 64 hexadecimal digits",
    help: "hash the key, as `printf %s KEY | sha256sum` does, and write `\"sha256:…\"`",
    digest,
    distinct: true,
};

/// `users` of a `basic`.
pub(super) const PASSWORDS: Kind = Kind {
    name: "users",
    block: "basic",
    what: "password",
    example: "users = { \"name\": \"{SHA256}…\" }",
    expected: "expected `{SHA256}` and the base64 of a SHA-256",
    help: "hash the password, as `printf %s PASSWORD | openssl dgst -sha256 -binary | base64` does, and write `\"{SHA256}…\"`",
    digest: password::digest,
    distinct: false,
};

/// The known keys of a declaration.
pub(super) fn check(ctx: &mut Context<'_>, kind: &Kind, declaration: &ast::Declaration, attrs: &Attrs<'_>) -> Option<hir::Keys> {
    let example = kind.example;
    let Some(attr) = attrs.get(kind.name) else {
        attrs::missing(ctx, declaration.name.span, &format!("`{} {}`", kind.block, declaration.name.text), kind.name, example);
        return None;
    };
    let entries: Vec<(String, String, Span)> = match &attr.value {
        ast::Value::Expr(ast::Expr { kind: ast::ExprKind::Object(members), .. }) => {
            constant::distinct_members(ctx, members);
            members
                .iter()
                .filter_map(|member| match constant::string(&member.value) {
                    Some(text) => Some((member.name.text.clone(), text.to_owned(), member.value.span)),
                    None => {
                        digest_refused(ctx, kind, &member.name.text, member.value.span);
                        None
                    }
                })
                .collect()
        }
        ast::Value::Source(source) => {
            let (_, members) = file::members(ctx, source)?;
            let mut entries = Vec::new();
            for member in members {
                match member.value {
                    Node::String(text) => entries.push((member.name, text, member.span)),
                    Node::Int(_) | Node::Bool(_) | Node::Float(_) | Node::Other | Node::Array(_) | Node::Object(_) => {
                        digest_refused(ctx, kind, &member.name, member.span);
                    }
                }
            }
            entries
        }
        ast::Value::Expr(expr) => return configured(ctx, kind, attr, expr),
        ast::Value::Outcome(_) | ast::Value::Distinct(_) | ast::Value::Fetch(..) => {
            attrs::wrong(ctx, attr, "an object, a `file \"…\"` or `config.NAME`", example);
            return None;
        }
    };
    Some(hir::Keys::Known(known(ctx, kind, attr, entries)))
}

fn known(ctx: &mut Context<'_>, kind: &Kind, attr: &ast::Attr, entries: Vec<(String, String, Span)>) -> Vec<(String, [u8; 32])> {
    if entries.is_empty() {
        let what = kind.what;
        let (message, label) = (format!("no {what} is known"), format!("every {what} is refused"));
        ctx.ineffective(attrs::value_span(attr), message, label, format!("name the {what}s that are valid"));
    }
    let mut owners: BTreeMap<[u8; 32], String> = BTreeMap::new();
    let mut keys = Vec::new();
    for (name, text, span) in entries {
        let is_name = |c: char| c != ':' && !c.is_control();
        if !kind.distinct && (name.is_empty() || !name.chars().all(is_name)) {
            let message = format!("no user can be called {name:?}");
            let label = "a user name has characters, and among them neither `:` nor control characters";
            ctx.error(Code::BadCredential, span, message, label, "choose another name");
            continue;
        }
        let Some(digest) = (kind.digest)(&text) else {
            digest_refused(ctx, kind, &name, span);
            continue;
        };
        if let Some(owner) = owners.get(&digest).filter(|_| kind.distinct) {
            ctx.error(
                Code::BadCredential,
                span,
                format!("`{owner}` and `{name}` have the same key"),
                "which of them a caller is would be open",
                "give each its own key",
            );
        } else {
            owners.insert(digest, name.clone());
            keys.push((name, digest));
        }
    }
    keys
}

fn digest_refused(ctx: &mut Context<'_>, kind: &Kind, name: &str, span: Span) {
    ctx.error(Code::BadDigest, span, format!("the {} of `{name}` is no digest", kind.what), kind.expected, kind.help);
}

fn digest(text: &str) -> Option<[u8; 32]> {
    let digits = text.strip_prefix("sha256:")?.as_bytes();
    let mut digest = [0; 32];
    if digits.len() != 64 || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    for (byte, pair) in digest.iter_mut().zip(digits.chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(digest)
}

fn configured(ctx: &mut Context<'_>, kind: &Kind, attr: &ast::Attr, expr: &ast::Expr) -> Option<hir::Keys> {
    let env = super::env::Env::configuration(if kind.distinct { "`keys`" } else { "`users`" });
    let checked = super::expr::check(ctx, &env, expr);
    match (&checked.kind, &checked.ty) {
        (_, hir::Ty::Error) => None,
        (hir::ExprKind::Config(id), hir::Ty::Map(_)) => Some(hir::Keys::Config(*id)),
        (_, hir::Ty::Optional(inner)) if matches!(**inner, hir::Ty::Map(_)) => {
            ctx.error(
                Code::MayBeAbsent,
                expr.span,
                format!("the known {}s may be absent", kind.what),
                format!("has type `{}`", checked.ty),
                "declare the configuration value as `map<string, string>`",
            );
            None
        }
        _ => {
            attrs::wrong(
                ctx,
                attr,
                "an object, a `file \"…\"` or a configured `map<string, string>`",
                &format!("{} = config.NAME", kind.name),
            );
            None
        }
    }
}

/// Reports a configured map that is read as keys and as passwords: no map can be both.
pub(super) fn conflicts(ctx: &mut Context<'_>) {
    let mut keys = Vec::new();
    let mut users = Vec::new();
    for credential in &ctx.credentials {
        match credential {
            hir::Credential::ApiKey(hir::ApiKey { keys: hir::Keys::Config(id), name, .. }) => keys.push((*id, name.clone())),
            hir::Credential::Basic(hir::Basic { users: hir::Keys::Config(id), name, .. }) => users.push((*id, name.clone())),
            hir::Credential::ApiKey(_)
            | hir::Credential::Basic(_)
            | hir::Credential::Jwt(_)
            | hir::Credential::Hmac(_)
            | hir::Credential::Mtls(_)
            | hir::Credential::Token(_) => {}
        }
    }
    for (id, user) in users {
        let Some((_, key)) = keys.iter().find(|(known, _)| *known == id) else { continue };
        let message = format!("`{}` and `{}` read the same configuration value", key.text, user.text);
        ctx.push(
            Diagnostic::error(Code::BadCredential, user.span, message, "reads it as passwords")
                .also(key.span, "reads it as keys")
                .help("give each a map of its own: keys are `sha256:HEX`, passwords `{SHA256}BASE64`"),
        );
    }
}
