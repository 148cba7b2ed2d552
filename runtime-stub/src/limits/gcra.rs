//! The generic cell rate algorithm, as arithmetic on nanoseconds: nothing overflows, whatever clock and rate say.
//! In: a theoretical arrival time, the clock, a rate. Out: the next arrival time, or how long to wait.

/// A rate with its burst.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Nanoseconds for one request, at least 1.
    pub interval: u64,
    /// Nanoseconds that may be spent at once: `burst` intervals.
    pub tolerance: u64,
    /// How far beyond the tolerance an arrival time may lie: the clocks of two workers were read in turn, or another rate of the
    /// limit was in force.
    pub slack: u64,
    /// How many come in a period.
    pub count: i64,
    /// How many may come at once.
    pub burst: i64,
}

impl Rate {
    /// `count` in `period` nanoseconds, `burst` at once; less than 1 counts as 1.
    pub fn new((period, slack): (u64, u64), count: i64, burst: i64) -> Rate {
        let (count, burst) = (count.max(1), burst.max(1));
        let interval = period.checked_div(count.unsigned_abs()).unwrap_or(1).max(1);
        Rate { interval, tolerance: interval.saturating_mul(burst.unsigned_abs()), slack, count, burst }
    }

    /// The next arrival time if a request at `now` is admitted, else how many nanoseconds are missing.
    ///
    /// Nobody can have spent more than the tolerance, so an arrival time much further away comes from a clock that went
    /// backwards: this request then counts as the last one of a burst.
    pub fn admit(&self, arrival: u64, now: u64) -> Result<u64, u64> {
        let all = now.saturating_add(self.tolerance);
        let start = if arrival > all.saturating_add(self.slack) { all.saturating_sub(self.interval) } else { arrival.max(now) };
        let next = start.saturating_add(self.interval);
        match next.saturating_sub(all) {
            0 => Ok(next),
            missing => Err(missing),
        }
    }

    /// How many more would be admitted at `now`.
    pub fn remaining(&self, arrival: u64, now: u64) -> u64 {
        let spent = arrival.saturating_sub(now);
        self.tolerance.saturating_sub(spent).checked_div(self.interval).unwrap_or(0)
    }
}

/// Nanoseconds as seconds, rounded up.
pub fn seconds(nanoseconds: u64) -> u64 {
    nanoseconds.div_ceil(1_000_000_000)
}

#[cfg(test)]
mod tests {
    use super::{Rate, seconds};

    const SLACK: u64 = 1_000_000_000;

    /// The textbook's other form: a bucket that leaks.
    fn bucket(level: &mut i128, last: &mut i128, interval: i128, burst: i128, now: i128) -> bool {
        *level = (*level - (now - *last)).max(0);
        *last = now;
        let admits = *level + interval <= burst * interval;
        *level += if admits { interval } else { 0 };
        admits
    }

    #[test]
    fn agrees_with_a_leaky_bucket() {
        let mut seed = 1u64;
        for (period, count, burst) in [(1000, 10, 1), (1000, 10, 3), (60_000_000_000, 60, 20), (7, 100, 5), (10, 3, 2)] {
            let rate = Rate::new((period, SLACK), count, burst);
            let (mut level, mut last, mut arrival, mut now) = (0, 0, 0u64, 5u64);
            for _ in 0..20_000 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                now += (seed >> 33) % (rate.interval * 2);
                let admitted = rate.admit(arrival, now).inspect(|next| arrival = *next);
                assert_eq!(admitted.is_ok(), bucket(&mut level, &mut last, i128::from(rate.interval), i128::from(burst), i128::from(now)));
                if let Err(missing) = admitted {
                    assert!(rate.admit(arrival, now + missing - 1).is_err() && rate.admit(arrival, now + missing).is_ok());
                }
            }
        }
    }

    #[test]
    fn counts_down() {
        let rate = Rate::new((60, SLACK), 6, 3);
        let mut arrival = 0;
        for left in [2, 1, 0] {
            arrival = rate.admit(arrival, 100).unwrap_or(0);
            assert_eq!(rate.remaining(arrival, 100), left);
        }
        assert_eq!(rate.admit(arrival, 100), Err(10));
        assert_eq!((seconds(0), seconds(1), seconds(1_000_000_000), seconds(u64::MAX)), (0, 1, 1, 18_446_744_074));
    }

    #[test]
    fn what_a_slower_rate_spent_stays_spent() {
        let second = 1_000_000_000;
        let (slow, fast) = (Rate::new((3600 * second, 3600 * second), 5, 5), Rate::new((60 * second, 3600 * second), 3, 3));
        let arrival = slow.admit(0, second).unwrap_or(0);
        assert_eq!(arrival, 721 * second);
        assert_eq!(fast.admit(arrival, second), Err(680 * second));
        assert_eq!(fast.admit(arrival, 681 * second), Ok(741 * second));
    }

    #[test]
    fn a_clock_that_goes_backwards_blocks_no_longer_than_a_burst() {
        let rate = Rate::new((1_000_000_000, SLACK), 10, 5);
        let mut arrival = 0;
        for _ in 0..5 {
            arrival = rate.admit(arrival, 1_000_000_000_000).unwrap_or(arrival);
        }
        // Another worker's clock, a little behind, changes nothing; an hour back does not block.
        assert!(rate.admit(arrival, 999_999_999_000).is_err());
        arrival = rate.admit(arrival, 10_000_000_000).unwrap_or(0);
        assert_eq!(arrival, 10_500_000_000);
        assert_eq!(rate.admit(arrival, 10_000_000_000), Err(rate.interval));
        assert!(rate.admit(arrival, 10_100_000_000).is_ok());
    }

    #[test]
    fn extreme_numbers() {
        for period in [0, 1, u64::MAX] {
            for count in [i64::MIN, 0, 1, i64::MAX] {
                for burst in [i64::MIN, 1, i64::MAX] {
                    let rate = Rate::new((period, SLACK), count, burst);
                    for arrival in [0, 1, u64::MAX] {
                        for now in [0, 1, u64::MAX] {
                            let _ = rate.admit(arrival, now);
                            let _ = rate.remaining(arrival, now);
                        }
                    }
                }
            }
        }
        assert!(Rate::new((1, SLACK), i64::MAX, i64::MAX).admit(0, 0).is_ok());
    }
}
