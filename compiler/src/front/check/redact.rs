//! `redact response`: what is looked for in bodies and headers, and what becomes of it.

use super::attrs::{self, Attrs};
use super::context::{Context, Symbol};
use super::env::Env;
use super::{constant, edit, reply, suggest};
use crate::base::{Code, Diagnostic, Span};
use crate::ir::{ast, hir};

/// The detectors of the language.
const BUILT_IN: &[&str] = &["card", "us_ssn", "iban", "email", "phone", "ipv4", "ipv6", "jwt", "aws_key", "private_key", "secrets"];
/// What can be done with what was found.
const ACTIONS: &[&str] = &["mask", "replace", "remove", "hash", "block"];

/// Where its outcomes stand, for messages.
pub(super) const PLACE: &str = "a `redact response`";

/// Checks the attributes and redactions of a rule.
pub(super) fn check(ctx: &mut Context<'_>, rule: &ast::Rule, attrs: &Attrs<'_>) -> hir::Redact {
    let mut redact = hir::Redact {
        types: types(ctx, attrs),
        max_body: max_body(ctx, attrs),
        on_oversize: outcome(ctx, attrs, "on_oversize"),
        on_encoded: outcome(ctx, attrs, "on_encoded"),
        any: Vec::new(),
        headers: Vec::new(),
    };
    let mut written = false;
    for item in &rule.items {
        let ast::RuleItem::Redaction(redaction) = item else { continue };
        written = true;
        one(ctx, redaction, &mut redact);
    }
    let bodies = rule.items.iter().any(|item| {
        matches!(
            item,
            ast::RuleItem::Redaction(ast::Redaction { target: ast::RedactionTarget::Any(_) | ast::RedactionTarget::Json(_), .. })
        )
    });
    if !written {
        ctx.ineffective(
            rule.name.span,
            format!("the redaction `{}` removes nothing", rule.name.text),
            "has no redaction",
            "add one such as `any builtin.card -> mask(keep_last = 4)`",
        );
    }
    for name in ["types", "max_body", "on_oversize", "on_encoded"] {
        if let (true, false, Some(attr)) = (written, bodies, attrs.get(name)) {
            ctx.ineffective(attr.span, format!("`{name}` has no effect"), "this rule reads no body", "drop it, or add `any … -> …`");
        }
    }
    if let (true, None, Some(attr)) = (bodies, attrs.get("max_body"), attrs.get("on_oversize")) {
        ctx.ineffective(
            attr.span,
            "`on_oversize` has no effect",
            "without `max_body` no body is too large",
            "add `max_body = 8MiB`, or drop it",
        );
    }
    redact
}

fn types(ctx: &mut Context<'_>, attrs: &Attrs<'_>) -> Vec<hir::MediaRange> {
    let range = |main: &str, sub: &str| hir::MediaRange { main: main.to_owned(), sub: sub.to_owned() };
    let Some(attr) = attrs.get("types") else { return vec![range("application", "json"), range("text", "*")] };
    let example = "types = [\"application/json\", \"text/*\"]";
    let Some(elements) = attrs::list(ctx, attr, "a list of content types", example) else { return Vec::new() };
    if elements.is_empty() {
        attrs::wrong(ctx, attr, "at least one content type", example);
    }
    let mut types = Vec::new();
    for element in elements {
        let ast::Arg::Expr(ast::Expr { kind: ast::ExprKind::String(text), span }) = element else {
            attrs::wrong(ctx, attr, "a list of content types", example);
            continue;
        };
        match media_range(text) {
            Some(found) => types.push(found),
            None => ctx.error(
                Code::BadContentType,
                *span,
                format!("`{text}` is no content type"),
                "no response has this type",
                "write a type such as `application/json` or `text/*`, without parameters",
            ),
        }
    }
    types
}

fn media_range(text: &str) -> Option<hir::MediaRange> {
    let lower = text.to_ascii_lowercase();
    let (main, sub) = lower.split_once('/')?;
    let token = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&byte));
    let main_fits = main == "*" && sub == "*" || token(main);
    let sub_fits = sub.matches('*').count() <= 1 && (sub == "*" || token(&sub.replacen('*', "", 1)));
    (main_fits && sub_fits).then(|| hir::MediaRange { main: main.to_owned(), sub: sub.to_owned() })
}

