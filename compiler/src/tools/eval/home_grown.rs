//! `token`: home-grown formats. In: a declaration and what is presented. Out: the values of its captures, or why it is refused.

use super::authenticate::Presented;
use super::expr::{self, Context};
use super::value::Value;
use crate::ir::hir;
use crate::tools::engine::{EngineError, Nanoseconds};

/// Whether a value is such a token, and says what it has to.
pub(super) fn verify(token: &hir::Token, value: &[u8], ctx: Context<'_>, now: Nanoseconds) -> Result<Presented, EngineError> {
    let captures = std::str::from_utf8(value).ok().and_then(|text| captures(token, text));
    let Some(captures) = captures else { return Ok(Presented::Invalid("malformed")) };
    let inside = Context { bound: &captures, ..ctx };
    if !expr::eval(&token.verify, inside)?.is_true() {
        return Ok(Presented::Invalid("wrong_signature"));
    }
    if let Some(expires) = &token.expires {
        let end = match (expr::eval(expires, inside)?, &expires.ty) {
            (Value::Int(end), hir::Ty::Int) => i128::from(end) * 1_000_000_000,
            (Value::Int(end), _) => i128::from(end),
            _ => return Ok(Presented::Invalid("malformed")),
        };
        if i128::from(now) >= end {
            return Ok(Presented::Invalid("expired"));
        }
    }
    Ok(Presented::Token(captures))
}

/// The values of the captures: each ends where the next text begins first, the last one where the token does.
fn captures(token: &hir::Token, text: &str) -> Option<Vec<Value>> {
    let (first, others) = token.literals.split_first()?;
    let mut rest = text.strip_prefix(first.as_str())?;
    let mut values = Vec::new();
    for (number, (capture, literal)) in token.captures.iter().zip(others).enumerate() {
        let last = number + 1 == token.captures.len();
        let (part, behind) = if last { (rest.strip_suffix(literal.as_str())?, "") } else { rest.split_once(literal.as_str())? };
        rest = behind;
        values.push(match capture.ty {
            // One number is written in one way.
            hir::Ty::Int => Value::Int(part.parse::<i64>().ok().filter(|number| number.to_string() == part)?),
            _ if part.is_empty() => return None,
            _ => Value::String(part.to_owned()),
        });
    }
    Some(values)
}
