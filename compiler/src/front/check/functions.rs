//! `fn`: checked once, called with values of its parameters' types.

use std::collections::BTreeSet;

use super::context::Context;
use super::env::{Captures, Env, Response};
use super::lets::Weight;
use super::{expr, ty};
use crate::base::{Code, Span};
use crate::ir::{ast, hir};

/// How many nodes a body may have when it is written out in place of its call.
const MOST_NODES: usize = 10_000;

/// What a call of a `fn` comes to.
#[derive(Clone, Debug, Default)]
pub(super) struct Needs {
    /// Whether it reads the request (or the response), and whether the response.
    pub(super) reads: (bool, bool),
    /// Whether it reads the request.
    pub(super) request: bool,
    /// Whether it reads the body of the request.
    pub(super) body: bool,
    /// Credentials that it reads.
    pub(super) credentials: BTreeSet<hir::CredentialId>,
    /// What its body comes down to.
    pub(super) weight: Weight,
}

/// Checks parameters and body; `None` when something is at fault.
pub(super) fn body(ctx: &mut Context<'_>, item: &ast::Function) -> Option<hir::Fn> {
    let mut env = Env {
        body: true,
        response: Response::Readable,
        captures: Captures::default(),
        // Which of them is verified is told by the place of each call; here any may be absent.
        credentials: (0..ctx.credentials.len()).map(|index| (hir::CredentialId(u32::try_from(index).unwrap_or(u32::MAX)), true)).collect(),
        ..Env::new("a `fn`")
    };
    let mut params = Vec::new();
    let mut well = true;
    for param in &item.params {
        well &= expr::bindable(ctx, &env, &param.name);
        let ty = param_type(ctx, &param.ty);
        well &= ty != hir::Ty::Error;
        env.bindings.push((param.name.text.clone(), ty.clone()));
        params.push((param.name.clone(), ty));
    }
    let body = expr::exact(ctx, &env, &item.body);
    if !well || body.ty == hir::Ty::Error {
        return None;
    }
    if matches!(body.ty.present(), hir::Ty::Regex | hir::Ty::Rate | hir::Ty::Map(_)) {
        ctx.error(
            Code::TypeMismatch,
            item.body.span,
            format!("a `fn` cannot give {}", expr::article(&body.ty)),
            "not a value",
            "write it where it is used",
        );
        return None;
    }
    Some(hir::Fn { name: item.name.clone(), params, body })
}

fn param_type(ctx: &mut Context<'_>, written: &ast::Type) -> hir::Ty {
    if !ty::type_names(ctx, written) {
        return hir::Ty::Error;
    }
    let json = written.name.text == "list" && written.args.first().is_some_and(|item| item.name.text == "json" && !item.optional);
    if json {
        let list = hir::Ty::List(Box::new(hir::Ty::Json));
        return if written.optional { list.optional() } else { list };
    }
    let Some(ty) = ty::value_type(written) else {
        let text = ctx.quote(written.span).unwrap_or_else(|| written.name.text.clone());
        ctx.error(
            Code::TypeMismatch,
            written.span,
            format!("a parameter cannot be a `{text}`"),
            "not a value that can be handed over",
            "use `string`, `int`, `float`, `bool`, `ip`, `duration`, `time` or a list of them",
        );
        return hir::Ty::Error;
    };
    ty
}

/// Checks `NAME(args)`.
pub(super) fn call(ctx: &mut Context<'_>, env: &Env, id: hir::FnId, args: &[ast::Arg], span: Span) -> Option<hir::Expr> {
    let item = ctx.fns.get(id.index())?.clone();
    let needs = ctx.fn_needs.get(id.index())?.clone();
    let name = &item.name.text;
    let mut plain = Vec::new();
    for arg in args {
        match arg {
            ast::Arg::Expr(expr) => plain.push(expr),
            ast::Arg::Source(source) => return Some(expr::source(ctx, source)),
            ast::Arg::Named(name, _) => return arguments(ctx, &item, name.span),
        }
    }
    if plain.len() != item.params.len() {
        return arguments(ctx, &item, span);
    }
    let mut checked = Vec::new();
    for (arg, (param, ty)) in plain.into_iter().zip(&item.params) {
        let what = format!("the argument `{}` of `{name}`", param.text);
        checked.push(expr::expect_or_absent(ctx, env, arg, ty, &what));
    }
    let (any, response) = needs.reads;
    if response && !expr::readable(ctx, env, name, span) || any && !expr::requested(ctx, env, name, span) {
        return None;
    }
    if needs.body && !expr::body_readable(ctx, env, name, span) {
        return None;
    }
    for credential in &needs.credentials {
        expr::credential(ctx, env, *credential, span)?;
    }
    if checked.iter().any(|arg| arg.ty == hir::Ty::Error) {
        return None;
    }
    let response = response || checked.iter().any(|arg| ctx.reads(arg).1);
    let ty = item.body.ty.clone();
    if response && needs.request {
        // What of the request the response needs is kept part by part, so that the parts must stand in the open.
        let mut open = item.body;
        if expr::substituted_size(&open, &checked) > MOST_NODES {
            ctx.error(
                Code::TooDeep,
                span,
                format!("`{name}` becomes too much where the response is read"),
                format!("written out, it has more than {MOST_NODES} parts"),
                "use its parameters less often, or do not hand it values of the response",
            );
            return None;
        }
        expr::substitute(&mut open, &checked, env.bindings.len());
        return Some(hir::Expr { span, ..open });
    }
    Some(hir::Expr { kind: hir::ExprKind::Invoke(id, checked), ty, span })
}

fn arguments(ctx: &mut Context<'_>, item: &hir::Fn, span: Span) -> Option<hir::Expr> {
    let params: Vec<String> = item.params.iter().map(|(name, ty)| format!("{}: {ty}", name.text)).collect();
    ctx.error(
        Code::BadArguments,
        span,
        format!("wrong arguments for `{}`", item.name.text),
        "called otherwise than it is declared",
        format!("write one value for each of ({})", params.join(", ")),
    );
    None
}
