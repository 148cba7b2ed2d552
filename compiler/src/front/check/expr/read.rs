//! Names, members and keys: what a policy reads.

use super::json::steps as json_steps;
use super::reach::{body_readable, readable, requested};
use super::{bound, check as check_expr, expect, failed, habits, keys, parts};
use crate::base::{Code, Diagnostic, Span};
use crate::front::check::context::{Context, Symbol};
use crate::front::check::env::Env;
use crate::front::check::{rate, suggest};
use crate::ir::{ast, hir};
use crate::lang::values::{self, Access, Phase};

/// A declaration that an expression names directly, where it is no value by itself.
pub(super) enum Named {
    Map(hir::MapId),
    Credential(hir::CredentialId),
}

/// The map or credential that an expression names.
pub(super) fn named(ctx: &Context<'_>, expr: &ast::Expr) -> Option<Named> {
    let ast::ExprKind::Name(name) = &expr.kind else { return None };
    match ctx.symbols.get(name)?.0 {
        Symbol::Map(id) => Some(Named::Map(id)),
        Symbol::Credential(id) => Some(Named::Credential(id)),
        Symbol::Let(_) | Symbol::Fn(_) | Symbol::List(_) | Symbol::Limit(_) | Symbol::Service(_) | Symbol::Unsupported(_) => None,
    }
}

/// One step behind the first name.
pub(super) enum Step<'t> {
    Member(&'t ast::Name),
    Key(&'t ast::Expr),
}

/// Checks a name, possibly with members and keys behind it.
pub(super) fn check(ctx: &mut Context<'_>, env: &Env, expr: &ast::Expr) -> hir::Expr {
    let mut steps = Vec::new();
    let mut base = expr;
    loop {
        match &base.kind {
            ast::ExprKind::Member(inner, name) => {
                steps.push(Step::Member(name));
                base = inner;
            }
            ast::ExprKind::Index(inner, key) => {
                steps.push(Step::Key(key));
                base = inner;
            }
            _ => break,
        }
    }
    steps.reverse();
    let value = match &base.kind {
        ast::ExprKind::Name(name) => named_value(ctx, env, name, base.span, &steps, expr.span),
        ast::ExprKind::Constant(name) => {
            ctx.error(
                Code::UnknownName,
                base.span,
                format!("`{name}` is no value"),
                "a constant where a value is expected",
                habits::value(name).map_or_else(|| format!("write `\"{name}\"` for the text"), str::to_owned),
            );
            None
        }
        _ => {
            let inner = check_expr(ctx, env, base);
            if inner.ty == hir::Ty::Error { None } else { plain(ctx, env, &steps, expr.span, inner) }
        }
    };
    value.unwrap_or_else(|| failed(expr.span))
}

fn no_members(ctx: &mut Context<'_>, span: Span, what: &str) {
    ctx.error(Code::UnknownMember, span, format!("{what} has no members"), "nothing can be read from it", "drop what follows it");
}

fn named_value(ctx: &mut Context<'_>, env: &Env, name: &str, at: Span, steps: &[Step<'_>], span: Span) -> Option<hir::Expr> {
    if let Some(value) = bound::find(env, name, span) {
        return if value.ty == hir::Ty::Error { None } else { plain(ctx, env, steps, span, value) };
    }
    // What hides a built-in is told where it is declared; a bare name is likely meant for it.
    if values::ROOTS.contains(&name) && ctx.symbols.contains_key(name) && steps.is_empty() {
        return None;
    }
    match name {
        "config" => return config(ctx, env, steps, span),
        "path" => return capture(ctx, env, steps, span),
        "request" | "response" | "client" | "now" | "tags" => return built_in(ctx, env, name, steps, span),
        "builtin" => {
            ctx.error(Code::WrongKind, span, "a detector is no value", "used as a value", "name detectors in `any … -> …` of a `redact`");
            return None;
        }
        "self" => {
            if let [Step::Member(member), rest @ ..] = steps
                && let Some(value) = bound::find(env, &format!("self.{}", member.text), span)
            {
                return plain(ctx, env, rest, span, value);
            }
            let captures: Vec<&str> = env.bindings.iter().filter_map(|(name, _)| name.strip_prefix("self.")).collect();
            if !captures.is_empty() {
                let help = format!("write one of {}", captures.iter().map(|name| format!("`self.{name}`")).collect::<Vec<_>>().join(", "));
                ctx.error(Code::UnknownMember, span, "the format captures nothing that is called so", "unknown capture", help);
                return None;
            }
            ctx.error(Code::UnknownName, span, "`self` stands only in a `token`", "not in a `token`", "name the credential");
            return None;
        }
        _ => {}
    }
    let Some((symbol, declared)) = ctx.symbols.get(name).copied() else {
        unknown(ctx, env, name, steps, at);
        return None;
    };
    match symbol {
        Symbol::Let(None) => {
            if ctx.rates.contains_key(name) {
                rate::misplaced(ctx, name, span);
            }
            None
        }
        Symbol::Unsupported(_) | Symbol::Fn(None) => None,
        Symbol::Let(Some(id)) => {
            let item = ctx.lets.get(id.index())?;
            let ty = item.value.ty.clone();
            let (request, response) = ctx.let_reads.get(id.index()).copied().unwrap_or((false, false));
            if response && !readable(ctx, env, name, span) || request && !requested(ctx, env, name, span) {
                return None;
            }
            if ctx.reads_body(&hir::Expr { kind: hir::ExprKind::Let(id), ty: ty.clone(), span }) && !body_readable(ctx, env, name, span) {
                return None;
            }
            let value = hir::Expr { kind: hir::ExprKind::Let(id), ty, span };
            if *value.ty.present() == hir::Ty::Json { json_steps(ctx, env, value, steps) } else { plain(ctx, env, steps, span, value) }
        }
        Symbol::List(id) => {
            let ty = ctx.lists.get(id.index())?.ty.clone();
            if ty == hir::Ty::Error {
                return None;
            }
            plain(ctx, env, steps, span, hir::Expr { kind: hir::ExprKind::List(id), ty: hir::Ty::List(Box::new(ty)), span })
        }
        Symbol::Map(id) => {
            let ty = ctx.maps.get(id.index())?.ty.clone().optional();
            let [Step::Key(key)] = steps else {
                ctx.error(
                    Code::NotValue,
                    span,
                    format!("the map `{name}` is no value by itself"),
                    "a map is read with a key",
                    format!("write `{name}[key]`, or `key in {name}`"),
                );
                return None;
            };
            let key = map_key(ctx, env, key)?;
            if *ty.present() == hir::Ty::Error {
                return None;
            }
            Some(hir::Expr { kind: hir::ExprKind::MapGet(id, Box::new(key)), ty, span })
        }
        Symbol::Fn(Some(_)) => {
            ctx.push(
                Diagnostic::error(Code::UnknownName, at, format!("the `fn` `{name}` is no value"), "used as a value")
                    .also(declared, "declared here")
                    .help(format!("call it, as in `{name}(…)`")),
            );
            None
        }
        Symbol::Credential(id) => super::credential::member(ctx, env, name, id, steps, span),
        Symbol::Service(_) => {
            let label = "used as a value";
            ctx.error(Code::WrongKind, at, format!("the service `{name}` is no value"), label, "name it in `fetch { service = … }`");
            None
        }
        Symbol::Limit(_) => {
            ctx.push(
                Diagnostic::error(Code::WrongKind, at, format!("the limit `{name}` is no value"), "used as a value")
                    .also(declared, "declared here")
                    .help(format!("write `apply {name}` in a `scope`")),
            );
            None
        }
    }
}

