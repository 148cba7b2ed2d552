//! A step of limits: all are checked, then all are spent or none.
//! In: limits with their keys and rates. Out: admission, the limit that refuses, or a fault.

use super::bucket::{self, Place, SIZE};
use super::gcra::Rate;
use super::store::{self, WorkerPut};
use crate::bytes;
use crate::frame::{Frame, Vm};
use crate::host::{Host, Status};
use crate::rt::arena::{Arena, Items};
use crate::tables::limit::Reader;

/// How often a bucket is tried that others write at the same time.
const TRIES: u32 = 32;

/// A limit that was checked.
#[derive(Clone, Copy)]
pub struct Check<'a> {
    /// Its number.
    pub id: u32,
    /// Its table.
    pub limit: Reader<'a>,
    /// Its rate at this moment.
    pub rate: Rate,
    place: Place,
    /// Shared-data key of its bucket; empty when it counts in this worker.
    shared: &'a [u8],
    /// The shared bucket as it was read.
    bucket: &'a [u8],
    cas: u32,
    /// Its arrival time before.
    before: u64,
    /// The next arrival time, or how many nanoseconds are missing.
    pub outcome: Result<u64, u64>,
}

/// The limits of a request. Those of an earlier step, which were spent, stay for the headers.
pub struct Step<'a> {
    /// In the order checked.
    pub checks: Items<'a, Check<'a>>,
    /// Where the current step begins.
    first: usize,
    /// Which one refused.
    pub refused: Option<usize>,
    /// The clock, once read.
    pub now: Option<u64>,
}

impl<'a> Step<'a> {
    /// None checked.
    pub const fn new(arena: &'a Arena) -> Step<'a> {
        Step { checks: Items::new(arena), first: 0, refused: None, now: None }
    }
}

/// What a check or a step comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Admitted (so far).
    Admitted,
    /// Refused by the limit of this number.
    Refused(u32),
    /// It cannot be said.
    Fault,
}

/// The clock, read once a request.
#[inline(always)]
pub fn now<H: Host>(step: &mut Step<'_>, host: &mut H) -> Result<u64, Status> {
    match step.now {
        Some(now) => Ok(now),
        None => Ok(*step.now.insert(host.time()?)),
    }
}

/// Begins a step.
pub fn begin(frame: &mut Frame<'_>) {
    frame.limits.first = frame.limits.checks.as_slice().len();
    frame.limits.refused = None;
}

/// Checks one limit.
pub fn check<'a, H: Host>(
    frame: &mut Frame<'a>,
    vm: &mut Vm,
    host: &mut H,
    id: u32,
    table: &'a [u8],
    key: &[u8],
    rate: (i64, i64),
) -> Verdict {
    let Ok(found) = look(frame, vm, host, id, Reader::new(table), key, rate) else {
        return Verdict::Fault;
    };
    frame.limits.checks.push(found);
    if frame.limits.checks.is_broken() {
        return Verdict::Fault;
    }
    if found.outcome.is_ok() {
        return Verdict::Admitted;
    }
    frame.limits.refused = frame.limits.checks.as_slice().len().checked_sub(1);
    Verdict::Refused(id)
}

fn look<'a, H: Host>(
    frame: &mut Frame<'a>,
    vm: &mut Vm,
    host: &mut H,
    id: u32,
    limit: Reader<'a>,
    key: &[u8],
    (count, burst): (i64, i64),
) -> Result<Check<'a>, Status> {
    let now = now(&mut frame.limits, host)?;
    let seed = vm.limits.seed(host, frame.arena)?;
    let place = bucket::place(seed, key, bucket::buckets(limit.capacity()));
    let rate = Rate::new((limit.period(), limit.slack()), count, burst);
    let mut check = Check { id, limit, rate, place, shared: &[], bucket: &[], cas: 0, before: 0, outcome: Err(0) };
    if limit.is_shared() {
        check.shared = store::shared_key(limit, place.bucket, frame.arena).ok_or(Status::INVALID_MEMORY_ACCESS)?;
        check.read(host, frame.arena, now)?;
    } else {
        check.before = bucket::find(vm.limits.worker(id, place.bucket), place.fingerprint);
        check.outcome = rate.admit(check.before, now);
    }
    Ok(check)
}

