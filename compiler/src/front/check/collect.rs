//! The first walk: every declared name gets its meaning, so that order does not matter; what this version does not
//! compile is refused here.

use super::context::{Context, Symbol};
use super::{attrs, credential, ty};
use crate::base::{Code, Diagnostic};
use crate::ir::{ast, hir};
use crate::lang::attributes::Block;
use crate::lang::{functions, values};

/// The items of a policy by kind, each in file order.
#[derive(Default)]
pub(super) struct Declared<'t> {
    pub(super) policies: Vec<&'t ast::Policy>,
    pub(super) config: Vec<&'t ast::Field>,
    pub(super) lets: Vec<&'t ast::Let>,
    pub(super) fns: Vec<&'t ast::Function>,
    pub(super) lists: Vec<&'t ast::ListOrMap>,
    pub(super) maps: Vec<&'t ast::ListOrMap>,
    pub(super) services: Vec<&'t ast::Declaration>,
    pub(super) credentials: Vec<credential::Declared<'t>>,
    pub(super) limits: Vec<&'t ast::Declaration>,
    pub(super) tests: Vec<&'t ast::Test>,
}

/// Sorts the items and enters their names.
pub(super) fn collect<'t>(ctx: &mut Context<'_>, items: &[&'t ast::Item]) -> Declared<'t> {
    let mut declared = Declared::default();
    for item in items {
        match item {
            ast::Item::Policy(policy) => declared.policies.push(policy),
            ast::Item::Config(config) => declared.config.extend(&config.fields),
            ast::Item::Let(item) => {
                declare(ctx, &item.name, Symbol::Let(None));
                declared.lets.push(item);
            }
            ast::Item::Function(function) => {
                declare(ctx, &function.name, Symbol::Fn(None));
                if functions::find(&function.name.text).is_some() {
                    hides(ctx, &function.name, "function");
                }
                declared.fns.push(function);
            }
            ast::Item::List(list) => {
                declare(ctx, &list.name, Symbol::List(hir::ListId(id(declared.lists.len()))));
                declared.lists.push(list);
            }
            ast::Item::Map(map) => {
                declare(ctx, &map.name, Symbol::Map(hir::MapId(id(declared.maps.len()))));
                declared.maps.push(map);
            }
            ast::Item::Jwt(jwt) => {
                declare_credential(ctx, &jwt.name, declared.credentials.len());
                declared.credentials.push(credential::Declared::Jwt(jwt));
            }
            ast::Item::Declaration(declaration) => collect_declaration(ctx, declaration, &mut declared),
            ast::Item::Lookup(lookup) => {
                declare(ctx, &lookup.name, Symbol::Unsupported("lookup"));
                attrs::names(ctx, Block::Lookup, &lookup.attrs);
                ty::type_names(ctx, &lookup.ty);
                for param in &lookup.params {
                    ty::type_names(ctx, &param.ty);
                }
                ctx.not_yet(lookup.name.span, "`lookup`", "use a `map`: a later version calls services");
            }
            ast::Item::Import(_) | ast::Item::Scope(_) | ast::Item::Rule(_) => {}
            ast::Item::Test(test) => declared.tests.push(test),
        }
    }
    declared
}

fn collect_declaration<'t>(ctx: &mut Context<'_>, declaration: &'t ast::Declaration, declared: &mut Declared<'t>) {
    let keyword = declaration.kind.keyword();
    match declaration.kind {
        ast::DeclarationKind::ApiKey => {
            declare_credential(ctx, &declaration.name, declared.credentials.len());
            declared.credentials.push(credential::Declared::ApiKey(declaration));
        }
        ast::DeclarationKind::Basic => {
            declare_credential(ctx, &declaration.name, declared.credentials.len());
            declared.credentials.push(credential::Declared::Basic(declaration));
        }
        ast::DeclarationKind::Hmac => {
            declare_credential(ctx, &declaration.name, declared.credentials.len());
            declared.credentials.push(credential::Declared::Hmac(declaration));
        }
        ast::DeclarationKind::Limit => {
            if declare(ctx, &declaration.name, Symbol::Limit(hir::LimitId(id(declared.limits.len())))) {
                ctx.claim_actor(&declaration.name);
            }
            declared.limits.push(declaration);
        }
        ast::DeclarationKind::Mtls => {
            declare_credential(ctx, &declaration.name, declared.credentials.len());
            declared.credentials.push(credential::Declared::Mtls(declaration));
        }
        ast::DeclarationKind::Token => {
            declare_credential(ctx, &declaration.name, declared.credentials.len());
            declared.credentials.push(credential::Declared::Token(declaration));
        }
        ast::DeclarationKind::Service => {
            declare(ctx, &declaration.name, Symbol::Service(hir::ServiceId(id(declared.services.len()))));
            declared.services.push(declaration);
        }
        ast::DeclarationKind::Detector => {
            declare(ctx, &declaration.name, Symbol::Unsupported(keyword));
            attrs::names(ctx, Block::Declaration(declaration.kind), &declaration.attrs);
            let help = "use `builtin.card`: a later version compiles detectors of your own";
            ctx.not_yet(declaration.name.span, &format!("`{keyword}`"), help);
        }
    }
}

fn declare_credential(ctx: &mut Context<'_>, name: &ast::Name, number: usize) {
    if declare(ctx, name, Symbol::Credential(hir::CredentialId(id(number)))) {
        ctx.claim_actor(name);
    }
}

/// Enters a name; whether it was free. One that hides a built-in is entered, too: it is told once, not at each use.
fn declare(ctx: &mut Context<'_>, name: &ast::Name, symbol: Symbol) -> bool {
    match ctx.symbols.get(&name.text) {
        Some((_, first)) => {
            let first = *first;
            ctx.push(
                Diagnostic::error(Code::DuplicateName, name.span, format!("`{}` is declared twice", name.text), "declared again here")
                    .also(first, "first declared here")
                    .help("choose another name: all declarations share one namespace"),
            );
            false
        }
        None => {
            if values::ROOTS.contains(&name.text.as_str()) {
                hides(ctx, name, "value");
            }
            ctx.symbols.insert(name.text.clone(), (symbol, name.span));
            true
        }
    }
}

fn hides(ctx: &mut Context<'_>, name: &ast::Name, what: &str) {
    ctx.error(
        Code::BadName,
        name.span,
        format!("`{}` would hide the built-in {what} `{}`", name.text, name.text),
        "a built-in is called so",
        format!("choose another name, such as `my_{}`", name.text),
    );
}

fn id(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}