fn unknown(ctx: &mut Context<'_>, env: &Env, name: &str, steps: &[Step<'_>], span: Span) {
    let mut known: Vec<&str> = ctx.symbols.keys().map(String::as_str).collect();
    known.extend(values::ROOTS);
    let configured = ctx.config_names.contains_key(name);
    let help = if configured {
        format!("write `config.{name}`")
    } else if env.captures.known.contains_key(name) {
        format!("write `path.{name}`")
    } else if let Some(help) = parts::read(ctx, env, name, steps).or_else(|| habits::value(name).map(str::to_owned)) {
        help
    } else {
        suggest::help(name, known, &format!("declare it, or write `\"{name}\"` for the text"))
    };
    ctx.error(Code::UnknownName, span, format!("nothing is called `{name}`"), "unknown name", help);
}

pub(super) fn plain(ctx: &mut Context<'_>, env: &Env, steps: &[Step<'_>], span: Span, value: hir::Expr) -> Option<hir::Expr> {
    match steps.first() {
        None => Some(value),
        Some(_) if *value.ty.present() == hir::Ty::Json => json_steps(ctx, env, value, steps),
        Some(Step::Key(index)) if matches!(value.ty.present(), hir::Ty::List(_)) => {
            let element = bound::element(ctx, env, value, index, span)?;
            plain(ctx, env, steps.get(1..).unwrap_or(&[]), span, element)
        }
        Some(_) => {
            no_members(ctx, span, &super::article(&value.ty));
            None
        }
    }
}

