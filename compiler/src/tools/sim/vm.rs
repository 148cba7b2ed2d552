//! One VM: an instance of the module with its host side; callbacks are entered here, metered and guarded.

use std::cell::RefCell;
use std::rc::Rc;

use wasmi::{AsContext, Instance, Store, TrapCode, Val};

use super::header_map::HeaderMap;
use super::host::{Answered, Host, Mode};
use super::imports;
use super::module::Module;
use super::proxy::Proxy;
use crate::tools::engine::EngineError;

/// Fuel for one callback: minutes of work in Envoy, so using it up means that the guest never ends.
const FUEL_PER_CALLBACK: u64 = 1 << 34;
/// How many of the last log lines an error repeats.
const ERROR_LOG_LINES: usize = 3;

/// Why a callback gave no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CallError {
    /// A trap: this VM is dead.
    Trap,
    /// The fuel ran out: Envoy's worker would hang.
    Endless(&'static str),
}

/// One VM.
pub(crate) struct Vm {
    store: Store<Host>,
    instance: Instance,
    next_context: u32,
    dead: bool,
    fuel_per_callback: u64,
}

impl Vm {
    /// Instantiates and runs `_initialize` (or `_start`).
    pub(crate) fn new(module: &Module, proxy: &Rc<RefCell<Proxy>>, fuel: Option<u64>) -> Result<Self, EngineError> {
        let engine = module.module.engine();
        let linker = imports::linker(engine).map_err(|error| EngineError(error.to_string()))?;
        let mut store = Store::new(engine, Host::new(Rc::clone(proxy)));
        store.limiter(|host| &mut host.limits);
        let fuel_per_callback = fuel.unwrap_or(FUEL_PER_CALLBACK);
        let _ = store.set_fuel(fuel_per_callback);
        let instance = linker
            .instantiate_and_start(&mut store, &module.module)
            .map_err(|error| EngineError(format!("the module failed to start: {error}")))?;
        let allocate = ["malloc", "proxy_on_memory_allocate"].iter().find_map(|name| instance.get_func(&store, name));
        let memory = instance.get_memory(&store, "memory");
        let host = store.data_mut();
        host.memory = memory;
        host.allocate = allocate;
        let mut vm = Self { store, instance, next_context: 1, dead: false, fuel_per_callback };
        let starter = ["_initialize", "_start"].into_iter().find(|name| vm.exports(name));
        if let Some(name) = starter {
            vm.enter(name, Mode::Starting, 0, &[]).map_err(|error| vm.describe(name, &error))?;
        }
        Ok(vm)
    }

    /// The host side.
    pub(crate) fn host(&mut self) -> &mut Host {
        self.store.data_mut()
    }

    /// Whether a trap has ended this VM.
    pub(crate) fn is_dead(&self) -> bool {
        self.dead
    }

    /// Whether the module has this callback.
    pub(crate) fn exports(&self, name: &str) -> bool {
        self.instance.get_func(&self.store, name).is_some()
    }

    /// A context id that was not given before.
    pub(crate) fn next_context(&mut self) -> u32 {
        let id = self.next_context;
        self.next_context += 1;
        id
    }

    /// Creates a root context and configures it. Gives its id.
    pub(crate) fn add_root(&mut self, root_id: &str, configuration: &[u8]) -> Result<u32, EngineError> {
        let root = self.next_context();
        self.host().roots.insert(root, root_id.to_owned());
        let size = i32::try_from(configuration.len()).unwrap_or(i32::MAX);
        self.host().configuration = Some(configuration.to_vec());
        let done = self.configure(root, size);
        self.host().configuration = None;
        if done.is_err() {
            self.host().roots.remove(&root);
        }
        done.map(|()| root)
    }

