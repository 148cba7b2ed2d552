//! Rate-limit headers (draft-ietf-httpapi-ratelimit-headers). In: the limits of a request. Out: header texts.

use super::gcra::seconds;
use super::step::{Check, Step};
use crate::frame::Frame;
use crate::rt::arena::{Arena, Text};
use crate::values::text::int;

/// `RateLimit` and `RateLimit-Policy`.
pub type Headers<'a> = (&'a [u8], &'a [u8]);

fn number(text: &mut Text<'_>, label: &[u8], value: u64) {
    text.push(label);
    int(text, i64::try_from(value).unwrap_or(i64::MAX));
}

fn name(text: &mut Text<'_>, check: &Check<'_>) {
    text.push(if text.is_empty() { b"\"" } else { b", \"" });
    text.push(check.limit.name());
    text.push(b"\"");
}

fn state(text: &mut Text<'_>, check: &Check<'_>, remaining: u64, reset: u64) {
    name(text, check);
    number(text, b";r=", remaining);
    number(text, b";t=", reset);
}

fn policy(text: &mut Text<'_>, check: &Check<'_>) {
    name(text, check);
    number(text, b";q=", check.rate.count.unsigned_abs());
    number(text, b";w=", seconds(check.limit.period()));
    number(text, b";burst=", check.rate.burst.unsigned_abs());
}

/// Adds the headers of the limit that refused to the reply.
pub fn refusal(frame: &mut Frame<'_>) {
    let refused = frame.limits.refused.and_then(|n| frame.limits.checks.as_slice().get(n)).copied();
    let Some(check) = refused.filter(|check| check.limit.has_headers()) else { return };
    let wait = seconds(check.outcome.err().unwrap_or(0)).max(1);
    let arena = frame.arena;
    let (mut limit, mut rule, mut after) = (Text::new(arena), Text::new(arena), Text::new(arena));
    state(&mut limit, &check, 0, wait);
    policy(&mut rule, &check);
    number(&mut after, b"", wait);
    for (name, text) in [(&b"ratelimit"[..], limit), (b"ratelimit-policy", rule), (b"retry-after", after)] {
        // Without memory the refusal goes out without them.
        if let Some(value) = text.finish() {
            crate::reply::header(frame, name, value);
        }
    }
}

/// The headers of all limits that were spent, in file order; nothing when none has any.
pub fn admission<'a>(step: &Step<'_>, arena: &'a Arena) -> Option<Headers<'a>> {
    let now = step.now?;
    let (mut limit, mut rule) = (Text::new(arena), Text::new(arena));
    let mut from = 0u32;
    // Steps are in file order each, but not together: pick the smallest number that is left.
    let wanted = |check: &&Check<'_>, from: u32| check.id >= from && check.limit.has_headers();
    while let Some(check) = step.checks.as_slice().iter().filter(|check| wanted(check, from)).min_by_key(|check| check.id) {
        if let Ok(arrival) = check.outcome {
            state(&mut limit, check, check.rate.remaining(arrival, now), seconds(arrival.saturating_sub(now)));
            policy(&mut rule, check);
        }
        from = check.id.checked_add(1)?;
    }
    if limit.is_empty() {
        return None;
    }
    Some((limit.finish()?, rule.finish()?))
}
