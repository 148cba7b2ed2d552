//! Targets of the requests in tests: a path from its `/` on, no URL. In: the steps of a test. Out: what is wrong with targets that are
//! malformed by mistake; who expects that they are refused may send anything.

use super::context::Context;
use crate::base::Code;
use crate::ir::ast;
use crate::lang::url;

/// Reports the targets that are neither a path nor meant to be none.
pub(super) fn check(ctx: &mut Context<'_>, steps: &[ast::Step]) {
    if !steps.iter().any(refused) {
        steps.iter().for_each(|step| targets(ctx, step));
    }
}

/// Whether a step expects that a request is malformed.
fn refused(step: &ast::Step) -> bool {
    match &step.kind {
        ast::StepKind::Repeat(_, _, steps) => steps.iter().any(refused),
        ast::StepKind::Expect(ast::Expected::Deny(status, _)) => *status == 400,
        ast::StepKind::Expect(ast::Expected::Count(name, _)) => name.text == "malformed",
        ast::StepKind::Expect(_)
        | ast::StepKind::At(_)
        | ast::StepKind::Wait(_)
        | ast::StepKind::Config(_)
        | ast::StepKind::Request { .. } => false,
    }
}

fn targets(ctx: &mut Context<'_>, step: &ast::Step) {
    match &step.kind {
        ast::StepKind::Repeat(_, _, steps) => steps.iter().for_each(|step| targets(ctx, step)),
        // The target of a `CONNECT` is host and port.
        ast::StepKind::Request { method, target, given } if method.text != "CONNECT" => target_of(ctx, target, given),
        ast::StepKind::Request { .. }
        | ast::StepKind::At(_)
        | ast::StepKind::Wait(_)
        | ast::StepKind::Config(_)
        | ast::StepKind::Expect(_) => {}
    }
}

fn target_of(ctx: &mut Context<'_>, target: &ast::Expr, given: &[ast::Given]) {
    let empty = matches!(&target.kind, ast::ExprKind::String(text) if text.is_empty());
    let by_mistake = |begin: &&str| empty || begin.starts_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '?' | '#'));
    let Some(begin) = target.begin().filter(by_mistake) else { return };
    let written = ctx.sources.text(target.span);
    let quoted = written.split_once('"').and_then(|(raw, text)| Some((raw.to_owned(), text.strip_suffix('"')?.to_owned())));
    let (raw, written) = quoted.unwrap_or_else(|| (String::new(), begin.to_owned()));
    let url = begin.contains("://").then(|| url::parts(&written)).flatten();
    let (label, help) = match url {
        Some((authority, behind)) => {
            let path = behind.split('#').next().unwrap_or_default();
            let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
            let host = format!(", and `header \"host\" = \"{}\"` in the block of the request", url::without_user(authority));
            let host = if given.iter().any(names_host) { String::new() } else { host };
            ("a URL", format!("write `{raw}\"{path}\"`{host}"))
        }
        // What is behind `#` is not sent.
        None => ("does not begin with `/`", format!("write `{raw}\"/{}\"`", written.split('#').next().unwrap_or_default())),
    };
    ctx.error(Code::BadTest, target.span, format!("`{written}` is no path"), label, help);
}

fn names_host(given: &ast::Given) -> bool {
    matches!(given, ast::Given::Part(ast::Part::Header(name, _)) if name.text.eq_ignore_ascii_case("host"))
}
