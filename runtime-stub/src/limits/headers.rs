//! Rate-limit headers (draft-ietf-httpapi-ratelimit-headers). In: the limits of a request. Out: header texts.

use super::gcra::seconds;
use super::step::{Check, Step};
use crate::frame::Frame;
use crate::rt::arena::{Arena, Items, Text};
use crate::values::text::int;

/// `RateLimit` and `RateLimit-Policy`.
pub type Headers<'a> = (&'a [u8], &'a [u8]);

// Called in many places: as code of each it would cost them all.
#[inline(never)]
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
// One place in most modules: as code of its own it would cost them the call and its name.
#[inline(always)]
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

/// The numbers of the limits that `admission` tells of, in its order; `None` when memory is exhausted.
pub fn admitted<'a>(step: &Step<'a>, arena: &'a Arena) -> Option<&'a [u32]> {
    let mut ids = Items::new(arena);
    let mut from = 0u32;
    let shown = |check: &&Check<'_>, from: u32| check.id >= from && check.limit.has_headers() && check.outcome.is_ok();
    while let Some(check) = step.checks.as_slice().iter().filter(|check| shown(check, from)).min_by_key(|check| check.id) {
        ids.push(check.id);
        from = check.id.checked_add(1)?;
    }
    if ids.is_broken() { None } else { Some(ids.finish()) }
}

/// Headers that were kept for limits of these numbers, with those of a later step, in file order. `None` when memory is exhausted;
/// nothing when the later step adds none.
pub fn together<'a>(step: &Step<'a>, kept: Option<Headers<'a>>, before: &[u32], arena: &'a Arena) -> Option<Option<Headers<'a>>> {
    let Some(new) = admission(step, arena) else { return Some(None) };
    let Some(kept) = kept else { return Some(Some(new)) };
    let after = admitted(step, arena)?;
    Some(Some((merge((kept.0, before), (new.0, after), arena)?, merge((kept.1, before), (new.1, after), arena)?)))
}

/// Two texts of entries, each with the numbers of its limits, as one in the order of the numbers.
fn merge<'a>(first: (&'a [u8], &[u32]), second: (&'a [u8], &[u32]), arena: &'a Arena) -> Option<&'a [u8]> {
    // No name of a limit has a comma.
    let entries = |text: &'a [u8]| text.split(|byte| *byte == b',').map(<[u8]>::trim_ascii_start);
    let (mut left, mut right) = (entries(first.0).zip(first.1).peekable(), entries(second.0).zip(second.1).peekable());
    let mut whole = Text::new(arena);
    loop {
        let from_left = match (left.peek(), right.peek()) {
            (Some((_, left)), Some((_, right))) => left <= right,
            (Some(_), None) => true,
            (None, Some(_)) => false,
            (None, None) => return whole.finish(),
        };
        let Some((entry, _)) = (if from_left { left.next() } else { right.next() }) else { return whole.finish() };
        if !whole.is_empty() {
            whole.push(b", ");
        }
        whole.push(entry);
    }
}

#[cfg(test)]
mod tests {
    use super::merge;
    use crate::rt::arena::Arena;

    #[test]
    fn entries_of_two_steps_stand_in_file_order() {
        let arena = Arena::new();
        let merged = |first: (&'static [u8], &[u32]), second: (&'static [u8], &[u32])| merge(first, second, &arena).map(<[u8]>::to_vec);
        let expected = b"\"a\";r=1, \"b\";r=2, \"c\";r=3".to_vec();
        assert_eq!(merged((b"\"a\";r=1, \"c\";r=3", &[0, 7]), (b"\"b\";r=2", &[3])), Some(expected.clone()));
        assert_eq!(merged((b"\"b\";r=2", &[3]), (b"\"a\";r=1, \"c\";r=3", &[0, 7])), Some(expected));
    }
}
