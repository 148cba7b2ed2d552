//! The simulator's face: a proxy with workers that runs requests through a module.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::about;
use super::account::Accounting;
use super::exchange::{Arrived, Exchange, FAILED, direct, own_reply};
use super::flow::Rules;
use super::metrics::rule_counter;
use super::module::Module;
use super::proxy::Proxy;
use super::stream::Stream;
use super::vm::{CallError, Vm, endless};
use super::wire;
use crate::tools::engine::{Engine, EngineError, Nanoseconds};
use crate::tools::message::{Answer, Decision, Outcome, Request, Response};

/// The clock before `set_time`: 2026-01-01T00:00:00Z.
const FIRST_TIME: Nanoseconds = 1_767_225_600_000_000_000;
/// Envoy's default `per_connection_buffer_limit_bytes`.
const BUFFER_LIMIT: usize = 1 << 20;

/// A tick that is wanted within this time comes at once: nanoseconds.
const SOON: u64 = 1_000_000_000;
/// How often such a tick comes before time has to be set.
const MOMENTS: usize = 4;

/// What happens to a worker whose VM has trapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailurePolicy {
    /// Every later request gets 503.
    FailClosed,
    /// The next request gets a fresh VM; memory of the old one is lost, shared data is kept.
    FailReload,
}

/// A proxy in this process that runs one module.
pub struct Simulator {
    /// The worker threads, from the next `start` on; requests go round among them.
    pub workers: usize,
    /// What happens after a trap.
    pub failure_policy: FailurePolicy,
    /// Envoy's `allow_on_headers_stop_iteration`: headers wait while body callbacks run.
    pub allow_on_headers_stop_iteration: bool,
    /// Whether there is Envoy's `verify_signature`.
    pub verifies_signatures: bool,
    /// How many bytes of a body may be held back.
    pub buffer_limit: usize,
    /// Envoy's `xff_num_trusted_hops`, with `use_remote_address`.
    pub trusted_hops: u8,
    /// The root id that the module reads as `plugin_root_id`.
    pub root_id: String,
    /// Decides what `random_get` gives, from the next `start` on.
    pub seed: u64,
    /// Fuel that one callback may use; `None` is 2^34.
    pub fuel_per_callback: Option<u64>,
    name: &'static str,
    module: Module,
    proxy: Rc<RefCell<Proxy>>,
    configuration: Vec<u8>,
    /// The main thread's VM, then one per worker.
    threads: Vec<Thread>,
    /// What clusters answer to calls of the module.
    services: BTreeMap<String, Option<Answer>>,
    next_worker: usize,
    last: Accounting,
    logs: Vec<(u32, String)>,
    filter_state: BTreeMap<Vec<u8>, Vec<u8>>,
}

/// A thread's VM and the root context that new streams get.
struct Thread {
    vm: Vm,
    root: u32,
    /// How often the VM of this thread was replaced; streams of a replaced VM are lost.
    generation: u64,
}

/// A request that has passed its request phase; `Simulator::finish` gives its outcome.
#[derive(Debug)]
pub struct Pending {
    thread: usize,
    generation: u64,
    exchange: Option<Exchange>,
    arrived: Arrived,
}

impl Simulator {
    /// Checks and translates the module. The error says what Envoy does with it.
    pub fn new(wasm: &[u8]) -> Result<Self, EngineError> {
        Ok(Self { trusted_hops: about::trusted_hops(wasm), ..Self::of(Module::new(wasm)?) })
    }

    /// Likewise, with what a host has that `portcullis deploy` sets up for the module: headers are held where it reads bodies,
    /// signatures are verified where the module leaves that to the host.
    pub fn deployed(wasm: &[u8]) -> Result<Self, EngineError> {
        let simulator = Self::new(wasm)?;
        let (holds, verifies) = (about::holds_headers(wasm), about::needs_verification(wasm));
        Ok(Self { allow_on_headers_stop_iteration: holds, verifies_signatures: verifies, ..simulator })
    }

