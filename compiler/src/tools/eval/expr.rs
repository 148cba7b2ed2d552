//! Evaluates expressions. In: typed expressions, configuration, facts. Out: values.

use std::cell::RefCell;
use std::collections::BTreeMap;

use regex_automata::meta::Regex;

use super::bytes::text;
use super::facts::{self, Facts};
use super::function;
use super::json::Kind;
use super::path;
use super::value::Value;
use crate::ir::ast::{BinaryOp, Quantifier};
use crate::ir::hir;
use crate::lang::{self, time};
use crate::tools::engine::EngineError;

/// Compiled regexes by pattern and flags.
pub(super) type Regexes = RefCell<BTreeMap<(String, String), Regex>>;

/// All that an expression can read.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) policy: &'a hir::Policy,
    pub(super) config: &'a [Value],
    pub(super) facts: &'a Facts,
    pub(super) regexes: &'a Regexes,
    /// Values of bound names, from outside to inside.
    pub(super) bound: &'a [Value],
}

/// The value of an expression.
pub(super) fn eval(expr: &hir::Expr, ctx: Context<'_>) -> Result<Value, EngineError> {
    Ok(match &expr.kind {
        hir::ExprKind::Const(constant) => Value::constant(constant),
        hir::ExprKind::Read(read) => self::read(read, ctx.facts),
        hir::ExprKind::ReadAt(read, key) => match (read, eval(key, ctx)?) {
            (hir::Read::Computed(keyed), Value::String(key)) => self::read(&keyed.read(as_name(*keyed, key)), ctx.facts),
            (hir::Read::Computed(hir::Keyed::QueryAll | hir::Keyed::HeaderAll), _) => Value::List(Vec::new()),
            _ => Value::Absent,
        },
        hir::ExprKind::Config(id) => config(*id, ctx)?,
        hir::ExprKind::Let(id) => {
            let item = ctx.policy.lets.get(id.index()).ok_or_else(|| defect("let"))?;
            eval(&item.value, Context { bound: &[], ..ctx })?
        }
        hir::ExprKind::List(id) => {
            let list = ctx.policy.lists.get(id.index()).ok_or_else(|| defect("list"))?;
            Value::List(list.values.iter().map(Value::constant).collect())
        }
        hir::ExprKind::ListOf(items) => {
            let mut values = Vec::new();
            for item in items {
                let value = eval(item, ctx)?;
                // Secrets in rotation; any other element is there, or a text of a body over the limit.
                if value.is_present() || *item.ty.present() != hir::Ty::Secret {
                    values.push(value);
                }
            }
            Value::List(values)
        }
        hir::ExprKind::MapGet(map, key) => {
            let key = eval(key, ctx)?;
            let found = map_entries(*map, ctx)?.iter().find(|(name, _)| key == Value::String(name.clone()));
            found.map_or(Value::Absent, |(_, value)| Value::constant(value))
        }
        hir::ExprKind::ConfigMapGet(id, key) => match (config(*id, ctx)?, eval(key, ctx)?) {
            (Value::Map(entries), Value::String(key)) => {
                entries.into_iter().find(|(name, _)| *name == key).map_or(Value::Absent, |(_, value)| value)
            }
            _ => Value::Absent,
        },
        hir::ExprKind::Not(operand) => Value::Bool(!eval(operand, ctx)?.is_true()),
        hir::ExprKind::And(operands) => {
            for operand in operands {
                if !eval(operand, ctx)?.is_true() {
                    return Ok(Value::Bool(false));
                }
            }
            Value::Bool(true)
        }
        hir::ExprKind::Or(operands) => {
            for operand in operands {
                if eval(operand, ctx)?.is_true() {
                    return Ok(Value::Bool(true));
                }
            }
            Value::Bool(false)
        }
        hir::ExprKind::Equal(left, right) => Value::Bool(eval(left, ctx)?.equals(&eval(right, ctx)?)),
        hir::ExprKind::Less(left, right) => Value::Bool(eval(left, ctx)?.order(&eval(right, ctx)?).is_some_and(std::cmp::Ordering::is_lt)),
        hir::ExprKind::LessEqual(left, right) => {
            Value::Bool(eval(left, ctx)?.order(&eval(right, ctx)?).is_some_and(std::cmp::Ordering::is_le))
        }
        hir::ExprKind::In(needle, list) => Value::Bool(eval(needle, ctx)?.is_in(&eval(list, ctx)?)),
        hir::ExprKind::InMap(key, map) => {
            let key = eval(key, ctx)?;
            Value::Bool(map_entries(*map, ctx)?.iter().any(|(name, _)| key == Value::String(name.clone())))
        }
        hir::ExprKind::InConfigMap(key, id) => match (config(*id, ctx)?, eval(key, ctx)?) {
            (Value::Map(entries), Value::String(key)) => Value::Bool(entries.iter().any(|(name, _)| *name == key)),
            _ => Value::Bool(false),
        },
        hir::ExprKind::InCidr(address, network) => Value::Bool(eval(address, ctx)?.is_in_network(&eval(network, ctx)?)),
        hir::ExprKind::Contains(whole, part) => strings(whole, part, ctx, |whole, part| whole.contains(part))?,
        hir::ExprKind::StartsWith(whole, part) => strings(whole, part, ctx, |whole, part| whole.starts_with(part))?,
        hir::ExprKind::EndsWith(whole, part) => strings(whole, part, ctx, |whole, part| whole.ends_with(part))?,
        hir::ExprKind::Matches(subject, pattern, flags) => match eval(subject, ctx)? {
            Value::String(subject) => Value::Bool(matches(pattern, flags, &subject, ctx.regexes)?),
            _ => Value::Bool(false),
        },
        hir::ExprKind::Present(operand) => Value::Bool(!operand.ty.is_optional() || eval(operand, ctx)?.is_present()),
        hir::ExprKind::Coalesce(first, second) => match eval(first, ctx)? {
            Value::Absent => eval(second, ctx)?,
            present => present,
        },
        hir::ExprKind::Concat(pieces) => {
            let pieces = pieces.iter().map(|piece| eval(piece, ctx)).collect::<Result<Vec<Value>, EngineError>>()?;
            if pieces.iter().any(|piece| matches!(piece, Value::Bytes(_))) {
                let bytes = |piece: Value| if let Value::Bytes(bytes) = piece { bytes } else { piece.text().into_bytes() };
                Value::Bytes(pieces.into_iter().flat_map(bytes).collect())
            } else {
                Value::String(pieces.iter().map(Value::text).collect())
            }
        }
        hir::ExprKind::Arithmetic(op, left, right) => match (eval(left, ctx)?, eval(right, ctx)?) {
            (Value::Int(left), Value::Int(right)) => Value::Int(arithmetic(*op, left, right)),
            (left, right) => match (left.as_float(), right.as_float()) {
                (Some(left), Some(right)) => Value::Float(float_arithmetic(*op, left, right)),
                _ => Value::Absent,
            },
        },
        hir::ExprKind::JsonMember(object, key) => match (eval(object, ctx)?, eval(key, ctx)?) {
            (Value::Json(json), Value::String(key)) => match json.kind {
                Kind::Object(members) => {
                    members.into_iter().find(|(name, _)| *name == key).map_or(Value::Absent, |(_, value)| Value::Json(Box::new(value)))
                }
                _ => Value::Absent,
            },
            _ => Value::Absent,
        },
        hir::ExprKind::JsonElement(array, place) => match (eval(array, ctx)?, eval(place, ctx)?) {
            (Value::Json(json), Value::Int(place)) => match json.kind {
                Kind::Array(items) => {
                    let item = usize::try_from(place).ok().and_then(|place| items.into_iter().nth(place));
                    item.map_or(Value::Absent, |value| Value::Json(Box::new(value)))
                }
                _ => Value::Absent,
            },
            _ => Value::Absent,
        },
        hir::ExprKind::JsonAs(operand) => eval(operand, ctx)?.json_as(&expr.ty),
        hir::ExprKind::JsonIsNull(operand) => Value::Bool(matches!(eval(operand, ctx)?, Value::Json(json) if json.kind == Kind::Null)),
        hir::ExprKind::JsonHas(array, needle) => match (eval(array, ctx)?, eval(needle, ctx)?.as_json()) {
            (Value::Json(json), Some(needle)) => match json.kind {
                Kind::Array(items) => Value::Bool(items.iter().any(|item| item.equals(&needle))),
                _ => Value::Bool(false),
            },
            _ => Value::Bool(false),
        },
        hir::ExprKind::TimeText(time) => match eval(time, ctx)? {
            Value::Int(time) => Value::String(crate::lang::time::text(time)),
            _ => Value::Absent,
        },
        hir::ExprKind::Object(members) => Value::Json(Box::new(super::reply::json(members, ctx)?)),
        hir::ExprKind::Call(function, args) => {
            let args = args.iter().map(|arg| eval(arg, ctx)).collect::<Result<Vec<Value>, EngineError>>()?;
            function::call(*function, &args)
        }
        hir::ExprKind::If(condition, then, otherwise) => eval(if eval(condition, ctx)?.is_true() { then } else { otherwise }, ctx)?,
        hir::ExprKind::Match(subject, arms, otherwise) => {
            let subject = eval(subject, ctx)?;
            let arm = arms.iter().find(|(pattern, _)| subject.equals(&Value::constant(pattern)));
            eval(arm.map_or(otherwise, |(_, value)| value), ctx)?
        }
        hir::ExprKind::Index(list, index) => match (eval(list, ctx)?, eval(index, ctx)?) {
            (Value::List(items), Value::Int(index)) => {
                usize::try_from(index).ok().and_then(|index| items.into_iter().nth(index)).unwrap_or(Value::Absent)
            }
            _ => Value::Absent,
        },
        hir::ExprKind::Quantified(quantifier, level, list, condition) => {
            let Value::List(items) = eval(list, ctx)? else { return Ok(Value::Bool(false)) };
            let wanted = *quantifier == Quantifier::Some;
            let mut bound: Vec<Value> = ctx.bound.iter().take(*level as usize).cloned().collect();
            for item in items {
                bound.push(item);
                let holds = eval(condition, Context { bound: &bound, ..ctx })?.is_true();
                bound.pop();
                if holds == wanted {
                    return Ok(Value::Bool(wanted));
                }
            }
            Value::Bool(!wanted)
        }
        hir::ExprKind::Bound(level) => ctx.bound.get(*level as usize).cloned().ok_or_else(|| defect("bound name"))?,
        hir::ExprKind::Invoke(id, args) => {
            let item = ctx.policy.fns.get(id.index()).ok_or_else(|| defect("fn"))?;
            let bound = args.iter().map(|arg| eval(arg, ctx)).collect::<Result<Vec<Value>, EngineError>>()?;
            eval(&item.body, Context { bound: &bound, ..ctx })?
        }
    })
}

