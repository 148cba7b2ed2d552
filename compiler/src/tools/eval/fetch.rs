//! Key sets that are fetched: who is asked when, and which keys are there then. In: declarations, what services answer, the time.
//! Out: keys, or that there are none.

use std::collections::BTreeMap;

use super::jwks;
use crate::ir::hir;
use crate::tools::engine::Nanoseconds;
use crate::tools::message::Answer;

const SECOND: Nanoseconds = 1_000_000_000;

/// Counters by name and outcome.
type Counters = BTreeMap<(String, String), u64>;

/// What is known of the keys of one credential.
#[derive(Clone, Debug, Default)]
struct Set {
    keys: Vec<hir::Jwk>,
    /// When they came.
    fetched: Option<Nanoseconds>,
    /// When they were asked for last.
    tried: Option<Nanoseconds>,
    /// Likewise for an unknown key id, and which.
    asked: Option<(Nanoseconds, String)>,
    /// Key ids that were not there when they were asked for.
    missing: Vec<(String, Nanoseconds)>,
}

/// All key sets, and what services answer.
#[derive(Clone, Debug, Default)]
pub(super) struct Sets {
    /// By cluster; `None` is a timeout, a cluster that is not there is none of the host's.
    pub(super) answers: BTreeMap<String, Option<Answer>>,
    sets: BTreeMap<usize, Set>,
    /// What services counted since the last look.
    counted: Vec<(String, &'static str)>,
}

impl Sets {
    /// Forgets all keys.
    pub(super) fn clear(&mut self) {
        self.sets.clear();
    }

    /// What happens when time has passed.
    pub(super) fn pass(&mut self, policy: &hir::Policy, now: Nanoseconds, counters: &mut Counters) {
        self.tick(policy, now);
        self.count(counters);
    }

    /// Counts what services did.
    pub(super) fn count(&mut self, counters: &mut Counters) {
        for (name, outcome) in std::mem::take(&mut self.counted) {
            *counters.entry((name, outcome.to_owned())).or_insert(0) += 1;
        }
    }

    /// Fetches what is due.
    fn tick(&mut self, policy: &hir::Policy, now: Nanoseconds) {
        for (number, credential) in policy.credentials.iter().enumerate() {
            if let hir::Credential::Jwt(hir::Jwt { keys: hir::JwtKeys::Fetched(fetch), .. }) = credential {
                let set = self.sets.entry(number).or_default();
                let due = set.fetched.is_none_or(|at| now.saturating_sub(at) >= nanoseconds(fetch.refresh));
                if due {
                    self.call(policy, number, fetch, now, None);
                }
            }
        }
    }

    /// The keys for a token; `fits` tells whether they have one for it. `None`: there are none at all.
    pub(super) fn keys(
        &mut self,
        policy: &hir::Policy,
        number: usize,
        fetch: &hir::JwtFetch,
        now: Nanoseconds,
        (key_id, fits): (Option<&str>, impl Fn(&[hir::Jwk]) -> bool),
    ) -> Option<Vec<hir::Jwk>> {
        let holds = |set: &Set| set.fetched.is_some_and(|at| now.saturating_sub(at) <= nanoseconds(fetch.stale));
        if !holds(self.sets.entry(number).or_default()) {
            self.call(policy, number, fetch, now, None);
        }
        let set = self.sets.entry(number).or_default();
        if !holds(set) {
            return None;
        }
        if let Some(key_id) = key_id
            && !fits(&set.keys)
            && !set.missing.iter().any(|(known, at)| known == key_id && now.saturating_sub(*at) < 300 * SECOND)
        {
            self.call(policy, number, fetch, now, Some(key_id));
            let set = self.sets.entry(number).or_default();
            let came_for_it = set.asked.as_ref().is_some_and(|(at, wanted)| set.fetched >= Some(*at) && wanted == key_id);
            if !fits(&set.keys) && came_for_it {
                set.missing.push((key_id.to_owned(), now));
                if set.missing.len() > 16 {
                    set.missing.remove(0);
                }
            }
        }
        Some(self.sets.entry(number).or_default().keys.clone())
    }

    /// Asks the service, unless somebody did a moment ago.
    fn call(&mut self, policy: &hir::Policy, number: usize, fetch: &hir::JwtFetch, now: Nanoseconds, asked: Option<&str>) {
        let Some(service) = policy.services.get(fetch.service.index()) else { return };
        let set = self.sets.entry(number).or_default();
        let holds = set.fetched.is_some_and(|at| now.saturating_sub(at) <= nanoseconds(fetch.stale));
        let (last, pause) = match (asked, holds) {
            (Some(_), _) => (set.asked.as_ref().map(|(at, _)| *at), 30 * SECOND),
            (None, true) => (set.tried, 5 * SECOND),
            (None, false) => (set.tried, SECOND),
        };
        if last.is_some_and(|last| now.saturating_sub(last) < pause) {
            return;
        }
        set.tried = Some(now);
        if let Some(key_id) = asked {
            set.asked = Some((now, key_id.to_owned()));
        }
        let Some(answer) = self.answers.get(&service.cluster) else { return };
        let body = answer.as_ref().filter(|answer| answer.status == 200).and_then(|answer| answer.body.as_ref());
        let keys = body.filter(|body| body.bytes.len() <= 262_144).and_then(|body| jwks::read(std::str::from_utf8(&body.bytes).ok()?));
        let outcome = if keys.is_some() { "fetched" } else { "fetch_failed" };
        if let Some(keys) = keys {
            *set = Set { keys, fetched: Some(now), missing: Vec::new(), ..set.clone() };
        }
        self.counted.push((service.name.text.clone(), outcome));
    }
}

fn nanoseconds(time: i64) -> Nanoseconds {
    u64::try_from(time).unwrap_or(0)
}
