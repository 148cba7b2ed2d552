//! Scopes: templates inside templates, authentication, limits that apply; and the walk over all rules.

use std::collections::BTreeMap;

use super::context::{Context, Symbol};
use super::{attrs, host, rule, suggest, template};
use crate::base::{Code, Diagnostic};
use crate::ir::{ast, hir};
use crate::lang::attributes::Block;

/// What a scope and those around it give to what stands in it.
#[derive(Clone, Debug, Default)]
pub(super) struct Surroundings {
    /// The innermost scope.
    pub(super) scope: Option<hir::ScopeId>,
    /// Its template, with the place of the text; `None` when it is malformed.
    pub(super) template: Option<(hir::Template, ast::Name)>,
    /// Credentials that are authenticated, and whether one may be absent.
    pub(super) credentials: BTreeMap<hir::CredentialId, bool>,
    /// Captures of the scopes' templates.
    pub(super) captures: BTreeMap<String, Vec<(hir::Template, u32)>>,
    /// Whether one of the templates is malformed.
    pub(super) uncertain: bool,
    /// Whether one of them, or the policy, is in shadow.
    pub(super) shadow: bool,
}

/// What a scope that applies a limit gives to its key.
pub(super) struct Application {
    pub(super) credentials: BTreeMap<hir::CredentialId, bool>,
    pub(super) captures: BTreeMap<String, Vec<(hir::Template, u32)>>,
}

/// Where each limit is applied. Reports nothing: the real walk does.
pub(super) fn applications(ctx: &Context<'_>, items: &[&ast::Item]) -> BTreeMap<String, Vec<Application>> {
    let mut found = BTreeMap::new();
    let mut open: Vec<(&ast::Scope, Surroundings)> = items
        .iter()
        .rev()
        .filter_map(|item| if let ast::Item::Scope(scope) = item { Some((scope, Surroundings::default())) } else { None })
        .collect();
    while let Some((scope, mut around)) = open.pop() {
        if let Ok(template) = template::template(&scope.template.text) {
            add_captures(&mut around.captures, &template);
        }
        for item in &scope.items {
            if let ast::ScopeItem::Authenticate(line) = item {
                add_credentials(ctx, &mut around.credentials, line);
            }
        }
        for item in scope.items.iter().rev() {
            match item {
                ast::ScopeItem::Apply(apply) => {
                    for name in &apply.names {
                        found
                            .entry(name.text.clone())
                            .or_insert_with(Vec::new)
                            .push(Application { credentials: around.credentials.clone(), captures: around.captures.clone() });
                    }
                }
                ast::ScopeItem::Scope(inner) => open.push((inner, around.clone())),
                ast::ScopeItem::Attr(_) | ast::ScopeItem::Authenticate(_) | ast::ScopeItem::Rule(_) => {}
            }
        }
    }
    found
}

fn add_captures(captures: &mut BTreeMap<String, Vec<(hir::Template, u32)>>, template: &hir::Template) {
    for (name, segment) in template::captures(template) {
        captures.insert(name.to_owned(), vec![(template.clone(), segment)]);
    }
}

fn add_credentials(ctx: &Context<'_>, credentials: &mut BTreeMap<hir::CredentialId, bool>, line: &ast::Authenticate) {
    let optional = line.optional || (line.combination == ast::Combination::Or && line.names.len() > 1);
    for name in &line.names {
        if let Some((Symbol::Credential(id), _)) = ctx.symbols.get(&name.text) {
            credentials.entry(*id).and_modify(|known| *known &= optional).or_insert(optional);
        }
    }
}

/// Checks all rules and scopes.
pub(super) fn check_items(ctx: &mut Context<'_>, items: &[&ast::Item], shadow: bool) {
    let around = Surroundings { shadow, ..Surroundings::default() };
    for item in items {
        match item {
            ast::Item::Rule(rule) => rule::check(ctx, &around, rule),
            ast::Item::Scope(scope) => check_scope(ctx, &around, scope),
            ast::Item::Policy(_)
            | ast::Item::Import(_)
            | ast::Item::Config(_)
            | ast::Item::Let(_)
            | ast::Item::Function(_)
            | ast::Item::List(_)
            | ast::Item::Map(_)
            | ast::Item::Jwt(_)
            | ast::Item::Declaration(_)
            | ast::Item::Lookup(_)
            | ast::Item::Test(_) => {}
        }
    }
}