fn max_body(ctx: &mut Context<'_>, attrs: &Attrs<'_>) -> Option<u64> {
    let attr = attrs.get("max_body")?;
    let size = match &attr.value {
        ast::Value::Expr(value) => constant::int(value).and_then(|size| u64::try_from(size).ok()).filter(|size| *size > 0),
        ast::Value::Source(_) | ast::Value::Outcome(_) | ast::Value::Distinct(_) | ast::Value::Fetch(..) => None,
    };
    if size.is_none() {
        attrs::wrong(ctx, attr, "a size", "max_body = 8MiB");
    }
    size
}

/// `deny REPLY` (502 when nothing is written) or `allow`.
fn outcome(ctx: &mut Context<'_>, attrs: &Attrs<'_>, name: &str) -> Option<hir::Reply> {
    let Some(attr) = attrs.get(name) else { return Some(reply::empty(502)) };
    if let ast::Value::Outcome(ast::Outcome::Deny(written)) = &attr.value
        && !matches!(written.body, ast::ReplyBody::Empty | ast::ReplyBody::Text(_))
    {
        attrs::wrong(ctx, attr, "`deny` with a status and a text, or `allow`", &format!("{name} = deny 502"));
        return None;
    }
    match reply::action(ctx, &Env::new(PLACE), attr)? {
        hir::Action::Allow => None,
        hir::Action::Deny(reply) => Some(reply),
    }
}

fn one(ctx: &mut Context<'_>, redaction: &ast::Redaction, redact: &mut hir::Redact) {
    match &redaction.target {
        ast::RedactionTarget::Any(detectors) => {
            let mask = mask(ctx, redaction);
            for written in detectors {
                let Some(detector) = detector(ctx, written) else { continue };
                if redact.any.iter().any(|known| known.detector == detector) {
                    ctx.warning(Code::Repeated, written.span, "the same is looked for twice", "the first one decides", "drop it");
                } else if let Some((keep_first, keep_last, with)) = mask {
                    redact.any.push(hir::AnyRedaction { detector, keep_first, keep_last, with });
                }
            }
        }
        ast::RedactionTarget::Header(name) => {
            let pattern = edit::pattern(ctx, name);
            match &redaction.action {
                ast::Action::Call(action, args) if action.text == "remove" => {
                    no_arguments(ctx, action, args);
                    redact.headers.extend(pattern);
                }
                ast::Action::Call(action, _) => known_action(ctx, action, "on a header", "write `-> remove`"),
                ast::Action::Block(_) => ctx.not_yet(redaction.span, "`block`", "write `-> remove`"),
            }
        }
        ast::RedactionTarget::Json(name) => ctx.not_yet(name.span, "`json` in `redact`", "use `any builtin.card -> mask(…)`"),
        ast::RedactionTarget::Query(name) | ast::RedactionTarget::Form(name) => ctx.error(
            Code::Misplaced,
            name.span,
            "a response has no query and no form",
            "belongs to a request",
            "write it into a `redact request`",
        ),
    }
}

fn no_arguments(ctx: &mut Context<'_>, action: &ast::Name, args: &[ast::Arg]) {
    if !args.is_empty() {
        ctx.error(Code::BadArguments, action.span, "`remove` takes no arguments", "has arguments", "write `-> remove`");
    }
}

/// Reports an action that is not supported here, or that the language does not have.
fn known_action(ctx: &mut Context<'_>, action: &ast::Name, place: &str, instead: &str) {
    if ACTIONS.contains(&action.text.as_str()) {
        ctx.not_yet(action.span, &format!("`{}` {place}", action.text), instead);
    } else {
        let help = suggest::help(&action.text, ACTIONS.iter().copied(), instead);
        ctx.error(Code::UnknownOption, action.span, format!("there is no action `{}`", action.text), "unknown action", help);
    }
}

