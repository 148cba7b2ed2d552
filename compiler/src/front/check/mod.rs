//! Names and types: syntax trees come in, the typed tree or everything that is wrong comes out.
//! One file per construct; all share the [`context::Context`].

mod attr_habits;
mod attrs;
mod claim;
mod collect;
mod config;
mod constant;
mod context;
mod credential;
mod edit;
mod env;
mod expr;
mod file;
mod functions;
mod hmac;
mod hmac_covers;
mod hmac_message;
mod host;
mod json_text;
mod jwks;
mod jwt;
mod known_keys;
mod lets;
mod limit;
mod peer;
mod policy;
mod rate;
mod redact;
mod reply;
mod route;
mod rule;
mod scope;
mod service;
mod suggest;
mod table;
mod template;
mod test;
mod test_target;
mod test_value;
mod token;
mod ty;
mod written;

use crate::base::source::ReadFile;
use crate::base::{Diagnostics, FileId, Sources};
use crate::ir::{ast, hir};
use context::Context;

/// Checks one policy: its parts in the order in which they count, one of its own file first. Data that it names joins the
/// sources. The tree is `None` exactly when the findings hold an error.
pub fn check<'a>(
    files: &[(FileId, ast::File)],
    sources: &'a mut Sources,
    read_file: &'a mut ReadFile<'a>,
) -> (Option<hir::Policy>, Diagnostics) {
    let mut ctx = Context::new(sources, read_file);
    let items: Vec<&ast::Item> = files.iter().flat_map(|(_, file)| &file.items).collect();
    let declared = collect::collect(&mut ctx, &items);
    config::check(&mut ctx, &declared.config);
    table::check(&mut ctx, &declared.lists, &declared.maps);
    service::check(&mut ctx, &declared.services);
    credential::check(&mut ctx, &declared.credentials);
    lets::check(&mut ctx, &declared.lets, &declared.fns);
    credential::finish(&mut ctx, &declared.credentials);
    let applied = scope::applications(&ctx, &items);
    let header = policy::check(&mut ctx, &declared.policies, files.first().map(|(id, _)| *id));
    let shadow = header.as_ref().is_some_and(|header| header.shadow);
    limit::check(&mut ctx, &declared.limits, &applied, shadow);
    scope::check_items(&mut ctx, &items, shadow);
    route::ties(&mut ctx);
    policy::check_effects(&mut ctx, header.as_ref());
    test::check(&mut ctx, &declared.tests);
    ctx.finish(header)
}