fn map_key(ctx: &mut Context<'_>, env: &Env, key: &ast::Expr) -> Option<hir::Expr> {
    let key = check_expr(ctx, env, key);
    match key.ty.present() {
        hir::Ty::Error => None,
        hir::Ty::String => Some(key),
        hir::Ty::Secret => {
            expect::leak(ctx, &key, "the key of a map");
            None
        }
        ty => {
            let label = format!("has type `{ty}`");
            ctx.error(Code::TypeMismatch, key.span, "the keys of a map are strings", label, "write a string");
            None
        }
    }
}

fn config(ctx: &mut Context<'_>, env: &Env, steps: &[Step<'_>], span: Span) -> Option<hir::Expr> {
    let (name, rest) = match steps {
        [Step::Member(name), rest @ ..] => (name.text.clone(), rest),
        [Step::Key(ast::Expr { kind: ast::ExprKind::String(name), .. }), rest @ ..] => (name.clone(), rest),
        _ => {
            ctx.error(Code::NotValue, span, "`config` is no value by itself", "names no field", "write `config.NAME`");
            return None;
        }
    };
    let Some(id) = ctx.config_names.get(&name).copied() else {
        let help = suggest::help(&name, ctx.config_names.keys().map(String::as_str), &format!("declare `{name}` in a `config` block"));
        ctx.error(Code::UnknownMember, span, format!("the configuration has no `{name}`"), "not declared in `config`", help);
        return None;
    };
    let id = id?;
    let field = ctx.config.get(id.index())?;
    let value = hir::Expr { kind: hir::ExprKind::Config(id), ty: field.ty.clone(), span };
    if let ([Step::Key(key)], hir::Ty::Map(item)) = (rest, value.ty.present()) {
        let ty = (**item).clone().optional();
        let key = map_key(ctx, env, key)?;
        return Some(hir::Expr { kind: hir::ExprKind::ConfigMapGet(id, Box::new(key)), ty, span });
    }
    plain(ctx, env, rest, span, value)
}

fn capture(ctx: &mut Context<'_>, env: &Env, steps: &[Step<'_>], span: Span) -> Option<hir::Expr> {
    let [Step::Member(name)] = steps else {
        ctx.error(
            Code::NotValue,
            span,
            "`path` is no value by itself",
            "names no capture",
            "write `path.NAME` for a capture, or `request.path` for the whole path",
        );
        return None;
    };
    if !requested(ctx, env, "path", span) {
        return None;
    }
    if let Some(places) = env.captures.known.get(&name.text) {
        let kind = hir::ExprKind::Read(hir::Read::Capture(name.text.clone(), places.clone()));
        return Some(hir::Expr { kind, ty: hir::Ty::String, span });
    }
    if env.captures.uncertain {
        return None;
    }
    let message = format!("`{}` is not captured here", name.text);
    if let Some(lacking) = env.captures.partial.get(&name.text) {
        ctx.push(
            Diagnostic::error(Code::BadCapture, span, message, "read here")
                .also(*lacking, format!("this template has no `{{{}}}`", name.text))
                .help(format!("capture `{{{}}}` in every template of the rule, or split the rule", name.text)),
        );
        return None;
    }
    let otherwise = format!("capture it in the template, as in `on \"/{{{}}}\"`", name.text);
    let help = suggest::help(&name.text, env.captures.known.keys().map(String::as_str), &otherwise);
    ctx.error(
        Code::BadCapture,
        span,
        message,
        format!("no template of this {} has it", env.place.trim_start_matches("an ").trim_start_matches("a ")),
        help,
    );
    None
}

