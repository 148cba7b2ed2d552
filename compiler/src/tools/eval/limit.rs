//! Limits: GCRA per key. In: the limits of one step, facts, the clock. Out: admission or refusal, rate-limit headers.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::expr::{self, Context, Regexes};
use super::facts::Facts;
use super::value::Value;
use crate::ir::hir;
use crate::tools::engine::{EngineError, Nanoseconds};
use crate::tools::message::{Headers, Request};

/// A part of a key: `None` is what `absent = share` counts under, which nothing present equals.
type Part = Option<Vec<u8>>;

/// The theoretical arrival times (nanoseconds) of all keys seen. Capacities are not modelled: tests stay below them.
pub(super) type Tables = BTreeMap<(usize, Vec<Part>), i128>;

/// The rate-limit headers of limits that admitted, in file order.
#[derive(Clone, Debug, Default)]
pub(super) struct Admitted {
    lines: Vec<(usize, String, String)>,
}

impl Admitted {
    /// Adds those of a later step.
    pub(super) fn extend(&mut self, later: Admitted) {
        self.lines.extend(later.lines);
        self.lines.sort();
    }

    /// As headers; none when no limit has any.
    pub(super) fn headers(&self) -> Headers {
        if self.lines.is_empty() {
            return Headers::new();
        }
        let join = |part: fn(&(usize, String, String)) -> &str| self.lines.iter().map(part).collect::<Vec<_>>().join(", ").into_bytes();
        vec![("ratelimit".to_owned(), join(|(_, limit, _)| limit)), ("ratelimit-policy".to_owned(), join(|(_, _, policy)| policy))]
    }
}

/// What a step of limits says.
pub(super) enum Verdict<'a> {
    /// All were spent.
    Admitted(Admitted),
    /// This one refuses; nothing was spent.
    Refused { limit: &'a hir::Limit, reply: &'a hir::Reply, headers: Headers },
}

/// One limit that admits, before it is spent.
struct Admission {
    index: usize,
    key: Vec<Part>,
    cell: Cell,
    arrival: i128,
}

/// Rate and burst of a limit at this moment.
#[derive(Clone, Copy)]
struct Cell {
    /// Nanoseconds per request.
    interval: i128,
    burst: i128,
    now: i128,
}

impl Cell {
    /// Nanoseconds that may be spent at once; clocks count no more than 64 bits of them.
    fn tolerance(self) -> i128 {
        (self.burst * self.interval).min(i128::from(u64::MAX))
    }

    /// The next theoretical arrival time, or how many nanoseconds are missing.
    fn admit(self, arrival: i128) -> Result<i128, i128> {
        let next = arrival.max(self.now) + self.interval;
        let excess = next - self.now - self.tolerance();
        if excess <= 0 { Ok(next) } else { Err(excess) }
    }

    /// How many more would be admitted right after `arrival`.
    fn remaining(self, arrival: i128) -> i128 {
        (self.tolerance() - (arrival - self.now)) / self.interval
    }
}

/// Refuses a configuration that makes a rate or a burst less than one.
pub(super) fn check_amounts(policy: &hir::Policy, config: &[Value], regexes: &Regexes) -> Result<(), EngineError> {
    // Amounts read nothing of it.
    let Some(facts) = Facts::of(&Request::get("/"), 0) else { return Ok(()) };
    let ctx = Context { policy, config, facts: &facts, regexes, bound: &[] };
    for amount in policy.configured_amounts() {
        if matches!(expr::eval(amount.value, ctx)?, Value::Int(value) if value < 1) {
            return Err(EngineError(amount.refusal));
        }
    }
    Ok(())
}

