//! Many tests at once. In: tests, how to make an engine. Out: results in the order of the tests, with the time each took.
//! Every thread has an engine of its own, and a test begins with it started anew, so no test sees another.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use super::{TestResult, run_one};
use crate::ir::hir;
use crate::tools::engine::{Engine, EngineError};

/// Runs the tests on up to `threads` threads. The error is an engine that cannot be made.
pub fn run_parallel<E: Engine>(
    policy: &hir::Policy,
    tests: &[&hir::Test],
    threads: usize,
    make: impl Fn() -> Result<E, EngineError> + Sync,
) -> Result<Vec<(TestResult, f64)>, EngineError> {
    let next = AtomicUsize::new(0);
    let results: Mutex<Vec<(usize, TestResult, f64)>> = Mutex::new(Vec::new());
    let work = || -> Result<(), EngineError> {
        let mut engine = make()?;
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(test) = tests.get(index) else { return Ok(()) };
            let begin = Instant::now();
            let (result, _) = run_one(policy, test, &mut engine);
            let seconds = begin.elapsed().as_secs_f64();
            results.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push((index, result, seconds));
        }
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.clamp(1, tests.len().max(1))).map(|_| scope.spawn(work)).collect();
        let ended = |worker: std::thread::ScopedJoinHandle<'_, Result<(), EngineError>>| {
            worker.join().unwrap_or_else(|_| Err(EngineError("a thread that runs tests ended early".to_owned())))
        };
        workers.into_iter().map(ended).collect::<Result<Vec<()>, _>>()
    })?;
    let mut results = results.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    results.sort_by_key(|(index, _, _)| *index);
    Ok(results.into_iter().map(|(_, result, seconds)| (result, seconds)).collect())
}