fn built_in(ctx: &mut Context<'_>, env: &Env, root: &str, steps: &[Step<'_>], span: Span) -> Option<hir::Expr> {
    let mut members = vec![root];
    for step in steps {
        match step {
            Step::Member(name) => members.push(&name.text),
            Step::Key(..) => break,
        }
    }
    let found = (1..=members.len()).rev().find_map(|count| {
        let path = members.get(..count)?.join(".");
        values::find(&path).map(|value| (value, count - 1))
    });
    let Some((value, used)) = found else {
        not_a_value(ctx, &members.join("."), span);
        return None;
    };
    if matches!(value.access, Access::NotYet) {
        ctx.not_yet(span, &format!("`{}`", value.path), "leave it out: a later version reads it");
        return None;
    }
    let rest = steps.get(used..).unwrap_or(&[]);
    let list = matches!(value.read_type(), hir::Ty::List(_));
    let (rest, behind) = match (&value.access, rest) {
        (Access::Plain(_), [Step::Key(_), ..]) if list => (&[] as &[Step<'_>], rest),
        (Access::Header(_) | Access::Key(_), [key @ Step::Key(_), behind @ ..]) if list => (std::slice::from_ref(key), behind),
        _ => (rest, &[] as &[Step<'_>]),
    };
    let kind = match (&value.access, rest) {
        (Access::Plain(read), []) => hir::ExprKind::Read(read.clone()),
        (Access::Plain(_), _) => {
            match rest.first() {
                Some(Step::Member(_)) => not_a_value(ctx, &members.join("."), span),
                Some(Step::Key(..)) | None => no_members(ctx, span, &format!("`{}`", value.path)),
            }
            return None;
        }
        (Access::Header(keyed), [Step::Key(key)]) => match keys::of(ctx, env, value.path, key)? {
            keys::Key::Known(name) => hir::ExprKind::Read(keyed.read(keys::header_name(ctx, key.span, &name)?)),
            keys::Key::Computed(key) => hir::ExprKind::ReadAt(hir::Read::Computed(*keyed), Box::new(key)),
        },
        (Access::Key(keyed), [Step::Key(key)]) => match keys::of(ctx, env, value.path, key)? {
            keys::Key::Known(name) => hir::ExprKind::Read(keyed.read(name)),
            keys::Key::Computed(key) => hir::ExprKind::ReadAt(hir::Read::Computed(*keyed), Box::new(key)),
        },
        (Access::Header(_) | Access::Key(_), _) => {
            if matches!(rest.first(), Some(Step::Member(_))) {
                not_a_value(ctx, &members.join("."), span);
            } else {
                ctx.error(
                    Code::NotValue,
                    span,
                    format!("`{}` is read with one key", value.path),
                    "not read with one key",
                    match rest {
                        [Step::Key(key), Step::Member(name)] => {
                            let key = ctx.quote(key.span).unwrap_or_else(|| "\"name\"".to_owned());
                            match name.text.as_str() {
                                "all" => format!("write `{}.all[{key}]`", value.path),
                                "count" => format!("write `len({}.all[{key}])`", value.path),
                                "length" | "len" | "size" => format!("write `len({}[{key}] ?? \"\")`", value.path),
                                _ => "drop what follows the key: the value is a text".to_owned(),
                            }
                        }
                        _ => format!("write `{}[\"name\"]`", value.path),
                    },
                );
            }
            return None;
        }
        (Access::Json(read), steps) => {
            let allowed = match value.phase {
                Phase::Response => readable(ctx, env, value.path, span),
                Phase::Request | Phase::Body => body_readable(ctx, env, value.path, span),
            };
            if !allowed {
                return None;
            }
            let whole = hir::Expr { kind: hir::ExprKind::Read(read.clone()), ty: value.read_type(), span };
            return json_steps(ctx, env, whole, steps);
        }
        (Access::NotYet, _) => return None,
    };
    let allowed = match value.phase {
        Phase::Request => requested(ctx, env, value.path, span),
        Phase::Body => body_readable(ctx, env, value.path, span),
        Phase::Response => readable(ctx, env, value.path, span),
    };
    if !allowed {
        return None;
    }
    plain(ctx, env, behind, span, hir::Expr { kind, ty: value.read_type(), span })
}

fn not_a_value(ctx: &mut Context<'_>, path: &str, span: Span) {
    let keyed = values::VALUES.iter().find_map(|value| {
        let key = path.strip_prefix(value.path)?.strip_prefix('.')?;
        matches!(value.access, Access::Header(_) | Access::Key(_)).then_some((value.path, key))
    });
    let inside = values::VALUES.iter().find(|value| value.path.strip_prefix(path).is_some_and(|rest| rest.starts_with('.')));
    let (message, help) = match (keyed, inside) {
        (Some((value, key)), _) => {
            let name = format!("{}{}", key.replace('_', "-"), habits::hyphenated(ctx.sources, span));
            (format!("`{value}` has no member `{key}`"), format!("write `{value}[\"{name}\"]`"))
        }
        (None, Some(inside)) => (format!("`{path}` is no value by itself"), format!("name what is read, as in `{}`", inside.path)),
        (None, None) => {
            let known = values::VALUES.iter().map(|value| value.path);
            let root = path.split('.').next().unwrap_or_default();
            let beside = known.clone().find(|known| known.strip_prefix(root).is_some_and(|rest| rest.starts_with('.')));
            let help = format!("read one of the language's values, such as `{}`", beside.unwrap_or("request.path"));
            let otherwise = || suggest::help(path, known, &help);
            (format!("there is no `{path}`"), habits::member(path).unwrap_or_else(otherwise))
        }
    };
    ctx.error(Code::UnknownMember, span, message, "unknown value", help);
}
