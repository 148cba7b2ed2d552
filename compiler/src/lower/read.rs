//! What a policy reads: facts of the message, captures, the clock, configured values. In: typed reads. Out: one mechanism each.

use portcullis_runtime::contract::{Mechanism, Val};

use super::build::{Builder, Context, call, index};
use super::expr::{choose, hold, is_present};
use super::tables;
use crate::ir::hir::{self, Keyed, Read, Ty};
use crate::ir::lir::{Expr, Stmt, UnaryOp};
use crate::lang::time;

/// A fact about the request or the response.
pub(super) fn read(builder: &mut Builder<'_>, context: &mut Context, read: &Read) -> Expr {
    match read {
        Read::Method => call(Mechanism::RequestMethod, vec![]),
        Read::Scheme => call(Mechanism::RequestScheme, vec![]),
        Read::Host => call(Mechanism::RequestHost, vec![]),
        Read::Protocol => call(Mechanism::RequestProtocol, vec![]),
        Read::RequestId => request_header(builder, "x-request-id"),
        Read::Path => call(Mechanism::RequestPath, vec![]),
        Read::RawPath => call(Mechanism::RequestRawPath, vec![]),
        Read::Query(key) => {
            let key = builder.string(key);
            call(Mechanism::RequestQuery, vec![key])
        }
        Read::QueryAll(key) => {
            let key = builder.string(key);
            call(Mechanism::RequestQueryAll, vec![key])
        }
        Read::QueryCount => call(Mechanism::RequestQueryCount, vec![]),
        Read::Header(name) => request_header(builder, name),
        Read::HeaderAll(name) => {
            let slot = tables::request_slot(builder.plan, name);
            call(Mechanism::RequestHeaderAll, vec![Expr::I32(slot)])
        }
        Read::HeaderCount => call(Mechanism::RequestHeaderCount, vec![]),
        Read::Cookie(name) => {
            let name = builder.string(name);
            call(Mechanism::RequestCookie, vec![name])
        }
        Read::Capture(_, places) => capture(builder, context, places),
        Read::ClientIp => call(Mechanism::ClientIp, vec![]),
        Read::ClientPort => call(Mechanism::ClientPort, vec![]),
        Read::ClientTls => call(Mechanism::ClientTls, vec![]),
        Read::Now => now(),
        // 1970-01-01 was a Thursday.
        Read::NowWeekday => {
            let day = time_part(call(Mechanism::IntAdd, vec![now(), Expr::I64(3 * time::DAY)]), time::DAY, 7);
            call(Mechanism::IntAdd, vec![day, Expr::I64(1)])
        }
        Read::NowHour => time_part(now(), time::HOUR, 24),
        Read::NowMinute => time_part(now(), time::MINUTE, 60),
        Read::Member(id, member) => super::auth::member(builder, *id, *member),
        // With its type, in `natural`.
        Read::Claim(..) => Expr::I64(0),
        Read::CredentialPresent(id) => super::auth::is_valid(builder, *id),
        Read::BodySize => call(Mechanism::BodySize, vec![]),
        Read::BodyText => call(Mechanism::BodyText, vec![]),
        Read::BodyBytes => call(Mechanism::BodyBytes, vec![]),
        Read::BodyJson => call(Mechanism::BodyJson, vec![]),
        Read::BodyForm(key) => {
            let key = builder.string(key);
            call(Mechanism::BodyForm, vec![key])
        }
        // Read by its key (`read_at`).
        Read::Computed(_) => Expr::I64(0),
        // The body of the message that the callback is about.
        Read::ResponseText => call(Mechanism::BodyText, vec![]),
        Read::ResponseJson => call(Mechanism::BodyJson, vec![]),
        Read::ResponseStatus => call(Mechanism::ResponseStatus, vec![]),
        Read::ResponseHeader(name) => {
            let slot = tables::response_slot(builder.plan, name);
            call(Mechanism::ResponseHeader, vec![Expr::I32(slot)])
        }
    }
}