fn check_scope(ctx: &mut Context<'_>, around: &Surroundings, scope: &ast::Scope) {
    if !ctx.enter(scope.template.span) {
        return;
    }
    let inner = open(ctx, around, scope);
    for item in &scope.items {
        match item {
            ast::ScopeItem::Rule(rule) => rule::check(ctx, &inner, rule),
            ast::ScopeItem::Scope(scope) => check_scope(ctx, &inner, scope),
            ast::ScopeItem::Attr(_) | ast::ScopeItem::Authenticate(_) | ast::ScopeItem::Apply(_) => {}
        }
    }
    ctx.leave();
}

/// Enters a scope into the tree and says what it gives to what stands in it.
fn open(ctx: &mut Context<'_>, around: &Surroundings, scope: &ast::Scope) -> Surroundings {
    let parsed = template::parse(ctx, &scope.template);
    let mut inner = around.clone();
    inner.uncertain |= parsed.is_none();
    if let Some(template) = &parsed {
        inside(ctx, around, template, &scope.template);
        conflicts(ctx, around, template, &scope.template);
        add_captures(&mut inner.captures, template);
    }
    let written = scope.items.iter().filter_map(|item| match item {
        ast::ScopeItem::Attr(attr) => Some(attr),
        ast::ScopeItem::Authenticate(_) | ast::ScopeItem::Apply(_) | ast::ScopeItem::Rule(_) | ast::ScopeItem::Scope(_) => None,
    });
    let attrs = attrs::check(ctx, Block::Scope, written);
    let hosts = host::hosts(ctx, attrs.get("hosts"));
    inner.shadow |= attrs::shadow(ctx, &attrs);
    let mut authenticate = Vec::new();
    let mut apply: Vec<hir::LimitId> = Vec::new();
    for item in &scope.items {
        match item {
            ast::ScopeItem::Authenticate(line) => {
                authenticate.extend(credentials(ctx, line));
                add_credentials(ctx, &mut inner.credentials, line);
            }
            ast::ScopeItem::Apply(line) => {
                for name in &line.names {
                    let Some(id) = limit(ctx, name) else { continue };
                    if apply.contains(&id) {
                        ctx.warning(
                            Code::Repeated,
                            name.span,
                            format!("the limit `{}` is applied twice", name.text),
                            "a limit counts a request once",
                            "drop it",
                        );
                    } else {
                        apply.push(id);
                    }
                }
            }
            ast::ScopeItem::Attr(_) | ast::ScopeItem::Rule(_) | ast::ScopeItem::Scope(_) => {}
        }
    }
    inner.scope = Some(hir::ScopeId(u32::try_from(ctx.scopes.len()).unwrap_or(u32::MAX)));
    inner.template = parsed.clone().map(|template| (template, scope.template.clone()));
    let template = parsed.unwrap_or(hir::Template { segments: Vec::new(), rest: true });
    ctx.scopes.push(hir::Scope { parent: around.scope, template, hosts, authenticate, apply, shadow: inner.shadow, span: scope.span });
    inner
}

/// Reports a template that is not within that of the scope around it.
pub(super) fn inside(ctx: &mut Context<'_>, around: &Surroundings, template: &hir::Template, name: &ast::Name) {
    let Some((outer, outer_name)) = &around.template else { return };
    if template::within(template, outer) {
        return;
    }
    let whole = format!("{}{}", outer_name.text.trim_end_matches("/**"), name.text);
    let help = match template::template(&whole) {
        _ if !outer.rest && template::within(template, &hir::Template { rest: true, ..outer.clone() }) => {
            format!("write `scope \"{}/**\"` for what lies below it, too", outer_name.text)
        }
        Ok(joined) if template::within(&joined, outer) => format!("write the whole path, as in `{whole}`: templates are absolute"),
        Ok(_) | Err(_) => format!("write a template within `{}`, or move this out of the scope", outer_name.text),
    };
    ctx.push(
        Diagnostic::error(
            Code::TemplateOutsideScope,
            name.span,
            format!("`{}` does not lie within its scope", name.text),
            "reaches paths that the scope does not have",
        )
        .also(outer_name.span, "the scope around it")
        .help(help),
    );
}