fn detector(ctx: &mut Context<'_>, written: &ast::Detector) -> Option<hir::Detector> {
    match written.path.as_slice() {
        [root, name] if root.text == "builtin" && name.text == "card" => Some(hir::Detector::Card),
        [root, name] if root.text == "builtin" && BUILT_IN.contains(&name.text.as_str()) => {
            ctx.not_yet(written.span, &format!("`builtin.{}`", name.text), "use `builtin.card`: a later version has the others");
            None
        }
        [root, name] if root.text == "builtin" => {
            let near = suggest::nearest(&name.text, BUILT_IN.iter().copied());
            let help = near.map_or_else(|| "use `builtin.card`".to_owned(), |near| format!("write `builtin.{near}`"));
            ctx.error(Code::UnknownOption, name.span, format!("there is no detector `builtin.{}`", name.text), "unknown detector", help);
            None
        }
        [name] => {
            match ctx.symbols.get(&name.text).copied() {
                Some((Symbol::Unsupported("detector"), _)) => {}
                Some((symbol, declared)) => {
                    let keyword = symbol.keyword();
                    ctx.push(
                        Diagnostic::error(Code::WrongKind, name.span, format!("`{}` is no detector", name.text), "cannot be looked for")
                            .also(declared, format!("declared as `{keyword}`"))
                            .help("name a detector, such as `builtin.card`"),
                    );
                }
                None => {
                    let built_in = BUILT_IN.contains(&name.text.as_str());
                    let declared = ctx.symbols.iter().filter(|(_, (symbol, _))| *symbol == Symbol::Unsupported("detector"));
                    let help = if built_in {
                        format!("write `builtin.{}`", name.text)
                    } else {
                        suggest::help(&name.text, declared.map(|(name, _)| name.as_str()), "use `builtin.card`")
                    };
                    ctx.error(Code::UnknownName, name.span, format!("there is no detector `{}`", name.text), "unknown detector", help);
                }
            }
            None
        }
        _ => {
            ctx.error(Code::WrongKind, written.span, "this is no detector", "unknown detector", "use `builtin.card`");
            None
        }
    }
}

/// `mask(keep_first = 0, keep_last = 0, with = "*")`.
fn mask(ctx: &mut Context<'_>, redaction: &ast::Redaction) -> Option<(u32, u32, char)> {
    let example = "write `mask(keep_first = 0, keep_last = 4, with = \"*\")`";
    let (action, args) = match &redaction.action {
        ast::Action::Call(action, args) => (action, args),
        ast::Action::Block(_) => {
            ctx.not_yet(redaction.span, "`block`", "use `mask(…)`");
            return None;
        }
    };
    if action.text != "mask" {
        known_action(ctx, action, "on `any`", "use `mask(keep_last = 4)`");
        return None;
    }
    let (mut keep_first, mut keep_last, mut with) = (None, None, None);
    let mut well = true;
    for arg in args {
        let (name, value) = match arg {
            ast::Arg::Named(name, value) => (name, value),
            ast::Arg::Expr(expr) => {
                well = refuse_argument(ctx, expr.span, "arguments of `mask` have names", example);
                continue;
            }
            ast::Arg::Source(source) => {
                well = refuse_argument(ctx, source.span, "arguments of `mask` have names", example);
                continue;
            }
        };
        let slot = match name.text.as_str() {
            "keep_first" => &mut keep_first,
            "keep_last" => &mut keep_last,
            "with" => {
                let character = constant::string(value).and_then(single);
                if with.is_some() {
                    well = refuse_argument(ctx, name.span, "`with` is given twice", example);
                } else if character.is_none() {
                    well = refuse_argument(ctx, value.span, "`with` takes one character that is no control character", example);
                }
                with = with.or(character);
                continue;
            }
            other => {
                let help = suggest::help(other, ["keep_first", "keep_last", "with"], example);
                well = refuse_argument(ctx, name.span, &format!("`mask` has no argument `{other}`"), &help);
                continue;
            }
        };
        let count = constant::int(value).and_then(|count| u32::try_from(count).ok());
        if slot.is_some() {
            well = refuse_argument(ctx, name.span, &format!("`{}` is given twice", name.text), example);
        } else if count.is_none() {
            well = refuse_argument(ctx, value.span, &format!("`{}` takes a number of characters", name.text), example);
        }
        *slot = slot.or(count);
    }
    well.then(|| (keep_first.unwrap_or(0), keep_last.unwrap_or(0), with.unwrap_or('*')))
}

fn single(text: &str) -> Option<char> {
    let mut chars = text.chars();
    let first = chars.next().filter(|c| !c.is_control())?;
    chars.next().is_none().then_some(first)
}

fn refuse_argument(ctx: &mut Context<'_>, span: Span, message: &str, help: &str) -> bool {
    ctx.error(Code::BadArguments, span, message, "wrong argument", help);
    false
}