/// Checks the limits of one step in file order and spends all or none.
pub(super) fn step<'a>(
    limits: &[(usize, &'a hir::Limit)],
    ctx: Context<'_>,
    now: Nanoseconds,
    tables: &mut Tables,
) -> Result<Verdict<'a>, EngineError> {
    let mut admissions = Vec::new();
    for (index, limit) in limits {
        let key = key(limit, ctx)?;
        if key.contains(&None) {
            match &limit.absent {
                Some(hir::Absent::Deny(reply)) => return Ok(Verdict::Refused { limit, reply, headers: Headers::new() }),
                Some(hir::Absent::Share) => {}
                Some(hir::Absent::Skip) | None => continue,
            }
        }
        let count = expr::at_least_one(&limit.count, ctx)?;
        let burst = limit.burst.as_ref().map_or(Ok(count), |burst| expr::at_least_one(burst, ctx))?;
        let period = expr::at_least_one(&limit.period, ctx)?;
        let cell = Cell { interval: i128::from((period / count).max(1)), burst: i128::from(burst), now: i128::from(now) };
        let place = (*index, key.clone());
        match cell.admit(tables.get(&place).copied().unwrap_or(0)) {
            Ok(arrival) => admissions.push(Admission { index: *index, key, cell, arrival }),
            Err(missing) => {
                let seconds = seconds(missing).max(1);
                let mut headers = Headers::new();
                if limit.headers {
                    headers.push(("ratelimit".to_owned(), state(limit, 0, seconds).into_bytes()));
                    headers.push(("ratelimit-policy".to_owned(), policy(limit, (count, period), burst).into_bytes()));
                    headers.push(("retry-after".to_owned(), seconds.to_string().into_bytes()));
                }
                return Ok(Verdict::Refused { limit, reply: &limit.exceed, headers });
            }
        }
    }
    let mut admitted = Admitted::default();
    for Admission { index, key, cell, arrival } in admissions {
        tables.insert((index, key), arrival);
        if let Some((_, limit)) = limits.iter().find(|(at, limit)| *at == index && limit.headers) {
            let count = expr::at_least_one(&limit.count, ctx)?;
            let burst = limit.burst.as_ref().map_or(Ok(count), |burst| expr::at_least_one(burst, ctx))?;
            let period = expr::at_least_one(&limit.period, ctx)?;
            let state = state(limit, cell.remaining(arrival), seconds(arrival - cell.now));
            admitted.lines.push((index, state, policy(limit, (count, period), burst)));
        }
    }
    Ok(Verdict::Admitted(admitted))
}

/// The parts of a limit's key.
fn key(limit: &hir::Limit, ctx: Context<'_>) -> Result<Vec<Part>, EngineError> {
    limit
        .key
        .iter()
        .map(|part| {
            Ok(match expr::eval(part, ctx)? {
                Value::Absent => None,
                Value::Ip(IpAddr::V6(address)) => {
                    let network = IpAddr::V6((address.to_bits() >> 64 << 64).into());
                    Some(network.to_string().into_bytes())
                }
                // A text that stands where bytes may be missing is the bytes that spell it.
                Value::Bytes(bytes) => Some(bytes),
                present => Some(present.text().into_bytes()),
            })
        })
        .collect()
}

fn state(limit: &hir::Limit, remaining: i128, reset: i128) -> String {
    format!("\"{}\";r={remaining};t={reset}", limit.name.text)
}

fn policy(limit: &hir::Limit, (count, period): (i64, i64), burst: i64) -> String {
    format!("\"{}\";q={count};w={};burst={burst}", limit.name.text, seconds(i128::from(period)))
}

/// Nanoseconds as seconds, rounded up.
fn seconds(nanoseconds: i128) -> i128 {
    (nanoseconds + 999_999_999) / 1_000_000_000
}

#[cfg(test)]
mod tests {
    use super::Cell;

    /// The textbook's other form: a bucket of `burst` that leaks one request per interval.
    struct Bucket {
        level: i128,
        last: i128,
    }

    impl Bucket {
        fn admit(&mut self, interval: i128, burst: i128, now: i128) -> bool {
            self.level = (self.level - (now - self.last)).max(0);
            self.last = now;
            let admits = self.level + interval <= burst * interval;
            if admits {
                self.level += interval;
            }
            admits
        }
    }

    #[test]
    fn agrees_with_a_leaky_bucket() {
        for (interval, burst) in [(10, 1), (10, 3), (7, 20), (1, 1)] {
            let mut bucket = Bucket { level: 0, last: 0 };
            let mut arrival = 0;
            let mut now = 0;
            let mut seed = 12_345_u64;
            for _ in 0..2_000 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                now += i128::from(seed >> 33) % (interval * 2);
                let admits = Cell { interval, burst, now }.admit(arrival).inspect(|next| arrival = *next).is_ok();
                assert_eq!(admits, bucket.admit(interval, burst, now));
            }
        }
    }

    #[test]
    fn remaining_counts_down_and_the_wait_is_exact() {
        let cell = Cell { interval: 10, burst: 3, now: 100 };
        let mut arrival = 0;
        for left in [2, 1, 0] {
            arrival = cell.admit(arrival).unwrap_or(arrival);
            assert_eq!(cell.remaining(arrival), left);
        }
        assert_eq!(cell.admit(arrival), Err(10));
        assert!(Cell { now: 109, ..cell }.admit(arrival).is_err());
        assert!(Cell { now: 110, ..cell }.admit(arrival).is_ok());
    }
}