/// The value of a string expression.
pub(super) fn string(expr: &hir::Expr, ctx: Context<'_>) -> Result<String, EngineError> {
    Ok(eval(expr, ctx)?.text())
}

/// An int of at least 1: counts and bursts of limits.
pub(super) fn at_least_one(expr: &hir::Expr, ctx: Context<'_>) -> Result<i64, EngineError> {
    match eval(expr, ctx)? {
        Value::Int(value) => Ok(value.max(1)),
        _ => Err(defect("int")),
    }
}

/// An id or a type that the checker should have excluded.
fn defect(what: &str) -> EngineError {
    EngineError(format!("the checked policy is inconsistent about a {what}: please report this"))
}

fn config(id: hir::ConfigId, ctx: Context<'_>) -> Result<Value, EngineError> {
    ctx.config.get(id.index()).cloned().ok_or_else(|| defect("configuration key"))
}

fn map_entries(id: hir::MapId, ctx: Context<'_>) -> Result<&[(String, hir::Const)], EngineError> {
    ctx.policy.maps.get(id.index()).map(|map| map.entries.as_slice()).ok_or_else(|| defect("map"))
}

/// A test of two strings: false when one is absent.
fn strings(left: &hir::Expr, right: &hir::Expr, ctx: Context<'_>, test: impl Fn(&str, &str) -> bool) -> Result<Value, EngineError> {
    Ok(match (eval(left, ctx)?, eval(right, ctx)?) {
        (Value::String(left), Value::String(right)) => Value::Bool(test(&left, &right)),
        _ => Value::Bool(false),
    })
}