/// Reports captures that a scope around has at another place.
pub(super) fn conflicts(ctx: &mut Context<'_>, around: &Surroundings, template: &hir::Template, name: &ast::Name) {
    for (capture, segment) in template::captures(template) {
        let elsewhere = around.captures.get(capture).is_some_and(|places| places.iter().any(|(_, outer)| *outer != segment));
        if elsewhere {
            ctx.error(
                Code::BadCapture,
                name.span,
                format!("`{capture}` is captured by the scope, too, at another segment"),
                "captured again here",
                "choose another name for one of them",
            );
        }
    }
}

fn credentials(ctx: &mut Context<'_>, line: &ast::Authenticate) -> Option<hir::Authenticate> {
    let mut credentials: Vec<hir::CredentialId> = Vec::new();
    for name in &line.names {
        match ctx.symbols.get(&name.text).copied() {
            Some((Symbol::Credential(id), _)) if credentials.contains(&id) => {
                ctx.warning(Code::Repeated, name.span, format!("`{}` is named twice", name.text), "named before", "drop it");
            }
            Some((Symbol::Credential(id), _)) => credentials.push(id),
            Some((Symbol::Unsupported("credential"), _)) => {}
            Some((symbol, declared)) => {
                let keyword = symbol.keyword();
                ctx.push(
                    Diagnostic::error(Code::WrongKind, name.span, format!("`{}` is no credential", name.text), "cannot be authenticated")
                        .also(declared, format!("declared as `{keyword}`"))
                        .help("name a credential, such as an `api_key`"),
                );
            }
            None => {
                let known = known(ctx, |symbol| matches!(symbol, Symbol::Credential(_)));
                let help =
                    suggest::help(&name.text, known.iter().map(String::as_str), &format!("declare it: `api_key {} {{ … }}`", name.text));
                ctx.error(Code::UnknownName, name.span, format!("no credential is called `{}`", name.text), "unknown credential", help);
                // What it says of a request is not asked for again.
                ctx.symbols.insert(name.text.clone(), (Symbol::Unsupported("credential"), name.span));
            }
        }
    }
    let any = line.combination == ast::Combination::Or && line.names.len() > 1;
    (!credentials.is_empty()).then_some(hir::Authenticate { optional: line.optional, any, credentials })
}

fn limit(ctx: &mut Context<'_>, name: &ast::Name) -> Option<hir::LimitId> {
    match ctx.symbols.get(&name.text).copied() {
        Some((Symbol::Limit(id), _)) => Some(id),
        Some((symbol, declared)) => {
            let keyword = symbol.keyword();
            ctx.push(
                Diagnostic::error(Code::WrongKind, name.span, format!("`{}` is no limit", name.text), "cannot be applied")
                    .also(declared, format!("declared as `{keyword}`"))
                    .help("name a `limit`"),
            );
            None
        }
        None => {
            let known = known(ctx, |symbol| matches!(symbol, Symbol::Limit(_)));
            let help = suggest::help(&name.text, known.iter().map(String::as_str), &format!("declare it: `limit {} {{ … }}`", name.text));
            ctx.error(Code::UnknownName, name.span, format!("no limit is called `{}`", name.text), "unknown limit", help);
            None
        }
    }
}

fn known(ctx: &Context<'_>, wanted: fn(&Symbol) -> bool) -> Vec<String> {
    ctx.symbols.iter().filter(|(_, (symbol, _))| wanted(symbol)).map(|(name, _)| name.clone()).collect()
}
