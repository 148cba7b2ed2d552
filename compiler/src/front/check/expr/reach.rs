//! When a value is known, and whether that is early enough for the place that reads it.

use crate::base::{Code, Span};
use crate::front::check::context::Context;
use crate::front::check::env::{Env, Reach, Response};

/// Whether the request may be read here.
pub(in crate::front::check) fn requested(ctx: &mut Context<'_>, env: &Env, what: &str, span: Span) -> bool {
    match env.reach {
        Reach::Request => true,
        Reach::Configuration => {
            ctx.error(
                Code::TooEarly,
                span,
                format!("`{what}` cannot be read in {}", env.place),
                "belongs to one request",
                "use constants and `config.NAME`",
            );
            false
        }
    }
}

/// Whether the body of the request may be read here.
pub(in crate::front::check) fn body_readable(ctx: &mut Context<'_>, env: &Env, what: &str, span: Span) -> bool {
    if !requested(ctx, env, what, span) {
        return false;
    }
    if env.place == "a `limit`" && !env.body {
        ctx.not_yet(span, &format!("`{what}` in a `limit`"), "count by something in the headers");
    } else if !env.body {
        ctx.error(
            Code::TooEarly,
            span,
            format!("`{what}` cannot be read in {}", env.place),
            "may be needed before the body is in",
            "read it in a rule",
        );
    }
    env.body
}

/// Whether the response may be read here.
pub(in crate::front::check) fn readable(ctx: &mut Context<'_>, env: &Env, what: &str, span: Span) -> bool {
    if !requested(ctx, env, what, span) {
        return false;
    }
    match env.response {
        Response::Readable => true,
        Response::TooEarly => {
            ctx.error(
                Code::TooEarly,
                span,
                format!("`{what}` is not known yet in {}", env.place),
                "known only when the upstream has answered",
                "read the request, or move this into a `forbid` or `rewrite response`",
            );
            false
        }
    }
}