    /// A simulator of a module that is checked already.
    pub fn of(module: Module) -> Self {
        Self {
            workers: 1,
            failure_policy: FailurePolicy::FailReload,
            allow_on_headers_stop_iteration: false,
            verifies_signatures: false,
            buffer_limit: BUFFER_LIMIT,
            trusted_hops: 0,
            root_id: "portcullis".to_owned(),
            seed: 1,
            fuel_per_callback: None,
            name: "simulator",
            module,
            proxy: Rc::new(RefCell::new(Proxy::new(FIRST_TIME, 1))),
            configuration: Vec::new(),
            threads: Vec::new(),
            services: BTreeMap::new(),
            next_worker: 0,
            last: Accounting::default(),
            logs: Vec::new(),
            filter_state: BTreeMap::new(),
        }
    }

    /// The same with another name for messages.
    #[must_use]
    pub fn with_name(mut self, name: &'static str) -> Self {
        self.name = name;
        self
    }

    /// What the last request cost; after `start`, what configuring the main thread's VM cost.
    pub fn last(&self) -> &Accounting {
        &self.last
    }

    /// All that the module logged since `start`, as `(level, line)`; 0 is trace, 5 critical. Traps are logged too.
    pub fn logs(&self) -> &[(u32, String)] {
        &self.logs
    }

    /// The filter state that `proxy_set_property` left on the last finished stream, by path.
    pub fn filter_state(&self) -> &BTreeMap<Vec<u8>, Vec<u8>> {
        &self.filter_state
    }

    /// The value under a key of shared data.
    pub fn shared_data(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.proxy.borrow().shared.get(key).map(|(value, _)| value.clone())
    }

    /// All keys of shared data, sorted.
    pub fn shared_keys(&self) -> Vec<Vec<u8>> {
        self.proxy.borrow().shared.keys().map(<[u8]>::to_vec).collect()
    }

