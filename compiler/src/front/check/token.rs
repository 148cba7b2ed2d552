//! `token`: a format with captures first, which `fn`s may read; then what must hold of them.

use super::attrs::{self, Attrs};
use super::context::Context;
use super::credential;
use super::env::Env;
use super::{expr, suggest};
use crate::base::{Code, Span};
use crate::ir::{ast, hir};
use crate::lang::attributes::Block;

/// Checks names of attributes, places and format. What reads the captures comes later.
pub(super) fn begin(ctx: &mut Context<'_>, declaration: &ast::Declaration) -> hir::Token {
    let attrs = attrs::check(ctx, Block::Declaration(declaration.kind), &declaration.attrs);
    let block = format!("`token {}`", declaration.name.text);
    let from = credential::sources(ctx, &attrs, &hir::CredentialSource::Bearer);
    let forward = credential::forward(ctx, &attrs);
    let (literals, captures) = format(ctx, declaration, &attrs, &block).unwrap_or_default();
    if attrs.get("verify").is_none() {
        let example = "verify = hex_decode(self.mac) == hmac_sha256(config.KEY, \"…\")";
        attrs::missing(ctx, declaration.name.span, &block, "verify", example);
    }
    let nothing = hir::Expr { kind: hir::ExprKind::Const(hir::Const::Bool(false)), ty: hir::Ty::Bool, span: declaration.span };
    hir::Token { name: declaration.name.clone(), from, literals, captures, verify: nothing, expires: None, forward }
}

/// Checks what must hold of the captures; `let`s and `fn`s are known.
pub(super) fn finish(ctx: &mut Context<'_>, declaration: &ast::Declaration, token: &mut hir::Token) {
    if token.captures.is_empty() {
        // Its format was reported, and nothing that reads it means anything.
        return;
    }
    let attribute = |name: &str| declaration.attrs.iter().find(|attr| attr.name.text == name);
    let bindings = token.captures.iter().map(|capture| (format!("self.{}", capture.name), capture.ty.clone())).collect();
    let env = Env { bindings, ..Env::new("a `token`") };
    if let Some(attr) = attribute("verify") {
        match &attr.value {
            ast::Value::Expr(written) => {
                token.verify = expr::boolean(ctx, &env, written);
                if !mentions(&token.verify) && token.verify.ty != hir::Ty::Error {
                    let help = "compare a code in the token, as in `hex_decode(self.mac) == hmac_sha256(config.KEY, \"${self.user}\")`";
                    ctx.ineffective(written.span, "a verification that reads nothing of the token", "holds for every token or none", help);
                }
            }
            _ => attrs::wrong(ctx, attr, "a condition", "verify = hex_decode(self.mac) == hmac_sha256(config.KEY, \"…\")"),
        }
    }
    let Some(attr) = attribute("expires") else { return };
    let ast::Value::Expr(written) = &attr.value else {
        attrs::wrong(ctx, attr, "seconds since 1970 or a time", "expires = self.expires");
        return;
    };
    let value = expr::check(ctx, &env, written);
    match &value.ty {
        hir::Ty::Int | hir::Ty::Time => token.expires = Some(value),
        hir::Ty::Error => {}
        ty => {
            let text = format!("the end of a token is {}", expr::article(ty));
            let help = "write `{expires:int}` in the format for seconds since 1970, or `time(…) ?? …`";
            ctx.error(Code::TypeMismatch, value.span, text, "expected an `int` or a `time`", help);
        }
    }
}

/// Whether an expression reads a capture.
fn mentions(value: &hir::Expr) -> bool {
    matches!(value.kind, hir::ExprKind::Bound(_)) || value.operands().into_iter().any(mentions)
}

type Format = (Vec<String>, Vec<hir::Capture>);

/// `"{user}.{expires:int}.{mac}"`: the texts between captures, and the captures.
fn format(ctx: &mut Context<'_>, declaration: &ast::Declaration, attrs: &Attrs<'_>, block: &str) -> Option<Format> {
    let example = "format = \"{user}.{expires:int}.{mac}\"";
    let Some(attr) = attrs.get("format") else {
        attrs::missing(ctx, declaration.name.span, block, "format", example);
        return None;
    };
    let ast::Value::Expr(ast::Expr { kind: ast::ExprKind::String(text), span }) = &attr.value else {
        attrs::wrong(ctx, attr, "a text with captures", example);
        return None;
    };
    let mut literals = vec![String::new()];
    let mut captures: Vec<hir::Capture> = Vec::new();
    let mut rest = text.as_str();
    let mut well = true;
    while let Some((before, behind)) = rest.split_once('{') {
        let literal = literals.last_mut()?;
        literal.push_str(before);
        let adjacent = literal.is_empty() && !captures.is_empty();
        let Some((inside, after)) = behind.split_once('}') else {
            bad(ctx, *span, "a capture that is not closed", "ends nowhere", "write `{name}`");
            return None;
        };
        if adjacent {
            bad(ctx, *span, "two captures with nothing between them", "where one ends would be open", "put a separator between them");
            well = false;
        }
        match capture(ctx, *span, inside) {
            Some(capture) if captures.iter().any(|known| known.name == capture.name) => {
                let message = format!("the capture `{}` stands twice in the format", capture.name);
                bad(ctx, *span, &message, "which of them is meant would be open", "give each its own name");
                well = false;
            }
            Some(capture) => captures.push(capture),
            None => well = false,
        }
        literals.push(String::new());
        rest = after;
    }
    literals.last_mut()?.push_str(rest);
    if captures.is_empty() && well {
        bad(ctx, *span, "a format without captures", "nothing could be verified", &format!("write `{example}`"));
        well = false;
    }
    if let Some(literal) = literals.iter().find(|literal| literal.contains('}')) {
        bad(ctx, *span, &format!("`{literal}` in a format"), "a `}` that closes nothing", "write `{name}`");
        well = false;
    }
    well.then_some((literals, captures))
}

fn capture(ctx: &mut Context<'_>, span: Span, inside: &str) -> Option<hir::Capture> {
    let (name, ty) = inside.split_once(':').unwrap_or((inside, "string"));
    let first = |c: char| c.is_ascii_lowercase() || c == '_';
    if !name.starts_with(first) || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        bad(ctx, span, &format!("`{name}` is no name of a capture"), "not a name", "write a name such as `{user}` or `{expires:int}`");
        return None;
    }
    let ty = match ty {
        "string" => hir::Ty::String,
        "int" => hir::Ty::Int,
        _ => {
            let help = suggest::help(ty, ["string", "int"], "write `{name}` for a string, `{name:int}` for a number");
            bad(ctx, span, &format!("a capture cannot be of type `{ty}`"), "unknown type", &help);
            return None;
        }
    };
    Some(hir::Capture { name: name.to_owned(), ty })
}

fn bad(ctx: &mut Context<'_>, span: Span, message: &str, label: &str, help: &str) {
    ctx.error(Code::BadCredential, span, message, label, help);
}