/// A fact by a key that is only known here; by an absent key there is none.
pub(super) fn read_at(builder: &mut Builder<'_>, context: &mut Context, read: &Read, key: &hir::Expr) -> Expr {
    let Read::Computed(keyed) = read else { return Expr::I64(0) };
    let mechanism = match keyed {
        Keyed::Query => Mechanism::RequestQuery,
        Keyed::QueryAll => Mechanism::RequestQueryAll,
        Keyed::Header => Mechanism::RequestHeaderAt,
        Keyed::HeaderAll => Mechanism::RequestHeaderAllAt,
        Keyed::Cookie => Mechanism::RequestCookie,
        Keyed::BodyForm => Mechanism::BodyForm,
        Keyed::ResponseHeader => Mechanism::ResponseHeaderAt,
    };
    let (set, held) = hold(builder, context, key);
    let found = call(mechanism, vec![Expr::Local(held)]);
    let value = if key.ty.is_optional() { choose(Val::I64, is_present(&key.ty, Expr::Local(held)), found, Expr::I64(0)) } else { found };
    Expr::Block(vec![set], Box::new(value))
}

fn now() -> Expr {
    call(Mechanism::Now, vec![])
}

/// How many units a time counts, within a cycle of so many.
fn time_part(time: Expr, unit: i64, cycle: i64) -> Expr {
    call(Mechanism::TimePart, vec![time, Expr::I64(unit), Expr::I64(cycle)])
}

/// A request header by its name, lines joined.
pub(super) fn request_header(builder: &Builder<'_>, name: &str) -> Expr {
    let slot = tables::request_slot(builder.plan, name);
    call(Mechanism::RequestHeader, vec![Expr::I32(slot)])
}

/// A capture: the same segment whichever template matched, or the segment of the first that does.
fn capture(builder: &mut Builder<'_>, context: &mut Context, places: &[(hir::Template, u32)]) -> Expr {
    let segment = |number: u32| call(Mechanism::PathSegment, vec![index(number as usize)]);
    let Some(((_, last), before)) = places.split_last() else { return Expr::I64(0) };
    if before.iter().all(|(_, number)| number == last) {
        return segment(*last);
    }
    // From the last to the first, so that the first that matches has the last word; flat, however many there are.
    let value = context.local(Val::I64);
    let mut body = vec![Stmt::Set(value, segment(*last))];
    for (template, number) in before.iter().rev() {
        let matched = tables::template(builder, template);
        let matches = call(Mechanism::PathMatches, vec![Expr::Data(matched)]);
        body.push(Stmt::If(matches, vec![Stmt::Set(value, segment(*number))], vec![]));
    }
    Expr::Block(body, Box::new(Expr::Local(value)))
}

/// A configured value.
pub(super) fn config(builder: &Builder<'_>, id: hir::ConfigId) -> Expr {
    let Some(field) = builder.policy.config.get(id.index()) else { return Expr::I32(0) };
    let number = index(id.index());
    match &field.ty {
        Ty::Int | Ty::Duration | Ty::Time => call(Mechanism::ConfigInt, vec![number]),
        Ty::Float => Expr::Unary(UnaryOp::BitsFloat, Box::new(call(Mechanism::ConfigInt, vec![number]))),
        Ty::Bool => Expr::Unary(UnaryOp::Wrap, Box::new(call(Mechanism::ConfigInt, vec![number]))),
        ty => match ty.present() {
            Ty::Int | Ty::Bool | Ty::Duration | Ty::Time | Ty::Float => call(Mechanism::ConfigCell, vec![number]),
            Ty::List(_) => call(Mechanism::ConfigList, vec![number]),
            Ty::Ip => Expr::Unary(UnaryOp::Wrap, Box::new(call(Mechanism::ConfigStr, vec![number]))),
            Ty::String
            | Ty::Enum(_)
            | Ty::Bytes
            | Ty::Secret
            | Ty::Json
            | Ty::Cidr
            | Ty::Rate
            | Ty::Regex
            | Ty::Map(_)
            | Ty::Optional(_)
            | Ty::Error => call(Mechanism::ConfigStr, vec![number]),
        },
    }
}