    fn configure(&mut self, root: u32, size: i32) -> Result<(), EngineError> {
        let steps: [(&'static str, i32); 3] = [("proxy_on_context_create", 0), ("proxy_on_vm_start", 0), ("proxy_on_configure", size)];
        for (name, argument) in steps {
            match self.call(name, root, &[argument]) {
                Ok(None) => {}
                // The creation has no result.
                Ok(Some(result)) if result != 0 || name == "proxy_on_context_create" => {}
                Ok(Some(_)) => {
                    return Err(EngineError(self.with_log(&format!("`{name}` refused the configuration"))));
                }
                Err(error) => return Err(self.describe(name, &error)),
            }
        }
        Ok(())
    }

    /// Calls a callback with a context and further arguments. `None` when the module does not export it.
    pub(crate) fn call(&mut self, name: &'static str, context: u32, arguments: &[i32]) -> Result<Option<i32>, CallError> {
        if self.dead {
            return Err(CallError::Trap);
        }
        if !self.exports(name) {
            return Ok(None);
        }
        let mut all = vec![Val::I32(context.cast_signed())];
        all.extend(arguments.iter().map(|value| Val::I32(*value)));
        self.enter(name, Mode::Callback, context, &all).map(Some)
    }

    /// Hands over the answers of the calls that are under way: whether there were some.
    pub(crate) fn deliver(&mut self) -> Result<bool, CallError> {
        let calls = std::mem::take(&mut self.host().calls);
        for call in &calls {
            let answer = self.host().proxy.borrow().services.get(&call.cluster).cloned().flatten();
            let (headers, body) = match answer {
                Some(answer) => {
                    let mut headers = vec![(":status".to_owned(), answer.status.to_string().into_bytes())];
                    headers.extend(answer.headers);
                    (headers, answer.body.map(|body| body.bytes).unwrap_or_default())
                }
                // What Envoy makes of a call that takes too long.
                None => (vec![(":status".to_owned(), b"504".to_vec())], b"upstream request timeout".to_vec()),
            };
            let size = |len: usize| i32::try_from(len).unwrap_or(i32::MAX);
            let arguments = [call.token.cast_signed(), size(headers.len()), size(body.len()), 0];
            self.host().answer = Some(Answered { headers: HeaderMap::new(&headers), body });
            let done = self.call("proxy_on_http_call_response", call.root, &arguments);
            self.host().answer = None;
            done?;
        }
        Ok(!calls.is_empty())
    }

    fn enter(&mut self, name: &'static str, mode: Mode, context: u32, arguments: &[Val]) -> Result<i32, CallError> {
        let Some(function) = self.instance.get_func(&self.store, name) else {
            return Ok(0);
        };
        let host = self.store.data_mut();
        host.mode = mode;
        host.current = context;
        host.effective = None;
        host.account.callback(name);
        let before = host.account.used();
        let _ = self.store.set_fuel(self.fuel_per_callback);
        let mut result = [Val::I32(0)];
        let wants = function.ty(&self.store).results().len();
        let called = function.call(&mut self.store, arguments, result.get_mut(..wants).unwrap_or_default());
        let left = self.store.get_fuel().unwrap_or(0);
        let pages = self.memory_pages();
        let used = self.fuel_per_callback.saturating_sub(left);
        let host = self.store.data_mut();
        host.effective = None;
        host.account.fuel += used;
        host.account.memory_pages = pages;
        host.account.ended(name, &before);
        let failed = host.failed.take();
        match (called, failed) {
            (Ok(()), None) => Ok(result.first().and_then(Val::i32).unwrap_or(0)),
            (Err(error), _) if error.as_trap_code() == Some(TrapCode::OutOfFuel) => {
                self.dead = true;
                Err(CallError::Endless(name))
            }
            (Err(error), _) => {
                self.fail(name, &error.to_string());
                Err(CallError::Trap)
            }
            (Ok(()), Some(reason)) => {
                self.fail(name, &reason);
                Err(CallError::Trap)
            }
        }
    }

    fn fail(&mut self, name: &str, reason: &str) {
        self.dead = true;
        let line = format!("Function: {name} failed: {reason}");
        self.store.data_mut().proxy.borrow_mut().logs.push((5, line));
    }

    fn memory_pages(&self) -> u32 {
        let size = self.store.data().memory.map_or(0, |memory| memory.size(self.store.as_context()));
        u32::try_from(size).unwrap_or(u32::MAX)
    }

    fn describe(&self, name: &str, error: &CallError) -> EngineError {
        match error {
            CallError::Trap => EngineError(self.with_log(&format!("`{name}` trapped"))),
            CallError::Endless(_) => endless(name),
        }
    }

    /// The message with the last lines that the module logged as warnings or worse.
    fn with_log(&self, message: &str) -> String {
        let proxy = self.store.data().proxy.borrow();
        let lines: Vec<&str> = proxy.logs.iter().filter(|(level, _)| *level >= 3).map(|(_, line)| line.as_str()).collect();
        let last = lines.get(lines.len().saturating_sub(ERROR_LOG_LINES)..).unwrap_or_default();
        if last.is_empty() { message.to_owned() } else { format!("{message}: {}", last.join("; ")) }
    }
}

/// The error of a callback that never ends.
pub(crate) fn endless(name: &str) -> EngineError {
    EngineError(format!("`{name}` hangs: it used up {FUEL_PER_CALLBACK} units of fuel, Envoy has no such limit"))
}