fn matches(pattern: &str, flags: &str, subject: &str, regexes: &Regexes) -> Result<bool, EngineError> {
    let mut regexes = regexes.borrow_mut();
    let key = (pattern.to_owned(), flags.to_owned());
    if !regexes.contains_key(&key) {
        let tree = lang::regex::parse(pattern, flags).map_err(EngineError)?;
        let regex = Regex::builder().build_from_hir(&tree).map_err(|error| EngineError(error.to_string()))?;
        regexes.insert(key.clone(), regex);
    }
    // `find`: `is_match` stops at an empty match of `\B` between the bytes of a character, drops it, and looks no further.
    Ok(regexes.get(&key).is_some_and(|regex| regex.find(subject).is_some()))
}

/// A key as facts are found by: header names in lower case.
fn as_name(keyed: hir::Keyed, key: String) -> String {
    match keyed {
        hir::Keyed::Header | hir::Keyed::HeaderAll | hir::Keyed::ResponseHeader => key.to_ascii_lowercase(),
        hir::Keyed::Query | hir::Keyed::QueryAll | hir::Keyed::Cookie | hir::Keyed::BodyForm => key,
    }
}

fn read(read: &hir::Read, facts: &Facts) -> Value {
    let list = |values: Vec<Vec<u8>>| Value::List(values.iter().map(|value| Value::String(text(value))).collect());
    let first = |values: Vec<Vec<u8>>| Value::optional(values.first().map(|value| text(value)));
    let count = |number: usize| Value::Int(i64::try_from(number).unwrap_or(i64::MAX));
    match read {
        hir::Read::Method => Value::String(facts.method.clone()),
        // Over plain HTTP the host takes the scheme from a trusted proxy; `Facts` has nobody else's word.
        hir::Read::Scheme => Value::String(facts.scheme().to_owned()),
        hir::Read::Host => Value::String(facts.host.clone()),
        hir::Read::Protocol => Value::String("HTTP/1.1".to_owned()),
        hir::Read::RequestId => Value::optional(facts::joined(&facts.header_lines("x-request-id"))),
        hir::Read::Path => Value::String(facts.path.decoded.clone()),
        hir::Read::RawPath => Value::String(facts.raw_path.clone()),
        hir::Read::Query(key) => first(facts.query_values(key)),
        hir::Read::QueryAll(key) => list(facts.query_values(key)),
        hir::Read::QueryCount => count(facts.query_pieces().len()),
        hir::Read::Header(name) => Value::optional(facts::joined(&facts.header_lines(name))),
        hir::Read::HeaderAll(name) => list(facts.header_lines(name)),
        hir::Read::HeaderCount => count(facts.headers.len()),
        hir::Read::Cookie(name) => first(facts.cookie_values(name)),
        hir::Read::Capture(_, places) => Value::optional(path::capture(places, &facts.path.decoded)),
        hir::Read::ClientIp => Value::Ip(facts.client),
        hir::Read::ClientPort => Value::Int(i64::from(facts.client_port)),
        hir::Read::ClientTls => Value::Bool(facts.tls.is_some()),
        hir::Read::ClientCertificate(part) => Value::optional(facts.certificate_part(*part)),
        hir::Read::ClientSans => {
            let parts = [hir::CertificatePart::Uri, hir::CertificatePart::Dns];
            Value::List(parts.into_iter().filter_map(|part| facts.certificate_part(part)).map(Value::String).collect())
        }
        hir::Read::Member(id, member) => Value::optional(facts.credentials.get(id.index()).and_then(|presented| presented.member(*member))),
        hir::Read::Claim(id, number) => {
            facts.credentials.get(id.index()).map_or(Value::Absent, |presented| presented.claim(*number as usize))
        }
        hir::Read::CredentialPresent(id) => Value::Bool(facts.credentials.get(id.index()).is_some_and(|presented| presented.is_valid())),
        hir::Read::Now => Value::Int(facts.now),
        // 1970-01-01 was a Thursday.
        hir::Read::NowWeekday => Value::Int((facts.now.div_euclid(time::DAY) + 3).rem_euclid(7) + 1),
        hir::Read::NowHour => Value::Int(facts.now.rem_euclid(time::DAY) / time::HOUR),
        hir::Read::NowMinute => Value::Int(facts.now.rem_euclid(time::HOUR) / time::MINUTE),
        hir::Read::BodySize => match &facts.body {
            Some(body) if !body.too_large => count(body.bytes.len()),
            Some(_) => Value::Int(i64::MAX),
            None => Value::Int(0),
        },
        hir::Read::BodyBytes => match &facts.body {
            Some(body) if body.too_large => Value::Absent,
            body => Value::Bytes(body.as_ref().map_or(Vec::new(), |body| body.bytes.clone())),
        },
        hir::Read::BodyText => Value::optional(facts.body.as_ref().map_or(Some(String::new()), |body| body.text())),
        hir::Read::BodyJson => facts.body.as_ref().and_then(|body| body.json()).map_or(Value::Absent, |json| Value::Json(Box::new(json))),
        hir::Read::BodyForm(key) => Value::optional(facts.body.as_ref().and_then(|body| body.form(key))),
        hir::Read::Computed(_) => Value::Absent,
        hir::Read::ResponseText => Value::optional(facts.response_body.as_ref().map_or(Some(String::new()), |body| body.text())),
        hir::Read::ResponseJson => {
            facts.response_body.as_ref().and_then(|body| body.json()).map_or(Value::Absent, |json| Value::Json(Box::new(json)))
        }
        hir::Read::ResponseStatus => facts.response.as_ref().map_or(Value::Absent, |response| Value::Int(i64::from(response.status))),
        hir::Read::ResponseHeader(name) => {
            let lines = facts.response.iter().flat_map(|response| facts::lines(&response.headers, name));
            Value::optional(facts::joined(&lines.map(<[u8]>::to_vec).collect::<Vec<_>>()))
        }
    }
}