    /// All counters by the names that the module gave them, sorted.
    pub fn all_counters(&self) -> Vec<(String, u64)> {
        self.proxy.borrow().metrics.counters().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// Like `Engine::start`, for a configuration that need not be text.
    pub fn start_with(&mut self, configuration: &[u8]) -> Result<(), EngineError> {
        let now = self.proxy.borrow().now;
        self.proxy = Rc::new(RefCell::new(Proxy::new(now, self.seed)));
        self.threads.clear();
        self.logs.clear();
        self.next_worker = 0;
        self.configuration = configuration.to_vec();
        self.proxy.borrow_mut().services.clone_from(&self.services);
        self.proxy.borrow_mut().verifies_signatures = self.verifies_signatures;
        let started = self.start_threads().and_then(|()| self.settle());
        self.collect_logs();
        started
    }

    fn start_threads(&mut self) -> Result<(), EngineError> {
        // Envoy tries every configuration in a VM that it throws away.
        self.new_thread()?;
        for _ in 0..=self.workers.max(1) {
            let thread = self.new_thread()?;
            self.threads.push(thread);
        }
        if let Some(main) = self.threads.first_mut() {
            self.last = std::mem::take(&mut main.vm.host().account);
        }
        Ok(())
    }

    fn new_thread(&self) -> Result<Thread, EngineError> {
        let mut vm = Vm::new(&self.module, &self.proxy, self.fuel_per_callback)?;
        let root = vm.add_root(&self.root_id, &self.configuration)?;
        Ok(Thread { vm, root, generation: 0 })
    }

    /// A new configuration for the running VMs, as an xDS update brings it: a second root context in each. Streams
    /// under way stay with their root. When it is refused the old one stays.
    pub fn reconfigure(&mut self, configuration: &str) -> Result<(), EngineError> {
        let done = self.reconfigure_threads(configuration.as_bytes()).and_then(|()| self.settle());
        self.collect_logs();
        done
    }

    fn reconfigure_threads(&mut self, configuration: &[u8]) -> Result<(), EngineError> {
        Vm::new(&self.module, &self.proxy, self.fuel_per_callback)?.add_root(&self.root_id, configuration)?;
        let mut roots = Vec::new();
        for thread in self.threads.iter_mut().filter(|thread| !thread.vm.is_dead()) {
            roots.push(thread.vm.add_root(&self.root_id, configuration)?);
        }
        // Only now, so that a refusal anywhere leaves every thread with its old root.
        for (thread, root) in self.threads.iter_mut().filter(|thread| !thread.vm.is_dead()).zip(roots) {
            thread.root = root;
        }
        self.configuration = configuration.to_vec();
        Ok(())
    }

    /// Lets the next moment pass: answers of calls, and ticks of modules that want one at once.
    fn settle(&mut self) -> Result<(), EngineError> {
        for _ in 0..MOMENTS {
            let mut busy = false;
            for thread in self.threads.iter_mut().filter(|thread| !thread.vm.is_dead()) {
                let soon = thread.vm.host().tick_period.is_some_and(|period| period < SOON);
                let ticked = if soon { thread.vm.call("proxy_on_tick", thread.root, &[]).map(|_| true) } else { Ok(false) };
                for done in [ticked, thread.vm.deliver()] {
                    match done {
                        Ok(more) => busy |= more,
                        Err(CallError::Trap) => {}
                        Err(CallError::Endless(name)) => return Err(endless(name)),
                    }
                }
            }
            if !busy {
                break;
            }
        }
        Ok(())
    }

    /// Runs the tick callback of every thread whose module set a period.
    pub fn tick(&mut self) -> Result<(), EngineError> {
        let mut result = Ok(());
        for thread in &mut self.threads {
            if thread.vm.is_dead() || thread.vm.host().tick_period.is_none() {
                continue;
            }
            if let Err(CallError::Endless(name)) = thread.vm.call("proxy_on_tick", thread.root, &[]) {
                result = Err(endless(name));
            }
        }
        self.collect_logs();
        result
    }

    /// The request phase. Several requests may be pending at a time.
    pub fn begin(&mut self, request: &Request) -> Result<Pending, EngineError> {
        let pending = self.begin_on_next_worker(request);
        self.collect_logs();
        pending
    }

    fn begin_on_next_worker(&mut self, request: &Request) -> Result<Pending, EngineError> {
        if self.threads.len() < 2 {
            return Err(EngineError("the simulator is not started".to_owned()));
        }
        let index = 1 + self.next_worker % (self.threads.len() - 1);
        self.next_worker = self.next_worker.wrapping_add(1);
        let dead = self.threads.get(index).is_none_or(|thread| thread.vm.is_dead());
        if dead && self.failure_policy == FailurePolicy::FailReload {
            let fresh = self.new_thread();
            if let (Ok(fresh), Some(thread)) = (fresh, self.threads.get_mut(index)) {
                let generation = thread.generation + 1;
                *thread = Thread { generation, ..fresh };
            }
        }
        let rules = Rules { allow_stop_iteration: self.allow_on_headers_stop_iteration, buffer_limit: self.buffer_limit };
        self.proxy.borrow_mut().verifies_signatures = self.verifies_signatures;
        let number = self.proxy.borrow_mut().next_request();
        let started = self.proxy.borrow().now;
        match self.threads.get_mut(index) {
            Some(thread) if !thread.vm.is_dead() => {
                let client = wire::client(request, self.trusted_hops);
                let mut stream = Stream::new(thread.root, client, wire::request_map(request, number, self.trusted_hops));
                let bytes = stream.request_headers.map.byte_size();
                stream.request_header_bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
                stream.started = started;
                stream.tls = request.tls.clone();
                stream.connection = number;
                stream.request_size = stream.request_headers.map.text("content-length").parse().unwrap_or(0);
                let (exchange, arrived) = Exchange::begin(&mut thread.vm, stream, request, rules)?;
                Ok(Pending { thread: index, generation: thread.generation, exchange: Some(exchange), arrived })
            }
            Some(_) | None => {
                let reply = own_reply(503, FAILED, "");
                let response = direct(&reply, request.method == "HEAD", false);
                let arrived = Arrived::Answered { status: 503, details: FAILED.to_owned(), response };
                Ok(Pending { thread: index, generation: 0, exchange: None, arrived })
            }
        }
    }

    /// The response phase with what the upstream answers, which counts only when it was reached.
    pub fn finish(&mut self, pending: Pending, answer: &Answer) -> Result<Outcome, EngineError> {
        let outcome = self.finish_pending(pending, answer);
        self.collect_logs();
        outcome
    }

    fn finish_pending(&mut self, pending: Pending, answer: &Answer) -> Result<Outcome, EngineError> {
        let Pending { thread, generation, exchange, arrived } = pending;
        let thread = self.threads.get_mut(thread).filter(|thread| thread.generation == generation);
        let (Some(thread), Some(exchange)) = (thread, exchange) else {
            self.last = Accounting::default();
            self.filter_state = BTreeMap::new();
            return Ok(match arrived {
                Arrived::Upstream(forwarded) => answered(Decision::Allow, Some(*forwarded), failed_response()),
                Arrived::Answered { status, details, response } => answered(Decision::of_details(status, &details), None, response),
            });
        };
        let vm = &mut thread.vm;
        let outcome = match arrived {
            Arrived::Upstream(forwarded) => {
                let (response, details) = exchange.answer(vm, answer)?;
                // The policy replaced what the upstream answered.
                let replaced = details.contains("portcullis{");
                let decision = if replaced { Decision::of_details(response.status, &details) } else { Decision::Allow };
                answered(decision, Some(*forwarded), response)
            }
            Arrived::Answered { status, details, response } => answered(Decision::of_details(status, &details), None, response),
        };
        self.filter_state = exchange.end(vm)?;
        self.last = std::mem::take(&mut vm.host().account);
        Ok(outcome)
    }

    fn collect_logs(&mut self) {
        let proxy = self.proxy.borrow();
        self.logs.extend(proxy.logs.iter().skip(self.logs.len()).cloned());
    }
}

fn failed_response() -> Response {
    direct(&own_reply(503, FAILED, ""), false, false)
}

fn answered(decision: Decision, forwarded: Option<crate::tools::message::Forwarded>, response: Response) -> Outcome {
    Outcome { decision, forwarded, response }
}

impl Engine for Simulator {
    fn name(&self) -> &'static str {
        self.name
    }