impl<'a> Check<'a> {
    /// Reads the shared bucket and decides.
    fn read<H: Host>(&mut self, host: &mut H, arena: &'a Arena, now: u64) -> Result<(), Status> {
        (self.bucket, self.cas) = store::shared(host, arena, self.shared)?;
        self.before = bucket::find(self.bucket, self.place.fingerprint);
        self.outcome = self.rate.admit(self.before, now);
        Ok(())
    }

    /// Writes an arrival time into the shared bucket, if it is still the one that was read.
    fn write<H: Host>(&self, host: &mut H, arrival: u64, now: u64) -> Result<(), Status> {
        let mut new = [0; SIZE];
        bytes::copy(&mut new, self.bucket);
        bucket::put(&mut new, self.place.fingerprint, arrival, now);
        host.shared_set(self.shared, &new, self.cas)
    }

    /// Spends it. When others wrote in between, it is decided anew.
    fn spend<H: Host>(&mut self, host: &mut H, worker: &mut impl FnMut(WorkerPut) -> bool, arena: &'a Arena, now: u64) -> Verdict {
        if self.shared.is_empty() {
            let Ok(next) = self.outcome else { return Verdict::Refused(self.id) };
            return if worker(self.put(next, now)) { Verdict::Admitted } else { Verdict::Fault };
        }
        for _ in 0..TRIES {
            let Ok(next) = self.outcome else { return Verdict::Refused(self.id) };
            match self.write(host, next, now) {
                Ok(()) => return Verdict::Admitted,
                Err(Status::CAS_MISMATCH) if self.read(host, arena, now).is_ok() => {}
                Err(_) => return Verdict::Fault,
            }
        }
        Verdict::Fault
    }

    /// Gives back what was spent. Should that fail, the key has one request less: never one more.
    fn give_back<H: Host>(&mut self, host: &mut H, worker: &mut impl FnMut(WorkerPut) -> bool, arena: &'a Arena, now: u64) {
        if self.shared.is_empty() {
            worker(self.put(self.before, now));
            return;
        }
        for _ in 0..TRIES {
            if self.read(host, arena, now).is_err() || self.before == 0 {
                return;
            }
            match self.write(host, self.before.saturating_sub(self.rate.interval), now) {
                Err(Status::CAS_MISMATCH) => {}
                Ok(()) | Err(_) => return,
            }
        }
    }

    fn put(&self, arrival: u64, now: u64) -> WorkerPut {
        WorkerPut { id: self.id, capacity: self.limit.capacity(), place: self.place, arrival, now }
    }
}

/// Spends all limits of the step, or none. `worker` writes into this worker's memory (false without memory): given from
/// outside, so that only modules with such limits carry it.
pub fn commit<'a, H: Host>(frame: &mut Frame<'a>, host: &mut H, worker: &mut impl FnMut(WorkerPut) -> bool) -> Verdict {
    let (arena, first, now) = (frame.arena, frame.limits.first, frame.limits.now.unwrap_or(0));
    let checks = frame.limits.checks.as_mut_slice().get_mut(first..).unwrap_or(&mut []);
    let mut spent = 0usize;
    let mut verdict = Verdict::Admitted;
    let refusing = checks.iter().position(|check| check.outcome.is_err());
    if refusing.is_none() {
        for check in checks.iter_mut() {
            verdict = check.spend(host, worker, arena, now);
            if verdict != Verdict::Admitted {
                break;
            }
            spent = spent.wrapping_add(1);
        }
    }
    let refusing = if verdict == Verdict::Admitted { refusing } else { Some(spent) };
    if verdict != Verdict::Admitted {
        for check in checks.iter_mut().take(spent) {
            check.give_back(host, worker, arena, now);
        }
    }
    if let Some((n, check)) = refusing.and_then(|n| Some((n, checks.get(n)?))) {
        frame.limits.refused = Some(first.saturating_add(n));
        if verdict == Verdict::Admitted {
            verdict = Verdict::Refused(check.id);
        }
    }
    verdict
}
