//! Replies of the policy's own: each distinct one is a function, `policy.reply` dispatches to it.

use portcullis_runtime::contract::{Mechanism, Policy, Val, action, reply_body};

use super::build::{Builder, Context, Phase, act, call, give, index};
use super::{expr, text};
use crate::ir::hir::{self, Action, ReplyBody};
use crate::ir::lir::{Expr, FunctionId, Local, Stmt};

/// A reply and what comes with it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Full {
    pub(super) reply: hir::Reply,
    /// Value of `www-authenticate`.
    pub(super) challenge: Option<String>,
    /// Whether rate-limit headers are added.
    pub(super) limits: bool,
    /// Whether the response decides: what it says of the request was kept.
    pub(super) response: bool,
}

impl Full {
    /// A reply with nothing besides.
    pub(super) fn of(reply: &hir::Reply) -> Full {
        Full { reply: reply.clone(), challenge: None, limits: false, response: false }
    }
}

/// The replies so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Replies {
    functions: Vec<FunctionId>,
    numbers: std::collections::BTreeMap<String, usize>,
}

/// A reply without body.
pub(super) fn bare(status: u16) -> hir::Reply {
    hir::Reply { status, body: ReplyBody::Empty }
}

/// The number of a reply.
pub(super) fn number(builder: &mut Builder<'_>, full: &Full) -> usize {
    let key = key(full);
    if let Some(found) = builder.replies.numbers.get(&key) {
        return *found;
    }
    let function = generate(builder, full);
    let number = builder.replies.functions.len();
    builder.replies.functions.push(function);
    builder.replies.numbers.insert(key, number);
    number
}

/// Equal for replies that are the same.
fn key(full: &Full) -> String {
    let body = match &full.reply.body {
        ReplyBody::Empty => String::new(),
        ReplyBody::Text(value) => format!("text {:?}", value.without_places()),
        ReplyBody::Location(value) => format!("location {:?}", value.without_places()),
        ReplyBody::Json(json) => format!("json {:?}", json.without_places()),
    };
    format!("{} {:?} {} {} {body}", full.reply.status, full.challenge, full.limits, full.response)
}

/// A reply as a function from metric to action.
fn generate(builder: &mut Builder<'_>, full: &Full) -> FunctionId {
    let phase = if full.response { Phase::Response } else { Phase::Request };
    let mut context = Context::new(phase, &[Val::I32]);
    let mut body = Vec::new();
    let value = match &full.reply.body {
        ReplyBody::Empty => None,
        ReplyBody::Text(value) | ReplyBody::Location(value) => Some(expr::lower(builder, &mut context, value)),
        ReplyBody::Json(json) => Some(text::json(builder, &mut context, json)),
    };
    let held = value.map(|value| {
        let local = context.local(Val::I64);
        body.push(Stmt::Set(local, value));
        Expr::Local(local)
    });
    body.push(act(Mechanism::ReplyBegin, vec![index(usize::from(full.reply.status))]));
    if let Some(challenge) = &full.challenge {
        let name = builder.string("www-authenticate");
        let challenge = builder.string(challenge);
        body.push(act(Mechanism::ReplyHeader, vec![name, challenge]));
    }
    if full.limits {
        body.push(act(Mechanism::ReplyLimitHeaders, vec![]));
    }
    match (&full.reply.body, held) {
        (ReplyBody::Text(_), Some(value)) => body.push(act(Mechanism::ReplyBody, vec![Expr::I32(reply_body::TEXT), value])),
        (ReplyBody::Json(_), Some(value)) => body.push(act(Mechanism::ReplyBody, vec![Expr::I32(reply_body::JSON), value])),
        (ReplyBody::Location(_), Some(value)) => {
            let name = builder.string("location");
            body.push(act(Mechanism::ReplyHeader, vec![name, value]));
        }
        (ReplyBody::Empty | ReplyBody::Text(_) | ReplyBody::Json(_) | ReplyBody::Location(_), _) => {}
    }
    body.push(give(call(Mechanism::ReplySend, vec![Expr::Local(Local(0))])));
    builder.function(format!("reply {}", full.reply.status), context, Some(Val::I32), body)
}

/// Refuses with a plain reply, counting a metric.
pub(super) fn refuse(builder: &mut Builder<'_>, reply: &hir::Reply, name: &str, outcome: &'static str) -> Vec<Stmt> {
    refuse_with(builder, &Full::of(reply), name, outcome)
}

/// Likewise with headers.
pub(super) fn refuse_with(builder: &mut Builder<'_>, full: &Full, name: &str, outcome: &'static str) -> Vec<Stmt> {
    let number = number(builder, full);
    let metric = index(builder.metrics.number(name, outcome));
    let Some(function) = builder.replies.functions.get(number) else { return vec![give(Expr::I32(action::STOP))] };
    vec![give(Expr::Apply(*function, vec![metric]))]
}

/// The reply of this number with a metric.
pub(super) fn dispatch(number: Expr, metric: Expr, builder: &mut Builder<'_>, single: Option<usize>) -> Expr {
    if let Some(function) = single.and_then(|number| builder.replies.functions.get(number)) {
        return Expr::Apply(*function, vec![metric]);
    }
    let function = dispatcher(builder);
    Expr::Apply(function, vec![number, metric])
}

/// What happens on a fault: the declared outcome.
pub(super) fn fault(builder: &mut Builder<'_>) -> Vec<Stmt> {
    match builder.policy.on_fault.clone() {
        Action::Deny(reply) => refuse(builder, &reply, "fault", "fault"),
        Action::Allow => {
            let metric = index(builder.metrics.number("fault", "fault"));
            let mut body = vec![act(Mechanism::Count, vec![metric])];
            if builder.plan.request_body {
                // One that was held has its record, and goes on as it came, its response too.
                body.push(act(Mechanism::StreamClose, vec![]));
            }
            body.extend(super::route::untaken(builder));
            body.push(give(Expr::I32(action::CONTINUE)));
            body
        }
    }
}

/// `if faulted { … }`
pub(super) fn on_fault(builder: &mut Builder<'_>) -> Stmt {
    Stmt::If(call(Mechanism::Faulted, vec![]), fault(builder), vec![])
}

/// A dispatcher over the replies known so far. Callers enter all their replies first.
fn dispatcher(builder: &mut Builder<'_>) -> FunctionId {
    let arms: Vec<Vec<Stmt>> =
        builder.replies.functions.iter().map(|function| vec![give(Expr::Apply(*function, vec![Expr::Local(Local(1))]))]).collect();
    let context = Context::new(Phase::Request, &[Val::I32, Val::I32]);
    let body = vec![Stmt::Switch(Expr::Local(Local(0)), arms, vec![]), give(Expr::I32(action::STOP))];
    builder.function("reply", context, Some(Val::I32), body)
}

/// Generates `policy.reply`; called last, when all replies are known.
pub(super) fn lower_dispatch(builder: &mut Builder<'_>) {
    let function = dispatcher(builder);
    builder.implement(Policy::Reply, function);
}