    fn start(&mut self, configuration: &str) -> Result<(), EngineError> {
        self.start_with(configuration.as_bytes())
    }

    fn set_time(&mut self, at: Nanoseconds) -> Result<(), EngineError> {
        // Whenever time is set a tick may be due: a host's own beat has no place in the results of tests.
        let passes = at > self.proxy.borrow().now;
        self.proxy.borrow_mut().now = at;
        if passes {
            self.tick()?;
        }
        self.settle()
    }

    fn service(&mut self, cluster: &str, answer: Option<Answer>) -> Result<(), EngineError> {
        self.services.insert(cluster.to_owned(), answer);
        self.proxy.borrow_mut().services.clone_from(&self.services);
        Ok(())
    }

    fn request(&mut self, request: &Request, answer: &Answer) -> Result<Outcome, EngineError> {
        let pending = self.begin(request)?;
        self.finish(pending, answer)
    }

    fn counters(&mut self) -> Result<Vec<(String, String, u64)>, EngineError> {
        let mut sums: BTreeMap<(String, String), u64> = BTreeMap::new();
        for (name, value) in self.proxy.borrow().metrics.counters() {
            if let Some((rule, outcome)) = rule_counter(name) {
                *sums.entry((rule.to_owned(), outcome.to_owned())).or_default() += value;
            }
        }
        Ok(sums.into_iter().map(|((rule, outcome), value)| (rule, outcome, value)).collect())
    }
}
