//! Parts of a request as other languages read them: `headers["x"]`, `query.page`, `headers("x")`, `header "x"`. In: a name that nothing
//! declares, with what follows it. Out: how the same is read here.

use super::read::Step;
use super::{choices, habits, keys, misplaced};
use crate::front::check::context::Context;
use crate::front::check::env::Env;
use crate::ir::{ast, hir};
use crate::lang::values::{self, Access};

/// What is meant by such a name.
pub(super) fn read(ctx: &Context<'_>, env: &Env, name: &str, steps: &[Step<'_>]) -> Option<String> {
    let root = values::by_word(name)?;
    let key = match steps.first() {
        None => "\"name\"".to_owned(),
        Some(Step::Key(key)) => as_key(ctx, env, key),
        Some(Step::Member(member)) => {
            let name = if root == "request.headers" { member.text.replace('_', "-") } else { member.text.clone() };
            format!("\"{name}{}\"", habits::hyphenated(ctx.sources, member.span))
        }
    };
    Some(format!("write `{root}[{key}]`"))
}

/// What is meant by a call of such a name, or of a value that is read with a key.
pub(super) fn called(ctx: &Context<'_>, env: &Env, callee: &ast::Expr, args: &[ast::Arg]) -> Option<String> {
    let (key, default) = match args {
        [ast::Arg::Expr(key)] => (key, String::new()),
        [ast::Arg::Expr(key), ast::Arg::Expr(default)] => (key, format!(" ?? {}", ctx.quote(default.span)?)),
        _ => return None,
    };
    let written = ctx.sources.text(callee.span);
    let path = written.strip_suffix(".get").unwrap_or(written);
    let keyed = values::find(path).is_some_and(|value| matches!(value.access, Access::Header(_) | Access::Key(_)));
    let path = values::by_word(path.strip_prefix("request.").unwrap_or(path)).filter(|_| !keyed).or(keyed.then_some(path))?;
    Some(format!("write `{path}[{}]{default}`", as_key(ctx, env, key)))
}

/// A key as it is written here: names that nothing declares are texts.
fn as_key(ctx: &Context<'_>, env: &Env, key: &ast::Expr) -> String {
    let bare = match &key.kind {
        ast::ExprKind::Name(name) if !choices::is_declared(ctx, env, name) => Some(name.clone()),
        ast::ExprKind::Binary { .. } => keys::bare_name(ctx, key),
        _ => None,
    };
    bare.map(|name| format!("\"{name}\"")).or_else(|| ctx.quote(key.span)).unwrap_or_else(|| "…".to_owned())
}

/// Reports `header "x"`, which says where a credential stands, as a value.
pub(in crate::front::check) fn source(ctx: &mut Context<'_>, source: &ast::Source) -> hir::Expr {
    let key = ctx.quote(source.text.span);
    let help = values::by_word(&source.kind.text).zip(key).map(|(root, key)| format!("write `{root}[{key}]`"));
    misplaced(ctx, source.span, "a source", "sources stand only in declarations", help.as_deref().unwrap_or("write a value"))
}