/// Of floats: what is too large for one is the largest.
fn float_arithmetic(op: BinaryOp, left: f64, right: f64) -> f64 {
    let result = match op {
        BinaryOp::Add => left + right,
        BinaryOp::Subtract => left - right,
        BinaryOp::Multiply => left * right,
        // The checker refuses it.
        BinaryOp::Remainder => 0.0,
    };
    result.clamp(f64::MIN, f64::MAX)
}

fn arithmetic(op: BinaryOp, left: i64, right: i64) -> i64 {
    match op {
        BinaryOp::Add => left.saturating_add(right),
        BinaryOp::Subtract => left.saturating_sub(right),
        BinaryOp::Multiply => left.saturating_mul(right),
        // The one overflow, the smallest int by -1, has no remainder either.
        BinaryOp::Remainder => left.checked_rem(right).unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use super::arithmetic;
    use crate::ir::ast::BinaryOp;

    #[test]
    fn arithmetic_never_traps() {
        assert_eq!(arithmetic(BinaryOp::Add, i64::MAX, 1), i64::MAX);
        assert_eq!(arithmetic(BinaryOp::Multiply, i64::MIN, 2), i64::MIN);
        assert_eq!(arithmetic(BinaryOp::Remainder, 5, 0), 0);
        assert_eq!(arithmetic(BinaryOp::Remainder, i64::MIN, -1), 0);
        assert_eq!(arithmetic(BinaryOp::Remainder, -5, 3), -2);
    }
}
